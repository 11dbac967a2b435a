"""verify: is the network what the definitions say? Reads, designs, compares; changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from pvesdn.compare.drift import edited, file_discrepancies, pve_discrepancies, unplannable, unsourced
from pvesdn.compare.live import checks
from pvesdn.compare.live_dhcp import dhcp_checks
from pvesdn.compare.live_guests import guest_checks
from pvesdn.compare.live_paths import WHAT
from pvesdn.compare.live_routes import route_checks
from pvesdn.compare.live_view import ClusterView, NodeView
from pvesdn.compare.live_vrrp import vrrp_checks
from pvesdn.compare.pending_zones import pending_zones
from pvesdn.compare.uncarried import uncarried
from pvesdn.decode.definitions.sdn_files import read_sdn
from pvesdn.errors import ApiUnavailable, NodeError, NodeUnreachable
from pvesdn.model.files import OUR_INTERFACES, SDN_INTERFACES, NodeChanges, PendingChange
from pvesdn.model.findings import Finding, Severity
from pvesdn.model.snapshot import Snapshot
from pvesdn.model.verification import Discrepancy, NotChecked, Verification, ZoneVerdict, in_order
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.further import Further
from pvesdn.workflows.look import LookedAt, Looker, not_seen
from pvesdn.workflows.plan import plan_nodes
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.understand import Understanding, understand
from pvesdn.workflows.world import World

_NO_PACKETS = "nothing can be sent from a snapshot"

LookFurther = Callable[[ClusterView, Sequence[Discrepancy]], Further]
"""What is done once the nodes have been looked at, with what was found there."""

_PAUSE = 1.0
"""Seconds between two looks."""


def verify(snapshot: Snapshot, renderer: Renderer) -> Verification:
    """Hold every node that answered against the definitions: PVE's as they are committed, and pvesdn.cfg.

    :param snapshot: with the nodes' live state; what is missing from it is not checked, and the result says so.
    :raises PvesdnError: see `understand`.
    """
    return verify_understood(understand(snapshot, intent="running"), renderer)


def verify_understood(
    known: Understanding,
    renderer: Renderer,
    *,
    only: frozenset[str] | None = None,
    zone: str | None = None,
    further: LookFurther | None = None,
) -> Verification:
    """The same for a snapshot that is already understood, with PVE's committed definitions.

    :param only: only these nodes; None for all.
    :param zone: only what this zone's guests may notice; None for all.
    :param further: what to try between the nodes; None where there is only a snapshot.
    """
    return look_over(known, renderer, only=only, zone=zone, further=further).verification


@dataclass(frozen=True, slots=True)
class LookedOver:
    """A verification, and what it was made from. :param cluster: all nodes that answered."""

    verification: Verification
    cluster: ClusterView


def look_over(
    known: Understanding,
    renderer: Renderer,
    *,
    only: frozenset[str] | None = None,
    zone: str | None = None,
    further: LookFurther | None = None,
) -> LookedOver:
    """The same as `verify_understood`, with the nodes that were looked at."""
    (pending, of_zones), looker = pending_in_pve(known), Looker(known)
    nodes, unreachable = _look(known, renderer, looker)
    wanted = {name: node for name, node in nodes.items() if only is None or name in only}
    cluster = looker.together({name: node.at for name, node in nodes.items()})
    changing = {name for name, node in nodes.items() if node.has_new_interfaces}
    found = [*pve_discrepancies(pending, known.running, of_zones, changing), *unplannable(known.found)]
    unmanaged = known.given.sdn.pve.unmanaged_zones
    unseen_by = [NotChecked("", f"zone {zone.id}", zone.reason, (zone.id,)) for zone in unmanaged]
    unseen_by += looker.left_to_pve()
    for node in wanted.values():
        found += _of_files(known, node, has_pending=bool(pending))
        found += looker.found_on(node.at, cluster)
        unseen_by += not_seen(node.at.view)
    beyond = _no_further(found) if further is None else further(cluster, found)
    counted = {name: _counted(node.at.view) + _of_paths(beyond, name) for name, node in wanted.items()}
    zones = None if zone is None else _of_one_network(known, zone)
    kept = in_order(item for item in beyond.found if zones is None or any(map(item.concerns, zones)))
    verification = Verification(
        discrepancies=kept,
        not_checked=(*beyond.not_checked, *unseen_by),
        zones=_zone_verdicts(kept, counted, zones),
        nodes=tuple(wanted),
        unreachable={name: why for name, why in unreachable.items() if only is None or name in only},
        offline=tuple(name for name in sorted(cluster.off) if only is None or name in only),
    )
    return LookedOver(verification, cluster)


@dataclass(frozen=True, slots=True)
class _Node:
    """One node that answered.

    :param edits: where somebody has edited PVE's file.
    """

    at: LookedAt
    changes: NodeChanges
    edits: tuple[Finding, ...]

    @property
    def has_new_interfaces(self) -> bool:
        """An apply would write our interfaces there."""
        return any(change.path == OUR_INTERFACES for change in self.changes.files)


def _look(known: Understanding, renderer: Renderer, looker: Looker) -> tuple[dict[str, _Node], dict[str, str]]:
    """Every node that answered, and the reason for each that did not."""
    unreachable = known.unanswered
    nodes = {}
    for planned in plan_nodes(known, renderer):
        name = planned.changes.node
        try:
            nodes[name] = _Node(looker.at(planned.design, planned.changes), planned.changes, planned.edits)
        except NodeError as error:
            unreachable[name] = str(error)
    return nodes, unreachable


def _counted(view: NodeView) -> Counter[str]:
    return Counter(chain(checks(view), guest_checks(view), dhcp_checks(view), route_checks(view), vrrp_checks(view)))


def _no_further(found: Sequence[Discrepancy]) -> Further:
    return Further(tuple(found), (NotChecked("", WHAT, _NO_PACKETS),))


def _of_paths(beyond: Further, node: str) -> Counter[str]:
    """How many ways were tried from a node, by zone."""
    return Counter({zone: number for (source, zone), number in beyond.checks.items() if source == node})


def verify_within(world: World, seconds: float, look: Callable[[Snapshot], Verification]) -> Verification:
    """The first look that finds nothing bad, or the last one within that time; at least one.

    After a reload sessions and routes take a few seconds to be there again, and while the network settles the cluster
    itself may not answer for a moment.

    :param look: what a snapshot shows.
    :raises PvesdnError: the cluster could still not be reached at the end, or what else reading it or `look` raises.
    """
    end = world.clock.monotonic() + seconds
    while True:
        try:
            found = look(read_cluster(world, has_state=True))
        except (ApiUnavailable, NodeUnreachable):
            if (left := end - world.clock.monotonic()) <= 0:
                raise
        else:
            left = end - world.clock.monotonic()
            if found.is_good or left <= 0:
                return found
        world.clock.sleep(min(_PAUSE, left))


def zone_ids(known: Understanding) -> frozenset[str]:
    """Every zone that is defined."""
    return frozenset(zone.id for zone in known.given.sdn.both.zones)


def undone_ids(known: Understanding, wanted: Snapshot) -> tuple[frozenset[str], frozenset[str]]:
    """Zones and VNets that are only drawn or edited, and nobody has applied.

    :param wanted: with all definitions as they are in the files.
    """
    drawn, there = read_sdn(wanted.pve_files, intent="pending").config.both, known.given.sdn.both
    zones, vnets = {zone.id for zone in drawn.zones}, {vnet.id for vnet in drawn.vnets}
    return frozenset(zones - zone_ids(known)), frozenset(vnets - {vnet.id for vnet in there.vnets})


def pending_in_pve(known: Understanding) -> tuple[tuple[PendingChange, ...], tuple[str, ...]]:
    """PVE's definitions that nobody has applied, and whose they are; those that cannot be read are for plan to tell."""
    if not known.given.capabilities.has_sdn:
        return (), ()
    drawn = read_sdn(known.snapshot.pve_files, intent="pending")
    return drawn.pending, pending_zones(drawn.pending, (known.given.sdn.pve, drawn.config.pve))


