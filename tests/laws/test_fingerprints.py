"""Laws of the fingerprints that a saved plan keeps, on every golden case."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from pvesdn.adapters.snapshot_dir import read_snapshot
from pvesdn.compare.fingerprint import differences, origin_of, result_of
from pvesdn.decode.saved_plan import decode_saved_plan
from pvesdn.encode.saved_plan import encode_saved_plan
from pvesdn.model.files import ChangeSet
from pvesdn.model.flags import PlanFlags
from pvesdn.model.saved_plan import Fingerprint, SavedDraft, SavedPlan, Terms
from pvesdn.model.snapshot import SEEN_NAME, NodeRaw, Snapshot
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.plan import plan_understood
from pvesdn.workflows.understand import Understanding, understand

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = sorted(folder.name for folder in GOLDEN.iterdir() if (folder / "snapshot").is_dir())


@cache
def understood(case: str) -> Understanding:
    return understand(read_snapshot(GOLDEN / case / "snapshot"))


def changes_of(known: Understanding) -> ChangeSet:
    return plan_understood(known, Renderer(), flags=PlanFlags(overwrite=True))


def origin(known: Understanding, only: frozenset[str] | None = None) -> Fingerprint:
    return origin_of(known.snapshot, known.given, known.vteps, only)


@pytest.mark.parametrize("case", CASES)
def test_what_is_read_twice_has_not_changed(case: str) -> None:
    known = understood(case)
    again = understand(read_snapshot(GOLDEN / case / "snapshot"))
    assert differences(origin(known), origin(again)) == ()
    assert differences(result_of(changes_of(known)), result_of(changes_of(again))) == ()


@pytest.mark.parametrize("case", CASES)
def test_a_saved_plan_is_read_as_it_was_written(case: str) -> None:
    known = understood(case)
    draft = SavedDraft(name="draft.cfg", text='vxlan: x\n\talias "Ünïcode" \\ \n')
    saved = SavedPlan(
        pvesdn="1.2.3",
        saved="2026-11-26T22:50:00Z",
        cluster=known.given.cluster.name,
        terms=Terms(flags=PlanFlags(overwrite=True), nodes=("node1",), draft=draft),
        origin=origin(known),
        result=result_of(changes_of(known)),
    )
    text = encode_saved_plan(saved)
    assert decode_saved_plan(text, "p") == saved
    assert encode_saved_plan(decode_saved_plan(text, "p")) == text


@pytest.mark.parametrize("case", CASES)
def test_every_file_that_is_edited_is_named_and_no_other(case: str) -> None:
    known = understood(case)
    before = origin(known)
    for name, text in known.snapshot.pve_files.items():
        edited = replace(known.snapshot, pve_files={**known.snapshot.pve_files, name: f"{text}\n"})
        found = differences(before, origin_of(edited, known.given, known.vteps, None))
        assert found == (() if name == SEEN_NAME else (f"definitions: {name} has changed",))
    for node in known.given.facts:
        for path in known.snapshot.nodes[node].files:
            edited = _edited(known.snapshot, node, path)
            found = differences(before, origin_of(edited, known.given, known.vteps, None))
            assert found == (f"{node}: files: {path} has changed",)
            others = frozenset(known.given.facts) - {node}
            parts = origin(known, others), origin_of(edited, known.given, known.vteps, others)
            assert differences(*parts) == ()


@pytest.mark.parametrize("case", CASES)
def test_it_says_the_same_in_both_directions(case: str) -> None:
    known = understood(case)
    nobody = replace(known.given, facts={})
    gone = origin_of(known.snapshot, nobody, known.vteps, None)
    forth, back = differences(origin(known), gone), differences(gone, origin(known))
    assert [line.partition(":")[0] for line in forth] == [line.partition(":")[0] for line in back]
    assert len(forth) == len(known.given.facts)


def _edited(snapshot: Snapshot, node: str, path: str) -> Snapshot:
    raw = snapshot.nodes[node]
    files = {**raw.files, path: f"{raw.files[path]}\n"}
    return replace(snapshot, nodes={**snapshot.nodes, node: NodeRaw(files, raw.commands)})
