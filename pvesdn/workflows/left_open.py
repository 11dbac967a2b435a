"""What earlier applies have left open on the nodes: what was left alone is dealt with, anything else is somebody's."""

from __future__ import annotations

from collections.abc import Callable

from pvesdn.errors import AnotherApply, NodeError, NodeUnreachable
from pvesdn.model.execution import Undone, UndoState
from pvesdn.model.open_apply import OpenApply, OpenState
from pvesdn.model.primitives import NodeName
from pvesdn.workflows.confirmation import Found, standing
from pvesdn.workflows.world import World

_SAID = {
    UndoState.RESTORED: "put back as it was",
    UndoState.PARTLY: "put back in part",
    UndoState.KEPT: "PVE's definitions were committed, so it stays",
}


def deal_with_what_is_open(world: World, tell: Callable[[str], object]) -> None:
    """Return when no apply is open on any node that answers.

    Nodes that were left alone put themselves back, at once; what was put back in part is left as it is, since a plan
    shows it. A node that does not answer is left out: it knows by itself what to do.

    :param tell: told, in one line each, what was done.
    :raises AnotherApply: one is at work or waits for its confirmation, or nobody can tell what became of it; nothing
        was touched.
    :raises ClusterError: the cluster does not say who its members are.
    :raises NodeError: a node could not be put back.
    """
    now = standing(world)
    for found in now.open:
        _refuse_while_open(found)
    for found in now.open:
        answers = world.runner.each(tuple(found.nodes), lambda node, name=found.id: world.nodes.settle(node, name))  # type: ignore[misc]
        for node, answer in answers.items():
            _judge(node, found.nodes[node], answer, tell)


def _refuse_while_open(found: Found) -> None:
    """:raises AnotherApply: somewhere it is not overdue."""
    for state, words in (
        (OpenState.WAITING, f"waits to be confirmed: `pvesdn confirm {found.id}` keeps what it has done"),
        (OpenState.AT_WORK, "may still be at work"),
    ):
        there = {node: open_ for node, open_ in found.nodes.items() if open_.state is state}
        if there:
            first = next(iter(there.values()))
            since = "" if first.age is None else f", begun {first.age:.0f} s ago,"
            raise AnotherApply(
                f"apply {found.id} by {first.who}{since} is open on {', '.join(sorted(there))} and {words}; "
                "nothing was touched",
                hint=f"`pvesdn rollback {found.id}` puts it back now, and its nodes do so by themselves in "
                f"{max(open_.left for open_ in there.values()):.0f} s",
            )


def _judge(node: NodeName, there: OpenApply, answer: Undone | NodeError, tell: Callable[[str], object]) -> None:
    if isinstance(answer, NodeUnreachable):
        return
    if isinstance(answer, NodeError):
        raise answer
    if answer.state is UndoState.UNDECIDED:
        raise AnotherApply(
            f"{node}: apply {there.id} by {there.who} was cut off at PVE's commit, and /etc/pve, which knows what became "
            "of it, has no quorum; nothing was touched",
            hint="see `pvecm status`, and run pvesdn apply again when there is a quorum",
        )
    if answer.state in _SAID:
        left = f"; {'; '.join(answer.left)}" if answer.state is UndoState.KEPT and answer.left else ""
        tell(f"{node}: apply {there.id} by {there.who} had been left alone: {_SAID[answer.state]}{left}")
