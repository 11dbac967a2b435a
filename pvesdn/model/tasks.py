"""Tasks of the PVE API."""

from __future__ import annotations

from pvesdn.model.base import Model
from pvesdn.model.primitives import Upid


class TaskState(Model):
    """One look at a task.

    :param node: the node it runs on, the first field of its UPID.
    :param exit_status: ``OK``, ``WARNINGS: N`` or the error text once it has ended, None while it runs.
    """

    upid: Upid
    node: str
    exit_status: str | None

    @property
    def is_running(self) -> bool:
        """Whether it is still running."""
        return self.exit_status is None

    @property
    def is_good(self) -> bool:
        """Whether it ended well, warnings of PVE's included."""
        return self.exit_status is not None and (self.exit_status == "OK" or self.exit_status.startswith("WARNINGS"))
