"""Which scenarios go to which of several machines that run side by side, so that all are done
at about the same time.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pvesdn_lab.live.scenario import Scenario

_BUILD_SECONDS = 40.0
_STEP_SECONDS = 3.0
_SECONDS = {
    "apply": 60.0,
    "lost_by": 70.0,
    "apply_and_wait": 100.0,
    "apply_is_undone": 140.0,
    "commit_fails": 90.0,
    "take_back": 30.0,
    "nothing_to_plan": 14.0,
    "in_force": 60.0,
    "back_alone": 180.0,
    "stays": 200.0,
    "boot": 20.0,
    "restart": 25.0,
    "join": 30.0,
    "write_proposal": 30.0,
    "take_out": 30.0,
    "way_back": 30.0,
    "import_shows": 15.0,
    "refuses": 15.0,
    "sessions": 8.0,
    "verify_finds": 28.0,
    "trace_agrees": 15.0,
    "trace_ends": 20.0,
}
"""What the longer verbs take where an apply takes a minute (docs/lab.md). Only their proportions count."""
_WAITING = frozenset({"back_alone", "stays"})
"""Verbs that let minutes go by, in which no processor has anything to do."""


def share(scenarios: Iterable[Scenario], number: int, *, builds_fast: bool = False) -> list[list[Scenario]]:
    """At most `number` lists, none of them empty, each in the order that was given.

    Scenarios with one topology stay together, because they share a lab, whose building takes longer than many a step.
    The longest goes first to whoever has the least.

    :param builds_fast: a lab is built in no time there, so nothing need stay together.
    """
    given = list(scenarios)
    together: dict[Path, list[Scenario]] = {}
    for scenario in given:
        together.setdefault(scenario.folder if builds_fast else scenario.topology, []).append(scenario)
    shares: list[list[Scenario]] = [[] for _ in range(max(1, number))]
    for group in sorted(together.values(), key=seconds, reverse=True):
        min(shares, key=seconds).extend(group)
    return [sorted(found, key=given.index) for found in shares if found]


def beside_machines(scenarios: Iterable[Scenario], number: int) -> tuple[list[Scenario], list[list[Scenario]]]:
    """What runs in one lab on this kernel while machines need the processors, and what `number` labs have to do after
    that: all of these take about the same time.

    First of all those that wait, which takes nothing away from the machines, and later would keep nobody else at work.
    """
    given = list(scenarios)
    enough = seconds(given) / (1 + number)
    beside: list[Scenario] = []
    for scenario in sorted(given, key=_waits, reverse=True):
        if not beside or seconds([*beside, scenario]) <= enough:
            beside.append(scenario)
    rest = [scenario for scenario in given if scenario not in beside]
    return sorted(beside, key=given.index), share(rest, number, builds_fast=True)


def _waits(scenario: Scenario) -> float:
    """The part of its time in which it waits."""
    waiting = sum(_SECONDS[step.verb] for step in scenario.steps if step.verb in _WAITING)
    return waiting / seconds([scenario])


def seconds(scenarios: list[Scenario]) -> float:
    """How long these will take in one place, roughly."""
    labs = len({scenario.topology for scenario in scenarios})
    steps = (step.verb for scenario in scenarios for step in scenario.steps)
    return labs * _BUILD_SECONDS + sum(_SECONDS.get(verb, _STEP_SECONDS) for verb in steps)
