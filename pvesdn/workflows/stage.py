"""Put every file beside its target on every node, and take them away again when one node refuses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pvesdn.decode.frr.text import meaning
from pvesdn.errors import NodeError, NodeFailed, NodeUnreachable
from pvesdn.model.execution import FileWrite
from pvesdn.model.files import FRR_CONF, NodeChanges
from pvesdn.workflows.progress import Progress


def stage(run: Sequence[Progress]) -> bool:
    """Stage on every node that has files to write; unreachable ones are marked and passed over.

    :returns: False when a node refused: then nothing staged is left on any node that can be reached.
    """
    refused: list[Progress] = []
    for progress in run:
        if not progress.changes.own_files:
            continue
        progress.begin("staged")
        try:
            _stage_node(progress)
        except NodeUnreachable as error:
            progress.fail(error)
        except NodeError as error:
            progress.fail(error)
            refused.append(progress)
        else:
            progress.done()
    if refused:
        rest = [progress for progress in run if not progress.error]
        discard(rest, because=", ".join(progress.node for progress in refused))
    return not refused


def _stage_node(progress: Progress) -> None:
    if problems := progress.world.nodes.stage(progress.node, file_writes(progress.changes)):
        raise NodeFailed(progress.node, "; ".join(problems), hint="nothing was changed anywhere")


def discard(rest: Iterable[Progress], *, because: str) -> None:
    """Leave nodes that were not begun as they were: what was staged there is taken away.

    :param because: the nodes that failed.
    """
    for progress in rest:
        if progress.changes.own_files:
            progress.begin("discarded")
            try:
                progress.world.nodes.discard(progress.node, [change.path for change in progress.changes.own_files])
            except NodeError as error:
                progress.fail(error)
                continue
        progress.leave("written", f"not touched, because {because} failed first")


def file_writes(changes: NodeChanges) -> tuple[FileWrite, ...]:
    """The changes that pvesdn writes itself."""
    return tuple(
        FileWrite(
            path=change.path,
            text=change.new,
            mode=change.mode,
            owner=change.owner,
            expect=change.expect,
            meaning=meaning(change.new) if change.path == FRR_CONF and change.new is not None else None,
        )
        for change in changes.own_files
    )
