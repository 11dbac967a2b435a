"""Kills a commit before each of its system calls, kills the repair before each of its own too, and looks at what is
found then.

Run as a process of its own (it forks): ``kill_a_commit.py FOLDER``; prints two lists as JSON: an outcome for each call
of a commit, for each file that its repair changes, and one for each process that was killed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tests.noderoot import DROP_IN, FRR, OURS, RECORD, SYSCTL, NodeRoot
from tests.unit.node.asking import Asking
from tests.unit.node.killed import a_call_of_each, is_killed_at, left_at_every_call

GONE = DROP_IN.replace("lan", "dmz")
OLD = {FRR: "old\n", SYSCTL: "old\n", GONE: "old\n"}
NEW = {FRR: "new\n", OURS: "new\n", DROP_IN: "new\n"}


def prepared(folder: Path) -> tuple[NodeRoot, list[Any]]:
    """A node with a record of its own, and a commit staged that changes, adds and removes."""
    node = NodeRoot(folder)
    asking = Asking(node)
    asking.write(*(node.entry(path, text) for path, text in OLD.items()))
    asking.value("finish")
    entries = [
        *(node.entry(path, text) for path, text in NEW.items()),
        node.entry(SYSCTL, None),
        node.entry(GONE, None),
    ]
    assert asking.problems(*entries) == []
    return node, entries


def seen(node: NodeRoot) -> dict[str, Any]:
    """What the next call finds: which files, whether the record fits them, and temporaries of the swap."""
    answer = Asking(node).value("observe", files=[FRR, OURS, DROP_IN, SYSCTL, GONE])["files"]
    name = {json.dumps(OLD): "old", json.dumps(NEW): "new"}.get(json.dumps(answer), f"mixed: {answer}")
    recorded = json.loads(node.text(RECORD))["files"]
    if set(recorded) != set(answer):
        name = f"{name}, but the record is of {sorted(recorded)}"
    # Staged files of a commit that never began are `discard`'s, kept ones of one that is over the next commit's.
    return {"files": name, "forgotten": node.place("/var/lib/pvesdn/commit.json").exists()}


def after_a_second_kill(node: NodeRoot, copies: Path) -> list[dict[str, Any]]:
    """What is found after a power cut while the first one's damage is being repaired, wherever in the repair."""
    return [seen(left.node) for left in left_at_every_call(node, copies, "observe")]


def killed_twice(folder: Path, calls: list[int]) -> Iterator[dict[str, Any]]:
    """The same for processes that die: the commit's at each of `calls`, and the repair's where that changes a file."""
    for call in calls:
        node, entries = prepared(folder / str(call))
        is_killed_at(call, node, "commit", files=entries)
        repairs = left_at_every_call(node.copied(folder / f"{call} traced"), folder / f"{call} left", "observe")
        for repair in a_call_of_each(repairs):
            again = node.copied(folder / f"{call} {repair}")
            is_killed_at(repair, again, "observe")
            yield seen(again)


def main(folder: Path) -> None:
    node, entries = prepared(folder / "traced")
    found = left_at_every_call(node, folder / "left", "commit", files=entries)
    outcomes = []
    for number, left in enumerate(found):
        outcomes += left.calls * after_a_second_kill(left.node, folder / "repairs" / str(number))
    print(json.dumps([outcomes, list(killed_twice(folder / "killed", list(a_call_of_each(found))))]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
