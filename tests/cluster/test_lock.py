"""One apply at a time over the cluster: who comes later waits, and plans anew; what is lost is noticed and undone.

The lock is pmxcfs's as it behaves: a folder that ends 120 s after it was last renewed, once somebody asks.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from pvesdn.adapters.nodes import ProgramAgent
from pvesdn.errors import AnotherApply, NodeFailed
from pvesdn.model.manner import Manner
from pvesdn.model.progress import WaitsForLock
from pvesdn.model.report import ApplyReport, Standing
from pvesdn.workflows.apply import apply
from pvesdn.workflows.confirmation import confirm, roll_back
from pvesdn.workflows.lock import alone
from pvesdn.workflows.world import World
from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cluster.kit import (
    PLANNER,
    after_reloads,
    apply_in,
    apply_to,
    draw,
    errors,
    plan_of,
    reloads,
    serving,
    world_of,
)
from tests.cluster.nodes_alone import ByHand, pass_time, reboot, traces, turn_clock, turn_clocks
from tests.cluster.test_alone import UntilKilled, killed_at, killed_at_commit, network_of, standing_network
from tests.cluster.test_undo import WAYS, Break, Faulty
from tests.fakes import FakeObserver

LOCK = "priv/lock/pvesdn"
MEMBERS = ("pve1", "pve2", "pve3")
SMALL = "vxlan: plain\n\nvnet: backup\n\tzone plain\n\ttag 3\n"


def content(cluster: SimulatedCluster) -> None:
    """Nothing is left to do, armed or locked, and nobody has to clean up."""
    assert plan_of(cluster).is_empty
    assert traces(cluster) == []
    nothing_is_locked(cluster)


def nothing_is_locked(cluster: SimulatedCluster) -> None:
    assert not (cluster.world.pmxcfs.folder / LOCK).exists()
    assert not (cluster.world.pmxcfs.folder / f"{LOCK}.holder").exists()
    assert cluster.read_sdn(".lock") is None


def is_locked(cluster: SimulatedCluster) -> bool:
    return (cluster.world.pmxcfs.folder / LOCK).exists()


# --- two and three at once --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("people", [2, 3])
def test_of_those_that_begin_together_one_goes_first_and_the_others_find_it_done(tmp_path: Path, people: int) -> None:
    with serving(tmp_path, SMALL) as cluster:
        together, ended = threading.Barrier(people, timeout=60), threading.Semaphore(0)
        done: list[bool] = []

        def until_one_has_ended(_seconds: float) -> None:
            assert ended.acquire(timeout=60)

        def begin() -> None:
            world = world_of(cluster)
            waiting = replace(world, clock=world_of(cluster).clock)
            waiting.clock.sleep = until_one_has_ended  # type: ignore[method-assign,assignment]
            together.wait()
            with alone(waiting, MEMBERS):
                changes = plan_of(cluster)
                done.append(changes.is_empty)
                if not changes.is_empty:
                    assert apply(world, changes, PLANNER).is_good
            ended.release(people)

        threads = [threading.Thread(target=begin) for _ in range(people)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert done == [False] + [True] * (people - 1)
        assert reloads(cluster) == dict.fromkeys(MEMBERS, 1)
        content(cluster)


def test_who_comes_while_another_is_at_work_waits_as_long_as_that_may_be_dead_and_is_refused(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        pulse, told, late = ByHand(), FakeObserver(), list[str]()
        first = replace(world_of(cluster), pulse=pulse, who="anna on pve1")

        def comes_late(node: str) -> None:
            if node != "pve2":
                return
            second = replace(world_of(cluster), observer=told)
            sleep = second.clock.sleep

            def alive(seconds: float) -> None:
                sleep(seconds)
                pulse.beat()

            second.clock.sleep = alive  # type: ignore[method-assign]
            with pytest.raises(AnotherApply) as refused:
                apply_in(second)
            late.append(str(refused.value))

        after_reloads(first, cluster, comes_late)
        report = apply_in(first)
        assert report.is_good, errors(report)
        assert re.fullmatch(
            r"another apply is at work in the cluster: anna on pve1 has held the cluster lock for \d+ s; nothing was "
            r"touched; run pvesdn apply again when it has ended; `pvesdn confirm --status` tells what is open",
            late[0],
        )
        waits = told.of(WaitsForLock)
        assert {wait.holder.who for wait in waits} == {"anna on pve1"}
        left = [wait.left for wait in waits]
        assert (round(left[0]), left) == (130, sorted(left, reverse=True))
        assert len(left) > 4  # asked again and again
        assert apply_in(world_of(cluster)).is_good  # as it says, once that has ended
        content(cluster)


# --- a lock that somebody has left ------------------------------------------------------------------------------------


def killed_with_the_lock(cluster: SimulatedCluster, node: str, verb: str) -> None:
    """An apply whose process dies at that call; what it held stays."""
    transport = UntilKilled(cluster, node, verb, is_heard=True)
    world = replace(world_of(cluster), nodes=ProgramAgent(transport))
    with suppress(BaseException):
        apply_in(world)
    assert transport._is_dead
    assert is_locked(cluster)


@pytest.mark.parametrize("verb", ["lock", "standing", "commit"])
def test_who_comes_after_a_run_that_was_killed_waits_and_goes_on(tmp_path: Path, verb: str) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        killed_with_the_lock(cluster, "pve1", verb)
        pass_time(cluster, 200.0)
        told = FakeObserver()
        report = apply_in(replace(world_of(cluster), observer=told))
        assert report.is_good, errors(report)
        assert told.of(WaitsForLock)
        content(cluster)


# --- what an earlier run has left open --------------------------------------------------------------------------------


def test_an_apply_that_may_still_be_at_work_is_named_and_nothing_is_staged(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        killed_at(cluster, "pve2", "commit", is_heard=True)
        before = network_of(cluster)
        with pytest.raises(AnotherApply) as refused:
            apply_to(cluster)
        found = re.fullmatch(
            r"apply ([0-9a-f]{16}) by pvesdn on another machine, begun \d+ s ago, is open on pve1, pve2, pve3 and may "
            r"still be at work; nothing was touched; `pvesdn rollback \1` puts it back now, and its nodes do so by "
            r"themselves in 1[78]\d s",
            str(refused.value),
        )
        assert found, refused.value
        assert network_of(cluster) == before
        nothing_is_locked(cluster)
        roll_back(world_of(cluster), found[1])  # as it says
        assert apply_to(cluster).is_good
        content(cluster)


def test_an_apply_that_waits_to_be_confirmed_is_named_and_can_be_confirmed(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        transport = UntilKilled(cluster, "pve1", "standing", is_heard=True)
        world = replace(world_of(cluster), nodes=ProgramAgent(transport))
        with suppress(BaseException):
            apply(world, plan_of(cluster), PLANNER, Manner(confirm_within=600))
        with pytest.raises(
            AnotherApply, match=r"waits to be confirmed: `pvesdn confirm [0-9a-f]{16}` keeps"
        ) as refused:
            apply_to(cluster)
        (name,) = re.findall("`pvesdn confirm ([0-9a-f]{16})`", str(refused.value))
        confirm(world_of(cluster), name)
        content(cluster)


def test_what_was_left_alone_is_put_back_first_and_the_apply_goes_through(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        killed_at(cluster, "pve2", "frr", is_heard=True)
        turn_clocks(cluster, 200.0)
        told: list[str] = []
        report = apply_in(world_of(cluster), tell=told.append)
        assert report.is_good, errors(report)
        assert any(
            re.fullmatch(r"pve1: apply \w+ by .* had been left alone: put back as it was", line) for line in told
        )
        content(cluster)


def test_a_node_that_is_off_does_not_keep_others_from_applying(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        killed_at(cluster, "pve2", "frr", is_heard=True)
        turn_clocks(cluster, 200.0)
        cluster.refuse_ssh("pve3")
        report = apply_to(cluster)
        assert set(errors(report)) == {"pve3"}
        cluster.refuse_ssh("pve3", refuses=False)
        assert apply_to(cluster).is_good
        content(cluster)


def test_what_can_be_put_back_only_in_part_is_told_and_planned(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        killed_at(cluster, "pve2", "frr", is_heard=True)
        turn_clocks(cluster, 200.0)
        cluster.nodes["pve2"].break_command("ifreload", status=1, stderr="error: it is broken\n", times=3)
        told: list[str] = []
        report = apply_in(world_of(cluster), tell=told.append)
        assert any(line.endswith("had been left alone: put back in part") for line in told), told
        assert report.is_good, errors(report)
        content(cluster)


def test_a_node_that_cannot_be_asked_to_put_itself_back_stops_the_apply(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        killed_at(cluster, "pve2", "frr", is_heard=True)
        turn_clocks(cluster, 200.0)
        world = world_of(cluster)

        def refuses(node: str, apply_id: str) -> None:
            raise NodeFailed(node, f"{apply_id}: another pvesdn is running on this node")

        world.nodes.settle = refuses  # type: ignore[method-assign,assignment]
        with pytest.raises(NodeFailed, match="another pvesdn is running"):
            apply_in(world)
        nothing_is_locked(cluster)


@pytest.mark.parametrize("is_heard", [False, True], ids=["before", "after"])
def test_an_apply_cut_off_at_pves_commit_is_decided_by_pves_definitions(tmp_path: Path, *, is_heard: bool) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        killed_at_commit(cluster, is_heard=is_heard)
        turn_clocks(cluster, 200.0)
        told: list[str] = []
        report = apply_in(world_of(cluster), tell=told.append)
        assert report.is_good, errors(report)
        ending = "PVE's definitions were committed, so it stays" if is_heard else "put back as it was"
        assert {line.rpartition(": ")[2] for line in told} == {ending}
        content(cluster)


# --- a lock that is lost, and calls about it that fail ----------------------------------------------------------------


def taken_away(cluster: SimulatedCluster, pulse: ByHand, world: World) -> None:
    """Somebody removes the lock by hand, and another run takes it."""
    del world
    (cluster.world.pmxcfs.folder / LOCK).rmdir()
    assert cluster.agent().lock("pve3", "b2", "somebody else") is None
    pulse.beat()


def without_quorum(cluster: SimulatedCluster, pulse: ByHand, world: World, *, renewals: int = 4) -> None:
    """So many renewals, 30 s apart, find no quorum."""
    cluster.lose_quorum()
    for _ in range(renewals):
        world.clock.sleep(30.0)
        pulse.beat()
    cluster.regain_quorum()


@pytest.mark.parametrize(("node", "happens"), [("pve1", taken_away), ("pve3", taken_away), ("pve2", without_quorum)])
def test_a_lock_that_is_lost_at_work_stops_the_apply_and_puts_every_node_back(
    tmp_path: Path, happens: Callable[[SimulatedCluster, ByHand, World], None], node: str
) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        before, pulse = network_of(cluster), ByHand()
        world = replace(world_of(cluster), pulse=pulse)
        after_reloads(world, cluster, lambda name: happens(cluster, pulse, world) if name == node else None)
        report = apply_in(world)
        assert {outcome.standing for outcome in report.nodes} == {Standing.AS_BEFORE}
        assert "the cluster lock was lost, so that somebody else may have begun to apply" in errors(report)["pve1"]
        assert network_of(cluster) == before
        assert traces(cluster) == []
        cluster.agent().unlock("pve3", "b2")
        assert apply_to(cluster).is_good
        content(cluster)


def test_a_quorum_that_is_gone_for_a_minute_loses_nothing(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        pulse = ByHand()
        world = replace(world_of(cluster), pulse=pulse)

        def blinks(node: str) -> None:
            if node == "pve1":
                without_quorum(cluster, pulse, world, renewals=2)
                pulse.beat()

        after_reloads(world, cluster, blinks)
        report = apply_in(world)
        assert report.is_good, errors(report)
        content(cluster)


def test_a_lock_that_is_lost_before_pves_commit_keeps_it_from_being_made(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        before, pulse = network_of(cluster), ByHand()
        draw(cluster)
        world = replace(world_of(cluster), pulse=pulse)
        node_tasks = world.api.node_tasks

        def loses(node: str, *, kind: str) -> tuple[str, ...]:
            if node == "pve3":
                taken_away(cluster, pulse, world)
            return node_tasks(node, kind=kind)

        world.api.node_tasks = loses  # type: ignore[method-assign]
        report = apply_in(world)
        assert "PVE's definitions were not committed: the cluster lock was lost" in report.commit_error
        assert network_of(cluster) == before
        assert plan_of(cluster).pending
        assert cluster.read_sdn(".lock") is None


def test_a_lock_that_is_lost_after_pves_commit_undoes_nothing_and_leaves_nothing_to_do(tmp_path: Path) -> None:
    with serving(tmp_path, SMALL) as cluster:
        pulse = ByHand()
        draw(cluster)
        world = replace(world_of(cluster), pulse=pulse)
        apply_sdn = world.api.apply_sdn

        def loses(*words: str) -> str:
            upid = apply_sdn(*words)
            taken_away(cluster, pulse, world)
            return upid

        world.api.apply_sdn = loses  # type: ignore[method-assign,assignment]
        report = apply_in(world)
        assert report.is_good, errors(report)
        cluster.agent().unlock("pve3", "b2")
        content(cluster)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_whatever_comes_of_the_call_that_settles_what_was_left_open_nothing_stays_locked(
    tmp_path: Path, way: Break
) -> None:
    with serving(tmp_path, SMALL) as cluster:
        killed_at(cluster, "pve1", "arm", is_heard=True)
        turn_clock(cluster.nodes["pve1"], 200.0)
        world = replace(world_of(cluster), nodes=ProgramAgent(Faulty(cluster, "settle", way, node="pve1")))
        report: ApplyReport | None = None
        with suppress(NodeFailed):
            report = apply_in(world)
        assert (report is None) == (way is WAYS["refused"])
        again = apply_to(cluster)  # after it, and after what was not given back
        assert again.is_good, errors(again)
        content(cluster)


def test_without_a_quorum_nobody_can_take_it_and_that_is_said(tmp_path: Path) -> None:
    with serving(tmp_path, SMALL) as cluster:
        before = network_of(cluster)
        cluster.lose_quorum()
        with pytest.raises(
            NodeFailed, match=r"the cluster has no quorum, so nobody can be kept .*; see `pvecm status`"
        ):
            apply_to(cluster)
        assert network_of(cluster) == before
        cluster.regain_quorum()
        nothing_is_locked(cluster)


def test_where_the_first_node_cannot_keep_it_another_one_does(tmp_path: Path) -> None:
    with serving(tmp_path, SMALL) as cluster:
        (cluster.nodes["pve1"].path("/etc/pve/priv")).unlink()
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        content(cluster)


# --- beside what is not an apply --------------------------------------------------------------------------------------


def test_somebodys_apply_in_the_panel_in_the_middle_is_survived(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        world = world_of(cluster)

        def applies(node: str) -> None:
            if node == "pve2":
                draw(cluster)
                world_of(cluster).api.apply_sdn()
                cluster.wait_for_tasks(10)

        after_reloads(world, cluster, applies)
        report = apply_in(world)
        cluster.wait_for_tasks(10)
        assert not report.is_mixed
        assert traces(cluster) == []
        again = apply_to(cluster)
        assert again.is_good, errors(again)
        content(cluster)


def test_somebodys_reload_of_a_node_in_the_middle_is_survived(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        world = world_of(cluster)

        def reloads_by_hand(node: str) -> None:
            for other in cluster.nodes.values():
                assert other.run("ifreload", "-a").returncode == 0, node

        after_reloads(world, cluster, reloads_by_hand)
        report = apply_in(world)
        assert report.is_good, errors(report)
        content(cluster)


def test_a_node_that_boots_in_the_middle_commits_nothing_and_is_put_back_with_the_others(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        for node in cluster.nodes.values():
            reboot(node)
        before, world = network_of(cluster), world_of(cluster)

        def boots(name: str) -> None:
            if name == "pve2":
                reboot(cluster.nodes["pve2"])

        after_reloads(world, cluster, boots)
        report = apply_in(world)
        pass_time(cluster, 200.0)
        assert not report.is_good
        assert traces(cluster) == []
        assert network_of(cluster) == before
        again = apply_to(cluster)
        assert again.is_good, errors(again)
        content(cluster)
