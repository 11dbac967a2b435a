"""What simulated nodes have answered to a shell, kept while no node's state changes, so that a shell can give it again.

A plan asks each node some twenty questions, and starting Python for each is most of what a simulated cluster costs. An
answer lies in folders named after the very states, of all nodes, that it was made from: one that comes late is never
taken for news.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from pvesdn_lab.simulated.commands.state import GENERATION, STATE_FOLDER, State
from pvesdn_lab.simulated.commands.together import Generations

RECORD = "commands.jsonl"
_QUESTIONS = {"ip": "-j", "bridge": "-j", "vtysh": "-c"}
"""The first argument of those who ask; `dpkg-query` does nothing else."""
_USUAL = (
    *(f"ip -j {what}".split() for what in ("-d link", "-d address", "route", "-6 route", "rule", "-6 rule")),
    *(f"bridge -j {what}".split() for what in ("fdb show", "-compressvlans vlan show")),
    *(["vtysh", "-c", f"show {what}"] for what in ("daemons", "running-config")),
    *(["vtysh", "-c", f"show {what} json"] for what in ("bgp neighbors", "evpn vni detail", "vrrp")),
    *(["vtysh", "-c", f"show evpn {what} vni all json"] for what in ("rmac", "next-hops")),
)


def script(python: Sequence[str]) -> str:
    """A command's text.

    :param python: the words that start Python with the command's name, for whatever has no kept answer.
    """
    # Faults are counted down, and a path would be a folder: Python's business. Nothing here starts a process.
    return f"""\
#!/bin/sh
bin="${{0%/*}}"
state="$bin/../{STATE_FOLDER}"
case "$*" in
    */*) ;;
    *)
        now=
        for file in "$bin"/../../*/{STATE_FOLDER}/{GENERATION}; do
            read -r generation 2>/dev/null <"$file" && now="$now/$generation"
        done
        kept="$state/answers$now/${{0##*/}} $*"
        if [ ! -e "$state/faults.json" ] && [ -r "$kept" ]; then
            . "$kept"
        fi
        ;;
esac
exec {shlex.join(python)} "$bin" "$@"
"""


def is_question(argv: Sequence[str]) -> bool:
    """Whether the command only asks, and may be answered as it was before."""
    name, *arguments = argv
    return name == "dpkg-query" or (bool(arguments) and arguments[0] == _QUESTIONS.get(name))


def asked_together(root: Path) -> list[list[str]]:
    """What is asked of a node at the same time: whoever answers one answers them all, before the next Python starts."""
    vrfs = [name for name, link in State(root).links.items() if link["kind"] == "vrf"]
    return [*_USUAL, *(["ip", "-j", f"-{family}", "route", "show", "vrf", name] for name in vrfs for family in (4, 6))]


def keep(root: Path, made_from: Generations, argv: Sequence[str], said: tuple[int, str, str]) -> None:
    """Keep what `argv` has answered, as a shell says it again: exit status, standard output, standard error.

    :param made_from: the states of the nodes.
    """
    key, (status, output, complaints) = " ".join(argv), said
    if "/" in key:
        return
    # One folder below the other: as one name, those of more than 14 nodes would be too long for any file system.
    folder = root / STATE_FOLDER / "/".join(["answers", *(generation for _, generation in made_from)])
    folder.mkdir(parents=True, exist_ok=True)
    words = map(shlex.quote, (record_line(argv, status), output, complaints))
    draft = folder / f".{key}.{os.getpid()}"
    draft.write_text(
        'printf %s {} >>"$bin/../{}"\nprintf %s {}\nprintf %s {} >&2\nexit {}\n'.format(
            next(words), RECORD, *words, status
        ),
        "utf-8",
    )
    draft.replace(folder / key)


def record_line(argv: Sequence[str], status: int) -> str:
    """One call as the record has it."""
    return json.dumps({"argv": list(argv), "status": status}) + "\n"
