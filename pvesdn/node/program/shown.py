"""What FRR shows: several questions to one vtysh, whose start takes longer than any answer."""

import contextlib
import json
import re
from typing import Any, Dict, List, Sequence, Tuple

from pvesdn.node.program.machine import CommandResult, Machine, Refused, ended, failure
from pvesdn.node.program.vtysh import says_down

FRR_LIMIT = 10.0
"""Seconds for one call of vtysh, which answers within 100 ms; a daemon that hangs never does."""
_VNIS = "show evpn vni detail"
SHOWN_FOR = {
    "frr-daemons": ("show daemons",),
    "bgp-neighbors": ("show bgp neighbors json",),
    "evpn-vnis": (f"{_VNIS} json",),
    "vrf-routes": (f"{_VNIS} json",),
    "evpn-rmacs": ("show evpn rmac vni all json", "show evpn next-hops vni all json"),
    "frr-running": ("show running-config",),
    "vrrp": ("show vrrp json",),
}
"""What vtysh is asked for each question of `observe`. The last one fails on most nodes, where vrrpd does not run."""


def ask_together(machine: Machine, questions: Sequence[str]) -> None:
    """Ask vtysh once for all that `questions` of `observe` need, for `asked_of_frr` to find.

    Where that fails nothing is lost: what was not answered is asked alone.
    """
    left = list(dict.fromkeys(words for name in SHOWN_FOR if name in questions for words in SHOWN_FOR[name]))
    machine.shown = {}
    with contextlib.suppress(Refused, OSError):
        while len(left) > 1:
            told = _said_together(machine, left)
            if not told:
                return
            machine.shown.update(told)
            left = left[len(told) :]


def _said_together(machine: Machine, commands: List[str]) -> Dict[str, CommandResult]:
    """What vtysh said to the first of `commands`; it stops at the first that fails. Where FRR is off that is all."""
    argv = ["vtysh", *(word for command in commands for word in ("-c", command)), "-E"]
    outcome = machine.run(argv, limit=FRR_LIMIT)
    said = _apart(outcome.output, commands)
    if not said and outcome.status and says_down(outcome):
        return dict.fromkeys(commands, outcome)
    if said and not outcome.status and len(said) < len(commands):
        said.popitem()  # nobody can tell where this answer ends
    told = {command: ended(0, text) for command, text in said.items()}
    if told and outcome.status:
        last = commands[len(told) - 1]
        printed = sum(bool(line.strip()) for line in outcome.output.splitlines())
        told[last] = ended(outcome.status, said[last], "\n".join(outcome.lines[printed:]))
    return told


def _apart(output: str, commands: List[str]) -> Dict[str, str]:
    """The answers to the first of `commands`: with `-E`, vtysh repeats each behind its prompt before it answers
    (docs/pve.md §13.1).
    """
    begins: List[Tuple[int, int]] = []
    for command in commands:
        echo = re.compile(rf"^[^\s#>]*[#>] {re.escape(command)}\n", re.MULTILINE)
        found = echo.search(output, begins[-1][1] if begins else 0)
        if found is None:
            break
        begins.append(found.span())
    ends = [begin for begin, _ in begins[1:]] + [len(output)]
    return {commands[number]: output[begin : ends[number]] for number, (_, begin) in enumerate(begins)}


def asked_of_frr(machine: Machine, command: str) -> CommandResult:
    """How vtysh ended with `command`, asked now or together with others of this `observe`."""
    known = (machine.shown or {}).get(command)
    return machine.run(["vtysh", "-c", command], limit=FRR_LIMIT) if known is None else known


def must_show(machine: Machine, command: str) -> CommandResult:
    """The same, but any exit status other than 0 is Refused."""
    outcome = asked_of_frr(machine, command)
    if outcome.status:
        raise Refused(failure(["vtysh", "-c", command], outcome))
    return outcome


def shown_by_frr(machine: Machine, command: str) -> Any:
    """The answer to a command of vtysh; None for an empty one.

    A daemon that does not run is told by a line instead, and not always by the status.
    """
    outcome = must_show(machine, f"{command} json")
    if not outcome.output.strip():
        return None  # without `advertise-all-vni` there is nothing to show of VNIs
    try:
        return json.loads(outcome.output, strict=False)
    except (ValueError, RecursionError):
        raise Refused(f"vtysh -c {command} json printed no JSON") from None


def vnis_of_frr(machine: Machine) -> List[Dict[str, Any]]:
    """What zebra knows of each VNI: its longest answer, and several questions of one `observe` are about it."""
    if machine.vnis is None:
        machine.vnis = rows_of_frr(machine, _VNIS)
    return machine.vnis


def rows_of_frr(machine: Machine, command: str) -> List[Dict[str, Any]]:
    """The objects in the list that a command of vtysh shows; none for an empty answer, Refused for anything else."""
    shown = shown_by_frr(machine, command) or []
    if not isinstance(shown, list) or not all(isinstance(row, dict) for row in shown):
        raise Refused(f"vtysh -c {command} json printed no list of objects")
    return shown


def objects_of_frr(machine: Machine, command: str) -> Dict[str, Any]:
    """What a command of vtysh shows by name; none for an empty answer, Refused for anything else."""
    shown = shown_by_frr(machine, command) or {}
    if not isinstance(shown, dict):
        raise Refused(f"vtysh -c {command} json printed no object")
    return shown
