"""Units of systemd, by the word in which it tells of each: an exit status other than 0 says not whether nobody knows.

What is not known is Refused, not taken for "no": on the way back a unit is stopped and switched off for a "no".
"""

import time

from pvesdn.node.program.machine import Machine, Refused, failure

_ANSWERS = 30.0
"""Seconds that systemd may take for an answer."""
COMING_UP = 20.0
"""Seconds in which a unit that starts or stops gets there."""
_RUNS = {
    **dict.fromkeys(("active", "reloading", "refreshing"), True),
    **dict.fromkeys(("inactive", "failed", "unknown"), False),
}
_ON_ITS_WAY = ("activating", "deactivating")
_STARTS = {
    **dict.fromkeys(("enabled", "enabled-runtime", "linked", "linked-runtime", "alias"), True),
    **dict.fromkeys(("static", "indirect", "generated", "transient"), True),
    **dict.fromkeys(("disabled", "masked", "masked-runtime", "not-found"), False),
}
"""What somebody else starts counts as switched on: it is not for us to switch it off."""
_ABSENT = ("Failed to get unit file state for ", ": No such file or directory")
"""How systemd before 253 says `not-found`; that there is no bus ends with the same words."""


def is_active(machine: Machine, unit: str) -> bool:
    """Whether a unit runs; one that is about to gets `COMING_UP`. Refused where nobody tells."""
    end = time.monotonic() + COMING_UP
    argv = ["systemctl", "is-active", unit]
    while True:
        outcome = machine.run(argv, limit=_ANSWERS)
        word = outcome.output.strip()
        if word in _RUNS:
            return _RUNS[word]
        if word not in _ON_ITS_WAY:
            raise _unknown("runs", unit, failure(argv, outcome))
        if time.monotonic() >= end:
            raise _unknown("runs", unit, f"it has been {word} for {COMING_UP:.0f} s")
        time.sleep(0.5)


def is_enabled(machine: Machine, unit: str, limit: float = _ANSWERS) -> bool:
    """Whether a unit is switched on, by whatever it may be. Refused where nobody tells."""
    argv = ["systemctl", "is-enabled", unit]
    outcome = machine.run(argv, limit)
    word = outcome.output.strip()
    if word in _STARTS:
        return _STARTS[word]
    if any(line.startswith(_ABSENT[0]) and line.endswith(_ABSENT[1]) for line in outcome.lines):
        return False
    raise _unknown("is enabled", unit, failure(argv, outcome))


def _unknown(what: str, unit: str, why: str) -> Refused:
    return Refused(f"nobody can tell whether {unit} {what}: {why}", f"systemctl status {unit} says more")
