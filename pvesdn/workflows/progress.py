"""One node's way through an apply."""

from __future__ import annotations

from dataclasses import dataclass, field

from pvesdn.errors import NodeUnreachable, PvesdnError, TaskFailed
from pvesdn.model.files import NodeChanges
from pvesdn.model.report import NodeOutcome, Outcome, StepOutcome
from pvesdn.workflows.world import World


@dataclass(slots=True)
class Progress:
    """What has been done on a node so far.

    :param error: what stopped it, empty while it goes on.
    :param step: the step that is under way.
    """

    world: World
    changes: NodeChanges
    steps: list[StepOutcome] = field(default_factory=list)
    error: str = ""
    log: tuple[str, ...] = ()
    step: str = ""

    @property
    def node(self) -> str:
        """The node's name."""
        return self.changes.node

    def begin(self, step: str, detail: str = "") -> None:
        """A step starts."""
        self.step = step
        self.world.observer.step(self.node, step, detail)

    def done(self, outcome: Outcome = Outcome.OK) -> None:
        """The step under way has ended."""
        self.steps.append(StepOutcome(self.step, outcome))
        self.world.observer.done(self.node, self.step, outcome.value)

    def fail(self, error: PvesdnError) -> None:
        """The step under way has failed, and with it the node."""
        self.error = str(error)
        self.log = error.log if isinstance(error, TaskFailed) else ()
        self.done(Outcome.UNREACHABLE if isinstance(error, NodeUnreachable) else Outcome.FAILED)

    def leave(self, step: str, error: str) -> None:
        """`step` is left out, because something else has failed; the node gets no further."""
        self.step = step
        self.error = f"{self.node}: {error}"
        self.done(Outcome.SKIPPED)

    def outcome(self) -> NodeOutcome:
        """The node's line in the report."""
        return NodeOutcome(self.node, tuple(self.steps), self.error, self.log)
