"""The cluster itself, and every node that the definitions name."""

from __future__ import annotations

from collections.abc import Iterator

from pvesdn.design.checks.remarks import error, listed, warning
from pvesdn.design.ours.zones import zone_nodes
from pvesdn.model.design import DesignInput
from pvesdn.model.fabrics import LeftFabric
from pvesdn.model.findings import Finding, Where
from pvesdn.model.pve_controllers import PveBgpController, PveIsisController
from pvesdn.model.sdn import EvpnController, LeftController, PveEvpnZone, PveZone


def check(given: DesignInput) -> Iterator[Finding]:
    """A cluster without quorum or members; names that are no members; VNets outside their zone.

    What PVE's own definitions name is a warning: PVE skips it.
    """
    if not given.cluster.is_quorate:
        hint = "bring nodes back until 'pvecm status' says Quorate: Yes"
        yield error("cluster", "has no quorum, so its membership cannot be trusted", hint)
    if not given.cluster.members:
        yield error("cluster", "has no members", "ask a node of the cluster, or take the snapshot again")
        return
    members = {member.name for member in given.cluster.members}
    for where, name, of in _named(given):
        if name not in members:
            what = f"{of} names '{name}', which is no member of the cluster"
            yield error(where, what, f"members are {listed(members)}")
    for where, name, of in _named_in_pve(given):
        if name not in members:
            what = f"{of} names '{name}', which is no member of the cluster"
            yield warning(where, what, f"members are {listed(members)}; take it out in PVE")
    yield from _vnets_outside(given, members)


def _named(given: DesignInput) -> Iterator[tuple[Where, str, str]]:
    """Every node name in pvesdn.cfg, with its place and property."""
    sdn = given.sdn
    if sdn.underlay is not None:
        yield from ((sdn.underlay.where, name, "vteps") for name, _ in sdn.underlay.vteps)
    for zone in sdn.our_zones:
        yield from ((zone.where, name, "nodes") for name in sorted(zone.nodes or ()))
    for vnet in sdn.vnets:
        if not vnet.is_pve:
            yield from ((vnet.where, name, "nodes") for name in sorted(vnet.nodes or ()))
    for uplink in sdn.exits:
        yield uplink.where, uplink.node, "node"
    for controller in sdn.controllers:
        if isinstance(controller, EvpnController):
            names = (word for word in controller.route_reflectors or () if isinstance(word, str))
            yield from ((controller.where, name, "route-reflectors") for name in names)


def _named_in_pve(given: DesignInput) -> Iterator[tuple[Where, str, str]]:
    """Every node name in PVE's own definitions, which PVE does not hold against the membership (docs/pve.md §9)."""
    for zone in given.sdn.zones:
        if isinstance(zone, PveZone):
            yield from ((zone.where, name, "nodes") for name in sorted(zone.nodes or ()))
        if isinstance(zone, PveEvpnZone):
            yield from ((zone.where, name, "exitnodes") for name in sorted(zone.exit_nodes))
            if zone.primary_exit_node is not None:
                yield zone.where, zone.primary_exit_node, "exitnodes-primary"
    for controller in given.sdn.controllers:
        if (
            isinstance(controller, PveBgpController | PveIsisController | LeftController)
            and controller.node is not None
        ):
            yield controller.where, controller.node, "node"
        if isinstance(controller, LeftController):
            yield from ((controller.where, name, "nodes") for name in sorted(controller.nodes or ()))
    for fabric in given.sdn.fabrics:
        nodes = fabric.nodes if isinstance(fabric, LeftFabric) else [member.node for member in fabric.members]
        yield from ((fabric.where, name, "a node section") for name in sorted(nodes))


def _vnets_outside(given: DesignInput, members: set[str]) -> Iterator[Finding]:
    zones = {zone.id: zone for zone in given.sdn.our_zones}
    for vnet in given.sdn.vnets:
        zone = zones.get(vnet.zone)
        if vnet.is_pve or vnet.nodes is None or zone is None:
            continue
        outside = (vnet.nodes & members) - zone_nodes(zone, given.cluster)
        if outside:
            what = f"nodes names {listed(outside)}, where zone '{zone.id}' is not"
            yield error(vnet.where, what, "add the nodes to the zone, or take them out here")
