"""apply: stage on every node, then put in place and reload, one node first; PVE's own commit is the last step.

A refusal while staging stops the run before anything has changed. After that, the first failure stops it and every node
is put back as it was, unless PVE's definitions have been committed. A node that cannot be reached before anything was
begun there does not stop the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pvesdn.compare.execution import execution_plan
from pvesdn.errors import ApplyRefused
from pvesdn.model.execution import ExecutionPlan
from pvesdn.model.files import ChangeSet
from pvesdn.model.manner import AS_USUAL, Manner
from pvesdn.model.primitives import NodeName
from pvesdn.model.progress import StepName, Turns
from pvesdn.model.report import ApplyReport, NodeOutcome, Outcome, StepOutcome
from pvesdn.model.snapshot import SEEN_FILE
from pvesdn.model.verification import Verdict
from pvesdn.workflows.aftermath import tidy_up
from pvesdn.workflows.any_member import on_any_member
from pvesdn.workflows.canary import require_canary
from pvesdn.workflows.commit import NO_COMMIT, CommitOutcome, commit_definitions
from pvesdn.workflows.heartbeat import signs_of_life
from pvesdn.workflows.planner import Planner
from pvesdn.workflows.progress import Progress, healthy
from pvesdn.workflows.proof import Proof
from pvesdn.workflows.put_in_place import put_in_place
from pvesdn.workflows.rehearsal import Rehearsal, Rehearser, failed_elsewhere, hold_to_rehearsal, refuse_unrehearsed
from pvesdn.workflows.sdn_edits import SdnEditor
from pvesdn.workflows.sdn_lock import SdnLock
from pvesdn.workflows.sight import in_one_line
from pvesdn.workflows.stage import discard, discarding, stage
from pvesdn.workflows.take_over import take_frr_over
from pvesdn.workflows.transaction import LOCK_LOST, NOT_CONFIRMED, Begin, Transaction
from pvesdn.workflows.world import World

_OFFLINE = "offline; run pvesdn apply again when it is back"
_NOT_REACHED = CommitOutcome(Outcome.SKIPPED, "PVE's definitions were not committed, because a node failed first")


def apply(
    world: World,
    changes: ChangeSet,
    planner: Planner,
    manner: Manner = AS_USUAL,
    *,
    begin: Begin | None = None,
) -> ApplyReport:
    """Carry out a plan. With nothing to do, only the memory of the VTEPs is touched, and only if it is out of date.

    :param planner: plans again, with the flags of `changes`: to verify, and where the plan has a second part.
    :param begin: called with the apply's id when every node has accepted it, before anything is changed.
    :raises ApplyRefused: obstacles are left in the plan, or interfaces would move on a part of the nodes, or PVE would
        commit what cannot be taken back if nobody confirms, or PVE's definitions are locked by somebody, or not those
        of the plan any more, or the canary that was named cannot be one; nothing was touched.
    :raises ClusterError: the API does not let us reload or commit, or there is no quorum; nothing was touched.
    :raises NodeError: the memory of the VTEPs or the definitions could not be written; nothing else was touched.
    """
    _refuse_obstacles(changes)
    _refuse_half_a_move(changes)
    wishes = replace(manner.wishes, own=world.local_node)
    todo = execution_plan(changes, wishes)
    require_canary(wishes.canary, changes, todo)
    refuse_unrehearsed(changes, manner)
    world.api.require(_rights(changes, todo))  # before anything: a refused reload leaves a node half done
    with SdnLock(world, changes) as lock, SdnEditor(world, changes, lock, todo.definitions) as editor:
        lock.check()
        _remember_vteps(world, todo.seen, [node.node for node in changes.nodes])
        report = _carry_out(_Work(world, changes, todo, planner, manner, lock, editor), begin)
    return replace(
        report,
        commit_error="; ".join(filter(None, (report.commit_error, editor.left, lock.left))),
        has_new_definitions=report.has_new_definitions and not editor.is_taken_back,
    )


@dataclass(frozen=True)
class _Work:
    """What is to be done, once all questions are answered.

    :param planner: plans again, with the flags of `changes`.
    :param lock: of what is pending in PVE; not taken yet.
    :param editor: of PVE's definitions, where some have to be made pending first.
    """

    world: World
    changes: ChangeSet
    todo: ExecutionPlan
    planner: Planner
    manner: Manner
    lock: SdnLock
    editor: SdnEditor


def _carry_out(work: _Work, begin: Begin | None) -> ApplyReport:
    """Everything after the questions. Raises what `_ready` does."""
    world, changes, todo, manner = work.world, work.changes, work.todo, work.manner
    run = [Progress(world, node) for node in todo.nodes]
    proof = Proof(world, changes, work.planner)
    proof.look_at_paths(run)
    world.observer.tell(Turns(tuple(node.node for node in todo.nodes), todo.order, todo.commits))
    with signs_of_life(world), Transaction(world, run, begin, rehearses=todo.rehearses) as transaction:
        is_staged = stage(world, run) and _ready(work, run, transaction)
        if not is_staged or not _put_in_place(work, run, transaction, proof):
            transaction.put_back(because=_failed(run))
            proof.check_way_back(run)
            commit = _NOT_REACHED if todo.commits else NO_COMMIT
            return _report(run, changes, commit, is_staged=is_staged)
        rehearser = Rehearser(world, changes, run, proof)
        rehearsal = rehearser.rehearse(transaction, manner) if todo.rehearses else Rehearsal()
        if rehearsal.over is not None:
            proof.check_way_back(run)
            return _rehearsed(run, changes, rehearsal, is_rehearsal=not manner.commits)
        commit = _commit(work, run, transaction)
        left_over = tidy_up(world, run, commits=todo.commits, rehearses=todo.rehearses)
        verdict = proof.check(healthy(run), is_committed=todo.commits) if healthy(run) else None
        elsewhere = [] if verdict is None else failed_elsewhere(run, verdict)
        is_unconfirmed = _settle(run, transaction, elsewhere, 0 if todo.rehearses else manner.confirm_within)
        proof.check_way_back(run)
    _say_what_is_not_healed(run, verdict)
    report = _report([*run, *elsewhere], changes, commit, is_staged=True, verdict=verdict)
    not_checked = (*report.not_checked, *rehearsal.not_checked, *left_over)
    return replace(report, is_unconfirmed=is_unconfirmed, not_checked=not_checked)


def _put_in_place(work: _Work, run: Sequence[Progress], transaction: Transaction, proof: Proof) -> bool:
    """False if a node failed. Where PVE commits what is rehearsed, or gives something up, one that was lost before its
    turn is a failure too: PVE would reload it all the same, or it would keep what the others have.
    """
    needs_all = work.todo.rehearses or work.changes.takes_from_pve
    if needs_all and (lost := [progress.node for progress in run if progress.error]):
        discard(work.world, healthy(run), because=", ".join(lost))
        return False
    is_placed = put_in_place(work.world, healthy(run), transaction, work.todo.order, proof.check_canary)
    return is_placed and not (needs_all and len(healthy(run)) < len(run))


def _ready(work: _Work, run: Sequence[Progress], transaction: Transaction) -> bool:
    """Have every node write down how it is; lock what is pending, and have them write down the lock's token; then the
    definitions become those of the plan. False if a node refused.

    :raises PvesdnError: it cannot be locked, or the definitions not be written; what was staged is gone again.
    """
    if not transaction.arm(locks=work.lock.is_needed):
        return False
    with discarding(work.world, run):
        work.lock.take()
    if work.lock.token and not transaction.knows_token(work.lock.token):
        return False
    with discarding(work.world, run):
        work.lock.check()
        work.editor.write()
        if work.manner.commits:
            work.editor.write_own()
    return True


def _rehearsed(run: Sequence[Progress], changes: ChangeSet, rehearsal: Rehearsal, *, is_rehearsal: bool) -> ApplyReport:
    """PVE has not committed, and every node has been put back."""
    report = _report(
        [*run, *rehearsal.elsewhere],
        changes,
        rehearsal.over or NO_COMMIT,
        is_staged=not is_rehearsal,
        verdict=rehearsal.verdict,
    )
    return replace(report, is_unconfirmed=rehearsal.is_unconfirmed, is_rehearsal=is_rehearsal)


def _settle(
    run: Sequence[Progress], transaction: Transaction, elsewhere: Sequence[Progress], confirm_within: int
) -> bool:
    """Everything was good where it was done, and elsewhere: it stays, once that is confirmed where it has to be.
    Otherwise all nodes are put back, if that can be.

    :returns: whether all was good, and not confirmed.
    """
    bad = [*transaction.failed_since(), *elsewhere]
    if confirm_within and not bad:
        if transaction.wait(confirm_within):
            return False
        transaction.put_back(because=NOT_CONFIRMED)
        return True
    if not bad or transaction.is_committed():
        transaction.keep()
    transaction.put_back(because=_failed(bad or run))
    return False


def _say_what_is_not_healed(run: Sequence[Progress], verdict: Verdict | None) -> None:
    """It was so before, so nothing is put back for it; but it is not what the plan had promised."""
    for progress in healthy(run):
        if found := [item for item in (verdict.unhealed if verdict else ()) if item.node == progress.node]:
            progress.error = (
                f"{progress.node}: still not as it should be: {in_one_line(found)}; pvesdn verify says more"
            )


def _failed(run: Sequence[Progress]) -> str:
    """Who has failed, for those who have not."""
    failed = [progress.node for progress in run if progress.error and not progress.is_skipped]
    return f"{', '.join(failed)} failed" if failed else LOCK_LOST


def _commit(work: _Work, run: Sequence[Progress], transaction: Transaction) -> CommitOutcome:
    """Let PVE commit what is pending; where that was its last frr.conf, put ours in its place."""
    world, todo = work.world, work.todo
    if not todo.commits:
        return NO_COMMIT
    commit = commit_definitions(world, healthy(run), transaction, work.lock)
    if todo.rehearses and commit.outcome is Outcome.OK:
        hold_to_rehearsal(world, healthy(run))
    if todo.takes_frr_over and commit.outcome is Outcome.OK:
        take_frr_over(world, healthy(run), work.planner, todo.flags)
    return commit


def _remember_vteps(world: World, text: str | None, members: Sequence[NodeName]) -> None:
    """Write down every VTEP under /etc/pve/sdn, so that a member that goes off stays a peer.

    :param members: every node that was read, those without changes too.
    :raises NodeError: no node could write it.
    """
    if text is not None and (members or world.local_node is not None):
        on_any_member(world, members, lambda name: world.nodes.put(name, SEEN_FILE, text))


def _refuse_obstacles(changes: ChangeSet) -> None:
    obstacles = [str(finding) for node in changes.nodes for finding in node.obstacles]
    if obstacles:
        raise ApplyRefused("\n".join(obstacles))


def _refuse_half_a_move(changes: ChangeSet) -> None:
    """PVE's commit reloads every node, and where our file cannot be put first it takes bridges from under guests."""
    if changes.takes_from_pve and changes.unreachable:
        names = ", ".join(sorted(changes.unreachable))
        what = f"interfaces move from PVE's file to pvesdn's, and {names} cannot be reached: PVE would take them away there"
        raise ApplyRefused(what, hint="make every node that is on reachable by SSH, then run pvesdn apply again")


