"""Which labs run side by side, and which wait."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from pvesdn_lab.live.outside import queue
from pvesdn_lab.live.outside.machines.qemu import Qemu
from pvesdn_lab.live.outside.machines.usermode import UserMode
from pvesdn_lab.live.outside.queue import Part, in_order, side_by_side
from pvesdn_lab.live.packages import Unpacked
from pvesdn_lab.live.scenario import Scenario, choose

MACHINE = UserMode(Unpacked(Path("/release"), {}))
EMULATED = Qemu(Unpacked(Path("/qemu"), {}))
SOME, OTHERS = list(choose(("symmetric",))), list(choose(("pve-snat",)))
HERE = list(choose(("unicast", "evpn-l2", "undone", "kinds", "cut-off")))


@pytest.fixture(autouse=True)
def _two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue.os, "sched_getaffinity", lambda _: {0, 1})  # type: ignore[attr-defined]


def kinds(spread: list[queue.Load], here: list[Scenario]) -> list[tuple[object, int]]:
    """Of each part the machine, and how many processors it keeps busy."""
    return [(part.machine, part.processors) for part in in_order(spread, here)]


def test_beside_machines_there_is_a_lab_that_waits_and_then_as_many_as_there_are_processors() -> None:
    assert kinds([(MACHINE, SOME)], HERE) == [(MACHINE, 1), (None, 0), (None, 1), (None, 1)]
    assert kinds([(MACHINE, SOME)], []) == [(MACHINE, 1)]
    assert kinds([], HERE) == [(None, 1), (None, 1)]


def test_an_emulated_machine_begins_with_the_last_lab_and_behind_machines_where_there_is_none() -> None:
    assert kinds([(MACHINE, SOME), (EMULATED, OTHERS)], HERE) == [
        *((MACHINE, 1), (None, 0)),
        *((None, 1), (None, 1), (EMULATED, 0)),
    ]
    assert kinds([(MACHINE, SOME), (EMULATED, OTHERS)], []) == [(MACHINE, 1), (EMULATED, 1)]
    assert kinds([(EMULATED, SOME), (EMULATED, OTHERS)], []) == [(EMULATED, 2), (EMULATED, 2)]


def test_every_scenario_has_one_place() -> None:
    parts = in_order([(MACHINE, SOME), (EMULATED, OTHERS)], HERE)
    assert sorted(s.name for part in parts for s in part.scenarios) == sorted(s.name for s in [*SOME, *OTHERS, *HERE])


@dataclass
class Place:
    """A process that ends when it is told to."""

    process: subprocess.Popen[bytes]


class Places:
    """Starts them. :ivar open: those that have not been left, each with its part."""

    def __init__(self) -> None:
        self.open: list[tuple[Part, Place]] = []
        self.ends_at_once: Part | None = None

    @contextmanager
    def start(self, part: Part) -> Iterator[Place]:
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
            self.open.append((part, Place(process)))
            if part is self.ends_at_once:
                self.end(part)
            yield self.open[-1][1]
            self.open = [(one, place) for one, place in self.open if one is not part]
            process.kill()

    @property
    def parts(self) -> list[Part]:
        return [part for part, _ in self.open]

    def end(self, part: Part) -> None:
        (stdin,) = [place.process.stdin for one, place in self.open if one is part]
        assert stdin is not None
        stdin.close()


def test_each_begins_as_soon_as_there_are_processors_for_it() -> None:
    first, second, waits, third, wide = (Part([one], None, n) for one, n in zip(HERE, (1, 1, 0, 1, 2), strict=True))
    places, beside = Places(), []
    places.ends_at_once = wide

    def start(part: Part) -> AbstractContextManager[Place]:
        beside.append((part, places.parts))
        if part is waits:
            places.end(second)
        return places.start(part)

    ended = []
    for part, place, is_over in side_by_side([first, second, waits, third, wide], 2, start, 60.0):
        assert is_over
        assert place.process.wait(10) == 0
        ended.append(part)
        if part is second:
            places.end(first)
        elif part in (first, waits):
            places.end(places.parts[1])
    assert ended == [second, first, waits, third, wide]
    assert beside == [
        (first, []),
        (second, [first]),
        (waits, [first, second]),
        (third, [first, waits]),
        (wide, []),
    ]
    assert places.open == []


def test_what_takes_too_long_is_left_and_the_next_begins() -> None:
    places, parts = Places(), [Part([], processors=2), Part([], processors=2)]
    found = [(part, is_over) for part, _, is_over in side_by_side(parts, 2, places.start, 0.0)]
    assert found == [(parts[0], False), (parts[1], False)]
    assert places.open == []


def test_what_needs_more_processors_than_there_are_runs_alone() -> None:
    places, part = Places(), Part([], processors=4)
    assert [one for one, _, _ in side_by_side([part], 2, places.start, 0.0)] == [part]
