"""Which MAC a guest has been told in its own network: by its own node's gateway, or by a bridge that answers itself."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_interface

from pvesdn.compare.trace_scene import Scene
from pvesdn.model.looked_up import FdbEntry, GuestPlace, LookedUp, Neighbour
from pvesdn.model.state import LiveDevice
from pvesdn.model.trace import End, EndKind, Outcome
from tests.unit.compare.test_trace import FAR_MAC, FIREWALL, FOUND1, GUEST, MAC, NODE1, PEER, devices, one_way, scene
from tests.unit.compare.test_trace_unseen import knowing

OLD = "02:00:00:00:00:77"
SHARED = frozenset({ip_interface("10.1.0.1/24")})


def simple(number: int) -> dict[str, LiveDevice]:
    """A node's bridge of a simple zone, whose MAC is its own, with a guest."""
    bridge = LiveDevice("lan", "bridge", mac=f"02:00:00:00:0{number}:00", addresses=SHARED)
    return devices(bridge, LiveDevice(f"tap20{number}i0", "tun", master="lan"))


def test_a_gateway_that_each_node_has_is_that_of_the_guests_own_node() -> None:
    gateway = ip_address("10.1.0.1")
    end = End(
        str(gateway), EndKind.NODE, "node1", bridge="lan", mac="02:00:00:00:01:00", address=gateway,
        holders=("node1", "node2"),
    )  # fmt: skip
    guest = End("202", EndKind.GUEST, "node2", "tap202i0", "lan", FAR_MAC, ip_address("10.1.0.12"), GuestPlace(202), 0)
    seen = LookedUp(fdb=(), neighbours=(), routes={}, filters=())
    way = one_way(scene(simple(1), simple(2), found=seen, far=seen), guest, end)
    assert (way.outcome, way.reason) == (Outcome.ARRIVES, "")
    assert way.hops[1].what == "bridge; 02:00:00:00:02:00 is its own, so the node routes"


BESIDE = End("110", EndKind.GUEST, "node2", "tap110i0", "web", FAR_MAC, ip_address("10.0.2.10"), GuestPlace(110), 0)
THERE = devices(
    LiveDevice("web", "bridge", mac="02:00:00:00:00:99"),
    replace(NODE1["vxlan_web"], vtep=PEER),
    LiveDevice("tap110i0", "tun", master="web"),
    LiveDevice("tap111i0", "tun", master="web"),
)


def answering(mac: str, *, suppresses: bool = True) -> Scene:
    """Node 1 has a neighbour entry with that MAC for the guest on node 2, where another guest has the old one."""
    tunnel = replace(NODE1["vxlan_web"], suppresses=suppresses)
    behind = [
        entry
        for each in (OLD, FAR_MAC)
        for entry in (FdbEntry(each, "vxlan_web", bridge="web"), FdbEntry(each, "vxlan_web", PEER))
    ]
    here = replace(
        FOUND1,
        fdb=(FdbEntry(MAC, "fwpr101p0", bridge="web"), *behind),
        neighbours=(Neighbour(ip_address("10.0.2.10"), "web", mac, frozenset({"NOARP"})),),
    )
    there = LookedUp(
        fdb=(FdbEntry(FAR_MAC, "tap110i0", bridge="web"), FdbEntry(OLD, "tap111i0", bridge="web")), filters=()
    )
    found = scene(NODE1 | devices(tunnel), THERE, found=here, far=there)
    return knowing(found, "node1", flooding={"vxlan_web": frozenset({PEER})})


def test_a_bridge_that_answers_arp_with_an_old_mac_sends_the_guest_there() -> None:
    way = one_way(answering(OLD), GUEST, BESIDE)
    assert (way.outcome, way.node, way.device) == (Outcome.ENDS, "node2", "tap111i0")
    assert way.reason == f"frames for {OLD} go to guest 111 at 'tap111i0' of node2, not to 110"
    assert f"node1 itself answers for 10.0.2.10 on web: it has {OLD}, and 110 has {FAR_MAC}" in way.notes


def test_a_bridge_that_answers_as_it_should_or_not_at_all_sends_the_guest_to_the_other() -> None:
    for found in (answering(FAR_MAC), answering(OLD, suppresses=False)):
        way = one_way(found, GUEST, BESIDE)
        assert (way.outcome, way.notes) == (Outcome.ARRIVES, (FIREWALL,))
