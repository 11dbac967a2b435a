"""Which port of which guest an end of a trace is, where the nodes tell more than one thing of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pvesdn.compare.trace_ends import end_of
from pvesdn.compare.trace_names import Named
from pvesdn.compare.trace_scene import Scene
from pvesdn.model.looked_up import FdbEntry, GuestCard, GuestPlace
from pvesdn.model.state import LiveDevice
from pvesdn.model.trace import Outcome
from tests.unit.compare.test_trace import (
    FAR,
    FAR_MAC,
    FOUND1,
    FOUND2,
    GUEST,
    NODE1,
    THERE,
    devices,
    one_way,
    scene,
    without,
)

CONFIGURED = "02:00:00:00:00:aa"
BY_ADDRESS, WEB = Named(str(THERE), address=THERE), Named("101", 101)


def zoned(found: Scene) -> Scene:
    """With the VNets in a zone."""
    nodes = {name: replace(view, zones={"web": "a", "db": "a"}) for name, view in found.cluster.nodes.items()}
    return replace(found, cluster=replace(found.cluster, nodes=nodes))


@pytest.mark.parametrize("mac", [CONFIGURED, FAR_MAC, ""])
def test_a_guest_whose_mac_is_not_that_of_its_configuration_is_one_guest(mac: str) -> None:
    """Its address stands in its configuration, and was heard from another MAC at its port."""
    card = GuestCard(102, 0, mac, "db", (THERE,))
    end = end_of(BY_ADDRESS, WEB, zoned(scene(far=replace(FOUND2, cards=(card,)))), {})
    assert end.guest is not None
    assert (end.guest.id, end.device, end.node, end.mac) == (102, 0, "node2", FAR_MAC)


LEFT_OVER = NODE1 | devices(LiveDevice("db", "bridge", master="vrf_a"), LiveDevice("veth102i0", "veth", master="db"))
"""Node 1 has a port of guest 102 too."""


@pytest.mark.parametrize("one", [BY_ADDRESS, Named("102", 102)], ids=("address", "id"))
def test_of_two_ports_of_a_guest_the_one_that_has_learned_its_mac_is_followed(one: Named) -> None:
    end = end_of(one, WEB, zoned(scene(LEFT_OVER)), {})
    assert (end.node, end.elsewhere) == ("node2", ("node1",))
    way = one_way(scene(LEFT_OVER), GUEST, replace(FAR, elsewhere=end.elsewhere))
    assert way.outcome is Outcome.ARRIVES
    assert way.notes[1] == "node2, node1 each have a port of guest 102: the one on node2 is followed"


def test_of_two_ports_that_have_learned_nothing_the_one_where_pve_has_the_guest_is_followed() -> None:
    found = scene(LEFT_OVER, far=replace(FOUND2, fdb=()))
    for node in ("node1", "node2"):
        assert end_of(Named("102", 102), WEB, found, {102: GuestPlace(102, "", node)}).node == node


def test_where_frames_go_to_a_port_of_the_guest_on_another_node_that_node_is_named() -> None:
    entry = FdbEntry(FAR_MAC, "veth102i0", bridge="web")
    here = without(LEFT_OVER, "veth102i0", master="web")
    near = replace(FAR, bridge="web", address=None)
    way = one_way(scene(here, found=replace(FOUND1, fdb=(*(FOUND1.fdb or ()), entry))), GUEST, near)
    assert way.reason == f"frames for {FAR_MAC} go to guest 102 at 'veth102i0' of node1, not to 102 on node2"
