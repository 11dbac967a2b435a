"""Put every file beside its target on every node, and take them away again when one node refuses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pvesdn.decode.frr.text import meaning
from pvesdn.decode.nodes.answers import decode_problems
from pvesdn.errors import NodeError, NodeFailed, NodeUnreachable
from pvesdn.model.files import FRR_CONF, NodeChanges
from pvesdn.model.primitives import Json
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
    answer = progress.ask("stage", {"files": file_entries(progress.changes)})
    if problems := decode_problems(progress.node, answer):
        raise NodeFailed(progress.node, "; ".join(problems), hint="nothing was changed anywhere")


def discard(rest: Iterable[Progress], *, because: str) -> None:
    """Leave nodes that were not begun as they were: what was staged there is taken away.

    :param because: the nodes that failed.
    """
    for progress in rest:
        if progress.changes.own_files:
            progress.begin("discarded")
            try:
                progress.ask("discard", {"files": [change.path for change in progress.changes.own_files]})
            except NodeError as error:
                progress.fail(error)
                continue
        progress.leave("written", f"not touched, because {because} failed first")


def file_entries(changes: NodeChanges) -> list[dict[str, Json]]:
    """The node program's `files` argument: the changes that pvesdn writes itself."""
    return [
        {
            "path": c.path,
            "text": c.new,
            "mode": c.mode,
            "owner": c.owner,
            "expect": c.expect,
            "meaning": meaning(c.new) if c.path == FRR_CONF and c.new is not None else None,
        }
        for c in changes.own_files
    ]
