"""An apply proves that the network works: what breaks is undone everywhere, what was broken is not blamed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from pvesdn.adapters.nodes import ProgramAgent
from pvesdn.model.primitives import Json
from pvesdn.model.progress import Awaits, Thing
from pvesdn.model.report import ApplyReport, Standing
from pvesdn.model.verification import Subject
from pvesdn.workflows.apply import apply
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.world import World
from pvesdn_lab.simulated.cluster import SimulatedCluster
from pvesdn_lab.simulated.commands.state import write_json
from tests.cluster.kit import (
    ANOTHER_ZONE,
    EVPN,
    PLANNER,
    after_reloads,
    apply_to,
    errors,
    plan_of,
    reloads,
    serving,
    state_of,
    world_of,
)
from tests.cluster.standing import stand
from tests.fakes import FakeObserver
from tests.task_clock import TaskClock

Mishap = Callable[[SimulatedCluster], object]


def blocked(cluster: SimulatedCluster, *peers: str) -> None:
    """Something keeps pve1 from those peers."""
    write_json(cluster.nodes["pve1"].root, "blocked", list(peers))


def typed(old: str, new: str) -> Mishap:
    """Somebody types into vtysh on pve2."""

    def change(cluster: SimulatedCluster) -> None:
        frr = cluster.nodes["pve2"].frr()
        assert old in frr["config"]
        write_json(cluster.nodes["pve2"].root, "frr", frr | {"config": frr["config"].replace(old, new)})

    return change


def ran(*argv: str) -> Mishap:
    return lambda cluster: cluster.nodes["pve2"].run(*argv)


MISHAPS: dict[str, tuple[Mishap, str]] = {
    "another AS number": (typed("router bgp 1234\n", "router bgp 4321\n"), "FRR, running configuration"),
    "a device that is not there": (ran("ip", "link", "del", "vxlan_lab"), "vxlan_lab: expected there, found absent"),
    "a device that is down": (ran("ip", "link", "set", "vrf_sym", "down"), "vrf_sym, state: expected up, found down"),
    "a route target that is not there": (typed("   route-target export 65535:3\n", ""), "FRR, running configuration"),
    "FRR that has stopped": (ran("systemctl", "stop", "frr"), "FRR: expected"),
    "an address that is missing": (ran("ip", "address", "del", "10.0.5.254/24", "dev", "lab"), "lab, addresses"),
    "an MTU that is too small": (ran("ip", "link", "set", "lab", "mtu", "1280"), "lab, MTU: expected 1500, found 1280"),
    "forwarding that is off": (ran("sysctl", "-w", "net.ipv4.ip_forward=0"), "ip_forward: expected 1, found 0"),
}


def changed(cluster: SimulatedCluster) -> dict[str, object]:
    """A network that stands, and definitions that add a zone; the state of before."""
    stand(cluster)
    cluster.plug_guest("pve2", "web", 100)
    cluster.write_sdn("pvesdn.cfg", EVPN + "\n" + ANOTHER_ZONE)
    return state_of(cluster)


def apply_with(cluster: SimulatedCluster, mishap: Mishap, *, after: str = "pve2") -> ApplyReport:
    """An apply in which something happens as soon as a node has been reloaded; pve2, which has a guest, is the last."""
    world = world_of(cluster)
    after_reloads(world, cluster, lambda node: mishap(cluster) if node == after else None)
    return apply(world, plan_of(cluster), PLANNER)


@pytest.mark.parametrize("mishap", sorted(MISHAPS))
def test_what_is_wrong_after_the_reloads_is_named_and_undone_on_every_node(tmp_path: Path, mishap: str) -> None:
    with serving(tmp_path) as cluster:
        before = changed(cluster)
        happens, told = MISHAPS[mishap]
        report = apply_with(cluster, happens)
        assert told in errors(report)["pve2"]
        assert {node.standing for node in report.nodes} == {Standing.AS_BEFORE}, [node.left for node in report.nodes]
        assert state_of(cluster) == before
        assert report.verdict is not None
        assert "pve2" in {item.node for item in report.verdict.failed}
        again = apply_to(cluster)
        assert again.is_good, errors(again)
        assert plan_of(cluster).is_empty


def test_frr_that_says_it_has_reloaded_and_has_not_is_found_by_what_it_runs(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        before = changed(cluster)
        cluster.nodes["pve2"].break_command("frr-reload.py", status=0, times=1)
        report = apply_to(cluster)
        assert "FRR, running configuration: expected what /etc/frr/frr.conf says, found lacks" in errors(report)["pve2"]
        assert {node.standing for node in report.nodes} == {Standing.AS_BEFORE}
        assert state_of(cluster) == before


def test_frr_that_keeps_what_was_taken_away_is_found_too(tmp_path: Path) -> None:
    with serving(tmp_path, EVPN + "\n" + ANOTHER_ZONE) as cluster:
        stand(cluster)
        cluster.write_sdn("pvesdn.cfg", EVPN)
        cluster.nodes["pve2"].break_command("frr-reload.py", status=0, times=1)
        report = apply_to(cluster)
        assert "found has 'vrf vrf_other'" in errors(report)["pve2"]
        assert {node.standing for node in report.nodes} == {Standing.AS_BEFORE}


def test_a_session_that_breaks_is_a_failure_though_nothing_was_changed_there(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        stand(cluster)
        before = state_of(cluster)
        # Of the exit alone: pve2 and pve3 have nothing to do.
        cluster.write_sdn("pvesdn.cfg", EVPN.replace("vrrp-priority 200", "vrrp-priority 150"))
        assert [node.node for node in plan_of(cluster).nodes if not node.is_empty] == ["pve1"]
        report = apply_with(cluster, lambda cluster: blocked(cluster, "192.168.0.3"), after="pve1")
        assert "BGP session to pve3 (192.168.0.3): expected Established, found Active" in errors(report)["pve1"]
        assert "BGP session to pve1 (192.168.0.1): expected Established, found Active" in errors(report)["pve3"]
        assert state_of(cluster) == before
        # It is not what the apply did, so the way back does not mend it; which is said.
        (first,) = [node for node in report.nodes if node.node == "pve1"]
        assert first.standing is Standing.NOT_PUT_BACK
        assert first.left == ("BGP session to pve3 (192.168.0.3) was established, and is not",)


def test_what_was_broken_before_is_not_blamed_and_undoes_nothing(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        changed(cluster)
        blocked(cluster, "192.168.0.3")
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert report.verdict is not None
        assert {(item.node, item.subject) for item in report.verdict.before} == {
            ("pve1", Subject.SESSION),
            ("pve3", Subject.SESSION),
        }
        assert {node.standing for node in report.nodes} == {Standing.NEW}


def test_a_session_of_something_new_has_to_come_up(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        blocked(cluster, "192.168.0.3")
        report = apply_to(cluster)
        assert "BGP session to pve3 (192.168.0.3): expected Established" in errors(report)["pve1"]
        assert {node.standing for node in report.nodes} == {Standing.AS_BEFORE}


class Settling(TaskClock):
    """Time after which what is blocked is free again."""

    def __init__(self, cluster: SimulatedCluster, seconds: float) -> None:
        super().__init__(cluster)
        self._cluster = cluster
        self._seconds = seconds

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if self.skipped >= self._seconds:
            blocked(self._cluster)


def settling(cluster: SimulatedCluster, seconds: float) -> World:
    return replace(world_of(cluster), clock=Settling(cluster, seconds))


def test_what_settles_within_half_a_minute_is_waited_for(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        blocked(cluster, "192.168.0.3")
        seen = FakeObserver()
        report = apply(replace(settling(cluster, 20), observer=seen), plan_of(cluster), PLANNER)
        assert report.is_good, errors(report)
        waits = [event for event in seen.of(Awaits) if event.thing is Thing.CHECKS and event.node == "pve1"]
        assert "192.168.0.3" in "".join(waits[0].objects)  # what whoever watches is told meanwhile
        assert waits[-1].objects == ()


def test_what_takes_longer_is_not(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        blocked(cluster, "192.168.0.3")
        assert not apply(settling(cluster, 60), plan_of(cluster), PLANNER).is_good


def test_what_will_not_get_better_is_waited_for_a_few_seconds_only(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        changed(cluster)
        world = world_of(cluster)
        clock = TaskClock(cluster)
        cluster.nodes["pve2"].break_command("frr-reload.py", status=0, times=1)
        apply(replace(world, clock=clock), plan_of(cluster), PLANNER)
        assert 20 < clock.skipped < 40
    with serving(tmp_path / "devices") as cluster:
        changed(cluster)
        clock = TaskClock(cluster)
        world = replace(world_of(cluster), clock=clock)
        after_reloads(world, cluster, lambda _: cluster.nodes["pve2"].run("ip", "link", "del", "vxlan_lab"))
        assert not apply(world, plan_of(cluster), PLANNER).is_good
        assert clock.skipped < 20


def test_a_node_that_its_reload_cuts_off_is_noticed_before_the_next_one_is_begun(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        changed(cluster)
        before = reloads(cluster)
        report = apply_with(cluster, lambda cluster: cluster.refuse_ssh("pve3"), after="pve3")
        assert "it does not answer any more since its network was reloaded" in errors(report)["pve3"]
        assert reloads(cluster)["pve2"] == before["pve2"]
        assert reloads(cluster)["pve1"] == before["pve1"]
        assert report.is_mixed


class Counting:
    """A transport that counts."""

    def __init__(self, cluster: SimulatedCluster) -> None:
        self._transport = cluster.agent().transport
        self.asked: list[tuple[str, str]] = []

    def ask(self, node: str, verb: str, arguments: Mapping[str, Json]) -> dict[str, Json]:
        self.asked.append((node, verb))
        return self._transport.ask(node, verb, arguments)


def test_an_apply_with_nothing_to_do_looks_at_each_node_once_and_waits_for_nothing(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        stand(cluster)
        counting, clock = Counting(cluster), TaskClock(cluster)
        world = replace(world_of(cluster), nodes=ProgramAgent(counting), clock=clock)
        report = apply(world, PLANNER(read_cluster(world, has_state=True)), PLANNER)
        assert (report.nodes, report.verdict, clock.skipped) == ((), None, 0)
        assert sorted(counting.asked) == sorted((node, "observe") for node in cluster.nodes)
