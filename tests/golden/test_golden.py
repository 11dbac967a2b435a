"""Every case, every node: from a snapshot to the text of every file, byte for byte."""

from functools import cache
from pathlib import Path

import pytest

from pvesdn.adapters.snapshot_dir import read_snapshot
from pvesdn.decode.cluster.status import decode_cluster
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.plan import render_understood
from pvesdn.workflows.understand import understand

HERE = Path(__file__).parent
CASES = sorted(folder.name for folder in HERE.iterdir() if (folder / "snapshot").is_dir())
NODES = [(case, node.name) for case in CASES for node in sorted((HERE / case / "snapshot" / "nodes").iterdir())]
REMARKS = "findings.txt"


@cache
def rendered(case: str) -> dict[str, dict[str, str]]:
    """Text by path, by node."""
    snapshot = read_snapshot(HERE / case / "snapshot")
    return {
        node: {file.path: file.text for file in files if file.text is not None}
        for node, files in render_understood(understand(snapshot), Renderer())
    }


def texts(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".actual")
    return {f"/{path.relative_to(folder).as_posix()}": path.read_text() for path in files}


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def compare(expected: Path, found: dict[str, str], *, update: bool) -> None:
    for old in expected.rglob("*.actual"):
        old.unlink()
    before = texts(expected) if expected.is_dir() else {}
    if update:
        for path in before.keys() - found.keys():
            (expected / path[1:]).unlink()
        for path, text in found.items():
            write(expected / path[1:], text)
        return
    for path, text in found.items():
        if before.get(path) != text:
            write(expected / f"{path[1:]}.actual", text)
    assert found == before


@pytest.mark.parametrize(("case", "node"), NODES, ids="/".join)
def test_a_node_gets_the_expected_files(case: str, node: str, request: pytest.FixtureRequest) -> None:
    update = request.config.getoption("--update-golden", default=False)
    compare(HERE / case / "expected" / node, rendered(case)[node], update=update)


@pytest.mark.parametrize("case", CASES)
def test_the_expected_remarks_are_made(case: str, request: pytest.FixtureRequest) -> None:
    findings = understand(read_snapshot(HERE / case / "snapshot")).findings
    text = "".join(f"{finding.severity}: {finding}\n" for finding in findings)
    expected = HERE / case / "expected" / REMARKS
    if request.config.getoption("--update-golden", default=False):
        expected.unlink(missing_ok=True)
        if text:
            write(expected, text)
    assert text == (expected.read_text() if expected.is_file() else "")


@pytest.mark.parametrize("case", CASES)
def test_nodes_that_are_off_get_no_files(case: str) -> None:
    members = decode_cluster(read_snapshot(HERE / case / "snapshot").api).members
    assert rendered(case).keys() == {member.name for member in members if member.is_online}


@pytest.mark.parametrize("case", CASES)
def test_a_case_says_what_it_is_for_in_three_lines(case: str) -> None:
    assert len((HERE / case / "README").read_text().splitlines()) == 3
