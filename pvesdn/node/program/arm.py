"""The verbs `arm` and `disarm`: a checkpoint is left before an apply does anything, and taken away when it is over."""

from pvesdn.node.program.capture import (
    MADE_BY_IFUPDOWN,
    devices_now,
    files_now,
    frr_now,
    remotes,
    routes_of,
    settings_now,
    staged_digest,
    touched,
)
from pvesdn.node.program.checkpoint import (
    FORMAT,
    begun,
    boot_id,
    drop_checkpoint,
    load_checkpoint,
    refuse_while_open,
    save_checkpoint,
    uptime,
)
from pvesdn.node.program.files import digest_of, write_whole
from pvesdn.node.program.machine import Machine, Refused
from pvesdn.node.program.places import PROGRAM, RUNNING_CONFIG, TARGETS
from pvesdn.node.program.request import Value, text_at
from pvesdn.node.program.swap import locked, unstage

LONGEST = 24 * 3600
"""Seconds that an apply may leave a node alone before the next one takes its checkpoint for forgotten."""


def arm(machine: Machine, arguments: Value) -> Value:
    """Leave a checkpoint: ``{"id", "who", "seconds", "frr": "none", "reload" or "restart"}`` -> ``{}``.

    What is staged has to be staged already. Every further verb of the apply moves its deadline on by ``seconds``, and
    so does this one when it is asked again.
    Refused while the checkpoint of another apply is open; what one that was killed has left is replaced: its nodes are
    marked as unfinished, so that a plan shows them.
    """
    name, who, action = text_at(arguments, "id"), text_at(arguments, "who"), text_at(arguments, "frr")
    seconds = arguments.get("seconds")
    if not isinstance(seconds, int) or not 0 < seconds <= LONGEST:
        raise Refused("argument 'seconds' is missing or out of range")
    with locked(machine):
        if _is_open(machine, name):
            begun(machine, "")
            return {}
        try:
            checkpoint = _taken(machine, {"id": name, "who": who, "seconds": seconds, "frr_action": action})
            if machine.source:
                write_whole(machine, PROGRAM, machine.source)
            save_checkpoint(machine, checkpoint)
        except BaseException:
            unstage(machine, sorted(TARGETS))
            raise
    return {}


def disarm(machine: Machine, arguments: Value) -> Value:
    """The apply ``{"id"}`` is over and stays -> ``{}``; done already does not matter."""
    name = text_at(arguments, "id")
    with locked(machine):
        checkpoint = load_checkpoint(machine)
        if checkpoint is not None and checkpoint["id"] == name:
            drop_checkpoint(machine)
    return {}


def _taken(machine: Machine, given: Value) -> Value:
    names = touched(machine)
    devices = devices_now(machine)
    uplinks = [name for name in names if name in devices and devices[name]["kind"] not in MADE_BY_IFUPDOWN]
    return {
        **given,
        "format": FORMAT,
        "boot": boot_id(machine),
        "since": uptime(),
        "deadline": uptime() + given["seconds"],
        "begun": [],
        "attempts": 0,
        "running": digest_of(machine, RUNNING_CONFIG),
        "files": files_now(machine),
        "written": {path: digest for path in TARGETS for digest in [staged_digest(machine, path)] if digest},
        "touched": names,
        "remotes": remotes(machine),
        "uplinks": uplinks,
        "settings": settings_now(machine),
        "devices": devices,
        "routes": routes_of(machine, uplinks),
        "frr": frr_now(machine),
    }


def _is_open(machine: Machine, name: str) -> bool:
    """Whether the apply has armed this node before. :raises Refused: another one has, and may be at work."""
    checkpoint = load_checkpoint(machine)
    if checkpoint is None or checkpoint["id"] == name:
        return checkpoint is not None
    refuse_while_open(machine, checkpoint)
    return False
