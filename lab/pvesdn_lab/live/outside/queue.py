"""What runs side by side, and what waits for a processor."""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pvesdn_lab.live.outside import machines
from pvesdn_lab.live.outside.shares import beside_machines, share
from pvesdn_lab.live.scenario import Scenario

Load = tuple[machines.VirtualMachine, list[Scenario]]
"""A machine, and what it has to do."""


@dataclass(frozen=True, slots=True)
class Part:
    """Scenarios that run one after another in one place.

    :param machine: None for the kernel at hand.
    :param processors: how many it keeps busy; none where it mostly waits.
    """

    scenarios: list[Scenario]
    machine: machines.VirtualMachine | None = None
    processors: int = 1


def in_order(spread: list[Load], here: list[Scenario]) -> list[Part]:
    """What begins when: machines, and beside them one lab on this kernel, which mostly waits; then as many labs as
    there are processors.

    An emulated machine begins with the last of these labs, and keeps none of them waiting: a lab leaves more than half
    of a processor idle. Two machines beside it would make it miss limits in seconds.

    :param here: for the kernel at hand.
    """
    number = len(os.sched_getaffinity(0))
    slow = [load for load in spread if load[0].is_emulated]
    rest = [load for load in spread if not load[0].is_emulated]
    if not rest:
        rest, slow = slow, []
    if not rest:
        return [Part(some) for some in share(here, number, builds_fast=True)]
    beside, others = beside_machines(here, number)
    return [
        *(Part(some, machine, machine.processors) for machine, some in rest),
        *([Part(beside, processors=0)] if beside else []),
        *(Part(some) for some in others),
        *(Part(some, machine, processors=0 if others else 1) for machine, some in slow),
    ]


class Started(Protocol):
    """What runs in a place."""

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """Whose end is the end of it."""


Place = TypeVar("Place", bound=Started)


@dataclass(frozen=True, slots=True)
class _Running(Generic[Place]):
    part: Part
    place: Place
    ends: float
    stack: ExitStack


def side_by_side(
    parts: Iterable[Part],
    processors: int,
    start: Callable[[Part], AbstractContextManager[Place]],
    seconds: float,
) -> Iterator[tuple[Part, Place, bool]]:
    """Run all of them, each as soon as there are processors for it, and at least one at a time.

    :param seconds: that each of them may take.
    :returns: each when it has ended, or when its time is over: whether it has ended, before it is left.
    """
    waiting = list(parts)
    running: dict[int, _Running[Place]] = {}
    with ExitStack() as everything:
        while waiting or running:
            while waiting and _fits(waiting[0], [one.part for one in running.values()], processors):
                stack = everything.enter_context(ExitStack())
                part = waiting.pop(0)
                place = stack.enter_context(start(part))
                end = os.pidfd_open(place.process.pid)
                stack.callback(os.close, end)
                running[end] = _Running(part, place, time.monotonic() + seconds, stack)
            soonest = min(one.ends for one in running.values())
            ended = _readable(running, max(0.0, soonest - time.monotonic()))
            for end, one in list(running.items()):
                if end in ended or time.monotonic() >= one.ends:
                    yield one.part, one.place, end in ended
                    del running[end]
                    one.stack.close()


def _readable(descriptors: Iterable[int], seconds: float) -> set[int]:
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    return {descriptor for descriptor, _ in poll.poll(seconds * 1000)}


def _fits(part: Part, running: list[Part], processors: int) -> bool:
    return not running or sum(one.processors for one in running) + part.processors <= processors
