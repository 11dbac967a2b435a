"""A question of `observe` that is asked of a node that has changed before the others: what it announces of EVPN."""

import re
from typing import Any, Callable, Dict, List

from pvesdn.node.program.machine import Machine
from pvesdn.node.program.shown import objects_of_frr

_IPV4 = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_MOST_VTEPS = 4
"""A node has one VTEP, or a few; each is a question."""


def announced_vnis(machine: Machine) -> List[int]:
    """The VNIs of which bgpd has a type-3 route of the node's own (RFC 7432 section 7.3), sorted.

    bgpd lists the routes of a VTEP; type-2 routes of its guests are among them, and are left out.
    """
    known = objects_of_frr(machine, "show bgp l2vpn evpn vni")
    rows = [row for row in known.values() if isinstance(row, dict)]
    vteps = sorted({str(row.get("originatorIp")) for row in rows if _IPV4.fullmatch(str(row.get("originatorIp")))})
    found = set()
    for vtep in vteps[:_MOST_VTEPS]:
        routes = objects_of_frr(machine, f"show bgp l2vpn evpn route vni all vtep {vtep}")
        for vni, there in routes.items():
            own = f":[{vtep}]"
            if isinstance(there, dict) and any(name.startswith("[3]:") and name.endswith(own) for name in there):
                found.add(int(vni))
    return sorted(found)


ANNOUNCED: Dict[str, Callable[[Machine], Any]] = {"evpn-announced": announced_vnis}
"""By name; `model.snapshot.CANARY_COMMANDS` has the same name."""
