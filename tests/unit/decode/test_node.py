from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv6Interface, ip_address
from typing import Any

import pytest

from pvesdn.decode.nodes.facts import decode_facts
from pvesdn.errors import NodeFailed
from pvesdn.model.facts import Link, NodeFacts, Route
from pvesdn.model.files import FRR_CONF_LOCAL, FRR_LOCAL_BEGIN, FRR_LOCAL_END
from pvesdn.model.snapshot import NodeRaw
from tests.unit.decode.samples import COMMANDS, INTERFACES

RAW = NodeRaw(files={"/etc/network/interfaces": INTERFACES}, commands=COMMANDS)


def with_local(text: str) -> NodeFacts:
    return decode_facts("pve1", NodeRaw(files={FRR_CONF_LOCAL: text}))


def test_links_are_read_with_their_kind_master_and_vni() -> None:
    facts = decode_facts("pve1", RAW)
    assert [link.name for link in facts.links] == ["lo", "eno1", "vmbr0", "vxlan_web"]
    assert facts.link("eno1") == Link("eno1", 1550, "bc:24:11:1d:69:60", "vmbr0")
    assert facts.link("vmbr0") == Link("vmbr0", 1550, "bc:24:11:1d:69:60", kind="bridge", vlan_filtering=False)
    assert facts.link("vxlan_web") == Link("vxlan_web", 1500, master="web", kind="vxlan", vni=100)


@pytest.mark.parametrize(
    ("linkinfo", "is_aware"),
    [
        ({"info_kind": "bridge", "info_data": {"vlan_filtering": 1}}, True),
        ({"info_kind": "bridge", "info_data": {"vlan_filtering": 0}}, False),
        ({"info_kind": "bridge", "info_data": {}}, None),
        ({"info_kind": "bridge"}, None),
        ({"info_kind": "openvswitch"}, None),
    ],
)
def test_a_bridge_says_whether_it_knows_vlans(linkinfo: dict[str, Any], is_aware: bool | None) -> None:
    facts = decode_facts("pve1", NodeRaw(commands={"ip-link": [{"ifname": "vmbr0", "linkinfo": linkinfo}]}))
    assert facts.link("vmbr0") == Link("vmbr0", kind=linkinfo["info_kind"], vlan_filtering=is_aware)


def test_a_link_has_its_other_names() -> None:
    row = {"ifname": "eno1", "altnames": ["enp1s0", "enxbc24111d6960"]}
    link = decode_facts("pve1", NodeRaw(commands={"ip-link": [row]})).link("eno1")
    assert link == Link("eno1", altnames=("enp1s0", "enxbc24111d6960"))


def test_addresses_know_their_device() -> None:
    facts = decode_facts("pve1", RAW)
    assert facts.addresses == (
        ("lo", IPv4Interface("127.0.0.1/8")),
        ("vmbr0", IPv4Interface("192.168.0.1/24")),
        ("vmbr0", IPv6Interface("fe80::be24:11ff:fe1d:6960/64")),
    )
    assert facts.holder(IPv4Address("192.168.0.1")) == "vmbr0"


def test_each_next_hop_is_a_route_and_a_route_that_refuses_is_one_too() -> None:
    facts = decode_facts("pve1", RAW)
    assert facts.routes == (
        Route("default", "vmbr0", None, ip_address("192.168.0.254"), protocol="kernel"),
        Route("192.168.0.0/24", "vmbr0", ip_address("192.168.0.1")),
        Route("10.9.0.9/32", "vmbr0", None, ip_address("fe80::1")),
        Route("10.8.0.0/16", "vmbr0", None, ip_address("192.168.0.252")),
        Route("10.8.0.0/16", "vmbr0", None, ip_address("192.168.0.253")),
        Route("default", metric=4278198272, kind="unreachable"),
        Route(*("default", "vmbr0", None, ip_address("fe80::1")), family=6, mtu=1400, flags=frozenset({"linkdown"})),
    )
    assert facts.tables == {4, 6}
    assert facts.rules == ("32765: from 10.0.0.0/8 lookup 200",)


def test_the_interfaces_file_versions_and_switches_are_there() -> None:
    facts = decode_facts("pve1", RAW)
    assert [stanza.name for stanza in facts.stanzas] == ["lo", "eno1", "vmbr0", "vmbr0"]
    assert facts.sources == ("/etc/network/interfaces.d/*", "/etc/network/more/*")
    assert facts.versions["frr"] == "8.5.2-1+pve1"
    assert facts.sysctl == {"net.ipv4.ip_forward": "1"}


def test_what_was_not_asked_is_empty() -> None:
    assert decode_facts("pve1", NodeRaw()) == NodeFacts("pve1")


@pytest.mark.parametrize(
    ("text", "is_foreign"),
    [
        ("", False),
        ("\n\n", False),
        (f"{FRR_LOCAL_BEGIN}\nrouter bgp 1\n{FRR_LOCAL_END}\n", False),
        (f"\n{FRR_LOCAL_BEGIN}\nrouter bgp 1\n", False),
        (f"{FRR_LOCAL_BEGIN}\nrouter bgp 1\n{FRR_LOCAL_END}\nip route 10.0.0.0/8 null0\n", True),
        ("! a remark\n", True),
    ],
)
def test_lines_outside_our_block_of_frr_conf_local_are_foreign(text: str, is_foreign: bool) -> None:
    assert with_local(text).has_foreign_frr_local is is_foreign


