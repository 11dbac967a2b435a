"""How long something takes, run by run."""

from __future__ import annotations

import gc
import resource
import subprocess
import time
from collections.abc import Callable, Sequence


def repeated(run: Callable[[], object], runs: int, clock: Callable[[], float] = time.perf_counter) -> list[float]:
    """Seconds of each run, the collector of cycles running as it always does."""
    seconds = []
    for _ in range(runs):
        gc.collect()
        began = clock()
        run()
        seconds.append(clock() - began)
    return seconds


def processor_seconds(command: Sequence[str]) -> float:
    """Of one process, in user mode and in the kernel; its exit status may be anything."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
