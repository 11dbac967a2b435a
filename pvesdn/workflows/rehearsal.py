"""What PVE is about to write, tried out before PVE commits it: verified, confirmed, held against PVE's own dry run.

Everything up to here can be taken back, byte for byte, with PVE's definitions still pending. Only the commit is left
then, which cannot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pvesdn.compare.rehearsed import disagreements, unlike
from pvesdn.errors import ApiRefused, ApiUnavailable, ApplyRefused, ClusterError, NodeError, NodeFailed
from pvesdn.model.execution import NodeExecution
from pvesdn.model.files import FRR_CONF, SDN_INTERFACES, ChangeSet
from pvesdn.model.manner import Manner
from pvesdn.model.primitives import NodeName
from pvesdn.model.progress import StepName
from pvesdn.model.report import Outcome
from pvesdn.model.verification import Verdict
from pvesdn.workflows.aftermath import restore_flooding
from pvesdn.workflows.commit import CommitOutcome
from pvesdn.workflows.patience import Patience
from pvesdn.workflows.progress import Progress, healthy, on_each
from pvesdn.workflows.proof import Proof
from pvesdn.workflows.sight import in_one_line
from pvesdn.workflows.transaction import NOT_CONFIRMED, Transaction
from pvesdn.workflows.world import World

ANSWERING = 30.0
"""Seconds within which PVE's dry run has to answer: the node's network has just been reloaded."""
_FABRIC = "fabric"
_NOT_DONE = "PVE's definitions were not committed, because"


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """How it ended.

    :param over: why PVE does not commit now; None where it may. Then every node has been put back.
    :param elsewhere: nodes that had nothing to do and on which something has failed.
    :param not_checked: what was not held against PVE's dry run, one line each.
    """

    verdict: Verdict | None = None
    over: CommitOutcome | None = None
    elsewhere: Sequence[Progress] = ()
    is_unconfirmed: bool = False
    not_checked: tuple[str, ...] = ()


class Rehearser:
    """One rehearsal, whose nodes have all had their turn."""

    def __init__(self, world: World, changes: ChangeSet, run: Sequence[Progress], proof: Proof) -> None:
        self._world = world
        self._run = run
        self._proof = proof
        self._has_fabric = any(change.kind.startswith(_FABRIC) for change in changes.pending)

    def rehearse(self, transaction: Transaction, manner: Manner) -> Rehearsal:
        """Verify, have it confirmed, ask PVE what it would write; put all nodes back where that does not go well."""
        restore_flooding(self._world, healthy(self._run))
        verdict, elsewhere = self._verified()
        if ended := self._ended(transaction, verdict, elsewhere):
            return ended
        if not manner.commits:
            transaction.put_back(because="")
            return Rehearsal(verdict, CommitOutcome(Outcome.SKIPPED))
        if manner.confirm_within:
            if not transaction.wait(manner.confirm_within):
                transaction.put_back(because=NOT_CONFIRMED)
                over = CommitOutcome(Outcome.SKIPPED, f"{_NOT_DONE} nobody has confirmed")
                return Rehearsal(verdict, over, is_unconfirmed=True)
            verdict, elsewhere = self._verified()
        not_checked = self._hold_against_pve()
        transaction.lost()
        ended = self._ended(transaction, verdict, elsewhere)
        return ended or Rehearsal(verdict, not_checked=not_checked)

    def _verified(self) -> tuple[Verdict, Sequence[Progress]]:
        verdict = self._proof.check(healthy(self._run))
        return verdict, failed_elsewhere(self._run, verdict)

    def _ended(self, transaction: Transaction, verdict: Verdict, elsewhere: Sequence[Progress]) -> Rehearsal | None:
        bad = [*transaction.failed_since(), *elsewhere]
        if not bad and healthy(self._run):
            return None
        names = ", ".join(progress.node for progress in bad or self._run)
        transaction.put_back(because=f"{names} failed")
        over = CommitOutcome(Outcome.SKIPPED, f"{_NOT_DONE} {names} failed first")
        return Rehearsal(verdict, over, elsewhere)

    def _hold_against_pve(self) -> tuple[str, ...]:
        """What could not be compared, or need not agree; what does not is each node's failure."""
        nodes = {progress.node: progress for progress in healthy(self._run)}
        for progress in nodes.values():
            progress.begin(StepName.COMPARED)
        answers = self._world.runner.each(tuple(nodes), lambda name: self._compared(nodes[name].execution))
        not_checked: list[str] = []
        for name, answer in answers.items():
            nodes[name].step = StepName.COMPARED
            if isinstance(answer, NodeError):
                nodes[name].fail(answer)
            else:
                not_checked += answer
                nodes[name].done()
        return tuple(not_checked)

    def _compared(self, execution: NodeExecution) -> tuple[str, ...]:
        """:raises NodeError: the node has, or PVE would write, another text than the one that was rehearsed."""
        node, rehearsed = execution.node, execution.rehearsed
        present = self._world.nodes.read(node, [SDN_INTERFACES, FRR_CONF])
        if changed := unlike(rehearsed, present):
            what = f"{', '.join(changed)} is not what was rehearsed"
            raise NodeFailed(node, f"{what}: somebody, or PVE's reload of this node, has written it since")
        patience = Patience(self._world.clock)
        try:
            told = patience.ask(lambda: self._world.api.dry_run(node), ANSWERING, ApiUnavailable)
        except ApiRefused as error:
            if error.is_absent:
                return (f"{node}: PVE's dry run of the commit, which it has from libpve-network-perl 1.3.0 on",)
            raise NodeFailed(node, f"PVE cannot say what it would write: {error}") from error
        except ClusterError as error:
            raise NodeFailed(node, f"PVE does not say what it would write: {error}") from error
        found = tuple(disagreements(rehearsed, present, told))
        if found and self._has_fabric:
            # PVE's dry run shows those who use a fabric by the fabric that runs, not by the one that is pending.
            return tuple(
                f"{node}: {what} (a fabric is pending, for which PVE's dry run is not exact)" for what in found
            )
        if found:
            raise NodeFailed(node, "; ".join(found), hint="keep `pvesdn snapshot` of this, and report it")
        return ()


