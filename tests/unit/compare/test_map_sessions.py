"""Every session of the design is on a map, whoever of its ends was looked at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from pvesdn.adapters.snapshot_dir import read_snapshot
from pvesdn.design.ours.vteps import seen_now
from pvesdn.encode.seen import encode_seen
from pvesdn.model.snapshot import SEEN_NAME, Snapshot
from pvesdn.model.status import Health
from pvesdn.model.topology import Topology
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.topology import map_designed, map_found
from pvesdn.workflows.understand import understand
from tests.cli.test_topology import CASES, GOLDEN
from tests.cli.test_verify import HEALTHY
from tests.golden_verify.damage import damaged

ENDS = [("node1", "node2"), ("node1", "node3"), ("node2", "node3")]
SILENT = {"node2": "no answer", "node3": "no answer"}


def found(damage: Mapping[str, Any]) -> Topology:
    return map_found(understand(damaged(read_snapshot(HEALTHY), damage), intent="running"), Renderer())


def without(case: str, *, off: tuple[str, ...] = (), silent: Mapping[str, str] | None = None) -> Snapshot:
    """A golden case, whose nodes were all seen before."""
    whole = read_snapshot(GOLDEN / case / "snapshot")
    known = understand(whole, only_looks=True)
    seen = encode_seen(seen_now(known.given, known.vteps))
    nodes = {name: raw for name, raw in whole.nodes.items() if name not in {*off, *(silent or {})}}
    rows = [row | ({"online": 0} if row.get("name") in off else {}) for row in whole.api["cluster/status"]]
    api = {**whole.api, "cluster/status": rows}
    pve_files = {**whole.pve_files, SEEN_NAME: seen}
    return replace(whole, api=api, nodes=nodes, pve_files=pve_files, unreachable=dict(silent or {}))


def designed(snapshot: Snapshot) -> Topology:
    return map_designed(understand(snapshot, only_looks=True))


def ends(whole: Topology) -> list[tuple[str, str]]:
    return [session.ends for session in whole.sessions]


def test_a_session_between_nodes_that_are_off_is_off() -> None:
    sessions = found({"off": ["node2", "node3"]}).sessions
    assert [session.ends for session in sessions] == ENDS
    assert {session.health for session in sessions} == {Health.OFF}
    assert sessions[-1].first == "node2 is off, as the cluster says"


def test_a_session_between_nodes_that_did_not_answer_is_not_known() -> None:
    last = found({"gone": SILENT}).sessions[-1]
    assert (last.ends, last.health) == (("node2", "node3"), Health.UNCHECKED)
    assert last.first == "node2 did not tell of the session to node3"


def test_a_session_between_one_that_is_off_and_one_that_did_not_answer_is_off() -> None:
    last = found({"off": ["node3"], "gone": {"node2": "no answer"}}).sessions[-1]
    assert (last.ends, last.health) == (("node2", "node3"), Health.OFF)


@pytest.mark.parametrize("case", ["route-reflectors", "zones-of-pves-controller", "symmetric", "exit-in-pve-zone"])
def test_a_design_has_the_same_sessions_whoever_answered(case: str) -> None:
    whole = ends(designed(without(case)))
    assert whole
    assert ends(designed(without(case, off=("node2", "node3")))) == whole
    assert ends(designed(without(case, silent=SILENT))) == whole


def test_sessions_are_in_the_order_of_addresses_as_numbers() -> None:
    whole = without("route-reflectors")
    text = whole.pve_files["pvesdn.cfg"].replace("192.168.0.253", "192.168.0.100,192.168.0.253,192.168.0.20")
    of_node1 = ends(designed(replace(whole, pve_files={**whole.pve_files, "pvesdn.cfg": text})))[:5]
    assert [second for _, second in of_node1] == ["node2", "node3", "192.168.0.20", "192.168.0.100", "192.168.0.253"]


def test_a_session_outside_of_a_node_that_is_off_is_off() -> None:
    whole = map_found(understand(without("route-reflectors", off=("node3",)), intent="running"), Renderer())
    outside = next(one for one in whole.sessions if one.ends == ("node3", "192.168.0.253"))
    assert (outside.is_outside, outside.health) == (True, Health.OFF)


@pytest.mark.parametrize("silent", ["node1", "node2"])
def test_what_one_end_tells_of_a_session_is_known_where_frr_of_the_other_is_silent(silent: str) -> None:
    whole = found({"faults": {silent: {"bgp-neighbors": "no answer"}}})
    assert {session.health for session in whole.sessions} == {Health.OK}


def test_a_session_that_one_end_tells_is_down_is_down_where_the_other_is_silent() -> None:
    blocked = json.loads((CASES / "session-blocked/damage.json").read_text())
    whole = found({**blocked, "faults": {"node1": {"bgp-neighbors": "no answer"}}})
    assert [one.ends for one in whole.sessions if one.health is Health.BAD] == [("node1", "node3")]
