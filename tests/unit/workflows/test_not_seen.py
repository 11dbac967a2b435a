"""Whose it is what nobody could look at on a node."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from pvesdn.compare.live_view import NodeView
from pvesdn.model.dhcp_unit import DhcpUnit
from pvesdn.model.expectation import ExpectedDevice, ExpectedVirtualRouter, ExpectedVni, NodeExpectation
from pvesdn.model.state import NodeState
from pvesdn.model.vlans import VlanSet
from pvesdn.workflows.look import not_seen

ZONES = {
    "vxlan_web": "sym",
    "vrfvx_sym": "sym",
    "vrf_sym": "sym",
    "vxlan_flat": "flat",
    "eno2": "out",
    "vxlan_plain": "plain",
    "vxlan_group": "many",
    "trunk": "tagged",
    "office": "lan",
    "vrf_lan": "lan",
}


def zones_in_doubt(question: str, zones: dict[str, str] | None = None) -> tuple[str, ...]:
    expected = NodeExpectation(
        node="node1",
        devices=(
            ExpectedDevice("vxlan_web", ""),
            ExpectedDevice("office", "", keeps_dhcp_out=True),
            ExpectedDevice("vxlan_plain", "", remotes=frozenset({ip_address("10.0.0.2")})),
            ExpectedDevice("vxlan_group", "", group=ip_address("239.0.0.1")),
            ExpectedDevice("trunk", "", vlan_filtering=True),
            ExpectedDevice("vxlan_flat", "", vlan_filtering=False, vlans=VlanSet.of([(7, 7)])),
        ),
        daemons=frozenset({"bgpd", "vrrpd", "zebra"}),
        vnis=(
            ExpectedVni(10, "vxlan_web", "vrf_sym"),
            ExpectedVni(20, "vxlan_flat", "default"),
            ExpectedVni(4000, "vrfvx_sym", "vrf_sym", is_l3=True),
        ),
        virtual_routers=(ExpectedVirtualRouter("eno2", 7, 4, 200, frozenset({ip_address("172.20.0.10")})),),
        dhcp=(DhcpUnit("lan", "vrf_lan"),),
    )
    state = NodeState(node="node1", devices={}, daemons=expected.daemons, unseen={question: "it failed"})
    (item,) = not_seen(NodeView(expected, state, zones=ZONES if zones is None else zones))
    return item.zones


@pytest.mark.parametrize(
    ("question", "zones"),
    [
        ("bgp-neighbors", ("flat", "sym")),
        ("evpn-vnis", ("flat", "sym")),
        ("vrf-routes", ("sym",)),
        ("evpn-rmacs", ("sym",)),
        ("vrrp", ("out",)),
        ("dhcp-filters", ("lan",)),
        ("dhcp-servers", ("lan",)),
        ("fdb", ("many", "plain")),
        ("port-vlans", ("flat", "tagged")),
        ("settings", ()),
    ],
)
def test_what_was_not_seen_is_of_the_zones_that_have_it(question: str, zones: tuple[str, ...]) -> None:
    assert zones_in_doubt(question) == zones


@pytest.mark.parametrize("question", ["bgp-neighbors", "vrf-routes", "vrrp", "dhcp-servers", "fdb", "port-vlans"])
def test_where_nobody_knows_whose_something_is_it_may_be_that_of_any_zone(question: str) -> None:
    assert zones_in_doubt(question, {}) == ()


@pytest.mark.parametrize("question", ["fdb", "port-vlans", "dhcp-filters", "dhcp-servers", "vrf-routes", "vrrp"])
def test_what_nothing_would_be_held_against_is_nobodys_doubt(question: str) -> None:
    bridge = ExpectedDevice("vxlan_web", "", vlan_filtering=False)
    expected = NodeExpectation("node1", (bridge,), daemons=frozenset({"zebra"}))
    state = NodeState(node="node1", devices={}, daemons=expected.daemons, unseen={question: "it failed"})

    assert list(not_seen(NodeView(expected, state))) == []
