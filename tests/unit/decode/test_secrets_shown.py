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
    ],
)
def test_other_lines_are_shown(line: str) -> None:
    assert hide_secrets(line) == (line, 0)


@pytest.mark.parametrize("piece", ["key", "mysql ", "://a:", "neighbor a ", "password", "--key", "A"])
def test_a_long_line_takes_as_many_steps_as_it_has_characters(piece: str) -> None:
    assert hide_secrets(piece * (200_000 // len(piece)))[1] <= 1
