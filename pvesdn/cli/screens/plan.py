"""A plan for people: terraform's signs and colours, node by node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from pvesdn.cli.screens.paths import path_lines
from pvesdn.cli.screens.pve import PENDING, SIGNS, pending_lines
from pvesdn.cli.screens.screen import Line, Span, Style, counted
from pvesdn.cli.screens.summary import Summary
from pvesdn.compare.diff import showable
from pvesdn.model.cluster import Vtep
from pvesdn.model.execution import FrrAction
from pvesdn.model.files import Action, ChangeSet, FileChange, NodeChanges, StanzaChange
from pvesdn.model.snapshot import OWN_FILE

NO_CHANGES = "No changes. Nodes match the configuration."

_LEGEND = {
    Action.ADD: "create",
    Action.CHANGE: "change in place",
    Action.REMOVE: "destroy",
    Action.REPLACE: "delete and create anew",
}
_DIFF_STYLES = (
    ("+++", Style.STRONG),
    ("---", Style.STRONG),
    ("@@", Style.HUNK),
    ("+", Style.ADD),
    ("-", Style.REMOVE),
)


def plan_lines(changes: ChangeSet, summary: Summary, *, has_diff: bool) -> Iterator[Line]:
    """The whole plan, without its last line.

    :param has_diff: show what changes in each file.
    """
    yield from _legend(changes)
    yield from _definitions(changes, has_diff=has_diff)
    unchanged = []
    stanzas = _StanzaLines()
    for node in changes.nodes:
        if node.is_empty and not node.obstacles:
            unchanged.append(node.node)
        else:
            yield from _node(node, stanzas, has_diff=has_diff)
            yield ()
    yield from _pending(changes)
    if unchanged and summary.changed:
        yield (f"No changes on {', '.join(unchanged)}.",)
    for name, reason in sorted(changes.unreachable.items()):
        yield Span("not checked: ", Style.WARNING), f"{name}: {reason.removeprefix(f'{name}: ')}"
    for name in changes.offline:
        yield Span("not checked: ", Style.WARNING), f"{name}: offline"
    yield from _frr(summary)


def last_line(changes: ChangeSet, summary: Summary) -> Line:
    """The summary."""
    if changes.is_empty:
        if blocked := [node.node for node in changes.nodes if node.obstacles]:
            return Span("No changes", Style.WARNING), f", but what is in place cannot work on {', '.join(blocked)}."
        if changes.unreachable:
            return ("No changes. Nodes that answered match the configuration.",)
        if changes.definitions is not None:
            return Span("No changes on the nodes", Style.GOOD), f"; {OWN_FILE} becomes the draft."
        return (Span(NO_CHANGES, Style.GOOD),)
    replaced = f", {summary.replace} to replace" if summary.replace else ""
    counts = f"{summary.add} to add, {summary.change} to change, {summary.remove} to destroy{replaced}"
    return Span("Plan:", Style.STRONG), f" {counts} on {len(summary.changed)} of {summary.total} nodes."


def vtep_lines(vteps: Mapping[str, Vtep]) -> Iterator[Line]:
    """Each node's VTEP, why it is that one, and the paths to the others."""
    for name, vtep in sorted(vteps.items()):
        yield (f"VTEP of {name}: {vtep.address}, {vtep.why}",)
        for peers, how in path_lines(vtep, vteps):
            yield (f"  to {peers}: {how}",)


def _legend(changes: ChangeSet) -> Iterator[Line]:
    used = {stanza.action for node in changes.nodes for file in node.files for stanza in file.stanzas}
    used |= {file.action for node in changes.nodes for file in node.files}
    used |= {changes.definitions.action} if changes.definitions is not None else set()
    used |= {PENDING[pending.state] for pending in changes.pending if pending.state in PENDING}
    if not used:
        return
    for action, meaning in _LEGEND.items():
        if action in used:
            yield *SIGNS[action], f" {meaning}"
    yield ()


