"""What happens to the cluster at each step of an apply: a node that is lost or restarted, and a quorum that is lost.

It lasts until the run is over. After each: every node wholly old or wholly new, the report and the next plan true,
nothing armed or locked (`judge`).
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cluster.faults.conftest import Scenes
from tests.cluster.faults.judge import judge
from tests.cluster.faults.listed import Turn, steps
from tests.cluster.faults.scene import GUEST
from tests.cluster.faults.ways import HappensAt
from tests.cluster.faults.wire import Wire
from tests.cluster.nodes_alone import reboot


def ssh_is_lost(wire: Wire) -> None:
    wire.cluster.refuse_ssh("pve2")


def a_node_is_restarted(wire: Wire) -> None:
    """Its guest is started again, as PVE does at boot."""
    wire.cluster.wait_for_tasks(10)
    reboot(wire.cluster.nodes["pve2"])
    wire.cluster.plug_guest(*GUEST)


def the_quorum_is_lost(wire: Wire) -> None:
    wire.cluster.lose_quorum()


MISHAPS: dict[str, Callable[[Wire], object]] = {
    "SSH to a node is lost": ssh_is_lost,
    "a node is restarted": a_node_is_restarted,
    "the quorum is lost": the_quorum_is_lost,
}
STEPS = steps()


@pytest.mark.wide
@pytest.mark.parametrize("mishap", MISHAPS)
@pytest.mark.parametrize("step", STEPS, ids=str)
def test_whenever_the_cluster_has_a_mishap_every_node_is_old_or_new(scenes: Scenes, step: Turn, mishap: str) -> None:
    scene, fault = scenes(step.scene), HappensAt(step.calls[0], MISHAPS[mishap])
    ended = scene.run(fault)
    assert fault.is_met
    judge(scene, ended)
