"""The verb `reload`: the node's network is reloaded from its files as they are, and from no other text."""

from pvesdn.node.program.checkpoint import at_work
from pvesdn.node.program.machine import Machine, Refused, failure
from pvesdn.node.program.nat import nat_before_reload
from pvesdn.node.program.request import Value
from pvesdn.node.program.swap import locked
from pvesdn.node.program.undo import IFRELOAD, ifreload

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
