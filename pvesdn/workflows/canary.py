"""The node that goes first: whether the one that somebody has named can."""

from __future__ import annotations

from pvesdn.errors import ApplyRefused
from pvesdn.model.execution import ExecutionPlan
from pvesdn.model.files import ChangeSet
from pvesdn.model.primitives import NodeName
from pvesdn.model.ranges import ranges

_WITHOUT = "run pvesdn apply without --canary"


def require_canary(name: NodeName | None, changes: ChangeSet, todo: ExecutionPlan) -> None:
    """Return if the node that was named can go first, or if none was.

    :param todo: what carrying out `changes` means.
    :raises ApplyRefused: it cannot, and why.
    """
    nodes = {node.node: node for node in todo.nodes}
    if name is None or not nodes:
        return
    if name not in nodes:
        hint = f"name one of {ranges(nodes)}, or {_WITHOUT.removeprefix('run ')}"
        raise ApplyRefused(f"--canary {name}: the plan changes nothing on that node", hint=hint)
    if todo.order.causes:
        what = " and the ".join(todo.order.causes)
        raise ApplyRefused(f"--canary {name}: all nodes change at once, because of the {what}", hint=_WITHOUT)
    if changes.pending and changes.unrehearsed:
        what = "PVE's definitions are pending and cannot be tried out first, and their commit reloads all nodes"
        raise ApplyRefused(f"--canary {name}: {what}", hint=_WITHOUT)
    if givers := nodes[name].waits_for:
        what = f"it gets an address that {ranges(givers)} has to give up first"
        raise ApplyRefused(f"--canary {name}: {what}", hint=_WITHOUT)
