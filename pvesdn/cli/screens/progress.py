"""The progress of an apply: plain lines, and the state of every node in case it is interrupted."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Self

from pvesdn.cli.screens.aside import Aside
from pvesdn.cli.screens.board import Board, NodeBoard
from pvesdn.cli.screens.board_lines import local_time
from pvesdn.cli.screens.confirmation import duration
from pvesdn.cli.screens.fate import lock_words, stopping_words, yes_words
from pvesdn.cli.screens.screen import Screen, Span, Style
from pvesdn.cli.screens.step_words import doing, ended, took, trail, waits
from pvesdn.model.primitives import NodeName
from pvesdn.model.progress import (
    IN_PLACE,
    Armed,
    Beat,
    Ended,
    Event,
    NotReached,
    PutsBack,
    StepName,
    Stopping,
    WaitsForLock,
    WaitsForYes,
)
from pvesdn.model.ranges import ranges
from pvesdn.model.report import Outcome

HEARTBEAT = 10.0
"""Seconds that a step takes before a sign of life is given of it."""
_LOCK_TOLD = 30.0
"""Seconds between two words of a lock that is waited for."""
_HARMLESS = frozenset({StepName.READ, StepName.STAGED, StepName.ARMED, StepName.DISCARDED, StepName.VERIFIED})


class Steps:
    """A `ports.Observer` that remembers; thread-safe. Shows nothing itself.

    Whatever happens to the screen, `tell` neither raises nor waits for it.

    As a context manager, which may be entered again, it shows what happens inside.
    """

    def __init__(self, screen: Screen, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.screen = screen
        self.monotonic = monotonic
        self.board = Board()
        self.lock = threading.RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def tell(self, event: Event) -> None:
        """This has happened, just now."""
        with self.lock, suppress(Exception):
            self.board.take(event, self.monotonic())

    def remark(self, text: str) -> None:
        """A line for people, beside what is shown."""
        self.screen.remark(text)

    def states(self) -> list[str]:
        """What has been done so far on each node, one line each."""
        with self.lock:
            return [f"{name}: {_state(self.board.nodes[name])}" for name in self._touched()]

    def aftermath(self) -> str:
        """The state in which an interruption leaves the nodes, in one line."""
        with self.lock:
            nodes = [self.board.nodes[name] for name in self._touched()]
            if all(node.steps <= _HARMLESS for node in nodes):
                leftover = "; the next apply replaces the staged files" * any(map(_has_staged_files, nodes))
                return f"Interrupted: no node was changed{leftover}."
            if all(node.steps <= _HARMLESS or _is_undone(node) for node in nodes):
                return "Interrupted, and undone: every node is as it was before, and was looked at."
            states = "; ".join(self.states())
        return f"Interrupted. {states}. `pvesdn plan` shows what is left, `pvesdn apply` finishes it."

    def _touched(self) -> Iterable[NodeName]:
        return sorted(name for name, node in self.board.nodes.items() if node.steps)


def _is_undone(node: NodeBoard) -> bool:
    return node.ended.get(StepName.UNDONE) is Outcome.OK


def _has_staged_files(node: NodeBoard) -> bool:
    return StepName.STAGED in node.steps and node.ended.get(StepName.DISCARDED) is not Outcome.OK


def _state(node: NodeBoard) -> str:
    if node.steps <= _HARMLESS:
        return "not touched"
    is_over = node.now is None or node.now.step not in IN_PLACE
    parts = [span.text for span in trail(node.ended.items(), is_over=is_over)]
    return ", ".join([*parts, *([f"was {doing(node.now.step, node.now.way)}"] if node.now else [])])


class PlainSteps(Steps):
    """One line for each step that has ended, and a sign of life from those that take long.

    :param is_beside: standard output is for the result, so the lines go to standard error.
    """

    def __init__(
        self, screen: Screen, *, is_beside: bool = False, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(screen, monotonic=monotonic)
        self._write = screen.remark if is_beside else screen.line
        self._aside = Aside()
        self._is_showing = False
        self._lock_told: float | None = None

    def __enter__(self) -> Self:
        self._is_showing = not self.screen.is_quiet
        if self._is_showing:
            self._aside.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_showing = False
        self._aside.end()

    def tell(self, event: Event) -> None:
        """One line for what somebody would want to know, flushed, so that a log shows it at once."""
        with self.lock, suppress(Exception):
            spent = self._spent(event)
            super().tell(event)
            if self._is_showing:
                self._show(event, spent)
                self._aside.do(sys.stdout.flush)

    def _say(self, *parts: Span | str) -> None:
        self._aside.do(partial(self._write, *parts))

    def _spent(self, event: Event) -> float:
        """Seconds that a step that ends has taken."""
        now = self.board.of(event.node).now if isinstance(event, Ended | Armed) else None
        return 0.0 if now is None else self.monotonic() - now.since

    def _show(self, event: Event, spent: float) -> None:
        match event:
            case Ended() | PutsBack() if self._is_asked_to_put_back():
                pass  # how each node came out of it is the result
            case Ended(node, step, outcome) if (step, outcome) != (StepName.READ, Outcome.OK):
                self._say(f"{node}: ", ended(step, outcome), took(spent))
            case Armed(node, _, survives):
                left = "" if survives else "; without systemd a reboot would not be undone"
                self._say(f"{node}: ", ended(StepName.ARMED, Outcome.OK), left)
            case NotReached(node):
                self._say(f"{node}: {self._not_reached(node)}")
            case PutsBack(nodes, why):
                self._say(Span("putting back: ", Style.WARNING), f"{ranges(nodes)}: {why}")
            case Stopping() if self.board.names():
                self._say(Span("stopping: ", Style.WARNING), stopping_words(self.board))
            case WaitsForYes():
                self._say(yes_words(event, local_time))
            case WaitsForLock():
                self._tell_of_lock(event)
            case Beat():
                self._give_signs_of_life()
            case _:
                pass

    def _is_asked_to_put_back(self) -> bool:
        return self.board.back is not None and self.board.back.is_asked_for

    def _not_reached(self, node: NodeName) -> str:
        until = self.board.of(node).until
        by_itself = "" if until is None else f"; it puts itself back after {local_time(until)} unless it hears from us"
        return f"not reached{by_itself}"

    def _tell_of_lock(self, event: WaitsForLock) -> None:
        now = self.monotonic()
        if self._lock_told is None or now - self._lock_told >= _LOCK_TOLD:
            self._lock_told = now
            self._aside.do(partial(self.screen.remark, lock_words(event)))

    def _give_signs_of_life(self) -> None:
        """Of each step that has taken long; nodes of which the same is true share a line."""
        now, groups = self.monotonic(), dict[str, list[NodeName]]()
        for name in self.board.names():
            under_way = self.board.of(name).now
            if under_way is None or under_way.step is StepName.CONFIRMED:  # until when was said once
                continue
            if now - under_way.since >= HEARTBEAT:
                what = f"still {doing(under_way.step, under_way.way)} ({duration(now - under_way.since)})"
                if under_way.waits is not None and (why := waits(under_way.waits.thing, under_way.waits.objects)):
                    what = f"{what}: {why}"
                groups.setdefault(what, []).append(name)
        for what, names in groups.items():
            self._say(f"{ranges(names)}: {what}")
