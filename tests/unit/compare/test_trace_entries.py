"""Where a packet from outside comes into a cluster with several exits: with virtual routers, and without."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_interface, ip_network

import pytest

from pvesdn.compare.trace import both_ways
from pvesdn.model.expectation import ExpectedVirtualRouter
from pvesdn.model.looked_up import FoundRoute, NextHop
from pvesdn.model.primitives import IpAddress
from pvesdn.model.state import LiveDevice, LiveVirtualRouter
from pvesdn.model.trace import End, EndKind, Outcome, Place, Way
from tests.unit.compare.test_trace import (
    FAR,
    FOUND1,
    FOUND2,
    GUEST,
    INTERNET,
    NODE1,
    NODE2,
    OUTSIDE,
    devices,
    scene,
    shared,
    without,
)

NEAR_NODE2 = ip_address("172.18.0.254")
EXIT2 = devices(LiveDevice("eno2", master="vrf_a", addresses=frozenset({ip_interface("172.18.0.4/24")})))
VRRP2 = (ExpectedVirtualRouter("eno2", 2, 4, 200, frozenset({ip_address("172.17.0.10")})),)
DEFAULT2 = FoundRoute(ip_network("0.0.0.0/0"), (NextHop("eno2", NEAR_NODE2),), "static")
BESIDE2 = FoundRoute(ip_network("172.18.0.0/24"), (NextHop("eno2"),), "kernel")
OUT2 = replace(FOUND2, routes={**(FOUND2.routes or {}), ("vrf_a", OUTSIDE): DEFAULT2, ("vrf_a", NEAR_NODE2): BESIDE2})
OUT1 = replace(FOUND1, routes={**(FOUND1.routes or {}), ("vrf_a", NEAR_NODE2): (FOUND1.routes or {})["vrf_a", OUTSIDE]})
OFF, ON = "Backup", "Master"


def from_outside(
    address: IpAddress,
    guest: End,
    one: dict[str, LiveDevice] = NODE1,
    *,
    first: str,
    second: str | None = None,
) -> tuple[Way, ...]:
    """The ways in. Node 1 has a virtual router; node 2 an exit without one, or a virtual router of its own.

    :param first: what node 1 is of its virtual router; `second` what node 2 is.
    """
    expected = {"node1": shared(200)} | ({} if second is None else {"node2": VRRP2})
    roles = {
        "node1": (LiveVirtualRouter("eno2", 1, 4, first),),
        "node2": (LiveVirtualRouter("eno2", 2, 4, second or ""),),
    }
    found = scene(one, NODE2 | EXIT2, found=OUT1, far=OUT2, expected=expected, roles=roles)
    return both_ways(found, (End(str(address), EndKind.OUTSIDE, address=address), guest))[0].ways


def cards(ways: tuple[Way, ...]) -> list[str]:
    return [f"{way.hops[0].node} {way.hops[0].what}" for way in ways if way.hops]


def test_what_comes_from_a_cards_own_network_enters_by_that_card_though_another_has_no_master() -> None:
    (way,) = from_outside(NEAR_NODE2, FAR, without(NODE1, "eno2", is_up=False), first="Initialize")
    assert (way.outcome, way.notes) == (Outcome.ARRIVES, ())
    assert cards((way,)) == ["node2 comes in on eno2"]


def test_what_comes_from_a_cards_own_network_enters_by_that_card_whichever_way_leads_out() -> None:
    ways = from_outside(NEAR_NODE2, GUEST, first=ON)
    assert cards(ways) == ["node2 comes in on eno2"]


def test_a_virtual_router_without_a_master_that_the_way_out_does_not_use_is_noted() -> None:
    (way,) = from_outside(OUTSIDE, FAR, without(NODE1, "eno2", is_up=False), first="Initialize")
    assert way.outcome is Outcome.ARRIVES
    assert cards((way,)) == ["node2 comes in from 172.18.0.254 on eno2"]
    assert way.notes == ("node1 is not master of 172.16.0.10, and no other node can be",)


def test_an_exit_without_a_virtual_router_is_told_beside_the_master_of_another() -> None:
    ways = from_outside(OUTSIDE, FAR, first=ON)
    assert sorted(cards(ways)) == [
        "node1 comes in on eno2, VRRP master of 172.16.0.10",
        "node2 comes in from 172.18.0.254 on eno2",
    ]


def test_masters_of_two_virtual_routers_are_not_said_to_be_masters_of_one() -> None:
    ways = from_outside(OUTSIDE, FAR, first=ON, second=ON)
    assert sorted(cards(ways)) == [
        "node1 comes in on eno2, VRRP master of 172.16.0.10",
        "node2 comes in on eno2, VRRP master of 172.17.0.10",
    ]
    assert not [note for way in ways for note in way.notes if "say that they are master" in note]


@pytest.mark.parametrize(("first", "second", "ends"), [(ON, OFF, True), (OFF, ON, False)], ids=("used", "not-used"))
def test_a_virtual_router_without_a_master_is_told_though_another_has_one(first: str, second: str, ends: bool) -> None:
    """The way out leaves by node 2: what nobody takes there does not come in."""
    ways = from_outside(OUTSIDE, FAR, first=first, second=second)
    ended = [way.reason for way in ways if way.outcome is Outcome.ENDS]
    noted = {note for way in ways for note in way.notes if "is not master" in note}
    of_node1 = "node1 is not master of 172.16.0.10, and no other node can be"
    of_node2 = "node2 is not master of 172.17.0.10, and no other node can be"
    assert (ended, noted) == (([of_node2], set()) if ends else ([], {of_node1}))


def test_two_nodes_that_are_master_of_one_virtual_router_are_noted() -> None:
    roles = {name: (LiveVirtualRouter("eno2", 1, 4, ON),) for name in ("node1", "node2")}
    found = scene(NODE1, NODE2 | EXIT2, expected={"node1": shared(200), "node2": shared(100)}, roles=roles)
    ways = both_ways(found, (INTERNET, GUEST))[0].ways
    assert {way.hops[0].node for way in ways if way.hops[0].place is Place.OUTSIDE} == {"node1", "node2"}
    assert all("2 nodes say that they are master of 172.16.0.10" in way.notes for way in ways)


def test_of_two_virtual_routers_of_one_card_each_has_its_own_master() -> None:
    both = (*shared(200), ExpectedVirtualRouter("eno2", 7, 4, 100, frozenset({ip_address("172.16.0.20")})))
    backup = (ExpectedVirtualRouter("eno2", 7, 4, 200, frozenset({ip_address("172.16.0.20")})),)
    roles = {
        "node1": (LiveVirtualRouter("eno2", 1, 4, ON), LiveVirtualRouter("eno2", 7, 4, OFF)),
        "node2": (LiveVirtualRouter("eno2", 7, 4, ON),),
    }
    found = scene(NODE1, NODE2 | EXIT2, expected={"node1": both, "node2": backup}, roles=roles)
    ways = both_ways(found, (INTERNET, GUEST))[0].ways
    assert sorted(cards(ways)) == [
        "node1 comes in on eno2, VRRP master of 172.16.0.10",
        "node2 comes in on eno2, VRRP master of 172.16.0.20",
    ]
