"""Traces through VLAN-aware bridges that route, and into multicast groups."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

from pvesdn.compare.trace_scene import Scene
from pvesdn.model.looked_up import GuestPlace
from pvesdn.model.state import LiveDevice
from pvesdn.model.trace import End, EndKind, Outcome
from pvesdn.model.vlans import NO_VLANS, PortVlans, VlanSet
from tests.unit.compare.test_trace import (
    FAR,
    FAR_MAC,
    FOUND2,
    GATEWAY_MAC,
    GUEST,
    NODE1,
    NODE2,
    PEER,
    devices,
    one_way,
    scene,
    without,
)
from tests.unit.compare.test_trace_unseen import knowing

GATEWAY = End("10.0.2.254", EndKind.NODE, "node1", bridge="web", address=ip_address("10.0.2.254"), holders=("node1",))
GROUP = ip_address("239.1.1.1")


def only(vlan: int) -> PortVlans:
    return PortVlans(vlan, VlanSet.of([(vlan, vlan)]), NO_VLANS)


def aware(**vlans: PortVlans) -> Scene:
    return knowing(scene(without(NODE1, "web", vlan_filtering=True)), "node1", vlans=vlans)


def test_a_guest_in_another_vlan_than_the_bridge_itself_does_not_reach_its_gateway_nor_is_it_reached() -> None:
    apart = aware(web=only(1), fwpr101p0=only(5))
    way = one_way(apart, GUEST, FAR)
    assert (way.outcome, way.device) == (Outcome.ENDS, "web")
    assert way.reason == "'web' itself is not in VLAN 5, so node1 does not route"
    way = one_way(apart, GATEWAY, GUEST)
    assert (way.outcome, way.device, way.reason) == (Outcome.ENDS, "fwpr101p0", "VLAN 1 is not allowed on 'fwpr101p0'")


def test_a_bridge_in_no_vlan_sends_nothing_of_its_own() -> None:
    way = one_way(aware(fwpr101p0=only(5)), GATEWAY, GUEST)
    assert (way.outcome, way.reason) == (Outcome.ENDS, "'web' itself has no PVID: what node1 sends is in no VLAN")


def test_a_guest_in_the_vlan_of_the_bridge_itself_is_routed() -> None:
    together = aware(web=only(5), fwpr101p0=only(5))
    assert one_way(together, GUEST, FAR).outcome is Outcome.ARRIVES
    assert one_way(together, GATEWAY, GUEST).outcome is Outcome.ARRIVES


def test_nothing_reaches_a_group_by_a_card_that_is_down() -> None:
    tunnel = replace(NODE1["vxlan_web"], group=GROUP, physdev="eno9")
    there = devices(
        LiveDevice("web", "bridge", mac=GATEWAY_MAC),
        LiveDevice("tap109i0", "tun", master="web"),
        replace(tunnel, vtep=PEER),
    )
    target = End("109", EndKind.GUEST, "node2", "tap109i0", "web", FAR_MAC, None, GuestPlace(109), 0)

    def way_by(card: LiveDevice) -> tuple[Outcome, str, str]:
        heard = replace(FOUND2, groups={GROUP: frozenset({"eno9"})})
        found = scene(NODE1 | devices(tunnel, card), NODE2 | there, far=heard)
        way = one_way(knowing(found, "node1", flooding={"vxlan_web": frozenset({GROUP})}), GUEST, target)
        return way.outcome, way.device, way.reason

    down = (Outcome.ENDS, "eno9", "'eno9' is down, by which packets leave for group 239.1.1.1")
    assert way_by(LiveDevice("eno9", is_up=False)) == down
    assert way_by(LiveDevice("eno9")) == (Outcome.ARRIVES, "", "")
