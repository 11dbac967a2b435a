"""The section of docs/performance.md about changing nodes side by side, from what was last measured of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench.words import lines

ROWS = Path(__file__).with_name("side_by_side.json")
"""What `python -m bench.side_by_side` has measured; it takes too long for every `make bench`."""


def last_side_section() -> str:
    """The section, of the rows that were kept."""
    return side_section(json.loads(ROWS.read_text()))


def side_section(kept: dict[str, Any]) -> str:
    """Rows and what they mean."""
    return f"""Measured apart, on {kept["measured"]}, by `python -m bench.side_by_side`: real `ssh` to a real sshd and the real
node program on every node, with an `ifreload` that sleeps {kept["reload"]:g} s, as long as an `ifreload -a` of 400 VNets was
measured to take. A change is seven calls of each node: two reads, staging, swapping, reloading, its mark, and the read that
verifies. One node alone takes {kept["alone"]:.1f} s. Nodes are read eight at a time, and swapped and reloaded as many at once
as `--batch` says.

| nodes | at once | turns | seconds | times one node alone | per turn | processor here, a node | processor of a node |
|---|---|---|---|---|---|---|---|
{lines(_line(kept, row) for row in kept["rows"])}

Turns come one after the other, so a change takes at least as many times a node's reload; what can be held against one node is
a turn. All nodes share the processors of this machine, and with whatever else runs there, where each of a real cluster has
its own: "processor of a node" is what they would do apart, and is most of what the larger rows take beyond their turns.
"Processor here" is `ssh` and pvesdn itself. With `--batch` as large as the cluster there is one turn, and no node is left that
could still be spared a change that was wrong; the canary comes before in any case."""


def _line(kept: dict[str, Any], row: dict[str, Any]) -> str:
    count, took = row["count"], row["seconds"]
    turns = -(-count // row["batch"])
    ratios = f"{took / kept['alone']:.2f} | {took / kept['alone'] / turns:.2f}"
    return (
        f"| {count} | {row['batch']} | {turns} | {took:.1f} s | {ratios} "
        f"| {row['here'] / count:.2f} s | {row['nodes'] / count:.2f} s |"
    )
