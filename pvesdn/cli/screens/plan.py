"""A plan for people: terraform's signs and colours, node by node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from pvesdn.cli.screens.blocks import diff_lines, node_blocks
from pvesdn.cli.screens.names import ranges
from pvesdn.cli.screens.paths import path_lines
from pvesdn.cli.screens.pve import PENDING, SIGNS, pending_lines
from pvesdn.cli.screens.screen import Line, Span, Style, counted
from pvesdn.cli.screens.summary import Summary
from pvesdn.cli.screens.wrapping import wrapped
from pvesdn.model.cluster import Vtep
from pvesdn.model.execution import FrrAction
from pvesdn.model.files import Action, ChangeSet

NO_CHANGES = "No changes. Nodes match the configuration."

_LEGEND = {
    Action.ADD: "create",
    Action.CHANGE: "change in place",
    Action.REMOVE: "destroy",
    Action.REPLACE: "delete and create anew",
}


def plan_lines(changes: ChangeSet, summary: Summary, *, has_diff: bool, width: int | None = None) -> Iterator[Line]:
    """The whole plan, without its last line.

    :param has_diff: show what changes in each file.
    :param width: see `wrapped`.
    """
    yield from _legend(changes)
    yield from _definitions(changes, has_diff=has_diff)
    changed = [node for node in changes.nodes if not node.is_empty or node.obstacles]
    yield from node_blocks(changed, has_diff=has_diff, width=width)
    yield from wrapped(_below(changes, summary), width)


def _below(changes: ChangeSet, summary: Summary) -> Iterator[Line]:
    """What is said of the cluster, below its nodes."""
    yield from _pending(changes)
    unchanged = [node.node for node in changes.nodes if node.is_empty and not node.obstacles]
    if unchanged and summary.changed:
        yield (f"No changes on {ranges(unchanged)}.",)
    for name, reason in sorted(changes.unreachable.items()):
        yield Span("not checked: ", Style.WARNING), f"{name}: {reason.removeprefix(f'{name}: ')}"
    for name in changes.offline:
        yield Span("not checked: ", Style.WARNING), f"{name}: offline"
    yield from _frr(summary)


def last_line(changes: ChangeSet, summary: Summary) -> Line:
    """The summary."""
    if changes.is_empty:
        if blocked := [node.node for node in changes.nodes if node.obstacles]:
            return Span("No changes", Style.WARNING), f", but what is in place cannot work on {ranges(blocked)}."
        if changes.unreachable:
            return ("No changes. Nodes that answered match the configuration.",)
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
    parts = [f"{ranges(nodes)} ({action.value})" for action, nodes in by_action.items() if nodes]
    if parts:
        yield (f"FRR changes on {' and '.join(parts)}.",)
