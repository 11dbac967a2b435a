"""The node that goes first announces what is new there, before the others get it."""

from __future__ import annotations

from pathlib import Path

from pvesdn.errors import NodeFailed
from pvesdn.model.report import Standing
from pvesdn.workflows.apply import apply
from pvesdn_lab.simulated.commands.state import write_json
from tests.cluster.kit import EVPN, PLANNER, apply_to, errors, plan_of, serving, world_of

MORE = "\nvnet: more\n\tzone sym\n\ttag 9\n"


def test_a_canary_that_does_not_announce_a_new_vni_is_put_back_and_nobody_else_was_touched(tmp_path: Path) -> None:
    with serving(tmp_path, EVPN) as cluster:
        assert apply_to(cluster).is_good
        cluster.write_sdn("pvesdn.cfg", EVPN + MORE)
        for node in cluster.nodes.values():
            write_json(node.root, "unannounced", [9])
        report = apply_to(cluster)
        (canary,) = [node for node in report.nodes if any(step.step == "verified" for step in node.steps)]
        assert "VNI 9 (vxlan_more), type-3 route of its own: expected announced, found no such route" in canary.error
        assert all("not touched" in node.error for node in report.nodes if node != canary)
        assert {node.standing for node in report.nodes} == {Standing.AS_BEFORE}
        for node in cluster.nodes.values():
            write_json(node.root, "unannounced", [])
        assert apply_to(cluster).is_good
        assert plan_of(cluster).is_empty


def test_a_vni_that_was_there_before_is_not_blamed_on_the_apply(tmp_path: Path) -> None:
    with serving(tmp_path, EVPN) as cluster:
        assert apply_to(cluster).is_good
        for node in cluster.nodes.values():
            write_json(node.root, "unannounced", [2])
        cluster.write_sdn("pvesdn.cfg", EVPN + MORE)
        report = apply_to(cluster)
        assert report.is_good, errors(report)


def test_where_frr_does_not_tell_that_is_said_and_is_no_failure(tmp_path: Path) -> None:
    with serving(tmp_path, EVPN) as cluster:
        assert apply_to(cluster).is_good
        cluster.write_sdn("pvesdn.cfg", EVPN + MORE)
        world = world_of(cluster)

        def silent(node: str) -> frozenset[int]:
            raise NodeFailed(node, "vtysh did not answer within 10 s")

        world.nodes.announced = silent  # type: ignore[method-assign]
        report = apply(world, plan_of(cluster), PLANNER)
        assert report.is_good, errors(report)
        told = "whether it announced its new VNIs before the others changed: vtysh did not answer within 10 s"
        assert [line for line in report.not_checked if told in line]
