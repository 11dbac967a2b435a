"""Whole processes of pvesdn, each beside its floor: seconds of processor time."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.snapshots import write_cluster
from bench.timed import spent

WHOLE_RUNS = 3


def measure_plan(state: str, nodes: str, vnets: str) -> dict[str, object]:
    """`pvesdn plan --from` from its first to its last instruction and its floor, in turn: seconds of processor time.

    :param state: one of `bench.measured.STATES`.
    """
    with tempfile.TemporaryDirectory(prefix="pvesdn-bench-") as place:
        folder, answer = Path(place, "snapshot"), Path(place, "answer")
        write_cluster(folder, int(nodes), int(vnets), state)
        command = (sys.executable, "-m", "pvesdn", "plan", "--from", str(folder))
        answer.write_bytes(
            subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
        )
        with_floor = (sys.executable, "-m", "bench.whole", "floor", str(folder), str(answer))
        pairs = [(spent(command), spent(with_floor)) for _ in range(WHOLE_RUNS)]
        parts = subprocess.run(
            (sys.executable, "-m", "bench.whole", "phases", str(folder)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=True,
        )
    return {
        "seconds": [plan.seconds for plan, _ in pairs],
        "floor": [floor.seconds for _, floor in pairs],
        "phases": json.loads(parts.stderr.splitlines()[-1]),
        "peak_of_children": max(plan.peak_bytes for plan, _ in pairs),
    }


HELP_RUNS = 15
EMPTY = "import click\nclick.Command('empty').main(['--help'])\n"
"""A program of click's that does nothing: what `--help` costs at least."""


def measure_help() -> dict[str, object]:
    """`pvesdn --help` and an empty click program's, in turn: seconds of processor time."""
    ours, empty = (sys.executable, "-m", "pvesdn", "--help"), (sys.executable, "-c", EMPTY)
    pairs = [(spent(ours), spent(empty)) for _ in range(HELP_RUNS)]
    return {"seconds": [mine.seconds for mine, _ in pairs], "floor": [floor.seconds for _, floor in pairs]}
