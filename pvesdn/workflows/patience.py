"""Asking again with growing pauses, for a limited time."""

from __future__ import annotations

from typing import TypeVar

from pvesdn.ports import Clock

Found = TypeVar("Found")
FIRST, LONGEST = 0.5, 5.0
"""Seconds between two questions, at first and at most."""


class Patience:
    """From the first question on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._begun = clock.monotonic()
        self._pause = FIRST

    def is_over(self, seconds: float) -> bool:
        """Whether so many have passed."""
        return self._clock.monotonic() - self._begun >= seconds

    def pause(self) -> None:
        """Wait, longer each time."""
        self._clock.sleep(self._pause)
        self._pause = min(2 * self._pause, LONGEST)
