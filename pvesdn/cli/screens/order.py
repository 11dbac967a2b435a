"""In which order an apply changes the nodes: for people where that is not node by node behind the first; as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pvesdn.cli.screens.screen import Line, Span, Style
from pvesdn.compare.execution import execution_plan
from pvesdn.model.files import ChangeSet
from pvesdn.model.order import Cause, Wishes

_HALF_WAY: Mapping[Cause, str] = {
    Cause.AS_NUMBER: "sessions between the old and the new one would stay down",
    Cause.VTEP: "tunnels to the old address end when it moves",
    Cause.PEERS: "nodes with the old ones and nodes with the new ones would not hear of each other",
    Cause.SESSIONS: "a session whose ends differ does not come up",
    Cause.ROUTE_TARGETS: "nodes with the old ones and nodes with the new ones would not import each other's routes",
    Cause.VNI: "no traffic would pass between the old and the new one",
    Cause.L3VNI: "no routed traffic would pass between the old and the new one",
    Cause.UDP_PORT: "no traffic would pass between the old and the new one",
    Cause.GROUP: "broadcasts would not pass between the old and the new one",
    Cause.FLOODING: "broadcasts would not pass between the old and the new one",
    Cause.MTU: "nodes with the old one would send packets that are too large for the others",
    Cause.MAC: "guests that migrate would lose their gateway",
}
_PLURAL = frozenset({Cause.PEERS, Cause.SESSIONS, Cause.ROUTE_TARGETS})
_SMALLEST = 3
"""Nodes of the smallest cluster that can lose one and stay quorate; nobody wonders about smaller ones."""


_QUORUM = "the cluster would lose its quorum with one node less"
_UNREHEARSED = "PVE's commit, which reloads all nodes at once, cannot be tried out before"


def order_lines(changes: ChangeSet) -> Iterator[Line]:
    """One line where all nodes change at once, or each alone; nothing for the usual order."""
    order = execution_plan(changes).order
    if found := order.causes:
        names = [str(cause) for cause in found]
        what = f"{', '.join(names[:-1])} and {names[-1]}" if names[1:] else names[0]
        verb = "change" if names[1:] or found[0] in _PLURAL else "gets smaller" if found[0] is Cause.MTU else "changes"
        yield Span("Order:", Style.STRONG), f" all nodes at once, because the {what} {verb}: {_HALF_WAY[found[0]]}."
    elif order.keeps_quorum and _size(changes) >= _SMALLEST:
        yield (
            Span("Order:", Style.STRONG),
            f" one node at a time, because {_QUORUM}.",
        )


def order_document(changes: ChangeSet, wishes: Wishes | None = None) -> dict[str, Any]:
    """The turns of the nodes that have something to do, and why they are not others; empty where none has.

    :param wishes: what was said about the order, and where pvesdn runs.
    """
    todo = execution_plan(changes, wishes)
    busy = {node.node for node in todo.nodes if node.steps}
    rounds = [turn for there in todo.order.rounds if (turn := [name for name in there if name in busy])]
    reasons = {cause.value: _HALF_WAY[cause] for cause in todo.order.causes}
    if todo.order.keeps_quorum:
        reasons["quorum"] = _QUORUM
    if todo.commits and not todo.rehearses:
        reasons["not rehearsed"] = _UNREHEARSED
    return {
        "rounds": rounds,
        "canary": rounds[0][0] if todo.order.has_canary and rounds[1:] else None,
        "together": bool(todo.order.causes),
        "reasons": [{"what": what, "why": why} for what, why in reasons.items()],
    }


def _size(changes: ChangeSet) -> int:
    return len(changes.nodes) + len(changes.unreachable) + len(changes.offline)
