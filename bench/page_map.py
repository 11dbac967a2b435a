"""What a map takes, for docs/performance.md."""

from __future__ import annotations

from typing import Any

from bench.measured import MAP_NODES, MAP_RUNS, MAP_VNETS
from bench.words import lines, seconds


def map_section(row: dict[str, Any]) -> str:
    """The rows of `pvesdn topology`."""
    without = "" if row["has_dot"] else " Here it was not installed, and its time is missing."
    return f"""`pvesdn topology --from FOLDER` and `pvesdn report --from FOLDER` as processes, {MAP_NODES} nodes with {MAP_VNETS} VNets, in
processor seconds; the best of {MAP_RUNS}. The floor is that of a plan: it imports the same libraries and reads the same files.
graphviz's `dot` is counted with them.{without} The nodes tell nothing of what they are doing, so that a live map has as
many findings as there are devices.

| what | pvesdn | floor | ratio |
|---|---|---|---|
{lines(f"| {name} | {seconds(taken)} | {seconds(row['floor'])} | {taken / row['floor']:.1f} |" for name, taken in row["calls"].items())}

The largest process had {row["peak_of_children"] / 1e6:.0f} MB."""
