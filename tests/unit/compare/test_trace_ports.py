"""Ports, neighbours, groups and packet filters of a trace that are not as a node has them by itself."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any

import pytest

from pvesdn.compare.trace_scene import Scene
from pvesdn.model.looked_up import FdbEntry, ForwardFilter, FoundRoute, GuestPlace, Neighbour, NextHop
from pvesdn.model.state import LiveDevice
from pvesdn.model.trace import End, EndKind, Outcome, Way
from tests.unit.compare.test_trace import (
    FAR,
    FAR_MAC,
    FIREWALL,
    FOUND1,
    FOUND2,
    GUEST,
    HERE,
    INTERNET,
    MAC,
    NODE1,
    NODE2,
    OUTSIDE,
    PEER,
    ROUTER,
    THERE,
    devices,
    one_way,
    scene,
    without,
)
from tests.unit.compare.test_trace_unseen import knowing

NEXT_TO = End("109", EndKind.GUEST, "node1", "tap109i0", "web", FAR_MAC, ip_address("10.0.2.9"), GuestPlace(109), 0)
PORT = LiveDevice("tap109i0", "tun", master="web")
GROUP = ip_address("239.1.1.1")
OTHER_MAC = "02:00:00:00:00:77"


def told(way: Way) -> tuple[Outcome, str, str]:
    return way.outcome, way.device, way.reason


def beside(port: LiveDevice, *entries: FdbEntry) -> Way:
    """To a guest in the same bridge, of which the bridge has these entries."""
    found = replace(FOUND1, fdb=(*(FOUND1.fdb or ()), *entries))
    return one_way(scene(NODE1 | devices(port), found=found), GUEST, NEXT_TO)


def test_an_unknown_mac_does_not_get_out_by_a_port_without_flooding() -> None:
    closed = replace(PORT, unflooded=frozenset({"unicast"}))
    why = f"no entry for {FAR_MAC}, and an unknown MAC is not flooded to 'tap109i0' (flood off)"
    assert told(beside(closed)) == (Outcome.ENDS, "tap109i0", why)
    assert beside(PORT).outcome is Outcome.ARRIVES
    static = FdbEntry(FAR_MAC, "tap109i0", bridge="web")  # as PVE makes it for a guest, with `learning off`
    assert beside(replace(closed, learns=False), static).outcome is Outcome.ARRIVES


def test_a_port_that_its_bridge_has_blocked_lets_nothing_in_or_out() -> None:
    why = "the port '{}' of 'web' is in state blocking"
    assert told(beside(replace(PORT, blocked="blocking"))) == (Outcome.ENDS, "tap109i0", why.format("tap109i0"))
    way = one_way(scene(without(NODE1, "fwpr101p0", blocked="blocking")))
    assert told(way) == (Outcome.ENDS, "fwpr101p0", why.format("fwpr101p0"))


@pytest.mark.parametrize(
    ("found", "node"),
    [
        (scene(without(NODE1, "vrfvx", blocked="listening")), "node1"),
        (scene(NODE1, without(NODE2, "vrfvx", blocked="listening")), "node2"),
    ],
)
def test_a_tunnel_that_its_bridge_has_blocked_carries_nothing(found: Scene, node: str) -> None:
    way = one_way(found)
    assert (way.node, *told(way)) == (node, Outcome.ENDS, "vrfvx", "the port 'vrfvx' of 'vrfbr' is in state listening")


def test_a_permanent_entry_for_a_guest_is_the_nodes_own_and_keeps_frames_from_it() -> None:
    way = beside(PORT, FdbEntry(FAR_MAC, "tap109i0", bridge="web", is_own=True))
    why = f"the entry of 'tap109i0' for {FAR_MAC} is the node's own (permanent), so no port gets the frame"
    assert told(way) == (Outcome.ENDS, "tap109i0", why)


@pytest.mark.parametrize(
    ("address", "kind", "switch"),
    [("10.0.2.9", "broadcast", "bcast_flood"), ("fd00::9", "multicast", "mcast_flood")],
)
def test_who_asks_for_a_mac_is_not_heard_where_its_question_is_not_flooded(
    address: str, kind: str, switch: str
) -> None:
    asked = replace(NEXT_TO, mac="", address=ip_address(address))
    source = replace(GUEST, address=None)

    def way_by(port: LiveDevice) -> Way:
        return one_way(scene(NODE1 | devices(port)), source, asked)

    why = f"a {kind} frame is not flooded to 'tap109i0' ({switch} off)"
    assert told(way_by(replace(PORT, unflooded=frozenset({kind})))) == (Outcome.ENDS, "tap109i0", why)
    assert way_by(replace(PORT, unflooded=frozenset({"unicast"}))).outcome is Outcome.ARRIVES


def test_what_is_unknown_leaves_by_no_vxlan_device_that_does_not_flood() -> None:
    closed = without(NODE1, "vxlan_web", unflooded=frozenset({"unicast"}))
    target = replace(FAR, bridge="web", address=ip_address("10.0.2.7"))
    found = knowing(scene(closed), "node1", flooding={"vxlan_web": frozenset({PEER})})
    why = f"no entry for {FAR_MAC}, and an unknown MAC is not flooded to 'vxlan_web' (flood off)"
    assert told(one_way(found, GUEST, target)) == (Outcome.ENDS, "vxlan_web", why)
    own = FdbEntry(FAR_MAC, "vxlan_web", PEER)  # it does not get as far as to the device's own table
    known = {"node1": replace(FOUND1, fdb=(*(FOUND1.fdb or ()), own)), "node2": FOUND2}
    assert told(one_way(replace(found, found=known), GUEST, target)) == (Outcome.ENDS, "vxlan_web", why)


def test_a_mac_is_not_called_unknown_where_the_forwarding_table_was_not_seen() -> None:
    closed = NODE1 | devices(replace(PORT, unflooded=frozenset({"unicast"})))
    blind = replace(FOUND1, fdb=None, unseen={"fdb": "bridge is not installed"})
    way = one_way(scene(closed, found=blind), GUEST, NEXT_TO)
    assert told(way) == (Outcome.UNKNOWN, "tap109i0", "forwarding table of node1: bridge is not installed")


def test_behind_pves_firewall_a_bridge_of_its_own_has_to_know_the_mac() -> None:
    behind = devices(
        LiveDevice("tap109i0", "tun", master="fwbr109i0", unflooded=frozenset({"unicast"})),
        LiveDevice("fwbr109i0", "bridge"),
        LiveDevice("fwln109o0", "veth", master="fwbr109i0"),
        LiveDevice("fwpr109p0", "veth", master="web"),
    )
    there = FdbEntry(FAR_MAC, "fwpr109p0", bridge="web")

    def way_with(*entries: FdbEntry) -> Way:
        found = replace(FOUND1, fdb=(*(FOUND1.fdb or ()), there, *entries))
        return one_way(scene(NODE1 | behind, found=found), GUEST, NEXT_TO)

    assert way_with().device == "tap109i0"
    assert way_with().outcome is Outcome.ENDS
    way = way_with(FdbEntry(FAR_MAC, "tap109i0", bridge="fwbr109i0"))
    assert way.outcome is Outcome.ARRIVES
    assert way.notes == (FIREWALL, "the rules of PVE's firewall for 109 were not looked at")


def test_a_port_that_learns_nothing_is_said_to_be_one() -> None:
    deaf = scene(without(NODE1, "fwpr101p0", learns=False), found=replace(FOUND1, fdb=(FOUND1.fdb or ())[1:]))
    assert f"'fwpr101p0' learns nothing, and web has no entry for {MAC}" in one_way(deaf).notes


def knows(neighbour: Neighbour) -> Way:
    return one_way(scene(far=replace(FOUND2, neighbours=(neighbour,))))


def test_a_stale_entry_is_used_and_one_of_another_mac_is_told() -> None:
    stale = knows(Neighbour(THERE, "db", FAR_MAC, frozenset({"STALE"})))
    assert stale.outcome is Outcome.ARRIVES
    assert stale.notes[1:] == ("node2 has not heard of 10.0.3.3 on db lately: its entry is stale",)
    old = knows(Neighbour(THERE, "db", OTHER_MAC, frozenset({"STALE"})))
    assert f"node2 has {OTHER_MAC} for 10.0.3.3 on db, and 102 has {FAR_MAC}" in old.notes


def test_a_guest_does_not_take_what_is_flooded_to_it_for_another_mac() -> None:
    why = f"it is for {OTHER_MAC}, which nobody here was seen to have, and 102 has {FAR_MAC}"
    assert told(knows(Neighbour(THERE, "db", OTHER_MAC))) == (Outcome.ENDS, "veth102i0", why)
    second = FdbEntry(OTHER_MAC, "veth102i0", bridge="db")  # as of a router that runs in the guest
    far = replace(FOUND2, neighbours=(Neighbour(THERE, "db", OTHER_MAC),), fdb=(*(FOUND2.fdb or ()), second))
    assert one_way(scene(far=far)).outcome is Outcome.ARRIVES


@pytest.mark.parametrize(
    ("known", "outcome", "reason"),
    [
        ((), Outcome.UNKNOWN, "no MAC of 10.0.2.1 is known on 'web': node1 asks by ARP"),
        (
            (Neighbour(HERE, "web", "", frozenset({"FAILED"})),),
            Outcome.ENDS,
            "the router 10.0.2.1 does not answer on web",
        ),
    ],
)
def test_a_router_in_a_vnet_is_asked_for_and_no_vtep(known: tuple[Any, ...], outcome: Outcome, reason: str) -> None:
    route = {("vrf_a", OUTSIDE): FoundRoute(ip_network("0.0.0.0/0"), (NextHop("web", HERE),), "static")}
    target = replace(NEXT_TO, bridge="db", address=OUTSIDE)
    way = one_way(scene(found=replace(FOUND1, routes=route, neighbours=known)), GUEST, target)
    assert (way.outcome, way.reason) == (outcome, reason)


def test_a_router_outside_that_nobody_has_heard_of_is_asked_for_first() -> None:
    way = one_way(scene(found=replace(FOUND1, neighbours=())), GUEST, INTERNET)
    assert way.outcome is Outcome.ARRIVES
    assert f"node1 has no neighbour entry for the router {ROUTER} on eno2: it asks by ARP first" in way.notes


def test_ipv6_is_translated_by_its_own_rules() -> None:
    outside, router, own = (ip_address(text) for text in ("2001:db8::1", "fe80::1", "fd00::5"))
    routes = {("vrf_a", outside): FoundRoute(ip_network("::/0"), (NextHop("eno2", router),), "static")}
    rule = "-A POSTROUTING -s fd00::/64 -o eno2 -j SNAT --to-source 2001:db8:1::1"
    held = NODE1["web"].addresses | {ip_interface("fd00::1/64")}
    here = without(NODE1, "web", addresses=held)
    target = End(str(outside), EndKind.OUTSIDE, address=outside)

    def leaving(**said: Any) -> Way:
        return one_way(scene(here, found=replace(FOUND1, routes=routes, **said)), replace(GUEST, address=own), target)

    assert leaving(nat6=(rule,)).hops[-1].what.endswith("with 2001:db8:1::1 as its source")
    assert "as its source" not in leaving(nat6=()).hops[-1].what
    unseen = leaving(nat6=None, unseen={"nat6": "it broke"})
    assert "whether node1 gives it another source: it broke" in unseen.notes


def filtering(*filters: ForwardFilter, target: End = FAR) -> Way:
    return one_way(scene(found=replace(FOUND1, filters=filters)), GUEST, target)


ROUTED = ForwardFilter("iptables FORWARD", frozenset({4}), drops=True, is_empty=True)


def test_a_filter_that_drops_all_that_is_routed_ends_the_way() -> None:
    why = "iptables FORWARD drops all that node1 forwards, and has no rule that lets it pass"
    assert told(filtering(ROUTED)) == (Outcome.ENDS, "", why)
    assert filtering(replace(ROUTED, families=frozenset({6}))).outcome is Outcome.ARRIVES


def test_a_filter_whose_rules_may_let_it_pass_leaves_that_open() -> None:
    way = filtering(replace(ROUTED, is_empty=False))
    assert way.outcome is Outcome.UNKNOWN
    assert way.reason == "iptables FORWARD drops what none of its rules lets pass, and these were not looked at"


def test_rules_of_a_filter_that_lets_all_else_pass_are_said_not_to_be_looked_at() -> None:
    way = filtering(ForwardFilter("nftables inet t c", frozenset({4, 6})))
    assert (way.outcome, way.notes) == (
        Outcome.ARRIVES,
        (FIREWALL, "the rules of nftables inet t c on node1 were not looked at"),
    )
    assert filtering(replace(ROUTED, drops=False)).notes == (FIREWALL,)
    bridged = replace(FAR, bridge="web", address=ip_address("10.0.2.7"))
    of_bridges = replace(ROUTED, families=frozenset(), is_of_bridges=True)
    assert told(filtering(of_bridges, target=bridged)) == told(filtering(ROUTED))
    for families, outcome in (({4}, Outcome.ENDS), ({6}, Outcome.ARRIVES)):
        one = replace(of_bridges, families=frozenset(families))
        entries = (FdbEntry(FAR_MAC, "vxlan_web", bridge="web"), FdbEntry(FAR_MAC, "vxlan_web", PEER))
        found = replace(FOUND1, filters=(one,), fdb=(*(FOUND1.fdb or ()), *entries))
        there = devices(LiveDevice("web", "bridge"), replace(NODE1["vxlan_web"], vtep=PEER))
        there |= devices(replace(NODE2["veth102i0"], master="web"))
        far = replace(FOUND2, fdb=(FdbEntry(FAR_MAC, "veth102i0", bridge="web"),))
        assert one_way(scene(NODE1, NODE2 | there, found=found, far=far), GUEST, bridged).outcome is outcome
    assert filtering(of_bridges).outcome is Outcome.ARRIVES  # what is routed passes no bridge from port to port


def test_filters_that_nobody_could_see_are_not_taken_for_none() -> None:
    way = one_way(scene(found=replace(FOUND1, filters=None, unseen={"filters": "Permission denied"})))
    assert "packet filters of node1: Permission denied" in way.notes


def by_group(joined: Any, **said: Any) -> Way:
    tunnel = replace(NODE1["vxlan_web"], group=GROUP, physdev="eno1")
    there = devices(
        LiveDevice("web", "bridge", mac=FAR_MAC),
        replace(tunnel, vtep=PEER),
        LiveDevice("tap110i0", "tun", master="web"),
    )
    target = End("110", EndKind.GUEST, "node2", "tap110i0", "web", "02:00:00:00:00:10", None, GuestPlace(110), 0)
    found = scene(NODE1 | devices(tunnel), NODE2 | there, far=replace(FOUND2, groups=joined, **said))
    return one_way(knowing(found, "node1", flooding={"vxlan_web": frozenset({GROUP})}), GUEST, target)


def test_who_has_not_joined_a_group_does_not_hear_it() -> None:
    for joined in ({}, {GROUP: frozenset({"eno2"})}):
        way = by_group(joined)
        assert (way.outcome, way.node) == (Outcome.ENDS, "node2")
        assert way.reason == "node2 has not joined group 239.1.1.1 on 'eno1', by which 'vxlan_web' would hear it"


def test_who_has_joined_a_group_hears_it_where_the_network_carries_it() -> None:
    way = by_group({GROUP: frozenset({"eno1"})})
    assert way.outcome is Outcome.ARRIVES
    assert way.notes[1:] == ("whether the network carries group 239.1.1.1 from node1 to node2 is not seen",)


def test_whether_a_group_was_joined_may_be_unknown() -> None:
    way = by_group(None, unseen={"groups": "ip is not installed"})
    assert way.outcome is Outcome.UNKNOWN
    assert way.reason == "whether node2 has joined group 239.1.1.1 on 'eno1': ip is not installed"


def test_a_mac_that_is_still_behind_the_vtep_its_guest_has_left_is_said_to_be_elsewhere() -> None:
    entries = (FdbEntry(FAR_MAC, "vxlan_web", bridge="web"), FdbEntry(FAR_MAC, "vxlan_web", PEER))
    there = devices(LiveDevice("web", "bridge"), replace(NODE1["vxlan_web"], vtep=PEER))
    moved = scene(
        NODE1 | devices(PORT),
        NODE2 | there,
        found=replace(FOUND1, fdb=(*(FOUND1.fdb or ()), *entries)),
        far=replace(FOUND2, fdb=entries[:1]),
    )
    way = one_way(moved, GUEST, NEXT_TO)
    assert (way.outcome, way.node) == (Outcome.ENDS, "node2")
    assert way.reason == f"{FAR_MAC} is behind 'vxlan_web', where the frame came from: 109 is on node1"
