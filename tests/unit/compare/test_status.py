"""Zones, nodes and findings put together, from what a look at the healthy cluster of `golden_verify` shows."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pvesdn.adapters.snapshot_dir import read_snapshot
from pvesdn.compare.status import Asked, in_a_line
from pvesdn.model.history import Ending, Entry, History, Result, Short, Sources
from pvesdn.model.open_apply import OpenApply, OpenState
from pvesdn.model.snapshot import Snapshot
from pvesdn.model.status import Beside, ClusterStatus, Drift, Health, NodeApply, NodeStatus, Share, ToDo, ZoneStatus
from pvesdn.model.verification import Discrepancy, Subject
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.status import status_understood
from pvesdn.workflows.understand import understand
from tests.cli.test_verify import HEALTHY
from tests.golden_verify.damage import damaged

CASES = Path(__file__).parents[2] / "golden_verify"
WITH_WORK = {"devices": {"node2": {"vxlan_web": None}}}
"""Of which an apply would find something to do."""


def case(name: str) -> Any:
    """What has gone wrong in a case of `golden_verify`."""
    return json.loads((CASES / name / "damage.json").read_text())


def look(damage: dict[str, Any] | None = None, beside: Beside | None = None, asked: Asked | None = None) -> Any:
    snapshot: Snapshot = damaged(read_snapshot(HEALTHY), damage or {})
    known = understand(snapshot, intent="running")
    return status_understood(known, Renderer(), beside or Beside(), asked or Asked(), wanted=known.snapshot)


def zone(status: ClusterStatus, name: str) -> ZoneStatus:
    return next(zone for zone in status.zones if zone.id == name)


def node(status: ClusterStatus, name: str) -> NodeStatus:
    return next(node for node in status.nodes if node.name == name)


def entry(number: int, where: str, *, ending: Ending = Ending.DONE, results: tuple[Result, ...] = ()) -> Entry:
    return Entry(
        number=number, id="0" * 16, who="root", began="2026-11-27T10:00:00Z", pvesdn="1",
        plan=Short(where=where), ending=ending, results=results, after=Sources(own=f"{number:032x}"),
    )  # fmt: skip


def test_all_is_well() -> None:
    status = look()
    assert {row.health for row in (*status.zones, *status.nodes)} == {Health.OK}
    assert {row.first for row in (*status.zones, *status.nodes)} == {""}
    assert [row.sessions for row in status.nodes] == [Share(2, 2)] * 3
    assert [row.to_do for row in status.nodes] == [None] * 3
    assert (status.online, status.members, status.packages, status.own_differs) == (3, 3, {}, None)


def test_a_vni_that_the_kernel_has_and_frr_has_not_is_not_up() -> None:
    status = look({"vnis": {"node1": {"100": None}}})
    assert [row.vnis for row in status.nodes] == [Share(5, 6), Share(6, 6), Share(6, 6)]


def test_a_device_that_is_gone_is_drift_and_an_apply_would_make_it() -> None:
    status = look({"devices": {"node2": {"vxlan_web": None}}})
    row = node(status, "node2")
    assert (row.health, row.bad, row.drift, row.vnis) == (Health.BAD, 1, Drift(devices=1), Share(5, 6))
    assert row.to_do == ToDo(add=1)
    assert row.first == zone(status, "prod").first == "node2: vxlan_web: found absent, expected there"
    assert zone(status, "plain").health is Health.OK


def test_what_nobody_could_see_is_not_known_and_not_down() -> None:
    status = look({"faults": {"node1": {"bgp-neighbors": "vtysh failed", "evpn-vnis": "vtysh failed"}}})
    row = node(status, "node1")
    assert (row.health, row.sessions, row.vnis) == (Health.WARNING, None, None)
    assert row.first.startswith("node1: not checked: ")


def test_a_node_that_is_off_and_one_that_does_not_answer() -> None:
    status = look({"off": ["node3"], "gone": {"node2": "node2: timed out"}})
    off, gone = node(status, "node3"), node(status, "node2")
    assert (off.health, gone.health, gone.first) == (Health.OFF, Health.UNREACHABLE, "timed out")
    assert (off.drift, off.to_do, off.sessions) == (None, None, None)
    assert zone(status, "prod").seen == ("node1",)
    assert (zone(status, "prod").health, zone(status, "prod").first) == (Health.WARNING, "node2: timed out")
    assert (
        zone(look({"gone": dict.fromkeys(("node1", "node2", "node3"), "off")}), "prod").first
        == "no node of it was looked at"
    )
    assert status.online == 2


def test_only_what_was_asked_for_is_there() -> None:
    damage = {"devices": {"node2": {"vxlan_web": None}}}
    status = look(damage, asked=Asked(zones=frozenset({"plain"})))
    assert ([row.id for row in status.zones], len(status.nodes)) == (["plain"], 3)
    assert (status.verification.discrepancies, status.is_part, status.only_nodes) == ((), True, ())
    # The other numbers in the row are of the whole node too.
    assert (node(status, "node2").health, node(status, "node2").drift) == (Health.OK, Drift(devices=1))
    status = look(damage, asked=Asked(nodes=frozenset({"node2"})))
    assert ([row.name for row in status.nodes], len(status.zones)) == (["node2"], 4)
    assert (status.changes is not None and [row.node for row in status.changes.nodes]) == ["node2"]


def test_each_node_has_the_last_apply_that_was_about_it() -> None:
    own = (Result(nodes="node1", what="done"), Result(nodes="node2", what="as before", why="no space"))
    history = History(
        (
            entry(1, "node1-node3"),
            entry(2, "node1, node2", ending=Ending.FAILED, results=own),
        )
    )
    status = look(beside=Beside(history=history, own_digest=f"{1:032x}"))
    assert [row.last_apply for row in status.nodes] == [
        NodeApply(2, "failed"), NodeApply(2, "as before"), NodeApply(1, "done")
    ]  # fmt: skip
    assert (status.in_force, status.own_differs) == (1, False)
    assert status.last_apply == history.entries[-1]
    assert look(WITH_WORK, beside=Beside(history=history, own_digest=None)).own_differs is True


def test_an_apply_that_waits_to_be_confirmed_is_what_the_nodes_have() -> None:
    open_one = entry(2, "node1-node3", ending=Ending.OPEN)
    waiting = {"node1": OpenApply(open_one.id, "anna", 5.0, 60.0, OpenState.WAITING)}
    beside = Beside(History((entry(1, "node1-node3"), open_one)), {open_one.id: waiting}, own_digest=f"{9:032x}")
    found = look(WITH_WORK, beside)
    assert (found.in_force, found.own_differs) == (2, True)
    at_work = {open_one.id: {"node1": replace(waiting["node1"], state=OpenState.AT_WORK)}}
    assert look(beside=replace(beside, open=at_work)).in_force == 1


@pytest.mark.parametrize(
    ("damage", "asked", "differs"),
    [
        ({}, Asked(), False),
        (WITH_WORK, Asked(), True),
        ({}, Asked(nodes=frozenset({"node1"})), True),
        ({"off": ["node3"]}, Asked(), True),
        ({"gone": {"node3": "timed out"}}, Asked(), True),
    ],
)
def test_a_file_that_is_another_one_differs_unless_an_apply_would_find_nothing_to_do_anywhere(
    damage: dict[str, Any], asked: Asked, differs: bool
) -> None:
    beside = Beside(history=History((entry(1, "node1-node3"),)), own_digest=f"{9:032x}")
    assert look(damage, beside, asked).own_differs is differs


def test_versions_that_differ_are_told() -> None:
    snapshot = read_snapshot(HEALTHY)
    raw = snapshot.nodes["node2"]
    versions = {**raw.commands["versions"], "libpve-network-perl": "1.1.0"}
    raw = replace(raw, commands={**raw.commands, "versions": versions})
    mixed = replace(snapshot, nodes={**snapshot.nodes, "node2": raw})
    status = status_understood(understand(mixed, intent="running"), Renderer(), Beside(), Asked(), wanted=mixed)
    assert set(status.packages) == {"node1", "node2", "node3"}
    assert status.packages["node2"] == "1.1.0"


@pytest.mark.parametrize(("where", "trait", "told"), [("", "", "x: "), ("pve1", "mtu", "pve1: x, mtu: ")])
def test_a_finding_is_one_line(where: str, trait: str, told: str) -> None:
    found = Discrepancy(where, Subject.DEVICE, "x", "1500", "1400", "", "", trait=trait)
    assert in_a_line(found) == f"{told}found 1400, expected 1500"


EMPTY = f"{read_snapshot(HEALTHY).pve_files['pvesdn.cfg']}\nvxlan: empty\n\n"


@pytest.mark.parametrize("more", [{}, {"off": ["node3"]}, {"gone": {"node3": "no answer"}}])
def test_a_zone_without_vnets_is_well_since_there_is_nothing_to_look_at(more: dict[str, Any]) -> None:
    row = zone(look({"pve_files": {"pvesdn.cfg": EMPTY}, **more}), "empty")
    assert (row.health, row.vnets, row.guests, row.first, row.is_empty) == (Health.OK, 0, 0, "", True)


def test_a_zone_without_vnets_is_not_known_where_no_node_was_looked_at() -> None:
    gone = dict.fromkeys(("node1", "node2", "node3"), "no answer")
    row = zone(look({"pve_files": {"pvesdn.cfg": EMPTY}, "gone": gone}), "empty")
    assert (row.health, row.first) == (Health.UNCHECKED, "no node of it was looked at")


def test_a_zone_whose_vnets_are_on_a_node_that_did_not_answer_is_not_known() -> None:
    text = f"{EMPTY}vnet: far\n\tzone empty\n\ttag 4711\n\tnodes node3\n\n"
    row = zone(look({"pve_files": {"pvesdn.cfg": text}, "gone": {"node3": "no answer"}}), "empty")
    assert (row.health, row.vnets) == (Health.UNCHECKED, 1)
    assert (
        row.first == "there is nothing of it to look at yet: no VNet or exit of it is on the nodes that were looked at"
    )


LEAVES = (
    f"{read_snapshot(HEALTHY).pve_files['pvesdn.cfg']}\n"
    "evpn: way\n\tcontroller main\n\tirb symmetric\n\tvrf-vxlan 4001\n\n"
    "exit: out3\n\tzone way\n\tnode node3\n\tinterface eno3\n\taddress 172.21.0.3/24\n\tgateways 172.21.0.1\n\n"
)
"""With a zone that has an exit on node3, and no VNet: its VRF, its L3VNI and the uplink are there."""


def test_a_zone_with_an_exit_and_without_vnets_is_not_known_where_the_exits_node_did_not_answer() -> None:
    row = zone(look({"pve_files": {"pvesdn.cfg": LEAVES}, "gone": {"node3": "no answer"}}), "way")
    assert (row.health, row.vnets, row.is_empty) == (Health.UNCHECKED, 0, False)
    assert (
        row.first == "there is nothing of it to look at yet: no VNet or exit of it is on the nodes that were looked at"
    )


def test_a_zone_with_an_exit_and_without_vnets_is_looked_at_on_the_exits_node() -> None:
    row = zone(look({"pve_files": {"pvesdn.cfg": LEAVES}}), "way")
    assert (row.health, row.is_empty) == (Health.BAD, False)  # nobody has applied it


def test_a_zone_that_cannot_carry_what_is_drawn_for_it_is_not_empty() -> None:
    drawn = {
        "pvesdn.cfg": f"{EMPTY}vxlan: riding\n\tcarries office\n\tvni-range 7000-7009\n",
        "zones.cfg": "simple: office\n",
        "vnets.cfg": "vnet: desk\n\tzone office\n\n",
    }
    running = {
        "zones": {"ids": {"office": {"type": "simple"}}},
        "vnets": {"ids": {"desk": {"type": "vnet", "zone": "office"}}},
    }
    files = {**drawn, ".running-config": json.dumps({"version": 1, **running})}
    status = look({"pve_files": files})
    assert {row.id: row.is_empty for row in status.zones if row.id in {"empty", "riding", "office"}} == {
        "empty": True,
        "riding": False,
        "office": False,
    }


@pytest.mark.parametrize("name", ["interfaces-edited", "file-gone", "no-source-line", "pve-file-edited"])
def test_a_file_that_somebody_edited_or_removed_is_drift(name: str) -> None:
    assert [row.drift.files for row in look(case(name)).nodes if row.drift is not None and row.drift.files] == [1]


def test_daemons_that_somebody_switched_off_are_drift() -> None:
    assert Drift(files=1) in [row.drift for row in look(case("bfdd-switched-off")).nodes]


def test_what_nobody_has_applied_is_no_drift() -> None:
    text = read_snapshot(HEALTHY).pve_files["pvesdn.cfg"]
    status = look({"pve_files": {"pvesdn.cfg": f"{text}\nvnet: more\n\tzone plain\n\ttag 4711\n\n"}})
    assert {row.health for row in status.nodes} == {Health.BAD}
    assert [(row.drift, row.to_do) for row in status.nodes] == [(Drift(), ToDo(add=2))] * 3


@pytest.mark.parametrize("ending", [Ending.INCOMPLETE, Ending.PARTLY])
def test_an_apply_that_others_missed_is_done_where_it_was_done(ending: Ending) -> None:
    own = (Result(nodes="node1, node2", what="done"), Result(nodes="node3", what="not reached"))
    status = look(beside=Beside(history=History((entry(7, "node1-node3", ending=ending, results=own),))))
    assert [row.last_apply for row in status.nodes] == [
        NodeApply(7, "done"), NodeApply(7, "done"), NodeApply(7, "not reached")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("damage", "first"),
    [
        ({"gone": {"node2": "node2: timed out"}}, "node2: timed out"),
        ({"off": ["node3"]}, "node3: off, as the cluster says"),
        ({"faults": {"node1": {"settings": "it failed"}}}, "node1: not checked: the kernel's settings: "),
    ],
)
def test_a_zone_that_nobody_could_look_at_everywhere_is_not_ok(damage: dict[str, Any], first: str) -> None:
    status = look(damage)
    assert {row.health for row in status.zones} == {Health.WARNING}
    assert all(row.first.startswith(first) for row in status.zones)


def test_flooding_that_nobody_saw_is_in_doubt_for_zones_that_flood_by_lists_alone() -> None:
    status = look({"faults": {"node1": {"fdb": "it failed"}}})
    in_doubt = {row.id for row in status.zones if row.health is Health.WARNING}
    assert "plain" in in_doubt
    assert "prod" not in in_doubt


def test_what_frr_did_not_tell_is_in_doubt_for_zones_with_evpn_alone() -> None:
    status = look(case("routes-not-seen"))
    assert [row.id for row in status.zones if row.health is Health.WARNING] == ["prod"]
    assert zone(status, "prod").first.startswith("node3: not checked: router MACs of the other VTEPs: ")


def test_where_frr_cannot_be_asked_at_all_no_zone_without_evpn_is_in_doubt() -> None:
    asked = ("bgp-neighbors", "evpn-rmacs", "evpn-vnis", "frr-daemons", "frr-running", "vrf-routes", "vrrp")
    status = look({"faults": {"node1": dict.fromkeys(asked, "failed to connect to any daemons")}})
    assert [row.id for row in status.zones if row.health is not Health.OK] == ["prod"]
