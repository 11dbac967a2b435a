"""Many cases in some processes and a bounded time, and what is to be said of them."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import resource
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import TypeAlias

from tests.fuzz.cases import Failure, run_case, smallest
from tests.fuzz.laws import Outcome

Work: TypeAlias = tuple[str, int]
"""Kind and seed of a case."""
Watch: TypeAlias = Callable[["Tally"], object]

_MEMORY = 3 * 1024**3
"""Bytes of address space that a process may take; a case that wants more has failed."""
_RUN_BY_ALL = 40
"""One seed in so many is run in every process, each with another order of hashes: all must say the same."""
_SHOWN = 20
DIED = "a process died"
"""The identity of failures that took their process with them."""


@dataclass
class Tally:
    """What came of a run so far.

    :param endings: how many cases ended how, by kind.
    :param failures: by identity, in the order of their finding.
    """

    endings: dict[str, Counter[str]] = field(default_factory=dict)
    failures: dict[str, list[Failure]] = field(default_factory=dict)

    def count(self, kind: str) -> int:
        return sum(self.endings.get(kind, Counter()).values())

    def add(self, work: Work, ended: str | Failure) -> None:
        how = "failed" if isinstance(ended, Failure) else ended
        self.endings.setdefault(work[0], Counter())[how] += 1
        if isinstance(ended, Failure):
            self.failures.setdefault(f"{work[0]}: {ended.identity}", []).append(ended)


def cases(wanted: Mapping[str, int], start: int) -> list[Work]:
    """So many of each kind from the seed `start` on, the kinds evenly mixed."""
    found = [(number / count, kind, start + number) for kind, count in wanted.items() for number in range(count)]
    return [(kind, seed) for _, kind, seed in sorted(found)]


def run_all(works: Sequence[Work], *, processes: int, seconds: float, watch: Watch = lambda _: None) -> Tally:
    """Run every case, as far as the time goes; who interrupts it gets what there is.

    :param processes: with 1 everything happens in this process.
    :param watch: called every now and then with what there is.
    """
    ends = time.monotonic() + seconds
    if processes > 1:
        return _Pool(works, processes).run(ends, watch)
    tally = Tally()
    with suppress(KeyboardInterrupt):
        for work in works:
            if time.monotonic() >= ends:
                break
            tally.add(work, _ending(run_case(*work))[0])
            watch(tally)
    return tally


def _ending(ended: Outcome | Failure) -> tuple[str | Failure, str]:
    """How a case ended, and a digest of all that was said."""
    if isinstance(ended, Failure):
        return ended, ended.identity
    return ended.how, hashlib.sha256(ended.text.encode("utf-8", "surrogatepass")).hexdigest()


class _Pool:
    """Processes that share the cases, each with an order of hashes of its own; a few cases are run by all of them."""

    def __init__(self, works: Sequence[Work], processes: int) -> None:
        self._tally = Tally()
        self._digests: dict[Work, str] = {}
        self._left: dict[Connection, Iterator[Work]] = {}
        self._workers: dict[Connection, SpawnProcess] = {}
        for number in range(processes):
            share = [w for i, w in enumerate(works) if i % processes == number or i % _RUN_BY_ALL == 0]
            worker, pipe = _start(share, number)
            self._workers[pipe], self._left[pipe] = worker, iter(share)

    def run(self, ends: float, watch: Watch) -> Tally:
        """Everything that is done until `ends`, a time of `time.monotonic`."""
        running = set(self._workers)
        try:
            with suppress(KeyboardInterrupt):
                while running and (rest := ends - time.monotonic()) > 0:
                    for pipe in wait(list(running), timeout=min(rest, 1.0)):
                        if not self._take(pipe):  # type: ignore[arg-type] # connections are all that was given
                            running.discard(pipe)
                    watch(self._tally)
        finally:
            for worker in self._workers.values():
                worker.terminate()
                worker.join()
        return self._tally

    def _take(self, pipe: Connection) -> bool:
        """The next result of a process; False when it has no more."""
        try:
            ended, digest = pipe.recv()
        except EOFError:
            self._workers[pipe].join()
            if (work := next(self._left[pipe], None)) is not None:
                what = f"a process died in it, with exit status {self._workers[pipe].exitcode}"
                self._tally.add(work, Failure(*work, DIED, what))
            return False
        work = next(self._left[pipe])
        if work not in self._digests:
            self._tally.add(work, ended)
        elif self._digests[work] != digest:
            what = "another order of hashes makes pvesdn say something else"
            self._tally.add(work, Failure(*work, "the order of hashes has no meaning", what))
        self._digests[work] = digest
        return True


def _start(share: Sequence[Work], number: int) -> tuple[SpawnProcess, Connection]:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    before = os.environ.get("PYTHONHASHSEED")
    os.environ["PYTHONHASHSEED"] = str(number + 1)
    try:
        worker = context.Process(target=_work, args=(share, there), daemon=True)
        worker.start()
    finally:
        os.environ.pop("PYTHONHASHSEED")
        if before is not None:
            os.environ["PYTHONHASHSEED"] = before
    there.close()
    return worker, here


def _work(share: Sequence[Work], results: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all, and the first process says what there is
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    for work in share:
        results.send(_ending(run_case(*work)))


def report(tally: Tally, wanted: Mapping[str, int], seconds: float) -> Iterator[str]:
    """What is said at the end: counts, every fault with the least that shows it, and what was not run."""
    for kind in wanted:
        endings = ", ".join(f"{number:,} {how}" for how, number in sorted(tally.endings.get(kind, {}).items()))
        yield f"{tally.count(kind):,} {kind}s: {endings or 'none run'}"
    for number, failures in enumerate(sorted(tally.failures.values(), key=len, reverse=True)):
        if number == _SHOWN:
            yield f"and {len(tally.failures) - _SHOWN} more kinds of failure"
            break
        yield from _explained(failures)
    for kind, count in wanted.items():
        if tally.count(kind) < count:
            yield f"not run in {seconds:.0f} s: {count - tally.count(kind):,} of {count:,} {kind}s; give it more SECONDS"


def _explained(failures: Sequence[Failure]) -> Iterator[str]:
    first = failures[0]
    # What kills a process is not run again in this one.
    least = first if first.identity == DIED else smallest(first.kind, first.seed) or first
    yield f"FAILED {len(failures):,} times: {least.what}"
    yield from (f"    {line}" for line in least.made_of)
    yield f"    again: make fuzz SEED={first.seed}"


def is_good(tally: Tally, wanted: Mapping[str, int]) -> bool:
    """Everything was run and no law was broken."""
    return not tally.failures and all(tally.count(kind) >= count for kind, count in wanted.items())
