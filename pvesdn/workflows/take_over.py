"""PVE has written its last frr.conf, with our part merged in: replace it with ours as a whole.

Until then our part stayed in frr.conf.local, so that no session went down in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pvesdn.errors import NodeError, NodeFailed, PvesdnError
from pvesdn.model.files import NodeChanges
from pvesdn.model.flags import PlanFlags
from pvesdn.model.progress import StepName, Way
from pvesdn.workflows.planner import Planner
from pvesdn.workflows.progress import Progress
from pvesdn.workflows.put_in_place import take_turn
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.stage import stage
from pvesdn.workflows.world import World


def take_frr_over(world: World, run: Iterable[Progress], planner: Planner, flags: PlanFlags) -> None:
    """Plan again, and carry out what is left to do on each node; its network has just been reloaded."""
    run = list(run)
    try:
        again = planner(read_cluster(world), flags=flags)
    except PvesdnError as error:
        for progress in run:
            progress.begin(StepName.FRR, Way.TAKEN_OVER)
            what = f"frr.conf was not taken over from PVE: {error}"
            progress.fail(NodeFailed(progress.node, what, hint="run pvesdn apply again"))
        return
    left = {node.node: node for node in again.nodes}
    for progress in run:
        now = left.get(progress.node)
        if now is None or now.execution.put_in_place is None:
            continue
        before = progress.execution
        progress.execution = now.execution.without_reload()
        try:
            _carry_out(progress, now)
        except NodeError as error:
            progress.fail(error)
        progress.execution = replace(before, finishes=True)


def _carry_out(progress: Progress, now: NodeChanges) -> None:
    if now.obstacles:
        progress.begin(StepName.FRR, Way.TAKEN_OVER)
        what = "; ".join(finding.what for finding in now.obstacles)
        raise NodeFailed(progress.node, f"frr.conf was not taken over from PVE: {what}", hint=now.obstacles[0].hint)
    if stage(progress.world, [progress]) and not progress.error:
        take_turn(progress)
