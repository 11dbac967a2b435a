"""After the reloads: restore flood entries, read everything again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pvesdn.errors import NodeFailed, NodeUnreachable, PvesdnError
from pvesdn.model.files import Action, ChangeSet, NodeChanges
from pvesdn.workflows.planner import Planner
from pvesdn.workflows.progress import Progress, on_each
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.world import World

NOT_CHECKED = ("BGP sessions and routes", "whether guests reach each other")
"""What an apply does not look at yet, and says so."""


def restore_flooding(world: World, run: Iterable[Progress]) -> None:
    """Restore static flood entries that an FRR change has removed."""

    def restore(progress: Progress) -> None:
        progress.step = "flood"
        world.nodes.restore_flooding(progress.node, progress.execution.flooding)

    on_each(world, (progress for progress in run if progress.execution.flooding), restore)


def leave_unreloaded(run: Iterable[Progress], *, because: str) -> None:
    """Report that nodes with files in place have not had their network reloaded; they stay marked as unfinished."""
    for progress in run:
        progress.leave("reloaded", f"its network was not reloaded, because {because}; apply again")


def verify(world: World, changes: ChangeSet, run: Sequence[Progress], planner: Planner) -> None:
    """Read everything again: the plan of what was just applied must be empty, and every interface must exist.

    :param changes: what was applied.
    """
    if not run:
        return
    for progress in run:
        progress.begin("verified")
    try:
        again = planner(read_cluster(world), flags=changes.flags)
    except PvesdnError as error:
        for progress in run:
            progress.step = "verified"
            progress.fail(NodeFailed(progress.node, f"applied, but not verified: {error}"))
        return
    applied = {node.node: node for node in changes.nodes}
    left = {node.node: node for node in again.nodes}
    for progress in run:
        progress.step = "verified"
        now = left.get(progress.node)
        if now is None:
            reason = again.unreachable.get(progress.node, "it did not answer")
            progress.fail(NodeUnreachable(progress.node, f"not verified: {reason}"))
            continue
        problems = [*_differing(applied[progress.node], now), *_missing(applied[progress.node], now)]
        if problems:
            progress.fail(
                NodeFailed(progress.node, f"after the reload {', '.join(problems)}", hint="run pvesdn plan --diff")
            )
        else:
            progress.done()


def _differing(applied: NodeChanges, now: NodeChanges) -> list[str]:
    """Files that are not what was written. One that is, and still changes, is for definitions that came later."""
    written = {change.path: change.new for change in applied.files if not change.by_pve}
    changed = [change.path for change in now.files if change.path not in written or change.old != written[change.path]]
    return [f"{path} differs from what was written" for path in changed]


def _missing(applied: NodeChanges, now: NodeChanges) -> list[str]:
    links = {link.name for link in now.links}
    wanted = (s.name for change in applied.files for s in change.stanzas if s.action is not Action.REMOVE)
    return [f"the interface {name} does not exist" for name in wanted if name not in links]
