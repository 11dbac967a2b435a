"""What a call of the node program leaves behind when it is killed, at each of its lines.

A process that is killed leaves the files as they are. So the call runs once, and the node is copied before every line
at which its files are no longer those of the line before: killed at any line up to the next copy, it leaves just that.
That this is what a kill leaves is shown by `is_killed_at`, for which a process dies, once for each copy.

For drivers that are processes of their own: one traces itself, the other forks.
"""

from __future__ import annotations

import os
import signal
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from pvesdn.node import program
from tests.noderoot import NodeRoot
from tests.unit.node.asking import Asking

PROGRAM = f"{program.__path__[0]}/"


class Left(NamedTuple):
    """What a kill leaves. :param lines: at how many of the call's lines, one after the other, it leaves this."""

    node: NodeRoot
    lines: int


def left_at_every_line(node: NodeRoot, copies: Path, verb: str, **arguments: Any) -> list[Left]:
    """What a call that is killed leaves, from its first line to its end; the last one was not killed at all.

    :param copies: a folder to make; the copies are in it.
    """
    copies.mkdir(parents=True)
    found: list[Left] = []
    last: object = None

    def look() -> None:
        nonlocal last
        now = _all_of(node.folder)
        if now == last:
            found[-1] = found[-1]._replace(lines=found[-1].lines + 1)
        else:
            found.append(Left(node.copied(copies / str(len(found))), 1))
        last = now

    with _before_each_line(look):
        Asking(node).value(verb, **arguments)
    look()
    return found


def a_line_of_each(found: Sequence[Left]) -> Iterator[int]:
    """For each of `found` a line at which a kill leaves it: where a process is to die."""
    passed, end = 0, sum(left.lines for left in found)
    for left in found:
        line = passed + max(left.lines // 2, 1)
        if line < end:
            yield line
        passed += left.lines


def is_killed_at(line: int, node: NodeRoot, verb: str, **arguments: Any) -> bool:
    """Kill a call before its `line`; False when it had come to its end by then."""
    child = os.fork()
    if child == 0:
        left = line

        def count() -> None:
            nonlocal left
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

        with _before_each_line(count):
            Asking(node).value(verb, **arguments)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status in {0, signal.SIGKILL}, status
    return status != 0


@contextmanager
def _before_each_line(do: Callable[[], None]) -> Iterator[None]:
    """Call `do` before each line of the node program."""

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        if not frame.f_code.co_filename.startswith(PROGRAM):
            return None
        if event == "line":
            do()
        return trace

    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(None)


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
