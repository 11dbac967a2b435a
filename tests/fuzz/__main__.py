"""`make fuzz`: see the Makefile for its variables."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence

from tests.fuzz import pve_laws
from tests.fuzz.cases import KINDS, smallest
from tests.fuzz.runner import Tally, cases, is_good, report, run_all
from tests.in_memory import use_memory


def main(argv: Sequence[str]) -> int:
    """Exit status 0 when everything that was asked for was run and no law was broken, else 1."""
    options = _options(argv)
    if options.seed is not None:
        return _replay(options.seed)
    wanted = {"snapshot": options.snapshots, "network": options.networks}
    began = time.monotonic()
    processes = options.processes or min(len(os.sched_getaffinity(0)), 8)
    tally = run_all(
        cases(wanted, options.start),
        processes=processes,
        seconds=options.seconds,
        watch=_Progress(wanted, on_terminal=sys.stderr.isatty()).show,
    )
    took = time.monotonic() - began
    for line in report(tally, wanted, min(took, options.seconds)):
        print(_printable(line))
    if wanted["network"] and pve_laws.VTYSH is None:
        print("not tried: vtysh is not here, so FRR's parser was not asked: tools/setup test")
    verdict = "every law held" if is_good(tally, wanted) else "FAILED"
    print(f"fuzz: seeds from {options.start} on, {processes} processes, {took:.0f} s: {verdict}")
    return 0 if is_good(tally, wanted) else 1


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, help="run this one alone, in every kind, and show the least that fails")
    parser.add_argument("--start", type=int, default=0, help="the first seed")
    parser.add_argument("--snapshots", type=int, default=20_000, help="how many mutated snapshots")
    parser.add_argument("--networks", type=int, default=2_000, help="how many random networks of PVE's own")
    parser.add_argument("--seconds", type=float, default=3600, help="the time that all of it may take")
    parser.add_argument("--processes", type=int, default=0, help="how many at once; by default one for each processor")
    return parser.parse_args(argv)


def _replay(seed: int) -> int:
    failures = [failure for kind in KINDS if (failure := smallest(kind, seed)) is not None]
    for failure in failures:
        print(f"{failure.kind} {seed}: {failure.what}")
        for line in failure.made_of:
            print(f"    {line}")
    if not failures:
        print(f"seed {seed}: every law holds, for {' and '.join(KINDS)}")
    return 1 if failures else 0


def _printable(line: str) -> str:
    return line if line.isprintable() else ascii(line)[1:-1]


class _Progress:
    """How far a run has come, on standard error, and every new fault as soon as it is found.

    A terminal has one line that is written over every second, a file gets a line every minute.
    """

    def __init__(self, wanted: dict[str, int], *, on_terminal: bool) -> None:
        self._wanted = wanted
        self._begins, self._ends, self._every = ("\r\x1b[K", "", 1.0) if on_terminal else ("", "\n", 60.0)
        self._last = time.monotonic()
        self._told: set[str] = set()

    def show(self, tally: Tally) -> None:
        for identity, failures in tally.failures.items():
            if identity not in self._told:
                self._told.add(identity)
                first = failures[0]
                self._say(_printable(f"found: {first.what}; again: make fuzz SEED={first.seed}"), "\n")
        if time.monotonic() - self._last >= self._every:
            self._last = time.monotonic()
            counts = ", ".join(f"{tally.count(kind):,}/{count:,} {kind}s" for kind, count in self._wanted.items())
            self._say(f"{counts}, {len(tally.failures)} kinds of failure", self._ends)

    def _say(self, text: str, end: str) -> None:
        sys.stderr.write(f"{self._begins}{text}{end}")
        sys.stderr.flush()


if __name__ == "__main__":
    use_memory()
    sys.exit(main(sys.argv[1:]))
