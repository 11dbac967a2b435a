"""How a run went: a node's failure is data, so it never hides the other nodes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pvesdn.model.verification import Verdict


class Outcome(StrEnum):
    """How one step on one node ended."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNREACHABLE = "unreachable"


class Standing(StrEnum):
    """What a node has when an apply is over."""

    NEW = "new"
    AS_BEFORE = "as before"
    """Nothing was begun there, or it was put back and looked at."""
    NOT_PUT_BACK = "not put back"
    """Neither: what it has, and why, is in the outcome."""


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """One step, such as ``staged``, ``written``, ``sysctl``, ``frr``, ``reloaded``, ``verified``."""

    step: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class NodeOutcome:
    """What was done on one node.

    :param error: one line: what failed and what to do next; empty if nothing failed.
    :param log: lines that explain the error, such as the end of a PVE task's log.
    :param standing: what the node has now; None where the apply did not get as far as preparing a way back.
    :param left: what is not as before, one line each, where the node was put back only in part or not at all.
    :param note: what was done in another way than planned, and why; empty where nothing was.
    """

    node: str
    steps: tuple[StepOutcome, ...] = ()
    error: str = ""
    log: tuple[str, ...] = ()
    standing: Standing | None = None
    left: tuple[str, ...] = ()
    note: str = ""

    @property
    def is_unreachable(self) -> bool:
        """Whether the node was unreachable in some step."""
        return any(step.outcome is Outcome.UNREACHABLE for step in self.steps)

    @property
    def is_good(self) -> bool:
        """Whether everything was done."""
        return not self.error


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """How an apply went.

    :param nodes: one outcome per node that had changes or could not be reached, sorted by name.
    :param commit: the outcome of `PUT /cluster/sdn`; None when it was not needed.
    :param commit_error: one line, empty when the commit went well.
    :param not_checked: what was not looked at.
    :param has_new_definitions: a draft has become the cluster's pvesdn.cfg.
    :param is_unconfirmed: all went well, but nobody confirmed it in time.
    :param is_rehearsal: PVE's definitions were to be tried out and no more: all nodes were put back on purpose.
    :param not_recorded: why the history has nothing of it, or not how it ended; empty if it has.
    :param verdict: what the checks came to; None where it did not come to them.
    """

    nodes: tuple[NodeOutcome, ...] = ()
    commit: Outcome | None = None
    commit_error: str = ""
    not_checked: tuple[str, ...] = ()
    has_new_definitions: bool = False
    is_unconfirmed: bool = False
    is_rehearsal: bool = False
    not_recorded: str = ""
    verdict: Verdict | None = None

    @property
    def is_good(self) -> bool:
        """Everything was done everywhere."""
        return not self.commit_error and all(node.is_good for node in self.nodes)

    @property
    def is_mixed(self) -> bool:
        """Something failed, and not every node that was changed is as it was before."""
        return any(node.standing is Standing.NOT_PUT_BACK for node in self.nodes)

    @property
    def has_unreachable(self) -> bool:
        """At least one node could not be reached."""
        return any(node.is_unreachable for node in self.nodes)
