"""Write docs/hitless.md from the results of the lab's scenarios that count lost packets: `make hitless`."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pvesdn_lab.live.evidence import read_results
from pvesdn_lab.live.losses import loss_table

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/hitless.md"


def page(rows: list[dict[str, Any]], day: str, processors: int) -> str:
    """The page, of the results of one run or several.

    :raises ValueError: nothing was counted.
    """
    table = loss_table(rows)
    if not table:
        raise ValueError("no step of these results has counted lost packets")
    failed = sum(row["outcome"] != "ok" for row in rows)
    runs = Counter(f"{row['scenario']}, begun {row['run']}" for row in rows if row["verb"] == "lost_by")
    return f"""# What a change costs guests

Written on {day} by `tools/hitless.py`, as `make hitless` calls it, with {processors} processors.

Of the steps of the lab {len(rows) - failed} were good and {failed} were not. Runs, and how many changes were counted
before each ended or was stopped; scenarios may have changed since:

{chr(10).join(f"* {run}: {number} changes" for run, number in runs.items())}

{table}"""


def main(folders: Sequence[str]) -> int:
    """Write the page, of the results in these folders."""
    rows = [row for folder in folders for row in read_results(Path(folder))]
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    PAGE.write_text(page(rows, today, len(os.sched_getaffinity(0))), "utf-8")
    print(f"hitless: wrote {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
