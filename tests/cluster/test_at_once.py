"""Two applies at once: one of them may lose, but no node gets a mixture, and the next apply puts everything right."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from pvesdn.adapters.nodes import ProgramAgent
from pvesdn.adapters.runner import SideBySide
from pvesdn.model.files import OUR_INTERFACES, ChangeSet
from pvesdn.model.primitives import Json
from pvesdn.model.report import ApplyReport
from pvesdn.workflows.apply import apply
from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cluster.kit import EVPN, PLANNER, apply_to, errors, plan_of, serving, world_of

LATER = EVPN.replace("tag 3", "tag 33")


def two_plans(cluster: SimulatedCluster) -> tuple[ChangeSet, ChangeSet]:
    """What somebody planned, and what another planned after the definitions had changed."""
    earlier = plan_of(cluster)
    cluster.write_sdn("pvesdn.cfg", LATER)
    return earlier, plan_of(cluster)


def texts(changes: ChangeSet) -> dict[str, str | None]:
    """Our interfaces file by node, as the plan has it."""
    return {node.node: file.new for node in changes.nodes for file in node.files if file.path == OUR_INTERFACES}


class Between:
    """A transport that lets somebody else act just before the first call of `verb`."""

    def __init__(self, agent: ProgramAgent, verb: str, act: Callable[[], object]) -> None:
        self._transport = agent.transport
        self._verb = verb
        self._acts = [act]

    def ask(self, node: str, verb: str, arguments: Mapping[str, Json]) -> dict[str, Json]:
        if verb == self._verb and self._acts:
            self._acts.pop()()
        return self._transport.ask(node, verb, arguments)


def apply_one_within_the_other(
    cluster: SimulatedCluster, first: ChangeSet, second: ChangeSet, *, before: str
) -> tuple[ApplyReport, ApplyReport]:
    """The second is applied, whole, just before the first comes to a verb. What both report."""
    reports: list[ApplyReport] = []
    between = Between(cluster.agent(), before, lambda: reports.append(apply(world_of(cluster), second, PLANNER)))
    report = apply(replace(world_of(cluster), nodes=ProgramAgent(between)), first, PLANNER)
    return report, reports[0]


def test_who_is_overtaken_before_anything_is_staged_writes_nothing(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        earlier, later = two_plans(cluster)
        overtaken, overtaking = apply_one_within_the_other(cluster, earlier, later, before="stage")
        assert overtaking.is_good, errors(overtaking)
        assert not overtaken.is_good
        assert "has changed since it was read" in errors(overtaken)["pve1"]
        assert {name: node.read(OUR_INTERFACES) for name, node in cluster.nodes.items()} == texts(later)
        assert plan_of(cluster).is_empty


def test_who_comes_while_an_apply_is_open_changes_nothing_and_the_first_is_not_disturbed(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        earlier, later = two_plans(cluster)
        first, late = apply_one_within_the_other(cluster, earlier, later, before="commit")
        assert "is still open on this node; wait until it ends" in errors(late)["pve1"]
        assert first.is_good, errors(first)
        assert {name: node.read(OUR_INTERFACES) for name, node in cluster.nodes.items()} == texts(earlier)
        assert not plan_of(cluster).is_empty


def test_two_that_begin_together_leave_whole_files_and_an_apply_that_finishes(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        plans = two_plans(cluster)
        together = threading.Barrier(2, timeout=60)
        ended: list[ApplyReport] = []

        def begin(changes: ChangeSet) -> None:
            world = replace(world_of(cluster), runner=SideBySide(8))
            together.wait()
            ended.append(apply(world, changes, PLANNER))

        people = [threading.Thread(target=begin, args=(changes,)) for changes in plans]
        for person in people:
            person.start()
        for person in people:
            person.join()
        assert len(ended) == 2  # neither ended with an error of another kind
        for name, node in cluster.nodes.items():
            assert node.read(OUR_INTERFACES) in {None, *(texts(changes)[name] for changes in plans)}
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert plan_of(cluster).is_empty
