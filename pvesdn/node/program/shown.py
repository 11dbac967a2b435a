"""What FRR shows as JSON."""

import json
from typing import Any, Dict, List

from pvesdn.node.program.machine import Machine, Refused, rows_of

FRR_LIMIT = 10.0
"""Seconds for one question to FRR, which answers within 30 ms; a daemon that hangs never does."""


def shown_by_frr(machine: Machine, command: str) -> Any:
    """The answer to a command of vtysh; None for an empty one.

    A daemon that does not run is told by a line instead, and not always by the status.
    """
    argv = ["vtysh", "-c", command + " json"]
    outcome = machine.must(argv, limit=FRR_LIMIT)
    if not outcome.output.strip():
        return None  # without `advertise-all-vni` there is nothing to show of VNIs
    try:
        return json.loads(outcome.output, strict=False)
    except (ValueError, RecursionError):
        raise Refused("{} printed no JSON".format(" ".join(argv))) from None


def vnis_of_frr(machine: Machine) -> List[Dict[str, Any]]:
    """What zebra knows of each VNI: its longest answer, and several questions of one `observe` are about it."""
    if machine.vnis is None:
        machine.vnis = rows_of(shown_by_frr(machine, "show evpn vni detail"))
    return machine.vnis
