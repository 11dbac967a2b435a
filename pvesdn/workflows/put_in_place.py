"""Round by round: swap the staged files in, then bring kernel settings, FRR, the network and DHCP up to date.

The nodes of a round go side by side, step by step: none has its FRR changed before all have their files, and none is
reloaded before FRR is done on all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import assert_never

from pvesdn.errors import ClusterError, NodeError, NodeFailed, NodeUnreachable
from pvesdn.model.execution import (
    ChangeFrr,
    FrrAction,
    LoadSysctl,
    PutInPlace,
    ReloadNetwork,
    ReloadRehearsed,
    RestartDhcp,
    Step,
)
from pvesdn.model.order import Order
from pvesdn.model.primitives import NodeName
from pvesdn.model.progress import IN_PLACE, StepName, Thing, Way
from pvesdn.model.reloads import ChangedInterfaces
from pvesdn.workflows.patience import Patience
from pvesdn.workflows.progress import Progress, healthy, on_each
from pvesdn.workflows.stage import discard, discarding
from pvesdn.workflows.tasks import SRVRELOAD, follow, wait_for_running
from pvesdn.workflows.transaction import Transaction
from pvesdn.workflows.world import World

REACHED_AGAIN = 30.0
"""Seconds that a node may take to answer after its reload: the ports of a bridge may wait for spanning tree."""
KINDS = (PutInPlace, LoadSysctl, ChangeFrr, ReloadRehearsed, ReloadNetwork, RestartDhcp)
"""Every step there is, in the order in which nodes do them side by side."""

IsGood = Callable[[Progress, Sequence[Progress]], bool]
"""Whether the canary shows that the change is good; told the nodes that wait for it."""


def put_in_place(
    world: World, run: Sequence[Progress], transaction: Transaction, order: Order, is_good: IsGood
) -> bool:
    """One round after the other; False if a node failed, with those of later rounds left as they were.

    A node that is gone when its turn comes says nothing about the change while no other node has had its turn, or when
    it can tell that it has begun nothing: then the others continue, but for those that get an address from it. If it
    was the canary, the next node takes its place.
    """
    by_name = {progress.node: progress for progress in run}
    rounds = [[by_name[name] for name in names if name in by_name] for names in order.rounds]
    needs_canary, done = order.has_canary, set[NodeName]()
    while rounds := [there for there in rounds if there]:
        now, *rounds = rounds
        if needs_canary and now[1:]:
            now, rounds = now[:1], [now[1:], *rounds]
        rest = [progress for there in rounds for progress in there]
        with discarding(world, rest):
            if lost := transaction.lost():
                discard(world, healthy([*now, *rest]), because=", ".join(lost))
                return False
            turned, failed = _round(world, _ready(world, now, done), transaction)
        if turned and needs_canary and rest and not failed:
            needs_canary = False
            if not is_good(turned[0], rest):
                failed = [turned[0].node]
        if failed:
            discard(world, rest, because=", ".join(failed))
            return False
        done.update(progress.node for progress in turned)
    return True


def _ready(world: World, now: Sequence[Progress], done: set[NodeName]) -> list[Progress]:
    """Those of a round that have not been left without the node from which they get an address."""
    for progress in now:
        if missed := progress.execution.waits_for - done:
            discard(world, [progress], because=", ".join(sorted(missed)))
    return healthy(now)


def _round(world: World, now: Sequence[Progress], transaction: Transaction) -> tuple[list[Progress], list[NodeName]]:
    """Let these nodes have their turn side by side. Those that had it to its end, and those that have failed."""
    together = replace(world, runner=world.at_once or world.runner)
    under_way = list(now)
    transaction.begins(now)
    for kind in KINDS:
        due = [progress for progress in under_way if _of_kind(progress, kind)]
        failures = on_each(together, due, lambda progress, kind=kind: _do(progress, kind))  # type: ignore[misc]
        gone = [progress for progress in due if progress.node in failures]
        failed = [
            progress.node
            for progress in gone
            if not _is_lost(progress, failures[progress.node]) or transaction.has_begun(progress)
        ]
        if failed:
            return [], failed
        under_way = [progress for progress in under_way if progress not in gone]
    for progress in under_way:
        transaction.placed(progress)
    return under_way, []


def _of_kind(progress: Progress, kind: type[Step]) -> list[Step]:
    return [step for step in progress.execution.steps if isinstance(step, kind)]


def _do(progress: Progress, kind: type[Step]) -> None:
    for step in _of_kind(progress, kind):
        _carry_out(progress, step)
        progress.done()


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
            progress.begin(StepName.WRITTEN)
            is_alone = _changed_alone(progress) is not None
            if is_alone:
                _wait_for_pves(progress)
            nodes.commit(node, step, is_alone=is_alone)
        case LoadSysctl():
            progress.begin(StepName.SYSCTL)
            nodes.load_sysctl(node)
        case ChangeFrr(action):
            progress.begin(StepName.FRR, Way.RESTART if action is FrrAction.RESTART else Way.USUAL)
            nodes.change_frr(node, action)
        case ReloadNetwork():
            if not _reload_changed(progress, step):
                progress.begin(StepName.RELOADED)
                _reload(progress, step)
        case ReloadRehearsed():
            progress.begin(StepName.RELOADED, Way.REHEARSED)
            _reload_rehearsed(progress, step)
        case RestartDhcp(zones):
            progress.begin(StepName.DHCP)
            nodes.restart_dhcp(node, zones)
        case _:
            assert_never(step)


def _changed_alone(progress: Progress) -> ChangedInterfaces | None:
    """What alone is taken down and brought up on a node; None where its whole network is reloaded."""
    plan = progress.execution.reload
    return plan if progress.world.reloads_changed and isinstance(plan, ChangedInterfaces) else None


def _reload_changed(progress: Progress, step: ReloadNetwork) -> bool:
    """Do so, or reload all where the node says that it has to be all. False where nobody has asked for less."""
    changed, world, node = _changed_alone(progress), progress.world, progress.node
    if changed is None:
        return False
    progress.begin(StepName.RELOADED, Way.CHANGED)
    if not changed.is_empty:
        _wait_for_pves(progress)
        for _ in range(step.times):
            if why := world.nodes.reload_changed(node, changed):
                progress.note = f"its whole network was reloaded: {why}"
                _reload(progress, step)
                return True
    _reach(progress)
    return True


def _reload(progress: Progress, step: ReloadNetwork) -> None:
    world = progress.world
    try:
        for _ in range(step.times):
            upid = world.api.reload_network(progress.node, regenerate_frr=step.regenerate_frr)
            progress.awaits(Thing.TASK)
            follow(world, upid, progress.node)
    except ClusterError as error:
        raise NodeFailed(progress.node, f"the network reload: {error}") from error
    _reach(progress)


def _reload_rehearsed(progress: Progress, step: ReloadRehearsed) -> None:
    world, node = progress.world, progress.node
    _wait_for_pves(progress)
    for _ in range(step.times):
        world.nodes.reload(node)
    _reach(progress)


def _wait_for_pves(progress: Progress) -> None:
    """Not beside PVE's own reload, which would end before it has come to FRR: ifupdown2 lets only one run. Where PVE's
    does not end, ifupdown2's own lock says so.
    """
    node = progress.node
    try:
        wait_for_running(progress.world, node, kind=SRVRELOAD, tell=lambda: progress.awaits(Thing.OTHERS_TASK))
    except ClusterError as error:
        raise NodeFailed(node, f"the network reload: {error}") from error


def _reach(progress: Progress) -> None:
    """Return when the node answers again: a reload may have cut it off, and then no other node is begun. With its
    answer its peers learn its router MACs, which the reload may have changed.

    :raises NodeFailed: it does not, within `REACHED_AGAIN` seconds.
    """
    world, node = progress.world, progress.node

    def answers() -> None:
        try:
            world.nodes.readvertise(node)
        except NodeUnreachable:
            progress.awaits(Thing.ANSWER)
            raise

    try:
        Patience(world.clock).ask(answers, REACHED_AGAIN, NodeUnreachable)
    except NodeUnreachable as error:
        what = f"it does not answer any more since its network was reloaded: {error}"
        raise NodeFailed(node, what) from error


def _is_lost(progress: Progress, error: NodeError) -> bool:
    """Whether the node was lost when its turn came, at the first of its steps: what was asked of it may have been
    heard, or not.
    """
    turn = [done for done in progress.steps if done.step in IN_PLACE]
    return isinstance(error, NodeUnreachable) and len(turn) == 1
