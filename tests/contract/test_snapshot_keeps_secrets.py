"""No secret of a node's files or of the definitions is in any file of a snapshot, however it was written down."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from pvesdn.adapters.snapshot_dir import read_snapshot, write_snapshot
from pvesdn.model.dhcp_filter import dhcp_filter
from pvesdn.model.snapshot import NodeRaw, Snapshot
from tests.fakes import cluster_answers, fake_node
from tests.noderoot import DROP_IN

INTERFACES = "/etc/network/interfaces"
FRR = "/etc/frr/frr.conf"
WIREGUARD = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk="
HEX = "6b1d5c3f00aa9988776655443322110f6b1d5c3f00aa9988776655443322110f"
UUID = "1f2e3d4c-5b6a-7988-8776-655443322110"


@pytest.fixture
def snapshot() -> Snapshot:
    node = fake_node("node1", 1)
    return Snapshot(
        api=cluster_answers(("node1",), (), "9.1.5"),
        pve_files={"pvesdn.cfg": "vxlan: ucast\n\n", ".running-config": '{"version": 1}'},
        nodes={"node1": NodeRaw(node.files, node.commands)},
    )


def with_file(snapshot: Snapshot, path: str, text: str) -> Snapshot:
    raw = snapshot.nodes["node1"]
    return replace(snapshot, nodes={"node1": NodeRaw({**raw.files, path: text}, raw.commands)})


def written(folder: Path, snapshot: Snapshot) -> bytes:
    write_snapshot(folder, snapshot)
    return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def spellings(secret: str) -> list[bytes]:
    raw = secret.encode()
    return [
        raw,
        base64.b64encode(raw),
        binascii.hexlify(raw),
        quote(secret, safe="").encode(),
        json.dumps(secret)[1:-1].encode(),
        *(base64.b64decode(raw) for _ in range(1) if len(raw) == 44),
    ]


def assert_hidden(folder: Path, snapshot: Snapshot, *secrets: str) -> None:
    found = written(folder, snapshot)
    for secret in secrets:
        assert not [spelling for spelling in spellings(secret) if spelling in found]


HOOKS = {
    "a WireGuard private key by echo": (f"wg set wg0 private-key <(echo {WIREGUARD})", WIREGUARD),
    "a WireGuard key through a pipe": (f"echo {WIREGUARD} | wg set wg0 private-key /dev/stdin", WIREGUARD),
    "a WireGuard key as here-text": (f"wg set wg0 private-key /dev/stdin <<< {WIREGUARD}", WIREGUARD),
    "a WireGuard key as quoted here-text": (f'wg set wg0 private-key /dev/stdin <<<"{WIREGUARD}"', WIREGUARD),
    "a WireGuard preshared key": (f"wg set wg0 peer {WIREGUARD} preshared-key {WIREGUARD}", WIREGUARD),
    "a key in a shell": (f"sh -c 'wg set wg0 private-key <(echo {WIREGUARD})'", WIREGUARD),
    "a key in double quotes": (f'bash -c "wg set wg0 private-key <(echo {WIREGUARD})"', WIREGUARD),
    "a key in a command substitution": (f"ip link set $(echo {WIREGUARD}) up", WIREGUARD),
    "a key in back-quotes": (f"ip link set `echo {WIREGUARD}` up", WIREGUARD),
    "a key by printf": (f"printf '%s' {WIREGUARD} > /etc/wireguard/key", WIREGUARD),
    "a macsec key": (f"ip macsec add macsec0 tx sa 0 pn 1 on key 01 {HEX[:32]}", HEX[:32]),
    "a macsec key of digits": ("ip macsec add macsec0 tx sa 0 pn 1 on key 01 8181", "8181"),
    "a macsec key of the other side": (
        f"ip macsec add macsec0 rx port 1 address 02:00:00:00:00:01 sa 0 on key 0 {HEX}",
        HEX,
    ),
    "an abbreviated macsec command": (f"ip macs a macsec0 tx sa 0 k 01 {HEX}", HEX),
    "an xfrm authentication key": (
        f"ip xfrm state add src 10.0.0.1 dst 10.0.0.2 proto esp spi 0x7 auth 'hmac(sha1)' 0x{HEX}",
        HEX,
    ),
    "an xfrm cipher key": (f"ip xfrm state add src 10.0.0.1 dst 10.0.0.2 proto esp spi 7 enc 'cbc(aes)' 0x{HEX}", HEX),
    "an xfrm key of AEAD": (
        f"ip x s add src 10.0.0.1 dst 10.0.0.2 proto esp spi 7 aead 'rfc4106(gcm(aes))' 0x{HEX} 128",
        HEX,
    ),
    "an xfrm key that is a word": ("ip xfrm state add proto esp auth sha1 swordfish enc aes static", "swordfish"),
    "a key of GRE": ("ip tunnel add gre1 mode gre remote 192.0.2.1 key 4711", "4711"),
    "a user of curl": ("curl -u admin:swordfish https://10.0.0.1/up", "swordfish"),
    "a user of curl at once": ("curl -uadmin:swordfish https://10.0.0.1/up", "swordfish"),
    "a user of curl in quotes": ("curl -u 'admin:sword fish' https://10.0.0.1/up", "sword fish"),
    "a user of curl with a sign": ("curl --user=admin:swordfish 10.0.0.1", "swordfish"),
    "a password in an address": ("curl https://admin:swordfish@10.0.0.1/up?x=1", "swordfish"),
    "a token in an address": ("curl https://10.0.0.1/hook/swordfish", "swordfish"),
    "an API token": (f'curl -H "Authorization: PVEAPIToken=root@pam!net={UUID}" https://10.0.0.1:8006/', UUID),
    "an API token without quotes": (f"curl -H Authorization:PVEAPIToken=root@pam!net={UUID} https://10.0.0.1", UUID),
    "a variable": ("TOKEN=swordfish /usr/local/bin/announce.sh", "swordfish"),
    "a variable in quotes": ("TOKEN='sword fish' /usr/local/bin/announce.sh", "sword fish"),
    "an exported variable": ("export PSK=swordfish; /usr/local/bin/announce.sh", "swordfish"),
    "an argument of a script": ("/usr/local/bin/announce.sh swordfish", "swordfish"),
    "a number for a script": ("/usr/local/bin/announce.sh 471147", "471147"),
    "an option of a script": ("/usr/local/bin/announce.sh --pin=471147", "471147"),
    "an address-like key of a script": ("/usr/local/bin/announce.sh dead:beef::4711", "dead:beef::4711"),
    "a program that nobody knows": ("swordfish", "swordfish"),
    "a passphrase": ("wpa_passphrase home swordfish > /etc/wpa.conf", "swordfish"),
    "a key of iwconfig": ("iwconfig wlan0 key s:swordfish", "swordfish"),
    "a key of iwconfig in hex": ("iwconfig wlan0 key 1234-5678-90", "1234-5678-90"),
    "a SecureOn password": ("ethtool -s eno1 wol s sopass 02:11:22:33:44:55", "02:11:22:33:44:55"),
    "a stable secret": ("sysctl -w net.ipv6.conf.all.stable_secret=2001:db8::4711", "2001:db8::4711"),
    "a stable secret by echo": ("echo 2001:db8::4711 > /proc/sys/net/ipv6/conf/all/stable_secret", "2001:db8::4711"),
    "a fast-open key": ("sysctl -w net.ipv4.tcp_fastopen_key = 12345678-12345678", "12345678-12345678"),
    "a password of FRR": ("vtysh -c 'conf t' -c 'router bgp 1' -c 'neighbor 10.0.0.2 password swordfish'", "swordfish"),
    "a key of Open vSwitch": ("ovs-vsctl set interface gre0 options:psk=swordfish", "swordfish"),
    "a password of sshpass": ("sshpass -p swordfish ssh root@10.0.0.1", "swordfish"),
    "a password of ssh's askpass": ("SSHPASS=swordfish sshpass -e ssh root@10.0.0.1 true", "swordfish"),
    "a password of mysql": ("mysql -pswordfish -e 'select 1'", "swordfish"),
    "a comment": ("ip link set eno1 up # password swordfish", "swordfish"),
    "a comment of iptables": ("iptables -A INPUT -m comment --comment swordfish -j ACCEPT", "swordfish"),
    "a string of iptables": ("iptables -A INPUT -m string --algo bm --string swordfish -j ACCEPT", "swordfish"),
    "an alias": ("ip link set dev eno1 alias swordfish", "swordfish"),
    "an open quote": ("echo 'swordfish", "swordfish"),
    "an escaped quote": ('curl -u "a:sword\\"fish" 10.0.0.1', 'sword\\"fish'),
    "a path that is a key": ("cat /etc/keys/0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef"),
    "a loop": ("for k in swordfish; do wg set wg0 private-key $k; done", "swordfish"),
    "a namespace": ("ip netns exec blue curl -u a:swordfish 10.0.0.1", "swordfish"),
    "a VRF": ("ip vrf exec blue curl -u a:swordfish 10.0.0.1", "swordfish"),
}


@pytest.mark.parametrize(("command", "secret"), HOOKS.values(), ids=HOOKS)
def test_a_hook_shows_no_secret(tmp_path: Path, snapshot: Snapshot, command: str, secret: str) -> None:
    hooks = ("up", "post-up", "pre-up", "down", "pre-down", "post-down", "post_up")
    text = "iface eno1 inet manual\n" + "".join(f"\t{hook} {command}\n" for hook in hooks)
    assert_hidden(tmp_path / "snap", with_file(snapshot, INTERFACES, text), secret)


def test_what_keeps_dhcp_on_its_node_is_shown(tmp_path: Path, snapshot: Snapshot) -> None:
    text = "iface vxlan_web\n" + "".join(f"\tpost-up {command}\n" for command in dhcp_filter("vxlan_web"))
    write_snapshot(tmp_path / "snap", with_file(snapshot, INTERFACES, text))
    assert any(file.read_text("utf-8") == text for file in (tmp_path / "snap").rglob("interfaces"))


@pytest.mark.parametrize(("command", "secret"), HOOKS.values(), ids=HOOKS)
def test_a_continued_line_shows_no_secret(tmp_path: Path, snapshot: Snapshot, command: str, secret: str) -> None:
    ends = ("\\\n\t", "\\\n", "\\\r\n\t", "\\ \n\t")
    text = "".join(f"iface eno1 inet manual\n\tpost-up {command.replace(' ', f' {end}')}\n" for end in ends)
    parts = [part.strip("\\") for part in secret.split()]
    assert_hidden(tmp_path / "snap", with_file(snapshot, INTERFACES, text), *parts)


ATTRIBUTES = {
    "WPA": ("wpa-psk swordfish", "swordfish"),
    "WPA with an underscore": ("wpa_psk swordfish", "swordfish"),
    "WPA in quotes": ('wpa-psk "sword fish"', "sword fish"),
    "WPA in hex": (f"wpa-psk {HEX}", HEX),
    "a passphrase": ("wpa-passphrase swordfish", "swordfish"),
    "an identity": ("wpa-password hash:swordfish", "swordfish"),
    "a wireless key": ("wireless-key s:swordfish", "swordfish"),
    "a wireless key of digits": ("wireless-key 4711471147", "4711471147"),
    "a second wireless key": ("wireless-key1 swordfish", "swordfish"),
    "a key of Open vSwitch": ("ovs_extra set interface gre0 options:psk=swordfish", "swordfish"),
    "a key of a tunnel": ("ovs_tunnel_options options:psk=swordfish options:remote_ip=192.0.2.1", "swordfish"),
    "an option of Open vSwitch": ("ovs_options tag=1 other_config:secret=swordfish", "swordfish"),
    "a command of Open vSwitch": ("ovs_extra set-ssl swordfish", "swordfish"),
    "an attribute that nobody knows": ("wg-private-key swordfish", "swordfish"),
    "a number of one that nobody knows": ("macsec-pin 47114711", "47114711"),
    "a line that is none": ("swordfish", "swordfish"),
    "a comment": ("# the password is swordfish", "swordfish"),
    "a comment without a blank": ("#swordfish", "swordfish"),
    "a comment behind a value": ("mtu 1500 # swordfish", "swordfish"),
    "a second value": ("mtu 1500 swordfish", "swordfish"),
    "a value that is none": ("address swordfish", "swordfish"),
    "an alias": ("alias swordfish", "swordfish"),
    "a template": ("%for key in ['swordfish']:", "swordfish"),
    "a provider": ("provider swordfish", "swordfish"),
    "a script": ("script /usr/bin/x swordfish", "swordfish"),
    "a map": ("map swordfish home", "swordfish"),
    "a user": ("user swordfish", "swordfish"),
}


@pytest.mark.parametrize(("line", "secret"), ATTRIBUTES.values(), ids=ATTRIBUTES)
def test_an_attribute_shows_no_secret(tmp_path: Path, snapshot: Snapshot, line: str, secret: str) -> None:
    text = f"auto wlan0\niface wlan0 inet dhcp\n\t{line}\r\n    {line}\n"
    for path in (INTERFACES, f"{INTERFACES}.new", f"{INTERFACES}.d/uplink"):
        snapshot = with_file(snapshot, path, text)
    assert_hidden(tmp_path / "snap", snapshot, secret)


LINES_OF_FRR = {
    "TCP-MD5": " neighbor 10.0.0.2 password swordfish",
    "TCP-MD5 of a group": " neighbor PLANE password swordfish",
    "TCP-MD5 in brief": " neigh 10.0.0.2 pass swordfish",
    "TCP-MD5 in half": " neighbor 10.0.0.2 passw swordfish",
    "TCP-AO": " neighbor 10.0.0.2 tcp-ao swordfish",
    "a password of vty": "password swordfish",
    "a hash": "password 8 swordfish",
    "enable": "enable password swordfish",
    "enable secret": "enable secret 5 swordfish",
    "a user": "username admin password swordfish",
    "a key chain": "  key-string swordfish",
    "OSPF": " ip ospf authentication-key swordfish",
    "OSPF with MD5": " ip ospf message-digest-key 1 md5 swordfish",
    "OSPF for IPv6": " ipv6 ospf6 authentication key-id 1 hash-algo md5 key swordfish",
    "a virtual link": " area 0.0.0.1 virtual-link 10.0.0.1 authentication message-digest message-digest-key 1 md5 swordfish",
    "IS-IS": " isis password clear swordfish",
    "an area": " area-password md5 swordfish",
    "a domain": " domain-password clear swordfish authenticate snp validate",
    "RIP": " ip rip authentication string swordfish",
    "NHRP": " ip nhrp authentication swordfish",
    "LDP": " neighbor 10.0.0.2 password swordfish",
    "SNMP": "snmp-server community swordfish ro",
    "RPKI": " rpki cache ssh 10.0.0.1 22 swordfish /etc/key",
    "MSDP": " msdp peer 10.0.0.2 password swordfish",
    "a description": " description swordfish",
    "a description of a peer": " neighbor 10.0.0.2 description swordfish",
    "a banner": "banner motd line swordfish",
    "a comment": "! swordfish",
    "a comment with a hash": "# swordfish",
    "a line that nobody knows": "swordfish 1 2 3",
}


@pytest.mark.parametrize("line", LINES_OF_FRR.values(), ids=LINES_OF_FRR)
def test_a_line_of_frr_shows_no_secret(tmp_path: Path, snapshot: Snapshot, line: str) -> None:
    secrets = ("swordfish", "471147", "8181:4711", "10.47.11.1", "deadbeef", WIREGUARD, "sword fish")
    text = "frr defaults datacenter\n!\n" + "".join(f"{line.replace('swordfish', secret)}\n" for secret in secrets)
    for path in (FRR, f"{FRR}.local"):
        snapshot = with_file(snapshot, path, text)
    assert_hidden(tmp_path / "snap", snapshot, *secrets)


def test_a_word_that_frr_may_learn_is_not_shown(tmp_path: Path, snapshot: Snapshot) -> None:
    text = "router bgp 1\n bgp swordfish\n neighbor 10.0.0.2 swordfish 471147\n"
    assert_hidden(tmp_path / "snap", with_file(snapshot, FRR, text), "swordfish", "471147")


DEFINITIONS = {
    "a private key": ("fabrics.cfg", f"wireguard_node: wg_node1\n\tprivate_key {WIREGUARD}\n", WIREGUARD),
    "a private key of an interface": (
        "fabrics.cfg",
        f"wireguard_node: wg_node1\n\tinterfaces name=wg0,listen_port=51820,private_key={WIREGUARD}\n",
        WIREGUARD,
    ),
    "a preshared key of a peer": (
        "fabrics.cfg",
        f"wireguard_node: wg_node1\n\tpeers node=node2,preshared_key={WIREGUARD}\n",
        WIREGUARD,
    ),
    "a key where an address should be": (
        "fabrics.cfg",
        f"wireguard_node: wg_node1\n\tendpoint {WIREGUARD}\n",
        WIREGUARD,
    ),
    "a token": ("zones.cfg", "evpn: prod\n\ttoken swordfish\n", "swordfish"),
    "a token of digits": ("zones.cfg", "evpn: prod\n\ttoken 471147\n", "471147"),
    "a password of a controller": ("controllers.cfg", "bgp: bgpnode1\n\tpassword sword fish\n", "sword fish"),
    "a comment": ("vnets.cfg", "# swordfish\nvnet: web\n\tzone prod\n", "swordfish"),
    "an indented comment": ("vnets.cfg", "vnet: web\n\tzone prod\n\t# swordfish\n", "swordfish"),
    "a line that is none": ("vnets.cfg", "swordfish\nvnet: web\n\tzone prod\n", "swordfish"),
    "a header that is none": ("pvesdn.cfg", "vxlan: ucast\n\npassword: swordfish\n", "swordfish"),
    "a property without a value": ("vnets.cfg", "vnet: web\n\tswordfish\n", "swordfish"),
    "a value of another kind": ("zones.cfg", f"evpn: prod\n\tmac {WIREGUARD}\n", WIREGUARD),
    "a second word": ("zones.cfg", "evpn: prod\n\tmtu 1500 sword+fish\n", "sword+fish"),
    "a comment of ours": ("pvesdn.cfg", "# swordfish\nvxlan: ucast\n", "swordfish"),
    "a property of ours": ("pvesdn.cfg", "vxlan: ucast\n\tpsk swordfish\n", "swordfish"),
    "a line with a control character": ("zones.cfg", "evpn: prod\n\ttoken sword\x07fish\n", "fish"),
    "CRLF": ("zones.cfg", "evpn: prod\r\n\ttoken swordfish\r\n", "swordfish"),
    "a route map": ("route-maps.cfg", "route-map-entry: x_1\n\tset tcp-md5 swordfish\n", "swordfish"),
    "JSON": (
        ".running-config",
        '{"version": 1, "zones": {"ids": {"prod": {"type": "evpn", "token": "swordfish"}}}}',
        "swordfish",
    ),
    "a number of JSON": (
        ".running-config",
        '{"zones": {"ids": {"prod": {"type": "evpn", "token": 471147}}}}',
        "471147",
    ),
    "a list of JSON": (
        ".running-config",
        '{"fabrics": {"ids": {"wg_n": {"interfaces": ["name=wg0,psk=swordfish"]}}}}',
        "swordfish",
    ),
    "a table of JSON": (".running-config", '{"fabrics": {"ids": {"wg_n": {"keys": {"swordfish": 1}}}}}', "swordfish"),
    "an escape of JSON": (".running-config", '{"zones": {"ids": {"p": {"token": "sword\\u0066ish"}}}}', "swordfish"),
    "a later table": (".running-config", '{"secrets": {"ids": {"prod": {"key": "swordfish"}}}}', "swordfish"),
    "an order": (".running-config", '{"zones": {"ids": {}, "note": "swordfish"}}', "swordfish"),
    "no JSON": (".running-config", "swordfish {", "swordfish"),
    "a list": (".running-config", '["swordfish"]', "swordfish"),
    "our memory": ("pvesdn-seen.json", '{"format": 1, "note": "swordfish", "vteps": {}}', "swordfish"),
}


@pytest.mark.parametrize(("name", "text", "secret"), DEFINITIONS.values(), ids=DEFINITIONS)
def test_a_file_below_etc_pve_shows_no_secret(
    tmp_path: Path, snapshot: Snapshot, name: str, text: str, secret: str
) -> None:
    taken = replace(snapshot, pve_files={**snapshot.pve_files, name: text})
    assert_hidden(tmp_path / "snap", taken, secret)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/etc/frr/daemons", "# swordfish"),
        ("/etc/frr/daemons", "export TOKEN=swordfish"),
        ("/etc/frr/daemons", 'bgpd_options="  -A 127.0.0.1 --password swordfish"'),
        ("/etc/sysctl.d/90-pvesdn.conf", "net.ipv6.conf.all.stable_secret = 2001:db8::4711 swordfish"),
        ("/etc/sysctl.d/90-pvesdn.conf", "; swordfish"),
        (DROP_IN, "Environment=TOKEN=swordfish"),
        (DROP_IN, "# Written by pvesdn from /etc/pve/sdn/pvesdn.cfg. swordfish"),
        (DROP_IN, "ExecStart=/bin/ip vrf exec vrf_prod swordfish"),
        (DROP_IN, "ConditionPathExists=/sys/class/net/swordfish"),
        ("/var/lib/pvesdn/written.json", '{"format": 1, "files": {"/x": "swordfish"}}'),
        ("/var/lib/pvesdn/written.json", "swordfish"),
        ("/etc/network/interfaces.d/wg0.conf", "PrivateKey = swordfish"),
    ],
)
def test_any_other_file_shows_no_secret(tmp_path: Path, snapshot: Snapshot, path: str, line: str) -> None:
    assert_hidden(tmp_path / "snap", with_file(snapshot, path, f"{line}\n"), "swordfish", "2001:db8::4711")


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("ip-link", [{"ifname": "eno1", "ifalias": "swordfish"}]),
        (
            "ip-link",
            [{"ifname": "gre1", "linkinfo": {"info_kind": "gre", "info_data": {"ikey": 471147, "okey": "471147"}}}],
        ),
        ("ip-link", [{"ifname": "x0", "linkinfo": {"info_data": {"psk": "swordfish"}}}]),
        ("ip-addr", [{"ifname": "eno1", "note": {"a b": "swordfish"}}]),
        ("versions", {"frr": "10.2 swordfish"}),
        ("sysctl", {"net.ipv6.conf.all.stable_secret": "471147"}),
    ],
)
def test_an_answer_of_a_command_shows_no_secret(
    tmp_path: Path, snapshot: Snapshot, command: str, answer: object
) -> None:
    raw = snapshot.nodes["node1"]
    node = NodeRaw(raw.files, {**raw.commands, command: answer})
    found = written(tmp_path / "snap", replace(snapshot, nodes={"node1": node}))
    assert b'"swordfish"' not in found
    assert b"471147" not in found


@pytest.mark.parametrize("path", ["version", "cluster/status", "nodes", "cluster/sdn"])
@pytest.mark.parametrize("more", [{"ticket": "swordfish"}, {"pending": {"token": "swordfish"}}, {"pin": ["swordfish"]}])
def test_an_answer_of_the_api_shows_no_secret(
    tmp_path: Path, snapshot: Snapshot, path: str, more: dict[str, object]
) -> None:
    answer = snapshot.api.get(path)
    changed = (
        [*answer, more] if isinstance(answer, list) else {**answer, **more} if isinstance(answer, dict) else [more]
    )
    assert_hidden(tmp_path / "snap", replace(snapshot, api={**snapshot.api, path: changed}), "swordfish")


def test_the_same_value_has_the_same_placeholder_and_another_one_another(tmp_path: Path, snapshot: Snapshot) -> None:
    taken = with_file(snapshot, FRR, "password swordfish\nrouter bgp 1\n neighbor 10.0.0.2 password swordfish\n")
    hook = "iface eno1\n\tpost-up curl -u swordfish 10.0.0.1\n\twpa-psk swordfish\n\twpa-ssid pike\n"
    write_snapshot(tmp_path / "snap", with_file(taken, INTERFACES, hook))
    files = read_snapshot(tmp_path / "snap").nodes["node1"].files
    words = files[FRR].split() + files[INTERFACES].split()
    one, two, *_ = (word for word in dict.fromkeys(words) if word.startswith("hidden-"))
    assert words.count(one) == 4
    assert words[-1] not in (one, two)


def test_nothing_of_a_value_can_be_told_from_its_placeholder(tmp_path: Path, snapshot: Snapshot) -> None:
    texts = set()
    for secret in ("swordfish", "pike", "a" * 1000):
        write_snapshot(tmp_path / secret[:9], with_file(snapshot, FRR, f"password {secret}\n"))
        texts.add(read_snapshot(tmp_path / secret[:9]).nodes["node1"].files[FRR])
    assert len(texts) == 1


def test_a_word_that_looks_like_a_placeholder_is_not_taken_for_one(tmp_path: Path, snapshot: Snapshot) -> None:
    text = "router bgp 1\n neighbor hidden-1 peer-group\n neighbor hidden-1 password swordfish\n"
    write_snapshot(tmp_path / "snap", with_file(snapshot, FRR, text))
    words = read_snapshot(tmp_path / "snap").nodes["node1"].files[FRR].split()
    assert words[-1].startswith("hidden-")
    assert words[-1] != "hidden-1"
