"""apply tries the ways between the VTEPs before and after: what it has lost puts everything back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pvesdn.adapters.nodes import ProgramAgent
from pvesdn.model.files import ChangeSet
from pvesdn.model.probes import Heard, PathProbe
from pvesdn.model.report import ApplyReport, Standing
from pvesdn.model.verification import Subject
from pvesdn.workflows.apply import apply
from pvesdn.workflows.read import read_cluster
from tests.fakes import FakeApi, FakeCluster
from tests.unit.workflows.kit import PLANNER, PVE_ZONES, apply_to, cluster, errors, plan_of

OWN = "/etc/pve/sdn/pvesdn.cfg"
ZONES = (
    "underlay: cluster\n\tnetwork 192.168.0.0/24\n\nvxlan: plain\n\tmtu 1400\n\nvnet: web\n\tzone plain\n\ttag 2\n\n"
)
MORE = "vxlan: more\n\tmtu 1400\n\nvnet: lab\n\tzone more\n\ttag 3\n\n"


class Underlay(ProgramAgent):
    """The nodes, and what lies between them.

    :param closed: from one node to another nothing arrives.
    :param largest: bytes of a guest's packet that arrives.
    :param deaf: nodes that cannot listen.
    :param lasted: seconds for which each of them listens.
    """

    def __init__(self, made: FakeCluster) -> None:
        super().__init__(made.nodes)
        self.closed: set[tuple[str, str]] = set()
        self.largest = 65535
        self.deaf: set[str] = set()
        self.lasted = 2.0
        self.rounds: list[tuple[str, Sequence[PathProbe]]] = []

    def probe(self, node: str, probes: Sequence[PathProbe], *, nonce: str, seconds: float) -> Heard:
        del nonce, seconds
        self.rounds.append((node, probes))
        if node in self.deaf:
            return Heard(unable="only root may see packets")
        sent = [probe for probe in probes if probe.target == node and (probe.source, node) not in self.closed]
        return Heard(frozenset(probe.number for probe in sent if probe.size <= self.largest), lasted=self.lasted)


def standing(text: str = ZONES, **given: Any) -> tuple[FakeCluster, Underlay]:
    made = cluster(text, **given)
    assert not errors(apply_to(made))
    return made, Underlay(made)


def carried_out(made: FakeCluster, underlay: Underlay, text: str, changes: ChangeSet | None = None) -> ApplyReport:
    made.nodes.pve_files[OWN] = text
    return apply(made.world(nodes=underlay), changes or plan_of(made), PLANNER)


def test_a_way_that_was_good_and_is_lost_puts_every_node_back() -> None:
    made, underlay = standing()
    reload = made.api.on_reload

    def cut(node: str) -> None:
        assert reload is not None
        reload(node)
        underlay.closed.add(("node2", "node3"))

    made.api.on_reload = cut
    report = carried_out(made, underlay, ZONES + MORE)
    assert "path to node3 (192.168.0.3): expected VXLAN datagrams arrive, found none" in errors(report)["node2"]
    assert {node.standing for node in report.nodes} == {Standing.AS_BEFORE}
    assert report.verdict is not None
    assert {item.subject for item in report.verdict.failed} == {Subject.PATH}


def test_a_way_that_was_closed_before_is_told_and_undoes_nothing() -> None:
    made, underlay = standing()
    underlay.closed.add(("node2", "node3"))
    report = carried_out(made, underlay, ZONES + MORE)
    assert report.is_good, errors(report)
    assert report.verdict is not None
    assert [(item.node, item.peer) for item in report.verdict.before] == [("node2", "node3")]
    assert plan_of(made).is_empty


def test_so_is_one_whose_devices_all_change_in_the_same_apply() -> None:
    made, underlay = standing()
    underlay.closed.add(("node2", "node3"))
    report = carried_out(made, underlay, ZONES.replace("tag 2", "tag 20"))
    assert report.is_good, errors(report)
    assert report.verdict is not None
    assert report.verdict.before


def test_the_ways_of_a_new_zone_have_to_carry_its_mtu_though_smaller_packets_arrive() -> None:
    made, underlay = standing()
    underlay.largest = 1400
    report = carried_out(made, underlay, ZONES + MORE.replace("1400", "1450"))
    assert "expected a guest's packet of 1450 bytes arrives, found lost" in errors(report)["node1"]
    assert {node.standing for node in report.nodes} == {Standing.AS_BEFORE}
    assert carried_out(made, underlay, ZONES + MORE).is_good


def test_a_smaller_mtu_heals_a_hole_that_was_there_before() -> None:
    made, underlay = standing()
    underlay.largest = 1300
    assert carried_out(made, underlay, ZONES.replace("1400", "1399")).is_good
    report = carried_out(made, underlay, ZONES.replace("1400", "1300"))
    assert report.is_good
    assert report.verdict is not None
    assert not report.verdict.before


def test_the_first_zones_are_tried_afterwards_only_and_with_nothing_to_do_nobody_sends() -> None:
    made = cluster(ZONES)
    underlay = Underlay(made)
    report = carried_out(made, underlay, ZONES)
    assert report.is_good, errors(report)
    assert [node for node, _ in underlay.rounds] == ["node1", "node2", "node3"]
    assert not [line for line in report.not_checked if "MTU" in line]
    assert carried_out(made, underlay, ZONES).is_good
    assert len(underlay.rounds) == 3


def test_what_comes_within_half_a_minute_is_waited_for() -> None:
    made, underlay = standing()
    underlay.largest = 100
    sleep = made.clock.sleep

    def settles(seconds: float) -> None:
        sleep(seconds)
        underlay.largest = 9000 if made.clock.elapsed > settled else 100

    made.clock.sleep = settles  # type: ignore[method-assign]
    settled = made.clock.elapsed + 15
    report = carried_out(made, underlay, ZONES + MORE.replace("1400", "1450"))
    assert report.is_good, errors(report)


def test_after_pves_commit_it_is_waited_for_as_long_as_for_anything_else() -> None:
    made = cluster(pve_files=PVE_ZONES)
    underlay = Underlay(made)
    sleep, commit = made.clock.sleep, made.api.on_apply
    settled: list[float] = []

    def cut(api: FakeApi) -> None:
        assert commit is not None
        commit(api)
        underlay.largest = 100
        settled.append(made.clock.elapsed + 60)

    def settles(seconds: float) -> None:
        sleep(seconds)
        if settled and made.clock.elapsed > settled[0]:
            underlay.largest = 9000

    made.api.on_apply = cut
    made.clock.sleep = settles  # type: ignore[method-assign]
    report = apply(made.world(nodes=underlay), plan_of(made), PLANNER)
    assert underlay.largest == 9000
    assert report.is_good, errors(report)


def test_a_node_that_cannot_listen_is_said_to_be_not_checked() -> None:
    made, underlay = standing()
    underlay.deaf.add("node3")
    report = carried_out(made, underlay, ZONES + MORE)
    assert report.is_good, errors(report)
    (line,) = [line for line in report.not_checked if "node3" in line]
    assert line == "node3: whether a packet of a zone's MTU arrives at the other VTEPs: only root may see packets"


def test_a_plan_that_was_made_without_a_look_at_the_nodes_tries_nothing() -> None:
    made, underlay = standing()
    made.nodes.pve_files[OWN] = ZONES + MORE
    underlay.closed.add(("node2", "node3"))
    changes = PLANNER(read_cluster(made.world()))
    assert carried_out(made, underlay, ZONES + MORE, changes).is_good
    assert not underlay.rounds


def not_met(report: ApplyReport) -> list[str]:
    return [line for line in report.not_checked if "did not listen at the same time" in line]


def test_nodes_that_have_heard_everything_were_at_it_together_however_short_that_was() -> None:
    made, underlay = standing()
    underlay.lasted = 0.9
    report = carried_out(made, underlay, ZONES + MORE)
    assert report.is_good, errors(report)
    assert not_met(report) == []


def test_what_did_not_arrive_in_so_short_a_time_was_not_tried() -> None:
    made, underlay = standing()
    underlay.lasted = 0.9
    underlay.closed.add(("node2", "node3"))
    report = carried_out(made, underlay, ZONES + MORE)
    assert report.is_good, errors(report)
    assert [line.partition(":")[0] for line in not_met(report)] == ["node2"]
