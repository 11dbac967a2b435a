"""The benchmark measures what it says: its floor prints the very bytes that pvesdn prints, and every row can be measured."""

from __future__ import annotations

import pytest

from bench import floor, row
from bench.network import network


@pytest.mark.parametrize("once", [False, True])
def test_the_floor_prints_the_same_bytes_as_pvesdn(once: bool) -> None:
    given = network(3, 4)

    assert list(floor.print_cluster(given, once=once)) == list(row.texts(given))


def test_a_row_has_the_seconds_of_every_run_and_its_memory() -> None:
    measured = row.main("pvesdn", "3", "4")

    assert len(measured["seconds"]) == row.RUNS
    assert measured["peak_bytes"] > 1_000_000


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        pytest.param("no VNet", 0, id="no VNet: no line"),
        pytest.param("one VNet", 2 + 2 + 21, id="one VNet: two headers, two hunks, two stanzas"),
        pytest.param("every MTU", 2 + 10 * 9, id="every MTU: two headers, a hunk a stanza"),
    ],
)
def test_a_comparison_is_measured_to_the_last_line_of_its_diff(change: str, lines: int) -> None:
    measured = row.main("compare", change, "4")

    assert (measured["lines"] == 0) is (lines == 0)
