"""The nodes' progress through an apply: what has been done on each so far, and how to do something on many of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pvesdn.errors import NodeError, NodeUnreachable, PvesdnError, TaskFailed
from pvesdn.model.execution import NodeExecution
from pvesdn.model.primitives import NodeName
from pvesdn.model.progress import IN_PLACE, Awaits, Begun, Ended, StepName, Thing, Way
from pvesdn.model.report import NodeOutcome, Outcome, Standing, StepOutcome
from pvesdn.workflows.world import World


def outcome_of(error: PvesdnError) -> Outcome:
    """How a step has ended that has failed so."""
    return Outcome.UNREACHABLE if isinstance(error, NodeUnreachable) else Outcome.FAILED


@dataclass(slots=True)
class Progress:
    """What has been done on a node so far.

    :param execution: what is to be done.
    :param error: what stopped it; empty while nothing has.
    :param step: the step in progress.
    :param standing: what the node has, once the apply is over.
    :param left: what is not as before there, though it should be.
    :param note: see `NodeOutcome`.
    """

    world: World
    execution: NodeExecution
    steps: list[StepOutcome] = field(default_factory=list)
    error: str = ""
    log: tuple[str, ...] = ()
    step: StepName = StepName.READ
    standing: Standing | None = None
    left: tuple[str, ...] = ()
    note: str = ""

    @property
    def node(self) -> NodeName:
        """The node's name."""
        return self.execution.node

    def begin(self, step: StepName, way: Way = Way.USUAL) -> None:
        """A step starts."""
        self.step = step
        self.world.observer.tell(Begun(self.node, step, way))

    def done(self, outcome: Outcome = Outcome.OK, why: str = "") -> None:
        """The step in progress has ended. :param why: what has failed."""
        self.steps.append(StepOutcome(self.step, outcome))
        self.world.observer.tell(Ended(self.node, self.step, outcome, why.removeprefix(f"{self.node}: ")))

    def awaits(self, thing: Thing, objects: tuple[str, ...] = ()) -> None:
        """The step in progress waits for that."""
        self.world.observer.tell(Awaits(self.node, thing, objects))

    @property
    def is_skipped(self) -> bool:
        """Whether it was left as it is because of something else."""
        return any(done.outcome is Outcome.SKIPPED for done in self.steps)

    @property
    def has_begun(self) -> bool:
        """Whether a step of its turn has begun here; not where it was skipped."""
        if any(done.step in IN_PLACE and done.outcome is not Outcome.SKIPPED for done in self.steps):
            return True
        return self.step in IN_PLACE and self.steps[-1:] != [StepOutcome(self.step, Outcome.SKIPPED)]

    def fail(self, error: PvesdnError) -> None:
        """The step in progress has failed, and with it the node."""
        self.error = str(error)
        self.log = error.log if isinstance(error, TaskFailed) else ()
        self.done(outcome_of(error), self.error)

    def leave(self, step: StepName, error: str) -> None:
        """`step` is skipped because something else has failed; the node gets no further."""
        self.step = step
        self.error = f"{self.node}: {error}"
        self.done(Outcome.SKIPPED, self.error)

    def outcome(self) -> NodeOutcome:
        """The node's line in the report."""
        return NodeOutcome(self.node, tuple(self.steps), self.error, self.log, self.standing, self.left, self.note)


def on_each(world: World, run: Iterable[Progress], task: Callable[[Progress], None]) -> dict[NodeName, NodeError]:
    """Do `task` on every node, as the world's runner does; a node's failure is recorded in its Progress.

    :returns: the failures by node; on all other nodes it went well.
    """
    nodes = {progress.node: progress for progress in run}

    def noted(name: NodeName) -> None:
        try:
            task(nodes[name])
        except NodeError as error:
            nodes[name].fail(error)
            raise

    outcomes = world.runner.each(tuple(nodes), noted)
    return {name: outcome for name, outcome in outcomes.items() if outcome is not None}


def healthy(run: Iterable[Progress]) -> list[Progress]:
    """The nodes on which nothing has failed."""
    return [progress for progress in run if not progress.error]
