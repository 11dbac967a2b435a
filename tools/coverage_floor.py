"""Fail when a floor has fewer of its branches covered by the tests that just ran than its bar says.

`coverage report --fail-under` mixes lines with branches and averages over packages; here each floor answers for itself.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

BARS = {
    **dict.fromkeys(("model", "decode", "design", "recognise", "move", "encode", "render", "compare"), 95.0),
    **dict.fromkeys(("workflows", "node"), 95.0),
    "redact": 90.0,
    # Some of what fails there fails by the clock: not every run walks the same branches.
    "adapters": 88.0,
}
"""Per cent of branches, by package. The node program is measured where it runs inside of a test's process."""


def main() -> int:
    """Print a line for each floor; 1 when one is below the bar."""
    files = measured_files()
    low = []
    for floor, bar in BARS.items():
        covered, total = branches(files, f"pvesdn/{floor}/")
        per_cent = 100.0 * covered / total if total else 0.0  # what was not measured is not covered
        print(f"branches covered in pvesdn/{floor}: {per_cent:.1f} % ({covered} of {total})")
        if per_cent < bar:
            low.append(f"{floor} (bar {bar:.0f} %)")
    if low:
        print(f"below its bar: {', '.join(low)}; `.venv/bin/coverage report -m` names the lines", file=sys.stderr)
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
