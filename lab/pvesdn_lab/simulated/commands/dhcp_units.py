"""`dnsmasq@ZONE` of a simulated node: what systemd makes of a unit of PVE's with a drop-in beside it.

A unit is started by the drop-in that systemd has read, which is that of the first time or of the last `daemon-reload`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypeAlias

from pvesdn_lab.simulated.commands.state import State, read_json, write_json
from pvesdn_lab.simulated.commands.streams import complain, say

PREFIX = "dnsmasq@"
_STATE = "dhcp-units"
_FIRST_PROCESS = 4000
_OF_ALL: dict[tuple[str, str], dict[str, Any]] = {
    ("stop", "dnsmasq@*"): {"active": False, "vrf": ""},
    ("disable", "dnsmasq@"): {"enabled": False},
}
"""What is done to every unit: by a pattern, and by the template that all are of."""
Unit: TypeAlias = dict[str, Any]
"""enabled, active, vrf, process; drop_in, the text that systemd has read, or null."""


def call(root: Path, verb: str, unit: str, *, is_now: bool) -> int:
    """``systemctl VERB dnsmasq@ZONE``. :param is_now: with ``--now``."""
    name = unit.removesuffix(".service")
    units = _units(root)
    if (verb, name) in _OF_ALL:
        for each in units.values():
            each.update(_OF_ALL[verb, name])
        write_json(root, _STATE, units)
        return 0
    found = units.setdefault(name, _fresh(root, name, units))
    status = 0
    if verb in {"enable", "disable"}:
        found["enabled"] = verb == "enable"
    if verb in {"stop", "restart"} or (verb == "disable" and is_now):
        found.update(active=False, vrf="")
    if verb in {"start", "restart"} or (verb == "enable" and is_now):
        status = _start(root, name, found)
    if verb == "is-enabled":
        say("enabled\n" if found["enabled"] else "disabled\n")
        return 0 if found["enabled"] else 1
    if verb == "show":
        say(_shown(found))
        return 0
    write_json(root, _STATE, units)
    return status


def read_again(root: Path) -> None:
    """``systemctl daemon-reload``."""
    units = _units(root)
    for name, unit in units.items():
        unit["drop_in"] = _drop_in(root, name)
    write_json(root, _STATE, units)


def vrf_of(root: Path, process: str) -> str:
    """Where a process runs; empty for the main table."""
    units = _units(root).values()
    return next((unit["vrf"] for unit in units if unit["active"] and str(unit["process"]) == process), "")


def _units(root: Path) -> dict[str, Unit]:
    units: dict[str, Unit] = read_json(root, _STATE, {})
    return units


def _fresh(root: Path, name: str, units: dict[str, Unit]) -> Unit:
    process = _FIRST_PROCESS + len(units)
    return {"enabled": False, "active": False, "vrf": "", "process": process, "drop_in": _drop_in(root, name)}


def _drop_in(root: Path, name: str) -> str | None:
    place = root / f"etc/systemd/system/{name}.service.d/pvesdn.conf"
    return place.read_text("utf-8") if place.is_file() else None


def _start(root: Path, name: str, unit: Unit) -> int:
    links = State(root).links
    text = unit["drop_in"] or ""
    condition = re.search(r"(?m)^ConditionPathExists=/sys/class/net/(\S+)$", text)
    unit.update(active=False, vrf="")
    if condition and condition[1] not in links:
        return 0  # it is left out, and that is no failure
    vrf = re.search(r"(?m)^ExecStart=\S*/ip vrf exec (\S+) ", text)
    if vrf and links.get(vrf[1], {}).get("kind") != "vrf":
        complain(f"Job for {name}.service failed because the control process exited with error code.\n")
        return 1
    unit.update(active=True, vrf=vrf[1] if vrf else "")
    return 0


def _shown(unit: Unit) -> str:
    state = "enabled" if unit["enabled"] else "disabled"
    active, process = ("active", unit["process"]) if unit["active"] else ("inactive", 0)
    return f"MainPID={process}\nActiveState={active}\nUnitFileState={state}\n"
