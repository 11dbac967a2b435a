"""What nodes do about an apply of which nothing is heard any more: each puts itself back, with nobody's help."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pvesdn.adapters.nodes import ProgramAgent
from pvesdn.adapters.system import ThreadPulse
from pvesdn.model.primitives import Json
from pvesdn.workflows.apply import apply
from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cluster.kit import (
    ANOTHER_ZONE,
    EVPN,
    PLANNER,
    PVE_SIMPLE,
    after_reloads,
    apply_to,
    apply_without_lock,
    draw,
    errors,
    plan_of,
    serving,
    state_of,
    world_of,
)
from tests.cluster.nodes_alone import CHECKPOINT, ByHand, look, pass_time, reboot, traces
from tests.cluster.standing import stand

AFTER = EVPN[: EVPN.index("exit: ")].replace("tag 2", "tag 20").replace("vxlan: plain\n", "vxlan: plain\n\tmtu 1400\n")
AFTER += f"\n{ANOTHER_ZONE}"
LEFT_ALONE = 181.0
"""Seconds after which a node puts itself back."""


class Killed(BaseException):
    """SIGKILL: nothing of the run comes after it."""


class UntilKilled:
    """A transport over which the run is killed at one call, before or after it is heard; no later one is made."""

    def __init__(self, cluster: SimulatedCluster, node: str, verb: str, *, is_heard: bool) -> None:
        self._transport = cluster.agent().transport
        self._call = (node, verb)
        self._is_heard = is_heard
        self._is_dead = False

    def ask(self, node: str, verb: str, arguments: Mapping[str, Json]) -> dict[str, Json]:
        if self._is_dead:
            raise Killed
        if (node, verb) == self._call:
            self._is_dead = True
            if self._is_heard:
                self._transport.ask(node, verb, arguments)
            raise Killed
        return self._transport.ask(node, verb, arguments)


def killed_at(cluster: SimulatedCluster, node: str, verb: str, *, is_heard: bool) -> None:
    """An apply whose process dies at that call."""
    world = replace(world_of(cluster), nodes=ProgramAgent(UntilKilled(cluster, node, verb, is_heard=is_heard)))
    with pytest.raises(Killed):
        apply(world, plan_of(cluster), PLANNER)
    cluster.wait_for_tasks(10)


def standing_network(cluster: SimulatedCluster) -> None:
    """A network that stands, and definitions that change much of it."""
    stand(cluster)
    cluster.write_sdn("pvesdn.cfg", AFTER)


def network_of(cluster: SimulatedCluster) -> dict[str, dict[str, Any]]:
    """All that an apply may change but for the program's own files; what is staged is in nobody's way."""
    found = {}
    for name, state in state_of(cluster).items():
        assert isinstance(state, dict)
        found[name] = {
            path: value
            for path, value in state.items()
            if not path.endswith(("boot_id", ".pvesdn-new")) and "var/lib/pvesdn" not in path
        }
    return found


def files_of(cluster: SimulatedCluster, node: str) -> dict[str, Any]:
    return {path: value for path, value in network_of(cluster)[node].items() if path.startswith("etc/")}


def all_is_old(cluster: SimulatedCluster, before: Mapping[str, Any]) -> None:
    assert network_of(cluster) == before
    assert traces(cluster) == []
    report = apply_to(cluster)
    assert report.is_good, errors(report)
    assert plan_of(cluster).is_empty
    assert traces(cluster) == []


def test_until_the_deadline_nothing_is_put_back_and_no_other_apply_is_let_in(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        killed_at(cluster, "pve2", "commit", is_heard=True)
        before = network_of(cluster)
        pass_time(cluster, LEFT_ALONE / 2)
        assert network_of(cluster) == before
        refused = errors(apply_without_lock(cluster)).values()
        assert any("is still open on this node" in error for error in refused), refused


def test_a_node_that_was_cut_off_puts_itself_back_and_the_run_finds_it_as_before(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        before, world = network_of(cluster), world_of(cluster)

        def cuts_off(name: str) -> None:
            if name == "pve2":
                cluster.nodes["pve2"].break_command("ip", status=1)  # the apply's last look fails there
                cluster.refuse_ssh("pve2")

        after_reloads(world, cluster, cuts_off)
        slept: list[float] = []

        def comes_back(seconds: float) -> None:
            slept.append(seconds)
            if sum(slept) > LEFT_ALONE and seconds > 1:
                cluster.nodes["pve2"].mend_command("ip")
                pass_time(cluster, LEFT_ALONE)
                cluster.refuse_ssh("pve2", refuses=False)

        world.clock.sleep = comes_back  # type: ignore[method-assign]
        report = apply(world, plan_of(cluster), PLANNER)
        assert not report.is_mixed
        assert set(errors(report)) == {"pve1", "pve2", "pve3"}
        assert network_of(cluster) == before
        assert traces(cluster) == []


@pytest.mark.parametrize("verb", ["arm", "commit", "frr"])
def test_a_node_that_is_restarted_in_the_middle_comes_up_with_the_network_of_before(tmp_path: Path, verb: str) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        for node in cluster.nodes.values():
            reboot(node)
        before, files = network_of(cluster), files_of(cluster, "pve2")
        killed_at(cluster, "pve2", verb, is_heard=True)
        reboot(cluster.nodes["pve2"])
        assert files_of(cluster, "pve2") == files
        look(cluster.nodes["pve2"])
        assert network_of(cluster)["pve2"] == before["pve2"]
        pass_time(cluster, LEFT_ALONE)
        all_is_old(cluster, before)


def test_a_node_that_is_restarted_in_a_rehearsal_comes_up_with_pves_file_of_before(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        stand(cluster)
        draw(cluster)
        assert apply_to(cluster).is_good
        for node in cluster.nodes.values():
            reboot(node)
        cluster.write_sdn("vnets.cfg", PVE_SIMPLE["vnets.cfg"].replace("office", "another"))
        before, node = network_of(cluster), cluster.nodes["pve2"]
        killed_at(cluster, "pve2", "reload", is_heard=True)
        assert "another" in node.links()
        reboot(node)
        assert "another" not in node.links()
        assert "office" in node.links()
        pass_time(cluster, LEFT_ALONE)
        all_is_old(cluster, before)


def test_a_node_that_cannot_put_itself_back_tries_again_after_pauses_that_grow(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        before, node = network_of(cluster), cluster.nodes["pve2"]
        killed_at(cluster, "pve2", "frr", is_heard=True)
        node.break_command("ifreload", status=1, stderr="error: it is broken\n")
        pass_time(cluster, LEFT_ALONE)
        assert (node.root / CHECKPOINT).exists()
        tried = len(node.commands())
        pass_time(cluster, 20.0)
        assert len(node.commands()) == tried
        node.mend_command("ifreload")
        pass_time(cluster, 60.0)
        all_is_old(cluster, before)


# --- PVE's commit ----------------------------------------------------------------------------------------------------


class KilledApi:
    """The API; the run is killed when it commits."""

    def __init__(self, cluster: SimulatedCluster, api: Any, transport: UntilKilled, *, is_heard: bool) -> None:
        self._cluster, self._api, self._transport, self._is_heard = cluster, api, transport, is_heard

    def __getattr__(self, name: str) -> Callable[..., object]:
        if self._transport._is_dead:
            raise Killed
        if name != "apply_sdn":
            found: Callable[..., object] = getattr(self._api, name)
            return found

        def killed(*words: str | None) -> object:
            self._transport._is_dead = True
            if self._is_heard:
                self._api.apply_sdn(*words)
                self._cluster.wait_for_tasks(10)
            raise Killed

        return killed


def killed_at_commit(cluster: SimulatedCluster, *, is_heard: bool) -> None:
    draw(cluster)
    transport = UntilKilled(cluster, "", "", is_heard=False)
    world = world_of(cluster)
    api = KilledApi(cluster, world.api, transport, is_heard=is_heard)
    with pytest.raises(Killed):
        apply(replace(world, api=api, nodes=ProgramAgent(transport)), plan_of(cluster), PLANNER)  # type: ignore[arg-type]


def test_a_run_that_is_killed_before_pves_commit_is_put_back_and_one_killed_after_it_is_not(tmp_path: Path) -> None:
    with serving(tmp_path / "before") as cluster:
        standing_network(cluster)
        before = network_of(cluster)
        killed_at_commit(cluster, is_heard=False)
        assert cluster.read_sdn(".lock"), "nobody was left to give it back"
        pass_time(cluster, LEFT_ALONE)
        assert network_of(cluster) == before
        assert cluster.read_sdn(".lock") is None
        assert traces(cluster) == []
    with serving(tmp_path / "after") as cluster:
        standing_network(cluster)
        killed_at_commit(cluster, is_heard=True)
        before = network_of(cluster)
        pass_time(cluster, LEFT_ALONE)
        assert network_of(cluster) == before
        assert traces(cluster) == []
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert plan_of(cluster).is_empty


def test_without_a_quorum_nobody_can_tell_about_the_commit_and_the_node_waits(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        before = network_of(cluster)
        killed_at_commit(cluster, is_heard=False)
        during = network_of(cluster)
        cluster.lose_quorum()
        reboot(cluster.nodes["pve3"])  # its files stay: /etc/pve is not there that early
        pass_time(cluster, LEFT_ALONE)
        assert network_of(cluster)["pve1"] == during["pve1"]
        assert files_of(cluster, "pve3") == {
            path: value for path, value in during["pve3"].items() if path[:4] == "etc/"
        }
        cluster.regain_quorum()
        pass_time(cluster, 3600.0)
        assert network_of(cluster)["pve1"] == before["pve1"]
        assert traces(cluster) == []


# --- a run that waits for others -------------------------------------------------------------------------------------


def test_a_node_that_waits_for_others_longer_than_its_deadline_is_told_that_the_run_is_alive(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        pulse, world = ByHand(), world_of(cluster)

        def slow(_name: str) -> None:
            for _ in range(10):
                pulse.beat()
                pass_time(cluster, 60.0)

        after_reloads(world, cluster, slow)
        report = apply(replace(world, pulse=pulse), plan_of(cluster), PLANNER)
        assert report.is_good, errors(report)
        assert plan_of(cluster).is_empty
        assert traces(cluster) == []


def test_a_pulse_beats_while_the_block_runs() -> None:
    beaten = threading.Event()
    with ThreadPulse().beating(0.001, beaten.set):
        assert beaten.wait(60)
