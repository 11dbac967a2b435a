"""The heartbeat of an apply: every armed node hears again and again that the run is alive, or puts itself back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial

from pvesdn.errors import NodeFailed, PvesdnError
from pvesdn.model.primitives import NodeName
from pvesdn.model.progress import Beat, Event, Heard
from pvesdn.workflows.world import World

OPEN_SECONDS = 180
"""Seconds without a word of the apply after which a node puts itself back: several beats may get lost on the way, and
guests of a node that is cut off are not kept waiting for long.
"""
BEAT = 30.0
"""Seconds between two words to each armed node, while others are worked on."""
SIGN = 10.0
"""Seconds between two signs of life to whoever watches."""


@contextmanager
def signs_of_life(world: World) -> Iterator[None]:
    """While the block runs, whoever watches hears that time passes, where somebody can do that beside the run."""
    with ExitStack() as stack:
        if world.pulse is not None:
            stack.enter_context(world.pulse.beating(SIGN, lambda: tell(world, Beat())))
        yield


def tell(world: World, event: Event) -> None:
    """Whoever watches hears of it, unless the terminal is gone: that keeps nothing from being done."""
    with suppress(OSError):
        world.observer.tell(event)


def has_gone(node: NodeName) -> NodeFailed:
    """What is said of a node that has put itself back while the run is alive."""
    hint = "see `journalctl -u pvesdn-undo` there, and run pvesdn apply again"
    return NodeFailed(node, "it put itself back meanwhile", hint=hint)


class Heartbeat:
    """Beats while it is on. It may be switched on again.

    :param apply_id: what the nodes know the apply by.
    :param nodes: those that are armed when it is asked.
    """

    def __init__(self, world: World, apply_id: str, nodes: Callable[[], Iterable[NodeName]]) -> None:
        self._world = world
        self._id = apply_id
        self._nodes = nodes
        self._gone: dict[NodeName, None] = {}
        self._pulse = ExitStack()

    def on(self) -> None:
        """Begin to beat, where somebody can do that beside the run."""
        if self._world.pulse is not None:
            self._pulse.enter_context(self._world.pulse.beating(BEAT, self.beat))

    def off(self) -> None:
        """End; return when no beat is under way any more."""
        self._pulse.close()

    def beat(self) -> None:
        """Tell every armed node that this run is alive. One that is at work itself refuses, and needs no telling."""
        with suppress(PvesdnError):
            until = self._world.clock.now() + OPEN_SECONDS
            answers = self._world.runner.each(tuple(self._nodes()), lambda node: self._world.nodes.hold(node, self._id))
            for node, is_armed in answers.items():
                if is_armed is True:
                    tell(self._world, Heard(node, until))
            there = set(self._nodes())
            self._gone |= {node: None for node, is_armed in answers.items() if is_armed is False and node in there}

    def tell_all(self, *, is_committing: bool) -> None:
        """Have every armed node write down what comes next before this returns.

        :raises NodeError: one could not be told, or has put itself back meanwhile.
        """
        tell = partial(self.tell_one, is_committing=is_committing)
        for outcome in self._world.runner.each(tuple(self._nodes()), tell).values():
            if outcome is not None:
                raise outcome

    def tell_one(self, node: NodeName, *, is_committing: bool = False, token: str = "") -> None:
        """:raises NodeError: it could not be told, or has put itself back meanwhile."""
        if not self._world.nodes.hold(node, self._id, is_committing=is_committing, token=token):
            raise has_gone(node)

    @property
    def gone(self) -> tuple[NodeName, ...]:
        """Nodes that have put themselves back, because they had not heard of this run for too long, or somebody told
        them to.
        """
        return tuple(dict(self._gone))  # a beat may come in between
