"""Which apply of the history the nodes have been brought to. One rule for all who hold the network against it."""

from __future__ import annotations

from itertools import takewhile

from pvesdn.model.history import Ending, Entry
from pvesdn.model.open_apply import OpenState
from pvesdn.model.status import Beside


def entry_in_force(beside: Beside) -> Entry | None:
    """The newest apply whose definitions the nodes have, as far as the history goes."""
    entries = () if beside.history is None else beside.history.entries
    return next((entry for entry in reversed(entries) if _counts(entry, beside)), None)


def depends_on_nodes(beside: Beside) -> bool:
    """Whether it may be another one by how applies stand on the nodes: one whose end nobody has told is newer."""
    entries = () if beside.history is None else beside.history.entries
    newer = takewhile(lambda entry: not _counts(entry, beside), reversed(entries))
    return any(entry.ending is Ending.OPEN for entry in newer)


def _counts(entry: Entry, beside: Beside) -> bool:
    """In force, or about to be: an apply waits to be confirmed while the nodes have its network.

    One that is still at work counts where the file has its text: then nobody has begun anything else since.
    """
    if entry.ending is not Ending.OPEN:
        return entry.ending.is_in_force
    there = (beside.open or {}).get(entry.id, {}).values()
    return entry.after.own == beside.own_digest or any(one.state is OpenState.WAITING for one in there)
