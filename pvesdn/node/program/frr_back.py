"""FRR on the way back: it runs as the checkpoint has it, and takes the files of before."""

import time
from typing import List

from pvesdn.node.program.capture import running_lines
from pvesdn.node.program.frr import take_files
from pvesdn.node.program.machine import Machine, Refused
from pvesdn.node.program.request import Value
from pvesdn.node.program.units import is_active

SETTLING = 30.0
"""Seconds after which FRR has read its files."""


def put_frr_back(machine: Machine, checkpoint: Value) -> List[str]:
    """Have FRR take the files of before, where it does not run them or did not run at all; what was done."""
    before = checkpoint["frr"]
    if "frr" not in checkpoint["begun"]:
        # Nobody has asked it for a change: what it runs now came by a hook of somebody's, or by hand.
        has_changed = before["active"] and _unlike(machine, before["lines"])
        return take_files(machine, "reload") if has_changed else []
    if before["enabled"] is False:
        machine.run(["systemctl", "disable", "frr"], limit=60)
    if before["active"] is False:
        return machine.must(["systemctl", "stop", "frr"], limit=120).lines
    # FRR that has come up with the files of before has nothing to restart for.
    is_restart = checkpoint["frr_action"] == "restart" and not checkpoint.get("is_booted", False)
    return take_files(machine, "restart" if is_restart else "reload")


def frr_left(machine: Machine, checkpoint: Value) -> List[str]:
    """What of FRR is not as before, one line each."""
    before = checkpoint["frr"]
    if before["active"] is None or ("frr" not in checkpoint["begun"] and not before["active"]):
        return []
    active = is_active(machine, "frr")
    if active != before["active"]:
        return ["FRR runs, and did not" if active else "FRR does not run; systemctl status frr says why"]
    end = time.monotonic() + SETTLING
    while before["lines"] is not None and (left := _unlike(machine, before["lines"])):
        if time.monotonic() >= end:
            return [left]
        time.sleep(0.5)
    return []


def _unlike(machine: Machine, lines: List[str]) -> str:
    """What is wrong with FRR's running configuration; empty where it is what it was."""
    try:
        return "" if running_lines(machine) == lines else "FRR's running configuration is not what it was"
    except Refused as refused:
        return f"nobody can tell whether FRR runs what it did: {refused.error}"
