"""The filters that keep DHCP from crossing VXLAN devices: ``post-up tc filter replace`` lines of our own file.

ifupdown2 runs them at every reload. A reload takes none away: it goes with its device alone.
"""

import re
import time
from typing import Any, Dict, List, Tuple

from pvesdn.node.program.files import text_of
from pvesdn.node.program.machine import Machine, links_by_name
from pvesdn.node.program.places import OUR_INTERFACES
from pvesdn.node.program.request import INTERFACE

Filters = Dict[str, List[Tuple[str, str]]]
"""Direction and program of each filter, by device."""
LIMIT = 30.0
"""Seconds for all devices together."""
_PUTS = re.compile(
    r"(?m)^\s*post-up tc filter replace dev (\S+) (ingress|egress) .*\bbpf direct-action bytecode '([0-9, ]+)'\s*$"
)


def filters_in(text: str) -> Filters:
    """What an interfaces file puts on its devices."""
    found: Filters = {}
    for device, way, program in _PUTS.findall(text):
        if INTERFACE.fullmatch(device):
            found.setdefault(device, []).append((way, program))
    return found


def filters_to_come(machine: Machine, text: str) -> Filters:
    """What `text` puts on devices of which our file as it is says nothing: with the file put back they would stay."""
    there = filters_in(text_of(machine, OUR_INTERFACES) or "")
    return {name: filters for name, filters in filters_in(text).items() if name not in there}


def still_filtered(machine: Machine, come: Filters) -> List[str]:
    """Those devices that have a filter of these."""
    ways = _in_force(machine, come)
    return [name for name in sorted(come) if ways[name]]


def dhcp_filters(machine: Machine) -> List[Dict[str, Any]]:
    """Those of our file that are in force: ``[{"ifname": "vxlan_web", "ways": ["ingress", "egress"]}]``."""
    ways = _in_force(machine, filters_in(text_of(machine, OUR_INTERFACES) or ""))
    return [{"ifname": name, "ways": ways[name]} for name in sorted(ways)]


def _in_force(machine: Machine, wanted: Filters) -> Dict[str, List[str]]:
    """The directions in which each device has its filter, exactly as it is written; none where there is no such device.

    Refused where that cannot be told: a filter that is not shown is not one that is not there.
    """
    end = time.monotonic() + LIMIT
    there = links_by_name(machine) if wanted else {}
    ways: Dict[str, List[str]] = {name: [] for name in wanted}
    for name in (name for name in wanted if name in there):
        for way, program in wanted[name]:
            if f"bytecode '{program}'" in _shown(machine, name, way, end):
                ways[name].append(way)
    return ways


def _shown(machine: Machine, device: str, way: str, end: float) -> str:
    argv = ["tc", "filter", "show", "dev", device, way]
    return machine.must(argv, limit=max(0.0, end - time.monotonic())).output
