"""A run reads each source once: the definitions and what the nodes answered are decoded when they are understood, and
never again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from pvesdn.adapters.snapshot_dir import read_snapshot
from pvesdn.decode.nodes.facts import decode_facts
from pvesdn.model.primitives import Json
from pvesdn.model.snapshot import SEEN_NAME, NodeRaw, Snapshot
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.adopt import adopt
from pvesdn.workflows.decoded import Decoded, decode
from pvesdn.workflows.move import move_from_pve
from pvesdn.workflows.plan import plan_understood, render_understood
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.understand import Understanding, judge, understand
from tests.unit.move.kit import VXLAN, drawn
from tests.unit.workflows.kit import PVE_ZONES, cluster

V = TypeVar("V")
GOLDEN = Path(__file__).parents[2] / "golden"
GOLDEN_IMPORT = Path(__file__).parents[2] / "golden_import"


class Counted(Mapping[str, V]):
    """A mapping that counts how often each of its values is taken out."""

    def __init__(self, values: Mapping[str, V]) -> None:
        self._values = values
        self.taken: Counter[str] = Counter()

    def __getitem__(self, key: str) -> V:
        value = self._values[key]
        self.taken[key] += 1
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: object) -> bool:
        return key in self._values


def counted(snapshot: Snapshot) -> tuple[Snapshot, list[Counter[str]]]:
    """The snapshot, and what is counted of its definitions and of each node's answers."""
    definitions = Counted(snapshot.pve_files)
    answers: dict[str, Counted[Any]] = {name: Counted(raw.commands) for name, raw in snapshot.nodes.items()}
    nodes = {name: NodeRaw(raw.files, answers[name]) for name, raw in snapshot.nodes.items()}
    watched = replace(snapshot, pve_files=definitions, nodes=nodes)
    return watched, [definitions.taken, *(mapping.taken for mapping in answers.values())]


def of_pve() -> Snapshot:
    """Definitions of PVE's that are not committed, over others that are."""
    made = cluster(pve_files=PVE_ZONES)
    return read_cluster(made.world())


@pytest.mark.parametrize("case", ["symmetric", "several-exits", "exit-in-pve-zone"])
def test_a_run_decodes_each_definition_and_each_answer_once(case: str) -> None:
    snapshot, counts = counted(read_snapshot(GOLDEN / case / "snapshot"))
    known = understand(snapshot)
    plan_understood(known, Renderer())
    list(render_understood(known, Renderer()))
    assert counts[0]["pvesdn.cfg"] == 1
    for taken in counts:
        taken.pop(SEEN_NAME, None)  # it is written anew where its text is another one
        assert {name: number for name, number in taken.items() if number != 1} == {}


def test_so_it_does_with_definitions_of_pves_that_are_pending() -> None:
    snapshot, counts = counted(of_pve())
    known = understand(snapshot)
    changes = plan_understood(known, Renderer())
    assert [row.state for row in changes.pending] == ["new", "new"]
    assert counts[0]["zones.cfg"] == counts[0]["vnets.cfg"] == 1
    assert max(number for name, number in counts[0].items() if name != SEEN_NAME) == 1


@pytest.mark.parametrize("case", ["symmetric", "multicast"])
def test_an_import_decodes_no_answer_again_for_the_cluster_after_the_cut_over(case: str) -> None:
    snapshot, counts = counted(read_snapshot(GOLDEN_IMPORT / case / "snapshot"))
    adoption = adopt(snapshot, Renderer())
    assert adoption.plan is not None
    assert not adoption.plan.is_empty
    for taken in counts[1:]:
        assert taken.pop("ip-link") == 2  # once for the facts, once for the VXLAN devices that no file mentions
        assert {name: number for name, number in taken.items() if number != 1} == {}


@pytest.mark.parametrize("case", ["symmetric", "several-exits", "multicast"])
def test_what_an_import_expects_of_the_nodes_is_what_they_then_answer(
    case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected: list[Decoded] = []

    def judged(decoded: Decoded) -> Understanding:
        expected.append(decoded)
        return judge(decoded)

    monkeypatch.setattr("pvesdn.workflows.adopt.judge", judged)
    snapshot = read_snapshot(GOLDEN_IMPORT / case / "snapshot")
    adoption = adopt(snapshot, Renderer())
    (derived,) = expected
    for part in adoption.nodes:
        outs = [out for out, _ in part.take_outs]
        gone = {out.name for out in outs} - {out.becomes for out in outs}
        raw = snapshot.nodes[part.node]
        files = {**raw.files, **{edit.path: edit.new or "" for edit in part.edits}}
        then = decode_facts(part.node, NodeRaw(files, {name: _once(raw.commands[name], gone) for name in raw.commands}))
        assert gone
        assert derived.facts[part.node] == then
        assert list(derived.facts[part.node].own) == list(then.own)
    assert derived.sdn.config == decode(derived.snapshot).sdn.config


def _once(answer: Json, gone: set[str]) -> Json:
    """What iproute2 prints once devices are gone."""
    if not isinstance(answer, list):
        return answer
    rows = [row for row in answer if isinstance(row, dict) and not {row.get("ifname"), row.get("dev")} & gone]
    return [{key: value for key, value in row.items() if key != "master" or value not in gone} for row in rows]


def test_a_move_of_zones_decodes_each_nodes_answers_once() -> None:
    snapshot, counts = counted(drawn(VXLAN, "vnet: web\n\tzone wide\n\ttag 4711\n"))
    moved = move_from_pve(snapshot, Renderer(), ["wide"])
    assert moved.plan is not None
    assert not moved.plan.is_empty
    for taken in counts[1:]:
        assert {name: number for name, number in taken.items() if number != 1} == {}
