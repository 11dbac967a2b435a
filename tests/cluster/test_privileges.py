"""The token with exactly the privileges that README names can do everything. With one less, what needs it is refused by
its name before anything is touched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pvesdn.adapters.pve_api import PveApi
from pvesdn.errors import ApiRefused
from pvesdn.model.manner import Manner
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.apply import apply
from pvesdn.workflows.confirmation import standing
from pvesdn.workflows.plan import plan
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.world import World
from pvesdn_lab.simulated.cluster import SimulatedCluster
from pvesdn_lab.simulated.pve import GRANTS
from tests.cluster.kit import PLANNER, apply_to, draw, errors, everything, plan_of, serving, state_of, world_of
from tests.cluster.test_frr_changes_hands import PVE_EVPN

PAGES = Path(__file__).parents[2]
Grants = Sequence[tuple[str, str]]


def world_with(cluster: SimulatedCluster, grants: Grants) -> World:
    return replace(world_of(cluster), api=PveApi(cluster.token_settings(*grants)))


def changing_calls(cluster: SimulatedCluster, begun: int) -> list[tuple[str, str]]:
    return [(method, path) for method, path, _ in cluster.sim.requests[begun:] if method != "GET"]


def test_readme_names_what_the_simulated_token_has() -> None:
    text = " ".join((PAGES / "README.md").read_text("utf-8").split())
    groups = re.findall(r"((?:`\w+\.\w+`(?: and )?)+) on `(/\w*)`", text)
    named = {(path, name) for names, path in groups for name in re.findall(r"`(\w+\.\w+)`", names)}
    assert named - {("/sdn/zones/localnetwork/web", "SDN.Use")} == set(GRANTS)


def test_the_page_about_running_has_the_same_table() -> None:
    text = (PAGES / "docs/running.md").read_text("utf-8")
    rows = re.findall(r"(?m)^\| `(\w+\.\w+)` \| `(/\w*)` \|", text)
    assert {(path, name) for name, path in rows} == set(GRANTS)


@pytest.mark.parametrize("character", [7, 8, 9], ids="pve{}".format)
def test_with_exactly_these_everything_can_be_done(tmp_path: Path, character: int) -> None:
    with serving(tmp_path, character=character) as cluster:
        world = world_with(cluster, GRANTS)
        report = apply(world, plan_of(cluster), PLANNER)
        assert report.is_good, errors(report)
        if cluster.world.character.has_sdn:
            draw(cluster, PVE_EVPN)
            if cluster.world.character.has_sdn_lock:
                rehearsal = apply(world, plan_of(cluster), PLANNER, Manner(commits=False))
                assert rehearsal.is_good, errors(rehearsal)
            report = apply(world, plan_of(cluster), PLANNER)
            assert report.is_good, errors(report)
            draw(cluster, dict.fromkeys(PVE_EVPN, ""))
            report = apply(world, plan_of(cluster), PLANNER)
            assert report.is_good, errors(report)
        assert plan(read_cluster(world, has_state=True), Renderer()).is_empty
        assert standing(world).open == ()


def nothing_more(cluster: SimulatedCluster) -> None:
    del cluster


LACKING: dict[str, tuple[str, Callable[[SimulatedCluster], object]]] = {
    "Sys.Audit": ("/", nothing_more),
    "SDN.Audit": ("/sdn", nothing_more),
    "Sys.Modify": ("/nodes/pve1", nothing_more),
    "SDN.Allocate": ("/sdn", draw),
}


@pytest.mark.parametrize("character", [8, 9], ids="pve{}".format)
@pytest.mark.parametrize(("privilege", "needed"), LACKING.items(), ids=LACKING)
def test_without_one_of_them_what_needs_it_is_refused_by_its_name_before_anything_is_touched(
    tmp_path: Path, privilege: str, needed: tuple[str, Callable[[SimulatedCluster], object]], character: int
) -> None:
    path, happens = needed
    with serving(tmp_path, character=character) as cluster:
        if privilege != "Sys.Modify":
            assert apply_to(cluster).is_good
        happens(cluster)
        before, begun = everything(cluster), len(cluster.sim.requests)
        world = world_with(cluster, [grant for grant in GRANTS if grant[1] != privilege])
        with pytest.raises(ApiRefused, match=rf"lacks {privilege} on {path}; pveum acl modify {path} "):
            apply(world, plan(read_cluster(world, has_state=True), Renderer()), PLANNER)
        assert everything(cluster) == before
        assert changing_calls(cluster, begun) == []


@pytest.mark.parametrize("node", ["pve1", "pve2", "pve3"])
def test_nodes_that_may_not_all_be_reloaded_are_not_changed_in_part(tmp_path: Path, node: str) -> None:
    with serving(tmp_path) as cluster:
        others = [(f"/nodes/{name}", "Sys.Modify") for name in cluster.nodes if name != node]
        world = world_with(cluster, [*(grant for grant in GRANTS if grant[1] != "Sys.Modify"), *others])
        before, begun = state_of(cluster), len(cluster.sim.requests)
        with pytest.raises(ApiRefused, match=f"lacks Sys.Modify on /nodes/{node}"):
            apply(world, plan_of(cluster), PLANNER)
        assert state_of(cluster) == before
        assert changing_calls(cluster, begun) == []


def test_a_commit_that_is_not_rehearsed_is_asked_whether_it_may_see_the_tasks_of_every_node(tmp_path: Path) -> None:
    with serving(tmp_path, character=8) as cluster:
        draw(cluster)
        world = world_of(cluster)
        require, asked = world.api.require, list[tuple[str, str]]()

        def recorded(rights: Iterable[tuple[str, str]]) -> None:
            asked.extend(rights)
            require(asked)

        world.api.require = recorded  # type: ignore[method-assign]
        assert apply(world, plan_of(cluster), PLANNER).is_good
        assert {(f"/nodes/{name}", "Sys.Audit") for name in cluster.nodes} <= set(asked)
