"""The way back of an apply: every node that changes is armed first, and put back when anything fails.

A node is called as before only when it has looked, and called new only when the apply has verified it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from pvesdn.errors import NodeError, NodeUnreachable, PvesdnError
from pvesdn.model.execution import Checkpoint, Undone, UndoState
from pvesdn.model.primitives import NodeName
from pvesdn.model.report import Outcome, Standing
from pvesdn.workflows.any_member import on_any_member
from pvesdn.workflows.progress import Progress, healthy, on_each
from pvesdn.workflows.world import World

OPEN_SECONDS = 180
"""Seconds after its last step on a node at which an apply counts as forgotten there: longer than any pause of one that
is at work, but for another node's reload, and the apply that comes next is not kept waiting for long.
"""
_PAUSES = (2.0, 5.0, 10.0, 15.0)
"""Seconds between attempts to reach a node that has to be put back: its network may be about to come up."""
_ATTEMPTS = 2
"""Times that a node is asked to forget how it was."""
_RUNNING = "/etc/pve/sdn/.running-config"

COMMITTED = "PVE's definitions were committed, which cannot be taken back"
_UNKNOWN = "nobody can tell whether PVE's definitions were committed"


class Transaction:
    """The checkpoints of one apply. As a context manager it puts everything back when the block is cut short."""

    def __init__(self, world: World, run: Sequence[Progress]) -> None:
        self._world = world
        self._run = run
        self._id = secrets.token_hex(8)
        self._armed: dict[NodeName, Progress] = {}
        self._placed: set[NodeName] = set()
        self._running: str | None = None
        self._is_committing = False
        self._cannot_return = False
        self._is_kept = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.put_back(because="the run was cut short")

    def arm(self) -> bool:
        """Have every node that changes write down how it is; False if one refused, and then none has kept it."""
        who = f"pvesdn on {self._world.local_node or 'another machine'}"

        def arm_one(progress: Progress) -> None:
            progress.begin("armed")
            checkpoint = Checkpoint(self._id, who, OPEN_SECONDS, progress.execution.frr)
            self._world.nodes.arm(progress.node, checkpoint)

        # Before the calls, and those that were lost before: an answer may be what got lost.
        self._armed = {progress.node: progress for progress in self._run if progress.execution.steps}
        todo = [progress for progress in self._armed.values() if not progress.error]
        failures = on_each(self._world, todo, arm_one)
        refused = [node for node, error in failures.items() if not isinstance(error, NodeUnreachable)]
        if refused:
            self.put_back(because=f"{', '.join(refused)} failed")
            for progress in todo:
                if not progress.error:
                    progress.leave("written", f"not touched, because {', '.join(refused)} failed first")
        return not refused

    def placed(self, progress: Progress) -> None:
        """The node has had its turn, to its end."""
        if progress.execution.steps:
            self._placed.add(progress.node)

    def has_placed(self, progress: Progress) -> bool:
        """Whether the node has had its turn to its end."""
        return progress.node in self._placed

    def has_begun(self, progress: Progress) -> bool:
        """Whether anything may have been done on a node that was lost when its turn came, so that it is a failure.

        The node is asked. When it does not answer, what was done on others before may be the reason.
        """
        try:
            undone = self._world.nodes.undo(progress.node, self._id)
        except NodeError:
            return bool(self._placed)
        self._armed.pop(progress.node, None)
        self._settle(progress, undone)
        return undone.state not in {UndoState.UNTOUCHED, UndoState.NOTHING}

    def is_about_to_commit(self) -> None:
        """From here on nothing is put back unless PVE's definitions turn out to be what they were.

        :raises NodeError: nobody can tell what they are now.
        """
        self._running = self._running_config()
        self._is_committing = True

    def is_committed(self) -> bool | None:
        """Whether PVE's definitions have been committed since `is_about_to_commit`; None if nobody can tell.

        Once `put_back` has found that out, or not, nothing is put back any more, and the answer stays True.
        """
        if self._cannot_return or not self._is_committing:
            return self._cannot_return
        try:
            return self._running_config() != self._running
        except PvesdnError:
            return None

    def is_past_return(self) -> None:
        """PVE has taken the commit: what nodes have written down of how they were is of no use any more."""
        self._cannot_return = True
        self._disarm(Standing.NEW)

    def keep(self) -> None:
        """Everything is verified: from here on, what was done stays, whatever happens."""
        self._is_kept = True

        def finish(progress: Progress) -> None:
            progress.step = "finished"
            if progress.execution.finishes:
                self._world.nodes.finish(progress.node)

        on_each(self._world, healthy(self._run), finish)
        self._disarm(Standing.NEW)

    def _disarm(self, standing: Standing, left: tuple[str, ...] = ()) -> None:
        """Have the nodes that had their turn forget how they were. One that cannot be reached forgets by itself: its
        checkpoint counts as forgotten in `OPEN_SECONDS`, and an undo of this apply is never asked for again.
        """
        nodes = tuple(node for node in self._armed if self._cannot_return or node in self._placed)
        left_over = nodes
        for _ in range(_ATTEMPTS):
            with suppress(PvesdnError):
                answers = self._world.runner.each(left_over, lambda node: self._world.nodes.disarm(node, self._id))
                left_over = tuple(node for node, error in answers.items() if error is not None)
        for node in nodes:
            progress = self._armed.pop(node)
            progress.standing, progress.left = standing, left

    def put_back(self, *, because: str) -> None:
        """Put back every node that was armed, unless PVE's definitions have been committed; tell what each has."""
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
        for node, outcome in self._world.runner.each(armed, self._undo).items():
            progress = self._armed.pop(node)
            if isinstance(outcome, NodeError):
                self._give_up(progress, outcome)
            else:
                self._settle(progress, outcome)
            if not progress.error and progress.node in self._placed:
                progress.error = f"{node}: put back as it was, because {because}"

    def _give_up(self, progress: Progress, error: NodeError) -> None:
        if not progress.has_begun("written"):
            progress.standing = Standing.AS_BEFORE
            return
        self._tell(progress, Outcome.UNREACHABLE if isinstance(error, NodeUnreachable) else Outcome.FAILED)
        progress.standing, progress.left = Standing.NOT_PUT_BACK, (str(error),)
        progress.error = progress.error or f"{progress.node}: could not be put back"

    def _settle(self, progress: Progress, undone: Undone) -> None:
        progress.standing = Standing.NOT_PUT_BACK if undone.state is UndoState.PARTLY else Standing.AS_BEFORE
        progress.left = undone.left
        if undone.state is UndoState.PARTLY:
            self._tell(progress, Outcome.FAILED)
            progress.log = (*progress.log, *undone.log)
        elif undone.state is UndoState.RESTORED:
            self._tell(progress, Outcome.OK)

    def _undo(self, node: NodeName) -> Undone:
        """:raises NodeError: it could not be reached, at any attempt, or it refused."""
        has_begun = self._armed[node].has_begun("written")
        if has_begun:
            with suppress(OSError):  # a terminal that is gone
                self._world.observer.step(node, "undone")
        for pause in _PAUSES if has_begun else ():
            try:
                return self._world.nodes.undo(node, self._id)
            except NodeUnreachable:
                self._world.clock.sleep(pause)
        return self._world.nodes.undo(node, self._id)

    @staticmethod
    def _tell(progress: Progress, outcome: Outcome) -> None:
        progress.step = "undone"
        with suppress(OSError):  # a terminal that is gone must not keep other nodes from being put back
            progress.done(outcome)

    def _running_config(self) -> str | None:
        names = [progress.node for progress in self._run]
        files = on_any_member(self._world, names, lambda name: self._world.nodes.read(name, [_RUNNING]))
        return files.get(_RUNNING)
