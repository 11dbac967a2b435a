"""Kills a commit at its first line, at its second and so on, kills the repair too, and looks at what is found then.

Run as a process of its own (it forks): ``kill_at_every_line.py FOLDER``; prints one JSON list.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from pvesdn.node import program
from tests.noderoot import FRR, OURS, RECORD, SYSCTL, NodeRoot
from tests.unit.node.asking import Asking

PROGRAM = f"{program.__path__[0]}/"

REPAIR = 150
"""About as many lines as taking a commit back has."""

OLD = {FRR: "old\n", SYSCTL: "old\n"}
NEW = {FRR: "new\n", OURS: "new\n"}


def prepared(folder: Path) -> tuple[NodeRoot, list[Any]]:
    """A node with a record of its own, and a commit staged that changes, adds and removes."""
    node = NodeRoot(folder)
    asking = Asking(node)
    asking.write(*(node.entry(path, text) for path, text in OLD.items()))
    asking.value("finish")
    entries = [node.entry(FRR, "new\n"), node.entry(OURS, "new\n"), node.entry(SYSCTL, None)]
    assert asking.problems(*entries) == []
    return node, entries


def ends_before_line(last: int, node: NodeRoot, verb: str, **arguments: Any) -> bool:
    """Whether a call of the program comes to its end before its `last` line; there it is killed."""
    child = os.fork()
    if child == 0:
        lines = 0

        def trace(frame: FrameType, event: str, _argument: object) -> Any:
            nonlocal lines
            if not frame.f_code.co_filename.startswith(PROGRAM):
                return None
            lines += event == "line"
            if lines == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return trace

        sys.settrace(trace)
        Asking(node).value(verb, **arguments)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return status == 0


def seen(node: NodeRoot) -> dict[str, Any]:
    """What the next call finds: which files, whether the record fits them, and temporaries of the swap."""
    answer = Asking(node).value("observe", files=[FRR, OURS, SYSCTL])["files"]
    name = {json.dumps(OLD): "old", json.dumps(NEW): "new"}.get(json.dumps(answer), f"mixed: {answer}")
    recorded = json.loads(node.text(RECORD))["files"]
    if set(recorded) != set(answer):
        name = f"{name}, but the record is of {sorted(recorded)}"
    # Staged files of a commit that never began are `discard`'s, kept ones of one that is over the next commit's.
    return {"files": name, "forgotten": node.place("/var/lib/pvesdn/commit.json").exists()}


def main(folder: Path) -> None:
    outcomes = []
    for last in range(1, 2000):
        node, entries = prepared(folder / str(last))
        ended = ends_before_line(last, node, "commit", files=entries)
        # A second power cut, while the first one's damage is being repaired.
        ends_before_line(last % REPAIR + 1, node, "observe")
        outcomes.append(seen(node))
        if ended:
            break
    print(json.dumps(outcomes))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
