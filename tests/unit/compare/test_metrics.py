"""Metrics of a look at the healthy cluster of `golden_verify`, and of the same with something wrong."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pvesdn.adapters.snapshot_dir import read_snapshot
from pvesdn.compare.metrics import Seen, metrics, unknown
from pvesdn.compare.status import Asked, cluster_status
from pvesdn.model import metrics as m
from pvesdn.model.history import Ending, Entry, History, Short
from pvesdn.model.metrics import METRICS, Family, Metric, Per, most_samples
from pvesdn.model.state import LiveSession
from pvesdn.model.status import Beside, Share
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.status import status_parts
from pvesdn.workflows.understand import understand
from tests.cli.test_verify import HEALTHY
from tests.golden_verify.damage import damaged

CASES = Path(__file__).parents[2] / "golden_verify"
OUTSIDE = Path(__file__).parents[2] / "golden/route-reflectors/snapshot"
PAGE = Path(__file__).parents[3] / "docs/metrics.md"
NODES = ("node1", "node2", "node3")


def seen(damage: dict[str, Any] | None = None, beside: Beside | None = None, paths: Any = None) -> Seen:
    known = understand(damaged(read_snapshot(HEALTHY), damage or {}), intent="running")
    parts = status_parts(known, Renderer(), beside or Beside(), Asked(), wanted=known.snapshot)
    return Seen(parts, cluster_status(parts, Asked()), 1_700_000_000.0, 2.5, paths or {})


def look(damage: dict[str, Any] | None = None, beside: Beside | None = None) -> tuple[Family, ...]:
    return metrics(seen(damage, beside))


def of(families: tuple[Family, ...], metric: Metric, *labels: str) -> float | None:
    """The value with those first labels; None where there is none."""
    samples = next((family.samples for family in families if family.metric is metric), ())
    found = [sample.value for sample in samples if sample.labels[: len(labels)] == labels]
    assert len(found) <= 1
    return found[0] if found else None


def entry(ending: Ending, *, ended: str | None = "2026-11-27T10:00:00Z") -> Entry:
    return Entry(
        number=7, id="0" * 16, who="root", began="2026-11-27T09:59:00Z", ended=ended, pvesdn="1",
        plan=Short(where="node1, node2"), ending=ending,
    )  # fmt: skip


def test_a_cluster_that_is_well_has_what_it_should_have() -> None:
    families = look()

    assert (of(families, m.UP), of(families, m.LOOKED_AT), of(families, m.LASTED)) == (1, 1_700_000_000, 2.5)
    for node in NODES:
        id_ = f"node/{node}"
        assert of(families, m.NODE_SEEN, id_) == of(families, m.NODE_HEALTH, id_, "ok") == 1
        assert of(families, m.SESSIONS, id_) == of(families, m.SESSIONS_UP, id_) == 2
        assert of(families, m.VNIS, id_) == of(families, m.VNIS_UP, id_) == 6
        assert (of(families, m.REMOTES, id_), of(families, m.PATH_MTU, id_)) == (2, 1550)
        assert of(families, m.NODE_FINDINGS, id_, "error") == of(families, m.PENDING, id_) == 0
    assert of(families, m.FINDINGS, "cluster/lab", "error") == 0
    assert of(families, m.VNI_REMOTES, "node/node1", "100", "vxlan_web") == 2
    assert of(families, m.VNI_MACS, "node/node1", "100", "vxlan_web") == 3


@pytest.mark.parametrize(("state", "up"), [("Active", 0), ("Established", 1)])
def test_sessions_to_a_router_outside_are_counted_apart_too(state: str, up: int) -> None:
    known = understand(read_snapshot(OUTSIDE), intent="running")
    parts = status_parts(known, Renderer(), Beside(), Asked(), wanted=known.snapshot)
    view = parts.cluster.nodes["node1"]
    live = {one.peer: LiveSession("Established") for one in view.expected.sessions}
    live["192.168.0.253"] = LiveSession(state)
    nodes = {**parts.cluster.nodes, "node1": replace(view, state=replace(view.state, sessions=live))}
    parts = replace(parts, cluster=replace(parts.cluster, nodes=nodes))
    families = metrics(Seen(parts, cluster_status(parts, Asked()), None, None))

    assert (of(families, m.SESSIONS, "node/node1"), of(families, m.SESSIONS_UP, "node/node1")) == (3, 2 + up)
    outside = (m.SESSIONS_OUTSIDE, m.SESSIONS_OUTSIDE_UP)
    assert [of(families, metric, "node/node1") for metric in outside] == [1, up]


def test_a_vni_is_named_once_and_its_labels_are_those_of_frrs_exporter() -> None:
    info = next(family for family in look() if family.metric is m.VNI_INFO)

    assert m.VNI_INFO.labels[:2] == ("vni", "vxlanIf")
    assert ("100", "vxlan_web", "web", "prod", "") in {sample.labels for sample in info.samples}
    assert ("4000", "vrfvx_prod", "", "prod", "") in {sample.labels for sample in info.samples}
    assert len({sample.labels[:2] for sample in info.samples}) == len(info.samples)


def test_a_vni_that_frr_does_not_know_is_down_and_the_others_are_up() -> None:
    families = look({"vnis": {"node1": {"100": None}}})

    assert of(families, m.VNI_UP, "node/node1", "100") == 0
    assert of(families, m.VNI_UP, "node/node1", "101") == of(families, m.VNI_UP, "node/node2", "100") == 1
    assert (of(families, m.VNIS_UP, "node/node1"), of(families, m.VNIS, "node/node1")) == (5, 6)


def test_a_vni_that_frr_has_told_that_it_does_not_know_sends_to_nobody_and_has_no_macs() -> None:
    gone = ("node1", "node3")
    damage = {"devices": {node: {"vxlan_db": None} for node in gone}, "vnis": {node: {"101": None} for node in gone}}
    damage["vnis"]["node1"]["4000"] = None
    families = look(damage)

    for node in gone:
        assert (
            of(families, m.VNI_REMOTES, f"node/{node}", "101") == of(families, m.VNI_MACS, f"node/{node}", "101") == 0
        )
    assert of(families, m.VNI_REMOTES, "node/node1", "4000") == 0
    assert [of(families, m.REMOTES, f"node/{node}") for node in NODES] == [2, 2, 2]
    assert of(families, m.VNI_MTU, "node/node1", "101") is None


def test_what_nobody_could_see_is_absent_and_neither_up_nor_down() -> None:
    families = look({"faults": {"node1": {"bgp-neighbors": "vtysh failed", "evpn-vnis": "vtysh failed"}}})
    unseen = (m.SESSIONS, m.SESSIONS_UP, m.VNIS, m.VNIS_UP, m.REMOTES, m.VNI_UP, m.VNI_MACS)

    assert [of(families, metric, "node/node1") for metric in unseen[:5]] == [None] * 5
    assert [of(families, metric, "node/node1", "100") for metric in unseen[5:]] == [None] * 2
    assert of(families, m.NODE_HEALTH, "node/node1", "warning") == 1
    assert (of(families, m.NODE_UNSEEN, "node/node1") or 0) > 0
    assert of(families, m.SESSIONS_UP, "node/node2") == 2


def test_a_node_that_does_not_answer_and_one_that_is_off_say_so_and_nothing_else() -> None:
    families = look({"off": ["node3"], "gone": {"node2": "node2: timed out"}})

    assert of(families, m.NODE_HEALTH, "node/node2", "unreachable") == 1
    assert of(families, m.NODE_HEALTH, "node/node3", "off") == 1
    said = {
        family.metric.name
        for family in families
        for sample in family.samples
        if sample.labels and sample.labels[0] in {"node/node2", "node/node3"}
    }
    assert said <= {"node_health", "node_looked_at", "vtep_info"}
    assert of(families, m.NODE_SEEN, "node/node2") == of(families, m.NODE_SEEN, "node/node3") == 0
    assert (of(families, m.ZONE_SEEN, "prod"), of(families, m.ZONE_NODES, "prod")) == (1, 3)
    assert of(families, m.ONLINE, "cluster/lab") == 2


def test_where_no_node_answers_nothing_is_said_to_be_well() -> None:
    families = look({"gone": dict.fromkeys(NODES, "timed out")})

    assert of(families, m.FINDINGS, "cluster/lab", "error") is None
    assert of(families, m.ZONE_FINDINGS, "prod", "error") is None
    assert of(families, m.ZONE_HEALTH, "prod", "ok") == 0
    assert of(families, m.ZONE_HEALTH, "prod", "not checked") == 1


def test_drift_and_what_an_apply_would_do() -> None:
    families = look({"devices": {"node2": {"vxlan_web": None}}})

    assert of(families, m.DRIFT, "node/node2", "devices") == of(families, m.TO_DO, "node/node2", "add") == 1
    assert of(families, m.PENDING, "node/node2") == of(families, m.NODE_FINDINGS, "node/node2", "error") == 1
    assert of(families, m.PENDING, "node/node1") == of(families, m.BLOCKED, "node/node2") == 0
    assert of(families, m.ZONE_HEALTH, "prod", "bad") == of(families, m.ZONE_FINDINGS, "prod", "error") == 1


@pytest.mark.parametrize(
    ("ending", "is_good"),
    [(Ending.DONE, 1), (Ending.REHEARSED, 1), (Ending.FAILED, 0), (Ending.CUT_OFF, 0), (Ending.UNCONFIRMED, 0)],
)
def test_the_last_apply_and_how_it_ended(ending: Ending, is_good: float) -> None:
    families = look(beside=Beside(history=History((entry(ending),)), open={}))

    assert of(families, m.APPLY_GOOD, "cluster/lab") == is_good
    assert of(families, m.APPLY_INFO, "cluster/lab", ending.value) == 1
    assert of(families, m.APPLY_TIME, "cluster/lab") == 1_795_773_600
    assert (of(families, m.NODE_APPLY, "node/node1"), of(families, m.NODE_APPLY, "node/node3")) == (7, None)
    assert of(families, m.OPEN_APPLIES, "cluster/lab") == 0


def test_an_apply_that_is_at_work_has_neither_succeeded_nor_failed() -> None:
    families = look(beside=Beside(history=History((entry(Ending.OPEN, ended=None),)), open={"a": {}}))

    assert of(families, m.APPLY_GOOD, "cluster/lab") is None
    assert of(families, m.APPLY_TIME, "cluster/lab") == 1_795_773_540
    assert of(families, m.OPEN_APPLIES, "cluster/lab") == 1


def test_an_apply_on_a_day_that_no_calendar_has_leaves_all_else_as_it_is() -> None:
    families = look(beside=Beside(history=History((entry(Ending.DONE, ended="2026-13-45T10:00:00Z"),)), open={}))

    assert (of(families, m.APPLY_TIME, "cluster/lab"), of(families, m.APPLY_GOOD, "cluster/lab")) == (None, 1)


def test_what_is_not_known_of_the_history_is_absent() -> None:
    families = look()

    for metric in (m.OPEN_APPLIES, m.SDN_LOCKED, m.OWN_DIFFERS, m.APPLY_GOOD, m.APPLY_TIME):
        assert of(families, metric, "cluster/lab") is None


def test_an_apply_that_is_open_is_counted_though_a_member_is_silent() -> None:
    families = look(beside=Beside(open={"a": {}}, untold=("node3",)))

    assert of(families, m.OPEN_APPLIES, "cluster/lab") == 1
    assert of(look(beside=Beside(open={}, untold=("node3",))), m.OPEN_APPLIES, "cluster/lab") is None


def test_what_is_pending_in_pve_is_counted_though_nothing_can_be_planned() -> None:
    damage = json.loads((CASES / "pve-zone-not-applied/damage.json").read_text())
    known = understand(damaged(read_snapshot(HEALTHY), damage), intent="running")
    files = known.snapshot.pve_files
    for text, can_plan in ((files["pvesdn.cfg"], 1), (files["pvesdn.cfg"].replace("tag 100", "tagg 100"), 0)):
        wanted = replace(known.snapshot, pve_files={**files, "pvesdn.cfg": text})
        parts = status_parts(known, Renderer(), Beside(), Asked(), wanted=wanted)
        families = metrics(Seen(parts, cluster_status(parts, Asked()), None, None))
        assert of(families, m.PLANNED, "cluster/lab") == can_plan
        assert of(families, m.PVE_PENDING, "cluster/lab") == 1


def test_paths_are_told_only_where_they_were_tried() -> None:
    families = metrics(seen(paths={"node1": Share(3, 4)}))

    assert (of(families, m.PATHS, "node/node1"), of(families, m.PATHS_BAD, "node/node1")) == (4, 1)
    assert of(families, m.PATHS, "node/node2") is None


def test_without_a_look_there_is_no_value_of_the_cluster() -> None:
    assert [(family.metric.name, family.samples[0].value) for family in unknown()] == [("build_info", 1), ("up", 0)]


def test_a_snapshot_does_not_tell_when_it_was_taken() -> None:
    families = metrics(replace(seen(), began=None, seconds=None))

    assert of(families, m.LOOKED_AT) is None
    assert of(families, m.LASTED) is None


def test_there_are_no_more_samples_than_was_said() -> None:
    families = look(beside=Beside(history=History((entry(Ending.DONE),)), open={}, is_sdn_locked=False))
    zones, vnis = 4, 6

    counted = sum(len(family.samples) for family in families)
    assert counted <= most_samples(nodes=3, vnis=vnis, zones=zones)
    times = {Per.RUN: 1, Per.CLUSTER: 1, Per.ZONE: zones, Per.VNI: vnis, Per.NODE: 3, Per.NODE_AND_VNI: 3 * vnis}
    for family in families:
        assert len(family.samples) <= family.metric.times * times[family.metric.per], family.metric.name


def test_too_many_samples_of_single_vnis_are_left_out_as_a_whole_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    all_of_them = sum(len(family.samples) for family in look() if family.metric.per is Per.NODE_AND_VNI)
    assert all_of_them > 0
    monkeypatch.setattr(m, "MOST_OF_VNIS", 10)
    families = look()

    assert (of(families, m.LEFT_OUT) or 0) >= all_of_them
    assert not any(family.metric.per is Per.NODE_AND_VNI for family in families)
    assert of(families, m.VNIS_UP, "node/node1") == 6


def test_what_has_no_sample_is_not_counted_as_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(m, "MOST_OF_VNIS", 1)
    unseen = {"faults": {"node1": {"bgp-neighbors": "vtysh failed", "evpn-vnis": "vtysh failed"}}}

    assert (of(look(unseen), m.LEFT_OUT) or 0) < (of(look(), m.LEFT_OUT) or 0)


def test_the_page_lists_exactly_the_metrics_that_there_are() -> None:
    parts = re.split(r"^### One per ([^:\n]+)(.*)$", PAGE.read_text(), flags=re.MULTILINE)
    told = []
    for per, shared, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        for name, more, times, value in re.findall(r"^\| `(\w+)` \| (.*?) ?\| (\d+) \| (.+) \|$", text, re.MULTILINE):
            told.append((name, per, tuple(re.findall(r"`(\w+)`", shared + more)), int(times), value))

    there = [(metric.full_name, metric.per.value, metric.labels, metric.times, metric.help) for metric in METRICS]
    assert sorted(told) == sorted(there)


def test_the_page_says_how_many_series_32_nodes_with_200_vnets_have() -> None:
    told = re.search(r"32 nodes, 200 VNets in 10 zones[^.]*at most\s+([0-9,]+) series", PAGE.read_text())

    assert told is not None
    assert int(told[1].replace(",", "")) == most_samples(nodes=32, vnis=210, zones=10)
