"""Interfaces that move from one of a node's files to another in the same reload, and those that two files have:
ifupdown2 knows a device by its name alone (docs/pve.md §13.2), so it stays, and so do the guests' ports in it.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
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


def follow_merges(
    changes: tuple[StanzaChange, ...], kept: Container[str], elsewhere: str, *, carries: bool
) -> tuple[StanzaChange, ...]:
    """The changes of a file, where an interface that another file has before and after is neither made nor removed.

    :param kept: interfaces of the other file that are there and stay.
    :param elsewhere: the other file.
    :param carries: this file has what carries an interface, and takes that along where it gives the interface up.
    """

    def followed(change: StanzaChange) -> StanzaChange:
        if change.name not in kept or change.action not in {Action.ADD, Action.REMOVE}:
            return change
        is_given_up = carries and change.action is Action.REMOVE
        but = " without its uplink" if is_given_up else ""
        why = f"{elsewhere} has it too, and the device stays{but}"
        return replace(change, action=Action.CHANGE, why=why, is_merged=True, is_given_up=is_given_up)

    return tuple(map(followed, changes))


def _moved(name: str, old: str, new: PrintedInterfaces, path: str) -> StanzaChange:
    change = change_of(name, old, new)
    why = f"moves here from {path}"
    stays = "" if change.action is Action.REPLACE else "; the device stays"
    return replace(change, why=f"{why}{stays}{f'; {change.why}' if change.why else ''}", moved_from=path)
