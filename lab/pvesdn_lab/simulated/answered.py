"""What simulated nodes have answered before, for whoever calls their commands from this process.

A plan asks each node some twenty questions, and most answers need the state of all nodes beside it. None of them
changes while nobody writes to a node's state.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pvesdn_lab.simulated.commands.answers import is_question
from pvesdn_lab.simulated.commands.seen import TICK
from pvesdn_lab.simulated.commands.state import STATE_FOLDER

Said = tuple[int, str, str]
"""Exit status, standard output, standard error."""
_MOST = 1024
_Mark = list[tuple[str, int, int]]
_answered: dict[tuple[str, ...], tuple[_Mark, Said]] = {}


def answered(executable: Path, arguments: Sequence[str], ask: Callable[[], Said]) -> Said:
    """What `ask` returns, or has returned when the nodes were as they are now.

    :param executable: in the `bin` of a node's folder, which lies beside those of the other nodes.
    """
    if not is_question([executable.name, *arguments]):
        return ask()
    key = (str(executable), *arguments)
    now, mark = time.time_ns(), _mark(executable.parents[2])
    known = _answered.get(key)
    if known is not None and known[0] == mark:
        return known[1]
    said = ask()
    if all(now - changed > TICK for _, _, changed in mark):  # else a later change may leave the same mark
        if len(_answered) >= _MOST:
            _answered.clear()
        _answered[key] = (mark, said)
    return said


def _mark(nodes: Path) -> _Mark:
    """Whatever is written to a node's state takes the place of a file there, and so changes the folder."""
    found = []
    with os.scandir(nodes) as entries:
        for entry in entries:
            try:
                state = os.stat(f"{entry.path}/{STATE_FOLDER}")  # noqa: PTH116 - a path for each takes longer
            except (FileNotFoundError, NotADirectoryError):
                continue
            found.append((entry.name, state.st_ino, state.st_mtime_ns))
    return found
