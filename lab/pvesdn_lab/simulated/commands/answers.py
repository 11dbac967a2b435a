"""What `ip` and `dpkg-query` have answered, kept for as long as the node stays what it is, so that a shell can give it
again.

A plan asks each node for its links six times, and starting Python for it is most of what a simulated cluster costs. An
answer lies in a folder named after the very state that it was made from: one that comes late is never taken for news.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from pvesdn_lab.simulated.commands.state import GENERATION, STATE_FOLDER, State
from pvesdn_lab.simulated.commands.streams import is_caught

RECORD = "commands.jsonl"
_LINE = ".line"


def script(python: Sequence[str]) -> str:
    """A command's text.

    :param python: the words that start Python with the command's name, for whatever has no kept answer.
    """
    # Faults are counted down, and a path would be a folder: Python's business. `read` and `printf` start no process.
    return f"""\
#!/bin/sh
bin="${{0%/*}}"
state="$bin/../{STATE_FOLDER}"
case "$*" in
    */*) ;;
    *)
        if [ ! -e "$state/faults.json" ] && read -r generation 2>/dev/null <"$state/{GENERATION}"; then
            kept="$state/answers.$generation/${{0##*/}} $*"
            if read -r line 2>/dev/null <"$kept{_LINE}"; then
                printf '%s\\n' "$line" >>"$bin/../{RECORD}"
                exec cat "$kept"
            fi
        fi
        ;;
esac
exec {shlex.join(python)} "$bin" "$@"
"""


def is_kept(state: State) -> bool:
    """Whether answers are kept: who calls within this process needs no shell to give them again."""
    return bool(state.generation) and not is_caught()


def keep(state: State, argv: Sequence[str], answer: str) -> None:
    """Keep what `argv` has printed, and the line of the record that it makes."""
    key = " ".join(argv)
    if not is_kept(state) or "/" in key:
        return
    folder = state.root / STATE_FOLDER / f"answers.{state.generation}"
    folder.mkdir(exist_ok=True)
    _put(folder / key, answer)
    _put(folder / f"{key}{_LINE}", record_line(argv, 0))  # last: where it is, the answer is


def record_line(argv: Sequence[str], status: int) -> str:
    """One call as the record has it."""
    return json.dumps({"argv": list(argv), "status": status}) + "\n"


def _put(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text, "utf-8")
    draft.replace(path)
