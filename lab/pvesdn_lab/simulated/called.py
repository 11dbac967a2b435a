"""A simulated node's commands called by this process, where nobody could tell the difference from a process of their
own.

Starting Python is most of what such a command costs, and a cluster of folders runs hundreds.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from pvesdn_lab.simulated.answered import answered
from pvesdn_lab.simulated.commands import run
from pvesdn_lab.simulated.commands.answers import script
from pvesdn_lab.simulated.commands.main import COMMANDS, is_broken, record, said
from pvesdn_lab.simulated.commands.seen import seen
from pvesdn_lab.simulated.commands.state import is_slow


@cache
def text_of(name: str) -> str:
    """The command's file, as `SimulatedNode.install` writes it."""
    return script([sys.executable, "-SE", run.__file__ or "", name])


def call(executable: Path, arguments: Sequence[str]) -> subprocess.CompletedProcess[str] | None:
    """What a node's command answers, recorded as any other call; None where it has to be started.

    That is where it shall take its time (deadlines and kills need a process), where somebody has put another program
    in its place, and `pvesh`, which calls the API that may be this very process.

    :param executable: in the node's `bin`.
    """
    name, root = executable.name, executable.parent.parent
    if name not in COMMANDS or name == "pvesh" or is_slow(root, name) or not _is_ours(executable):
        return None

    argv = [name, *arguments]
    found = said(root, argv) if is_broken(root, name) else answered(executable, arguments, lambda: said(root, argv))
    record(root, argv, found[0])
    return subprocess.CompletedProcess([str(executable), *arguments], *found)


def _is_ours(executable: Path) -> bool:
    try:
        text = seen(str(executable), lambda: executable.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        return False
    return bool(text == text_of(executable.name))