def _definitions(changes: ChangeSet, *, has_diff: bool) -> Iterator[Line]:
    file = changes.definitions
    if file is None:
        return
    yield (Span("definitions", Style.STRONG),)
    yield *SIGNS[file.action], f" {file.path}"
    if has_diff:
        yield from diff_lines(file)
    yield ()


def _node(node: NodeChanges, stanzas: _StanzaLines, *, has_diff: bool) -> Iterator[Line]:
    yield (Span(node.node, Style.STRONG),)
    if node.is_unfinished:
        yield "  ", Span("the last apply did not finish here: apply completes it", Style.WARNING)
    for file in node.files:
        yield from _file(file, node)
        yield from stanzas.of(file)
        if has_diff:
            yield from diff_lines(file)
    swap, frr = node.execution.put_in_place, node.execution.frr
    if swap is not None and swap.ifdown:
        yield (f"    taken down before the change: {', '.join(swap.ifdown)}",)
    if frr is not FrrAction.NONE:
        yield (f"    FRR: {frr.value}",)
    if not node.obstacles:
        for bridge, ports in sorted(node.guests.items()):
            yield (
                "    ",
                Span(f"{bridge} is removed with {counted(len(ports), 'guest port')} in it", Style.WARNING),
            )
    for obstacle in node.obstacles:
        hint = f"; {obstacle.hint}" if obstacle.hint else ""
        place = obstacle.where.removeprefix(node.node).removeprefix(": ")
        what = f"{place}: {obstacle.what}" if place else obstacle.what
        yield "    ", Span("blocked: ", Style.ERROR), f"{what}{hint}"


def _file(file: FileChange, node: NodeChanges) -> Iterator[Line]:
    by_pve = " (written by PVE when its SDN is applied)" if file.by_pve else ""
    yield *SIGNS[file.action], f" {file.path}{by_pve}"
    if file.conflict and not any(file.path in obstacle.what for obstacle in node.obstacles):
        yield "      ", Span(f"overwritten: {file.conflict}", Style.WARNING)


class _StanzaLines:
    """What happens to the interfaces of a file. Nodes that have nothing yet share their changes, and so the lines."""

    def __init__(self) -> None:
        # With the lines the changes are kept: as long as they live no others have their id.
        self._kept: dict[int, tuple[tuple[StanzaChange, ...], tuple[Line, ...]]] = {}

    def of(self, file: FileChange) -> tuple[Line, ...]:
        """A line each."""
        if id(file.stanzas) not in self._kept:
            self._kept[id(file.stanzas)] = file.stanzas, tuple(map(_stanza, file.stanzas))
        return self._kept[id(file.stanzas)][1]


def _stanza(stanza: StanzaChange) -> Line:
    sign, why = SIGNS[stanza.action], f"  ({stanza.why})" if stanza.why else ""
    return "    ", *sign, f" {stanza.name}{why}"


def diff_lines(file: FileChange) -> Iterator[Line]:
    """What changes in a file, coloured as git does."""
    for line in showable(file):
        yield "      ", Span(line, _diff_style(line))


def _diff_style(line: str) -> Style:
    return next((style for start, style in _DIFF_STYLES if line.startswith(start)), Style.PLAIN)


def _pending(changes: ChangeSet) -> Iterator[Line]:
    if not changes.pending:
        return
    kinds = Counter(row.kind for row in changes.pending)
    counts = ", ".join(counted(number, kind) for kind, number in sorted(kinds.items()))
    over = "" if changes.pve.version is None else f" over version {changes.pve.version}, which is running"
    yield (f"PVE's SDN: {counts} pending{over}: committed by PUT /cluster/sdn as the last step",)
    yield from pending_lines(changes.pending)
    yield ()


def _frr(summary: Summary) -> Iterator[Line]:
    by_action = {
        action: [node for node, needed in summary.frr if needed is action]
        for action in (FrrAction.RELOAD, FrrAction.RESTART)
    }
    parts = [f"{', '.join(nodes)} ({action.value})" for action, nodes in by_action.items() if nodes]
    if parts:
        yield (f"FRR changes on {' and '.join(parts)}.",)
