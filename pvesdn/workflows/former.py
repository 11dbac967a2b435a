"""Definitions of earlier applies, as the history has them: what differs between them, and from those of now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pvesdn.encode.committed import known_definitions, section_texts
from pvesdn.errors import HistoryError
from pvesdn.model.files import FileChange
from pvesdn.model.history import MOST_ENTRIES, Entry, History, Sources
from pvesdn.model.snapshot import OWN_FILE, OWN_NAME
from pvesdn.workflows.any_member import on_any_member
from pvesdn.workflows.read import SDN_DIR, read_members
from pvesdn.workflows.world import World

_RUNNING = ".running-config"


@dataclass(frozen=True, slots=True)
class Definitions:
    """All definitions at one time.

    :param own: pvesdn.cfg; None where there was no such file.
    :param committed: PVE's, as `known_definitions` gives them; None where nothing was committed.
    """

    own: str | None = None
    committed: str | None = None


def entry_of(history: History, number: int) -> Entry:
    """The entry with that number.

    :raises HistoryError: there is none, or none any more.
    """
    for entry in history.entries:
        if entry.number == number:
            return entry
    if not history.entries:
        raise HistoryError("the history has no entries yet", hint="it gets one with each apply")
    first, last = history.entries[0].number, history.entries[-1].number
    gone = f", and only the newest {MOST_ENTRIES} at most are kept" if number < first else ""
    raise HistoryError(f"there is no apply {number}: the history goes from {first} to {last}{gone}")


def definitions_of(history: History, entry: Entry) -> Definitions:
    """What the entry brought to the nodes, or was to bring.

    :raises HistoryError: the texts were too large to be kept.
    """
    return _texts(history, entry.after, entry.number)


def definitions_before(history: History, entry: Entry) -> Definitions | None:
    """What was in force when it began: what the last apply that was done had brought, else what a draft replaced.

    :returns: None where nobody knows.
    :raises HistoryError: the texts were too large to be kept.
    """
    former = [other for other in history.entries if other.number < entry.number and other.ending.is_in_force]
    if former:
        return definitions_of(history, former[-1])
    return None if entry.before == entry.after else _texts(history, entry.before, entry.number)


def definitions_now(world: World) -> Definitions:
    """The live pvesdn.cfg, and what PVE has committed.

    :raises ClusterError: the cluster does not say who its members are.
    :raises NodeError: no member can read them.
    """
    names = [f"{SDN_DIR}/{OWN_NAME}", f"{SDN_DIR}/{_RUNNING}"]
    members = [member.name for member in read_members(world.api).members if member.is_online]
    files = on_any_member(world, members, lambda name: world.nodes.read(name, names))
    return Definitions(files.get(names[0]), known_definitions(files.get(names[1])))


def between(old: Definitions, new: Definitions) -> tuple[FileChange, ...]:
    """What differs, file by file; PVE's definitions as the sections they are."""
    found = [_change(OWN_FILE, old.own, new.own)]
    before, after = section_texts(old.committed), section_texts(new.committed)
    found += [_change(name, before.get(name), after.get(name)) for name in _names(before, after)]
    return tuple(change for change in found if change.old != change.new)


def _names(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    return [*before, *(name for name in after if name not in before)]


def _change(path: str, old: str | None, new: str | None) -> FileChange:
    return FileChange(path=path, old=old, new=new, mode="", owner="", expect=None)


def _texts(history: History, sources: Sources, number: int) -> Definitions:
    wanted = {digest for digest in (sources.own, sources.committed) if digest is not None}
    if wanted - history.texts.keys():
        raise HistoryError(f"the definitions of apply {number} are not kept: they were too large for the history")
    return Definitions(history.text(sources.own), history.text(sources.committed))
