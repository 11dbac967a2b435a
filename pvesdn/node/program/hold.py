"""The verbs `hold`, `standing` and `disarm`: an apply goes on, how it stands, and no checkpoint any more after it."""

from pvesdn.node.program.checkpoint import (
    COMMITTING,
    WAITING,
    begun,
    boot_id,
    drop_checkpoint,
    load_checkpoint,
    save_checkpoint,
    seconds_left,
    uptime,
    was_put_back_at_boot,
)
from pvesdn.node.program.drop_ins import targets
from pvesdn.node.program.machine import Machine, Refused
from pvesdn.node.program.record import load_record, save_record
from pvesdn.node.program.request import VERBS, Value, list_at, text_at
from pvesdn.node.program.swap import locked, unstage

LONGEST = 24 * 3600
"""Seconds that an apply may leave a node alone before the next one takes its checkpoint for forgotten."""


def hold(machine: Machine, arguments: Value) -> Value:
    """The apply ``{"id"}`` is still at work: its deadline moves on -> ``{"is_armed": bool}``, false where the node has
    put itself back meanwhile, or is about to because it was restarted.

    With ``"token"`` the apply has PVE's lock, which the node gives back when it is over. With ``"is_committing": true``
    PVE's commit comes next: from now on PVE's definitions decide whether anything is put back. With ``"waits"``,
    seconds, all is done, and stays only if somebody confirms it within that time; ``"nodes"`` are those on which it has
    to be confirmed.
    """
    name, nodes = text_at(arguments, "id"), list_at(arguments, "nodes", str)
    seconds = seconds_at(arguments, "waits") if "waits" in arguments else 0
    with locked(machine):
        checkpoint = load_checkpoint(machine)
        if checkpoint is None or checkpoint["id"] != name or was_put_back_at_boot(checkpoint):
            return {"is_armed": False}
        if "token" in arguments:
            save_checkpoint(machine, dict(checkpoint, token=text_at(arguments, "token")))
        if seconds:
            deadline = uptime(machine) + seconds
            steps = [*checkpoint["begun"], WAITING]
            save_checkpoint(machine, dict(checkpoint, begun=steps, deadline=deadline, nodes=nodes))
        else:
            begun(machine, COMMITTING if arguments.get("is_committing") is True else "")
    return {"is_armed": True}


def standing(machine: Machine, arguments: Value) -> Value:
    """What has been applied here: ``{}`` -> ``{"open": {"id", "who", "age", "left", "state", "nodes", "rehearses"} or
    null, "kept": id}``.

    ``age`` and ``left`` are seconds, ``age`` null after a reboot; ``state`` is ``at work``, ``waiting`` for
    confirmation, or ``overdue``. ``kept`` is the apply that was confirmed last, empty if none was. Of one that
    ``rehearses`` PVE's commit is still to come.
    """
    del arguments
    checkpoint = load_checkpoint(machine)
    kept = load_record(machine).get("kept", "")
    if checkpoint is None:
        return {"open": None, "kept": kept}
    left = seconds_left(machine, checkpoint)
    state = "overdue" if left == 0 else "waiting" if WAITING in checkpoint["begun"] else "at work"
    is_same_boot = checkpoint["boot"] == boot_id(machine)
    told = {
        "id": checkpoint["id"],
        "who": checkpoint["who"],
        "age": uptime(machine) - checkpoint["since"] if is_same_boot else None,
        "left": left,
        "state": state,
        "nodes": checkpoint.get("nodes", []),
        "rehearses": bool(checkpoint.get("rehearses")),
    }
    return {"open": told, "kept": kept}


def disarm(machine: Machine, arguments: Value) -> Value:
    """The apply ``{"id"}`` is over and stays -> ``{"is_kept": bool}``, false where the node was restarted, and is about
    to put itself back; done already does not matter.

    With ``"confirms": true`` false also where it has been put back.
    Refused where it waits for confirmation, and its time is over. Where PVE's commit is still to come, what was
    confirmed can be put back until then.
    """
    name = text_at(arguments, "id")
    with locked(machine):
        confirms = arguments.get("confirms") is True
        checkpoint = load_checkpoint(machine)
        if checkpoint is None and not confirms:
            unstage(machine, targets(machine))  # it was lost before it was armed, and the others were done
        if checkpoint is not None and checkpoint["id"] == name:
            if was_put_back_at_boot(checkpoint):
                return {"is_kept": False}
            if WAITING in checkpoint["begun"]:
                if seconds_left(machine, checkpoint) == 0:
                    raise Refused("the time for confirming has run out, and the node is about to put itself back")
                save_record(machine, dict(load_record(machine), kept=name))
            if checkpoint.get("rehearses") and confirms:
                # Confirmed is what is tried out here; until PVE has committed it, it can still be put back.
                steps = [step for step in checkpoint["begun"] if step != WAITING]
                save_checkpoint(machine, dict(checkpoint, begun=steps))
                begun(machine, "")
            else:
                unstage(machine, targets(machine))  # the same: it has not had its turn
                drop_checkpoint(machine)
        return {"is_kept": load_record(machine).get("kept") == name if confirms else True}


def seconds_at(arguments: Value, key: str) -> int:
    """The time at `key` for which an apply may leave a node alone."""
    seconds = arguments.get(key)
    if not isinstance(seconds, int) or not 0 < seconds <= LONGEST:
        raise Refused(f"argument {key!r} is missing or out of range")
    return seconds


VERBS.update(hold=hold, standing=standing, disarm=disarm)
