"""The cut-over and the way back, as lines for a person and as shell scripts. Nothing of them reaches a node before
`pvesdn apply`.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pvesdn.decode.definitions.section_config import Section
from pvesdn.model.zone_move import Command, ZoneMove
from pvesdn.move.panel import line_numbers

_FOLDER = "/etc/pve/sdn"
OWN_PATH = f"{_FOLDER}/pvesdn.cfg"
_PLAN = "pvesdn plan"
_BY_HAND = f"# take these sections out of {OWN_PATH}"
"""What a script does by itself, for a person who types."""


@dataclass(frozen=True, slots=True)
class Script:
    """One direction.

    :param name: of its file.
    :param lines: what a person types, who looks at each answer.
    :param text: the same for `sh`, which stops where something is not as it was.
    """

    name: str
    lines: tuple[str, ...]
    text: str


def from_pve_scripts(move: ZoneMove, added: str) -> tuple[Script, Script]:
    """The way to pvesdn.cfg, and the way back.

    :param added: the sections that come, with a line break before them they end the file.
    """
    first = move.own.zones[0]
    tail = f"\n{added.rstrip(chr(10))}\n".encode()
    cut = [
        f'if grep -qsxF {shlex.quote(f"{first.kind}: {first.id}")} "$file"; then',
        *_indented(_guarded(f'tail -c {len(tail)} "$file"', tail, f'head -c -{len(tail)} "$file"')),
        "fi",
    ]
    return (
        _script(
            "to-pvesdn.sh",
            f"Moves {_zones(move)} from PVE's panel to pvesdn.cfg",
            lines_of(move.leave),
            _appending(added),
        ),
        _script(
            "back-to-pve.sh",
            f"Moves {_zones(move)} from pvesdn.cfg back to PVE's panel",
            [_BY_HAND, *lines_of(move.enter)],
            guarded=[f"file={OWN_PATH}", *cut, *_unless_there(move)],
        ),
    )


def to_pve_scripts(move: ZoneMove, sections: Sequence[Section], text: str) -> tuple[Script, Script]:
    """The way to PVE's panel, and the way back.

    :param sections: what goes from pvesdn.cfg.
    :param text: of pvesdn.cfg as it is.
    """
    rows = text.split("\n")
    numbers = [n for section in sections for n in line_numbers(section)]
    gone = "".join(f"{rows[n - 1]}\n" for n in numbers)
    added = "\n".join("".join(f"{rows[n - 1]}\n" for n in line_numbers(section)) for section in sections)
    shown, cut = (";".join(f"{n}{what}" for n in numbers) for what in "pd")
    first = f"grep -qsxF {shlex.quote(rows[numbers[0] - 1])} {OWN_PATH}"
    return (
        _script(
            "to-pve.sh",
            f"Moves {_zones(move)} from pvesdn.cfg to PVE's panel",
            [_BY_HAND, *lines_of(move.enter)],
            guarded=[
                f"file={OWN_PATH}",
                *_guarded(f"sed -n '{shown}' \"$file\"", gone.encode(), f"sed '{cut}' \"$file\""),
                *lines_of(move.enter),
            ],
        ),
        _script(
            "back-to-pvesdn.sh",
            f"Moves {_zones(move)} from PVE's panel back to pvesdn.cfg",
            lines_of(move.leave),
            _appending(added),
            guarded=[*_where_there(move), f"if ! {first}; then", *_appending(added), "fi"],
        ),
    )


def lines_of(commands: Iterable[Command]) -> list[str]:
    """One line for each command, quoted for a shell."""
    return [shlex.join(command) for command in commands]


def _appending(added: str) -> list[str]:
    """The lines that append sections to pvesdn.cfg. No line of a section is the word that ends them."""
    return [f"cat >> {OWN_PATH} <<'END'", "", *added.rstrip("\n").split("\n"), "END"]


def _guarded(shows: str, expected: bytes, keeps: str) -> list[str]:
    """Take lines out of pvesdn.cfg where they are what they were.

    :param shows: prints them.
    :param keeps: prints the others.
    """
    changed = f"{OWN_PATH} has changed: take the sections of this move out by hand, then run the rest"
    return [
        f'if [ "$({shows} | sha256sum)" != "{hashlib.sha256(expected).hexdigest()}  -" ]; then',
        f"\techo {shlex.quote(changed)} >&2",
        "\texit 1",
        "fi",
        "kept=$(mktemp)",
        f'{keeps} > "$kept"',
        'cp "$kept" "$file"',
        'rm "$kept"',
    ]


def _unless_there(move: ZoneMove) -> list[str]:
    """What puts the definitions into PVE's files, each only where it is not there."""
    lines = zip(move.taken, lines_of(move.enter), strict=True)
    return [f"{_has(move, where.file, where.id)} || {line}" for where, line in lines]


def _where_there(move: ZoneMove) -> list[str]:
    """What takes them out, each only where it is there."""
    found = []
    for command in move.leave:
        collection, name = command[-1].split("/")[-2:]
        found.append(f"if {_has(move, f'{collection}.cfg', name)}; then {shlex.join(command)}; fi")
    return found


def _has(move: ZoneMove, file: str, name: str) -> str:
    """Whether a definition is in one of PVE's files. For both kinds of zones PVE has the same word as pvesdn.cfg."""
    kinds = {zone.id: zone.kind for zone in move.own.zones} if file == "zones.cfg" else {}
    header = f"{kinds.get(name, file.removesuffix('s.cfg'))}: {name}"
    return f"grep -qsxF {shlex.quote(header)} {_FOLDER}/{file}"


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"\t{line}" for line in lines]


def _zones(move: ZoneMove) -> str:
    return f"zone{'s' if len(move.zones) > 1 else ''} {', '.join(move.zones)}"


def _script(
    name: str,
    what: str,
    calls: Sequence[str],
    appends: Sequence[str] = (),
    *,
    guarded: Sequence[str] | None = None,
) -> Script:
    """:param guarded: what the script does instead of the calls and of what is appended."""
    head = ["#!/bin/sh", f"# {what}. Nothing reaches a node before `pvesdn apply`.", "set -e"]
    body = [*calls, *appends] if guarded is None else guarded
    # Blanks instead of TABs, which a shell on a terminal would take for a wish to complete a name.
    typed = [*calls, *(line.replace("\t", "  ") for line in appends), _PLAN]
    return Script(name, tuple(typed), "\n".join((*head, *body, _PLAN, "")))
