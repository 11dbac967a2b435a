"""The verb `reload`, and how ifupdown2 is called: it lets only one run at a time, and never waits for it."""

import contextlib
import fcntl
import os
import time
from typing import Iterator, List, Optional

from pvesdn.node.program.checkpoint import at_work
from pvesdn.node.program.machine import CommandResult, Machine, Refused, failure
from pvesdn.node.program.nat import nat_before_reload
from pvesdn.node.program.places import IFUPDOWN_LOCK
from pvesdn.node.program.request import VERBS, Value
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
    return when_alone(machine, IFRELOAD, limit)


def when_alone(machine: Machine, argv: List[str], limit: float, end: Optional[float] = None) -> CommandResult:
    """The same for any of ifupdown2's commands.

    :param end: of the waiting and the run together, by `time.monotonic`; at least a second is tried in any case.
    """
    patience = time.monotonic() + PATIENCE
    last = patience + limit if end is None else end
    while True:
        outcome = machine.run(argv, min(limit, max(1.0, last - time.monotonic())))
        if outcome.status != ALREADY_RUNNING or time.monotonic() >= min(patience, last):
            return outcome
        time.sleep(1.0)


@contextlib.contextmanager
def nobody_reloads(machine: Machine) -> Iterator[None]:
    """Keep ifupdown2 from starting, for the moment in which files are swapped: what it has read in between would be
    neither. It cannot be kept while it is called: its commands take the same lock.

    :raises Refused: one that runs has not ended within `PATIENCE` seconds.
    """
    place = machine.place(IFUPDOWN_LOCK)
    os.makedirs(os.path.dirname(place), exist_ok=True)
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    with open(descriptor, "wb") as lock:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= end:
                    what = f"a reload of the network has not ended within {PATIENCE:g} s: {IFUPDOWN_LOCK} is held"
                    raise Refused(what, "look at `ps -ef` on the node for what runs, then try again") from None
            time.sleep(0.2)
        yield


VERBS.update(reload=reload)
