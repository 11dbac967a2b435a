"""After the reloads: restore flood entries; say what was not reloaded."""

from __future__ import annotations

from collections.abc import Iterable

from pvesdn.workflows.progress import Progress, on_each
from pvesdn.workflows.world import World


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
