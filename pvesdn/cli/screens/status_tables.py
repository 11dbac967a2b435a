"""The zones and the nodes of `pvesdn status`: a row each, as long as they fit the screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from pvesdn.cli.screens.screen import Line, Span, Style, counted
from pvesdn.cli.screens.tables import clipped, table
from pvesdn.model.ranges import by_number, ranges
from pvesdn.model.status import ClusterStatus, Drift, Health, NodeStatus, Share, ToDo, ZoneStatus

_ZONES, _NODES = 20, 16
"""Rows of each kind that fit one screen."""
_REASONS = 5
"""As many rows of each kind have a line that says why."""
_FLEXIBLE = {"zone": (1, 2), "node": (1, 2, 5, 6, 7)}
"""Columns that may be shortened: names, kinds, VTEPs, and of a node also how an apply ended, drift and the plan."""
_NAMES = (1,)
_INDENT = 6
WORDS = {
    Health.BAD: Span("BAD", Style.ERROR),
    Health.UNREACHABLE: Span("no answer", Style.ERROR),
    Health.OFF: Span("off", Style.WARNING),
    Health.WARNING: Span("warning", Style.WARNING),
    Health.UNCHECKED: Span("unchecked", Style.WARNING),
    Health.OK: Span("ok", Style.GOOD),
}
"""What is said of each, so that no colour is needed."""
_WORST_FIRST = list(Health)
_UNKNOWN, _NOTHING = "?", "-"


@dataclass(frozen=True, slots=True)
class _Row:
    """:param first: why it is not ok, in one line. :param weight: how many zones or nodes it is about."""

    health: Health
    cells: tuple[str, ...]
    first: str
    weight: int = 1


def zone_lines(status: ClusterStatus, width: int | None) -> Iterator[Line]:
    """A row for each zone."""
    rows = [
        _Row(
            zone.health,
            (zone.id, zone.what, _looked_at(zone), str(zone.vnets), _or_unknown(zone.guests)),
            zone.first,
        )
        for zone in status.zones
    ]
    most = len(rows) if status.is_part else _ZONES
    yield from _rows(("zone", "kind", "nodes", "VNets", "guests"), rows, most, width, "zone")


def node_lines(status: ClusterStatus, width: int | None) -> Iterator[Line]:
    """A row for each node; where there are many, for all that are alike."""
    nodes = sorted(status.nodes, key=lambda node: by_number(node.name))
    groups = [[node] for node in nodes]
    if len(nodes) > _NODES and not status.is_part:
        groups = list(_alike(nodes))
    has_history = status.beside.history is not None
    rows = [
        _Row(group[0].health, _node(group, has_history=has_history, can_plan=status.changes is not None), _why(group), len(group))
        for group in groups
    ]  # fmt: skip
    # What stands above need not be read twice, and what is wrong in the same way neither.
    told = {_anywhere(zone.first) for zone in status.zones}
    rows = [replace(row, first="") if _is_told(row.first, told) else row for row in rows]
    most = len(rows) if status.is_part else _NODES
    yield from _rows(("node", "VTEP", "BGP", "VNIs", "applied", "drift", "plan"), rows, most, width, "node")


def _rows(head: tuple[str, ...], rows: Sequence[_Row], most: int, width: int | None, noun: str) -> Iterator[Line]:
    """The rows in their order; where there are too many, the worst of them."""
    if not rows:
        return
    shown = list(rows)
    if len(rows) > most:
        shown = sorted(rows, key=lambda row: _WORST_FIRST.index(row.health))[:most]
    left = [row for row in rows if not any(row is kept for kept in shown)]
    words = [WORDS[row.health] for row in shown]
    header, *lines = table(
        [("", *head), *((word.text, *row.cells) for word, row in zip(words, shown, strict=True))],
        width,
        flexible=_FLEXIBLE[noun],
        names=_NAMES,
        styles=[Style.PLAIN, *(word.style for word in words)],
    )
    yield ()
    yield (Span("".join(part if isinstance(part, str) else part.text for part in header), Style.STRONG),)
    told: list[str] = []
    for first, run in groupby(zip(shown, lines, strict=True), lambda pair: pair[0].first):
        alike = [line for _, line in run]
        yield from alike
        if not first:
            continue
        of_all = f"these {len(alike)}: " if len(alike) > 1 else ""
        if first not in told:
            told.append(first)
        if first in told[:_REASONS]:
            yield " " * _INDENT, clipped(of_all + first, None if width is None else width - _INDENT)
    unsaid = {_anywhere(row.first) for row in rows if row.first} - {_anywhere(first) for first in told[:_REASONS]}
    if unsaid:
        yield (f"  {counted(len(unsaid), 'more reason')} left out: pvesdn verify tells all of them",)
    if left:
        yield (f"  {_left(left, noun)}",)
    if any(_UNKNOWN in row.cells for row in shown):
        yield (f"  {_UNKNOWN}: not known",)


def _left(left: Sequence[_Row], noun: str) -> str:
    """What does not fit, by how it is doing, and how to see it."""
    total = Counter[Health]()
    for row in left:
        total[row.health] += row.weight
    number = sum(total.values())
    found = ", ".join(f"{total[health]} {WORDS[health].text}" for health in _WORST_FIRST if total[health])
    how = f"all {WORDS[next(iter(total))].text}" if len(total) == 1 and number > 1 else found
    return f"and {counted(number, noun)} more, {how}: pvesdn status --{noun} {noun.upper()}"


def _alike(nodes: Sequence[NodeStatus]) -> Iterator[list[NodeStatus]]:
    """Nodes that follow each other and are alike, together."""
    for _, run in groupby(nodes, lambda node: replace(node, name="", vteps=(), first=_reason(node))):
        yield list(run)


def _reason(node: NodeStatus) -> str:
    """Why a node is not ok, without its name."""
    return node.first.removeprefix(f"{node.name}: ")


def _why(group: Sequence[NodeStatus]) -> str:
    """What a word does not say. Of a node that is off it says everything."""
    reason = _reason(group[0])
    if group[0].health is Health.OFF or not reason:
        return ""
    return f"{ranges(node.name for node in group)}: {reason}"


def _anywhere(first: str) -> str:
    """A reason without the nodes it begins with."""
    return first.partition(": ")[2]


def _is_told(first: str, told: set[str]) -> bool:
    """Whether it stands above already; from now on it does."""
    reason = _anywhere(first)
    is_told = reason in told
    told.add(reason)
    return is_told


def _node(group: Sequence[NodeStatus], *, has_history: bool, can_plan: bool) -> tuple[str, ...]:
    node = group[0]
    is_known = node.drift is not None
    applied = f"{node.last_apply.number} {node.last_apply.what}" if node.last_apply is not None else _NOTHING
    return (
        ranges(one.name for one in group),
        ranges(str(vtep) for one in group for vtep in one.vteps) or _NOTHING,
        _share(node.sessions),
        _share(node.vnis),
        applied if has_history else _UNKNOWN,
        _UNKNOWN if node.drift is None else _drift(node.drift),
        _to_do(node.to_do) if is_known and can_plan else _UNKNOWN,
    )


def _looked_at(zone: ZoneStatus) -> str:
    """How many nodes it has, and where it was not looked at on all of them, on how many it was."""
    number, seen = len(zone.nodes), len(zone.seen)
    return str(number) if seen == number else f"{seen} of {number}"


def _or_unknown(number: int | None) -> str:
    return _UNKNOWN if number is None else str(number)


def _share(share: Share | None) -> str:
    if share is None:
        return _UNKNOWN
    return f"{share.up}/{share.all}" if share.all else _NOTHING


def _drift(drift: Drift) -> str:
    told = [counted(drift.files, "file")] if drift.files else []
    told += [counted(drift.devices, "device")] if drift.devices else []
    return ", ".join(told) or _NOTHING


def _to_do(to_do: ToDo | None) -> str:
    if to_do is None:
        return _NOTHING
    if to_do.is_blocked:
        return "blocked"
    signs = (("+", to_do.add), ("~", to_do.change), ("-/+", to_do.replace), ("-", to_do.remove))
    return " ".join(f"{sign}{number}" for sign, number in signs if number) or "files"
