"""Zones, nodes and findings put together: from what a plan and a verification have found to a `ClusterStatus`.

Nothing is judged here: whatever is bad has been found by what `verify` does, and what differs by what `plan` does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from pvesdn.compare.in_force import entry_in_force, own_differs
from pvesdn.compare.live_view import ClusterView
from pvesdn.compare.status_of_node import drift, last_apply, sessions, to_do, vnis
from pvesdn.compare.uncarried import LACKS
from pvesdn.design.shared.kinds import kind_of
from pvesdn.model.cluster import Vtep
from pvesdn.model.design import DesignInput
from pvesdn.model.files import ChangeSet, PendingChange
from pvesdn.model.findings import Severity
from pvesdn.model.guests import ports_by_bridge
from pvesdn.model.own_sdn import OwnSdn
from pvesdn.model.primitives import IpAddress
from pvesdn.model.pve_sdn import UnmanagedZone
from pvesdn.model.ranges import ranges
from pvesdn.model.sdn import Zone
from pvesdn.model.status import (
    Beside,
    ClusterStatus,
    Health,
    NodeStatus,
    ZoneStatus,
)
from pvesdn.model.verification import Discrepancy, NotChecked, Verification

_OF_PVES_SDN = "libpve-network-perl"
_OFF = "off, as the cluster says"
_NO_NODE = "no node of it was looked at"
_NOTHING_THERE = "there is nothing of it to look at yet: no VNet or exit of it is on the nodes that were looked at"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which zones and nodes a person wants to see; None for all."""

    zones: frozenset[str] | None = None
    nodes: frozenset[str] | None = None

    def has_zone(self, name: str, nodes: Collection[str]) -> bool:
        """Whether a zone with these nodes is wanted."""
        return (self.zones is None or name in self.zones) and (self.nodes is None or bool(self.nodes & set(nodes)))

    def has_node(self, name: str, zones: Collection[str]) -> bool:
        """Whether a node with these zones is wanted."""
        return (self.nodes is None or name in self.nodes) and (self.zones is None or bool(self.zones & set(zones)))


@dataclass(frozen=True, slots=True)
class Parts:
    """What a status is put together from.

    :param verification: of all zones, on the nodes that were asked for.
    :param cluster: all nodes that answered.
    :param changes: of the nodes that were asked for; None where it cannot be planned, and `no_plan` says why.
    :param is_quorate: the cluster has a quorum.
    :param pending: PVE's definitions that nobody has applied, also where nothing can be planned.
    """

    given: DesignInput
    vteps: Mapping[str, Vtep]
    verification: Verification
    cluster: ClusterView
    changes: ChangeSet | None
    no_plan: tuple[str, ...] = ()
    beside: Beside = field(default_factory=Beside)
    is_quorate: bool = True
    pending: tuple[PendingChange, ...] = ()


def cluster_status(parts: Parts, asked: Asked) -> ClusterStatus:
    """How the cluster is doing."""
    given = parts.given
    zones = {zone.id: zone for zone in given.sdn.both.zones}
    where = {name: tuple(sorted(given.cluster.among(zone.nodes))) for name, zone in zones.items()}
    on_node = {name: [zone for zone in zones if name in where[zone]] for name in _members(parts)}
    shown = [name for name, of_it in on_node.items() if asked.has_node(name, of_it)]
    empty = {name for name in asked.zones or () if _is_empty(zones[name], given)}
    without = [node for node in shown if empty & set(on_node[node])]
    verification = narrowed(parts.verification, _with_carriers(given, asked.zones), shown, without)
    entries = () if parts.beside.history is None else parts.beside.history.entries
    in_force = entry_in_force(parts.beside)
    return ClusterStatus(
        name=given.cluster.name,
        pve_version=given.cluster.pve_version,
        members=len(given.cluster.members),
        online=sum(member.is_online for member in given.cluster.members),
        is_quorate=parts.is_quorate,
        verification=verification,
        packages=_packages(given),
        beside=parts.beside,
        last_apply=entries[-1] if entries else None,
        in_force=None if in_force is None else in_force.number,
        own_differs=own_differs(parts.beside, parts.changes, is_whole=asked.nodes is None),
        uncarried=_uncarried(parts, verification),
        zones=tuple(
            _zone(zone, where[name], parts, verification)
            for name, zone in zones.items()
            if asked.has_zone(name, where[name])
        ),
        nodes=tuple(_node(name, parts, verification) for name in shown),
        changes=parts.changes,
        no_plan=parts.no_plan,
        only_zones=tuple(sorted(asked.zones or ())),
        only_nodes=tuple(sorted(asked.nodes or ())),
    )


