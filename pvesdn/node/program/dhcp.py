"""The filters that keep DHCP from crossing VXLAN devices: ``post-up tc filter replace`` lines of our own file.

ifupdown2 runs them at every reload. A reload takes none away: it goes with its device alone.
"""

import re
from typing import Any, Dict, List, Sequence, Tuple

from pvesdn.node.program.files import text_of
from pvesdn.node.program.machine import Machine
from pvesdn.node.program.places import OUR_INTERFACES
from pvesdn.node.program.request import INTERFACE

Filters = Dict[str, List[Tuple[str, str]]]
"""Direction and program of each filter, by device."""
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


def ways_filtered(machine: Machine, device: str, filters: Sequence[Tuple[str, str]]) -> List[str]:
    """The directions in which a device has these filters, exactly as they are written; none where it is not there."""
    return [way for way, program in filters if f"bytecode '{program}'" in _shown(machine, device, way)]


def filters_to_come(machine: Machine, text: str) -> Filters:
    """What `text` puts on devices of which our file as it is says nothing: with the file put back they would stay."""
    there = filters_in(text_of(machine, OUR_INTERFACES) or "")
    return {name: filters for name, filters in filters_in(text).items() if name not in there}


def still_filtered(machine: Machine, come: Filters) -> List[str]:
    """Those devices that have a filter of these."""
    return [name for name in sorted(come) if ways_filtered(machine, name, come[name])]


def dhcp_filters(machine: Machine) -> List[Dict[str, Any]]:
    """Those of our file that are in force: ``[{"ifname": "vxlan_web", "ways": ["ingress", "egress"]}]``."""
    wanted = filters_in(text_of(machine, OUR_INTERFACES) or "")
    return [{"ifname": name, "ways": ways_filtered(machine, name, wanted[name])} for name in sorted(wanted)]


def _shown(machine: Machine, device: str, way: str) -> str:
    outcome = machine.run(["tc", "filter", "show", "dev", device, way], limit=20)
    return "" if outcome.status else outcome.output
