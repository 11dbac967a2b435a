"""Which apply of the history the nodes have been brought to. One rule for all who hold the network against it."""

from __future__ import annotations

from itertools import takewhile

from pvesdn.model.files import ChangeSet
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


def own_differs(beside: Beside, changes: ChangeSet | None, *, is_whole: bool) -> bool | None:
    """Whether pvesdn.cfg is not what the nodes have been brought to; None where nobody knows that.

    An edit for which an apply would find nothing to do, such as that of a comment, is none: no entry comes of such an
    apply, so nobody could ever settle it.

    :param is_whole: `changes` is about all nodes.
    """
    entry = entry_in_force(beside)
    if entry is None:
        return None
    if changes is not None and is_whole and not (changes.has_work or changes.unreachable or changes.offline):
        return False
    return entry.after.own != beside.own_digest


def _counts(entry: Entry, beside: Beside) -> bool:
    """In force, or about to be: an apply waits to be confirmed while the nodes have its network.

    One that is still at work counts where the file has its text: then nobody has begun anything else since.
    """
    if entry.ending is not Ending.OPEN:
        return entry.ending.is_in_force
    there = (beside.open or {}).get(entry.id, {}).values()
    return entry.after.own == beside.own_digest or any(one.state is OpenState.WAITING for one in there)
