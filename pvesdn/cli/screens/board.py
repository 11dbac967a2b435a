"""How an apply stands, from the events that have come so far. What is shown of it is in `board_lines`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pvesdn.model.primitives import NodeName
from pvesdn.model.progress import (
    IN_PLACE,
    Armed,
    Awaits,
    Beat,
    Begun,
    Committed,
    Ended,
    Event,
    Heard,
    NotReached,
    PutsBack,
    Stays,
    StepName,
    Stopping,
    Thing,
    Turns,
    WaitsForLock,
    WaitsForYes,
    Way,
)
from pvesdn.model.ranges import by_number
from pvesdn.model.report import Outcome

_AS_BEFORE = frozenset({StepName.UNDONE, StepName.DISCARDED})
"""After these there is nothing on a node that it would put back by itself."""
_BESIDE = frozenset({StepName.READ})
"""Nodes are read again while they are verified, which is no step of theirs."""


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A step that a node has begun and not ended.

    :param since: by the clock that the events were given with.
    :param waits: what it waits for, if it has said so.
    :param is_lost: the node was not reached, and is asked again.
    """

    step: StepName
    way: Way
    since: float
    waits: Awaits | None = None
    is_lost: bool = False


@dataclass(slots=True)
class NodeBoard:
    """How one node stands.

    :param ended: the last outcome of each step, in the order in which they have ended.
    :param why: what has failed, in one line.
    :param until: when it puts itself back by itself, seconds of the Unix epoch; None unless it is armed.
    :param seconds: spent with its steps so far.
    """

    ended: dict[StepName, Outcome] = field(default_factory=dict)
    now: UnderWay | None = None
    why: str = ""
    until: float | None = None
    seconds: float = 0.0

    @property
    def has_failed(self) -> bool:
        """Whether something has failed, whatever came later."""
        return any(outcome in {Outcome.FAILED, Outcome.UNREACHABLE} for outcome in self.ended.values())

    @property
    def steps(self) -> set[StepName]:
        """What was begun, ended or not."""
        return {*self.ended, *([self.now.step] if self.now else [])}

    @property
    def has_begun(self) -> bool:
        """Whether a step of its turn has begun; not where it was skipped."""
        return any(step in IN_PLACE and self.ended.get(step) is not Outcome.SKIPPED for step in self.steps)

    @property
    def is_armed(self) -> bool:
        """Whether it has written down how it was."""
        return StepName.ARMED in self.ended


class Board:
    """The events of one run, folded. :ivar began: when it was known what is going to happen."""

    def __init__(self) -> None:
        self.nodes: dict[NodeName, NodeBoard] = {}
        self.turns: Turns | None = None
        self.lock: WaitsForLock | None = None
        self.yes: WaitsForYes | None = None
        self.back: PutsBack | None = None
        self.is_committed = False
        self.is_kept = False
        self.is_stopping = False
        self.began: float | None = None

    def take(self, event: Event, at: float) -> None:
        """:param at: seconds of a clock that never goes back."""
        if not isinstance(event, WaitsForLock | Beat):
            self.lock = None
        match event:
            case Begun(node, step, way):
                if not self._is_beside(node, step):
                    self._node(node).now = UnderWay(step, way, at)
            case Ended(node, step, outcome, why):
                if not self._is_beside(node, step):
                    self._end(self._node(node), step, outcome, why, at)
            case Armed(node, until):
                self._end(self._node(node), StepName.ARMED, Outcome.OK, "", at)
                self._node(node).until = until
            case Heard(node, until):
                if self.of(node).until is not None:  # a beat may come in when what was done stays already
                    self._node(node).until = until
            case Awaits(node) | NotReached(node):
                self._note(self._node(node), event)
            case _:
                self._note_of_all(event, at)

    def _note_of_all(self, event: Event, at: float) -> None:
        match event:
            case Turns():
                self.turns, self.began = event, at
            case WaitsForLock():
                self.lock = event
            case WaitsForYes():
                self.yes = event
            case PutsBack():
                self.back, self.yes, self.is_stopping = event, None, False
                self.began = at if self.began is None else self.began
            case Stopping():
                self.is_stopping = True
            case Stays(nodes):
                self.is_kept = True
                for name in nodes:
                    self._node(name).until = None
            case Committed():
                self.is_committed = True
                for node in self.nodes.values():
                    node.until = None

    def _note(self, node: NodeBoard, event: Awaits | NotReached) -> None:
        now = node.now
        if now is None:
            return
        waits, is_lost = now.waits, now.is_lost
        if isinstance(event, NotReached):
            is_lost = True
        else:
            waits = event if event.objects or event.thing is not Thing.CHECKS else None
        node.now = UnderWay(now.step, now.way, now.since, waits, is_lost)

    def _end(self, node: NodeBoard, step: StepName, outcome: Outcome, why: str, at: float) -> None:
        if node.now is not None and node.now.step is not StepName.CONFIRMED:
            node.seconds += at - node.now.since
        node.now = None
        node.ended.pop(step, None)
        node.ended[step] = outcome
        node.why = why or node.why
        if step is StepName.CONFIRMED:
            self.yes = None
        if outcome is Outcome.OK and step in _AS_BEFORE:
            node.until = None

    def _is_beside(self, node: NodeName, step: StepName) -> bool:
        return step in _BESIDE and (self.turns is not None or node not in self.nodes)

    def _node(self, name: NodeName) -> NodeBoard:
        return self.nodes.setdefault(name, NodeBoard())

    def names(self) -> list[NodeName]:
        """Nodes with something to do, and those that were done something with; in the order of their numbers."""
        planned: Iterable[NodeName] = () if self.turns is None else self.turns.nodes
        return sorted({*planned, *self.nodes}, key=by_number)

    def of(self, name: NodeName) -> NodeBoard:
        """How a node stands, nothing done yet if nothing has come of it."""
        return self.nodes.get(name) or NodeBoard()
