"""Interfaces that move from one of a node's files to another in the same reload: ifupdown2 knows a device by its name
alone (docs/pve.md §13.2), so it stays, and so do the guests' ports in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pvesdn.compare.stanzas import change_of
from pvesdn.model.files import Action, PrintedInterfaces, StanzaChange


@dataclass(frozen=True, slots=True)
class FileStanzas:
    """The interfaces of one file.

    :param changes: what happens to them, looking at this file alone.
    :param old: text by interface name, as it is.
    :param new: the file as it should be; None when it goes.
    """

    changes: tuple[StanzaChange, ...]
    old: Mapping[str, str]
    new: PrintedInterfaces | None


def follow_moves(files: Mapping[str, FileStanzas]) -> dict[str, tuple[StanzaChange, ...]]:
    """The changes of each file, by path, where an interface that leaves one file and comes in another is told once, in
    the file it moves to, as the change that it is.
    """
    leaving = {
        change.name: path for path, file in files.items() for change in file.changes if change.action is Action.REMOVE
    }
    coming = {
        change.name: path
        for path, file in files.items()
        for change in file.changes
        if change.action is Action.ADD and leaving.get(change.name, path) != path
    }
    if not coming:
        return {path: file.changes for path, file in files.items()}
    return {
        path: tuple(
            _moved(change.name, files[leaving[change.name]].old[change.name], file.new, leaving[change.name])
            if file.new is not None and coming.get(change.name) == path and change.action is Action.ADD
            else change
            for change in file.changes
            if change.name not in coming or change.action is not Action.REMOVE
        )
        for path, file in files.items()
    }


def _moved(name: str, old: str, new: PrintedInterfaces, path: str) -> StanzaChange:
    change = change_of(name, old, new)
    why = f"moves here from {path}"
    stays = "" if change.action is Action.REPLACE else "; the device stays"
    return replace(change, why=f"{why}{stays}{f'; {change.why}' if change.why else ''}", moved_from=path)
