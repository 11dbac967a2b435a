"""A clock for those who follow tasks of a simulated cluster."""

from __future__ import annotations

from pvesdn.adapters.system import SystemClock
from pvesdn_lab.simulated.cluster import SimulatedCluster


class TaskClock(SystemClock):
    """Who waits for a task is awake as soon as none is running any more; who waits for nothing has waited at once.

    :param least: seconds that whoever waits for nothing sleeps at least, as on a machine with much else to do: what
        will not get better is looked at two or three times before that is clear, and not ten times.
    """

    def __init__(self, cluster: SimulatedCluster, *, least: float = 0.0) -> None:
        self._cluster = cluster
        self._least = least
        self.skipped = 0.0

    def now(self) -> float:
        return super().now() + self.skipped

    def monotonic(self) -> float:
        return super().monotonic() + self.skipped

    def sleep(self, seconds: float) -> None:
        if not self._cluster.wait_for_tasks(seconds):
            passed = max(seconds, self._least)
            self.skipped += passed
            self._cluster.locks.pass_time(passed)
