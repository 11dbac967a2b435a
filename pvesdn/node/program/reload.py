"""The verb `reload`: the node's network is reloaded from its files as they are, and from no other text."""

import time

from pvesdn.node.program.checkpoint import at_work
from pvesdn.node.program.machine import CommandResult, Machine, Refused, failure
from pvesdn.node.program.nat import nat_before_reload
from pvesdn.node.program.request import Value
from pvesdn.node.program.swap import locked

IFRELOAD = ["ifreload", "-a"]
ALREADY_RUNNING = 89
"""How ifupdown2 ends when another one runs."""
PATIENCE = 120.0
"""Seconds that somebody else's `ifreload` is waited for; ifupdown2's own lock does not wait."""
LONGEST_RELOAD = 420.0
"""Seconds; with the time that somebody else's reload is waited for, less than a call may take."""


def reload(machine: Machine, arguments: Value) -> Value:
    """``ifreload -a``, once nobody else's runs any more: ``{}`` -> ``{"log"}``.

    PVE's own reload of a node's network first writes `interfaces.d/sdn` from the definitions that are committed.
    """
    del arguments
    with locked(machine), at_work(machine, "reload"):
        log = nat_before_reload(machine)
        outcome = ifreload(machine, LONGEST_RELOAD)
    if outcome.status:
        raise Refused(failure(IFRELOAD, outcome))
    return {"log": [*log, *outcome.lines]}


def ifreload(machine: Machine, limit: float) -> CommandResult:
    """`ifreload -a`, once nobody else's runs any more; what it came to.

    :param limit: seconds for one run, without the waiting.
    """
    end = time.monotonic() + PATIENCE
    while True:
        outcome = machine.run(IFRELOAD, limit)
        if outcome.status != ALREADY_RUNNING or time.monotonic() >= end:
            return outcome
        time.sleep(1.0)