def _with_carriers(given: DesignInput, zones: frozenset[str] | None) -> frozenset[str] | None:
    """With those that carry one of these: on the nodes there is nothing else of a zone that is carried."""
    return zones and zones | {ours.id for ours in given.sdn.own.zones if ours.carries in zones}


def narrowed(
    verification: Verification, zones: frozenset[str] | None, nodes: Collection[str], empty: Collection[str] = ()
) -> Verification:
    """What the guests of these zones may notice; all of it for None. Looked at are then nodes with something of them.

    :param nodes: those that have one of the zones.
    :param empty: those of them that have one of which nothing is to be there.
    """
    if zones is None:
        return verification

    def is_theirs(item: Discrepancy | NotChecked) -> bool:
        return item.node in {"", *nodes} and any(item.concerns(zone) for zone in zones)

    found = tuple(filter(is_theirs, verification.discrepancies))
    verdicts = tuple(verdict for verdict in verification.zones if verdict.zone in zones)
    seen = {*empty, *(node for verdict in verdicts for node in verdict.nodes), *(item.node for item in found)}
    return replace(
        verification,
        discrepancies=found,
        not_checked=tuple(filter(is_theirs, verification.not_checked)),
        zones=verdicts,
        nodes=tuple(node for node in verification.nodes if node in seen),
        unreachable={node: why for node, why in verification.unreachable.items() if node in nodes},
        offline=tuple(node for node in verification.offline if node in nodes),
    )


def described(zone: Zone, own: OwnSdn) -> str:
    """A zone's kind, and what it carries or is carried by, in words."""
    carries, carrier = next((ours.carries for ours in own.zones if ours.id == zone.id), None), _carrier(zone, own)
    return kind_of(zone) + (f", carries {carries}" if carries else f", carried by {carrier}" if carrier else "")


def _carrier(zone: Zone, own: OwnSdn) -> str | None:
    carrier = own.carriers.get(zone.id)
    return None if carrier is None else carrier.id


def in_a_line(found: Discrepancy) -> str:
    """A finding in one line: where, what, what was found and what was expected."""
    where = f"{found.node}: " if found.node else ""
    trait = f", {found.trait}" if found.trait else ""
    return f"{where}{found.object}{trait}: found {found.found}, expected {found.expected}"


def _members(parts: Parts) -> list[str]:
    return sorted({*(member.name for member in parts.given.cluster.members), *parts.cluster.nodes})


def _packages(given: DesignInput) -> dict[str, str]:
    found = {node: facts.versions.get(_OF_PVES_SDN, "") for node, facts in sorted(given.facts.items())}
    known = {node: version for node, version in found.items() if version}
    return known if len(set(known.values())) > 1 else {}


def _uncarried(parts: Parts, verification: Verification) -> tuple[str, ...]:
    drawn = {vnet.id for _, vnet in parts.given.sdn.drawn}
    return tuple(
        sorted({found.object for found in verification.discrepancies if found.object in drawn and found.trait in LACKS})
    )


def _zone(zone: Zone, nodes: tuple[str, ...], parts: Parts, verification: Verification) -> ZoneStatus:
    vnets = _vnets(zone, parts.given)
    carrier = _carrier(zone, parts.given.sdn.own) or zone.id
    looked_at = {zone.id, carrier}  # what carries a zone's VNets is all that there is of it on the nodes
    verdict = next((verdict for verdict in verification.zones if verdict.zone in looked_at), None)
    found = [
        item
        for item in verification.discrepancies
        if looked_at & set(item.zones)
        or (item.concerns(zone.id) and not item.zones and verdict is not None and item.node in verdict.nodes)
    ]
    seen = tuple(node for node in nodes if node in parts.verification.nodes)
    why = zone.reason if isinstance(zone, UnmanagedZone) else _NOTHING_THERE if seen else _NO_NODE
    is_empty = verdict is None and bool(seen) and _is_empty(zone, parts.given)
    is_unchecked = verdict is None and not is_empty
    health = _judged(found, is_unchecked=is_unchecked)
    doubt = "" if is_empty else _doubt(carrier, nodes, verification)
    return ZoneStatus(
        id=zone.id,
        what=described(zone, parts.given.sdn.own),
        source=zone.where.file,
        nodes=nodes,
        vnets=len(vnets),
        guests=_guests(parts.given, seen, vnets),
        seen=seen,
        health=Health.WARNING if doubt and health is Health.OK else health,
        bad=_count(found, Severity.ERROR),
        warnings=_count(found, Severity.WARNING),
        first=in_a_line(found[0]) if found else why if is_unchecked else doubt,
        is_empty=is_empty,
    )


