"""The verb `serve`: PVE's dnsmasq of zones in VRFs run by their drop-ins, and as before on the way back.

PVE makes these units, switches them on and restarts them at each of its reloads, before the network. What is not
switched on, PVE has not made yet, and nobody starts it for PVE.
"""

import re
import time
from typing import Container, List, Set

from pvesdn.node.program.checkpoint import at_work, runs_pves_of_before, text_before
from pvesdn.node.program.drop_ins import drop_in_of, zone_of
from pvesdn.node.program.machine import Machine, Refused, failure
from pvesdn.node.program.request import VERBS, Value, list_at
from pvesdn.node.program.servers import ANSWERED_IN, SERVED, left_until, server_of, unit_of
from pvesdn.node.program.swap import locked
from pvesdn.node.program.units import is_enabled

ALL_RESTARTS = 180.0
"""Seconds for all units together, fewer than an undo waits for a step to end; a check tells what was left out."""
_IN_A_VRF = re.compile(r"(?m)^ExecStart=\S*/ip vrf exec (\S+) ")


def serve(machine: Machine, arguments: Value) -> Value:
    """Restart the dnsmasq of these zones, by their drop-ins as they are: ``{"zones": [names]}`` -> ``{"log"}``.

    One that does not come up is in the log, and nothing is refused for it: whether it serves is for a check to tell,
    which knows whether it did before.
    """
    zones = [_checked_zone(zone) for zone in list_at(arguments, "zones", str)]
    with locked(machine), at_work(machine, "serve"):
        return {"log": restart_servers(machine, zones)}


def restart_servers(machine: Machine, zones: List[str], to_be_on: Container[str] = ()) -> List[str]:
    """The same; the caller holds the lock. :param to_be_on: switched on first, if they are not."""
    if not zones or machine.find("systemctl") is None:
        return []
    end = time.monotonic() + ALL_RESTARTS
    log = _said_by(machine, ["systemctl", "daemon-reload"], end)
    for number, zone in enumerate(zones):
        if time.monotonic() >= end:
            return [*log, "no time was left to restart {}".format(" and ".join(map(unit_of, zones[number:])))]
        try:
            is_on = is_enabled(machine, unit_of(zone), left_until(end))
        except Refused as refused:
            log.append(refused.error)
            continue
        if not is_on and zone in to_be_on:
            log += _said_by(machine, ["systemctl", "enable", unit_of(zone)], end)
        if is_on or zone in to_be_on:
            _said_by(machine, ["systemctl", "reset-failed", unit_of(zone)], end)  # systemd refuses too many starts
            log += _said_by(machine, ["systemctl", "restart", unit_of(zone)], end)
    return log


def servers_as_before(machine: Machine, checkpoint: Value) -> List[str]:
    """Restart those that may have been moved, and switch those on that were: a reload of PVE's switches all off before
    it comes to each, and may have ended in between. What was done; files and network are back by now.
    """
    return restart_servers(machine, sorted(_of_ours(checkpoint)), _to_be_on(machine, checkpoint))


def servers_left(machine: Machine, checkpoint: Value) -> List[str]:
    """Those that ran and do not run by the drop-in put back, one line each. Where they ran does not count: what an
    apply has healed stays so.
    """
    left = []
    served, end = checkpoint.get(SERVED, {}), time.monotonic() + ANSWERED_IN
    to_be_on = _to_be_on(machine, checkpoint)
    for zone in sorted(_of_ours(checkpoint) & served.keys()):
        now = server_of(machine, zone, end)
        is_wanted = served[zone]["active"] and (zone in to_be_on or now["enabled"])
        if (zone in to_be_on and not now["enabled"]) or (is_wanted and not _serves(now, served[zone], checkpoint)):
            left.append("{} does not run as before: systemctl status {}".format(unit_of(zone), unit_of(zone)))
    return left


def _to_be_on(machine: Machine, checkpoint: Value) -> Set[str]:
    """Zones whose units were switched on, where PVE runs what it ran: otherwise it may have switched them off."""
    if not runs_pves_of_before(machine, checkpoint):
        return set()
    return {zone for zone, before in checkpoint.get(SERVED, {}).items() if before["enabled"]} & _of_ours(checkpoint)


def _serves(now: Value, before: Value, checkpoint: Value) -> bool:
    """Whether it runs, and where the drop-in of before has it run."""
    path = drop_in_of(now["zone"])
    named = _IN_A_VRF.search(text_before(checkpoint, path) if path in checkpoint["files"] else "")
    if named is None:
        return bool(now["active"] and now["vrf"] in ("", before["vrf"]))
    # Without the VRF, as it was then, it is not started.
    return named[1] not in checkpoint["devices"] or bool(now["active"] and now["vrf"] == named[1])


def _of_ours(checkpoint: Value) -> Set[str]:
    """Zones whose drop-in was there before the apply, or was staged by it; other folders for drop-ins are nobody's
    business here.
    """
    files, written = checkpoint["files"], checkpoint["written"]
    zones = {path: zone_of(path) for path in files if files[path] is not None or path in written}
    return {zone for zone in zones.values() if zone is not None}


def _said_by(machine: Machine, argv: List[str], end: float) -> List[str]:
    try:
        outcome = machine.run(argv, limit=left_until(end))
    except Refused as refused:
        return [refused.error]
    return outcome.lines if outcome.status == 0 else [failure(argv, outcome)]


def _checked_zone(zone: str) -> str:
    if zone_of(drop_in_of(zone)) is None:
        raise Refused(f"{zone!r} is not the name of a zone")
    return zone


VERBS.update(serve=serve)
