"""How long something takes, run by run."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable


def repeated(run: Callable[[], object], runs: int, clock: Callable[[], float] = time.perf_counter) -> list[float]:
    """Seconds of each run, the collector of cycles running as it always does."""
    seconds = []
    for _ in range(runs):
        gc.collect()
        began = clock()
        run()
        seconds.append(clock() - began)
    return seconds
