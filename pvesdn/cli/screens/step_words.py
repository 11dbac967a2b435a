"""What is done on a node, in words: while it is done, when it is done, and when it has failed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pvesdn.cli.screens.confirmation import duration
from pvesdn.cli.screens.screen import Line, Span, Style
from pvesdn.model.progress import IN_PLACE, StepName, Thing, Way
from pvesdn.model.report import Outcome


class _Words(NamedTuple):
    """:param doing: while it is done. :param done: when it has been. :param name: what has failed."""

    doing: str
    done: str
    name: str


_WORDS = {
    StepName.READ: _Words("reading it", "read", "reading it"),
    StepName.STAGED: _Words("staging its files", "staged", "staging"),
    StepName.ARMED: _Words("writing down how it is", "armed", "arming it"),
    StepName.DEFINITIONS: _Words("writing the definitions", "definitions written", "writing the definitions"),
    StepName.VNIS: _Words("writing the VNIs", "VNIs written", "writing the VNIs"),
    StepName.WRITTEN: _Words("putting its files in place", "files in place", "putting files in place"),
    StepName.SYSCTL: _Words("loading kernel settings", "kernel settings loaded", "kernel settings"),
    StepName.FRR: _Words("reloading FRR", "FRR done", "FRR"),
    StepName.RELOADED: _Words("reloading the network", "network reloaded", "network reload"),
    StepName.DHCP: _Words("restarting DHCP", "DHCP restarted", "DHCP"),
    StepName.CANARY: _Words("verifying it before the others", "good so far", "verification"),
    StepName.FLOOD: _Words("restoring flooding entries", "flooding restored", "flooding entries"),
    StepName.FINISHED: _Words("finishing", "finished", "finishing"),
    StepName.VERIFIED: _Words("verifying", "verified", "verification"),
    StepName.COMPARED: _Words("comparing with PVE's dry run", "as PVE would write it", "comparison with PVE"),
    StepName.CONFIRMED: _Words("waiting to be confirmed", "confirmed", "confirmation"),
    StepName.DISCARDED: _Words("removing its staged files", "staged files removed", "removing staged files"),
    StepName.UNDONE: _Words("putting it back", "put back", "putting it back"),
}
_WAYS = {
    (StepName.FRR, Way.RESTART): "restarting FRR",
    (StepName.FRR, Way.TAKEN_OVER): "taking FRR over from PVE",
    (StepName.RELOADED, Way.CHANGED): "reloading what changes",
    (StepName.RELOADED, Way.BY_COMMIT): "waiting for PVE's reload of it",
}
_THINGS = {
    Thing.TASK: "PVE's task runs",
    Thing.OTHERS_TASK: "waits for an earlier reload of PVE's",
    Thing.ANSWER: "waits for it to answer again",
}
_LEFT_OUT = frozenset({StepName.CANARY, StepName.FINISHED, StepName.FLOOD})
"""Not told where it went well."""
_STYLES = {
    Outcome.OK: Style.GOOD,
    Outcome.FAILED: Style.REMOVE,
    Outcome.UNREACHABLE: Style.ERROR,
    Outcome.SKIPPED: Style.HUNK,
}


def doing(step: StepName, way: Way = Way.USUAL) -> str:
    """While it is done, such as ``reloading the network``."""
    return _WAYS.get((step, way), _WORDS[step].doing)


def waits(thing: Thing, objects: tuple[str, ...]) -> str:
    """What a step waits for; empty where nothing has to be said."""
    if thing is Thing.CHECKS:
        more = f" and {len(objects) - 1} more" if len(objects) > 1 else ""
        return f"waits for {objects[0]}{more}" if objects else ""
    return _THINGS[thing]


def ended(step: str, outcome: Outcome) -> Span:
    """How it has ended, such as ``verified``, ``network reload failed``."""
    words = _WORDS[StepName(step)]
    told = {
        Outcome.OK: words.done,
        Outcome.FAILED: "not confirmed" if step == StepName.CONFIRMED else f"{words.name} failed",
        Outcome.UNREACHABLE: f"not reached for {words.name}" if step != StepName.READ else "not reached",
        Outcome.SKIPPED: "network not reloaded" if step == StepName.RELOADED else "left as it was",
    }
    return Span(told[outcome], _STYLES[outcome])


def outcome_words(outcome: Outcome, what: str) -> Span:
    """Of what is done once for the cluster: ``committed``, ``not committed``."""
    return Span(what if outcome is Outcome.OK else f"not {what}", _STYLES[outcome])


def trail(steps: Iterable[tuple[str, Outcome]], *, is_armed: bool = False, is_over: bool = True) -> list[Span]:
    """What has been done on a node, each once, in its order; a turn that went well is ``in place``.

    :param is_armed: the node has written down how it was, which the report's steps leave out.
    :param is_over: its turn is over.
    """
    given: dict[str, Outcome] = {}
    for step, outcome in steps:
        if outcome is not Outcome.OK:  # what has failed in the end is told at the end
            given.pop(step, None)
        given[step] = outcome
    turn = {step: outcome for step, outcome in given.items() if step in IN_PLACE}
    went_well = is_over and all(outcome is Outcome.OK for outcome in turn.values())
    told: list[Span] = []
    for step, outcome in given.items():
        if is_armed and step != StepName.STAGED:
            told.append(ended(StepName.ARMED, Outcome.OK))
            is_armed = False
        if step in turn and went_well:
            if step == next(iter(turn)):
                told.append(Span("in place", Style.GOOD))
        elif step not in _LEFT_OUT or outcome is not Outcome.OK:
            told.append(ended(step, outcome))
    return [*told, *([ended(StepName.ARMED, Outcome.OK)] if is_armed else [])]


def recap(node: str, steps: Iterable[tuple[str, Outcome]], *, is_armed: bool = False, seconds: float = 0.0) -> Line:
    """``pve1: staged, armed, in place, verified (12 s)``."""
    parts: list[Span | str] = [Span(node, Style.STRONG), ": "]
    for number, span in enumerate(trail(steps, is_armed=is_armed)):
        parts += [", ", span] if number else [span]
    return (*parts, took(seconds))


def took(seconds: float) -> str:
    """`` (12 s)``; nothing of what took less than a second."""
    return f" ({duration(seconds)})" if seconds >= 1 else ""
