"""What simulated nodes have answered before, for whoever calls their commands from this process.

A plan asks each node some twenty questions, and most answers need the state of all nodes beside it. None of them
changes while nobody writes to a node's state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pvesdn_lab.simulated.commands.answers import is_question
from pvesdn_lab.simulated.commands.together import while_unchanged

Said = tuple[int, str, str]
"""Exit status, standard output, standard error."""


def answered(executable: Path, arguments: Sequence[str], ask: Callable[[], Said]) -> Said:
    """What `ask` returns, or has returned when the nodes were as they are now.

    :param executable: in the `bin` of a node's folder, which lies beside those of the other nodes.
    """
    argv = (executable.name, *arguments)
    if not is_question(argv):
        return ask()
    said: Said = while_unchanged(executable.parent.parent, argv, ask)
    return said
