"""What vtysh says of itself: that nobody is there, and its opinion of a text before that is put in place."""

from typing import List

from pvesdn.node.program.machine import CommandResult, Machine, Refused

_FRR_IS_DOWN = ("is not running", "failed to connect to any daemons")
"""What vtysh, and so frr-reload.py, prints when there is nobody to reload."""


def says_down(outcome: CommandResult) -> bool:
    """Whether vtysh, or frr-reload.py with it, found nobody to talk to."""
    return any(words in line for line in outcome.lines for words in _FRR_IS_DOWN)


def frr_complaints(machine: Machine, place: str) -> List[str]:
    """What vtysh says to the text at the real `place`; it needs no daemon for that and ends with 0 when the text is
    good.
    """
    if machine.find("vtysh") is None:
        return []
    try:
        outcome = machine.run(["vtysh", "-C", "-f", place], limit=120)
    except Refused as refused:
        return [refused.error]
    if outcome.status == 0:
        return []
    lines = [line for line in outcome.lines if line.startswith("line ")] or outcome.lines
    return lines or [f"vtysh -C: exit status {outcome.status}"]
