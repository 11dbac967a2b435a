"""Guests in bridges that nodes share by a network outside, as in PVE's VLAN zones and vmbr0: nobody sees through it."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from pvesdn.compare.trace_ends import end_of
from pvesdn.compare.trace_names import Named
from pvesdn.model.looked_up import FdbEntry, GuestPlace, LookedUp, Neighbour
from pvesdn.model.state import LiveDevice
from pvesdn.model.trace import End, EndKind, Outcome
from tests.unit.compare.test_trace import FAR_MAC, MAC, devices, one_way, scene, without

NODE1 = devices(
    LiveDevice("vmbr0", "bridge", mac="02:00:00:00:00:aa"),
    LiveDevice("eno1", master="vmbr0"),
    LiveDevice("tap101i0", "tun", master="vmbr0"),
)
NODE2 = devices(
    LiveDevice("vmbr0", "bridge", mac="02:00:00:00:00:bb"),
    LiveDevice("eno1", master="vmbr0"),
    LiveDevice("tap102i0", "tun", master="vmbr0"),
)
GUEST = End("101", EndKind.GUEST, "node1", "tap101i0", "vmbr0", MAC, None, GuestPlace(101), 0)
FAR = End("102", EndKind.GUEST, "node2", "tap102i0", "vmbr0", FAR_MAC, None, GuestPlace(102), 0)
LEARNED = LookedUp(fdb=(FdbEntry(FAR_MAC, "eno1", bridge="vmbr0"),))


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (LEARNED, "it leaves by 'eno1' for a network that is not seen"),
        (LookedUp(fdb=()), "it is flooded to 'eno1', for a network that is not seen"),
    ],
)
def test_what_leaves_by_a_card_for_a_guest_of_another_node_is_unknown_and_does_not_end(
    found: LookedUp, reason: str
) -> None:
    way = one_way(scene(NODE1, NODE2, found=found), GUEST, FAR)
    assert (way.outcome, way.node, way.device, way.reason) == (Outcome.UNKNOWN, "node1", "eno1", reason)


@pytest.mark.parametrize("found", [LEARNED, LookedUp(fdb=())])
def test_it_ends_at_a_card_without_a_cable_and_where_there_is_no_card(found: LookedUp) -> None:
    way = one_way(scene(without(NODE1, "eno1", has_carrier=False), NODE2, found=found), GUEST, FAR)
    assert (way.outcome, way.device, way.reason) == (Outcome.ENDS, "eno1", "'eno1' has no carrier")
    way = one_way(scene(without(NODE1, "eno1"), NODE2, found=found), GUEST, FAR)
    assert way.reason == f"no entry for {FAR_MAC}, and no VXLAN device in 'vmbr0'"


def test_a_guest_is_where_its_port_is_and_not_behind_the_card_of_another_node() -> None:
    address = ip_address("10.0.0.12")
    heard = (Neighbour(address, "vmbr0", FAR_MAC),)
    found = scene(
        without(NODE1, "eno1", kind="vlan"),
        without(NODE2, "eno1", kind="vlan"),
        found=LEARNED,
        far=LookedUp(fdb=(FdbEntry(FAR_MAC, "tap102i0", bridge="vmbr0"),), neighbours=heard),
    )
    view = found.cluster.nodes["node2"]
    nodes = {**found.cluster.nodes, "node2": replace(view, zones={"vmbr0": "a VLAN zone"})}
    found = replace(found, cluster=replace(found.cluster, nodes=nodes))
    end = end_of(
        Named("10.0.0.12", address=address), Named("101", 101), found, {102: GuestPlace(102, "web-2", "node2")}
    )
    assert (end.node, end.port, end.guest) == ("node2", "tap102i0", GuestPlace(102, "web-2", "node2"))
