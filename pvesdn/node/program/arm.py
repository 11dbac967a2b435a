"""The verbs `arm` and `disarm`: a checkpoint is left before an apply does anything, and taken away when it is over."""

from pvesdn.node.program.capture import (
    MADE_BY_IFUPDOWN,
    devices_now,
    files_now,
    frr_now,
    routes_of,
    settings_now,
    touched,
)
from pvesdn.node.program.checkpoint import (
    FORMAT,
    begun,
    boot_id,
    drop_checkpoint,
    load_checkpoint,
    save_checkpoint,
    seconds_left,
    uptime,
)
from pvesdn.node.program.files import digest_of, write_whole
from pvesdn.node.program.machine import Machine, Refused
from pvesdn.node.program.places import PROGRAM, RUNNING_CONFIG
from pvesdn.node.program.request import Value, text_at
from pvesdn.node.program.swap import locked

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
        names = touched(machine)
        devices = devices_now(machine)
        uplinks = [name for name in names if name in devices and devices[name]["kind"] not in MADE_BY_IFUPDOWN]
        checkpoint = {
            "format": FORMAT,
            "id": name,
            "who": who,
            "boot": boot_id(machine),
            "since": uptime(),
            "seconds": seconds,
            "deadline": uptime() + seconds,
            "begun": [],
            "attempts": 0,
            "running": digest_of(machine, RUNNING_CONFIG),
            "frr_action": action,
            "files": files_now(machine),
            "touched": names,
            "uplinks": uplinks,
            "settings": settings_now(machine),
            "devices": devices,
            "routes": routes_of(machine, uplinks),
            "frr": frr_now(machine),
        }
        if machine.source:
            write_whole(machine, PROGRAM, machine.source)
        save_checkpoint(machine, checkpoint)
    return {}


def disarm(machine: Machine, arguments: Value) -> Value:
    """The apply ``{"id"}`` is over and stays -> ``{}``; done already does not matter."""
    name = text_at(arguments, "id")
    with locked(machine):
        checkpoint = load_checkpoint(machine)
        if checkpoint is not None and checkpoint["id"] == name:
            drop_checkpoint(machine)
    return {}


def _is_open(machine: Machine, name: str) -> bool:
    """Whether the apply has armed this node before. :raises Refused: another one has, and may be at work."""
    checkpoint = load_checkpoint(machine)
    if checkpoint is None or checkpoint["id"] == name:
        return checkpoint is not None
    left = seconds_left(machine, checkpoint)
    if left > 0:
        ago = uptime() - checkpoint["since"]
        raise Refused(
            "an apply by {}, begun {:.0f} s ago, is still open on this node".format(checkpoint["who"], ago),
            f"wait until it ends; if it was killed, run pvesdn apply again in {left:.0f} s",
        )
    return False
