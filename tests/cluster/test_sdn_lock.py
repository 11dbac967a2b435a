"""PVE's definitions between the plan and the commit: what PVE would refuse is asked first, and what others do meanwhile
is never committed unseen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pvesdn.adapters.pve_api import PveApi
from pvesdn.errors import ApiUnavailable, NodeFailed, PvesdnError
from pvesdn.model.report import Outcome, Standing
from pvesdn.workflows.apply import apply
from pvesdn.workflows.world import World
from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cluster.kit import PLANNER, apply_to, draw, errors, everything, plan_of, serving, state_of, world_of

LOCK = ".lock"
MORE = {"zones.cfg": "simple: lan\n\nsimple: dmz\n\n"}


def commits(cluster: SimulatedCluster) -> list[str]:
    """The calls that change what PVE holds for the whole cluster, in their order."""
    paths = {"/cluster/sdn": "", "/cluster/sdn/lock": " lock"}
    found = [(method, path.removeprefix("/api2/json").partition("?")[0]) for method, path, _ in cluster.sim.requests]
    return [f"{method}{paths[path]}" for method, path in found if method != "GET" and path in paths]


def may(*privileges: str) -> Callable[[SimulatedCluster, World], World]:
    def with_rights(cluster: SimulatedCluster, world: World) -> World:
        return replace(world, api=PveApi(cluster.token_settings(*(("/", name) for name in privileges))))

    return with_rights


def meanwhile(happens: Callable[[SimulatedCluster], object]) -> Callable[[SimulatedCluster, World], World]:
    def happened(cluster: SimulatedCluster, world: World) -> World:
        happens(cluster)
        return world

    return happened


def committed_by_hand(cluster: SimulatedCluster) -> None:
    PveApi(cluster.token_settings()).apply_sdn()
    cluster.wait_for_tasks(10)


REFUSED_FIRST = {
    "rights": (may("Sys.Audit", "Sys.Modify", "SDN.Audit"), "SDN.Allocate"),
    "quorum": (meanwhile(SimulatedCluster.lose_quorum), "no quorum, so PVE cannot commit .*pvecm status"),
    "a foreign token": (
        meanwhile(lambda cluster: cluster.write_sdn(LOCK, "0b1c")),
        r"somebody has locked PVE's definitions: /etc/pve/sdn/\.lock holds a token .*--force 1",
    ),
    "definitions edited": (
        meanwhile(lambda cluster: draw(cluster, MORE)),
        r"have been edited since the plan was shown: zones\.cfg; run pvesdn plan",
    ),
    "definitions committed": (meanwhile(committed_by_hand), "somebody has committed PVE's definitions since the plan"),
    "the lock itself": (
        meanwhile(lambda cluster: cluster.sim.fail("POST", "/cluster/sdn/lock", 500, "got lock request timeout")),
        "lock request timeout",
    ),
}


@pytest.mark.parametrize(("happens", "said"), REFUSED_FIRST.values(), ids=REFUSED_FIRST)
def test_what_pve_would_refuse_is_said_before_any_node_is_touched(
    tmp_path: Path, happens: Callable[[SimulatedCluster, World], World], said: str
) -> None:
    with serving(tmp_path) as cluster:
        draw(cluster)
        changes = plan_of(cluster)
        world = happens(cluster, world_of(cluster))
        before, lock = everything(cluster), cluster.read_sdn(LOCK)
        with pytest.raises(PvesdnError, match=said):
            apply(world, changes, PLANNER)
        now = everything(cluster)
        assert {path: now[path] for path in before} == before
        assert [path for path in now if path not in before and "/var/lib/" not in path] == []
        assert cluster.read_sdn(LOCK) == lock, "a lock of somebody else's stays, and none of ours is left"


def test_a_commit_goes_through_under_pves_lock_which_is_gone_afterwards(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        draw(cluster)
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert commits(cluster) == ["POST lock", "PUT"]
        assert cluster.read_sdn(LOCK) is None
        assert plan_of(cluster).is_empty


def test_where_pve_has_no_lock_the_definitions_are_still_compared(tmp_path: Path) -> None:
    with serving(tmp_path, character=8) as cluster:
        draw(cluster)
        changes, before = plan_of(cluster), state_of(cluster)
        world = world_of(cluster)
        before_the_commit(world, lambda: draw(cluster, MORE))
        report = apply(world, changes, PLANNER)
        assert report.commit_error.startswith(
            "PVE's definitions were not committed: PVE's definitions have been edited"
        )
        assert commits(cluster) == ["POST lock"]  # which PVE 8 does not know
        assert state_of(cluster) == before
        assert apply_to(cluster).is_good


def before_the_commit(world: World, happens: Callable[[], object]) -> None:
    """Let something happen when all nodes are ready for the commit, and before definitions are looked at again."""
    hold = world.nodes.hold

    def held(node: str, apply_id: str, *, is_committing: bool = False, token: str = "") -> bool:
        if is_committing:
            happens()
        return hold(node, apply_id, is_committing=is_committing, token=token)

    world.nodes.hold = held  # type: ignore[method-assign]


AT_THE_LAST_MOMENT: dict[str, tuple[Callable[[SimulatedCluster], object], str, str | None]] = {
    "the lock is forced away": (
        lambda cluster: (cluster.folder / "pve/sdn/.lock").unlink(missing_ok=True),
        "somebody has taken away the lock",
        None,
    ),
    "the lock is forced and taken": (lambda cluster: cluster.write_sdn(LOCK, "0b1c"), "somebody has locked", "0b1c"),
    "definitions are edited": (
        lambda cluster: draw(cluster, MORE),
        "edited since the plan was shown: zones.cfg",
        None,
    ),
    "the commit is refused": (
        lambda cluster: cluster.sim.fail("PUT", "/cluster/sdn", 403, "Permission check failed (/sdn, SDN.Allocate)"),
        "SDN.Allocate",
        None,
    ),
}


@pytest.mark.parametrize(("happens", "said", "left"), AT_THE_LAST_MOMENT.values(), ids=AT_THE_LAST_MOMENT)
def test_what_happens_right_before_the_commit_stops_it_and_every_node_is_as_before(
    tmp_path: Path, happens: Callable[[SimulatedCluster], object], said: str, left: str | None
) -> None:
    with serving(tmp_path) as cluster:
        draw(cluster)
        before, changes, world = state_of(cluster), plan_of(cluster), world_of(cluster)
        before_the_commit(world, lambda: happens(cluster))
        report = apply(world, changes, PLANNER)
        assert report.commit is Outcome.FAILED
        assert said in report.commit_error
        assert {node.standing for node in report.nodes} == {Standing.AS_BEFORE}
        assert state_of(cluster) == before
        assert cluster.read_sdn(LOCK) == left
        assert plan_of(cluster).pending
        if "edited" in said:  # planned and applied again, as it says, it goes through
            assert apply(world_of(cluster), plan_of(cluster), PLANNER).is_good


def test_a_foreign_lock_that_is_taken_away_as_the_hint_says_stops_the_next_apply_no_longer(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        draw(cluster)
        cluster.write_sdn(LOCK, "0b1c")
        with pytest.raises(PvesdnError) as caught:
            apply_to(cluster)
        command = caught.value.hint.split("`")[1].split()
        assert cluster.nodes["pve2"].start(*command).returncode == 0
        report = apply_to(cluster)
        assert report.is_good, errors(report)


def test_a_lock_whose_answer_was_lost_is_found_and_given_back(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        draw(cluster)
        world = world_of(cluster)
        lock = world.api.lock_sdn

        def unanswered() -> str:
            lock()
            raise ApiUnavailable("read timed out")

        world.api.lock_sdn = unanswered  # type: ignore[method-assign]
        report = apply(world, plan_of(cluster), PLANNER)
        assert report.is_good, errors(report)
        assert cluster.read_sdn(LOCK) is None


def test_a_lock_that_cannot_be_given_back_is_told_with_the_command_that_does_it(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        draw(cluster)
        world, changes = world_of(cluster), plan_of(cluster)
        cluster.sim.fail("DELETE", "/cluster/sdn/lock", 500, "got lock request timeout")

        def full(node: str, apply_id: str, *, is_committing: bool = False, token: str = "") -> bool:
            assert (len(apply_id), is_committing, bool(token)) == (16, False, True)
            raise NodeFailed(node, "No space left on device")

        world.nodes.hold = full  # type: ignore[method-assign]
        report = apply(world, changes, PLANNER)
        assert "PVE's definitions are still locked by this apply" in report.commit_error
        cluster.sim.failures.clear()
        command = report.commit_error.split("`")[1].split()
        assert cluster.nodes["pve1"].start(*command).returncode == 0
        assert apply_to(cluster).is_good


def test_a_lock_that_is_refused_and_not_held_leaves_nothing_staged(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        draw(cluster)
        world = world_of(cluster)
        cluster.sim.fail("POST", "/cluster/sdn/lock", 503, "try again")
        with pytest.raises(PvesdnError, match="try again"):
            apply(world, plan_of(cluster), PLANNER)
        assert [*cluster.folder.rglob(".*.pvesdn-new")] == []
