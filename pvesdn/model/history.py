"""What was applied: by whom, when, why, from which definitions to which, and how it ended on every node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from pvesdn.model.base import Model

HISTORY_FILE = "/etc/pve/sdn/pvesdn-history.json"

FORMAT: Final = 1
MOST_ENTRIES = 50
MOST_BYTES = 128 * 1024
"""Bytes of the file: pmxcfs sends it to every node with each write, and keeps it in the memory of each."""
LARGEST = 1024 * 1024
"""Bytes; pmxcfs holds no larger file, so nothing larger is a history."""
MOST_TEXT = 8 * 1024 * 1024
"""Bytes of all definitions together before they are compressed."""
LONGEST_COMMENT = 200
LONGEST_NAME = 120
LONGEST_REASON = 300
LONGEST_NODES = 16 * 1024
MOST_GROUPS = 16
"""Groups of nodes that an entry tells apart; what is left over is one more."""
MOST_FLAGS = 64
"""Options that an entry lists; the last one then says how many more there were."""
LAST_NUMBER = 999_999_999
DONE: Final = "done"
"""What a node has that came through well, see `Result.what`."""


class Ending(StrEnum):
    """How an apply ended."""

    OPEN = "open"
    """At work, or its run was killed and nobody has looked since."""
    DONE = "done"
    CONFIRMED = "confirmed"
    INCOMPLETE = "incomplete"
    """Done, but for nodes that could not be reached or were left out."""
    REHEARSED = "rehearsed"
    """Tried out without PVE's commit: every node was put back on purpose."""
    FAILED = "failed"
    """And every node that was changed is as it was before."""
    UNCONFIRMED = "not confirmed"
    """All was good, nobody confirmed it, and it was put back."""
    ROLLED_BACK = "rolled back"
    PARTLY = "partly"
    """It failed, and not every node that was changed is as it was before."""
    CUT_OFF = "cut off"
    """Its run was killed or interrupted: what it had not told to stay was put back by the nodes."""

    @property
    def is_in_force(self) -> bool:
        """Whether the nodes have been brought to the entry's definitions."""
        return self in {Ending.DONE, Ending.CONFIRMED, Ending.INCOMPLETE}


def _one_line(value: str) -> str:
    if not value.isprintable():
        msg = "is not printable text of one line"
        raise ValueError(msg)
    return value


_Line = Annotated[str, AfterValidator(_one_line)]
Comment = Annotated[_Line, Field(max_length=LONGEST_COMMENT)]
_Name = Annotated[_Line, Field(max_length=LONGEST_NAME)]
_Reason = Annotated[_Line, Field(max_length=LONGEST_REASON)]
_Nodes = Annotated[_Line, Field(max_length=LONGEST_NODES)]
"""As `ranges` writes them."""
_Number = Annotated[int, Field(ge=0, le=LAST_NUMBER)]
_Time = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
"""The first half of a text's SHA-256."""


class Counts(Model):
    """Interfaces, by what happens to them."""

    add: _Number = 0
    change: _Number = 0
    replace: _Number = 0
    remove: _Number = 0


class Planned(Model):
    """What was to be done on some nodes.

    :param each: the same on each of them; None where they differ.
    :param frr: ``reload``, ``restart`` or empty.
    """

    nodes: _Nodes
    each: Counts | None
    frr: Literal["", "reload", "restart"] = ""


class Short(Model):
    """A plan in short.

    :param where: all nodes that were to change.
    :param total: over all of them.
    :param pending: PVE's definitions that were committed with it, such as ``vnet 'web' new``.
    """

    where: _Nodes = ""
    total: Counts = Counts()
    nodes: Annotated[tuple[Planned, ...], Field(max_length=MOST_GROUPS + 1)] = ()
    pending: Annotated[tuple[_Name, ...], Field(max_length=MOST_GROUPS + 1)] = ()


class Result(Model):
    """What some nodes have since.

    :param what: such as ``new``, ``as before``, ``not put back``, ``not reached``.
    :param why: what failed; empty if nothing did.
    """

    nodes: _Nodes
    what: _Name
    why: _Reason = ""


class Sources(Model):
    """Definitions, by the digests of their texts; None where there was no such file.

    :param own: pvesdn.cfg.
    :param committed: PVE's, as they were committed.
    """

    own: Digest | None = None
    committed: Digest | None = None


class Entry(Model):
    """One apply.

    :param number: of the entry; it grows by one, and no number is given twice.
    :param id: of the apply, as `pvesdn confirm --status` shows it.
    :param who: user or token, and the machine.
    :param began: UTC; before anything was changed.
    :param ended: UTC; None while it is open.
    :param pvesdn: the version.
    :param flags: options that decided something, as they were given.
    :param before: what was there when it began.
    :param after: what it made of that, and brought to the nodes.
    :param why: what else there is to say of how it ended.
    """

    number: Annotated[int, Field(ge=1, le=LAST_NUMBER)]
    id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    who: _Name
    began: _Time
    ended: _Time | None = None
    ending: Ending = Ending.OPEN
    comment: Comment = ""
    pvesdn: _Name
    flags: Annotated[tuple[_Name, ...], Field(max_length=MOST_FLAGS)] = ()
    plan: Short = Short()
    before: Sources = Sources()
    after: Sources = Sources()
    results: Annotated[tuple[Result, ...], Field(max_length=MOST_GROUPS + 1)] = ()
    why: _Reason = ""


@dataclass(frozen=True, slots=True)
class History:
    """The newest entries.

    :param entries: the oldest first.
    :param texts: definitions by digest; one that was too large to be kept is absent.
    """

    entries: tuple[Entry, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def next_number(self) -> int:
        """The number of the next entry."""
        return self.entries[-1].number + 1 if self.entries else 1

    def text(self, digest: str | None) -> str | None:
        """The text of a digest; None for no file, and for what was not kept."""
        return None if digest is None else self.texts.get(digest)
