"""A node that is put back: asked until it is reached, and what it has then, in words."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from pvesdn.errors import NodeError, NodeUnreachable
from pvesdn.model.execution import Undone, UndoState
from pvesdn.model.progress import Begun, NotReached, StepName
from pvesdn.model.report import Outcome, Standing
from pvesdn.workflows.heartbeat import tell
from pvesdn.workflows.patience import until_reached
from pvesdn.workflows.progress import Progress, outcome_of

PAUSES = (2.0, 5.0, 10.0, 15.0, 20.0, *(30.0,) * 6)
"""Seconds between attempts to reach a node: until it has put itself back, with some time to do so."""
_ALONE = "it puts itself back as soon as it can, also if it is restarted; pvesdn plan says when it has"


def ask_to_undo(progress: Progress, apply_id: str) -> Undone:
    """Have the node undo what the apply has done there; one that had begun is waited for.

    :raises NodeError: it could not be reached, at any attempt, or it refused.
    """
    world, node = progress.world, progress.node
    pauses: Sequence[float] = ()

    def undone() -> Undone:
        try:
            return world.nodes.undo(node, apply_id)
        except NodeUnreachable:
            tell(world, NotReached(node))
            raise

    if progress.has_begun:
        pauses = PAUSES
        tell(world, Begun(node, StepName.UNDONE))
    return until_reached(world.clock, undone, pauses)


def note_undone(progress: Progress, undone: Undone) -> None:
    """What the node has since, as it says itself."""
    standings = {UndoState.PARTLY: Standing.NOT_PUT_BACK, UndoState.KEPT: Standing.NEW}
    progress.standing = standings.get(undone.state, Standing.AS_BEFORE)
    progress.left = undone.left
    if undone.state is UndoState.PARTLY:
        _tell(progress, Outcome.FAILED)
        progress.log = (*progress.log, *undone.log)
    elif undone.state is UndoState.RESTORED:
        _tell(progress, Outcome.OK)


def note_not_undone(progress: Progress, error: NodeError) -> None:
    """The node could not be asked, or refused. :param error: why."""
    if not progress.has_begun:
        progress.standing = Standing.AS_BEFORE
        return
    _tell(progress, outcome_of(error))
    progress.standing, progress.left = Standing.NOT_PUT_BACK, (str(error), _ALONE)
    progress.error = progress.error or f"{progress.node}: could not be put back"


def what_became(progress: Progress, because: str) -> str:
    """What is said of a node on which nothing has failed. :param because: why it was put back; empty where that was as
    it should be.
    """
    if progress.standing is Standing.NEW:
        what = "it keeps what it has, because somebody has committed PVE's definitions meanwhile"
        return f"{progress.node}: {what}; run pvesdn plan"
    if not because and progress.standing is Standing.AS_BEFORE:
        return ""
    return f"{progress.node}: put back as it was, because {because or 'nothing was to be committed'}"


def _tell(progress: Progress, outcome: Outcome) -> None:
    progress.step = StepName.UNDONE
    with suppress(OSError):  # a terminal that is gone must not keep other nodes from being put back
        progress.done(outcome)
