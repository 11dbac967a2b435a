"""What a call of the node program leaves behind when it is killed, at each of its system calls.

A process that is killed leaves the files as they are, and nothing but a system call changes them. So the call runs
once, in a process that stops before each, and the node is copied where its files are no longer those of the stop
before: killed at any call up to the next copy, it leaves just that. That this is what a kill leaves is shown by
`is_killed_at`, for which a process dies, once for each copy.

For drivers that are processes of their own, and have one thread: they fork.
"""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.noderoot import NodeRoot
from tests.unit.node.asking import Asking
from tests.unit.node.traced import child


class Left(NamedTuple):
    """What a kill leaves. :param calls: before how many system calls, one after the other, it leaves this."""

    node: NodeRoot
    calls: int


def left_at_every_call(node: NodeRoot, copies: Path, verb: str, **arguments: Any) -> list[Left]:
    """What a verb that is killed leaves, from its first system call to its end; the last one was not killed at all.

    :param copies: a folder to make; the copies are in it.
    """
    copies.mkdir(parents=True)
    found: list[Left] = []
    last: object = None

    def look() -> None:
        nonlocal last
        now = _all_of(node.folder)
        if now == last:
            found[-1] = found[-1]._replace(calls=found[-1].calls + 1)
        else:
            found.append(Left(node.copied(copies / str(len(found))), 1))
        last = now

    with child(lambda: _done(node, verb, arguments)) as running:
        for _ in running.calls():
            look()
    assert running.status == 0, f"{verb} did not go well"
    look()
    return found


def a_call_of_each(found: Sequence[Left]) -> Iterator[int]:
    """For each of `found` a system call before which a kill leaves it: where a process is to die."""
    passed, end = 0, sum(left.calls for left in found)
    for left in found:
        call = passed + max(left.calls // 2, 1)
        if call < end:
            yield call
        passed += left.calls


def is_killed_at(call: int, node: NodeRoot, verb: str, **arguments: Any) -> bool:
    """Kill a verb before its system call of that number; False when it had come to its end by then."""
    with child(lambda: _done(node, verb, arguments)) as running:
        for number in running.calls():
            if number == call:
                running.kill()
                break
    assert running.status in {0, signal.SIGKILL}, running.status
    return running.status != 0


def _done(node: NodeRoot, verb: str, arguments: dict[str, Any]) -> None:
    Asking(node).value(verb, **arguments)


def _all_of(folder: Path) -> dict[str, object]:
    """Everything in a node's folder that a call could find, names that are one file included."""
    return dict(_entries(str(folder)))


def _entries(folder: str) -> Iterator[tuple[str, object]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name in {"bin", "calls"}:
                continue
            found = entry.stat(follow_symlinks=False)
            file = found.st_ino if found.st_nlink > 1 else None
            if stat.S_ISDIR(found.st_mode):
                yield entry.path, found.st_mode
                yield from _entries(entry.path)
            elif stat.S_ISREG(found.st_mode):
                with open(entry.path, "rb") as content:  # noqa: PTH123 -- thousands of times, and Path takes as long again
                    yield entry.path, (found.st_mode, file, content.read())
            else:
                yield entry.path, (found.st_mode, Path(entry.path).readlink())
