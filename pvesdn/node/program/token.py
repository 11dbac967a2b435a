"""PVE's SDN lock: the token that an apply holds is in its checkpoint, and is given back when the apply is over.

The lock has no owner and no end (docs/pve.md §1.3): where the controller has died, only the nodes still know that it is
this apply's. They are told beforehand that it is about to be taken, and get the token afterwards.
"""

import contextlib
import os
import time
from typing import List

from pvesdn.node.program.files import text_of
from pvesdn.node.program.machine import Machine
from pvesdn.node.program.places import CLUSTER_FOLDER, SDN_LOCK
from pvesdn.node.program.request import Value

_AGAIN = "this node tries again, and `pvesh delete /cluster/sdn/lock --force 1` takes the lock away"


TAKEN_WITHIN = 60.0
"""Seconds after a node was armed in which the apply takes PVE's lock; a minute also covers clocks that differ."""
_LOCKS = "locks_since"
"""Of a checkpoint: when the apply was about to take the lock, in seconds of the Unix epoch."""


def about_to_lock(machine: Machine, checkpoint: Value) -> Value:
    """The checkpoint of an apply that takes PVE's lock next; the same where somebody else has it."""
    return checkpoint if text_of(machine, SDN_LOCK) else dict(checkpoint, **{_LOCKS: time.time()})


def may_hold_lock(checkpoint: Value) -> bool:
    """Whether the apply may have PVE's lock."""
    return bool(checkpoint.get("token")) or _LOCKS in checkpoint


def with_found_token(machine: Machine, checkpoint: Value) -> Value:
    """The checkpoint of an apply that nobody is at work on any more: where it was cut off before it could tell its
    token, the lock that has come up since is the one that it was about to take.
    """
    if checkpoint.get("token") or _LOCKS not in checkpoint:
        return checkpoint
    with contextlib.suppress(OSError):
        if abs(os.stat(machine.place(SDN_LOCK)).st_mtime - checkpoint[_LOCKS]) <= TAKEN_WITHIN:
            return dict(checkpoint, token=(text_of(machine, SDN_LOCK) or "").strip())
    return checkpoint


def give_token_back(machine: Machine, checkpoint: Value) -> List[str]:
    """Take PVE's lock away where it still holds this apply's token; why that cannot be done, and nothing otherwise.

    Whoever has forced the lock since is left alone. Without a quorum /etc/pve cannot be written.
    """
    if not may_hold_lock(checkpoint):
        return []
    if not os.path.isdir(machine.place(CLUSTER_FOLDER)):
        return ["whether PVE's definitions are still locked by this apply cannot be seen: /etc/pve is not mounted"]
    token = checkpoint.get("token", "")
    if not token or (text_of(machine, SDN_LOCK) or "").strip() != token:
        return []
    try:
        machine.remove_file(machine.place(SDN_LOCK))
    except FileNotFoundError:
        return []  # another node was faster
    except OSError as error:
        return [f"PVE's definitions are still locked by this apply: {SDN_LOCK}: {error.strerror}; {_AGAIN}"]
    return []
