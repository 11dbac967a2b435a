"""Time designing, rendering and comparing, print the tables and write docs/performance.md: `make bench`.

Each row is a process of its own (`bench/row.py`), the best of five runs. This program imports nothing of pvesdn: its
memory would count as a row's.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.bars import bars, help_bar, map_bar, read_bars, whole_bars
from bench.measured import (
    CHANGES,
    MAP_NODES,
    MAP_VNETS,
    NETWORKS,
    NODE_SIZES,
    PLANNED,
    SIZES,
    SOURCES,
    STATES,
    UNCHANGED_NODES,
    UNCHANGED_VNETS,
    Design,
    Reads,
)
from bench.page import report, wrapped

ROOT = Path(__file__).resolve().parents[1]
REPORT = ROOT / "docs/performance.md"


def main() -> int:
    """Measure, print, write; 1 when a bar is missed."""
    designs = []
    for source in SOURCES:
        for nodes, vnets in NETWORKS:
            print(f"designing and rendering {nodes} nodes with {vnets:,} VNets of {source} ...", file=sys.stderr)
            what = source, str(nodes), str(vnets)
            designs.append(Design(source, nodes, vnets, row("pvesdn", *what), row("floor", *what)))
    compares = {}
    for change in CHANGES:
        for size in SIZES:
            print(f"comparing one node with {size:,} VNets, {change} changed ...", file=sys.stderr)
            compares[change, size] = row("compare", change, str(size))
    plans = {}
    for state in STATES:
        for nodes in PLANNED:
            print(f"planning {nodes} nodes with 1,000 VNets, {state} ...", file=sys.stderr)
            plans[state, nodes] = row("plan", state, str(nodes), "1000")
    reads = measured_reads()
    print(f"drawing {MAP_NODES} nodes with {MAP_VNETS} VNets ...", file=sys.stderr)
    drawn = row("map", str(MAP_NODES), str(MAP_VNETS))
    print("starting for --help ...", file=sys.stderr)
    started = row("help")
    verdicts = [*bars(designs, compares), *whole_bars(plans), *read_bars(reads), map_bar(drawn), help_bar(started)]
    text = wrapped(report(designs, compares, plans, reads, drawn=drawn, started=started, verdicts=verdicts))
    print("\n".join(line for line in text.splitlines() if line.startswith(("|", "* "))))
    REPORT.write_text(text)
    print(f"written: {REPORT.relative_to(ROOT)}", file=sys.stderr)
    return 0 if all(met for _, met in verdicts) else 1


def measured_reads() -> Reads:
    """What reading nodes costs them, and whoever plans."""
    nodes, unchanged = {}, {}
    for vnets in NODE_SIZES:
        print(f"reading a node with {vnets:,} VNets ...", file=sys.stderr)
        nodes[vnets] = row("node", str(vnets))
        nodes[vnets] = nodes[vnets] if "seconds" in nodes[vnets] else {}
    for count in UNCHANGED_NODES:
        print(f"plan and verify of {count} nodes with {UNCHANGED_VNETS} VNets, unchanged ...", file=sys.stderr)
        unchanged[count] = row("unchanged", str(count), str(UNCHANGED_VNETS))
    return Reads(nodes, unchanged)


def row(*arguments: str) -> dict[str, Any]:
    """One measurement, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.row", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


if __name__ == "__main__":
    sys.exit(main())
