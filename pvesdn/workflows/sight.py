"""One look at the nodes after a change: what is wrong, how long that may last, and what it means for each node."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pvesdn.compare.before_after import Applied
from pvesdn.errors import NodeFailed, NodeUnreachable
from pvesdn.model.files import NodeChanges
from pvesdn.model.primitives import NodeName
from pvesdn.model.progress import StepName
from pvesdn.model.verification import Discrepancy, Look, Subject, Verdict
from pvesdn.workflows.progress import Progress

PATIENCE = 30.0
"""Seconds for what settles by itself. On real FRR sessions take 1.3 to 2.3 s after a reload, VTEPs up to 3.3 s."""
AT_ONCE = 5.0
"""Seconds for what a reload has done by the time it ends: files, devices, settings."""
DONE_AT_ONCE = frozenset({Subject.FILE, Subject.DEVICE, Subject.SETTING})
"""What a reload does itself: it is there when the reload ends."""
_LINK = "link"
"""A card takes its time to find out that something is at the other end."""
_SHOWN = 3
"""As many findings are told in the one line of a node."""


@dataclass(frozen=True, slots=True)
class Sight:
    """One look after the change.

    :param silent: nodes that were done and could not be looked at, with the reason.
    :param look: what the nodes were doing.
    :param applied: what had been done by then.
    """

    verdict: Verdict
    silent: dict[NodeName, str]
    look: Look = field(default_factory=Look)
    applied: Applied = field(default_factory=Applied)

    def patience(self, settling: float) -> float:
        """Seconds after the first look within which it may still get better; 0 when all is good.

        :param settling: for what settles by itself.
        """
        wrong = (*self.verdict.failed, *self.verdict.unhealed)
        waits = [settling if _settles(item) else AT_ONCE for item in wrong]
        return min([*waits, *(PATIENCE for _ in self.silent)], default=0.0)


def in_one_line(found: Sequence[Discrepancy]) -> str:
    """What is wrong on one node, and why."""
    told = [
        f"{item.object}{f', {item.trait}' if item.trait else ''}: expected {item.expected}, found {item.found}"
        f" ({item.cause})"
        for item in found[:_SHOWN]
    ]
    more = len(found) - _SHOWN
    return "; ".join([*told, *([f"and {more} more"] if more > 0 else [])])


def is_verified(progress: Progress, sight: Sight, failed: Sequence[Discrepancy]) -> bool:
    """Whether the node could be looked at, and nothing has failed; otherwise that is its failure."""
    progress.step = StepName.VERIFIED
    if progress.node in sight.silent:
        progress.fail(NodeUnreachable(progress.node, f"not verified: {sight.silent[progress.node]}"))
    elif failed:
        progress.fail(NodeFailed(progress.node, in_one_line(failed)))
    else:
        return True
    return False


def written_since(applied: NodeChanges, now: NodeChanges) -> Iterator[Discrepancy]:
    """Files that are not what was written. One that is, and still changes, is for what came later."""
    written = {change.path: change.new for change in applied.files if not change.by_pve}
    for change in now.files:
        if change.path not in written or change.old != written[change.path]:
            yield Discrepancy(
                node=now.node,
                subject=Subject.FILE,
                object=change.path,
                expected="as it was written",
                found="another text" if change.old is not None else "absent",
                cause="somebody else, or PVE, has written it since",
                step="pvesdn plan --diff",
            )


def _settles(item: Discrepancy) -> bool:
    return item.subject not in DONE_AT_ONCE or item.trait == _LINK
