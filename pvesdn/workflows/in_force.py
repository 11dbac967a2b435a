"""The definitions that the nodes have been brought to: what is running is held against these."""

from __future__ import annotations

from dataclasses import replace

from pvesdn.compare.in_force import entry_in_force
from pvesdn.model.snapshot import OWN_NAME, Snapshot
from pvesdn.model.status import Beside


def in_force(snapshot: Snapshot, beside: Beside) -> Snapshot:
    """The same with pvesdn.cfg as it was applied last, as the history has it.

    PVE's definitions have a committed and a pending form, pvesdn.cfg has its text alone: edited and not yet applied it
    would make a network that is well look bad, and with a mistake in it nothing could be said of the network at all.
    The text of the file is kept where an apply of it is under way, and where the history does not tell another. Where
    there was no file, nothing of ours is on the nodes.
    """
    entry = entry_in_force(beside)
    if entry is None or beside.history is None or entry.after.own == beside.own_digest:
        return snapshot
    others = {name: text for name, text in snapshot.pve_files.items() if name != OWN_NAME}
    if entry.after.own is None:
        return replace(snapshot, pve_files=others)
    text = beside.history.text(entry.after.own)
    return snapshot if text is None else replace(snapshot, pve_files={**others, OWN_NAME: text})
