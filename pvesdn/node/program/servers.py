"""PVE's dnsmasq of zones in VRFs: `dnsmasq@ZONE`, each with a drop-in of ours, and how each of them is."""

import contextlib
import os
import re
import time
from typing import Dict, List, Set

from pvesdn.node.program.drop_ins import drop_in_of, zone_of, zones_with_folders
from pvesdn.node.program.machine import Machine, Refused
from pvesdn.node.program.request import Value

SERVED = "served"
"""Of a checkpoint: how these units were."""
_OF_A_UNIT = "--property=UnitFileState,ActiveState,MainPID"
ANSWERED_IN = 30.0
"""Seconds in which systemd has told of all these units."""
CONFIGURED = "/etc/dnsmasq.d"
"""Where PVE has a folder for each zone with DHCP."""


def dhcp_servers(machine: Machine) -> List[Value]:
    """Those that PVE has configured, or that have a drop-in of ours:
    ``[{"zone": "lan", "enabled": true, "active": true, "vrf": "vrf_prod"}]``.

    ``vrf`` is where its main process runs, empty for the main table.
    """
    end = time.monotonic() + ANSWERED_IN
    ours = {zone for zone in zones_with_folders(machine) if os.path.isfile(machine.place(drop_in_of(zone)))}
    return [server_of(machine, zone, end) for zone in sorted(ours | _configured(machine))]


def _configured(machine: Machine) -> Set[str]:
    """Zones that PVE has written the configuration of a dnsmasq for."""
    try:
        names = os.listdir(machine.place(CONFIGURED))
    except (FileNotFoundError, NotADirectoryError):
        return set()
    return {
        name for name in names if zone_of(drop_in_of(name)) and os.path.isdir(machine.place(f"{CONFIGURED}/{name}"))
    }


def servers_before(machine: Machine) -> Dict[str, Value]:
    """What a checkpoint keeps of them, by zone: of those too whose drop-in is only staged."""
    if machine.find("systemctl") is None:
        return {}
    found, end = {}, time.monotonic() + ANSWERED_IN
    for zone in zones_with_folders(machine):
        with contextlib.suppress(Refused):  # what nobody tells now is not asked for on the way back
            found[zone] = server_of(machine, zone, end)
    return found


def server_of(machine: Machine, zone: str, end: float) -> Value:
    """One of them, as `dhcp_servers` tells it. :param end: when systemd has to have told of all."""
    argv = ["systemctl", "show", _OF_A_UNIT, unit_of(zone)]
    shown = dict(line.split("=", 1) for line in machine.must(argv, limit=left_until(end)).lines if "=" in line)
    process = shown.get("MainPID", "0")
    is_active = shown.get("ActiveState") == "active"
    return {
        "zone": zone,
        "enabled": shown.get("UnitFileState") == "enabled",
        "active": is_active,
        "vrf": _vrf_of(machine, process, end) if is_active and re.fullmatch("[1-9][0-9]*", process) else "",
    }


def _vrf_of(machine: Machine, process: str, end: float) -> str:
    return machine.must(["ip", "vrf", "identify", process], limit=left_until(end)).output.strip()


def left_until(end: float) -> float:
    """Seconds for one more command; the last ones get a second beyond `end`."""
    return max(1.0, end - time.monotonic())


def unit_of(zone: str) -> str:
    """The name of a zone's unit."""
    return f"dnsmasq@{zone}.service"
