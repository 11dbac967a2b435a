"""What a node keeps on its way back because PVE has committed meanwhile: what was rehearsed, or PVE's own."""

import contextlib
import os
from typing import Set

from pvesdn.node.program.checkpoint import (
    KEPT,
    drop_checkpoint,
    once_more,
    postponed,
    runs_pves_of_before,
    save_checkpoint,
    text_before,
)
from pvesdn.node.program.files import digest_of, text_of
from pvesdn.node.program.machine import Machine, Refused
from pvesdn.node.program.places import CLUSTER_FOLDER, INTERFACES, RUNNING_CONFIG
from pvesdn.node.program.request import Value
from pvesdn.node.program.stanzas import interfaces_in
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


def without_pves(machine: Machine, checkpoint: Value) -> Value:
    """The checkpoint without the devices that PVE's file alone makes, and without their settings, where PVE's
    definitions are others since: they are as that file says now, which is left to PVE.
    """
    if runs_pves_of_before(machine, checkpoint):
        return checkpoint
    pves, ours = (_named_in(machine, checkpoint, path) for path in INTERFACES)
    left = pves - ours
    settings = {path: value for path, value in checkpoint["settings"].items() if left.isdisjoint(path.split("/")[3:4])}
    return dict(checkpoint, settings=settings, touched=[name for name in checkpoint["touched"] if name not in left])


def _named_in(machine: Machine, checkpoint: Value, path: str) -> Set[str]:
    """Interfaces that a file names, now or before the apply."""
    names = set(interfaces_in(text_before(checkpoint, path)))
    with contextlib.suppress(Refused, OSError):  # what it cannot tell is told where the files are compared
        names.update(interfaces_in(text_of(machine, path) or ""))
    return names
