"""PVE's own SDN for people: what is pending, property by property, and which version is running where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pvesdn.cli.screens.screen import Line, Span, Style
from pvesdn.model.files import Action, PendingChange, PendingProperty
from pvesdn.model.running import PveRunning, SdnFileState

SIGNS: dict[Action, Line] = {
    Action.ADD: (Span("  +", Style.ADD),),
    Action.CHANGE: (Span("  ~", Style.CHANGE),),
    Action.REMOVE: (Span("  -", Style.REMOVE),),
    Action.REPLACE: (Span("-", Style.REMOVE), "/", Span("+", Style.ADD)),
}
"""Terraform's signs, in its colours."""

PENDING = {"new": Action.ADD, "changed": Action.CHANGE, "deleted": Action.REMOVE}
"""What a commit does, by PVE's word for the state."""


def pending_lines(changes: Iterable[PendingChange]) -> Iterator[Line]:
    """A line for each uncommitted definition, with what it sets, changes or removes."""
    for row in changes:
        sign = SIGNS[PENDING[row.state]] if row.state in PENDING else ("  ?",)
        properties = ", ".join(_property(item) for item in row.properties)
        yield "  ", *sign, f" {row.kind} {row.id}{': ' if properties else ''}{properties}"


def running_lines(running: PveRunning) -> Iterator[Line]:
    """The running version, and the nodes that are behind."""
    if running.version is None:
        return
    yield (f"  version {running.version} is running",)
    for name, file in running.nodes.items():
        if file.state is SdnFileState.OLD:
            yield (
                "  ",
                Span(f"{name}: interfaces.d/sdn has version {file.version}, which is out of date", Style.WARNING),
            )
        elif file.state is SdnFileState.MISSING:
            yield "  ", Span(f"{name}: interfaces.d/sdn was never generated", Style.WARNING)


def _property(item: PendingProperty) -> str:
    if item.pending is None:
        return f"{item.name} {item.running} deleted"
    return f"{item.name} {item.pending}" if item.running is None else f"{item.name} {item.running} -> {item.pending}"
