"""What a map takes: `pvesdn topology` as a process, graphviz's `dot` included, beside a floor."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from shutil import which
from typing import Any

from bench.measured import MAP_RUNS
from bench.snapshots import write_cluster
from bench.timed import spent

CALLS = {
    "design, SVG": ("topology", "--format", "svg"),
    "design, page": ("topology", "--format", "html"),
    "live, page": ("topology", "--live", "--format", "html"),
    "report": ("report",),
}


def measure_map(nodes: str, vnets: str) -> dict[str, Any]:
    """Seconds of processor time of each call, by its name, and of the floor (`bench/whole.py`).

    The nodes have what an apply has left there and tell nothing of what they are doing: each device is a finding.
    """
    with tempfile.TemporaryDirectory(prefix="pvesdn-bench-") as place:
        folder, answer = Path(place, "snapshot"), Path(place, "answer")
        write_cluster(folder, int(nodes), int(vnets), "unchanged")
        answer.write_text("")
        floor = (sys.executable, "-m", "bench.whole", "floor", str(folder), str(answer))
        least = min(spent(floor).seconds for _ in range(MAP_RUNS))
        taken = {
            name: [spent((sys.executable, "-m", "pvesdn", *call, "--from", str(folder))) for _ in range(MAP_RUNS)]
            for name, call in CALLS.items()
        }
    return {
        "calls": {name: min(one.seconds for one in runs) for name, runs in taken.items()},
        "floor": least,
        "peak_of_children": max(one.peak_bytes for runs in taken.values() for one in runs),
        "has_dot": which("dot") is not None,
    }