def _vnets(zone: Zone, given: DesignInput) -> frozenset[str]:
    return frozenset(vnet.id for vnet in given.sdn.both.vnets if zone.id in {vnet.zone, vnet.drawn_in})


def _is_empty(zone: Zone, given: DesignInput) -> bool:
    """Whether nothing of it is to be on any node, so that there is nothing to look at."""
    if isinstance(zone, UnmanagedZone) or _vnets(zone, given):
        return False
    has_exit = any(exit_.zone == zone.id for exit_ in given.sdn.own.exits)  # it has the VRF without a VNet too
    return not has_exit and all(carrier.id != zone.id for carrier, _ in given.sdn.drawn)


def _doubt(zone: str, nodes: Collection[str], verification: Verification) -> str:
    """Why nobody knows whether all of a zone is well; empty where it was looked at on each of its nodes."""
    for node in nodes:
        if node in verification.unreachable:
            return f"{node}: {_not_reached(node, verification)}"
    unseen = [item for item in verification.not_checked if item.node in nodes and item.concerns(zone)]
    off = [node for node in nodes if node in verification.offline]
    return _not_seen(unseen) or (f"{ranges(off)}: {_OFF}" if off else "")


def _not_reached(node: str, verification: Verification) -> str:
    return verification.unreachable[node].removeprefix(f"{node}: ")


def _judged(found: Collection[Discrepancy], *, is_unchecked: bool) -> Health:
    if _count(found, Severity.ERROR):
        return Health.BAD
    if is_unchecked:
        return Health.UNCHECKED
    return Health.WARNING if _count(found, Severity.WARNING) else Health.OK


def _count(found: Iterable[Discrepancy], severity: Severity) -> int:
    return sum(item.severity is severity for item in found)


def _guests(given: DesignInput, nodes: Iterable[str], vnets: Collection[str]) -> int | None:
    known = [given.facts[node] for node in nodes if node in given.facts]
    if not known:
        return None
    ports = (ports for facts in known for bridge, ports in ports_by_bridge(facts.links).items() if bridge in vnets)
    return len({port.guest for group in ports for port in group})


def _node(name: str, parts: Parts, verification: Verification) -> NodeStatus:
    known = NodeStatus(name, Health.OK, vteps=_vteps(name, parts), last_apply=last_apply(name, parts.beside.history))
    if name in verification.offline:
        return replace(known, health=Health.OFF, first=_OFF)
    if name in verification.unreachable:
        return replace(known, health=Health.UNREACHABLE, first=_not_reached(name, verification))
    view = parts.cluster.nodes.get(name)
    if view is None:
        return replace(known, health=Health.UNCHECKED, first="it was not looked at")
    found = [item for item in verification.discrepancies if item.node == name]
    unseen = [item for item in verification.not_checked if item.node == name]
    health = _judged(found, is_unchecked=False)
    return replace(
        known,
        health=Health.WARNING if unseen and health is Health.OK else health,
        sessions=sessions(view, parts.cluster),
        vnis=vnis(view),
        drift=drift([item for item in parts.verification.discrepancies if item.node == name]),
        to_do=to_do(name, parts.changes),
        bad=_count(found, Severity.ERROR),
        warnings=_count(found, Severity.WARNING),
        first=in_a_line(found[0]) if found else _not_seen(unseen),
    )


def _not_seen(unseen: Collection[NotChecked]) -> str:
    return next((f"{item.node}: not checked: {item.what}: {item.why}" for item in unseen), "")


def _vteps(name: str, parts: Parts) -> tuple[IpAddress, ...]:
    view = parts.cluster.nodes.get(name)
    found = [] if view is None else [device.vtep for device in view.expected.devices if device.vtep is not None]
    chosen = parts.vteps.get(name)
    return tuple(dict.fromkeys([*([] if chosen is None else [chosen.address]), *found]))
