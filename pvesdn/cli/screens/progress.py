"""The progress of an apply: plain lines, and the state of every node in case it is interrupted."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from pvesdn.cli.screens.screen import Screen, Span, Style

HEARTBEAT = 10.0
"""Seconds between two signs of life from a long step."""

_DOING = {
    "read": "reading",
    "staged": "staging",
    "armed": "writing down how the node is",
    "VNIs": "writing down VNIs",
    "definitions": "writing the definitions",
    "written": "writing",
    "sysctl": "setting sysctls",
    "reloaded": "reloading the network",
    "dhcp": "restarting what serves addresses",
    "canary": "verifying it before the others follow",
    "flood": "checking flood entries",
    "finished": "finishing",
    "verified": "verifying",
    "discarded": "discarding staged files",
    "undone": "putting the node back",
}
_HARMLESS = frozenset({"read", "staged", "armed", "discarded", "verified"})
OUTCOME_STYLES = {
    "ok": Style.GOOD,
    "failed": Style.REMOVE,
    "unreachable": Style.ERROR,
    "skipped": Style.HUNK,
}


@dataclass(slots=True)
class UnderWay:
    """A step that has begun. :param since: seconds of the monotonic clock. :param told: heartbeats given so far."""

    doing: str
    step: str
    since: float
    told: int = 0


class Steps:
    """A `ports.Observer` that remembers; thread-safe. Shows nothing itself.

    As a context manager, it shows what happens inside.
    """

    def __init__(self, screen: Screen, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.screen = screen
        self.monotonic = monotonic
        self.under_way: dict[str, UnderWay] = {}
        self.ended: dict[str, dict[str, str]] = {}
        self.lock = threading.RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def step(self, node: str, step: str, detail: str = "") -> None:
        """`node` has begun `step`."""
        doing = _DOING.get(step, step)
        if step == "frr":
            doing = "restarting FRR" if detail == "restart" else "reloading FRR"
        with self.lock:
            self.under_way[node] = UnderWay(doing, step, self.monotonic())

    def done(self, node: str, step: str, outcome: str) -> None:
        """`node` has finished `step`."""
        with self.lock:
            self.under_way.pop(node, None)
            self.ended.setdefault(node, {})[step] = outcome

    def states(self) -> list[str]:
        """What has been done so far on each node, one line each."""
        with self.lock:
            return [f"{node}: {self._state(node)}" for node in sorted(self.ended.keys() | self.under_way.keys())]

    def aftermath(self) -> str:
        """The state in which an interruption leaves the nodes, in one line."""
        with self.lock:
            if all(steps <= _HARMLESS for _, steps in self._all_steps()):
                is_left = any(self._has_staged_files(node) for node in self.ended.keys() | self.under_way.keys())
                leftover = "; the next apply replaces the staged files" * is_left
                return f"Interrupted: no node was changed{leftover}."
            if all(steps <= _HARMLESS or self._is_undone(node) for node, steps in self._all_steps()):
                return "Interrupted, and undone: every node is as it was before, and was looked at."
            states = "; ".join(self.states())
        return f"Interrupted. {states}. `pvesdn plan` shows what is left, `pvesdn apply` finishes it."

    def _all_steps(self) -> list[tuple[str, set[str]]]:
        return [(node, self._steps(node)) for node in self.ended.keys() | self.under_way.keys()]

    def _is_undone(self, node: str) -> bool:
        return self.ended.get(node, {}).get("undone") == "ok"

    def _has_staged_files(self, node: str) -> bool:
        return "staged" in self._steps(node) and self.ended.get(node, {}).get("discarded") != "ok"

    def _steps(self, node: str) -> set[str]:
        under_way = self.under_way.get(node)
        return self.ended.get(node, {}).keys() | ({under_way.step} if under_way else set())

    def _state(self, node: str) -> str:
        if self._steps(node) <= _HARMLESS:
            return "not touched"
        parts = [f"{step}={outcome}" for step, outcome in self.ended.get(node, {}).items() if step != "read"]
        under_way = self.under_way.get(node)
        return " ".join([*parts, *([f"was {under_way.doing}"] if under_way else [])])


class PlainSteps(Steps):
    """One line for each step that has ended, and a sign of life from those that take long.

    :param is_beside: standard output is for the result, so the lines go to standard error.
    """

    def __init__(
        self, screen: Screen, *, is_beside: bool = False, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(screen, monotonic=monotonic)
        self._say = screen.remark if is_beside else screen.line
        self._is_showing = False
        self._over = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._is_showing = not self.screen.is_quiet
        self._heart.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_showing = False
        self._over.set()
        self._heart.join()

    def done(self, node: str, step: str, outcome: str) -> None:
        """`node` has finished `step`: one line, flushed, so that a log shows it at once."""
        super().done(node, step, outcome)
        if self._is_showing and (step, outcome) != ("read", "ok"):
            with self.lock:
                self._say(f"{node}: {step}: ", Span(outcome, OUTCOME_STYLES.get(outcome, Style.PLAIN)))
                sys.stdout.flush()

    def tick(self) -> None:
        """Print a sign of life for each step that has taken another `HEARTBEAT` seconds."""
        with self.lock:
            now = self.monotonic()
            for node, under_way in sorted(self.under_way.items()):
                elapsed = now - under_way.since
                beats = int(elapsed // HEARTBEAT)
                if beats > under_way.told and self._is_showing:
                    under_way.told = beats
                    self._say(f"{node}: still {under_way.doing}... [{beats * HEARTBEAT:.0f}s elapsed]")
                    sys.stdout.flush()

    def _beat(self) -> None:
        while not self._over.wait(1.0):
            self.tick()
