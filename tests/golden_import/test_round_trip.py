"""What pvesdn itself renders, given back as if somebody had written it by hand, is imported to
what renders the same.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pvesdn.adapters.snapshot_dir import read_snapshot
from pvesdn.model.files import FRR_CONF, FRR_CONF_LOCAL, OUR_INTERFACES
from pvesdn.model.snapshot import NodeRaw, Snapshot
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.adopt import adopt
from pvesdn.workflows.plan import render_understood
from pvesdn.workflows.understand import understand

GOLDEN = Path(__file__).parents[1] / "golden"
MAIN = "/etc/network/interfaces"
TEXTS = (OUR_INTERFACES, FRR_CONF)


def expected(case: str, node: str, path: str) -> str:
    file = GOLDEN / case / "expected" / node / path[1:]
    return file.read_text() if file.is_file() else ""


def is_said_by_hand(case: str) -> bool:
    """PVE's own texts were not written by hand: its FRR, and the bridges of VNets that are drawn in the panel."""
    return not (
        any((GOLDEN / case / "expected").glob(f"*{FRR_CONF_LOCAL}"))
        or "\tcarries " in (GOLDEN / case / "snapshot/etc/pve/sdn/pvesdn.cfg").read_text()
    )


CASES = sorted(
    folder.name for folder in GOLDEN.iterdir() if (folder / "snapshot").is_dir() and is_said_by_hand(folder.name)
)


def by_hand(case: str) -> Snapshot:
    """The case's cluster before pvesdn, with everything that pvesdn would write in the files of a person."""
    snapshot = read_snapshot(GOLDEN / case / "snapshot")
    nodes = {}
    for name, raw in snapshot.nodes.items():
        files = dict(raw.files)
        files[MAIN] = f"{files[MAIN]}\n{expected(case, name, OUR_INTERFACES)}"
        if frr := expected(case, name, FRR_CONF):
            files[FRR_CONF] = frr
        nodes[name] = NodeRaw(files, raw.commands)
    return replace(snapshot, nodes=nodes, pve_files={})


def test_most_cases_can_be_written_by_hand() -> None:
    assert len(CASES) >= 18


@pytest.mark.parametrize("case", CASES)
def test_an_imported_case_renders_the_same_text(case: str) -> None:
    adoption = adopt(by_hand(case), Renderer())
    assert [str(finding) for finding in adoption.proposal.lost] == []

    again = replace(read_snapshot(GOLDEN / case / "snapshot"), pve_files=adoption.files)
    for node, files in render_understood(understand(again), Renderer()):
        texts = {file.path: file.text for file in files}
        assert {path: texts.get(path) or "" for path in TEXTS} == {path: expected(case, node, path) for path in TEXTS}


@pytest.mark.parametrize("case", CASES)
def test_taking_everything_out_leaves_the_file_that_was_there(case: str) -> None:
    adoption = adopt(by_hand(case), Renderer())
    before = read_snapshot(GOLDEN / case / "snapshot")
    for node in adoption.nodes:
        (edit,) = node.edits
        exits = {f"iface {out.name} inet manual" for out, _ in node.take_outs}  # an empty stanza goes with its device
        told = [line for line in (edit.new or "").splitlines() if line.strip() and not line.startswith("#")]
        lines = before.nodes[node.node].files[MAIN].splitlines()
        assert told == [line for line in lines if line.strip() and line not in exits]
