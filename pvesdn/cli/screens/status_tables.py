"""The zones and the nodes of `pvesdn status`: a row each, as long as they fit the screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from pvesdn.cli.screens.screen import Line, Span, Style, counted
from pvesdn.cli.screens.tables import clipped, table
from pvesdn.model.ranges import by_number, ranges
from pvesdn.model.status import ClusterStatus, Drift, Health, NodeStatus, Share, ToDo, ZoneStatus

MOST = 20, 16
"""Rows of zones and of nodes that fit one screen."""
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
    """One zone, or nodes that are alike.

    :param first: why it is not ok, in one line; empty where `see` says where that stands.
    :param weight: how many zones or nodes it is about.
    :param see: the row that has the reason.
    :param word: what is said of it; empty for the word of its health.
    """

    health: Health
    cells: tuple[str, ...]
    first: str
    weight: int = 1
    see: str = ""
    word: str = ""

    @property
    def said(self) -> Span:
        """What its first column says."""
        return Span(self.word, Style.FAINT) if self.word else WORDS[self.health]


def zone_lines(status: ClusterStatus, width: int | None, most: int) -> Iterator[Line]:
    """A row for each zone; `most` of them."""
    shown, left = _zone_rows(status, most)
    yield from _rows(("zone", "kind", "nodes", "VNets", "guests"), shown, left, width, "zone")


def _zone_rows(status: ClusterStatus, most: int) -> tuple[list[_Row], list[_Row]]:
    """See `_parted`."""
    rows = [
        _Row(
            zone.health,
            (zone.id, zone.what, _looked_at(zone), str(zone.vnets), _or_unknown(zone.guests)),
            zone.first,
            # Nothing of it is on the nodes, so nothing was looked at; that is as it should be.
            word="empty" if zone.health is Health.OK and zone.is_empty else "",
        )
        for zone in status.zones
    ]
    return _parted(rows, most, status)


def node_lines(status: ClusterStatus, width: int | None, most: tuple[int, int]) -> Iterator[Line]:
    """A row for each node; where there are many, for all that are alike.

    :param most: rows of zones and of nodes.
    """
    of_zones, of_nodes = most
    nodes = sorted(status.nodes, key=lambda node: by_number(node.name))
    groups = [[node] for node in nodes]
    if len(nodes) > of_nodes and not status.is_part:
        groups = list(_alike(nodes))
    has_history = status.beside.history is not None
    rows = [
        _Row(group[0].health, _node(group, has_history=has_history, can_plan=status.changes is not None), _why(group), len(group))
        for group in groups
    ]  # fmt: skip
    shown, left = _parted(rows, of_nodes, status)
    # What stands above need not be read twice, and what is wrong in the same way neither.
    rows = _pointed([*shown, *left], _said_of_zones(status, of_zones))
    shown, left = rows[: len(shown)], rows[len(shown) :]
    yield from _rows(("node", "VTEP", "BGP", "VNIs", "applied", "drift", "plan"), shown, left, width, "node")


def _parted(rows: list[_Row], most: int, status: ClusterStatus) -> tuple[list[_Row], list[_Row]]:
    """Those that are shown, and those that are left out: the rows in their order; where there are too many, the worst
    come first. What was asked for by name is shown whole.
    """
    if status.is_part or len(rows) <= most:
        return rows, []
    worst_first = sorted(rows, key=lambda row: _WORST_FIRST.index(row.health))
    return worst_first[:most], worst_first[most:]


def _said_of_zones(status: ClusterStatus, most: int) -> dict[str, str]:
    """Reasons that stand below rows of zones, with the first such zone."""
    shown, _ = _zone_rows(status, most)
    said: dict[str, str] = {}
    for row in shown:
        if row.first and len(said) < _REASONS:
            said.setdefault(row.first, f"zone {row.cells[0]}")
    return said


def _pointed(rows: Sequence[_Row], said: Mapping[str, str]) -> list[_Row]:
    """Rows whose reason stands somewhere already point there."""
    by_reason: dict[str, str] = {}
    found = []
    for row in rows:
        reason = _anywhere(row.first)
        see = said.get(row.first) or by_reason.get(reason, "")
        if reason and not see and len(by_reason) < _REASONS:  # further ones are left out, and no place to point to
            by_reason[reason] = row.cells[0]
        found.append(replace(row, first="", see=f"see {see}") if see else row)
    return found


def _rows(
    head: tuple[str, ...], shown: Sequence[_Row], left: Sequence[_Row], width: int | None, noun: str
) -> Iterator[Line]:
    """The rows below their head, each run of them with its reason, and what is left out."""
    if not shown:
        return
    words = [row.said for row in shown]
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
    for (first, see), run in groupby(zip(shown, lines, strict=True), lambda pair: (pair[0].first, pair[0].see)):
        alike = [line for _, line in run]
        yield from alike
        of_all = f"these {len(alike)}: " if len(alike) > 1 else ""
        if first and first not in told:
            told.append(first)
        if said := see or (first if first in told[:_REASONS] else ""):
            yield " " * _INDENT, clipped(of_all + said, None if width is None else width - _INDENT)
    unsaid = {_anywhere(row.first) for row in (*shown, *left) if row.first} - {
        _anywhere(first) for first in told[:_REASONS]
    }
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