def _of_files(known: Understanding, node: _Node, *, has_pending: bool) -> Iterator[Discrepancy]:
    name, view = node.changes.node, node.at.view
    yield from file_discrepancies(node.changes, known.records[name], view)
    used = {device.file for device in view.expected.devices}
    used |= {SDN_INTERFACES for device in view.expected.devices if device.name in node.at.around.halves}
    yield from unsourced(name, known.given.facts[name], used)
    yield from uncarried(known.given, known.given.facts[name], node.changes, known.guest_names)
    if not has_pending:  # PVE's file is part of the plan then
        yield from edited(node.edits)


def zone_of_devices(known: Understanding, zone: str | None) -> str | None:
    """The zone that has a zone's devices: of one of PVE's that is carried the one that carries it, else itself."""
    carrier = known.given.sdn.own.carriers.get(zone or "")
    return zone if carrier is None else carrier.id


def _of_one_network(known: Understanding, zone: str) -> frozenset[str]:
    """A zone, with what carries it and what it carries: whoever asks for one name means what the nodes have."""
    carrier = zone_of_devices(known, zone)
    homes = (own.carries for own in known.given.sdn.own.zones if own.id == carrier)
    return frozenset(filter(None, (zone, carrier, *homes)))


def _zone_verdicts(
    found: Collection[Discrepancy], counted: Mapping[str, Counter[str]], zones: frozenset[str] | None
) -> tuple[ZoneVerdict, ...]:
    every = {name for checked in counted.values() for name in checked if name}
    names = sorted(every if zones is None else every & zones)
    return tuple(_verdict(name, found, counted) for name in names)


def _verdict(zone: str, found: Collection[Discrepancy], counted: Mapping[str, Counter[str]]) -> ZoneVerdict:
    nodes = tuple(node for node, checked in counted.items() if checked[zone])
    of_it = [item for item in found if item.concerns(zone) and (item.zones or item.node in nodes)]
    return ZoneVerdict(
        zone=zone,
        nodes=nodes,
        checks=sum(checked[zone] for checked in counted.values()),
        bad=sum(item.severity is Severity.ERROR for item in of_it),
        warnings=sum(item.severity is Severity.WARNING for item in of_it),
    )