def hold_to_rehearsal(world: World, run: Sequence[Progress]) -> None:
    """After PVE's commit: whether PVE has written what was rehearsed. What it has not is a failure of its node."""

    def hold(progress: Progress) -> None:
        present = world.nodes.read(progress.node, [SDN_INTERFACES, FRR_CONF])
        if changed := unlike(progress.execution.rehearsed, present):
            what = f"PVE has written another {', '.join(changed)} than was rehearsed"
            raise NodeFailed(progress.node, what, hint="see pvesdn verify, and report it")

    on_each(world, run, hold)


def failed_elsewhere(run: Sequence[Progress], verdict: Verdict) -> list[Progress]:
    """Nodes that had nothing to do and on which something fails since."""
    found: list[Progress] = []
    for node in _others(run, verdict):
        progress = Progress(run[0].world, NodeExecution(node), step=StepName.VERIFIED)
        progress.fail(NodeFailed(node, in_one_line([item for item in verdict.failed if item.node == node])))
        found.append(progress)
    return found


def _others(run: Sequence[Progress], verdict: Verdict) -> list[NodeName]:
    return sorted({item.node for item in verdict.failed} - {progress.node for progress in run})


def refuse_unrehearsed(changes: ChangeSet, manner: Manner) -> None:
    """Return if PVE's definitions can be rehearsed, where that is wanted.

    :raises ApplyRefused: they cannot, and nobody has said that they are to be committed all the same.
    """
    if not changes.pending:
        if not manner.commits:
            raise ApplyRefused(
                "nothing of PVE's is pending, so there is no commit to stop before", hint="apply without --no-commit"
            )
        return
    reasons = "; ".join(f"{item.node}: {item.why}" for item in changes.unrehearsed)
    what = f"PVE's definitions cannot be tried out before they are committed: {reasons}"
    if not manner.commits and changes.unrehearsed:
        raise ApplyRefused(what, hint="pvesdn plan shows what is pending")
    if manner.confirm_within and changes.unrehearsed:
        raise ApplyRefused(
            f"{what}, and their commit could not be taken back if nobody confirmed",
            hint="apply without --confirm, or discard what is pending in PVE's panel first",
        )
    if any(item.is_newer for item in changes.unrehearsed) and not manner.commit_unrehearsed:
        raise ApplyRefused(
            what,
            hint="pvesdn apply --commit-unrehearsed commits them as PVE's panel does, and verifies afterwards,"
            " when nothing can be put back",
        )
