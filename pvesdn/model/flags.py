"""What the caller has decided beforehand."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlanFlags:
    """Decisions that turn an obstacle into a step of the plan.

    :param overwrite: replace files that somebody else has written or edited.
    :param detach_guests: remove bridges although guests are plugged into them.
    :param interfaces_new: let the reload bring somebody's unapplied /etc/network/interfaces.new into force.
    :param allow_management: nodes on which devices may change that carry the way in.
    """

    overwrite: bool = False
    detach_guests: bool = False
    interfaces_new: bool = False
    allow_management: frozenset[str] = frozenset()
