"""The definitions that the nodes have been brought to: what is running is held against these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pvesdn.compare.in_force import entry_in_force
from pvesdn.errors import SdnConfigError
from pvesdn.model.snapshot import OWN_NAME, Snapshot
from pvesdn.model.status import Beside
from pvesdn.workflows.understand import Understanding, understand

_UNFIT = "what apply {0} left: it no longer fits the cluster; the file counts"


def understand_in_force(
    snapshot: Snapshot, beside: Beside, *, hidden: Callable[[Snapshot], Snapshot] = lambda found: found
) -> tuple[Understanding, Beside]:
    """Understand PVE's committed definitions, and pvesdn.cfg as `in_force`.

    The file counts where the other text does not fit the cluster any more, such as one that names a member which is
    gone: somebody may have mended that already. What is told besides says so then.

    :param hidden: takes from a snapshot what nobody is to see.
    :raises PvesdnError: see `understand`; what is wrong with the file where neither can be used.
    """
    applied = in_force(snapshot, beside)
    try:
        return understand(hidden(applied), intent="running"), beside
    except SdnConfigError:
        entry = entry_in_force(beside)
        if applied is snapshot or entry is None:
            raise
    known = understand(hidden(snapshot), intent="running")
    return known, replace(beside, is_unfit=True, unknown=(*beside.unknown, _UNFIT.format(entry.number)))


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
