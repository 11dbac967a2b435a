"""When to start what. Pure: it is told the time and what was seen, and says what is due."""

from __future__ import annotations

from pvesdn.watcher.sight import Sight

LOOK = "look"
"""Compare, and plan or apply: `pvesdn watch --once`."""
VERIFY = "verify"
"""Hold this node against the definitions: `pvesdn watch --verify`."""
METRICS = "metrics"
"""Write the file of metrics: `pvesdn watch --metrics`."""

SETTLED = 10.0
"""Seconds without a change after which a burst of them is over."""
PATIENCE = 300.0
"""Seconds after which a burst is dealt with although it goes on."""
RELOADED = 20.0
"""Seconds after the last sign of a reload until the network is looked at."""
UNREST = 60.0
"""The same after a change of the definitions or the members, which an apply may follow."""
APART = 5.0
"""Seconds by which nodes that were reloaded together look one after the other."""
SOON = 15.0
"""Seconds until a look that waited, for an edit to end or for another apply, is done again."""
AGAIN = 60.0
"""Seconds until a look that failed, or a verification that found something bad, is done again; twice as long each time,
up to `AT_MOST`.
"""
AT_MOST = 900.0
KEPT = 900.0
"""Seconds until a look that found VNets kept for the guests in them is done again: no file tells that a guest is shut
down or plugged in elsewhere. One that is missed for as long has left, and does not only restart.
"""


class Turns:
    """What one node does when.

    :param every: seconds between two files of metrics, while the node tells; none are written for 0.
    """

    def __init__(self, every: float = 0.0) -> None:
        self._every = every
        self._metrics_at: float | None = None
        self._before: Sight | None = None
        self._changed: tuple[float, float] | None = None
        """When a burst of changes began, and when its last one was seen."""
        self._again: float | None = None
        self._failures = 0
        self._verify_at: float | None = None
        self._bad_verdicts = 0
        """How often in a row a verification has found this node bad, or has failed."""
        self._is_in_motion = False

    def due(self, now: float, sight: Sight) -> str:
        """What to start now: `LOOK`, `VERIFY` or nothing. Called at each tick, also while something runs.

        :param now: seconds of a clock that never goes back.
        """
        if sight.trouble:
            return ""
        before, self._before = self._before, sight
        self._notice(now, before, sight)
        if not sight.stands_by:
            if self._changed is not None:
                began, last = self._changed
                if now - last >= SETTLED or now - began >= PATIENCE:
                    return LOOK
            elif self._again is not None and now >= self._again:
                return LOOK
        if self._verify_at is not None and now >= self._verify_at and not sight.is_open:
            return VERIFY
        if self._metrics_at is not None and now >= self._metrics_at:
            return METRICS
        return ""

    def is_moot(self, what: str, due: str) -> bool:
        """Whether what runs is to be given up: what a verification finds now is soon no longer so, and metrics wait for
        everything else. Called after `due`, with what that said.
        """
        if what == METRICS:
            return due in {LOOK, VERIFY}
        return what == VERIFY and (due == LOOK or self._is_in_motion)

    def started(self, what: str) -> None:
        """It has been started; what changes from now on is another reason."""
        if what == LOOK:
            self._changed = self._again = None
        elif what == VERIFY:
            self._verify_at = None
        else:
            self._metrics_at = None

    def ended(self, now: float, what: str, *, is_good: bool, is_settled: bool, keeps: bool = False) -> None:
        """How it ended.

        :param is_settled: it has nothing to wait for.
        :param keeps: of a look: VNets are kept for the guests in them.
        """
        if what == METRICS:
            if self._metrics_at is None:  # otherwise they are due sooner, for something that has changed meanwhile
                self._metrics_at = now + self._every
            return
        if self._metrics_at is not None and is_settled:
            self._metrics_at = now
        if what == VERIFY:
            if not is_good and self._verify_at is None:
                self._verify_at = now + _back_off(self._bad_verdicts)
            self._bad_verdicts = 0 if is_good else self._bad_verdicts + 1
            return
        if is_good:
            self._failures = 0
            self._again = now + SOON if not is_settled else now + KEPT if keeps else None
            return
        self._again = now + _back_off(self._failures)
        self._failures += 1

    def put_off(self, now: float) -> None:
        """A verification was given up, or is to be: it says nothing, and comes later."""
        self._verify_at = now + UNREST

    def ask(self, now: float) -> None:
        """Somebody wants a look now."""
        self._changed = (now - PATIENCE, now)

    def _notice(self, now: float, before: Sight | None, sight: Sight) -> None:
        if not sight.tells:
            self._metrics_at = None  # values of two nodes would be there twice
        elif self._every and (before is None or (before.tells, before.stands_by) != (True, sight.stands_by)):
            self._metrics_at = now + RELOADED
        if sight.stands_by:
            self._changed = self._again = None  # whoever takes office later begins with a look
        elif before is None or before.stands_by or before.cluster != sight.cluster:
            self._changed = (self._changed[0] if self._changed else now, now)
            self._failures = 0
        if before is None:
            self._verify_at = now + RELOADED + APART * sight.place
            return
        self._is_in_motion = sight.is_open or before.cluster != sight.cluster
        if self._is_in_motion and self._verify_at is not None:
            self._verify_at = now + UNREST + APART * sight.place
        # An apply of pvesdn verifies by itself what it does, but does not tell us: it may be the cure.
        is_own = sight.is_open or before.is_open or before.applies != sight.applies
        is_reloaded = before.network != sight.network and not is_own
        if is_reloaded or (is_own and not sight.is_open and self._bad_verdicts):
            self._verify_at = now + RELOADED + APART * sight.place
            self._bad_verdicts = min(self._bad_verdicts, 1)


def _back_off(failures: int) -> float:
    """Seconds until what has failed is done again, after so many failures before."""
    return min(AGAIN * (1 << min(failures, 10)), AT_MOST)
