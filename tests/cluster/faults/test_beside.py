"""What others do at each step of an apply: another apply, watch, somebody who reloads nodes by hand or says Apply in
PVE's panel, and a node that boots, where PVE commits what is pending.

The apply goes through, or every node is put back. PVE's part is new as soon as anybody has committed it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from pvesdn.adapters.pve_api import PveApi
from pvesdn.errors import AnotherApply, ApiRefused
from pvesdn.workflows.watch import watch_once
from pvesdn_lab.simulated import sdn_config
from pvesdn_lab.simulated.reload import reload_network
from tests.cluster.faults.conftest import Scenes
from tests.cluster.faults.judge import judge, judge_beside_a_commit
from tests.cluster.faults.listed import Turn, steps
from tests.cluster.faults.scene import applied
from tests.cluster.faults.ways import HappensAt
from tests.cluster.faults.wire import NoFault, Wire
from tests.cluster.kit import PLANNER, errors
from tests.cluster.nodes_alone import CHECKPOINT


def another_apply(wire: Wire) -> None:
    """Somebody's, who does not wait for the lock."""
    with suppress(AnotherApply):
        report = applied(Wire(wire.cluster, NoFault()).world(), patience=0.0)
        assert report.is_good, errors(report)


def watch_looks(wire: Wire) -> None:
    there = replace(Wire(wire.cluster, NoFault()).world(), local_node="pve1")
    looked = watch_once(there, None, PLANNER, action="apply")
    if looked.report is not None:
        assert looked.report.is_good, errors(looked.report)
    else:
        assert looked.reason.startswith("standing by: "), looked.reason


def a_reload_by_hand(wire: Wire) -> None:
    """Once PVE's own reload, after its commit, is over: ifupdown2 lets only one run."""
    wire.cluster.wait_for_tasks(10)
    for node in wire.cluster.nodes.values():
        assert node.run("ifreload", "-a").returncode == 0


def apply_in_the_panel(wire: Wire) -> None:
    """Refused while PVE's definitions are locked: the panel never sends a token."""
    with suppress(ApiRefused):
        PveApi(wire.cluster.token_settings()).apply_sdn()
    wire.cluster.wait_for_tasks(10)


def pve_sdn_commit(wire: Wire) -> None:
    """A node boots, and PVE commits what is pending for the whole cluster, asking no lock; then it reloads that node,
    where no apply has armed it.
    """
    world, node = wire.cluster.world, wire.cluster.nodes["pve2"]
    running, pending = sdn_config.running(world.pmxcfs.sdn), sdn_config.pending(world.pmxcfs.sdn, world.character.kinds)
    if any(running.get(kind, {"ids": {}}) != ids for kind, ids in pending.items()):
        sdn_config.commit(world.pmxcfs.sdn, world.character.kinds)
        if not (node.root / CHECKPOINT).exists():
            reload_network(world, node.name, lambda _: None, regenerate_frr=None)


OTHERS: dict[str, Callable[[Wire], object]] = {
    "another apply": another_apply,
    "watch": watch_looks,
    "a reload by hand": a_reload_by_hand,
    "Apply in the panel": apply_in_the_panel,
    "pve-sdn-commit": pve_sdn_commit,
}
COMMITS = ("Apply in the panel", "pve-sdn-commit")
"""Those that make PVE's part new, whatever becomes of ours."""
STEPS = steps()


@pytest.mark.wide
@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("step", STEPS, ids=str)
def test_whatever_others_do_meanwhile_every_node_is_old_or_new(scenes: Scenes, step: Turn, other: str) -> None:
    scene, fault = scenes(step.scene), HappensAt(step.calls[0], OTHERS[other])
    ended = scene.run(fault)
    assert fault.is_met
    if other in COMMITS:
        judge_beside_a_commit(scene, ended)
    else:
        judge(scene, ended)
