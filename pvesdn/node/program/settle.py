"""The verb `settle`: a checkpoint that an apply has left is put back, unless PVE has committed meanwhile."""

import os
from functools import partial
from typing import Optional

from pvesdn.node.program.checkpoint import (
    COMMITTING,
    KEPT,
    load_checkpoint,
    once_more,
    postponed,
    refuse_while_open,
    save_checkpoint,
)
from pvesdn.node.program.drop_ins import targets
from pvesdn.node.program.files import digest_of
from pvesdn.node.program.kept import kept_as_committed
from pvesdn.node.program.machine import Machine, Refused
from pvesdn.node.program.places import CLUSTER_FOLDER, RUNNING_CONFIG
from pvesdn.node.program.quorum import has_quorum
from pvesdn.node.program.request import VERBS, Value, text_at
from pvesdn.node.program.swap import unstage
from pvesdn.node.program.token import give_token_back, with_found_token
from pvesdn.node.program.undo import put_back, when_free


def swept(machine: Machine, checkpoint: Value) -> None:
    """Return when nothing is left of an earlier apply that has to be put back before another begins; see `sweep`."""
    checkpoint = with_found_token(machine, checkpoint)
    if checkpoint.get(KEPT) or (checkpoint["attempts"] and COMMITTING not in checkpoint["begun"]):
        # The checkpoint that takes the place of this one does not know its token.
        if left := give_token_back(machine, checkpoint):
            raise Refused(left[0], "see `pvecm status`, and try again when there is a quorum")
        return
    state = settled(machine, checkpoint)["state"]
    who = checkpoint["who"]
    if state == "undecided":
        what = f"an apply by {who} was cut off at PVE's commit, and /etc/pve, which knows about it, has no quorum"
        raise Refused(what, "see `pvecm status`, and try again when there is a quorum")
    if state != "untouched":
        what = f"an earlier apply by {who} was left open on this node, and has been dealt with only now ({state})"
        raise Refused(what, "run pvesdn plan, then pvesdn apply")


def settle(machine: Machine, arguments: Value) -> Value:
    """Deal with what the apply ``{"id"}`` has left here, as the node does by itself: ``{"id"}`` -> as `undo`.

    Where it was at PVE's commit, ``state`` is ``kept`` if that was made, and ``undecided`` while nobody can tell.
    Refused while the apply may still be at work.
    """
    return when_free(machine, partial(_settled_one, machine, text_at(arguments, "id")))


def _settled_one(machine: Machine, name: str) -> Value:
    checkpoint = load_checkpoint(machine)
    if checkpoint is None or checkpoint["id"] != name:
        return {"state": "nothing", "left": [], "log": []}
    refuse_while_open(machine, checkpoint)
    return settled(machine, checkpoint)


def settled(machine: Machine, checkpoint: Value) -> Value:
    """The checkpoint's apply is over: the answer of `undo`, or one whose ``state`` is ``kept`` where PVE has committed,
    or ``undecided`` while nobody can tell. The caller holds the lock.
    """
    checkpoint = with_found_token(machine, checkpoint)
    if COMMITTING in checkpoint["begun"] and not checkpoint.get(KEPT):
        is_committed = _is_committed(machine, checkpoint)
        if is_committed is None:
            save_checkpoint(machine, postponed(machine, once_more(checkpoint)))
            return {"state": "undecided", "left": [], "log": []}
        if is_committed:
            unstage(machine, targets(machine))
            return kept_as_committed(machine, checkpoint)
    return put_back(machine, checkpoint)


def _is_committed(machine: Machine, checkpoint: Value) -> Optional[bool]:
    """None while the cluster file system is not there, or may be behind the others'."""
    if not os.path.isdir(machine.place(CLUSTER_FOLDER)):
        return None
    try:
        if not has_quorum(machine):
            return None
    except ValueError:
        return None
    before: Optional[str] = checkpoint["running"]
    return digest_of(machine, RUNNING_CONFIG) != before


VERBS.update(settle=settle)
