"""An apply that waits to be confirmed: it stays on every node or on none, and nobody's silence is taken for a yes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pvesdn.errors import ApplyRefused, NodeUnreachable
from pvesdn.model.open_apply import OpenState
from pvesdn.model.report import ApplyReport, Standing
from pvesdn.workflows.apply import apply
from pvesdn.workflows.confirmation import confirm, roll_back, standing
from pvesdn.workflows.world import World
from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cluster.kit import EVPN, PLANNER, PVE_SIMPLE, apply_to, errors, plan_of, reloads, serving, world_of
from tests.cluster.nodes_alone import pass_time, traces, turn_clock
from tests.cluster.test_alone import network_of, standing_network

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
        if seconds == 2.0 and self._happens:  # what is waited for is a confirmation
            self._happens.pop(0)()


def waiting(cluster: SimulatedCluster, *happens: Callable[[], object]) -> ApplyReport:
    """An apply that waits; at each of its looks one of `happens` comes first."""
    world = world_of(cluster)
    reload = world.api.reload_network

    def at_once(name: str, *, regenerate_frr: bool | None) -> str:
        upid = reload(name, regenerate_frr=regenerate_frr)
        cluster.wait_for_tasks(10)
        return upid

    world.api.reload_network = at_once  # type: ignore[method-assign, assignment]
    world = replace(world, clock=WindowClock(*happens))
    return apply(world, plan_of(cluster), PLANNER, confirm_within=WINDOW)


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
            refused.extend(errors(apply_to(cluster)).values())

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


def test_with_pves_definitions_pending_a_confirmation_is_refused_before_anything(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        standing_network(cluster)
        for name, text in PVE_SIMPLE.items():
            cluster.write_sdn(name, text)
        before = network_of(cluster)
        with pytest.raises(ApplyRefused, match="their commit could not be taken back if nobody confirmed"):
            apply(world_of(cluster), plan_of(cluster), PLANNER, confirm_within=WINDOW)
        assert network_of(cluster) == before
