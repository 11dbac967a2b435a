"""`pvesdn rollback`."""

from __future__ import annotations

from collections.abc import Mapping

import click

from pvesdn.cli import options, statuses
from pvesdn.cli.screens.confirmation import ids
from pvesdn.cli.screens.progress import PlainSteps
from pvesdn.cli.screens.screen import Screen, Span, Style
from pvesdn.cli.session import Session
from pvesdn.errors import NodeError, NodeUnreachable
from pvesdn.model.execution import Undone, UndoState
from pvesdn.model.history import Ending
from pvesdn.model.primitives import NodeName
from pvesdn.workflows.confirmation import roll_back
from pvesdn.workflows.history import settle

_WORDS = {
    UndoState.NOTHING: "has put itself back already",
    UndoState.UNTOUCHED: "nothing had been changed",
    UndoState.RESTORED: "put back and checked",
    UndoState.KEPT: "was confirmed meanwhile, and stays",
    UndoState.PARTLY: "not as it was before",
}


@click.command(epilog=statuses.TABLE)
@click.argument("apply_id", metavar="[ID]", required=False)
@options.json_output
@options.common
@click.pass_obj
def rollback(session: Session, *, apply_id: str | None) -> int:
    """Put back what an apply that is open has done, on every node, and look whether each is as before.

    ID names the apply; without it the only one that is open is meant. It need not be waiting to be confirmed: one that
    is at work notices, and puts back the rest. What was confirmed is not rolled back; apply the former definitions.
    """
    world = session.world(session.settings(), PlainSteps(session.screen, is_beside=session.wants_json))
    found, outcomes = roll_back(world, apply_id)
    status = _status(outcomes)
    ending = Ending.ROLLED_BACK if status == statuses.OK else Ending.PARTLY
    if trouble := settle(world, list(found.nodes), found.id, ending):
        session.screen.warning(f"not in the history: {trouble}")
    if session.wants_json:
        nodes = [{"name": node, **_entry(outcome)} for node, outcome in sorted(outcomes.items())]
        session.document("rollback", {"exit_status": status, "id": found.id, "nodes": nodes})
        return status
    for node, outcome in outcomes.items():
        _show(session.screen, node, outcome)
    if status == statuses.OK:
        session.screen.line(Span(f"Rolled back: {ids(found)}.", Style.GOOD))
    else:
        session.screen.line(Span("Rolled back in part: ", Style.ERROR), ids(found))
    return status


def _show(screen: Screen, node: NodeName, outcome: Undone | NodeError) -> None:
    if isinstance(outcome, NodeError):
        screen.error(f"{outcome}; it puts itself back as soon as it can")
        return
    screen.line(f"{node}: {_WORDS[outcome.state]}")
    for line in outcome.left:
        screen.error(f"{node}: {line}")


def _entry(outcome: Undone | NodeError) -> dict[str, object]:
    if isinstance(outcome, NodeError):
        return {"state": "failed", "left": [], "error": str(outcome)}
    return {"state": outcome.state.value, "left": list(outcome.left), "error": ""}


def _status(outcomes: Mapping[NodeName, Undone | NodeError]) -> int:
    """5 where a node that answered is not as before, 4 where one did not answer, else 0."""
    bad = [
        outcome
        for outcome in outcomes.values()
        if isinstance(outcome, NodeError) or outcome.state in {UndoState.PARTLY, UndoState.KEPT}
    ]
    if any(not isinstance(outcome, NodeUnreachable) for outcome in bad):
        return statuses.PARTLY
    return statuses.UNREACHABLE if bad else statuses.OK
