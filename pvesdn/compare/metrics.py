"""Metrics of one look: what a status has put together, as samples. Nothing is judged here, and nothing looked at anew.

What was not seen has no sample: zero means that there is none, and one that it is so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pvesdn import __version__
from pvesdn.compare.metrics_of_node import node_values, vni_values
from pvesdn.compare.status import Parts
from pvesdn.design.shared.kinds import kind_of
from pvesdn.model import metrics as m
from pvesdn.model.findings import Severity
from pvesdn.model.history import Ending, Entry
from pvesdn.model.metrics import Family, Metric, Sample
from pvesdn.model.status import Beside, ClusterStatus, Health, Share, ZoneStatus

_WEIGHTS = (Severity.ERROR, Severity.WARNING)
_OF_ZONES = (Health.BAD, Health.WARNING, Health.UNCHECKED, Health.OK)
_GOOD = frozenset({Ending.DONE, Ending.CONFIRMED, Ending.INCOMPLETE, Ending.REHEARSED, Ending.ROLLED_BACK})
"""A run that was rehearsed or put back by a person has ended as it was meant to."""

Value = tuple[Metric, tuple[str, ...], float | None]
"""A metric, its labels, and the value; None for what is not known."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One look.

    :param parts: what `status` is put together from.
    :param began: Unix time; None for a snapshot, as is `seconds`, which is how long it took.
    :param paths: ways that were tried from each node: `up` those without a finding; empty where none was tried.
    """

    parts: Parts
    status: ClusterStatus
    began: float | None
    seconds: float | None
    paths: Mapping[str, Share] = field(default_factory=dict)


def metrics(seen: Seen) -> tuple[Family, ...]:
    """All that a look has shown, in the order of `METRICS`."""
    views = seen.parts.cluster.nodes
    of_vnis = [value for view in views.values() for value in vni_values(view) if value[2] is not None]
    left_out = len(of_vnis) if len(of_vnis) > m.MOST_OF_VNIS else 0
    return _families(
        (
            *_of_run(seen, left_out),
            *_of_cluster(seen),
            *(value for zone in seen.status.zones for value in _of_zone(zone, seen)),
            *_vni_infos(seen),
            *(value for node in seen.status.nodes for value in node_values(node, seen.parts, seen.paths)),
            *(() if left_out else of_vnis),
        )
    )


def unknown() -> tuple[Family, ...]:
    """What is told where nothing could be looked at."""
    return _families(((m.BUILD, (__version__,), 1.0), (m.UP, (), 0.0)))


def _families(values: Iterable[Value]) -> tuple[Family, ...]:
    found: dict[str, dict[tuple[str, ...], Sample]] = {}
    for metric, labels, value in values:
        if value is not None:
            found.setdefault(metric.name, {})[labels] = Sample(labels, value)
    return tuple(Family(metric, tuple(found[metric.name].values())) for metric in m.METRICS if metric.name in found)


def _of_run(seen: Seen, left_out: int) -> Iterator[Value]:
    yield m.BUILD, (__version__,), 1.0
    yield m.UP, (), 1.0
    yield m.LOOKED_AT, (), seen.began
    yield m.LASTED, (), seen.seconds
    yield m.LEFT_OUT, (), float(left_out)


def _of_cluster(seen: Seen) -> Iterator[Value]:
    status, found = seen.status, seen.status.verification
    id_ = (f"cluster/{status.name}",)
    yield m.CLUSTER_INFO, (*id_, status.pve_version), 1.0
    yield m.QUORATE, id_, _flag(status.is_quorate)
    yield m.MEMBERS, id_, float(status.members)
    yield m.ONLINE, id_, float(status.online)
    if found.nodes:
        yield from ((m.FINDINGS, (*id_, weight.value), float(found.count(weight))) for weight in _WEIGHTS)
        yield m.NOT_CHECKED, id_, float(len(found.not_checked))
    beside = status.beside
    yield m.OPEN_APPLIES, id_, _open(beside)
    yield m.SDN_LOCKED, id_, _flag(beside.is_sdn_locked)
    yield m.OWN_DIFFERS, id_, _flag(status.own_differs)
    yield m.PLANNED, id_, _flag(status.changes is not None)
    yield m.PVE_PENDING, id_, float(len(seen.parts.pending))
    yield m.UNCARRIED, id_, float(len(status.uncarried)) if found.nodes else None
    if status.last_apply is not None:
        yield from _of_apply(status.last_apply, id_)


def _open(beside: Beside) -> float | None:
    """That there is none is known only where every member has told."""
    is_known = bool(beside.open) or (beside.open is not None and not beside.untold)
    return float(len(beside.open or ())) if is_known else None


def _of_apply(entry: Entry, id_: tuple[str, ...]) -> Iterator[Value]:
    yield m.APPLY_INFO, (*id_, entry.ending.value), 1.0
    yield m.APPLY_NUMBER, id_, float(entry.number)
    yield m.APPLY_TIME, id_, _moment(entry.ended or entry.began)
    yield m.APPLY_GOOD, id_, None if entry.ending is Ending.OPEN else _flag(entry.ending in _GOOD)


def _moment(text: str) -> float | None:
    """Unix time; None for a day that no calendar has, which the history's file may name."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


def _of_zone(row: ZoneStatus, seen: Seen) -> Iterator[Value]:
    zone = next(zone for zone in seen.parts.given.sdn.both.zones if zone.id == row.id)
    yield m.ZONE_INFO, (row.id, kind_of(zone), row.source), 1.0
    for health in _OF_ZONES:
        yield m.ZONE_HEALTH, (row.id, health.value), float(health is row.health)
    yield m.ZONE_NODES, (row.id,), float(len(row.nodes))
    yield m.ZONE_SEEN, (row.id,), float(len(row.seen))
    yield m.ZONE_VNETS, (row.id,), float(row.vnets)
    yield m.ZONE_GUESTS, (row.id,), None if row.guests is None else float(row.guests)
    if row.health is not Health.UNCHECKED:
        yield m.ZONE_FINDINGS, (row.id, Severity.ERROR.value), float(row.bad)
        yield m.ZONE_FINDINGS, (row.id, Severity.WARNING.value), float(row.warnings)


def _vni_infos(seen: Seen) -> Iterator[Value]:
    """Each VNI with its device once, whichever nodes have it."""
    vnets = {vnet.id: vnet for vnet in seen.parts.given.sdn.both.vnets}
    for view in seen.parts.cluster.nodes.values():
        for device in view.expected.devices:
            if device.kind != "vxlan" or device.vni is None:
                continue
            vnet = vnets.get(device.master or "")
            name, alias = ("", "") if vnet is None else (vnet.id, vnet.alias or "")
            zone = view.zones.get(device.name, "" if vnet is None else vnet.zone)
            yield m.VNI_INFO, (str(device.vni), device.name, name, zone, alias), 1.0


def _flag(value: bool | None) -> float | None:  # noqa: FBT001 - it is the value
    return None if value is None else float(value)
