"""Asking again, with pauses, what may not be answered at first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias, TypeVar

from pvesdn.errors import NodeUnreachable, PvesdnError
from pvesdn.ports import Clock

Found = TypeVar("Found")
Kinds: TypeAlias = type[PvesdnError] | tuple[type[PvesdnError], ...]
FIRST, LONGEST = 0.5, 5.0
"""Seconds between two questions, at first and at most."""


class Patience:
    """Pauses that grow, for a limited time from the first question on."""

    def __init__(self, clock: Clock, *, first: float = FIRST, longest: float = LONGEST) -> None:
        self._clock = clock
        self._begun = clock.monotonic()
        self._pause = first
        self._longest = longest

    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return self._clock.monotonic() - self._begun

    def is_over(self, seconds: float) -> bool:
        """Whether so many have passed."""
        return self.elapsed() >= seconds

    def pause(self) -> None:
        """Wait, longer each time."""
        self._clock.sleep(self._pause)
        self._pause = min(2 * self._pause, self._longest)

    def ask(self, question: Callable[[], Found], seconds: float, error: Kinds) -> Found:
        """The answer to a question that is repeated while it ends in such an error, until `seconds` are over.

        :raises PvesdnError: the last such error, or any other at once.
        """
        while True:
            try:
                return question()
            except error:
                if self.is_over(seconds):
                    raise
                self.pause()


def until_reached(clock: Clock, question: Callable[[], Found], pauses: Iterable[float]) -> Found:
    """The answer of a node that may not be reachable yet, asked once more after each of the pauses.

    :raises NodeUnreachable: it was not reached at any attempt.
    """
    for pause in pauses:
        try:
            return question()
        except NodeUnreachable:
            clock.sleep(pause)
    return question()
