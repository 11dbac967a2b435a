"""Applies that are open, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pvesdn.cli.screens.screen import Line, Span, Style
from pvesdn.model.open_apply import OpenApply, OpenState
from pvesdn.model.ranges import ranges
from pvesdn.workflows.confirmation import Found, Standing

_STATES = {
    OpenState.AT_WORK: "at work",
    OpenState.WAITING: "waits to be confirmed",
    OpenState.OVERDUE: "left alone: the node is putting itself back",
}


def standing_lines(now: Standing) -> Iterator[Line]:
    """What is open on which nodes, and who was not asked."""
    for found in now.open:
        first = next(iter(found.nodes.values()))
        age = "" if first.age is None else f", begun {duration(first.age)} ago"
        yield Span(f"apply {found.id}", Style.STRONG), f" by {first.who}{age}"
        for words in dict.fromkeys(_words(there) for there in found.nodes.values()):
            yield (f"  {ranges([node for node, there in found.nodes.items() if _words(there) == words])}: {words}",)
    if not now.open:
        yield ("No apply is open.",)
    for reason in now.silent.values():
        yield Span("not asked: ", Style.WARNING), reason


def standing_document(now: Standing) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "open": [
            {
                "id": found.id,
                "nodes": [
                    {"name": node, "who": there.who, "state": there.state.value, "age": there.age, "left": there.left}
                    for node, there in sorted(found.nodes.items())
                ],
            }
            for found in now.open
        ],
        "not_asked": dict(sorted(now.silent.items())),
    }


def ids(found: Found) -> str:
    """The apply and its nodes."""
    return f"apply {found.id} on {ranges(list(found.nodes))}"


def duration(seconds: float) -> str:
    """Rounded down, in minutes and seconds."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _words(there: OpenApply) -> str:
    left = f", {duration(there.left)} left" if there.state is not OpenState.OVERDUE else ""
    return f"{_STATES[there.state]}{left}"
