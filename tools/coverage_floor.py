"""Fail when a pure floor has less than 95 % of its branches covered by the tests that just ran.

`coverage report --fail-under` mixes lines with branches and averages over packages; here each floor answers for itself.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

FLOORS = ("model", "decode", "design", "recognise", "render", "compare")
BAR = 95.0  # per cent of branches


def main() -> int:
    """Print a line for each floor; 1 when one is below the bar."""
    files = measured_files()
    low = []
    for floor in FLOORS:
        covered, total = branches(files, f"pvesdn/{floor}/")
        per_cent = 100.0 * covered / total if total else 0.0  # what was not measured is not covered
        print(f"branches covered in pvesdn/{floor}: {per_cent:.1f} % ({covered} of {total})")
        if per_cent < BAR:
            low.append(floor)
    if low:
        print(f"below {BAR:.0f} %: {', '.join(low)}; `.venv/bin/coverage report -m` names the lines", file=sys.stderr)
    return 1 if low else 0


def measured_files() -> dict[str, dict[str, dict[str, int]]]:
    """coverage.py's own JSON report, by file."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        subprocess.run([sys.executable, "-m", "coverage", "json", "--quiet", "-o", str(report)], check=True)
        files: dict[str, dict[str, dict[str, int]]] = json.loads(report.read_text())["files"]
        return files


def branches(files: dict[str, dict[str, dict[str, int]]], folder: str) -> tuple[int, int]:
    """Branches covered and branches there are, over the files below `folder`."""
    summaries = [entry["summary"] for path, entry in files.items() if path.startswith(folder)]
    return sum(s["covered_branches"] for s in summaries), sum(s["num_branches"] for s in summaries)


if __name__ == "__main__":
    sys.exit(main())
