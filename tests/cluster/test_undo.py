"""What an apply leaves behind when a call fails, and what it then says: the cases that need a look of their own.

That each call may fail in each way is tried in `tests/cluster/faults`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from pvesdn.adapters.nodes import ProgramAgent
from pvesdn.adapters.runner import SideBySide
from pvesdn.compare.execution import execution_plan
from pvesdn.errors import ApiRefused, ApiUnavailable, NodeFailed, NodeUnreachable
from pvesdn.model.execution import FrrAction
from pvesdn.model.primitives import Json
from pvesdn.model.progress import NotReached, PutsBack
from pvesdn.model.report import ApplyReport, Standing
from pvesdn.ports import ClusterApi
from pvesdn.workflows.apply import apply
from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cluster.kit import (
    ANOTHER_ZONE,
    EVPN,
    PLANNER,
    after_reloads,
    apply_to,
    draw,
    errors,
    plan_of,
    reloads,
    serving,
    state_of,
    world_of,
)
from tests.cluster.standing import stand
from tests.cluster.test_verify import DAMAGES
from tests.fakes import FakeObserver

CHECKPOINT = "var/lib/pvesdn/checkpoint.json"
# A VNI that moves (a device deleted and made anew), an exit that goes, a zone that is new, an MTU that goes down.
AFTER = EVPN[: EVPN.index("exit: ")].replace("tag 2", "tag 20").replace("vxlan: plain\n", "vxlan: plain\n\tmtu 1400\n")
AFTER += f"\n{ANOTHER_ZONE}"

Break = Callable[[str, Callable[[], object]], object]


def refused(node: str, call: Callable[[], object]) -> object:
    del call
    raise NodeFailed(node, "No space left on device")


def unheard(node: str, call: Callable[[], object]) -> object:
    del call
    raise NodeUnreachable(node, "ssh: connection reset by peer")


def unanswered(node: str, call: Callable[[], object]) -> object:
    call()
    raise NodeUnreachable(node, "ssh: connection reset by peer")


WAYS: dict[str, Break] = {"refused": refused, "cut before": unheard, "cut after": unanswered}


class Faulty:
    """A transport on which one verb fails once on one node."""

    def __init__(self, cluster: SimulatedCluster, verb: str, way: Break, *, node: str = "pve2") -> None:
        self._transport = cluster.agent().transport
        self._call = (node, verb)
        self._way: Break | None = way

    def ask(self, node: str, verb: str, arguments: Mapping[str, Json]) -> dict[str, Json]:
        def call() -> dict[str, Json]:
            return self._transport.ask(node, verb, arguments)

        if (node, verb) == self._call and self._way is not None:
            way, self._way = self._way, None
            way(node, call)
        return call()


def half_applied(cluster: SimulatedCluster) -> None:
    """A network that stands, and definitions that change much of it."""
    stand(cluster)
    cluster.plug_guest("pve2", "web", 100)
    cluster.write_sdn("pvesdn.cfg", AFTER)


def armed(cluster: SimulatedCluster) -> list[str]:
    return [name for name, node in cluster.nodes.items() if (node.root / CHECKPOINT).exists()]


def holds_what_it_says(cluster: SimulatedCluster, report: ApplyReport, before: Mapping[str, object]) -> None:
    """Each node has what the report says: as before, or new with nothing left to plan for it."""
    now, left = state_of(cluster), {node.node: node for node in plan_of(cluster).nodes}
    for node in report.nodes:
        if node.standing in {Standing.AS_BEFORE, None}:
            assert now[node.node] == before[node.node], node
        else:
            assert node.standing is Standing.NEW, node
            assert not left[node.node].files, node
    assert armed(cluster) == []
    assert [*cluster.folder.rglob(".*.pvesdn-new")] == []


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("verb", ["commit", "frr"])
def test_where_nodes_have_their_turn_side_by_side_behind_the_first_each_has_what_the_report_says(
    tmp_path: Path, verb: str, way: Break
) -> None:
    with serving(tmp_path) as cluster:
        stand(cluster)
        cluster.plug_guest("pve2", "web", 100)
        cluster.write_sdn("pvesdn.cfg", f"{EVPN}\n{ANOTHER_ZONE}")
        before, world = state_of(cluster), world_of(cluster)
        beside = replace(world, runner=SideBySide(8), nodes=ProgramAgent(Faulty(cluster, verb, way)))
        changes = plan_of(cluster)
        assert execution_plan(changes).order.rounds == (("pve3",), ("pve1", "pve2"))
        holds_what_it_says(cluster, apply(beside, changes, PLANNER), before)
        assert apply_to(cluster).is_good
        assert plan_of(cluster).is_empty


class FaultyApi:
    """The API, one call of which fails."""

    def __init__(self, api: ClusterApi, call: str, error: Exception, *, is_heard: bool) -> None:
        self._api, self._call, self._error, self._is_heard = api, call, error, is_heard

    def __getattr__(self, name: str) -> object:
        method = getattr(self._api, name)
        if name != self._call:
            return method

        def failing(*words: object, **named: object) -> object:
            self._call = ""
            if self._is_heard:
                method(*words, **named)
            raise self._error

        return failing


def test_a_commit_that_is_refused_leaves_every_node_as_before_and_definitions_pending(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        half_applied(cluster)
        draw(cluster)
        before, world = state_of(cluster), world_of(cluster)
        api = FaultyApi(world.api, "apply_sdn", ApiRefused("no quorum", status=500), is_heard=False)
        report = apply(replace(world, api=api), plan_of(cluster), PLANNER)  # type: ignore[arg-type]
        assert "PVE's definitions were not committed: no quorum" in report.commit_error
        holds_what_it_says(cluster, report, before)
        assert plan_of(cluster).pending


def test_a_node_that_a_reload_without_new_files_cuts_off_is_asked_again_and_never_called_as_before(
    tmp_path: Path,
) -> None:
    with serving(tmp_path) as cluster:
        stand(cluster)
        DAMAGES["a VXLAN device is deleted"](cluster, "pve2")
        told = FakeObserver()
        world, changes = replace(world_of(cluster), observer=told), plan_of(cluster)
        assert not any(node.files for node in changes.nodes)
        after_reloads(world, cluster, cluster.refuse_ssh)
        report = apply(world, changes, PLANNER)
        assert {node.node: node.standing for node in report.nodes} == {"pve2": Standing.NOT_PUT_BACK}
        assert report.is_mixed
        assert len(told.of(NotReached)) > 1
        assert [event.nodes for event in told.of(PutsBack)] == [("pve2",)]


def test_a_commit_whose_answer_was_lost_is_known_by_pves_definitions_and_nothing_is_put_back(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        half_applied(cluster)
        draw(cluster)
        world = world_of(cluster)
        api = FaultyApi(world.api, "apply_sdn", ApiUnavailable("read timed out"), is_heard=True)
        report = apply(replace(world, api=api), plan_of(cluster), PLANNER)  # type: ignore[arg-type]
        assert "PVE's definitions are committed, but nobody has told how its reloads went" in report.commit_error
        assert {node.standing for node in report.nodes} == {Standing.NOT_PUT_BACK}
        assert report.is_mixed
        cluster.wait_for_tasks(10)
        assert armed(cluster) == []
        again = apply_to(cluster)
        assert again.is_good, errors(again)
        assert plan_of(cluster).is_empty


def test_a_guest_is_where_it_was_after_its_bridge_has_gone_and_come_back(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        half_applied(cluster)
        before = state_of(cluster)
        node = cluster.nodes["pve2"]
        cluster.nodes["pve3"].break_command("ifreload", status=1, stderr="error: vrf_other: broken\n", times=1)
        world, changes = world_of(cluster), plan_of(cluster)

        def unplugs(name: str) -> None:
            if name == "pve2":
                node.run("ip", "link", "del", "web")  # what ifupdown2 does to a bridge whose stanza goes

        after_reloads(world, cluster, unplugs)
        report = apply(world, changes, PLANNER)
        assert {entry.standing for entry in report.nodes} == {Standing.AS_BEFORE}
        assert node.links()["tap100i0"]["master"] == "web"
        assert state_of(cluster) == before


def test_what_frr_is_told_by_others_while_nobody_changes_it_is_put_back_too(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        assert apply_to(cluster).is_good
        cluster.write_sdn("pvesdn.cfg", EVPN.replace("vxlan: plain\n", "vxlan: plain\n\tmtu 1400\n"))
        before, world, changes = state_of(cluster), world_of(cluster), plan_of(cluster)
        assert {node.execution.frr for node in changes.nodes} == {FrrAction.NONE}
        damage = DAMAGES["a neighbor is removed in vtysh"]
        after_reloads(world, cluster, lambda name: damage(cluster, "pve2") if name == "pve2" else None)
        report = apply(world, changes, PLANNER)
        assert "192.168.0.3" in errors(report)["pve2"]
        assert {node.standing for node in report.nodes} == {Standing.AS_BEFORE}
        assert state_of(cluster) == before


def test_frr_that_did_not_run_before_does_not_run_after_an_undo(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        before = state_of(cluster)
        cluster.nodes["pve3"].break_command("ifreload", status=1, times=1)
        assert not apply_to(cluster).is_good
        assert state_of(cluster) == before
        assert not cluster.nodes["pve1"].frr()["running"]


def test_a_node_whose_own_reload_fails_on_the_way_back_too_is_told_with_what_is_left(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        half_applied(cluster)
        cluster.nodes["pve2"].break_command("ifreload", status=1, stderr="error: it is broken\n")
        report = apply_to(cluster)
        (told,) = [node for node in report.nodes if node.node == "pve2"]
        assert told.standing is Standing.NOT_PUT_BACK
        assert any("is not there any more" in line for line in told.left), told.left
        assert any("it is broken" in line for line in told.log)
        assert report.is_mixed
        assert plan_of(cluster).nodes[1].is_unfinished
        cluster.nodes["pve2"].mend_command("ifreload")
        again = apply_to(cluster)
        assert again.is_good, errors(again)
        assert plan_of(cluster).is_empty


def test_nothing_is_reloaded_twice_when_an_apply_is_good(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        report = apply_to(cluster)
        assert {node.standing for node in report.nodes} == {Standing.NEW}
        assert reloads(cluster) == {"pve1": 1, "pve2": 1, "pve3": 1}
        assert armed(cluster) == []
