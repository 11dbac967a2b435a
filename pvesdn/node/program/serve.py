"""The verb `serve`, and how PVE's dnsmasq of zones in VRFs are: `dnsmasq@ZONE`, each with a drop-in of ours.

PVE makes these units, switches them on and restarts them at each of its reloads, before the network. What is not
switched on, PVE has not made yet, and nobody starts it for PVE.
"""

import contextlib
import os
import re
import time
from typing import Dict, List, Set

from pvesdn.node.program.checkpoint import at_work
from pvesdn.node.program.drop_ins import drop_in_of, zone_of, zones_with_folders
from pvesdn.node.program.machine import Machine, Refused, failure
from pvesdn.node.program.request import Value, list_at
from pvesdn.node.program.swap import locked

SERVED = "served"
"""Of a checkpoint: how these units were."""
_OF_A_UNIT = "--property=UnitFileState,ActiveState,MainPID"
_QUESTION = 30.0
"""Seconds."""
_ALL_RESTARTS = 240.0
"""Seconds for all units together; a check tells what was left out."""


def serve(machine: Machine, arguments: Value) -> Value:
    """Restart the dnsmasq of these zones, by their drop-ins as they are: ``{"zones": [names]}`` -> ``{"log"}``.

    One that does not come up is in the log, and nothing is refused for it: whether it serves is for a check to tell,
    which knows whether it did before.
    """
    zones = [_checked_zone(zone) for zone in list_at(arguments, "zones", str)]
    with locked(machine), at_work(machine, "serve"):
        return {"log": restart_servers(machine, zones)}


def restart_servers(machine: Machine, zones: List[str]) -> List[str]:
    """The same; the caller holds the lock."""
    if not zones or machine.find("systemctl") is None:
        return []
    end = time.monotonic() + _ALL_RESTARTS
    log = _said_by(machine, ["systemctl", "daemon-reload"], end)
    for unit in map(_unit, zones):
        if machine.run(["systemctl", "is-enabled", unit], limit=_QUESTION).status == 0:
            # systemd refuses a unit that is started too often.
            machine.run(["systemctl", "reset-failed", unit], limit=_QUESTION)
            log += _said_by(machine, ["systemctl", "restart", unit], end)
    return log


def dhcp_servers(machine: Machine) -> List[Value]:
    """Those that have a drop-in of ours: ``[{"zone": "lan", "enabled": true, "active": true, "vrf": "vrf_prod"}]``.

    ``vrf`` is where its main process runs, empty for the main table.
    """
    zones = zones_with_folders(machine)
    return [_server(machine, zone) for zone in zones if os.path.isfile(machine.place(drop_in_of(zone)))]


def servers_before(machine: Machine) -> Dict[str, Value]:
    """What a checkpoint keeps of them, by zone: of those too whose drop-in is only staged."""
    if machine.find("systemctl") is None:
        return {}
    found = {}
    for zone in zones_with_folders(machine):
        with contextlib.suppress(Refused):  # what nobody tells now is not asked for on the way back
            found[zone] = _server(machine, zone)
    return found


def servers_as_before(machine: Machine, checkpoint: Value) -> List[str]:
    """Restart those that may have been moved; what was done. Files and network are back by now."""
    return restart_servers(machine, sorted(_of_ours(checkpoint)))


def servers_left(machine: Machine, checkpoint: Value) -> List[str]:
    """Those that ran and do not run as before, one line each."""
    left = []
    served = checkpoint.get(SERVED, {})
    for zone in sorted(_of_ours(checkpoint) & served.keys()):
        before, now = served[zone], _server(machine, zone)
        if before["active"] and now["enabled"] and (not now["active"] or now["vrf"] != before["vrf"]):
            left.append("{} does not run as before: systemctl status {}".format(_unit(zone), _unit(zone)))
    return left


def _of_ours(checkpoint: Value) -> Set[str]:
    """Zones whose drop-in was there before the apply, or was staged by it; other folders for drop-ins are nobody's
    business here.
    """
    files, written = checkpoint["files"], checkpoint["written"]
    zones = {path: zone_of(path) for path in files if files[path] is not None or path in written}
    return {zone for zone in zones.values() if zone is not None}


def _server(machine: Machine, zone: str) -> Value:
    argv = ["systemctl", "show", _OF_A_UNIT, _unit(zone)]
    shown = dict(line.split("=", 1) for line in machine.must(argv, limit=_QUESTION).lines if "=" in line)
    process = shown.get("MainPID", "0")
    is_active = shown.get("ActiveState") == "active"
    return {
        "zone": zone,
        "enabled": shown.get("UnitFileState") == "enabled",
        "active": is_active,
        "vrf": _vrf_of(machine, process) if is_active and re.fullmatch("[1-9][0-9]*", process) else "",
    }


def _vrf_of(machine: Machine, process: str) -> str:
    return machine.must(["ip", "vrf", "identify", process], limit=_QUESTION).output.strip()


def _said_by(machine: Machine, argv: List[str], end: float) -> List[str]:
    try:
        outcome = machine.run(argv, limit=max(1.0, end - time.monotonic()))
    except Refused as refused:
        return [refused.error]
    return outcome.lines if outcome.status == 0 else [failure(argv, outcome)]


def _unit(zone: str) -> str:
    return f"dnsmasq@{zone}.service"


def _checked_zone(zone: str) -> str:
    if zone_of(drop_in_of(zone)) is None:
        raise Refused(f"{zone!r} is not the name of a zone")
    return zone
