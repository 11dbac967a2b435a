"""Stage every file next to its target on every node, and remove them all again if one node refuses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from pvesdn.errors import NodeFailed, NodeUnclear, NodeUnreachable, PvesdnError
from pvesdn.model.execution import FileWrite
from pvesdn.model.progress import StepName
from pvesdn.model.report import Outcome, StepOutcome
from pvesdn.workflows.progress import Progress, healthy, on_each
from pvesdn.workflows.world import World

_STAGED = StepOutcome(StepName.STAGED, Outcome.OK)


def stage(world: World, run: Iterable[Progress]) -> bool:
    """Stage on every node that has files to write; unreachable ones are marked and skipped.

    :returns: False if a node refused: then nothing staged is left on any node that can be reached.
    """
    run = list(run)
    paths = {progress.node: [file.path for file in _files(progress)] for progress in run}
    with discarding(world, run):
        failures = on_each(world, (progress for progress in run if _files(progress)), _stage_node)
    refused = [node for node, error in failures.items() if not isinstance(error, NodeUnreachable)]
    if refused:
        discard(world, healthy(run), because=", ".join(refused))
        # One that has answered something else may have staged all the same. One that has refused has not, and what is
        # staged there may be another apply's.
        unclear = [node for node in refused if isinstance(failures[node], NodeUnclear)]
        with suppress(PvesdnError):
            world.runner.each(unclear, lambda name: world.nodes.discard(name, paths[name]))
    return not refused


def _stage_node(progress: Progress) -> None:
    progress.begin(StepName.STAGED)
    if problems := progress.world.nodes.stage(progress.node, _files(progress)):
        raise NodeFailed(progress.node, "; ".join(problems), hint="nothing was changed anywhere")
    progress.done()


def discard(world: World, rest: Iterable[Progress], *, because: str) -> None:
    """Leave nodes that were not started as they were: remove what was staged there.

    :param because: the nodes that failed.
    """

    def leave(progress: Progress) -> None:
        if files := _files(progress):
            progress.begin(StepName.DISCARDED)
            world.nodes.discard(progress.node, [file.path for file in files])
        progress.leave(StepName.WRITTEN, f"not touched, because {because} failed first")

    on_each(world, rest, leave)


@contextmanager
def discarding(world: World, rest: Iterable[Progress]) -> Iterator[None]:
    """If the block is cut short, by Ctrl-C or an error that is not a node's, leave no staged files on any of `rest`.

    What cut it short is still raised. A node that was still staging is not asked: it may be the one that hangs.
    """
    try:
        yield
    except BaseException:
        with suppress(PvesdnError):
            on_each(world, [progress for progress in rest if progress.steps[-1:] == [_STAGED]], _discard_node)
        raise


def _discard_node(progress: Progress) -> None:
    progress.begin(StepName.DISCARDED)
    progress.world.nodes.discard(progress.node, [file.path for file in _files(progress)])
    progress.done()


def _files(progress: Progress) -> tuple[FileWrite, ...]:
    swap = progress.execution.put_in_place
    return () if swap is None else swap.files
