"""How long something takes, run by run."""

from __future__ import annotations

import gc
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


def repeated(run: Callable[[], object], runs: int, clock: Callable[[], float] = time.perf_counter) -> list[float]:
    """Seconds of each run, the collector of cycles running as it always does."""
    seconds = []
    for _ in range(runs):
        gc.collect()
        began = clock()
        run()
        seconds.append(clock() - began)
    return seconds


@dataclass(frozen=True)
class Spent:
    """What a process took.

    :param seconds: of processors, in user mode and in the kernel.
    :param peak_bytes: of memory that it held at once.
    """

    seconds: float
    peak_bytes: int


def spent(command: Sequence[str]) -> Spent:
    """By one process, whose exit status may be anything."""
    starter = (sys.executable, "-I", "-S", "-c", _STARTER, *command)
    output = subprocess.run(starter, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    seconds, kibibytes = output.split()
    return Spent(float(seconds), int(kibibytes) * 1024)


_STARTER = """\
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
"""
"""A small process between the two: the kernel counts the memory of whoever starts a process as that process's own."""
