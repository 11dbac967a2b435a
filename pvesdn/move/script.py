"""The cut-over and the way back as shell scripts: nothing of them reaches a node before `pvesdn apply`."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Iterable

from pvesdn.model.findings import Where
from pvesdn.model.zone_move import Command, ZoneMove

_FOLDER = "/etc/pve/sdn"
OWN_PATH = f"{_FOLDER}/pvesdn.cfg"
_CHANGED = f"{OWN_PATH} no longer ends with the sections that the move added: take them out by hand, then run the rest"


def lines_of(commands: Iterable[Command]) -> list[str]:
    """One line for each command, quoted for a shell."""
    return [shlex.join(command) for command in commands]


def appending(added: str) -> list[str]:
    """The lines that append sections to pvesdn.cfg. No line of a section is the word that ends them."""
    return [f"cat >> {OWN_PATH} <<'END'", "", *added.rstrip("\n").split("\n"), "END"]


def move_script(move: ZoneMove, added: str) -> str:
    """Out of PVE's definitions and into pvesdn.cfg.

    :param added: the sections that come.
    """
    return _script(
        f"Moves {_zones(move)} from PVE's panel to pvesdn.cfg",
        [*lines_of(move.leave), *appending(added), "pvesdn plan"],
    )


def way_back_script(move: ZoneMove, added: str) -> str:
    """Out of pvesdn.cfg, which must still end with what was added, and into PVE's definitions as they were.

    It takes up a cut-over wherever that ended: what is there already stays as it is.
    """
    tail = ("\n" + added.rstrip("\n") + "\n").encode()
    digest = hashlib.sha256(tail).hexdigest()
    first = move.own.zones[0]
    lines = [
        f"file={OWN_PATH}",
        f"if grep -qsx '{first.kind}: {first.id}' \"$file\"; then",
        f'\tif [ "$(tail -c {len(tail)} "$file" | sha256sum)" != "{digest}  -" ]; then',
        f"\t\techo {shlex.quote(_CHANGED)} >&2",
        "\t\texit 1",
        "\tfi",
        "\tkept=$(mktemp)",
        f'\thead -c -{len(tail)} "$file" > "$kept"',
        '\tcp "$kept" "$file"',
        '\trm "$kept"',
        "fi",
        *(_unless_there(where, line) for where, line in zip(move.taken, lines_of(move.enter), strict=True)),
        "pvesdn plan",
    ]
    return _script(f"Moves {_zones(move)} from pvesdn.cfg back to PVE's panel", lines)


def _unless_there(where: Where, line: str) -> str:
    return f"grep -qsE {shlex.quote(f'^[a-z]+: {re.escape(where.id)} *$')} {_FOLDER}/{where.file} || {line}"


def _zones(move: ZoneMove) -> str:
    return f"zone{'s' if len(move.zones) > 1 else ''} {', '.join(move.zones)}"


def _script(what: str, lines: Iterable[str]) -> str:
    head = ["#!/bin/sh", f"# {what}. Nothing reaches a node before `pvesdn apply`.", "set -e"]
    return "\n".join((*head, *lines, ""))
