"""PVE's own zones, from a snapshot to the files that PVE itself would write; a case is a folder, adding one needs no
Python.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from pvesdn.adapters.snapshot_dir import read_snapshot
from pvesdn.design.cluster import design_node, share
from pvesdn.model.files import FRR_CONF, SDN_INTERFACES
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.understand import Understanding, understand

HERE = Path(__file__).parent
NODES = sorted(HERE.glob("*/expected/*"))


@cache
def known(case: Path) -> Understanding:
    return understand(read_snapshot(case / "snapshot"), intent="running")


@pytest.mark.parametrize("expected", NODES, ids=lambda path: f"{path.parts[-3]}-{path.name}")
def test_a_node_gets_what_pve_would_write(expected: Path):
    case = expected.parents[1]
    found = known(case)
    design = design_node(share(found.given, found.vteps), expected.name)
    files = read_snapshot(case / "snapshot").nodes[expected.name].files
    texts = {file.path: file.text for file in Renderer().render(design, files) if file.text is not None}
    want = {f"/{path.relative_to(expected)}": path.read_text() for path in expected.rglob("*") if path.is_file()}
    assert {path: text for path, text in texts.items() if path in (SDN_INTERFACES, FRR_CONF)} == want


@pytest.mark.parametrize("case", sorted(HERE.glob("*/snapshot")), ids=lambda path: path.parent.name)
def test_every_node_of_a_case_has_its_expected_files(case: Path):
    assert {path.name for path in (case / "nodes").iterdir()} == {
        path.name for path in (case.parent / "expected").iterdir()
    }


@pytest.mark.parametrize("case", sorted(HERE.glob("*/snapshot")), ids=lambda path: path.parent.name)
def test_a_case_says_what_it_pins_and_where_pve_does_it(case: Path):
    text = (case.parent / "README.md").read_text("utf-8")
    _, *paragraphs = text.split("\n\n")

    assert text.startswith(f"# {case.parent.name}\n")
    assert [words.split()[0] for words in paragraphs[1:]] == ["Pins:", "PVE:"]
    assert re.search(r"`SDN/[\w/]+\.pm`.*libpve-network-perl\s[0-9.]+\s\(docs/pve\.md\s§", paragraphs[2], re.DOTALL)
    assert re.search(r"generator,\s1\.3\.0,\s(was\srun\son\sthis\scase|had\sshown)", paragraphs[2])
