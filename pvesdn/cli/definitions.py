"""Definitions that somebody names on the command line: a file, standard input or a folder, read within limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pvesdn.cli.draft import Draft, read_draft
from pvesdn.decode.definitions.pve_words import WORDS
from pvesdn.decode.definitions.sdn_files import Names
from pvesdn.errors import SettingsError
from pvesdn.model.snapshot import OWN_NAME

_PVES = tuple(f"{name}.cfg" for name in WORDS)


@dataclass(frozen=True, slots=True)
class Definitions:
    """:param files: text by the name that it has below /etc/pve/sdn."""

    files: Mapping[str, str]
    names: Names


def read_definitions(place: Path) -> Definitions:
    """The definitions in a folder, or in one file: one of PVE's by its name, else a `pvesdn.cfg` of any name.

    :raises SettingsError: there are none, or they are not text.
    """
    if place.is_dir():
        found = {name: _read(place / name) for name in (OWN_NAME, *_PVES) if (place / name).exists()}
        if not found:
            raise SettingsError(f"{place}: holds none of {', '.join((OWN_NAME, *_PVES))}", hint="name another folder")
    else:
        found = {place.name if place.name in _PVES else OWN_NAME: _read(place)}
    files = {name: draft.text for name, draft in found.items()}
    return Definitions(files, Names({name: draft.name for name, draft in found.items()}))


def _read(place: Path) -> Draft:
    draft = read_draft(place)
    before, nul, _ = draft.text.partition("\0")
    if nul:
        line = before.count("\n") + 1
        raise SettingsError(f"{draft.name}:{line}: holds a NUL byte, so it is not text", hint="save it as UTF-8")
    return draft