def _rights(changes: ChangeSet, todo: ExecutionPlan) -> list[tuple[str, str]]:
    """The rights that the run's API calls need."""
    edits = () if changes.edits is None else changes.edits.calls
    if todo.commits:
        # Each node's dry run, and the task of its reload, which belongs to root@pam.
        asked = [(f"/nodes/{node.node}", "Sys.Audit") for node in todo.nodes]
        return [("/sdn", "SDN.Allocate"), *sorted({right for call in edits for right in call.rights}), *asked]
    return [(f"/nodes/{node.node}", "Sys.Modify") for node in todo.nodes if node.reloads]


def _report(
    run: Sequence[Progress],
    changes: ChangeSet,
    commit: CommitOutcome,
    *,
    is_staged: bool,
    verdict: Verdict | None = None,
) -> ApplyReport:
    outcomes = [progress.outcome() for progress in run]
    outcomes += [
        NodeOutcome(node, (StepOutcome(StepName.READ, Outcome.UNREACHABLE),), error=reason)
        for node, reason in (*changes.unreachable.items(), *((node, f"{node}: {_OFFLINE}") for node in changes.offline))
    ]
    unseen = () if verdict is None else verdict.not_checked
    return ApplyReport(
        nodes=tuple(sorted(outcomes, key=lambda outcome: outcome.node)),
        commit=commit.outcome,
        commit_error=commit.error,
        not_checked=tuple(f"{f'{item.node}: ' if item.node else ''}{item.what}: {item.why}" for item in unseen),
        has_new_definitions=is_staged and changes.definitions is not None,
        verdict=verdict,
    )
