"""`pvesdn rollback`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

import click

from pvesdn.cli import complete, options, statuses
from pvesdn.cli.applying import offer_and_apply, require_answer, watcher
from pvesdn.cli.former import Former
from pvesdn.cli.screens.confirmation import ids
from pvesdn.cli.screens.progress import Steps
from pvesdn.cli.screens.screen import Screen, Span, Style
from pvesdn.cli.session import Session
from pvesdn.errors import NodeError, NodeUnreachable
from pvesdn.model.execution import Undone, UndoState
from pvesdn.model.flags import PlanFlags
from pvesdn.model.history import Ending
from pvesdn.model.manner import Manner
from pvesdn.model.primitives import NodeName
from pvesdn.workflows.confirmation import roll_back
from pvesdn.workflows.history import settle

_WORDS = {
    UndoState.NOTHING: "has put itself back already",
    UndoState.UNTOUCHED: "nothing had been changed",
    UndoState.RESTORED: "put back and checked",
    UndoState.KEPT: "was confirmed meanwhile, and stays",
    UndoState.PARTLY: "not as it was before",
    UndoState.UNDECIDED: "nobody can tell whether PVE has committed: it looks again once there is a quorum",
}
_NOT_AS_BEFORE = frozenset({UndoState.PARTLY, UndoState.KEPT, UndoState.UNDECIDED})
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_DIGITS = re.compile(r"[0-9]+")
_ID_LENGTH = 16


@click.command(epilog=statuses.TABLE)
@click.argument("which", metavar="[ID | N]", required=False, shell_complete=complete.applies)
@options.carrying_out
@click.pass_obj
def rollback(
    session: Session,
    *,
    which: str | None,
    is_agreed: bool,
    confirm_within: int | None,
    comment: str,
    has_diff: bool,
    flags: PlanFlags,
) -> int:
    """Put back what an apply that is open has done, or plan to go back to the definitions of an earlier one.

    Without an argument, or with ID, 16 hexadecimal digits: what the apply that is open has done is put back on every
    node at once, and each is looked at. It need not be waiting to be confirmed: one that is at work notices, and puts
    back the rest.

    With N, a number of `pvesdn history`: the definitions as apply N brought them are planned like a draft. The plan is
    shown, and carried out as `pvesdn apply` does if you say yes; pvesdn.cfg becomes that of then, and PVE's own zones,
    VNets, subnets, controllers and fabrics are written through PVE's API, pending until the commit. Where edits are
    pending there, nothing is done.
    """
    number = _number(which)
    if number is not None:
        require_answer(session, is_agreed=is_agreed)
        former = Former(number, flags, None if session.wants_json else session.screen)
        manner = Manner(confirm_within=confirm_within or 0, comment=comment or f"rollback to {number}")
        also = {"to": number}
        return offer_and_apply(session, former.offer, manner, is_agreed=is_agreed, has_diff=has_diff, also=also)
    if is_agreed or has_diff or confirm_within or comment or flags != PlanFlags():
        raise click.UsageError(
            "an apply that is open is put back as it is: options go with a number of `pvesdn history`"
        )
    return _open_one(session, which)


def _number(which: str | None) -> int | None:
    """The number of an entry; None where the id of an apply is meant, or none."""
    if which is None or len(which) == _ID_LENGTH or not _DIGITS.fullmatch(which):
        return None
    if not _NUMBER.fullmatch(which):
        raise click.UsageError(
            f"{which} is neither a number of `pvesdn history` nor the 16 hexadecimal digits of an apply's id"
        )
    return int(which)


def _open_one(session: Session, apply_id: str | None) -> int:
    steps = watcher(session)
    session.aftermath = partial(_aftermath, steps)
    world = session.world(session.settings(), steps)
    steps.monotonic = world.clock.monotonic
    with steps:
        found, outcomes = roll_back(world, apply_id, announce=lambda found: steps.remark(f"Putting back {ids(found)}."))
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


def _aftermath(steps: Steps) -> str:
    if not (states := steps.states()):
        return "Interrupted: nothing was changed."
    return f"Interrupted. {'; '.join(states)}. `pvesdn rollback` puts back what is still open."


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
        outcome for outcome in outcomes.values() if isinstance(outcome, NodeError) or outcome.state in _NOT_AS_BEFORE
    ]
    if any(not isinstance(outcome, NodeUnreachable) for outcome in bad):
        return statuses.PARTLY
    return statuses.UNREACHABLE if bad else statuses.OK
