"""What nobody has looked at is neither taken for well in a trace, nor for broken."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from pvesdn.compare.live_view import ClusterView
from pvesdn.compare.trace import both_ways
from pvesdn.compare.trace_scene import Scene
from pvesdn.model.looked_up import FdbEntry
from pvesdn.model.state import LiveVirtualRouter
from pvesdn.model.trace import End, Outcome
from tests.unit.compare.test_trace import (
    FAR,
    FAR_MAC,
    FIREWALL,
    FOUND1,
    FOUND2,
    GUEST,
    INTERNET,
    NODE1,
    NODE2,
    PEER,
    one_way,
    scene,
    shared,
    without,
)  # fmt: skip

UNKNOWN_SWITCH = "whether the link of {} is switched off: /etc/pve is empty"
UNSEEN_PLUGS: dict[str, Any] = {"plugs": None, "unseen": {"guest-plugs": "/etc/pve is empty"}}
SAME_VNET = replace(FAR, bridge="web", address=ip_address("10.0.2.7"))


def knowing(found: Scene, node: str, **state: Any) -> Scene:
    """With another state of a node."""
    view = found.cluster.nodes[node]
    nodes = {**found.cluster.nodes, node: replace(view, state=replace(view.state, **state))}
    return replace(found, cluster=ClusterView(nodes, found.cluster.owners, found.cluster.off))


BROKEN = {"neighbours": "ip is not installed"}


@pytest.mark.parametrize(
    ("found", "target", "place", "reason"),
    [
        (
            scene(found=replace(FOUND1, neighbours=None, unseen=BROKEN)),
            FAR,
            ("node1", "vrfbr"),
            "neighbours of node1: ip is not installed",
        ),
        (
            scene(far=replace(FOUND2, neighbours=None, unseen=BROKEN)),
            FAR,
            ("node2", "veth102i0"),
            "neighbours of node2: ip is not installed",
        ),
        (
            scene(found=replace(FOUND1, neighbours=None, unseen=BROKEN)),
            INTERNET,
            ("node1", "eno2"),
            "neighbours of node1: ip is not installed",
        ),
        (
            knowing(scene(), "node1", flooding=None, unseen={"fdb": "bridge is not installed"}),
            SAME_VNET,
            ("node1", "vxlan_web"),
            "where 'vxlan_web' floods to: bridge is not installed",
        ),
        (
            knowing(scene(), "node1", settings=None, unseen={"settings": "no answer"}),
            FAR,
            ("node2", "veth102i0"),
            "whether node1 forwards from 'web': no answer",
        ),
        (knowing(scene(), "node1", **UNSEEN_PLUGS), FAR, ("node2", "veth102i0"), UNKNOWN_SWITCH.format("101")),
        (knowing(scene(), "node2", **UNSEEN_PLUGS), FAR, ("node2", "veth102i0"), UNKNOWN_SWITCH.format("102")),
        (
            knowing(scene(NODE1, without(NODE2, "db", vlan_filtering=True)), "node2", vlans=None),
            FAR,
            ("node2", "veth102i0"),
            "VLANs of the ports of 'db': nobody has looked",
        ),
    ],
)
def test_a_way_past_what_nobody_has_looked_at_is_unknown(
    found: Scene, target: End, place: tuple[str, str], reason: str
) -> None:
    way = one_way(found, GUEST, target)
    assert (way.outcome, way.node, way.device, way.reason) == (Outcome.UNKNOWN, *place, reason)


def test_a_flooding_list_that_nobody_has_seen_is_not_said_to_lack_a_vtep() -> None:
    entries = (*(FOUND1.fdb or ()), FdbEntry(FAR_MAC, "vxlan_web", bridge="web"), FdbEntry(FAR_MAC, "vxlan_web", PEER))
    lacking = scene(found=replace(FOUND1, fdb=entries))
    assert one_way(lacking, GUEST, SAME_VNET).notes[1].startswith("node1 floods nothing to 192.168.0.2")
    assert one_way(knowing(lacking, "node1", flooding=None), GUEST, SAME_VNET).notes == (FIREWALL,)


def test_nobody_is_said_not_to_be_master_whom_nobody_has_asked() -> None:
    told = scene(expected={"node1": shared(200)}, roles={"node1": (LiveVirtualRouter("eno2", 1, 4, "Backup"),)})
    there, _ = both_ways(replace(told, silent={"node3": "No route to host"}), (INTERNET, GUEST))
    (way,) = there.ways
    assert (way.outcome, way.is_out_of_sight) == (Outcome.UNKNOWN, True)
    assert way.reason == "whether node3 is master of 172.16.0.10 was not seen"
    (way,) = both_ways(knowing(told, "node1", virtual_routers=None), (INTERNET, GUEST))[0].ways
    assert (way.outcome, way.reason) == (Outcome.UNKNOWN, "whether node1 is master of 172.16.0.10 was not seen")


def test_rules_that_nobody_could_see_are_not_taken_for_none() -> None:
    found = scene(found=replace(FOUND1, nat=None, unseen={"nat": "iptables-save did not finish within 10 s"}))
    way = one_way(found, GUEST, INTERNET)
    assert way.outcome is Outcome.ARRIVES
    assert way.notes == (FIREWALL, "whether node1 gives it another source: iptables-save did not finish within 10 s")


def test_what_guests_nobody_could_see_may_have_is_said_beside_the_way() -> None:
    found = scene(far=replace(FOUND2, unseen={"cards": "/etc/pve is empty", "leases": "no JSON"}))
    assert one_way(found).notes == (
        FIREWALL,
        "what node2 has of the configurations of its guests was not seen: /etc/pve is empty",
        "what node2 has of PVE's IPAM was not seen: no JSON",
    )
