"""Traces to the nodes' own addresses, and frames for a router that somebody else gets."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_interface, ip_network

import pytest

from pvesdn.compare.trace_scene import Scene
from pvesdn.model.looked_up import FdbEntry, FoundRoute, LookedUp, Neighbour, NextHop
from pvesdn.model.state import LiveDevice
from pvesdn.model.trace import End, EndKind, Outcome
from tests.unit.compare.test_trace import (
    FOUND1,
    GUEST,
    INTERNET,
    NODE1,
    NODE2,
    devices,
    one_way,
    scene,
    vnet,
    without,
)

ONE, OTHER = ip_address("192.168.0.1"), ip_address("192.168.0.2")
CARD, FAR_CARD, FAR_GATEWAY = (f"02:00:00:00:00:a{number}" for number in (1, 2, 3))
HERE = End(str(ONE), EndKind.NODE, "node1", bridge="eno1", mac=CARD, address=ONE, holders=("node1",))
THERE = End(str(OTHER), EndKind.NODE, "node2", bridge="eno1", mac=FAR_CARD, address=OTHER, holders=("node2",))


def on_cards(neighbour: Neighbour, *, is_up: bool = True) -> Scene:
    """Two nodes whose addresses are on cards of one name. :param is_up: the other's."""
    here = LiveDevice("eno1", mac=CARD, addresses=frozenset({ip_interface("192.168.0.1/24")}))
    there = LiveDevice("eno1", mac=FAR_CARD, addresses=frozenset({ip_interface("192.168.0.2/24")}))
    route = FoundRoute(ip_network("192.168.0.0/24"), (NextHop("eno1"),), "kernel")
    told = LookedUp(fdb=(), neighbours=(neighbour,), routes={("", OTHER): route}, nat=(), filters=())
    return scene(devices(here), devices(replace(there, is_up=is_up)), found=told)


def test_a_nodes_address_on_a_card_is_reached_by_the_network_of_that_card() -> None:
    way = one_way(on_cards(Neighbour(OTHER, "eno1", FAR_CARD)), HERE, THERE)
    assert (way.outcome, way.reason) == (Outcome.ARRIVES, "")
    assert way.hops[-1].what == "192.168.0.2 is on this network"


@pytest.mark.parametrize(
    ("found", "node", "reason"),
    [
        (
            on_cards(Neighbour(OTHER, "eno1", "", frozenset({"FAILED"}))),
            "node1",
            "192.168.0.2 does not answer on eno1",
        ),
        (on_cards(Neighbour(OTHER, "eno1", FAR_CARD), is_up=False), "node2", "'eno1' is down"),
    ],
)
def test_a_nodes_address_is_not_reached_where_its_card_is_down_or_does_not_answer(
    found: Scene, node: str, reason: str
) -> None:
    way = one_way(found, HERE, THERE)
    assert (way.outcome, way.node, way.device, way.reason) == (Outcome.ENDS, node, "eno1", reason)


def test_a_nodes_address_is_not_reached_by_a_bridge_of_that_name_that_no_card_leads_out_of() -> None:
    near, far = (LiveDevice("lan", "bridge", addresses=frozenset({ip_interface(f"10.1.0.{n}/24")})) for n in (1, 2))
    address, route = ip_address("10.1.0.2"), FoundRoute(ip_network("10.1.0.0/24"), (NextHop("lan"),), "kernel")
    neighbours = (Neighbour(address, "lan", FAR_CARD),)
    told = LookedUp(fdb=(), neighbours=neighbours, routes={("", address): route}, filters=())
    end = replace(THERE, label=str(address), bridge="lan", address=address)
    way = one_way(scene(devices(near), devices(far), found=told), replace(HERE, bridge="lan"), end)
    assert (way.outcome, way.device) == (Outcome.ENDS, "lan")
    assert way.reason == f"no entry for {FAR_CARD}, and no VXLAN device in 'lan'"


def behind(port: LiveDevice) -> Scene:
    """Only the other node has the gateway, and the bridge of the guest's has its MAC behind a port."""
    here = without(NODE1, "web", addresses=frozenset()) | devices(port)
    entry = FdbEntry(FAR_GATEWAY, port.name, bridge="web")
    there = NODE2 | devices(vnet("web", FAR_GATEWAY, "10.0.2.254/24"))
    return scene(here, there, found=replace(FOUND1, fdb=(*(FOUND1.fdb or ()), entry)))


def test_what_another_guest_gets_in_place_of_the_router_does_not_arrive_outside() -> None:
    way = one_way(behind(LiveDevice("tap105i0", "tun", master="web")), GUEST, INTERNET)
    assert (way.outcome, way.node, way.device) == (Outcome.ENDS, "node1", "tap105i0")
    assert way.reason == f"frames for {FAR_GATEWAY} go to guest 105 at 'tap105i0' of node1, not to 203.0.113.1"


def test_what_leaves_by_a_card_for_a_router_is_not_said_to_arrive() -> None:
    way = one_way(behind(LiveDevice("eno5", master="web")), GUEST, INTERNET)
    assert (way.outcome, way.node, way.device) == (Outcome.UNKNOWN, "node1", "eno5")
    assert way.reason == "it leaves by 'eno5' for a network that is not seen"
