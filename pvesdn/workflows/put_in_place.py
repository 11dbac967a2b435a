"""Node by node: swap the staged files in, then bring kernel settings, FRR and the network up to date."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from pvesdn.errors import ClusterError, NodeError, NodeFailed, NodeUnreachable
from pvesdn.model.execution import ChangeFrr, LoadSysctl, PutInPlace, ReloadNetwork, ReloadRehearsed, Step
from pvesdn.model.primitives import NodeName
from pvesdn.model.snapshot import RECORD_FILE
from pvesdn.workflows.patience import Patience
from pvesdn.workflows.progress import Progress, healthy
from pvesdn.workflows.stage import discard, discarding
from pvesdn.workflows.tasks import SRVRELOAD, follow, wait_for_running
from pvesdn.workflows.transaction import Transaction
from pvesdn.workflows.world import World

REACHED_AGAIN = 30.0
"""Seconds that a node may take to answer after its reload: the ports of a bridge may wait for spanning tree."""


def put_in_place(world: World, run: Sequence[Progress], transaction: Transaction) -> bool:
    """One node after the other; False if one failed, with the rest left as they were.

    A node that is gone when its turn comes says nothing about the change while no other node has had its turn, or when
    it can tell that it has begun nothing: then the others continue, but for those that get an address from it.
    """
    done: set[NodeName] = set()
    for position, progress in enumerate(run):
        rest = run[position + 1 :]
        missed = progress.execution.waits_for - done
        with discarding(world, rest):
            if lost := transaction.lost():
                discard(world, healthy([progress, *rest]), because=", ".join(lost))
                return False
            if missed:
                discard(world, [progress], because=", ".join(sorted(missed)))
                continue
            error = _turn(progress)
        if error is None:
            done.add(progress.node)
            transaction.placed(progress)
        elif not _is_lost(progress, error) or transaction.has_begun(progress):
            discard(world, rest, because=progress.node)
            return False
    return True


def _turn(progress: Progress) -> NodeError | None:
    """A node's turn, and the failure that ended it."""
    try:
        take_turn(progress)
    except NodeError as error:
        progress.fail(error)
        return error
    return None


def take_turn(progress: Progress) -> None:
    """Carry out a node's steps.

    :raises NodeError: a step failed; those after it were not started.
    """
    for step in progress.execution.steps:
        _carry_out(progress, step)
        progress.done()


def _carry_out(progress: Progress, step: Step) -> None:
    node, nodes = progress.node, progress.world.nodes
    match step:
        case PutInPlace():
            progress.begin("written")
            nodes.commit(node, step)
        case LoadSysctl():
            progress.begin("sysctl")
            nodes.load_sysctl(node)
        case ChangeFrr(action):
            progress.begin("frr", action.value)
            nodes.change_frr(node, action)
        case ReloadNetwork():
            progress.begin("reloaded")
            _reload(progress, step)
        case ReloadRehearsed():
            progress.begin("reloaded", "with PVE's definitions still pending")
            _reload_rehearsed(progress)
        case _:
            assert_never(step)


def _reload(progress: Progress, step: ReloadNetwork) -> None:
    world = progress.world
    try:
        upid = world.api.reload_network(progress.node, regenerate_frr=step.regenerate_frr)
        follow(world, upid, progress.node)
    except ClusterError as error:
        raise NodeFailed(progress.node, f"the network reload: {error}") from error
    _reach(progress)


def _reload_rehearsed(progress: Progress) -> None:
    """Not beside PVE's own reload, which would end before it has come to FRR: ifupdown2 lets only one run. Where PVE's
    does not end, ifupdown2's own lock says so.
    """
    world, node = progress.world, progress.node
    try:
        wait_for_running(world, node, kind=SRVRELOAD)
    except ClusterError as error:
        raise NodeFailed(node, f"the network reload: {error}") from error
    world.nodes.reload(node)
    _reach(progress)


def _reach(progress: Progress) -> None:
    """Return when the node answers again: a reload may have cut it off, and then no other node is begun.

    :raises NodeFailed: it does not, within `REACHED_AGAIN` seconds.
    """
    world, node = progress.world, progress.node
    try:
        Patience(world.clock).ask(lambda: world.nodes.read(node, [RECORD_FILE]), REACHED_AGAIN, NodeUnreachable)
    except NodeUnreachable as error:
        what = f"it does not answer any more since its network was reloaded: {error}"
        raise NodeFailed(node, what) from error


def _is_lost(progress: Progress, error: NodeError) -> bool:
    """Whether the node was lost when its turn came: what was asked of it may have been heard, or not."""
    return isinstance(error, NodeUnreachable) and progress.step == "written"
