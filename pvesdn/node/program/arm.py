"""The verb `arm`: a checkpoint before an apply does anything, and a guard that goes by it."""

import contextlib
from typing import List

from pvesdn.node.program.capture import (
    MADE_BY_IFUPDOWN,
    devices_now,
    files_now,
    filters_staged,
    frr_now,
    remotes,
    routes_of,
    rules_staged,
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
    save_checkpoint,
    uptime,
)
from pvesdn.node.program.drop_ins import targets
from pvesdn.node.program.files import digest_of
from pvesdn.node.program.guard import is_on_disk
from pvesdn.node.program.guests import PLUGS, plugs_if_readable
from pvesdn.node.program.hold import seconds_at
from pvesdn.node.program.machine import Machine
from pvesdn.node.program.nat import UNREAD
from pvesdn.node.program.places import RUNNING_CONFIG
from pvesdn.node.program.request import VERBS, Value, checked_target, list_at, text_at
from pvesdn.node.program.servers import SERVED, servers_before
from pvesdn.node.program.set_guard import set_guard
from pvesdn.node.program.swap import locked, unstage
from pvesdn.node.program.sweep import sweep
from pvesdn.node.program.token import about_to_lock


def arm(machine: Machine, arguments: Value) -> Value:
    """Leave a checkpoint: ``{"id", "who", "seconds", "frr": "none", "reload" or "restart"}`` ->
    ``{"survives_reboot": bool}``. With ``"locks": true`` PVE's lock is taken next, and given back by the node if nobody
    else does; with ``"rehearses": [paths]``, files that PVE writes itself, it keeps what it has once PVE has committed,
    by whomever.

    What is staged has to be staged already. Every further verb of the apply moves its deadline on by ``seconds``, and
    so does this one when it is asked again. Once the deadline is over, the node puts itself back; where
    ``survives_reboot`` is false, not after a reboot.
    Refused while the checkpoint of another apply is open; what an earlier one has left, see `sweep`.
    """
    name, who, action = text_at(arguments, "id"), text_at(arguments, "who"), text_at(arguments, "frr")
    seconds = seconds_at(arguments, "seconds")
    rehearses = [checked_target(path) for path in list_at(arguments, "rehearses", str)]
    with locked(machine):
        if _is_open(machine, name):
            begun(machine, "")
            return {"survives_reboot": is_on_disk(machine)}
        try:
            words = {"id": name, "who": who, "seconds": seconds, "frr_action": action, "token": ""}
            checkpoint = _taken(machine, dict(words, rehearses=rehearses))
            if arguments.get("locks") is True:
                checkpoint = about_to_lock(machine, checkpoint)
            # Before the checkpoint: an armed node without a guard would be one that nobody puts back.
            survives = set_guard(machine, name) if machine.source else True
            save_checkpoint(machine, checkpoint)
        except BaseException:
            unstage(machine, targets(machine))
            with contextlib.suppress(OSError):  # the failure that made it necessary is the one to report
                drop_checkpoint(machine)
            raise
    return {"survives_reboot": survives}


def _taken(machine: Machine, given: Value) -> Value:
    names = touched(machine)
    devices = devices_now(machine)
    unread: List[str] = []
    uplinks = [name for name in names if name in devices and devices[name]["kind"] not in MADE_BY_IFUPDOWN]
    return {
        **given,
        "format": FORMAT,
        "boot": boot_id(machine),
        "since": uptime(machine),
        "deadline": uptime(machine) + given["seconds"],
        "begun": [],
        "attempts": 0,
        "running": digest_of(machine, RUNNING_CONFIG),
        "files": files_now(machine),
        "written": {path: digest for path in targets(machine) for digest in [staged_digest(machine, path)] if digest},
        "touched": names,
        "remotes": remotes(machine),
        "filters": filters_staged(machine),
        "uplinks": uplinks,
        "settings": settings_now(machine),
        "devices": devices,
        "routes": routes_of(machine, uplinks),
        "frr": frr_now(machine),
        "rules": rules_staged(machine, unread),
        UNREAD: unread,
        SERVED: servers_before(machine),
        PLUGS: plugs_if_readable(machine),
    }


def _is_open(machine: Machine, name: str) -> bool:
    """Whether the apply has armed this node before; what an earlier one has left is put back.

    :raises Refused: another one is open.
    """
    checkpoint = load_checkpoint(machine)
    if checkpoint is None or checkpoint["id"] != name:
        sweep(machine)
        return False
    return True


VERBS.update(arm=arm)
