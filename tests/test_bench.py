"""The benchmark measures what it says: its floor prints the very bytes that pvesdn prints, and every row can be
measured.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench import comparing, drawing, printing, processes, reading, row, scrape, unchanged
from bench.bars import help_bar, map_bar, read_bars
from bench.measured import STATES, Reads
from bench.page import wrapped
from bench.page_map import map_section
from bench.page_reads import reads_section
from bench.page_side import last_side_section
from bench.side_by_side import SBIN, Nodes, change
from bench.snapshots import write_cluster
from pvesdn.adapters.snapshot_dir import read_snapshot
from pvesdn.model.files import Action
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.plan import plan


@pytest.fixture(autouse=True)
def few_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """How a row is measured does not depend on how often."""
    for module, runs in ((printing, "RUNS"), (comparing, "RUNS"), (processes, "WHOLE_RUNS"), (processes, "HELP_RUNS")):
        monkeypatch.setattr(module, runs, 2)
    monkeypatch.setattr(unchanged, "RUNS", 2)
    monkeypatch.setattr(reading, "RUNS", 1)
    monkeypatch.setattr(drawing, "MAP_RUNS", 1)


@pytest.mark.parametrize("source", printing.SOURCES.values(), ids=printing.SOURCES)
def test_the_floor_prints_the_same_bytes_as_pvesdn(source: printing.Source) -> None:
    given = source.network(3, 4)

    assert list(source.floor(given)) == list(printing.texts(given, source.interfaces))


@pytest.mark.parametrize("source", printing.SOURCES)
def test_a_row_has_the_seconds_of_every_run_and_its_memory(source: str) -> None:
    measured = row.main("pvesdn", source, "3", "4")

    assert len(measured["seconds"]) == printing.RUNS
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

    assert len(measured["seconds"]) == len(measured["floor"]) == processes.WHOLE_RUNS
    assert len(measured["phases"]) == 5


NODE = {"seconds": 2.0, "verify": 3.0, "nothing": 0.5, "files": 0.5, "own": 0.5, "link": 0.3, "floor": 1.0} | {
    "bytes": 9, "bytes of files": 3
}  # fmt: skip


@pytest.mark.long
@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a network to itself: run the tests as root")
def test_reading_a_node_is_measured_on_a_real_kernel_beside_its_own_commands() -> None:
    measured = reading.measure_node("2")

    assert set(measured) == set(NODE)
    assert all(value > 0 for value in measured.values())


def test_plan_and_verify_are_measured_where_neither_finds_anything() -> None:
    measured = row.main("unchanged", "2", "3")

    assert len(measured["seconds"]) == len(measured["verify"]) == 2
    assert measured["bytes"] > 1000


@pytest.mark.parametrize(
    ("slow", "missed"),
    [({}, []), ({"verify": [99.0]}, ["verify, nothing changed, 3 to 128 nodes"])],
)
def test_reading_may_grow_as_fast_as_what_is_read(slow: dict[str, list[float]], missed: list[str]) -> None:
    quick = {"seconds": [1.0], "verify": [1.0], "bytes": 5}
    many = {"seconds": [43.0], "verify": [43.0], "bytes": 5} | slow
    reads = Reads({100: NODE, 1000: NODE}, {3: quick, 32: quick, 128: many})

    assert [what.partition(" (")[0] for what, is_met in read_bars(reads) if not is_met] == missed
    assert "4.0 times its own two commands" in wrapped(reads_section(reads))


def test_a_node_that_is_read_far_above_the_floor_misses_its_bar() -> None:
    quick = {"seconds": [1.0], "verify": [1.0], "bytes": 5}
    for node, is_met in ((NODE, True), (NODE | {"seconds": 3.1}, False)):
        *_, (what, verdict) = read_bars(Reads({100: NODE, 1000: node}, {3: quick, 128: quick}))
        assert (what.startswith("reading a node with 1,000 VNets"), verdict) == (True, is_met)


def test_where_a_node_could_not_be_read_the_page_says_so() -> None:
    quick = {"seconds": [1.0], "verify": [1.0], "bytes": 5}
    reads = Reads({100: {}, 1000: {}}, {3: quick, 128: quick})

    assert "needs root" in reads_section(reads)
    assert len(read_bars(reads)) == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="an sshd on many addresses is root's: run the tests as root")
@pytest.mark.skipif(
    shutil.which("sshd", path=SBIN) is None, reason="no OpenSSH here: apt install openssh-server openssh-client"
)
def test_a_change_of_nodes_side_by_side_changes_each(tmp_path: Path) -> None:
    nodes = Nodes(tmp_path, 2, 0.0)
    with nodes.listening():
        change(nodes.agent(), list(nodes.roots), 1)

    for root in nodes.roots.values():
        assert "iface net00001" in (root / "etc/network/interfaces.d/pvesdn").read_text()


def test_what_was_measured_side_by_side_is_on_the_page() -> None:
    page = (Path(__file__).parents[1] / "docs/performance.md").read_text("utf-8")

    assert wrapped(last_side_section()) in page


def test_help_is_measured_beside_a_program_of_clicks_that_does_nothing() -> None:
    measured = row.main("help")

    assert len(measured["seconds"]) == len(measured["floor"]) == processes.HELP_RUNS
    shown = subprocess.run([sys.executable, "-c", processes.EMPTY], capture_output=True, text=True, check=False)
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


def test_what_a_look_and_a_scrape_cost_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrape, "SCRAPES", 2)
    monkeypatch.setattr(scrape, "RUNS", 1)
    told = scrape.measure_scrape(3, 4)

    assert told["series"] > 100
    assert told["bytes"] > told["packed"] > 100
    assert told["look"] > 0


def test_what_a_map_takes_is_measured_beside_a_floor_and_told() -> None:
    measured = row.main("map", "3", "4")

    assert set(measured["calls"]) == set(drawing.CALLS)
    assert all(taken > 0.0 for taken in (*measured["calls"].values(), measured["floor"]))
    told = map_section(measured)
    assert all(f"| {name} | " in told for name in drawing.CALLS)
    assert map_bar({"calls": {"live, page": 2.5}}) == (
        "a live map of 32 nodes with 200 VNets as a page: 2.50 s of a processor (at most 3)",
        True,
    )
    assert not map_bar({"calls": {"live, page": 3.5}})[1]
    assert "not installed" in map_section(measured | {"has_dot": False})
