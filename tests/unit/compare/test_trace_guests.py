"""Which port of which guest an end of a trace is, where the nodes tell more than one thing of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pvesdn.compare.trace_ends import end_of
from pvesdn.compare.trace_names import Named
from pvesdn.compare.trace_scene import Scene
from pvesdn.model.looked_up import GuestCard
from tests.unit.compare.test_trace import FAR_MAC, FOUND2, THERE, scene

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
