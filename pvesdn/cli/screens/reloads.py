"""How much of each node's network an apply reloads, where somebody has asked for less than all."""

from __future__ import annotations

from collections.abc import Iterator

from pvesdn.cli.screens.screen import Line, counted
from pvesdn.model.files import ChangeSet, NodeChanges
from pvesdn.model.ranges import ranges
from pvesdn.model.reloads import ReloadPlan, WholeNetwork


def reload_lines(changes: ChangeSet) -> Iterator[Line]:
    """One line for each way, with the nodes that go it; none where no node has its network reloaded."""
    told: dict[str, list[str]] = {}
    for node in changes.nodes:
        if (plan := reload_of(node, changes)) is not None:
            told.setdefault(_way(plan), []).append(node.node)
    for way, nodes in told.items():
        yield (f"Network of {ranges(nodes)}: {way}.",)


def reload_of(node: NodeChanges, changes: ChangeSet) -> ReloadPlan | None:
    """What of a node's network is reloaded where the settings say `changed`; None where nothing of it is."""
    if changes.pending:
        # Put in place before, or not: PVE's commit reloads every node.
        return WholeNetwork("PVE's definitions are pending")
    return node.execution.reload if node.execution.reloads else None


def _way(plan: ReloadPlan) -> str:
    if isinstance(plan, WholeNetwork):
        return f"reloaded as a whole by PVE{': ' if plan.why else ''}{plan.why}"
    if plan.is_empty:
        return "no interface changes, so nothing is reloaded"
    down, up = len(plan.down), len(plan.up)
    parts = [f"ifdown of {counted(down, 'interface')}"] * bool(down) + [f"ifup of {counted(up, 'interface')}"] * bool(
        up
    )
    return f"{' and '.join(parts)}, and nothing else is reloaded"
