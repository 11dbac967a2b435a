"""A plan for people: terraform's signs and colours, node by node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from pvesdn.cli.screens.blocks import diff_lines, node_blocks
from pvesdn.cli.screens.changes import difference_lines
from pvesdn.cli.screens.consequences import consequence_lines
from pvesdn.cli.screens.order import order_lines
from pvesdn.cli.screens.paths import path_lines
from pvesdn.cli.screens.pve import PENDING, SIGNS, pending_lines
from pvesdn.cli.screens.screen import Line, Span, Style, counted
from pvesdn.cli.screens.summary import summary_lines
from pvesdn.cli.screens.wrapping import wrapped
from pvesdn.compare.consequences import consequences
from pvesdn.compare.counts import Summary
from pvesdn.compare.healing import action_of
from pvesdn.compare.replugs import replugs
from pvesdn.model.cluster import Vtep
from pvesdn.model.execution import FrrAction
from pvesdn.model.files import Action, ChangeSet
from pvesdn.model.guests import called
from pvesdn.model.ranges import ranges
from pvesdn.model.snapshot import OWN_FILE, VNIS_FILE

NO_CHANGES = "No changes. Nodes match the configuration."
NO_CHANGES_SEEN = "No changes. Nodes that answered match the configuration."

_LONG = 100
"""Lines of a plan that nobody reads from end to end."""

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
    length = 0
    for line in _plan_lines(changes, summary, has_diff=has_diff, width=width):
        length += 1
        yield line
    if length > _LONG:
        yield from wrapped([(f"This plan has {length} lines: `pvesdn plan --summary` tells it by zone.",)], width)


def summarized_lines(changes: ChangeSet, summary: Summary, *, width: int | None = None) -> Iterator[Line]:
    """The plan by zone and kind of change, and what it means, without its last line."""
    yield from _definitions(changes, has_diff=False)
    yield from summary_lines(changes, width)
    yield from _end(changes, summary, width)


def _plan_lines(changes: ChangeSet, summary: Summary, *, has_diff: bool, width: int | None) -> Iterator[Line]:
    yield from _legend(changes)
    yield from _definitions(changes, has_diff=has_diff)
    changed = [node for node in changes.nodes if not node.is_empty or node.obstacles]
    yield from node_blocks(changed, changes.guest_names, has_diff=has_diff, width=width)
    yield from _end(changes, summary, width)


def _end(changes: ChangeSet, summary: Summary, width: int | None) -> Iterator[Line]:
    """What is said of the cluster, below its nodes, and at last what all of it means."""
    yield from _replugs(changes)
    below = tuple(_below(changes, summary))
    yield from wrapped(below, width)
    if meaning := tuple(consequence_lines(consequences(changes.nodes), changes.guest_names)):
        if below and below[-1]:
            yield ()
        yield from wrapped(meaning, width)
    yield from wrapped(order_lines(changes), width)


def _below(changes: ChangeSet, summary: Summary) -> Iterator[Line]:
    yield from _pending(changes)
    unchanged = [node.node for node in changes.nodes if node.is_empty and not node.obstacles]
    if unchanged and summary.changed:
        yield (f"No changes on {ranges(unchanged)}.",)
    for name, reason in sorted(changes.unreachable.items()):
        yield Span("not checked: ", Style.WARNING), f"{name}: {reason.removeprefix(f'{name}: ')}"
    for name in changes.offline:
        yield Span("not checked: ", Style.WARNING), f"{name}: offline"
    yield from _frr(summary)


def _replugs(changes: ChangeSet) -> Iterator[Line]:
    """How guests' ports get back into their bridges, as commands that can be copied."""
    found = {node.node: replugs(node, changes.pve_version) for node in changes.nodes}
    if not any(found.values()):
        return
    yield (
        Span("Guest ports without a bridge. Once their VNet is back, these plug them in as configured:", Style.STRONG),
    )
    for node, commands in found.items():
        if commands:
            yield (f"  on {node}:",)
        for replug in commands:  # whole, however narrow the terminal: they are to be copied
            yield (f"    {replug.command}  # {replug.port} of {called(replug.guest, changes.guest_names)}",)
    yield ()


def last_line(changes: ChangeSet, summary: Summary) -> Line:
    """The summary."""
    if changes.is_empty:
        return _without_changes(changes)
    replaced = f", {summary.replace} to replace" if summary.replace else ""
    counts = f"{summary.add} to add, {summary.change} to change, {summary.remove} to destroy{replaced}"
    return Span("Plan:", Style.STRONG), f" {counts} on {len(summary.changed)} of {summary.total} nodes."


def _without_changes(changes: ChangeSet) -> Line:
    if blocked := [node.node for node in changes.nodes if node.obstacles]:
        return Span("No changes", Style.WARNING), f", but what is in place cannot work on {ranges(blocked)}."
    if not changes.nodes:
        return (Span("No node was looked at, so nothing is planned.", Style.WARNING),)
    if changes.definitions is not None:
        return Span("No changes on the nodes", Style.GOOD), f"; {OWN_FILE} becomes the draft."
    if changes.vnis is not None:
        return Span("No changes on the nodes", Style.GOOD), f"; {VNIS_FILE} is written."
    if changes.unreachable or changes.offline:
        return (NO_CHANGES_SEEN,)
    return (Span(NO_CHANGES, Style.GOOD),)


def vtep_lines(vteps: Mapping[str, Vtep]) -> Iterator[Line]:
    """Each node's VTEP, why it is that one, and the paths to the others."""
    for name, vtep in sorted(vteps.items()):
        yield (f"VTEP of {name}: {vtep.address}, {vtep.why}",)
        for peers, how in path_lines(vtep, vteps):
            yield (f"  to {peers}: {how}",)


def _legend(changes: ChangeSet) -> Iterator[Line]:
    used = {stanza.action for node in changes.nodes for file in node.files for stanza in file.stanzas}
    used |= {file.action for node in changes.nodes for file in node.files}
    used |= {action_of(item) for node in changes.nodes for item in node.drift}
    used |= {file.action for file in changes.definitions_to_write}
    used |= {PENDING[pending.state] for pending in changes.pending if pending.state in PENDING}
    if not used:
        return
    for action, meaning in _LEGEND.items():
        if action in used:
            yield *SIGNS[action], f" {meaning}"
    yield ()


def _definitions(changes: ChangeSet, *, has_diff: bool) -> Iterator[Line]:
    files = changes.definitions_to_write
    if not files:
        return
    yield (Span("definitions", Style.STRONG),)
    for file in files:
        yield *SIGNS[file.action], f" {file.path}"
        yield from difference_lines(file.differences, indent=6)
        if has_diff:
            yield from diff_lines(file)
    yield ()


def _pending(changes: ChangeSet) -> Iterator[Line]:
    if not changes.pending:
        return
    kinds = Counter(row.kind for row in changes.pending)
    counts = ", ".join(counted(number, kind) for kind, number in sorted(kinds.items()))
    over = "" if changes.pve.version is None else f" over version {changes.pve.version}, which is running"
    if changes.edits is None:
        yield (f"PVE's SDN: {counts} pending{over}: committed by PUT /cluster/sdn as the last step",)
    else:
        yield (f"PVE's SDN: {counts} to be edited{over}: written through PVE's API, and committed as the last step",)
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
