"""The definitions that the nodes have been brought to: what is running is held against these."""

from __future__ import annotations

from dataclasses import replace

from pvesdn.model.history import Ending, Entry
from pvesdn.model.snapshot import OWN_NAME, Snapshot
from pvesdn.model.status import Beside


def in_force(snapshot: Snapshot, beside: Beside) -> Snapshot:
    """The same with pvesdn.cfg as it was applied last, as the history has it.

    PVE's definitions have a committed and a pending form, pvesdn.cfg has its text alone: edited and not yet applied it
    would make a network that is well look bad, and with a mistake in it nothing could be said of the network at all.
    The text of the file is kept where an apply of it is under way, and where the history does not tell another.
    """
    entry = entry_in_force(beside)
    text = None if entry is None or beside.history is None else beside.history.text(entry.after.own)
    if entry is None or text is None or entry.after.own == beside.own_digest:
        return snapshot
    return replace(snapshot, pve_files={**snapshot.pve_files, OWN_NAME: text})


def entry_in_force(beside: Beside) -> Entry | None:
    """The apply whose definitions the nodes have been brought to, as far as the history goes."""
    entries = () if beside.history is None else beside.history.entries
    return next((entry for entry in reversed(entries) if _counts(entry, beside)), None)


def _counts(entry: Entry, beside: Beside) -> bool:
    """In force, or about to be: an apply waits to be confirmed while the nodes have its network."""
    is_under_way = entry.ending is Ending.OPEN and entry.after.own == beside.own_digest
    return entry.ending.is_in_force or is_under_way
