"""The cluster itself, and every node that the definitions name."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pvesdn.design.checks.wording import absent, error, listed, warning
from pvesdn.design.ours.zones import zone_nodes
from pvesdn.model.defined import Defined
from pvesdn.model.design import DesignInput
from pvesdn.model.fabrics import UnmanagedFabric
from pvesdn.model.findings import Finding
from pvesdn.model.nearest import nearest
from pvesdn.model.pve_controllers import PveBgpController, PveIsisController
from pvesdn.model.pve_sdn import PveEvpnZone, UnmanagedController

_PUT_A_MEMBER = "name one of them instead in PVE, or remove the zone: without nodes it would be on all of them"


def check(given: DesignInput) -> Iterator[Finding]:
    """A cluster without members; names that are not members; VNets outside their zone.

    In PVE's own definitions it is a warning: PVE skips such a name.
    """
    if not given.cluster.members:
        yield error("cluster", "has no members", "ask a node of the cluster, or take the snapshot again")
        return
    members = {member.name for member in given.cluster.members}
    for defined, name, of, fitting, taken in _named(given, members):
        if name not in members:
            what = f"{of} names '{name}', which is not a member of the cluster"
            near = nearest(name, fitting, taken=taken)
            meant = f"did you mean '{near}'? Members" if near else "members"
            yield error(defined.at(of, name), what, f"{meant} are {listed(members)}")
    alone = {zone.id for zone in given.sdn.pve.zones if zone.nodes and not zone.nodes & members}
    for defined, name, of in _named_in_pve(given):
        if name not in members:
            what = f"{of} names '{name}', which is not a member of the cluster"
            is_whole_zone = of == "nodes" and defined.where.kind == "zone" and defined.where.id in alone
            # A controller without its node is none.
            cure = _PUT_A_MEMBER if is_whole_zone else f"remove {'the controller' if of == 'node' else 'it'} in PVE"
            yield warning(defined.at(of, name), what, absent(name, members, f"members are {listed(members)}; {cure}"))
    yield from _exits_beside(given, members)
    yield from _vnets_outside(given, members)


def named_nodes(given: DesignInput) -> frozenset[str]:
    """Every node that the definitions of either source name."""
    ours = frozenset(name for _, name, *_ in _named(given, set()))
    return ours | {name for _, name, _ in _named_in_pve(given)}


_Named = tuple[Defined, str, str, Collection[str], Collection[str]]
"""A node's name in pvesdn.cfg: its object, the name, the property, the members that would do in its place, and those
that are taken.
"""


def _named(given: DesignInput, members: set[str]) -> Iterator[_Named]:
    """Every node name in pvesdn.cfg."""
    own = given.sdn.own
    if own.underlay is not None:
        named = [name for name, _ in own.underlay.vteps]
        yield from ((own.underlay, name, "vteps", members, named) for name in named)
    homes = {zone.id: zone_nodes(zone, given.cluster) for zone in own.zones}
    for zone in own.zones:
        # Those of a zone that carries one of PVE's are PVE's.
        nodes = (zone.nodes or frozenset()) if zone.carries is None else frozenset()
        yield from ((zone, name, "nodes", members, nodes) for name in sorted(nodes))
    for vnet in own.vnets:
        nodes, home = vnet.nodes or frozenset(), homes.get(vnet.zone, frozenset())
        yield from ((vnet, name, "nodes", home, nodes) for name in sorted(nodes))
    for uplink in own.exits:
        used = {other.node for other in own.exits if other.zone == uplink.zone}
        yield uplink, uplink.node, "node", homes.get(uplink.zone, frozenset(members)), used
    for controller in own.controllers:
        names = [word for word in controller.route_reflectors or () if isinstance(word, str)]
        of = "route-reflectors"
        yield from ((controller, name, of, members, names) for name in names)


def _named_in_pve(given: DesignInput) -> Iterator[tuple[Defined, str, str]]:
    """Every node name in PVE's own definitions; PVE does not check them against the membership (docs/pve.md §9)."""
    pve = given.sdn.pve
    for zone in pve.zones:
        yield from ((zone, name, "nodes") for name in sorted(zone.nodes or ()))
        if isinstance(zone, PveEvpnZone):
            yield from ((zone, name, "exitnodes") for name in sorted(zone.exit_nodes))
            if zone.primary_exit_node is not None:
                yield zone, zone.primary_exit_node, "exitnodes-primary"
    for controller in pve.controllers:
        if (
            isinstance(controller, PveBgpController | PveIsisController | UnmanagedController)
            and controller.node is not None
        ):
            yield controller, controller.node, "node"
        if isinstance(controller, UnmanagedController):
            yield from ((controller, name, "nodes") for name in sorted(controller.nodes or ()))
    for fabric in pve.fabrics:
        nodes = fabric.nodes if isinstance(fabric, UnmanagedFabric) else [member.node for member in fabric.members]
        yield from ((fabric, name, "a node section") for name in sorted(nodes))


def _exits_beside(given: DesignInput, members: set[str]) -> Iterator[Finding]:
    """Exit nodes of PVE's that are none, though they are members: PVE accepts that, and hardly anybody means it."""
    for zone in given.sdn.pve.zones:
        if not isinstance(zone, PveEvpnZone):
            continue
        exits, primary = zone.exit_nodes, zone.primary_exit_node
        if primary in members and primary not in exits:
            what = f"exitnodes-primary '{primary}' is not one of the exitnodes"
            yield warning(zone.at("exitnodes-primary", primary), what, "add it to exitnodes")
        if exits and zone.nodes and (outside := sorted((exits & members) - zone.nodes)):
            what = f"exitnodes lists {', '.join(outside)}, outside the zone's nodes"
            yield warning(zone.at("exitnodes", outside[0]), what, "add them to nodes")


def _vnets_outside(given: DesignInput, members: set[str]) -> Iterator[Finding]:
    zones = {zone.id: zone for zone in given.sdn.own.zones}
    for vnet in given.sdn.own.vnets:
        zone = zones.get(vnet.zone)
        if vnet.nodes is None or zone is None:
            continue
        outside = (vnet.nodes & members) - zone_nodes(zone, given.cluster)
        if outside:
            what = f"nodes names {listed(outside)}, where zone '{zone.id}' is not"
            place = vnet.at("nodes", min(outside))
            yield error(place, what, "add the nodes to the zone, or remove them here")
