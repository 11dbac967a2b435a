"""What screens hide: lines are shown to those whose they are, but for what looks like a secret."""

from __future__ import annotations

import pytest

from pvesdn.decode.secrets import HIDDEN, hide_secrets

KEY = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk="


@pytest.mark.parametrize(
    ("before", "secret"),
    [
        ("up echo ", f"{KEY} | wg set wg0 private-key /dev/stdin"),
        ("up curl https://bob:", "swordfish@proxy.example/up"),
        ("up curl -u", "bob:swordfish https://proxy.example/up"),
        ("up curl --user=", "bob:swordfish https://proxy.example/up"),
        ("up sshpass -p ", "swordfish ssh sw1"),
        ("up sshpass -p", "swordfish ssh sw1"),
        ("up mysql -uroot -p", "swordfish"),
        ("up API_TOKEN=", "swordfish /usr/local/bin/up"),
        ("up WG_KEY=", "swordfish /usr/local/bin/up"),
        ("up /usr/local/bin/up --token ", "swordfish"),
        ("up /usr/local/bin/up --api-key=", "swordfish"),
        ("up echo 'Password: ", "swordfish'"),
        (" neighbor 192.0.2.9 pass ", "swordfish"),
        (" neighbor 192.0.2.9 PASSWORD ", "swordfish"),
        (" ip ospf message-digest 1 md5 ", "swordfish"),
        ("snmp-server community ", "swordfish"),
        ("up ipsec up office --psk ", "swordfish"),
        ("up mount -t cifs //nas/a /a -o user=bob,pass=", "swordfish"),
        ("up curl --oauth2-bearer ", "swordfish https://proxy.example/up"),
        ("up curl -b ", "session=swordfish https://proxy.example/up"),
        ("up curl -H 'X-Api-Key: ", "swordfish' https://proxy.example/up"),
        ("up curl -H 'Cookie: ", "sid=swordfish'"),
        ("up docker login -u bob -p ", "swordfish registry.example"),
        ("up redis-cli -h 192.0.2.9 -a ", "swordfish ping"),
        ("up ldapsearch -x -D cn=bob -w ", "swordfish"),
        ("up snmpset -v2c -c ", "swordfish 192.0.2.9"),
        ("up wpa_passphrase office ", "swordfish"),
        ("wpa-private-key-passwd ", "swordfish"),
        ("wpa-wep-key0 ", "swordfish"),
        ("wireless-key1 ", "swordfish"),
        ("tacacs-server key ", "swordfish"),
    ],
)
def test_what_looks_like_a_secret_is_hidden_to_the_end_of_its_line(before: str, secret: str) -> None:
    assert hide_secrets(f"{before}{secret}\nmtu 1500") == (f"{before}{HIDDEN}\nmtu 1500", 1)


@pytest.mark.parametrize(
    "line",
    [
        "post-up ip route add 198.51.100.0/24 via 192.0.2.1 dev eno1",
        "post-up curl -s https://proxy.example:8443/up",
        " neighbor 192.0.2.9 passive",
        " ip ospf authentication-failed",
        "source /etc/network/interfaces.d/*",
        "ovs_extra set interface gre1 options:remote_ip=192.0.2.7",
        "post-up ip link set dev eno1 master br77 && bridge link set dev eno1 learning off",
        "wpa-ssid office",
        "bgp community-list standard CL permit 64500:1",
    ],
)
def test_other_lines_are_shown(line: str) -> None:
    assert hide_secrets(line) == (line, 0)


@pytest.mark.parametrize(
    "piece",
    [
        "key",
        "mysql ",
        "snmpget -a ",
        "redis-cli ",
        "docker login a ",
        "ldap",
        "wpa-",
        "pass",
        "-",
        "://a:",
        "neighbor a ",
        "password",
        "--key",
        "A",
    ],
)
def test_a_long_line_takes_as_many_steps_as_it_has_characters(piece: str) -> None:
    assert hide_secrets(piece * (200_000 // len(piece)))[1] <= 1
