"""The cluster itself, and every node that the definitions name."""

from __future__ import annotations

from collections.abc import Iterator

from pvesdn.design.checks.wording import absent, error, listed, warning
from pvesdn.design.ours.zones import zone_nodes
from pvesdn.model.design import DesignInput
from pvesdn.model.fabrics import UnmanagedFabric
from pvesdn.model.findings import Finding, Where
from pvesdn.model.pve_controllers import PveBgpController, PveIsisController
from pvesdn.model.pve_sdn import PveEvpnZone, UnmanagedController

_PUT_A_MEMBER = "name one of them instead in PVE, or remove the zone: without nodes it would be on all of them"


def check(given: DesignInput) -> Iterator[Finding]:
    """A cluster without quorum or members; names that are not members; VNets outside their zone.

    In PVE's own definitions it is a warning: PVE skips such a name.
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
            what = f"{of} names '{name}', which is not a member of the cluster"
            yield error(where, what, f"members are {listed(members)}")
    alone = {zone.where for zone in given.sdn.pve.zones if zone.nodes and not zone.nodes & members}
    for where, name, of in _named_in_pve(given):
        if name not in members:
            what = f"{of} names '{name}', which is not a member of the cluster"
            cure = _PUT_A_MEMBER if of == "nodes" and where in alone else "remove it in PVE"
            # pve3 that has left is not pve1 misspelt.
            like = [member for member in members if _digits(member) == _digits(name)]
            yield warning(where, what, absent(name, like, f"members are {listed(members)}; {cure}"))
    yield from _vnets_outside(given, members)


def _digits(name: str) -> str:
    return "".join(letter for letter in name if letter.isdigit())


def _named(given: DesignInput) -> Iterator[tuple[Where, str, str]]:
    """Every node name in pvesdn.cfg, with its place and property."""
    own = given.sdn.own
    if own.underlay is not None:
        yield from ((own.underlay.where, name, "vteps") for name, _ in own.underlay.vteps)
    for zone in own.zones:
        yield from ((zone.where, name, "nodes") for name in sorted(zone.nodes or ()))
    for vnet in own.vnets:
        yield from ((vnet.where, name, "nodes") for name in sorted(vnet.nodes or ()))
    for uplink in own.exits:
        yield uplink.where, uplink.node, "node"
    for controller in own.controllers:
        names = (word for word in controller.route_reflectors or () if isinstance(word, str))
        yield from ((controller.where, name, "route-reflectors") for name in names)


def _named_in_pve(given: DesignInput) -> Iterator[tuple[Where, str, str]]:
    """Every node name in PVE's own definitions; PVE does not check them against the membership (docs/pve.md §9)."""
    pve = given.sdn.pve
    for zone in pve.zones:
        yield from ((zone.where, name, "nodes") for name in sorted(zone.nodes or ()))
        if isinstance(zone, PveEvpnZone):
            yield from ((zone.where, name, "exitnodes") for name in sorted(zone.exit_nodes))
            if zone.primary_exit_node is not None:
                yield zone.where, zone.primary_exit_node, "exitnodes-primary"
    for controller in pve.controllers:
        if (
            isinstance(controller, PveBgpController | PveIsisController | UnmanagedController)
            and controller.node is not None
        ):
            yield controller.where, controller.node, "node"
        if isinstance(controller, UnmanagedController):
            yield from ((controller.where, name, "nodes") for name in sorted(controller.nodes or ()))
    for fabric in pve.fabrics:
        nodes = fabric.nodes if isinstance(fabric, UnmanagedFabric) else [member.node for member in fabric.members]
        yield from ((fabric.where, name, "a node section") for name in sorted(nodes))


def _vnets_outside(given: DesignInput, members: set[str]) -> Iterator[Finding]:
    zones = {zone.id: zone for zone in given.sdn.own.zones}
    for vnet in given.sdn.own.vnets:
        zone = zones.get(vnet.zone)
        if vnet.nodes is None or zone is None:
            continue
        outside = (vnet.nodes & members) - zone_nodes(zone, given.cluster)
        if outside:
            what = f"nodes names {listed(outside)}, where zone '{zone.id}' is not"
            yield error(vnet.where, what, "add the nodes to the zone, or remove them here")
