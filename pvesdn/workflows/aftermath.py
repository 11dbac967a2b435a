"""After the reloads: restore flood entries; say what was not reloaded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pvesdn.errors import PvesdnError
from pvesdn.model.files import SDN_INTERFACES
from pvesdn.model.progress import StepName, Way
from pvesdn.workflows.progress import Progress, healthy, on_each
from pvesdn.workflows.world import World

_ONCE = "whether PVE's source NAT is there once"


def tidy_up(world: World, run: Sequence[Progress], *, commits: bool, rehearses: bool) -> tuple[str, ...]:
    """What the reloads have taken away is restored, and what they have added twice goes; see those below."""
    restore_flooding(world, healthy(run))
    if commits:
        restart_dhcp(world, healthy(run))
    return drop_surplus_rules(world, healthy(run)) if rehearses else ()


def restore_flooding(world: World, run: Iterable[Progress]) -> None:
    """Restore static flood entries that an FRR change has removed."""

    def restore(progress: Progress) -> None:
        progress.step = StepName.FLOOD
        world.nodes.restore_flooding(progress.node, progress.execution.flooding)

    on_each(world, (progress for progress in run if progress.execution.flooding), restore)


def restart_dhcp(world: World, run: Iterable[Progress]) -> None:
    """PVE's commit has restarted each dnsmasq before it reloaded the network: those in VRFs may lack theirs."""

    def restart(progress: Progress) -> None:
        progress.begin(StepName.DHCP, Way.AFTER_COMMIT)
        world.nodes.restart_dhcp(progress.node, progress.execution.dhcp)
        progress.done()

    on_each(world, (progress for progress in run if progress.execution.dhcp), restart)


def drop_surplus_rules(world: World, run: Iterable[Progress]) -> tuple[str, ...]:
    """After a rehearsal and PVE's commit: ifupdown2 has added PVE's source NAT at each of their reloads, and PVE would
    take it away once.

    :returns: where that could not be put right, one line each. Packets are translated all the same: no node fails.
    """
    texts = {progress.node: progress.execution.rehearsed.get(SDN_INTERFACES) for progress in run}
    nodes = tuple(node for node, text in texts.items() if text is None or "tables -t" in text)
    try:
        answers = world.runner.each(nodes, world.nodes.drop_surplus_rules)
    except PvesdnError as error:
        return (f"{_ONCE}: {error}",)
    return tuple(f"{_ONCE}: {error}" for error in answers.values() if error is not None)


def leave_unreloaded(run: Iterable[Progress], *, because: str) -> None:
    """Report that nodes with files in place have not had their network reloaded; they stay marked as unfinished."""
    for progress in run:
        progress.leave(StepName.RELOADED, f"its network was not reloaded, because {because}; apply again")
