"""The way back of an apply: every node that changes is armed first, and put back when anything fails.

A node is called as before only when it has looked, and called new only when the apply has verified it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self, TypeAlias

from pvesdn.errors import ClusterError, NodeError, NodeFailed, NodeUnreachable, PvesdnError
from pvesdn.model.execution import Checkpoint, UndoState
from pvesdn.model.files import SDN_INTERFACES
from pvesdn.model.primitives import NodeName
from pvesdn.model.progress import Armed, Committed, PutBackFor, PutsBack, Stays, StepName, WaitsForYes
from pvesdn.model.report import Standing
from pvesdn.workflows.committing import Committing
from pvesdn.workflows.confirmation import confirmed_on
from pvesdn.workflows.heartbeat import OPEN_SECONDS, Heartbeat, has_gone, tell
from pvesdn.workflows.progress import Progress, healthy, on_each
from pvesdn.workflows.put_back import ask_to_undo, note_not_undone, note_undone, what_became
from pvesdn.workflows.world import World

_TELLING = (2.0, 5.0, 10.0, 20.0, 30.0, 30.0, 30.0)
"""Seconds between attempts to tell a node that what was done stays: no longer than it waits for that."""

COMMITTED = "PVE's definitions were committed, which cannot be taken back"
LOCK_LOST = "the cluster lock was lost, so that somebody else may have begun to apply"
NOT_CONFIRMED = "it was not confirmed"
_CUT_SHORT = "the run was cut short"
_REASONS = {
    _CUT_SHORT: PutBackFor.INTERRUPTION,
    NOT_CONFIRMED: PutBackFor.SILENCE,
    "": PutBackFor.REHEARSAL,
}
_KEEPING = "keeping the cluster lock"
_RESTARTED = "it was restarted before it was told that what was done stays, and puts itself back within 5 minutes"
_UNTOLD = "it could not be told that what was done stays, and puts itself back within 5 minutes"
_UNKNOWN = "nobody can tell whether PVE's definitions were committed"


Begin: TypeAlias = Callable[[str], object]
"""Called with the id of an apply: 16 hexadecimal digits, the same on every node."""


class Transaction:
    """The checkpoints of one apply. As a context manager it puts everything back when the block is cut short.

    :param begin: called when every node is armed, before anything is changed.
    :param rehearses: what PVE would write is put in place, and PVE commits when all of it is verified.
    """

    def __init__(
        self, world: World, run: Sequence[Progress], begin: Begin | None = None, *, rehearses: bool = False
    ) -> None:
        self._world = world
        self._begin = begin
        self._run = run
        self._rehearses = rehearses
        self._id = secrets.token_hex(8)
        self._armed: dict[NodeName, Progress] = {}
        self._is_armed: set[NodeName] = set()
        self._begun: set[NodeName] = set()
        self._placed: set[NodeName] = set()
        self._committing: Committing | None = None
        self._cannot_return = False
        self._is_kept = False
        self._heart = Heartbeat(world, self._id, lambda: self._is_armed & self._armed.keys())

    def __enter__(self) -> Self:
        self._heart.on()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is not None:
                self.put_back(because=_CUT_SHORT)
        finally:
            self._heart.off()

    def lost(self) -> tuple[str, ...]:
        """What has failed without anybody's turn: nodes, and keeping the cluster lock, while a way back is left."""
        is_kept = self._cannot_return or self._world.is_alone()
        return self._lost_nodes() if is_kept else (*self._lost_nodes(), _KEEPING)

    def _lost_nodes(self) -> tuple[NodeName, ...]:
        """Nodes that have put themselves back meanwhile; then that is their failure."""
        gone = self._heart.gone
        for progress in self._run:
            if progress.node in gone and not progress.error:
                progress.fail(has_gone(progress.node))
        return gone

    def arm(self, *, locks: bool = False) -> bool:
        """Have every node that changes write down how it is; False if one refused, and then none has kept it.

        :param locks: PVE's SDN lock is taken next, for the nodes to give back should nobody else do it.
        """
        who = f"pvesdn on {self._world.local_node or 'another machine'}"

        def arm_one(progress: Progress) -> None:
            progress.begin(StepName.ARMED)
            checkpoint = Checkpoint(self._id, who, OPEN_SECONDS, progress.execution.frr, self._pves(progress), locks)
            until = self._world.clock.now() + OPEN_SECONDS
            survives = self._world.nodes.arm(progress.node, checkpoint)
            self._is_armed.add(progress.node)
            self._world.observer.tell(Armed(progress.node, until, survives))

        # Before the calls, and those that were lost before: an answer may be what got lost.
        self._armed = {progress.node: progress for progress in self._run if progress.execution.steps}
        todo = [progress for progress in self._armed.values() if not progress.error]
        failures = on_each(self._world, todo, arm_one)
        refused = [node for node, error in failures.items() if not isinstance(error, NodeUnreachable)]
        if refused:
            self._give_up(refused)
        elif self._begin is not None:
            self._begin(self._id)
        return not refused

    def knows_token(self, token: str) -> bool:
        """PVE's SDN lock has been taken: every armed node has its token on its disk before this returns. False if one
        could not be told, and then none is armed any more.
        """

        def tell(progress: Progress) -> None:
            progress.step = StepName.ARMED
            self._heart.tell_one(progress.node, token=token)

        failures = on_each(self._world, [self._armed[node] for node in self._armed if node in self._is_armed], tell)
        if failures:
            self._give_up([*failures])
        return not failures

    def _give_up(self, failed: Sequence[NodeName]) -> None:
        """Nothing has been changed anywhere yet."""
        todo = [progress for progress in self._armed.values() if not progress.error]
        self.put_back(because=f"{', '.join(failed)} failed")
        for progress in todo:
            progress.leave(StepName.WRITTEN, f"not touched, because {', '.join(failed)} failed first")

    def begins(self, run: Iterable[Progress]) -> None:
        """These nodes have their turn now."""
        self._begun.update(progress.node for progress in run if progress.execution.steps)

    def _pves(self, progress: Progress) -> tuple[str, ...]:
        return tuple(sorted({SDN_INTERFACES, *progress.execution.rehearsed})) if self._rehearses else ()

    def placed(self, progress: Progress) -> None:
        """The node has had its turn, to its end."""
        if progress.execution.steps:
            self._placed.add(progress.node)

    def failed_since(self) -> list[Progress]:
        """Nodes that have had their turn to its end, and on which something has failed since."""
        return [progress for progress in self._run if progress.error and progress.node in self._placed]

    def has_begun(self, progress: Progress) -> bool:
        """Whether anything may have been done on a node that was lost when its turn came, so that it is a failure.

        The node is asked. When it does not answer, what was done on others before may be the reason, or what it was
        asked to do itself: files that are swapped cut no node off, but FRR, kernel settings and a reload may.
        """
        try:
            undone = self._world.nodes.undo(progress.node, self._id)
        except NodeError:
            return bool(self._placed) or progress.step is not StepName.WRITTEN
        self._armed.pop(progress.node, None)
        note_undone(progress, undone)
        return undone.state not in {UndoState.UNTOUCHED, UndoState.NOTHING}

    def is_about_to_commit(self) -> None:
        """From here on nothing is put back unless PVE's definitions turn out to be what they were. Every armed node has
        that on its disk before this returns.

        :raises ClusterError: the cluster lock was lost.
        :raises NodeError: nobody can tell what they are now, or a node could not be told.
        """
        if not self._world.is_alone():
            raise ClusterError(LOCK_LOST)
        committing = Committing.from_now(self._world, [progress.node for progress in self._run])
        self._heart.tell_all(is_committing=True)
        self._committing = committing

    def is_committed(self) -> bool | None:
        """Whether PVE's definitions have been committed since `is_about_to_commit`; None if nobody can tell.

        Once `put_back` has found that out, or not, nothing is put back any more, and the answer stays True.
        """
        if self._cannot_return or self._committing is None:
            return self._cannot_return
        return self._committing.is_done()

    def is_past_return(self) -> None:
        """PVE has taken the commit: what nodes have written down of how they were is of no use any more."""
        self._cannot_return = True
        self._world.observer.tell(Committed())
        self._disarm(Standing.NEW)

    def keep(self) -> bool:
        """Everything is verified: from here on, what was done stays, whatever happens; False if a node has put itself
        back meanwhile, and then nothing is kept.
        """
        self._heart.beat()
        if self.lost():
            return False
        self._is_kept = True
        self._world.observer.tell(Stays(tuple(self._armed)))
        on_each(self._world, healthy(self._run), self._finish)
        self._disarm(Standing.NEW)
        return True

    def wait(self, seconds: int) -> bool:
        """Everything is verified, and stays only if somebody confirms it within `seconds`; whether that was done.

        Where it was not, the nodes have put themselves back, or are about to: `put_back` sees to that.
        """
        self._heart.beat()
        if self._lost_nodes():
            return False
        if not self._rehearses:
            on_each(self._world, healthy(self._run), self._finish)
        self._heart.off()
        nodes = tuple(node for node in self._armed if node in self._placed)
        for node in nodes:
            self._armed[node].begin(StepName.CONFIRMED)
        self._world.observer.tell(WaitsForYes(self._id, nodes, self._world.clock.now() + seconds))
        answers = self._world.runner.each(nodes, lambda node: self._world.nodes.wait(node, self._id, seconds, nodes))
        if any(answer is not True for answer in answers.values()):
            return self._fail_all(nodes, "not every node could be told to wait for that")
        kept = confirmed_on(self._world, nodes, self._id, seconds)
        for node in kept:
            progress = self._armed[node] if self._rehearses else self._armed.pop(node)
            progress.standing, progress.step = Standing.NEW, StepName.CONFIRMED
            progress.done()
        if kept and not self._rehearses:
            self._world.observer.tell(Stays(tuple(kept)))
        self._heart.on()
        rest = tuple(node for node in nodes if node not in kept)
        return not rest or self._fail_all(rest, "it was not confirmed in time")

    def _fail_all(self, nodes: tuple[NodeName, ...], why: str) -> bool:
        for node in nodes:
            self._armed[node].step = StepName.CONFIRMED
            self._armed[node].fail(NodeFailed(node, f"put back as it was, because {why}"))
        return False

    def _finish(self, progress: Progress) -> None:
        progress.step = StepName.FINISHED
        if progress.execution.finishes:
            self._world.nodes.finish(progress.node)

    def _disarm(self, standing: Standing, left: tuple[str, ...] = ()) -> None:
        """Have the nodes that had their turn forget how they were.

        One that cannot be told puts itself back, unless PVE has committed, which it finds out by itself.
        """

        def tell(node: NodeName) -> bool:
            self._is_armed.discard(node)  # from now on it says to a beat that it is not, and nothing has happened to it
            return self._world.nodes.disarm(node, self._id)

        nodes = tuple(node for node in self._armed if self._cannot_return or node in self._placed)
        left_over, restarted = nodes, set[NodeName]()
        for pause in (0.0, *(_TELLING[:1] if self._cannot_return else _TELLING)):
            if not left_over:
                break
            if pause:
                self._world.clock.sleep(pause)
            with suppress(PvesdnError):
                answers = self._world.runner.each(left_over, tell)
                left_over = tuple(node for node, answer in answers.items() if isinstance(answer, NodeError))
                restarted.update(node for node, answer in answers.items() if answer is False)
        for node in nodes:
            progress = self._armed.pop(node)
            progress.standing, progress.left = standing, left
            if node in restarted or (node in left_over and not self._cannot_return):
                why = _RESTARTED if node in restarted else _UNTOLD
                progress.standing, progress.left = Standing.NOT_PUT_BACK, (why,)
                progress.error = progress.error or f"{node}: {why}; run pvesdn apply again in 5 minutes"

    def put_back(self, *, because: str) -> None:
        """Put back every node that was armed, unless PVE's definitions have been committed; tell what each has.

        :param because: why, for those on which nothing has failed; empty where that is as it should be.
        """
        if self._is_kept:
            self._disarm(Standing.NEW)
        committed = self.is_committed()
        if committed is not False:
            self._cannot_return = True
            reason = (COMMITTED if committed else _UNKNOWN,)
            self._disarm(Standing.NOT_PUT_BACK, reason)
            for progress in self._run:
                if progress.error and progress.standing is Standing.NEW:
                    progress.standing, progress.left = Standing.NOT_PUT_BACK, reason
        armed = tuple(self._armed)
        self._say_what_is_put_back(because)
        undone = self._world.runner.each(armed, lambda node: ask_to_undo(self._armed[node], self._id))
        for node, outcome in undone.items():
            progress = self._armed.pop(node)
            if isinstance(outcome, NodeError):
                note_not_undone(progress, outcome)
            else:
                note_undone(progress, outcome)
            if not progress.error and progress.node in self._begun:
                progress.error = what_became(progress, because)

    def _say_what_is_put_back(self, because: str) -> None:
        begun = tuple(node for node, progress in self._armed.items() if progress.has_begun)
        if begun:
            tell(self._world, PutsBack(begun, _REASONS.get(because, PutBackFor.FAILURE)))
