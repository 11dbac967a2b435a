"""frr.conf as people write it: blocks by FRR's own rule, typed values, and everything else kept as foreign."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pvesdn.decode.frr.conf import decode_frr_conf
from pvesdn.decode.frr.tree import FrrLine, read_tree
from pvesdn.model.hand_written import FrrText

FILE = "/etc/frr/frr.conf"


def told(lines: tuple[FrrLine, ...] | list[FrrLine]) -> list[object]:
    """The tree as nested lists."""
    return [[line.text, told(line.children)] if line.children else line.text for line in lines]


def decode(text: str) -> FrrText:
    return decode_frr_conf(text, FILE)


def foreign(text: str) -> list[tuple[str, tuple[str, ...], int]]:
    return [(line.text, line.context, line.place.line) for line in decode(text).foreign]


# --- blocks ----------------------------------------------------------------------------------------------------------


def test_a_new_block_ends_the_one_before_it_even_without_exit() -> None:
    text = "vrf vrf1\n vni 4000\n!\nrouter bgp 1234\n coalesce-time 1000\n!\nrouter bgp 1234 vrf vrf1\n!\n bgp router-id 1.1.1.1\n"
    assert told(read_tree(text)) == [
        ["vrf vrf1", ["vni 4000"]],
        ["router bgp 1234", ["coalesce-time 1000"]],
        ["router bgp 1234 vrf vrf1", ["bgp router-id 1.1.1.1"]],
    ]


def test_indentation_means_nothing() -> None:
    text = "router bgp 1\nneighbor 1.1.1.1 remote-as 1\naddress-family l2vpn evpn\nadvertise-all-vni\nvni 3\n"
    text += "route-target import 65535:1\nexit-vni\nexit-address-family\ncoalesce-time 5\nexit\nhostname a\n"
    family = ["address-family l2vpn evpn", ["advertise-all-vni", ["vni 3", ["route-target import 65535:1"]]]]
    assert told(read_tree(text)) == [
        ["router bgp 1", ["neighbor 1.1.1.1 remote-as 1", family, "coalesce-time 5"]],
        "hostname a",
    ]


def test_a_new_family_ends_the_one_before_it() -> None:
    text = "router bgp 1\n address-family ipv4 unicast\n  redistribute connected\n address-family l2vpn evpn\n  advertise-all-vni\n"
    families = [
        ["address-family ipv4 unicast", ["redistribute connected"]],
        ["address-family l2vpn evpn", ["advertise-all-vni"]],
    ]
    assert told(read_tree(text)) == [["router bgp 1", families]]


def test_what_stands_only_at_the_top_leaves_every_block() -> None:
    assert told(read_tree("vrf a\n vni 1\nhostname n\nip prefix-list p permit any\n")) == [
        ["vrf a", ["vni 1"]],
        "hostname n",
        "ip prefix-list p permit any",
    ]


def test_comments_close_nothing_and_a_stray_exit_is_no_fault() -> None:
    assert told(read_tree("exit\nexit-vni\nvrf a\n! exit\n# exit\n vni 1\nexit-address-family\nexit-vrf\nend\n")) == [
        ["vrf a", ["vni 1"]]
    ]


def test_every_line_knows_its_number() -> None:
    (vrf,) = read_tree("!\n\nvrf a\n\n vni 1\n")
    assert (vrf.line, vrf.children[0].line) == (3, 5)


# --- values ----------------------------------------------------------------------------------------------------------


def test_a_peer_group_passes_its_settings_on() -> None:
    text = """\
router bgp 1234
 neighbor RR peer-group
 neighbor RR remote-as 1234
 neighbor RR bfd
 neighbor 192.168.0.2 peer-group RR
 neighbor 192.168.0.3 remote-as internal
 address-family l2vpn evpn
  neighbor RR activate
  neighbor RR route-reflector-client
  neighbor RR soft-reconfiguration inbound
 exit-address-family
"""
    (router,) = decode(text).routers
    found = [(n.address, n.remote_as, n.is_evpn, n.is_client, n.place.line) for n in router.neighbors]
    assert found == [("192.168.0.2", "1234", True, True, 5), ("192.168.0.3", "internal", False, False, 6)]
    assert foreign(text) == []


def test_the_router_of_a_vrf_says_what_it_announces_and_imports() -> None:
    text = """\
router bgp 1234 vrf vrf1
 address-family ipv4 unicast
  redistribute connected
  redistribute kernel
  no neighbor 1.1.1.1 activate
 exit-address-family
 address-family l2vpn evpn
  advertise ipv4 unicast
  advertise ipv6 unicast
  route-target import 1234:4000 65000:1
 exit-address-family
