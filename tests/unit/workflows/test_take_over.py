"""The second plan of an apply, when frr.conf comes back from PVE: what it finds in its way is told of each node."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pvesdn.errors import ClusterError
from pvesdn.model.files import ChangeSet
from pvesdn.model.findings import Finding, Severity
from pvesdn.model.flags import PlanFlags
from pvesdn.workflows.progress import Progress
from pvesdn.workflows.take_over import take_frr_over
from tests.unit.workflows.kit import cluster, plan_of


def reloaded(changes: ChangeSet, world: Any) -> list[Progress]:
    return [Progress(world, node.execution) for node in changes.nodes]


def test_a_cluster_that_cannot_be_read_again_is_told_of_every_node() -> None:
    made = cluster()
    run = reloaded(plan_of(made), made.world())
    made.api.errors["cluster/status"] = ClusterError("the API does not answer")
    take_frr_over(made.world(), run, lambda *_, **__: plan_of(made), PlanFlags())
    assert [progress.error for progress in run] == [
        f"node{number}: frr.conf was not taken over from PVE: the API does not answer; run pvesdn apply again"
        for number in (1, 2, 3)
    ]


def test_what_needs_a_decision_stops_its_node_alone() -> None:
    made = cluster()
    changes = plan_of(made)
    obstacle = Finding(severity=Severity.ERROR, node="node2", where="node2", what="it is in the way", hint="move it")
    nodes = tuple(replace(n, obstacles=(obstacle,)) if n.node == "node2" else n for n in changes.nodes)
    run = reloaded(changes, made.world())
    take_frr_over(made.world(), run, lambda *_, **__: replace(changes, nodes=nodes), PlanFlags())
    assert [bool(progress.error) for progress in run] == [False, True, False]
    assert run[1].error == "node2: frr.conf was not taken over from PVE: it is in the way; move it"
    assert "/etc/network/interfaces.d/pvesdn" in made.nodes["node1"].files
    assert "/etc/network/interfaces.d/pvesdn" not in made.nodes["node2"].files


def test_a_node_with_nothing_left_is_left_alone() -> None:
    made = cluster()
    changes = plan_of(made)
    run = reloaded(changes, made.world())
    take_frr_over(made.world(), run, lambda *_, **__: replace(changes, nodes=changes.nodes[:1]), PlanFlags())
    assert not [progress.error for progress in run if progress.error]
    assert [bool(progress.steps) for progress in run] == [True, False, False]