@pytest.mark.parametrize(
    ("command", "answer", "message"),
    [
        ("ip-link", {}, "ip-link is not a JSON list"),
        ("ip-link", [3], "entry 1 of ip-link is not a JSON object"),
        ("ip-link", [{"mtu": 1}], "ifname of ip-link is not printable text"),
        ("ip-link", [{"ifname": "a b"}], "ifname of ip-link is not a name"),
        ("ip-link", [{"ifname": "a\nb"}], "ifname of ip-link is not printable text"),
        ("ip-link", [{"ifname": "a", "mtu": "x"}], "mtu of 'a' in ip-link is not a whole number"),
        ("ip-link", [{"ifname": "a", "linkinfo": 1}], "linkinfo of 'a' in ip-link is not a JSON object"),
        (
            "ip-link",
            [{"ifname": "a", "linkinfo": {"info_data": [1]}}],
            "info_data of 'a' in ip-link is not a JSON object",
        ),
        (
            "ip-link",
            [{"ifname": "a", "linkinfo": {"info_kind": 1}}],
            "info_kind of 'a' in ip-link is not printable text",
        ),
        (
            "ip-link",
            [{"ifname": "a", "linkinfo": {"info_kind": "vxlan", "info_data": {"id": None}}}],
            "id of 'a' in ip-link is not a whole number",
        ),
        (
            "ip-link",
            [{"ifname": "a", "linkinfo": {"info_kind": "bridge", "info_data": {"vlan_filtering": 2}}}],
            "vlan_filtering of 'a' in ip-link is neither 0 nor 1",
        ),
        ("ip-addr", [{"ifname": "a", "addr_info": 1}], "addr_info of 'a' is not a JSON list"),
        (
            "ip-addr",
            [{"ifname": "a", "addr_info": [{"family": "inet"}]}],
            "local of 'a' in ip-addr is not printable text",
        ),
        (
            "ip-addr",
            [{"ifname": "a", "addr_info": [{"family": "inet", "local": "10.0.0.1", "prefixlen": 40}]}],
            "local of 'a' in ip-addr: 10.0.0.1 has no usable prefixlen",
        ),
        ("ip-route", [{"dst": 1}], "dst of ip-route is not printable text"),
        ("ip-route", [{"dst": "x"}], "dst of ip-route is neither 'default' nor a network: 'x'"),
        ("ip-route6", [{"dst": "default", "gateway": "x"}], "gateway of ip-route6 is not an IP address"),
        ("ip-route", [{"dst": "default", "via": 1}], "via of ip-route is not a JSON object"),
        ("ip-route", [{"dst": "default", "nexthops": 1}], "nexthops of ip-route is not a JSON list"),
        ("ip-route", [{"dst": "default", "prefsrc": "x"}], "prefsrc of ip-route is not an IP address"),
        ("versions", [], "versions is not a JSON object"),
        ("sysctl", {"a": 1}, "'a' of sysctl is not printable text"),
    ],
)
def test_an_answer_of_another_shape_is_that_nodes_failure(command: str, answer: Any, message: str) -> None:
    with pytest.raises(NodeFailed) as caught:
        decode_facts("pve1", NodeRaw(commands={**COMMANDS, command: answer}))
    assert caught.value.node == "pve1"
    assert str(caught.value) == f"pve1: unexpected response from iproute2: {message}; check iproute2 on the node"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "source /etc/network/interfaces.d/*",
            [("/etc/network/interfaces.d/a", "vmbr7"), ("/etc/network/interfaces.d/b", "x")],
        ),
        ("source interfaces.d/b", [("/etc/network/interfaces.d/b", "x")]),
        (
            "source-directory /etc/network/interfaces.d",
            [("/etc/network/interfaces.d/a", "vmbr7"), ("/etc/network/interfaces.d/b", "x")],
        ),
        ("", []),
    ],
)
def test_stanzas_of_others_count_where_their_file_is_sourced(source: str, expected: list[tuple[str, str]]) -> None:
    files = {
        "/etc/network/interfaces": f"auto lo\niface lo inet loopback\n\n{source}\n",
        "/etc/network/interfaces.d/a": "auto vmbr7\niface vmbr7\n\tbridge-ports none\n",
        "/etc/network/interfaces.d/b": "iface x inet manual\n",
        "/etc/network/interfaces.d/sdn": "#version:1\n\nauto web\niface web\n",
        "/etc/network/interfaces.d/pvesdn": "auto vmbr2\niface vmbr2\n",
    }
    assert list(decode_facts("pve1", NodeRaw(files, {})).other_stanzas) == expected


@pytest.mark.parametrize(
    ("command", "row"),
    [
        ("ip-link", {"ifname": "eno1", "mtu": -5}),
        ("ip-route", {"dst": "default", "dev": "eno1", "metric": -1}),
        ("ip-route", {"dst": "default", "dev": "eno1", "metrics": [{"mtu": -5}]}),
    ],
)
def test_a_size_or_metric_below_zero_is_no_answer_of_iproute2(command: str, row: dict[str, object]) -> None:
    with pytest.raises(NodeFailed, match="is negative"):
        decode_facts("node1", NodeRaw({}, {command: [row]}))
