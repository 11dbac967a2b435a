"""What changes on nodes, said once for all nodes of which it is true."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from pvesdn.cli.screens.changes import InterfaceLines, difference_lines
from pvesdn.cli.screens.pve import SIGNS
from pvesdn.cli.screens.screen import Line, Span, Style, counted
from pvesdn.cli.screens.wrapping import wrapped
from pvesdn.compare.diff import showable
from pvesdn.compare.healing import action_of
from pvesdn.model.differences import Difference
from pvesdn.model.execution import FrrAction
from pvesdn.model.files import FileChange, NodeChanges, StanzaChange
from pvesdn.model.findings import Finding
from pvesdn.model.guests import labelled
from pvesdn.model.ranges import by_number, ranges
from pvesdn.model.verification import Discrepancy

_DIFF_STYLES = (
    ("+++", Style.STRONG),
    ("---", Style.STRONG),
    ("@@", Style.HUNK),
    ("+", Style.ADD),
    ("-", Style.REMOVE),
)


_DRIFT: Line = ("  live state, which its files do not explain",)
_BEHIND: Line = ("  live state, which PVE has changed since it wrote its file there",)
_MANY = 5
"""Nodes that have the same change with values of their own, of which one stands for all."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Lines about a node.

    :param key: equal for nodes about which the same is to be said.
    :param shape: equal for nodes of which the same changes, to other values; None where a value is all there is.
    """

    key: Hashable
    lines: Callable[[], Iterator[Line]]
    shape: Hashable = None


def node_blocks(
    nodes: Iterable[NodeChanges], guest_names: Mapping[int, str], *, has_diff: bool, width: int | None
) -> Iterator[Line]:
    """What changes on each node; an empty line behind each block.

    :param guest_names: by id.
    :param has_diff: show what changes in each file.
    :param width: see `wrapped`.
    """
    ordered = sorted(nodes, key=lambda node: by_number(node.node))
    parts = _Parts(guest_names, has_diff=has_diff, width=width, common=_common(ordered))
    told: dict[Hashable, tuple[_Part, list[str]]] = {}
    for node in ordered:
        for part in parts.of(node):
            told.setdefault(part.key, (part, []))[1].append(node.node)
    blocks: dict[tuple[str, ...], list[Callable[[], Iterator[Line]]]] = {}
    for names, lines in _alike(told.values(), width):
        blocks.setdefault(names, []).append(lines)
    for block, about in blocks.items():
        yield from wrapped([(Span(ranges(block), Style.STRONG),)], width)
        for lines in about:
            yield from lines()
        yield ()


def _alike(
    told: Iterable[tuple[_Part, list[str]]], width: int | None
) -> Iterator[tuple[tuple[str, ...], Callable[[], Iterator[Line]]]]:
    """The parts with their nodes; of parts that differ in values alone, and of many nodes, the first."""
    told = tuple(told)
    shapes: dict[Hashable, list[tuple[_Part, list[str]]]] = {}
    for part, names in told:
        if part.shape is not None:
            shapes.setdefault(part.shape, []).append((part, names))
    for part, names in told:
        alike = shapes.get(part.shape, [])
        if len(alike) < _MANY:
            yield tuple(names), part.lines
        elif part is alike[0][0]:
            everywhere = sorted((name for _, some in alike for name in some), key=by_number)
            yield tuple(everywhere), partial(_first_of, part, names[0], width)


def _first_of(part: _Part, node: str, width: int | None) -> Iterator[Line]:
    head, *rest = part.lines()
    yield head
    said = f"      each node has values of its own here; those of {node} are shown, --node shows another's"
    yield from wrapped([(Span(said, Style.FAINT),)], width)
    yield from rest


class _Parts:
    """:param common: what blocks several nodes, as `_common` says it."""

    def __init__(
        self, guest_names: Mapping[int, str], *, has_diff: bool, width: int | None, common: frozenset[str]
    ) -> None:
        self._guest_names = guest_names
        self._common = common
        self._has_diff = has_diff
        self._width = width
        self._interfaces = InterfaceLines()
        # With the number the changes are kept: as long as they live no others have their id.
        self._kept: dict[int, tuple[tuple[StanzaChange, ...], int]] = {}
        self._same: dict[tuple[StanzaChange, ...], int] = {}

    def of(self, node: NodeChanges) -> Iterator[_Part]:
        if node.is_unfinished:
            said = Span("the last apply did not finish here: apply completes it", Style.WARNING)
            yield self._line("  ", said)
        for file in node.files:
            is_blocked = any(file.path in obstacle.what for obstacle in node.obstacles)
            yield self._file(file, is_blocked=is_blocked)
        for title, is_behind in ((_DRIFT, False), (_BEHIND, True)):
            if drifted := [item for item in node.drift if item.is_behind is is_behind]:
                lines = (title, *map(_drift, drifted))
                yield _Part(lines, partial(wrapped, lines, self._width))
        swap, frr = node.execution.put_in_place, node.execution.frr
        if swap is not None and swap.ifdown:
            yield self._line(f"    taken down before the change: {', '.join(swap.ifdown)}")
        if frr is not FrrAction.NONE:
            yield self._line(f"    FRR: {frr.value}")
        if not node.obstacles:
            for bridge, ports in sorted(node.guests.items()):
                listed = ", ".join(labelled(port, self._guest_names) for port in ports)
                fate = "loses its uplink" if bridge in node.given_up else "is removed"
                what = f"{bridge} {fate} with {counted(len(ports), 'guest port')} in it, which it unplugs: {listed}"
                yield self._line("    ", Span(what, Style.WARNING))
        for obstacle in node.obstacles:
            yield self._line("    ", Span("blocked: ", Style.ERROR), _told(obstacle, node.node, self._common))

    def _line(self, *line: Span | str) -> _Part:
        return _Part(line, lambda: wrapped([line], self._width))

    def _file(self, file: FileChange, *, is_blocked: bool) -> _Part:
        diff = tuple(showable(file)) if self._has_diff else ()
        conflict = "" if is_blocked else file.conflict
        key = (file.path, file.action, file.by_pve, conflict, self._number(file.stanzas), file.differences, diff)
        shape = None if diff else (*key[:4], _shape(file.stanzas), _names(file.differences))
        return _Part(key, partial(self._file_lines, file, conflict, diff), shape)

    def _file_lines(self, file: FileChange, conflict: str, diff: tuple[str, ...]) -> Iterator[Line]:
        yield from wrapped(self._said(file, conflict), self._width)
        for line in diff:
            yield "      ", Span(line, _diff_style(line))

    def _said(self, file: FileChange, conflict: str) -> Iterator[Line]:
        by_pve = " (written by PVE when its SDN is applied)" if file.by_pve else ""
        yield *SIGNS[file.action], f" {file.path}{by_pve}"
        if conflict:
            yield "      ", Span(f"overwritten: {conflict}", Style.WARNING)
        yield from self._interfaces.of(file.stanzas)
        yield from difference_lines(file.differences, indent=6)

    def _number(self, stanzas: tuple[StanzaChange, ...]) -> int:
        """The same for equal changes; nodes that have nothing yet share theirs, so most are known by their id."""
        if id(stanzas) not in self._kept:
            self._kept[id(stanzas)] = stanzas, self._same.setdefault(stanzas, len(self._same))
        return self._kept[id(stanzas)][1]


def _drift(item: Discrepancy) -> Line:
    trait = f", {item.trait}" if item.trait else ""
    return "    ", *SIGNS[action_of(item)], f" {item.object}{trait}: {item.found}, expected {item.expected}"


def _shape(stanzas: Iterable[StanzaChange]) -> Hashable:
    return tuple((s.name, s.action, s.why, _names(s.differences)) for s in stanzas)


def _names(differences: Iterable[Difference]) -> Hashable:
    return tuple((change.name, bool(change.old), bool(change.new)) for change in differences)


def obstacles_once(nodes: Iterable[NodeChanges]) -> Iterator[tuple[list[str], str]]:
    """What blocks which nodes: each obstacle once, with all nodes that have it."""
    blocked = [node for node in nodes if node.obstacles]
    common = _common(blocked)
    found: dict[str, list[str]] = {}
    for node in blocked:
        for obstacle in node.obstacles:
            found.setdefault(_told(obstacle, node.node, common), []).append(node.node)
    return ((names, what) for what, names in found.items())


def _common(nodes: Iterable[NodeChanges]) -> frozenset[str]:
    """What blocks several nodes, but for their names."""
    told = Counter(_anywhere(_without_node(o, node.node), node.node) for node in nodes for o in node.obstacles)
    return frozenset(what for what, count in told.items() if count > 1)


def _told(obstacle: Finding, node: str, common: frozenset[str]) -> str:
    """What blocks a node, in the same words for all nodes that it blocks."""
    what = _without_node(obstacle, node)
    alike = _anywhere(what, node)
    return alike if alike in common else what


def _anywhere(what: str, node: str) -> str:
    """What is said of a node, so that it can be said of others too."""
    return re.sub(rf" of {re.escape(node)}(?![\w.-])", "", what)


def _without_node(obstacle: Finding, node: str) -> str:
    place = obstacle.where.removeprefix(node).removeprefix(": ")
    what = f"{place}: {obstacle.what}" if place else obstacle.what
    return f"{what}; {obstacle.hint}" if obstacle.hint else what


def diff_lines(file: FileChange, indent: str = "      ") -> Iterator[Line]:
    """What changes in a file, coloured as git does."""
    for line in showable(file):
        yield indent, Span(line, _diff_style(line))


def _diff_style(line: str) -> Style:
    return next((style for start, style in _DIFF_STYLES if line.startswith(start)), Style.PLAIN)
