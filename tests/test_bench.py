"""The benchmark measures what it says: its floor prints the very bytes that pvesdn prints, and every row can be
measured.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench import row
from bench.bars import help_bar
from bench.measured import STATES
from bench.page import wrapped
from bench.snapshots import write_cluster
from pvesdn.adapters.snapshot_dir import read_snapshot
from pvesdn.model.files import Action
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.plan import plan


@pytest.fixture(autouse=True)
def few_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """How a row is measured does not depend on how often."""
    for runs in ("RUNS", "WHOLE_RUNS", "HELP_RUNS"):
        monkeypatch.setattr(row, runs, 2)


@pytest.mark.parametrize("source", row.SOURCES.values(), ids=row.SOURCES)
def test_the_floor_prints_the_same_bytes_as_pvesdn(source: row.Source) -> None:
    given = source.network(3, 4)

    assert list(source.floor(given)) == list(row.texts(given, source.interfaces))


@pytest.mark.parametrize("source", row.SOURCES)
def test_a_row_has_the_seconds_of_every_run_and_its_memory(source: str) -> None:
    measured = row.main("pvesdn", source, "3", "4")

    assert len(measured["seconds"]) == row.RUNS
    assert measured["peak_bytes"] > 1_000_000


@pytest.mark.parametrize(("change", "touched"), [("no VNet", 0), ("one VNet", 2), ("every MTU", 2 * 4 + 2)])
def test_a_comparison_is_measured_to_the_last_line_of_its_diff(change: str, touched: int) -> None:
    """`touched`: stanzas that differ, of four VNets and the two devices of their L3VNI."""
    measured = row.main("compare", change, "4")

    assert measured["hunks"] == touched


@pytest.mark.long
@pytest.mark.parametrize("state", STATES)
def test_a_whole_plan_is_measured_beside_its_floor_and_in_its_steps(state: str) -> None:
    measured = row.main("plan", state, "2", "4")

    assert len(measured["seconds"]) == len(measured["floor"]) == row.WHOLE_RUNS
    assert len(measured["phases"]) == 5


def test_help_is_measured_beside_a_program_of_clicks_that_does_nothing() -> None:
    measured = row.main("help")

    assert len(measured["seconds"]) == len(measured["floor"]) == row.HELP_RUNS
    shown = subprocess.run([sys.executable, "-c", row.EMPTY], capture_output=True, text=True, check=False)
    assert (shown.returncode, "--help" in shown.stdout) == (0, True)


def test_the_bar_of_help_is_missed_by_a_program_that_takes_longer() -> None:
    assert help_bar({"seconds": [1.2, 1.0, 9.0], "floor": [1.0, 1.0, 1.0]})[1]
    assert not help_bar({"seconds": [1.4, 1.4, 1.0], "floor": [1.0, 1.0, 1.0]})[1]


@pytest.mark.parametrize(
    ("state", "interfaces", "replaced"),
    [("fresh", 2 * (2 * 4 + 3), 0), ("unchanged", 0, 0), ("one VNet changed", 2, 2)],
)
def test_the_snapshots_are_in_the_state_that_they_say(
    tmp_path: Path, state: str, interfaces: int, replaced: int
) -> None:
    write_cluster(tmp_path / "s", 2, 4, state)
    changes = plan(read_snapshot(tmp_path / "s"), Renderer())
    stanzas = [stanza.action for node in changes.nodes for file in node.files for stanza in file.stanzas]

    assert (len(stanzas), stanzas.count(Action.REPLACE)) == (interfaces, replaced)
    assert [obstacle for node in changes.nodes for obstacle in node.obstacles] == []


def test_the_page_has_short_lines_and_the_same_words() -> None:
    prose = "Words and `code` " * 20
    page = f"# Title\n\n{prose}\nmore\n\n* one {prose}\n* two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nThe end.\n"
    text = wrapped(page)

    assert max(map(len, text.splitlines())) <= 120
    assert text.split() == page.split()
    assert "\n* two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nThe end.\n" in text
    assert wrapped(text) == text


def test_the_page_that_is_there_is_one_of_those() -> None:
    page = (Path(__file__).parents[1] / "docs/performance.md").read_text("utf-8")

    assert wrapped(page) == page
