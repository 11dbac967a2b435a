"""What real tools do when something has gone wrong before, and apply has to get along with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from pvesdn.adapters.nodes import ProgramAgent
from pvesdn.errors import NodeFailed
from pvesdn.model.primitives import Json
from pvesdn.workflows.apply import apply
from pvesdn_lab.simulated.commands.state import read_json, write_json
from pvesdn_lab.simulated.node import SimulatedNode
from tests.cluster.kit import ANOTHER_ZONE, EVPN, PLANNER, apply_to, errors, plan_of, serving, state_of, world_of
from tests.cluster.standing import stand

WITHOUT_EXIT = EVPN[: EVPN.index("exit: ")]
CHECKPOINT = "/var/lib/pvesdn/checkpoint.json"


class WithoutUndo:
    """A transport over which no node can be put back."""

    def __init__(self, agent: ProgramAgent) -> None:
        self._transport = agent.transport

    def ask(self, node: str, verb: str, arguments: Mapping[str, Json]) -> dict[str, Json]:
        if verb == "undo":
            raise NodeFailed(node, "the node program has no verb 'undo'")
        return self._transport.ask(node, verb, arguments)


def forget_the_apply(node: SimulatedNode) -> None:
    """Take the checkpoint away, without which a node does not put itself back."""
    node.path(CHECKPOINT).unlink(missing_ok=True)


@pytest.mark.long
def test_an_exit_that_never_came_up_can_be_taken_out_again(tmp_path: Path) -> None:
    """Its stanza is in place, but the reload failed before: `ifdown` knows nothing of it. (A node that could not be
    reached to be put back, and that has lost its checkpoint, is left like that.)
    """
    with serving(tmp_path) as cluster:
        node = cluster.nodes["pve1"]
        node.break_command("ifreload", status=1, stderr="error: it did not work\n", times=1)
        world = replace(world_of(cluster), nodes=ProgramAgent(WithoutUndo(cluster.agent())))
        assert "exit code 1" in errors(apply(world, plan_of(cluster), PLANNER))["pve1"]
        assert "iface eno2" in (node.read("/etc/network/interfaces.d/pvesdn") or "")
        for member in cluster.nodes.values():
            forget_the_apply(member)
        cluster.write_sdn("pvesdn.cfg", WITHOUT_EXIT)
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert plan_of(cluster).is_empty


def test_a_daemon_that_died_is_started_by_the_apply_that_needs_it(tmp_path: Path) -> None:
    """`frr-reload.py` would leave out its lines, and say nothing."""
    with serving(tmp_path, WITHOUT_EXIT) as cluster:
        stand(cluster)
        node, alive = cluster.nodes["pve2"], cluster.nodes["pve3"]
        frr = read_json(node.root, "frr", {})
        write_json(node.root, "frr", frr | {"daemons": [name for name in frr["daemons"] if name != "bgpd"]})
        restarts = alive.frr()["restarts"]
        cluster.write_sdn("pvesdn.cfg", f"{WITHOUT_EXIT}\n{ANOTHER_ZONE}")
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert "vrf_other" in node.frr()["config"]
        assert node.frr()["config"] == node.read("/etc/frr/frr.conf")
        assert node.frr()["restarts"] == restarts + 1
        assert alive.frr()["restarts"] == restarts
        assert plan_of(cluster).is_empty


def test_a_reload_of_somebody_elses_is_not_disturbed_and_the_next_apply_does_it_all(tmp_path: Path) -> None:
    with serving(tmp_path, WITHOUT_EXIT) as cluster:
        before = state_of(cluster)
        cluster.nodes["pve3"].break_command("ifreload", status=89, times=2)  # PVE's, and the first of the way back
        failed = errors(apply_to(cluster))
        assert "exit code 89" in failed["pve3"]
        assert state_of(cluster) == before
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert plan_of(cluster).is_empty
