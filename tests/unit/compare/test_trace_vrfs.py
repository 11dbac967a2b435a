"""Traces between VRFs: routes that FRR has leaked from one to another, and gateways that several VRFs have."""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import ip_address, ip_interface, ip_network

import pytest

from pvesdn.compare.trace import both_ways, wider_question
from pvesdn.compare.trace_ends import end_of
from pvesdn.compare.trace_names import Named, named
from pvesdn.compare.trace_scene import Scene
from pvesdn.errors import SettingsError
from pvesdn.model.looked_up import FdbEntry, FoundRoute, GuestCard, GuestPlace, NextHop, Question
from pvesdn.model.state import LiveDevice
from pvesdn.model.trace import EndKind, Outcome
from tests.unit.compare.test_trace import (
    FOUND1,
    GUEST,
    HERE,
    INTERNET,
    NODE1,
    NODE2,
    OUTSIDE,
    ROUTER,
    THERE,
    devices,
    one_way,
    scene,
    vnet,
)

LEAKED = FoundRoute(ip_network("203.0.113.0/24"), (NextHop("vrf_b"),), "bgp")
OUT = FoundRoute(ip_network("0.0.0.0/0"), (NextHop("eno3", ROUTER),), "static")
WITH_B = NODE1 | devices(LiveDevice("vrf_b", "vrf"), LiveDevice("eno3", master="vrf_b"))


def test_a_route_into_another_vrf_is_followed_there() -> None:
    routes = {("vrf_a", OUTSIDE): LEAKED, ("vrf_b", OUTSIDE): OUT}
    found = replace(scene(WITH_B, found=replace(FOUND1, routes=routes)), asked=frozenset({"vrf_a", "vrf_b"}))
    way = one_way(found, GUEST, INTERNET)
    assert (way.outcome, way.hops[-1].device) == (Outcome.ARRIVES, "eno3")
    assert "vrf_a: route 203.0.113.0/24 (bgp) into vrf_b" in [hop.what for hop in way.hops]


def test_a_vrf_that_nobody_was_asked_about_is_not_said_to_have_no_route() -> None:
    way = one_way(scene(WITH_B, found=replace(FOUND1, routes={("vrf_a", OUTSIDE): LEAKED})), GUEST, INTERNET)
    assert (way.outcome, way.device, way.reason) == (Outcome.UNKNOWN, "vrf_b", "routes of vrf_b were not looked up")


@pytest.mark.parametrize("hop", [NextHop("vrf_b"), NextHop("eno3", ROUTER)])
def test_the_vrf_that_a_route_leads_to_is_asked_about_next_and_the_macs_of_its_routers(hop: NextHop) -> None:
    leaked = FoundRoute(ip_network("203.0.113.0/24"), (hop,), "bgp")
    found = scene(WITH_B, found=replace(FOUND1, routes={("vrf_a", OUTSIDE): leaked}))
    wider = wider_question(Question(addresses=frozenset({OUTSIDE})), (GUEST, INTERNET), found)
    assert wider.vrfs == {"vrf_a", "vrf_b"}
    assert ("02:ff" in wider.macs) is (hop.gateway is not None)


def test_of_several_vrfs_with_one_gateway_the_other_ends_counts() -> None:
    first = devices(LiveDevice("vrf_0", "vrf"), vnet("aaa", "02:00:00:00:00:55", "10.0.2.254/24", "vrf_0"))
    found = scene(first | NODE1)
    gateway, guest = Named("10.0.2.254", address=ip_address("10.0.2.254")), Named("101", 101)
    end = end_of(gateway, guest, found, {101: GuestPlace(101, "", "node1")})
    assert (end.kind, end.bridge) == (EndKind.NODE, "web")
    there, back = both_ways(found, (GUEST, end))
    assert there.outcome is back.outcome is Outcome.ARRIVES


