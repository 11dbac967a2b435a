"""The hunt: every mutant is met by the tests that call its function, the quick ones first, until one of them fails.

It is a plugin of pytest that runs after the tests have been collected. Each mutant has a process of its own, forked
from this one: nothing is imported or collected again, and what a mutant breaks goes with it.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from coverage import Coverage
from mutmut.mutation.trampoline import set_mutant_under_test

from tools.mutation.survey import Cost, Survey
from tools.mutation.values import Mutant

PATIENCE = 2.0
"""Seconds of processor time for the tests of one mutant, as they took without it. Further tests are not run, and a
mutant that they alone would find survives.
"""
AT_LEAST = 2
"""Tests that are run whatever they take."""
MEMORY = 4 << 30
"""Bytes that a mutant may map: one that fills a list for ever is to fail alone."""


@dataclass(frozen=True)
class Verdict:
    """:param outcome: ``killed``, ``hung``, ``survived`` or ``unreached``. :param test: which found it."""

    outcome: str
    test: str = ""


class Hunt:
    """The plugin.

    :param mutants: to be met, those that mypy refuses left out.
    :param known: tests by `Mutant.change` that found it in the last run; they are tried first, if at all.
    :param survey: what is known of the tests; completed.
    :param processes: mutants that are met at a time.
    :param tell: is given a line about what goes on.
    :param keep: is given the verdicts so far, from time to time.
    :ivar verdicts: by `Mutant.name`, once pytest has returned.
    :ivar broken: tests that fail without any mutant; with such ones nothing is hunted.
    """

    def __init__(
        self,
        mutants: Sequence[Mutant],
        known: Mapping[str, str],
        survey: Survey,
        *,
        processes: int,
        tell: Callable[[str], None],
        keep: Callable[[Mapping[str, Verdict]], None],
    ) -> None:
        self._mutants = mutants
        self._known = known
        self._survey = survey
        self._processes = processes
        self._tell = tell
        self._keep = keep
        self.verdicts: dict[str, Verdict] = {}
        self.broken: list[str] = []

    def pytest_sessionstart(self) -> None:
        """Property tests try the same examples with every mutant, and are in no hurry."""
        from hypothesis import HealthCheck, settings  # noqa: PLC0415 - pytest wants to be there first

        calm = settings(derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        settings.register_profile("mutation", calm)
        settings.load_profile("mutation")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """In place of a run of all tests."""
        found = {mutant.name: Verdict("killed", test) for mutant in self._mutants if (test := self._remembered(mutant))}
        costs = self._costs(session.items)
        if not self.broken:
            items = {item.nodeid: item for item in session.items}
            left = [mutant for mutant in self._mutants if mutant.name not in found]
            self.verdicts = found
            self._meet({mutant.name: [items[test] for test in self._tests(mutant, costs)] for mutant in left})
        return True

    def _remembered(self, mutant: Mutant) -> str:
        """The test that found it before, where neither the sources nor the test have changed since; else empty."""
        test = self._known.get(mutant.change, "")
        cost = self._survey.cost(test) if test else None
        return test if cost is not None and cost.calls(mutant) else ""

    def _costs(self, items: Sequence[pytest.Item]) -> dict[str, Cost]:
        """Of every test; what is not known is found out in processes of their own."""
        left = [item for item in items if self._survey.cost(item.nodeid) is None]
        self._tell(f"{len(items)} tests, of which {len(left)} run once to see which lines they run")
        size = max(1, -(-len(left) // self._processes))
        jobs = [(str(n), partial(_run_once, left[n : n + size], self._survey.files)) for n in range(0, len(left), size)]
        for _, (broken, found) in _each(jobs, self._processes, lambda _: 3600.0):
            self.broken += broken
            self._survey.learn({test: cost for test, cost in found.items() if test not in broken})
        return {item.nodeid: cost for item in items if (cost := self._survey.cost(item.nodeid)) is not None}

    def _tests(self, mutant: Mutant, costs: Mapping[str, Cost]) -> Iterator[str]:
        """The tests that run what it changes, as far as patience goes: those that run the least else come first."""
        left = PATIENCE
        first = self._known.get(mutant.change)
        # Some lines make no event of their own, such as a default value: then whoever calls the function.
        found = [test for test, cost in costs.items() if cost.reaches(mutant)] or [
            test for test, cost in costs.items() if cost.calls(mutant)
        ]
        for number, test in enumerate(sorted(found, key=lambda test: (test != first, costs[test].weight, test))):
            left -= costs[test].seconds
            if left < 0 and number >= AT_LEAST:
                return
            yield test

    def _meet(self, plans: Mapping[str, Sequence[pytest.Item]]) -> None:
        self.verdicts |= {name: Verdict("unreached") for name, tests in plans.items() if not tests}
        trials = [(name, _trial(name, tests)) for name, tests in plans.items() if tests]
        self._tell(f"{len(self._mutants)} mutants, of which {len(trials)} meet tests, {self._processes} at a time")
        for number, (name, found) in enumerate(_each(trials, self._processes, lambda _: 60.0), 1):
            self.verdicts[name] = found
            if number % 100 == 0:
                lived = sum(verdict.outcome == "survived" for verdict in self.verdicts.values())
                self._tell(f"{number} of {len(trials)}, {lived} survive")
                self._keep(self.verdicts)


def _run_once(items: Sequence[pytest.Item], files: Mapping[str, str]) -> tuple[list[str], dict[str, Cost]]:
    """Tests that fail, and what each of them costs. :param files: see `Survey.files`."""
    broken, seconds = [], {}
    measured = Coverage(data_file=None, config_file=False, include=list(files))
    with measured.collect():
        for item, following in pairwise([*items, None]):
            assert item is not None
            measured.switch_context(item.nodeid)
            begun = time.process_time()
            if _fails(item, following):
                broken.append(item.nodeid)
            seconds[item.nodeid] = time.process_time() - begun
    lines: dict[str, dict[str, set[int]]] = {test: {} for test in seconds}
    for file, path in files.items():
        for number, tests in measured.get_data().contexts_by_lineno(file).items():
            for test in tests:
                if test:
                    lines[test].setdefault(path, set()).add(number)
    found = {test: {path: frozenset(numbers) for path, numbers in lines[test].items()} for test in seconds}
    return broken, {test: Cost(spent, found[test]) for test, spent in seconds.items()}


def _trial(name: str, tests: Sequence[pytest.Item]) -> Callable[[], Verdict]:
    def meet() -> Verdict:
        seconds = int(3 + 5 * PATIENCE)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        set_mutant_under_test(name)
        for item, following in pairwise([*tests, None]):
            assert item is not None
            if _fails(item, following):
                return Verdict("killed", item.nodeid)
        return Verdict("survived")

    return meet


def _fails(item: pytest.Item, following: pytest.Item | None) -> bool:
    return any(report.failed for report in runtestprotocol(item, log=False, nextitem=following))


Job = tuple[str, Callable[[], Any]]


def _each(jobs: Iterable[Job], processes: int, limit: Callable[[str], float]) -> Iterator[tuple[str, Any]]:
    """What each job gives, run in a process of its own.

    One that had to be ended is a verdict, "hung", and so is one that ended without a word: "killed".

    :param limit: seconds on the clock, by the job's name.
    """
    context = get_context("fork")
    running: dict[Connection, tuple[str, Any, float]] = {}
    left = iter(jobs)
    while True:
        while len(running) < processes and (job := next(left, None)):
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=_answer, args=(job[1], theirs))
            process.start()
            theirs.close()
            running[ours] = (job[0], process, time.monotonic() + limit(job[0]))
        if not running:
            return
        ready = wait(list(running), timeout=1.0)
        for pipe, (name, process, ends) in list(running.items()):
            if pipe in ready or time.monotonic() > ends:
                yield name, _received(pipe) if pipe in ready else Verdict("hung")
                _end(process.pid)
                process.join()
                pipe.close()
                del running[pipe]


def _received(pipe: Connection) -> Any:
    try:
        return pipe.recv()
    except EOFError:
        return Verdict("killed")


def _answer(job: Callable[[], Any], pipe: Connection) -> None:
    os.setsid()
    pipe.send(job())


def _end(leader: int) -> None:
    """Whatever a process has started goes with it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