exit
"""
    (router,) = decode(text).routers
    assert (router.asn, router.vrf, router.has_all_vnis) == ("1234", "vrf1", False)
    assert router.announced == {"ipv4", "ipv6"}
    assert router.imports == ("1234:4000", "65000:1")
    assert foreign(text) == []


def test_statics_have_their_vrf_from_the_block_or_from_the_line() -> None:
    text = "ip route 10.0.0.0/8 1.1.1.1\nip route 0.0.0.0/0 2.2.2.2 eno2 vrf a\nvrf b\n ipv6 route ::/0 fe80::1 eno3\nexit-vrf\n"
    found = [(r.prefix, r.via, r.interface, r.vrf, r.place.line) for r in decode(text).routes]
    assert found == [
        ("10.0.0.0/8", "1.1.1.1", None, None, 1),
        ("0.0.0.0/0", "2.2.2.2", "eno2", "a", 2),
        ("::/0", "fe80::1", "eno3", "b", 4),
    ]


def test_a_virtual_router_is_put_together_from_its_lines() -> None:
    text = "interface eno2\n vrrp 1 version 3\n vrrp 1 priority 200\n vrrp 1 ip 172.16.0.10\n vrrp 1 ipv6 fe80::10\n vrrp 2\n"
    found = [(v.interface, v.id, v.priority, v.addresses) for v in decode(text).vrrp]
    assert found == [("eno2", "1", "200", ("172.16.0.10", "fe80::10")), ("eno2", "2", "100", ())]


def test_route_targets_of_as_65535_are_isolation_and_any_others_are_foreign() -> None:
    isolated = "router bgp 1\n address-family l2vpn evpn\n  vni 3\n   route-target import 65535:65535\n  exit-vni\n"
    assert decode(isolated).routers[0].isolated == {"3"}
    assert foreign(isolated) == []
    own = isolated.replace("65535:65535", "1:3")
    context = ("router bgp 1", "address-family l2vpn evpn")
    assert foreign(own) == [("vni 3", context, 3), ("route-target import 1:3", (*context, "vni 3"), 4)]


def test_what_a_fresh_frr_conf_says_is_nobodys() -> None:
    text = "frr version 10.4\nfrr defaults traditional\nhostname a\nlog syslog informational\nservice integrated-vtysh-config\n"
    found = decode(f"{text}no ip forwarding\nipv6 forwarding\nline vty\n!\n")
    assert replace(found, usual=()) == FrrText()
    assert len(found.usual) == 8


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "router ospf\n ospf router-id 1.1.1.1\n",
            [("router ospf", (), 1), ("ospf router-id 1.1.1.1", ("router ospf",), 2)],
        ),
        ("router bgp 1 view x\n", [("router bgp 1 view x", (), 1)]),
        ("router bgp 1\n bgp cluster-id 1.1.1.1\n", [("bgp cluster-id 1.1.1.1", ("router bgp 1",), 2)]),
        ("router bgp 1\n neighbor a timers 1 3\n", [("neighbor a timers 1 3", ("router bgp 1",), 2)]),
        (
            "router bgp 1\n address-family vpnv4 unicast\n  x\n",
            [
                ("address-family vpnv4 unicast", ("router bgp 1",), 2),
                ("x", ("router bgp 1", "address-family vpnv4 unicast"), 3),
            ],
        ),
        (
            "router bgp 1\n address-family ipv4 unicast\n  redistribute ospf\n  network 10.0.0.0/8\n",
            [
                ("redistribute ospf", ("router bgp 1", "address-family ipv4 unicast"), 3),
                ("network 10.0.0.0/8", ("router bgp 1", "address-family ipv4 unicast"), 4),
            ],
        ),
        ("vrf a\n rmap x\n", [("rmap x", ("vrf a",), 2)]),
        ("interface a\n ip ospf area 0\n", [("ip ospf area 0", ("interface a",), 2)]),
        (
            "interface a\n vrrp 1 shutdown\n vrrp\n",
            [("vrrp 1 shutdown", ("interface a",), 2), ("vrrp", ("interface a",), 3)],
        ),
        ("ip route 10.0.0.0/8 1.1.1.1 eno1 200 tag 3\n", [("ip route 10.0.0.0/8 1.1.1.1 eno1 200 tag 3", (), 1)]),
        ("ip route 10.0.0.0/8\n", [("ip route 10.0.0.0/8", (), 1)]),
        ("line vty\n access-class a\n", [("access-class a", ("line vty",), 2)]),
        ("log file /tmp/x\n", [("log file /tmp/x", (), 1)]),
        ("router bgp\n vrf\n", [("router bgp", (), 1), ("vrf", (), 2)]),
    ],
)
def test_what_pvesdn_does_not_say_is_kept_with_its_line(
    text: str, lines: list[tuple[str, tuple[str, ...], int]]
) -> None:
    assert foreign(text) == lines


def test_a_password_is_not_repeated() -> None:
    assert foreign("router bgp 1\n neighbor 1.1.1.1 password hunter2\n") == [
        ("neighbor 1.1.1.1 password ********", ("router bgp 1",), 2)
    ]
