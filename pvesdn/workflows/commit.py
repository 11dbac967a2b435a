"""PVE's own commit: `PUT /cluster/sdn`, the last step of an apply, with every node's reload followed.

The cluster's task ends with OK even when a node's reload failed (docs/pve.md §4.1), so each node's own task is found
and judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pvesdn.errors import ApplyRefused, ClusterError, NodeError, PvesdnError, TaskFailed
from pvesdn.model.progress import StepName, Way
from pvesdn.model.report import Outcome
from pvesdn.workflows.aftermath import leave_unreloaded, restore_flooding
from pvesdn.workflows.progress import Progress, healthy
from pvesdn.workflows.sdn_lock import SdnLock
from pvesdn.workflows.tasks import SRVRELOAD, find_tasks, follow
from pvesdn.workflows.transaction import Transaction
from pvesdn.workflows.world import World


class CommitOutcome(NamedTuple):
    """How the commit itself ended.

    :param outcome: None if PVE had nothing to commit.
    :param error: one line, empty when it went well.
    """

    outcome: Outcome | None = None
    error: str = ""


NO_COMMIT = CommitOutcome()
"""PVE has nothing to commit."""


def commit_definitions(world: World, run: Sequence[Progress], transaction: Transaction, lock: SdnLock) -> CommitOutcome:
    """Commit, and follow the reload of every node in `run`; a node's failure is recorded in its Progress.

    A commit that was refused has its nodes put back. One whose answer was lost may have been made: PVE's definitions
    tell, and what they cannot tell is left as it is.
    """
    try:
        before = {progress.node: set(_reloads(world, progress.node)) for progress in run}
        transaction.is_about_to_commit()
        lock.check()  # last: what is pending now is what PVE commits
        upid = world.api.apply_sdn(lock.token or None)
    except (ClusterError, NodeError, ApplyRefused) as error:
        return _refused(world, run, transaction, error)
    lock.is_given_back()
    transaction.is_past_return()
    failure = ""
    for progress in run:
        progress.begin(StepName.RELOADED, Way.BY_COMMIT)
    try:
        follow(world, upid, "cluster", meanwhile=lambda: _keep_flooding(world, run))
    except (TaskFailed, ClusterError) as error:
        failure = str(error)
    for progress in run:
        progress.step = StepName.RELOADED
        try:
            _follow_node(world, progress.node, before[progress.node])
        except NodeError as error:
            progress.fail(error)
        except ClusterError as error:
            progress.fail(NodeError(progress.node, f"its reload could not be followed: {error}"))
        else:
            progress.done()
    return CommitOutcome(Outcome.FAILED, failure) if failure else CommitOutcome(Outcome.OK)


def _refused(world: World, run: Sequence[Progress], transaction: Transaction, error: PvesdnError) -> CommitOutcome:
    what = f"PVE's definitions were not committed: {error}"
    is_committed = transaction.is_committed()
    if is_committed is False:
        transaction.put_back(because="PVE's definitions were not committed")
        leave_unreloaded(healthy(run), because="PVE's definitions were not committed")
        return CommitOutcome(Outcome.FAILED, what)
    restore_flooding(world, healthy(run))
    if is_committed:
        what = f"PVE's definitions are committed, but nobody has told how its reloads went: {error}"
    else:
        what = f"nobody can tell whether PVE's definitions were committed: {error}"
    leave_unreloaded(healthy(run), because=what)
    transaction.put_back(because=what)
    return CommitOutcome(Outcome.FAILED, f"{what}; run pvesdn plan, then pvesdn apply")


def _keep_flooding(world: World, run: Sequence[Progress]) -> None:
    """Restore flood entries while PVE reloads one node after the other: the first node's FRR may delete them, and until
    the last one is reloaded its guests would find nobody. What cannot be done now is done at the end.
    """
    wanted = {progress.node: progress.execution.flooding for progress in run if progress.execution.flooding}
    world.runner.each(tuple(wanted), lambda name: world.nodes.restore_flooding(name, wanted[name]))


def _reloads(world: World, node: str) -> tuple[str, ...]:
    """The reloads that a node knows of. The commit's own are told from earlier ones by their names, not by the time:
    PVE's clock need not be ours.
    """
    return world.api.node_tasks(node, kind=SRVRELOAD)


def _follow_node(world: World, node: str, before: set[str]) -> None:
    started = [upid for upid in find_tasks(world, node, kind=SRVRELOAD) if upid not in before]
    if not started:
        raise TaskFailed(
            node,
            "PVE committed the definitions, but started no network reload here",
            hint="see the reloadnetworkall task of the node that was asked, then run pvesdn apply again",
        )
    for upid in started:
        follow(world, upid, node)
