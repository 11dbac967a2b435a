"""The whole process `pvesdn plan --from`, beside a floor, and where its time goes.

`python -m bench.whole floor FOLDER ANSWER` is the floor: a process that imports pvesdn's libraries, reads every file of
the snapshot, JSON as JSON, and prints an answer that somebody else has worked out. `python -m bench.whole phases
FOLDER` makes the same plan as the command does, and prints the processor time of each of its steps.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from pathlib import Path


def floor(folder: Path, answer: Path) -> None:
    """What no plan can do without."""
    import click  # noqa: F401, PLC0415 - imported for what it costs
    import jinja2  # noqa: F401, PLC0415
    import pydantic  # noqa: PLC0415

    class Value(pydantic.BaseModel):
        field: int = 0

    del Value
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            text = file.read_text("utf-8")
            if file.suffix == ".json":
                json.loads(text)
    sys.stdout.write(answer.read_text("utf-8"))


def phases(folder: Path) -> dict[str, float]:
    """Seconds of processor time, by step."""
    from pvesdn.adapters.snapshot_dir import read_snapshot  # noqa: PLC0415 - importing is one of the steps
    from pvesdn.cli.screens.plan import last_line, plan_lines  # noqa: PLC0415
    from pvesdn.cli.screens.screen import Screen  # noqa: PLC0415
    from pvesdn.compare.counts import summarize  # noqa: PLC0415
    from pvesdn.render.renderer import Renderer  # noqa: PLC0415
    from pvesdn.workflows.plan import plan_understood  # noqa: PLC0415
    from pvesdn.workflows.understand import understand  # noqa: PLC0415

    gc.set_threshold(50_000, 1000)  # as `pvesdn.cli.main` does
    clock = time.process_time
    marks = [0.0, clock()]
    snapshot = read_snapshot(folder)
    marks.append(clock())
    known = understand(snapshot)
    marks.append(clock())
    changes = plan_understood(known, Renderer())
    marks.append(clock())
    screen, summary = Screen({}), summarize(changes)
    screen.lines(plan_lines(changes, summary, has_diff=False))
    screen.line(*last_line(changes, summary))
    marks.append(clock())
    steps = ("starting", "reading", "decoding and checking", "designing, printing, comparing", "showing")
    return {step: marks[number + 1] - marks[number] for number, step in enumerate(steps)}


if __name__ == "__main__":
    what, snapshot_folder, *rest = sys.argv[1:]
    if what == "floor":
        floor(Path(snapshot_folder), Path(rest[0]))
    else:
        print(json.dumps(phases(Path(snapshot_folder))), file=sys.stderr)
