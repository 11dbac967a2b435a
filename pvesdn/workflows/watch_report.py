"""What a look of `watch` has come to."""

from __future__ import annotations

from dataclasses import dataclass

from pvesdn.model.files import ChangeSet
from pvesdn.model.report import ApplyReport
from pvesdn.workflows.watch_memory import Memory, encode_memory


@dataclass(frozen=True, slots=True)
class WatchReport:
    """The result of one look.

    :param reason: why it acted, or why it did not.
    :param state: what to pass to the next look; None if that is to start from scratch.
    :param is_failing: it did not act, although the last run failed and nobody has fixed the cause.
    :param is_settled: there was nothing to wait for, so it is known whether all is well.
    :param left: the plan of a look that did not act: what is left of what an earlier one told, or failed to
        apply, or what waits for guests.
    :param keeps: VNets are only there for the guests in them, who leave without a change of any file.
    """

    acted: bool
    reason: str
    state: str | None
    changes: ChangeSet | None = None
    report: ApplyReport | None = None
    is_failing: bool = False
    is_settled: bool = True
    left: ChangeSet | None = None
    keeps: bool = False


def report_of(
    memory: Memory, reason: str, changes: ChangeSet | None = None, report: ApplyReport | None = None
) -> WatchReport:
    """The report of a look that leaves `memory`.

    :param changes: the plan on which it acted; None if it did not.
    """
    keeps = bool(memory.kept)
    return WatchReport(changes is not None, reason, encode_memory(memory), changes, report, keeps=keeps)
