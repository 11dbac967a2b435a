"""Applies that are not over: at work on their nodes, waiting for somebody to confirm them, or left alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pvesdn.model.primitives import NodeName

HOLDER_FILE = "/etc/pve/priv/lock/pvesdn.holder"
"""Whose the cluster lock is, beside the lock itself."""


class OpenState(StrEnum):
    """How an apply that is open stands on a node."""

    AT_WORK = "at work"
    WAITING = "waiting"
    """Done and verified; it stays if it is confirmed in time."""
    OVERDUE = "overdue"
    """Nothing has been heard of it for too long: the node is about to put itself back, or has tried in vain."""


@dataclass(frozen=True, slots=True)
class OpenApply:
    """An apply that is open on a node.

    :param id: the same on every node.
    :param who: where it was begun.
    :param age: seconds since it armed the node; None when the node was restarted since.
    :param left: seconds until the node puts itself back.
    :param nodes: those on which it has to be confirmed; empty until it waits for that.
    :param rehearses: its run has PVE commit once it is confirmed; until then it can be put back.
    """

    id: str
    who: str
    age: float | None
    left: float
    state: OpenState
    nodes: tuple[NodeName, ...] = ()
    rehearses: bool = False


@dataclass(frozen=True, slots=True)
class Applied:
    """What a node knows of applies. :param kept: id of the one that was confirmed last; empty if none was."""

    open: OpenApply | None
    kept: str = ""


@dataclass(frozen=True, slots=True)
class LockHolder:
    """Whose the cluster lock is.

    :param id: of its run; empty where nobody has written that down.
    :param who: where it was begun; empty likewise.
    :param age: seconds since it was taken, as far as the nodes' clocks agree; None likewise.
    """

    id: str
    who: str
    age: float | None
