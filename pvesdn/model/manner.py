"""How a plan is carried out, as somebody has asked for it."""

from __future__ import annotations

from dataclasses import dataclass, field

from pvesdn.model.order import Wishes
from pvesdn.model.primitives import NodeName


@dataclass(frozen=True, slots=True)
class Manner:
    """What `apply` is told beside the plan.

    :param confirm_within: what was done stays only if somebody confirms it within so many seconds; 0: it stays.
    :param comment: why, in the words of whoever asked for it; for the history.
    :param wishes: what was said about the order of the nodes.
    :param commits: False where PVE's pending definitions are only rehearsed, and every node is put back.
    :param commit_unrehearsed: PVE's definitions may be committed where a newer PVE cannot be rehearsed.
    :param only: the nodes that were named, of which alone the plan is; empty where it is of all.
    :param sync_peers: in the plan PVE's lists of peers follow the members; for the history.
    """

    confirm_within: int = 0
    comment: str = ""
    wishes: Wishes = field(default_factory=Wishes)
    commits: bool = True
    commit_unrehearsed: bool = False
    only: tuple[NodeName, ...] = ()
    sync_peers: bool = False


AS_USUAL = Manner()
"""Nobody has asked for anything."""
