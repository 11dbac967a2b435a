"""A clock for those who follow tasks of a simulated cluster."""

from __future__ import annotations

from pvesdn.adapters.system import SystemClock
from pvesdn_lab.simulated.cluster import SimulatedCluster


class TaskClock(SystemClock):
    """Who waits for a task is awake as soon as none is running any more; who waits for nothing has waited at once."""

    def __init__(self, cluster: SimulatedCluster) -> None:
        self._cluster = cluster
        self.skipped = 0.0

    def now(self) -> float:
        return super().now() + self.skipped

    def monotonic(self) -> float:
        return super().monotonic() + self.skipped

    def sleep(self, seconds: float) -> None:
        if not self._cluster.wait_for_tasks(seconds):
            self.skipped += seconds
            self._cluster.locks.pass_time(seconds)
