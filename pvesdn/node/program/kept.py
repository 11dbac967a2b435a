"""A node that keeps what it has, because PVE has committed what was being rehearsed there."""

import os

from pvesdn.node.program.checkpoint import KEPT, drop_checkpoint, once_more, postponed, save_checkpoint
from pvesdn.node.program.files import digest_of
from pvesdn.node.program.machine import Machine
from pvesdn.node.program.places import CLUSTER_FOLDER, RUNNING_CONFIG
from pvesdn.node.program.request import Value
from pvesdn.node.program.token import give_token_back


def has_moved_on(machine: Machine, checkpoint: Value) -> bool:
    """Whether PVE has committed since, by whomever, what was being rehearsed here: then its text is right already, and
    the text of before would be wrong.
    """
    return bool(
        checkpoint.get("rehearses")
        and os.path.isdir(machine.place(CLUSTER_FOLDER))
        and digest_of(machine, RUNNING_CONFIG) != checkpoint["running"]
    )


def kept_as_committed(machine: Machine, checkpoint: Value) -> Value:
    """PVE has committed, so the node keeps what it has, and the apply is over; the answer of `undo`. The caller holds
    the lock, and nothing is staged.

    The checkpoint stays while PVE's lock cannot be given back, which ``left`` then tells; the node tries again.
    """
    left = give_token_back(machine, checkpoint)
    if left:
        save_checkpoint(machine, dict(postponed(machine, once_more(checkpoint)), **{KEPT: True}))
    else:
        drop_checkpoint(machine)
    return {"state": "kept", "left": left, "log": []}
