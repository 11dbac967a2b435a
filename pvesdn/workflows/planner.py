"""Planning, for workflows that plan again in the course of an apply and need not know how."""

from __future__ import annotations

from typing import Protocol

from pvesdn.model.files import ChangeSet
from pvesdn.model.flags import PlanFlags
from pvesdn.model.snapshot import Snapshot


class Planner(Protocol):
    """`workflows.plan.plan` with its renderer, as ``partial(plan, renderer=Renderer())``."""

    def __call__(self, snapshot: Snapshot, /, *, flags: PlanFlags | None = None) -> ChangeSet:
        """What would change on every node that answered.

        :raises PvesdnError: the definitions cannot be used, or an answer is not what PVE gives.
        """
        ...
