"""The machine's clocks."""

from __future__ import annotations

import time


class SystemClock:
    """`ports.Clock` as the operating system has it."""

    def now(self) -> float:
        """Seconds of the Unix epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds of a clock that never goes back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
