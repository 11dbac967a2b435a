"""Places of a trace that a simulated cluster does not have: PVE's firewall, translation, wrong MACs, VRRP."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any

import pytest

from pvesdn.compare.live_view import ClusterView, NodeView
from pvesdn.compare.trace import both_ways, follow
from pvesdn.compare.trace_findings import concerning
from pvesdn.compare.trace_pings import pings_of, proved_by
from pvesdn.compare.trace_scene import Scene, Walk
from pvesdn.model.cluster import UnderlayPath, Vtep
from pvesdn.model.expectation import ExpectedDevice, ExpectedVirtualRouter, NodeExpectation
from pvesdn.model.guests import GuestPlug
from pvesdn.model.looked_up import FdbEntry, FoundRoute, GuestPlace, LookedUp, Neighbour, NextHop
from pvesdn.model.probes import Heard
from pvesdn.model.state import LiveDevice, LiveVirtualRouter, NodeState
from pvesdn.model.trace import Direction, End, EndKind, Outcome, Place, Trace, Way
from pvesdn.model.verification import Discrepancy, Subject

HERE, THERE, OUTSIDE = ip_address("10.0.2.1"), ip_address("10.0.3.3"), ip_address("203.0.113.1")
ROUTER, PEER = ip_address("172.16.0.254"), ip_address("192.168.0.2")
MAC, FAR_MAC, GATEWAY_MAC, ROUTER_MAC = (f"02:00:00:00:00:0{number}" for number in (1, 2, 3, 4))
MTU_INSIDE = 1500


def devices(*found: LiveDevice) -> dict[str, LiveDevice]:
    return {device.name: device for device in found}


def vnet(name: str, mac: str, address: str, vrf: str = "vrf_a") -> LiveDevice:
    return LiveDevice(name, "bridge", mac=mac, master=vrf, addresses=frozenset({ip_interface(address)}))


NODE1 = devices(
    LiveDevice("vrf_a", "vrf"),
    vnet("web", GATEWAY_MAC, "10.0.2.254/24"),
    LiveDevice("vxlan_web", "vxlan", master="web", vni=2, vtep=ip_address("192.168.0.1"), udp_port=4789),
    LiveDevice("tap101i0", "tun", master="fwbr101i0"),
    LiveDevice("fwbr101i0", "bridge"),
    LiveDevice("fwln101o0", "veth", master="fwbr101i0"),
    LiveDevice("fwpr101p0", "veth", master="web"),
    LiveDevice("vrfbr", "bridge", mac="02:00:00:00:01:01", master="vrf_a"),
    LiveDevice("vrfvx", "vxlan", master="vrfbr", vni=4000, vtep=ip_address("192.168.0.1"), udp_port=4789),
    LiveDevice("eno2", master="vrf_a", addresses=frozenset({ip_interface("172.16.0.1/24")})),
)
NODE2 = devices(
    LiveDevice("vrf_a", "vrf"),
    vnet("db", GATEWAY_MAC, "10.0.3.254/24"),
    LiveDevice("veth102i0", "veth", master="db"),
    LiveDevice("vrfbr", "bridge", mac=ROUTER_MAC, master="vrf_a"),
    LiveDevice("vrfvx", "vxlan", master="vrfbr", vni=4000, vtep=PEER, udp_port=4789),
)
FOUND1 = LookedUp(
    fdb=(
        FdbEntry(MAC, "fwpr101p0", bridge="web"),
        FdbEntry(ROUTER_MAC, "vrfvx", bridge="vrfbr"),
        FdbEntry(ROUTER_MAC, "vrfvx", PEER),
    ),
    neighbours=(Neighbour(PEER, "vrfbr", ROUTER_MAC), Neighbour(HERE, "web", MAC), Neighbour(ROUTER, "eno2", "02:ff")),
    routes={
        ("vrf_a", THERE): FoundRoute(ip_network("10.0.3.3/32"), (NextHop("vrfbr", PEER),), "bgp"),
        ("vrf_a", OUTSIDE): FoundRoute(ip_network("0.0.0.0/0"), (NextHop("eno2", ROUTER),), "static"),
        ("vrf_a", HERE): FoundRoute(ip_network("10.0.2.0/24"), (NextHop("web"),), "kernel"),
    },
    nat=(
        "-A POSTROUTING -s 10.0.9.0/24 -j MASQUERADE",
        "-A POSTROUTING -s 10.0.2.0/24 -o eno2 -j SNAT --to-source 172.16.0.1",
    ),
    nat6=(),
    filters=(),
    groups={},
)
FOUND2 = LookedUp(
    fdb=(FdbEntry(FAR_MAC, "veth102i0", bridge="db"),),
    neighbours=(Neighbour(THERE, "db", FAR_MAC),),
    routes={("vrf_a", THERE): FoundRoute(ip_network("10.0.3.0/24"), (NextHop("db"),), "kernel")},
    nat=(),
    nat6=(),
    filters=(),
    groups={},
)
FIREWALL = "the rules of PVE's firewall for 101 were not looked at"
"""Of the guest whose port is behind it."""
GUEST = End("101", EndKind.GUEST, "node1", "tap101i0", "web", MAC, HERE, GuestPlace(101), 0)
FAR = End("102", EndKind.GUEST, "node2", "veth102i0", "db", FAR_MAC, THERE, GuestPlace(102), 0)
INTERNET = End(str(OUTSIDE), EndKind.OUTSIDE, address=OUTSIDE)


def scene(
    one: dict[str, LiveDevice] = NODE1,
    other: dict[str, LiveDevice] = NODE2,
    *,
    found: LookedUp = FOUND1,
    far: LookedUp = FOUND2,
    **said: Any,
) -> Scene:
    expected = said.pop("expected", {})
    roles = said.pop("roles", {})
    nodes = {
        name: NodeView(
            NodeExpectation(name, virtual_routers=expected.get(name, ())),
            NodeState(name, of_node, virtual_routers=roles.get(name, ()), settings={}, flooding={}, plugs=()),
        )
        for name, of_node in (("node1", one), ("node2", other))
    }
    cluster = ClusterView(nodes, {"192.168.0.1": "node1", "192.168.0.2": "node2"}, said.pop("off", frozenset()))
    return Scene(cluster, {"node1": found, "node2": far}, asked=frozenset({"vrf_a"}), **said)


def one_way(found: Scene, source: End = GUEST, target: End = FAR) -> Way:
    (way,) = follow(Walk(found, source, target)).ways
    return way


def without(found: dict[str, LiveDevice], name: str, **changes: Any) -> dict[str, LiveDevice]:
    """With one device changed, or gone."""
    others = {key: device for key, device in found.items() if key != name}
    return others | ({name: replace(found[name], **changes)} if changes else {})


def test_a_guest_behind_pves_firewall_leaves_by_all_of_its_devices() -> None:
    way = one_way(scene())
    assert [hop.device for hop in way.hops[:5]] == ["tap101i0", "fwbr101i0", "fwln101o0", "fwpr101p0", "web"]
    assert way.outcome is Outcome.ARRIVES
    assert way.hops[-1].device == "veth102i0"


def test_the_mtu_of_pves_firewall_is_that_of_its_ports_and_not_of_its_bridge() -> None:
    narrow = 1300
    assert one_way(scene(without(NODE1, "fwbr101i0", mtu=narrow))).mtu == MTU_INSIDE
    assert one_way(scene(without(NODE1, "fwln101o0", mtu=narrow))).mtu == narrow


def test_it_comes_back_through_the_firewall_in_the_other_order() -> None:
    back = one_way(scene(), End("node", EndKind.NODE, "node1", bridge="web", holders=("node1",)), GUEST)
    assert [hop.device for hop in back.hops[-4:]] == ["fwpr101p0", "fwln101o0", "fwbr101i0", "tap101i0"]
    assert back.outcome is Outcome.ARRIVES


@pytest.mark.parametrize(
    ("found", "node", "device", "reason"),
    [
        (scene(without(NODE1, "fwln101o0")), "node1", "fwln101o0", "node1 has no device 'fwln101o0'"),
        (scene(without(NODE1, "fwpr101p0", master="")), "node1", "fwpr101p0", "'fwpr101p0' is in no bridge; its configuration says 'web'"),
        (
            scene(found=replace(FOUND1, neighbours=())),
            "node1",
            "vrfbr",
            "no router MAC of 192.168.0.2 is known on 'vrfbr'",
        ),
        (
            scene(NODE1, without(NODE2, "vrfbr", mac="02:00:00:00:99:99")),
            "node2",
            "vrfbr",
            f"{ROUTER_MAC} is not the router MAC of node2, and nothing else has it here",
        ),
        (scene(NODE1, without(NODE2, "vrfvx")), "node2", "vrfvx", "node2 has no VXLAN device of VNI 4000"),
        (
            scene(NODE1, without(NODE2, "vrfvx", vtep=ip_address("192.168.0.9"))),
            "node2",
            "vrfvx",
            "the VTEP of 'vrfvx' is 192.168.0.9, not 192.168.0.2",
        ),
        (scene(far=replace(FOUND2, routes={})), "node2", "vrf_a", "vrf_a has no route to 10.0.3.3"),
        (
            scene(far=replace(FOUND2, fdb=(FdbEntry(FAR_MAC, "tap105i0", bridge="db"),)), other=NODE2 | devices(
                LiveDevice("tap105i0", "tun", master="db"))),
            "node2",
            "tap105i0",
            f"frames for {FAR_MAC} go to guest 105 at 'tap105i0' of node2, not to 102",
        ),
        (scene(off=frozenset({"node2"})), "node2", "", "node2 is off"),
        (scene(without(NODE1, "web", is_up=False)), "node1", "web", "'web' is down"),
        (scene(without(NODE1, "vrfbr", is_up=False)), "node1", "vrfbr", "'vrfbr' is down, by which 10.0.3.3/32 is reached"),
    ],
)  # fmt: skip
def test_a_way_ends_where_something_is_broken(found: Scene, node: str, device: str, reason: str) -> None:
    way = one_way(found)
    assert (way.outcome, way.node, way.device, way.reason) == (Outcome.ENDS, node, device, reason)


def test_a_far_guest_whose_port_is_in_no_bridge_is_said_to_be_so_at_once() -> None:
    found = scene(NODE1, without(NODE2, "veth102i0", master=""))
    way = one_way(found, GUEST, replace(FAR, bridge=""))
    assert (way.outcome, way.node, way.reason) == (Outcome.ENDS, "node2", "'veth102i0' is in no bridge")


def test_a_way_without_a_route_to_the_vtep_ends_at_the_tunnel() -> None:
    vtep = Vtep(
        node="node1", address=ip_address("192.168.0.1"), interface=None, mtu=None, why="", unreached=frozenset({PEER})
    )
    way = one_way(scene(vteps={"node1": vtep}))
    assert (way.node, way.device, way.reason) == ("node1", "vrfvx", "node1 has no route to 192.168.0.2")


def test_a_path_that_is_too_narrow_is_noted_and_bounds_the_packets() -> None:
    path = UnderlayPath(PEER, ("eno2",), 1500)
    vtep = Vtep(node="node1", address=ip_address("192.168.0.1"), interface=None, mtu=None, why="", paths={PEER: path})
    way = one_way(scene(vteps={"node1": vtep}))
    assert (way.outcome, way.mtu) == (Outcome.ARRIVES, MTU_INSIDE - 50)
    assert way.notes == (FIREWALL, "the path from node1 to 192.168.0.2 carries packets of 1450 bytes, not of 1500")


@pytest.mark.parametrize(
    ("zones", "wanted"), [({"vrfvx": "a"}, "of 1500, the MTU of zone a"), ({}, "of 1500")], ids=("zone", "no-zone")
)
def test_a_device_below_the_mtu_of_the_design_is_noted_and_bounds_the_packets(
    zones: dict[str, str], wanted: str
) -> None:
    small = 1300
    found = scene(NODE1, without(NODE2, "vrfvx", mtu=small))
    expected = tuple(
        ExpectedDevice(name, "", mtu=mtu) for name, mtu in (("vrfvx", 1500), ("vrfbr", 1500), ("db", 1400))
    )
    node2 = replace(found.cluster.nodes["node2"], expected=NodeExpectation("node2", expected), zones=zones)
    cluster = replace(found.cluster, nodes={**found.cluster.nodes, "node2": node2})
    way = one_way(replace(found, cluster=cluster))
    assert (way.outcome, way.mtu) == (Outcome.ARRIVES, small)
    assert way.notes == (FIREWALL, f"'vrfvx' of node2 carries packets of 1300 bytes, not {wanted}")


def test_what_translates_addresses_on_the_way_out_is_told() -> None:
    way = one_way(scene(), GUEST, INTERNET)
    assert way.hops[-1].what == "leaves for the router 172.16.0.254, with 172.16.0.1 as its source"
    assert way.outcome is Outcome.ARRIVES


def test_a_router_outside_that_does_not_answer_ends_the_way() -> None:
    silent = Neighbour(ROUTER, "eno2", "", frozenset({"FAILED"}))
    way = one_way(scene(found=replace(FOUND1, neighbours=(silent,))), GUEST, INTERNET)
    assert (way.node, way.device, way.reason) == ("node1", "eno2", "the router 172.16.0.254 does not answer on eno2")


def test_an_uplink_without_a_cable_ends_the_way() -> None:
    way = one_way(scene(without(NODE1, "eno2", has_carrier=False)), GUEST, INTERNET)
    assert (way.outcome, way.reason) == (Outcome.ENDS, "'eno2' has no carrier")


def test_a_packet_that_leaves_for_a_router_outside_is_not_said_to_arrive_at_a_guest() -> None:
    out = FoundRoute(ip_network("0.0.0.0/0"), (NextHop("eno2", ROUTER),), "static")
    way = one_way(scene(found=replace(FOUND1, routes={("vrf_a", THERE): out})))
    assert way.outcome is Outcome.UNKNOWN
    assert way.reason == "it leaves the cluster for 172.16.0.254; whether it comes back to 102 is not seen"


def test_several_next_hops_are_several_ways_and_one_that_ends_is_the_outcome() -> None:
    both = FoundRoute(ip_network("10.0.3.3/32"), (NextHop("vrfbr", PEER), NextHop("gone", ROUTER)), "bgp")
    direction = follow(Walk(scene(found=replace(FOUND1, routes={("vrf_a", THERE): both})), GUEST, FAR))
    assert [way.outcome for way in direction.ways] == [Outcome.ARRIVES, Outcome.ENDS]
    assert direction.outcome is Outcome.ENDS


def shared(priority: int) -> tuple[ExpectedVirtualRouter, ...]:
    return (ExpectedVirtualRouter("eno2", 1, 4, priority, frozenset({ip_address("172.16.0.10")})),)


@pytest.mark.parametrize(
    ("status", "outcome", "reason"),
    [
        ("Master", Outcome.ARRIVES, ""),
        ("Backup", Outcome.ENDS, "node1 is not master of 172.16.0.10, and no other node can be"),
    ],
)
def test_what_comes_from_outside_enters_at_the_vrrp_master(status: str, outcome: Outcome, reason: str) -> None:
    roles = {"node1": (LiveVirtualRouter("eno2", 1, 4, status),)}
    found = scene(expected={"node1": shared(200)}, roles=roles)
    there, back = both_ways(found, (INTERNET, GUEST))
    assert back.outcome is Outcome.ARRIVES
    (way,) = there.ways
    assert (way.outcome, way.reason) == (outcome, reason)


MACVLAN = LiveDevice("vrrp4-4-1", "macvlan", mac="00:00:5e:00:01:01", master="vrf_a")


def from_outside(one: dict[str, LiveDevice], other: dict[str, LiveDevice], *masters: str) -> tuple[Way, ...]:
    """The ways of a packet from outside to the guest, where both nodes have the virtual router."""
    roles = {
        name: (LiveVirtualRouter("eno2", 1, 4, "Master" if name in masters else "Backup"),)
        for name in ("node1", "node2")
    }
    found = scene(one, other, expected={"node1": shared(200), "node2": shared(100)}, roles=roles)
    return both_ways(found, (INTERNET, GUEST))[0].ways


def test_what_comes_from_outside_enters_where_the_macvlan_is_up() -> None:
    (way,) = from_outside(NODE1 | devices(MACVLAN), NODE2, "node1")
    assert way.outcome is Outcome.ARRIVES


def test_what_comes_from_outside_ends_at_a_macvlan_that_is_down_though_vrrpd_says_master() -> None:
    (way,) = from_outside(NODE1 | devices(replace(MACVLAN, is_up=False)), NODE2, "node1")
    assert (way.outcome, way.node, way.device) == (Outcome.ENDS, "node1", "vrrp4-4-1")
    assert way.reason == "'vrrp4-4-1' is down, by which it answers for 172.16.0.10"


def test_of_two_masters_the_one_whose_macvlan_is_up_takes_what_comes_from_outside() -> None:
    exit2 = devices(LiveDevice("eno2", master="vrf_a", addresses=frozenset({ip_interface("172.16.0.2/24")})), MACVLAN)
    ways = from_outside(NODE1 | devices(replace(MACVLAN, is_up=False)), NODE2 | exit2, "node1", "node2")
    assert {way.hops[0].node for way in ways} == {"node2"}


def test_without_a_way_out_nobody_knows_where_it_comes_in() -> None:
    there, _ = both_ways(scene(found=replace(FOUND1, routes={})), (INTERNET, GUEST))
    assert there.outcome is Outcome.UNKNOWN
    assert there.ways[0].reason == "no way leads out to 203.0.113.1, so nobody knows where it comes in"


TO_NODE1 = FoundRoute(ip_network("10.0.3.3/32"), (NextHop("vrfbr", ip_address("192.168.0.1")),), "bgp")
BACK = LookedUp(
    fdb=(
        FdbEntry("02:00:00:00:01:01", "vrfvx", bridge="vrfbr"),
        FdbEntry("02:00:00:00:01:01", "vrfvx", ip_address("192.168.0.1")),
    ),
    neighbours=(Neighbour(ip_address("192.168.0.1"), "vrfbr", "02:00:00:00:01:01"),),
    routes={("vrf_a", THERE): TO_NODE1},
    filters=(),
)
"""Node 2, where it sends to node 1 what node 1 sends to it."""


def test_two_routers_that_send_to_each_other_are_a_circle_that_is_gone_round_once() -> None:
    way = one_way(scene(far=BACK))
    assert (way.outcome, way.node, way.device) == (Outcome.ENDS, "node1", "vrfbr")
    assert way.reason == "it goes round in a circle: node1, node2, node1"
    assert way.step == "ip route get 10.0.3.3 vrf vrf_a"
    routed = [hop.node for hop in way.hops if hop.place is Place.ROUTER]
    assert routed == ["node1", "node2", "node1"]


def leaking(*leaks: tuple[str, tuple[str, ...]]) -> Scene:
    """Node 1 with VRFs whose default routes lead into others."""
    vrfs = NODE1 | devices(*(LiveDevice(name, "vrf") for name, _ in leaks))
    routes = {
        (name, THERE): FoundRoute(ip_network("0.0.0.0/0"), tuple(map(NextHop, into)), "static") for name, into in leaks
    }
    return replace(scene(vrfs, found=replace(FOUND1, routes=routes)), asked=frozenset(name for name, _ in leaks))


def test_vrfs_of_one_node_that_lead_into_each_other_are_a_circle_on_that_node() -> None:
    way = one_way(leaking(("vrf_a", ("vrf_b",)), ("vrf_b", ("vrf_c",)), ("vrf_c", ("vrf_b",))))
    assert (way.outcome, way.device, way.reason) == (Outcome.ENDS, "vrf_b", "it goes round in a circle on node1")


def test_a_circle_that_several_ways_lead_into_is_gone_round_by_one_of_them() -> None:
    found = leaking(("vrf_a", ("vrf_b", "vrf_c")), ("vrf_b", ("vrf_c",)), ("vrf_c", ("vrf_b",)))
    ways = follow(Walk(found, GUEST, FAR)).ways
    assert [way.device for way in ways] == ["vrf_b", "vrf_c"]
    assert {way.reason for way in ways} == {"it goes round in a circle on node1"}
    assert [[hop.vrf for hop in way.hops if hop.vrf] for way in ways] == [["vrf_a", "vrf_b", "vrf_c"], ["vrf_a"]]


def test_what_verify_says_of_any_node_of_a_circle_goes_along_unless_it_is_another_zones() -> None:
    def said(node: str, *zones: str) -> Discrepancy:
        return Discrepancy(node, Subject.DEVICE, "shop", "10.0.3.254/24", "absent", "somebody", "ifup", zones=zones)

    looked = scene(far=BACK)
    nodes = {name: replace(view, zones={"vrfbr": "a"}) for name, view in looked.cluster.nodes.items()}
    direction = follow(Walk(replace(looked, cluster=replace(looked.cluster, nodes=nodes)), GUEST, FAR))
    found = [said("node1"), said("node2", "a", "b"), said("node2", "b"), said("node3")]
    assert concerning([direction], found) == tuple(found[:2])


def test_what_verify_says_of_routes_of_the_zone_goes_along_where_one_is_missing() -> None:
    def said(node: str, subject: Subject, zone: str) -> Discrepancy:
        return Discrepancy(node, subject, "x", "there", "absent", "somebody", "vtysh", zones=(zone,))

    looked = scene(found=replace(FOUND1, routes={}))
    nodes = {name: replace(view, zones={"vrf_a": "a"}) for name, view in looked.cluster.nodes.items()}
    direction = follow(Walk(replace(looked, cluster=replace(looked.cluster, nodes=nodes)), GUEST, INTERNET))
    assert direction.ways[0].reason == "vrf_a has no route to 203.0.113.1"
    kept = (said("node2", Subject.FRR, "a"), said("node3", Subject.ROUTE, "a"))
    others = (said("node2", Subject.ROUTE, "b"), said("node2", Subject.GUEST, "a"))
    assert concerning([direction], (*kept, *others)) == kept


def test_what_verify_says_of_a_device_that_the_other_node_lacks_goes_along() -> None:
    gone = Discrepancy("node2", Subject.DEVICE, "vxlan_web", "there", "absent", "somebody", "ifup")
    way = Way().ends("node1", "vxlan_web", "'vxlan_web' floods nothing to node2")
    assert concerning([Direction(GUEST, FAR, (way,))], [gone, replace(gone, node="node3")]) == (gone,)


def test_what_a_node_could_not_look_up_is_not_known() -> None:
    way = one_way(scene(far=LookedUp(fdb=(), unseen={"routes": "ip is not installed"})))
    assert (way.outcome, way.node, way.reason) == (Outcome.UNKNOWN, "node2", "routes of vrf_a: ip is not installed")


def test_an_address_that_is_not_known_cannot_be_routed_to() -> None:
    way = one_way(scene(), GUEST, replace(FAR, address=None))
    assert way.outcome is Outcome.UNKNOWN
    assert way.reason == "no address of 102 is known: give its address in place of its name"


def test_what_verify_says_of_the_last_place_goes_along_and_nothing_else() -> None:
    def said(node: str, device: str) -> Discrepancy:
        return Discrepancy(node, Subject.DEVICE, device, "up", "down", "somebody", "ip link set up")

    found = [said("node2", "vrfvx"), said("node2", "vxlan_of_another"), said("node1", "tap999i0")]
    direction = follow(Walk(scene(NODE1, without(NODE2, "vrfvx", is_up=False)), GUEST, FAR))
    assert direction.ways[0].reason == "'vrfvx' is down"
    assert concerning([direction], found) == (found[0],)
    assert concerning([Direction(GUEST, FAR, (Way().arrives(),))], found) == ()


def test_a_large_and_a_small_frame_go_through_each_tunnel_once() -> None:
    there, back = both_ways(scene(), (GUEST, FAR))
    probes = pings_of(Trace(there, replace(back, ways=there.ways)))
    assert [(probe.source, probe.target, probe.vni, probe.size, probe.is_small) for probe in probes] == [
        ("node1", "node2", 4000, 1500, False),
        ("node1", "node2", 4000, 64, True),
    ]
    assert (probes[0].bridge, probes[0].mac, probes[0].peer) == ("vrfbr", ROUTER_MAC, PEER)
    proved = "node1 to node2, VNI 4000: a packet of 1500 bytes came out in vrfbr"
    assert list(proved_by(probes, {"node2": Heard(frozenset({0, 1}))})) == [proved]
    assert list(proved_by(probes, {"node2": Heard(frozenset({1}))})) == []


def test_the_large_frame_is_as_large_as_what_the_node_may_route_into_the_tunnel() -> None:
    narrow = 1300

    def largest(found: Scene) -> int:
        there, back = both_ways(found, (GUEST, FAR))
        return max(probe.size for probe in pings_of(Trace(there, replace(back, ways=there.ways))))

    assert largest(scene(without(NODE1, "vrfbr", mtu=narrow))) == narrow
    assert largest(scene(other=without(NODE2, "vrfbr", mtu=narrow))) == MTU_INSIDE


@pytest.mark.parametrize("state", ["FAILED", "INCOMPLETE"])
def test_who_does_not_answer_arp_is_not_arrived_at(state: str) -> None:
    def asked(address: str, device: str) -> Neighbour:
        return Neighbour(ip_address(address), device, "", frozenset({state}))

    way = one_way(scene(far=replace(FOUND2, neighbours=(asked("10.0.3.3", "db"),))))
    reason = "node2 has asked for 10.0.3.3 on db, and nobody has answered"
    assert (way.outcome, way.node, way.reason) == (Outcome.UNKNOWN, "node2", reason)

    host = ip_address("172.16.0.77")
    beside = {("vrf_a", host): FoundRoute(ip_network("172.16.0.0/24"), (NextHop("eno2"),), "kernel")}
    found = replace(FOUND1, routes=beside, neighbours=(asked("172.16.0.77", "eno2"),))
    way = one_way(scene(found=found), GUEST, End(str(host), EndKind.OUTSIDE, address=host))
    assert (way.outcome, way.device, way.reason) == (Outcome.ENDS, "eno2", "172.16.0.77 does not answer on eno2")

    way = one_way(scene(found=replace(FOUND1, neighbours=(asked(str(ROUTER), "eno2"),))), GUEST, INTERNET)
    assert (way.outcome, way.reason) == (Outcome.ENDS, "the router 172.16.0.254 does not answer on eno2")


def test_a_link_that_is_switched_off_carries_nothing_in_either_direction() -> None:
    found = scene()
    view = found.cluster.nodes["node2"]
    plugs = (GuestPlug(102, 0, "db", is_down=True), GuestPlug(102, 1, "db"))
    nodes = {**found.cluster.nodes, "node2": replace(view, state=replace(view.state, plugs=plugs))}
    found = replace(found, cluster=ClusterView(nodes, found.cluster.owners, frozenset()))
    for way in (one_way(found), one_way(found, FAR, GUEST)):
        assert (way.outcome, way.node, way.device) == (Outcome.ENDS, "node2", "veth102i0")
        assert way.reason == "the link of 102 is switched off"


def test_isolated_ports_of_one_bridge_are_kept_apart_and_others_are_not() -> None:
    """As `isolate-ports` of a VNet does with the guests of one node."""
    port = LiveDevice("tap105i0", "tun", master="web", is_isolated=True)
    near = End("105", EndKind.GUEST, "node1", "tap105i0", "web", FAR_MAC, None, GuestPlace(105), 0)
    apart = without(NODE1, "fwpr101p0", is_isolated=True)
    way = one_way(scene(apart | devices(port)), GUEST, near)
    assert (way.outcome, way.node, way.device) == (Outcome.ENDS, "node1", "tap105i0")
    assert way.reason == "'fwpr101p0' and 'tap105i0' are isolated: 'web' lets nothing pass between the two"
    assert one_way(scene(apart | devices(replace(port, is_isolated=False))), GUEST, near).outcome is Outcome.ARRIVES
    assert one_way(scene(apart)).outcome is Outcome.ARRIVES


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("-A POSTROUTING -j MASQUERADE --random-fully", ", with the address of eno2 as its source"),
        ('-A POSTROUTING -o eno2 -m comment --comment "for web" -j MASQUERADE', ", with the address of eno2 as its source"),
        ("-A POSTROUTING ! -s 10.0.9.0/24 -o eno2 -j MASQUERADE", ""),
        ("-A POSTROUTING -s 10.0.2.0/24 ! -o lo -j MASQUERADE", ""),
        ("-A POSTROUTING -s 10.0.2.0/24 -p tcp -m tcp --dport 25 -j SNAT --to-source 172.16.0.9", ""),
        ("-A POSTROUTING -s 10.0.2.0/24 -d 10.0.0.0/8 -j MASQUERADE", ""),
        ("-A POSTROUTING -m mark --mark 0x1 -j MASQUERADE", ""),
        ('-A POSTROUTING -m comment --comment "half -j MASQUERADE', ""),
    ],
)  # fmt: skip
def test_a_rule_that_is_for_some_packets_only_is_not_said_to_translate_all(rule: str, told: str) -> None:
    way = one_way(scene(found=replace(FOUND1, nat=(rule,))), GUEST, INTERNET)
    assert way.hops[-1].what == f"leaves for the router 172.16.0.254{told}"


@pytest.mark.parametrize("forwards", ["0", "1"])
def test_ipv6_is_forwarded_as_the_setting_for_all_devices_says_and_not_translated_by_rules_of_ipv4(
    forwards: str,
) -> None:
    address, router = ip_address("2001:db8::1"), ip_address("fe80::1")
    held = frozenset({*NODE1["web"].addresses, ip_interface("fd00::1/64")})
    out = {("vrf_a", address): FoundRoute(ip_network("::/0"), (NextHop("eno2", router),), "static")}
    rules = ("-A POSTROUTING -o eno2 -j MASQUERADE",)
    found = scene(without(NODE1, "web", addresses=held), found=replace(FOUND1, routes=out, nat=rules))
    settings = {"net/ipv6/conf/all/forwarding": forwards, "net/ipv6/conf/web/forwarding": "1"}
    view = found.cluster.nodes["node1"]
    nodes = {**found.cluster.nodes, "node1": replace(view, state=replace(view.state, settings=settings))}
    found = replace(found, cluster=ClusterView(nodes, found.cluster.owners, frozenset()))
    guest = replace(GUEST, address=ip_address("fd00::2"))
    way = one_way(found, guest, End(str(address), EndKind.OUTSIDE, address=address))
    if forwards == "1":
        assert (way.outcome, way.hops[-1].what) == (Outcome.ARRIVES, "leaves for the router fe80::1")
    else:
        assert (way.outcome, way.reason) == (Outcome.ENDS, "node1 does not forward ipv6 from 'web'")


def test_a_guest_in_a_vnet_for_which_no_node_routes_may_have_a_router_that_nobody_sees() -> None:
    way = one_way(scene(without(NODE1, "web", addresses=frozenset())))
    assert (way.outcome, way.node, way.device) == (Outcome.UNKNOWN, "node1", "tap101i0")
    assert way.reason == "no node routes for 'web', and 102 is in 'db': which router 101 has is not seen"


def test_guests_of_one_vnet_that_are_known_by_addresses_of_two_families_need_no_gateway() -> None:
    near = End("105", EndKind.GUEST, "node1", "tap105i0", "web", FAR_MAC, ip_address("fd00::5"), GuestPlace(105), 0)
    way = one_way(scene(NODE1 | devices(LiveDevice("tap105i0", "tun", master="web"))), GUEST, near)
    assert (way.outcome, way.hops[-1].device) == (Outcome.ARRIVES, "tap105i0")
    assert [hop.device for hop in way.hops].count("web") == 1


def test_a_route_into_a_vnet_without_carrier_is_used_and_ends_there() -> None:
    found = scene(NODE1, without(NODE2, "db", has_carrier=False))
    way = one_way(found)
    assert (way.outcome, way.node, way.device) == (Outcome.ENDS, "node2", "db")
    assert way.reason == "'db' has no carrier, by which 10.0.3.0/24 is reached"
