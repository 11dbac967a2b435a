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
from pvesdn.model.snapshot import SEEN_NAME, NodeRaw, Snapshot
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.plan import plan_understood, render_understood
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.understand import understand
from tests.unit.workflows.kit import PVE_ZONES, cluster

V = TypeVar("V")
GOLDEN = Path(__file__).parents[2] / "golden"


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