def two_of(address: str) -> Scene:
    """Guests 101 and 205 have one address, each in a VRF of its own with that network."""
    other = devices(
        LiveDevice("vrf_0", "vrf"),
        vnet("aaa", "02:00:00:00:00:55", "10.0.2.253/24", "vrf_0"),
        LiveDevice("tap205i0", "tun", master="aaa"),
        LiveDevice("vxlan_aaa", "vxlan", master="aaa", vni=9),
    )
    card = GuestCard(205, 0, "02:00:00:00:00:25", "aaa", (ip_address(address),))
    entry = FdbEntry("02:00:00:00:00:25", "tap205i0", bridge="aaa")
    found = replace(FOUND1, cards=(card,), fdb=(*(FOUND1.fdb or ()), entry))
    made = scene(other | NODE1, found=found)
    view = replace(made.cluster.nodes["node1"], zones={"web": "a", "aaa": "b"})
    nodes = {**made.cluster.nodes, "node1": view}
    return replace(made, cluster=replace(made.cluster, nodes=nodes))


def test_of_several_vrfs_with_one_address_the_other_ends_counts() -> None:
    found, places = two_of(str(HERE)), {101: GuestPlace(101, "", "node1"), 102: GuestPlace(102, "", "node2")}
    guest = end_of(Named(str(HERE), address=HERE), Named("102", 102), found, places)
    assert (guest.guest, guest.bridge) == (GuestPlace(101, "", "node1"), "web")
    with pytest.raises(SettingsError, match=f"several guests have {HERE}"):
        end_of(Named(str(HERE), address=HERE), Named(str(OUTSIDE), address=OUTSIDE), found, places)


def test_an_address_that_only_another_vrf_has_is_nobodys_where_there_is_such_a_network() -> None:
    lonely = ip_address("10.0.2.77")
    found, places = two_of(str(lonely)), {101: GuestPlace(101, "", "node1"), 205: GuestPlace(205, "", "node1")}
    end = end_of(Named(str(lonely), address=lonely), Named("101", 101), found, places)
    assert (end.kind, end.guest, end.bridge) == (EndKind.GUEST, None, "web")
    end = end_of(Named(str(lonely), address=lonely), Named("205", 205), found, places)
    assert end.guest == GuestPlace(205, "", "node1")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("fe80::1", "of one link"),
        ("fd00::1%;reboot", "of one link"),
        ("224.0.0.5", "a multicast address"),
        ("ff02::1", "a multicast address"),
        ("127.0.0.1", "a loopback address"),
        ("::1", "a loopback address"),
        ("0.0.0.0", "nobody's"),
        ("::", "nobody's"),
        ("255.255.255.255", "the broadcast address"),
    ],
)
def test_an_address_that_is_no_hosts_in_particular_is_refused(text: str, kind: str) -> None:
    with pytest.raises(SettingsError, match=f"the address {re.escape(text)} is {kind};"):
        named(text, {}, scene())
    assert named(str(HERE), {}, scene()).address == HERE
    assert named(str(THERE), {}, scene()).address == THERE


def test_an_address_in_a_tenants_network_is_a_guests_though_a_node_has_it_elsewhere() -> None:
    outside = LiveDevice("eno1", addresses=frozenset({ip_interface(f"{HERE}/24")}))
    found = scene(NODE1, NODE2 | devices(outside))
    view = found.cluster.nodes["node1"]
    nodes = {**found.cluster.nodes, "node1": replace(view, zones={"web": "a"})}
    found = replace(found, cluster=replace(found.cluster, nodes=nodes))
    end = end_of(Named(str(HERE), address=HERE), Named("102", 102), found, {})
    assert (end.kind, end.guest, end.port) == (EndKind.GUEST, GuestPlace(101), "tap101i0")
    alone = end_of(Named(str(HERE), address=HERE), Named(str(OUTSIDE), address=OUTSIDE), found, {})
    assert (alone.kind, alone.node) == (EndKind.NODE, "node2")
