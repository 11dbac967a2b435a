"""Whose guests may notice a line of FRR: the zone that it names, else all zones of EVPN."""

from __future__ import annotations

import pytest

from pvesdn.compare.frr_zones import frr_zones, is_leftover
from pvesdn.compare.live_view import NodeView
from pvesdn.model.expectation import ExpectedDevice, ExpectedVni, NodeExpectation
from pvesdn.model.state import NodeState

OURS = "/etc/network/interfaces.d/pvesdn"
VIEW = NodeView(
    NodeExpectation(
        "node1",
        devices=(ExpectedDevice("vxlan_web", OURS, vni=100), ExpectedDevice("vxlan_lan", OURS, vni=200)),
        vnis=(ExpectedVni(100, "vxlan_web", "vrf_prod"),),
    ),
    NodeState("node1", {}),
    zones={"vxlan_web": "prod", "vxlan_lan": "plain", "vrf_prod": "prod"},
)


@pytest.mark.parametrize(
    ("line", "zones"),
    [
        ("router bgp 65010, address-family l2vpn evpn: vni 200", ("plain",)),
        ("router bgp l2vpn evpn vni is 200, not 201", ("plain",)),
        ("router bgp l2vpn evpn vni lacks 200", ("plain",)),
        ("router bgp l2vpn evpn vni has 200, 201", ("plain",)),
        ("router bgp l2vpn evpn vni lacks 200, 100", ("plain", "prod")),
        ("vrf vrf_prod ip route 0.0.0.0/0 lacks 172.20.0.253", ("prod",)),
        ("router bgp l2vpn evpn lacks advertise-all-vni", ("prod",)),
        ("router bgp l2vpn evpn vni lacks 999", ("prod",)),
    ],
)
def test_a_line_is_about_the_zones_that_it_names(line: str, zones: tuple[str, ...]) -> None:
    assert frr_zones(VIEW, [line]) == zones
    assert not is_leftover(VIEW, [line])


@pytest.mark.parametrize(
    "line",
    [
        "router bgp 65010, address-family l2vpn evpn: vni 999",
        "router bgp l2vpn evpn vni has 999, 1000",
        "vrf vrf_gone vni has 4001",
    ],
)
def test_a_line_about_a_vni_that_the_node_has_no_more_is_about_no_zone(line: str) -> None:
    assert is_leftover(VIEW, [line])
    assert frr_zones(VIEW, [line]) == ()
    assert frr_zones(VIEW, [line, "router bgp l2vpn evpn vni lacks 200"]) == ("plain",)
    assert not is_leftover(VIEW, [line, "router bgp l2vpn evpn vni lacks 200"])
