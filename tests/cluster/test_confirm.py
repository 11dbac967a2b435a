"""An apply that waits to be confirmed: it stays on every node or on none, and nobody's silence is taken for a yes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pvesdn.errors import ApplyRefused, NodeUnreachable
from pvesdn.model.execution import Checkpoint, FrrAction
from pvesdn.model.manner import Manner
from pvesdn.model.open_apply import OpenState
from pvesdn.model.report import ApplyReport, Standing
from pvesdn.workflows.apply import apply
from pvesdn.workflows.confirmation import POLL, confirm, roll_back, standing
from pvesdn.workflows.world import World
from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cluster.kit import (
    EVPN,
    PLANNER,
    after_reloads,
    apply_to,
    apply_without_lock,
    draw,
    errors,
    plan_of,
    reloads,
    serving,
    world_of,
)
from tests.cluster.nodes_alone import look, pass_time, traces, turn_clock, turn_clocks
from tests.cluster.test_alone import killed_at, network_of, standing_network

WINDOW = 600


class WindowClock:
    """A clock of a run that waits: each pause lets something happen, until the time is over."""

    def __init__(self, *happens: Callable[[], object]) -> None:
        self._happens = list(happens)
        self._passed = 0.0

    def now(self) -> float:
        return 1_700_000_000.0 + self._passed

    def monotonic(self) -> float:
        return self._passed

    def sleep(self, seconds: float) -> None:
        self._passed += seconds
        if seconds == POLL and self._happens:  # what is waited for is a confirmation
            self._happens.pop(0)()


def waiting(cluster: SimulatedCluster, *happens: Callable[[], object]) -> ApplyReport:
    """An apply that waits; at each of its looks one of `happens` comes first."""
    world = world_of(cluster)
    after_reloads(world, cluster, lambda _: None)  # at once: the clock is for the looks
    world = replace(world, clock=WindowClock(*happens))
    return apply(world, plan_of(cluster), PLANNER, Manner(confirm_within=WINDOW))


def quick(cluster: SimulatedCluster) -> World:
    return replace(world_of(cluster), clock=WindowClock())


def test_what_was_confirmed_in_time_stays(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        before = reloads(cluster)
        seen: list[OpenState] = []

        def look() -> None:
            (found,) = standing(quick(cluster)).open
            seen.extend(there.state for there in found.nodes.values())

        report = waiting(cluster, look, lambda: confirm(quick(cluster), None))
        assert seen == [OpenState.WAITING] * 3
        assert report.is_good, errors(report)
        assert {node.standing for node in report.nodes} == {Standing.NEW}
        assert reloads(cluster) == {name: count + 1 for name, count in before.items()}
        pass_time(cluster, 10 * WINDOW)
        assert plan_of(cluster).is_empty
        assert traces(cluster) == []
        assert standing(quick(cluster)).open == ()


def test_what_nobody_confirmed_is_put_back_by_the_nodes(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        before = network_of(cluster)
        report = waiting(cluster, lambda: pass_time(cluster, WINDOW - 1), lambda: pass_time(cluster, 2))
        assert report.is_unconfirmed
        assert {node.standing for node in report.nodes} == {Standing.AS_BEFORE}
        assert "it was not confirmed in time" in errors(report)["pve2"]
        assert network_of(cluster) == before
        assert traces(cluster) == []


def test_when_the_time_of_the_run_is_over_it_puts_back_what_no_timer_has(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        before = network_of(cluster)
        report = waiting(cluster)
        assert report.is_unconfirmed
        assert {node.standing for node in report.nodes} == {Standing.AS_BEFORE}
        assert network_of(cluster) == before
        assert traces(cluster) == []


def test_a_run_that_is_killed_while_it_waits_can_be_confirmed_all_the_same(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)

        def killed() -> None:
            for name in cluster.nodes:  # it reaches no node any more, to put it back
                cluster.refuse_ssh(name)
            raise SystemExit

        with pytest.raises(SystemExit):
            waiting(cluster, killed)
        for name in cluster.nodes:
            cluster.refuse_ssh(name, refuses=False)
        found = confirm(quick(cluster), None)
        assert found is not None
        assert sorted(found.nodes) == ["pve1", "pve2", "pve3"]
        assert confirm(quick(cluster), found.id) is None
        pass_time(cluster, 10 * WINDOW)
        assert plan_of(cluster).is_empty
        assert traces(cluster) == []


def test_a_confirmation_that_comes_too_late_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        before = network_of(cluster)

        def too_late() -> None:
            for node in cluster.nodes.values():  # the clocks go on; no timer has looked yet
                turn_clock(node, WINDOW + 1)
            with pytest.raises(ApplyRefused, match=r"the time for confirming apply .* has run out on pve1"):
                confirm(quick(cluster), None)

        assert waiting(cluster, too_late).is_unconfirmed
        assert network_of(cluster) == before


def test_nothing_is_confirmed_unless_every_node_answers(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        before = network_of(cluster)

        def try_without_pve3() -> None:
            cluster.refuse_ssh("pve3")
            with pytest.raises(NodeUnreachable, match="nothing was confirmed, because it has to be confirmed here too"):
                confirm(quick(cluster), None)
            cluster.refuse_ssh("pve3", refuses=False)

        report = waiting(cluster, try_without_pve3)
        assert report.is_unconfirmed
        assert network_of(cluster) == before


def test_a_rollback_puts_every_node_back_at_once_and_the_run_notices(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        before = network_of(cluster)
        outcomes: list[str] = []

        def back() -> None:
            _, undone = roll_back(quick(cluster), None)
            outcomes.extend(getattr(outcome, "state", outcome) for outcome in undone.values())  # type: ignore[arg-type]

        report = waiting(cluster, back)
        assert outcomes == ["restored"] * 3
        assert report.is_unconfirmed
        assert network_of(cluster) == before
        assert traces(cluster) == []
        with pytest.raises(ApplyRefused, match="no apply is open"):
            roll_back(quick(cluster), None)


def test_while_one_waits_another_apply_is_refused_and_says_whose_it_is(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        refused: list[str] = []

        def another() -> None:
            cluster.write_sdn("pvesdn.cfg", EVPN)
            refused.extend(errors(apply_without_lock(cluster)).values())

        waiting(cluster, another)
        error = next(error for error in refused if "is still open" in error)
        assert re.search(r"an apply by pvesdn on another machine, begun \d+ s ago, is still open on this node", error)
        (name,) = re.findall("`pvesdn confirm ([0-9a-f]{16})`", error)
        assert f"`pvesdn rollback {name}`" in error


def test_an_id_that_is_not_open_is_refused(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        with pytest.raises(ApplyRefused, match="no apply abc is open, so nothing was confirmed"):
            confirm(quick(cluster), "abc")
        with pytest.raises(ApplyRefused, match="no apply abc is open"):
            roll_back(quick(cluster), "abc")


def test_where_pves_definitions_cannot_be_rehearsed_a_confirmation_is_refused_before_anything(tmp_path: Path) -> None:
    with serving(tmp_path, character=8) as cluster:
        standing_network(cluster)
        draw(cluster)
        before = network_of(cluster)
        with pytest.raises(ApplyRefused, match="their commit could not be taken back if nobody confirmed"):
            apply(world_of(cluster), plan_of(cluster), PLANNER, Manner(confirm_within=WINDOW))
        assert network_of(cluster) == before


# --- who does what a refusal says -------------------------------------------------------------------------------------


def content(cluster: SimulatedCluster) -> None:
    """The next plan and apply are what they always are."""
    report = apply_to(cluster)
    assert report.is_good, errors(report)
    assert plan_of(cluster).is_empty
    assert traces(cluster) == []


def test_who_waits_or_makes_the_node_answer_can_confirm(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)

        def try_twice() -> None:
            cluster.refuse_ssh("pve3")
            with pytest.raises(NodeUnreachable, match="make the node answer and try again"):
                confirm(quick(cluster), None)
            cluster.refuse_ssh("pve3", refuses=False)
            confirm(quick(cluster), None)

        assert waiting(cluster, try_twice).is_good
        assert plan_of(cluster).is_empty
        assert traces(cluster) == []


def test_who_waits_until_an_apply_that_is_at_work_waits_can_confirm_it(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        world = world_of(cluster)
        changes = plan_of(cluster)
        reload = world.api.reload_network
        refused: list[str] = []

        def asked_too_early(name: str, *, regenerate_frr: bool | None) -> str:
            if not refused:
                with pytest.raises(
                    ApplyRefused, match=r"is still at work on pve1.*wait until it says that it waits"
                ) as told:
                    confirm(quick(cluster), None)
                refused.append(str(told.value))
            upid = reload(name, regenerate_frr=regenerate_frr)
            cluster.wait_for_tasks(10)
            return upid

        world.api.reload_network = asked_too_early  # type: ignore[method-assign, assignment]
        clock = WindowClock(lambda: confirm(quick(cluster), None))
        report = apply(replace(world, clock=clock), changes, PLANNER, Manner(confirm_within=WINDOW))
        assert refused
        assert report.is_good, errors(report)
        assert plan_of(cluster).is_empty


def test_who_comes_too_late_plans_and_applies_again(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        said: list[str] = []

        def too_late() -> None:
            for node in cluster.nodes.values():
                turn_clock(node, WINDOW + 1)
            with pytest.raises(ApplyRefused, match="run pvesdn plan, then pvesdn apply") as told:
                confirm(quick(cluster), None)
            said.append(str(told.value))

        waiting(cluster, too_late)
        assert said
        content(cluster)


def test_who_rolls_back_after_a_node_has_put_itself_back_has_the_former_network_everywhere(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        before = network_of(cluster)

        def one_is_back() -> None:
            turn_clock(cluster.nodes["pve2"], WINDOW + 1)
            look(cluster.nodes["pve2"])
            with pytest.raises(ApplyRefused, match="run pvesdn rollback, then plan"):
                confirm(quick(cluster), None)
            roll_back(quick(cluster), None)

        waiting(cluster, one_is_back)
        assert network_of(cluster) == before
        content(cluster)


def test_who_names_one_of_several_rolls_that_one_back(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        killed_at(cluster, "pve1", "arm", is_heard=True)
        cluster.agent().arm("pve3", Checkpoint("f" * 16, "somebody", 180, FrrAction.NONE))
        with pytest.raises(ApplyRefused, match="pvesdn confirm --status"):
            confirm(quick(cluster), "another")
        with pytest.raises(ApplyRefused, match=r"several applies are open: .*; name the one that is meant"):
            confirm(quick(cluster), None)
        for found in standing(quick(cluster)).open:
            roll_back(quick(cluster), found.id)
        content(cluster)


def test_where_a_node_was_not_told_the_next_apply_brings_it_up_to_date(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)

        def told_two() -> None:
            world = quick(cluster)
            keeps = world.nodes.confirm

            def deaf(node: str, apply_id: str) -> bool:
                if node == "pve2":
                    raise NodeUnreachable(node, "connection reset")
                return keeps(node, apply_id)

            world.nodes.confirm = deaf  # type: ignore[method-assign]
            with pytest.raises(NodeUnreachable, match="run pvesdn plan, then pvesdn apply"):
                confirm(world, None)
            pass_time(cluster, WINDOW + 1)

        report = waiting(cluster, told_two)
        assert {node.node: node.standing for node in report.nodes} == {
            "pve1": Standing.NEW,
            "pve2": Standing.AS_BEFORE,
            "pve3": Standing.NEW,
        }
        content(cluster)


def test_who_applies_without_confirm_where_pve_commits_gets_through(tmp_path: Path) -> None:
    with serving(tmp_path, character=8) as cluster:
        standing_network(cluster)
        draw(cluster)
        with pytest.raises(ApplyRefused, match="apply without --confirm"):
            apply(world_of(cluster), plan_of(cluster), PLANNER, Manner(confirm_within=WINDOW))
        content(cluster)


def test_a_node_that_put_itself_back_meanwhile_ends_the_run_and_the_next_one_is_good(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        before, world = network_of(cluster), world_of(cluster)

        def slow(name: str) -> None:
            if name == "pve3":  # nothing was heard of the run for too long
                turn_clock(cluster.nodes["pve1"], 200.0)
                look(cluster.nodes["pve1"])

        after_reloads(world, cluster, slow)
        report = apply(world, plan_of(cluster), PLANNER)
        # Its files are looked at before the node is asked whether it is still armed.
        assert errors(report)["pve1"]
        assert {node.standing for node in report.nodes} == {Standing.AS_BEFORE}
        assert network_of(cluster) == before
        content(cluster)


def test_a_node_that_puts_itself_back_after_the_last_look_is_noticed_before_anything_is_kept(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        before, world = network_of(cluster), world_of(cluster)
        hold = world.nodes.hold

        def too_late(node: str, apply_id: str, *, is_committing: bool = False, token: str = "") -> bool:
            if node == "pve1":
                turn_clock(cluster.nodes["pve1"], 200.0)
                look(cluster.nodes["pve1"])
            return hold(node, apply_id, is_committing=is_committing, token=token)

        world.nodes.hold = too_late  # type: ignore[method-assign]
        report = apply(world, plan_of(cluster), PLANNER)
        assert "pve1: it put itself back meanwhile" in errors(report)["pve1"]
        assert {node.standing for node in report.nodes} == {Standing.AS_BEFORE}
        assert network_of(cluster) == before
        content(cluster)


def test_what_was_left_open_is_dealt_with_once_and_then_the_apply_goes_through(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        before = network_of(cluster)
        killed_at(cluster, "pve2", "frr", is_heard=True)
        turn_clocks(cluster, 200.0)
        refused = errors(apply_without_lock(cluster))
        assert any("run pvesdn plan, then pvesdn apply" in error for error in refused.values()), refused
        for node in cluster.nodes.values():
            look(node)
        assert network_of(cluster) == before
        content(cluster)
