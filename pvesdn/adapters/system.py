"""The machine's clocks, and the times of its files."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


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


class ThreadPulse:
    """`ports.Pulse` with a thread of its own."""

    @contextmanager
    def beating(self, seconds: float, beat: Callable[[], None]) -> Iterator[None]:
        """Do `beat` every so many seconds while the block runs."""
        is_over = threading.Event()

        def go_on() -> None:
            while not is_over.wait(seconds):
                beat()

        # A beat that hangs does not keep the process from ending.
        thread = threading.Thread(target=go_on, name="pulse", daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_over.set()


def last_written(folder: Path) -> float | None:
    """When a file in `folder` was last written, seconds of the Unix epoch; None when none can be looked at.

    Only definitions count: ``*.cfg``, which are few.
    """
    times = []
    with suppress(OSError):
        for path in folder.glob("*.cfg"):
            with suppress(OSError):
                times.append(path.stat().st_mtime)
    return max(times, default=None)
