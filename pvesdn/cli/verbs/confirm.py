"""`pvesdn confirm`."""

from __future__ import annotations

import click

from pvesdn.cli import options, statuses
from pvesdn.cli.screens.confirmation import ids, standing_document, standing_lines
from pvesdn.cli.screens.progress import PlainSteps
from pvesdn.cli.screens.screen import Span, Style
from pvesdn.cli.session import Session
from pvesdn.model.history import Ending
from pvesdn.workflows.confirmation import confirm as carry_out
from pvesdn.workflows.confirmation import standing
from pvesdn.workflows.history import settle


@click.command(epilog=statuses.TABLE)
@click.argument("apply_id", metavar="[ID]", required=False)
@click.option("--status", "is_question", is_flag=True, help="Tell which applies are open, and change nothing.")
@options.json_output
@options.common
@click.pass_obj
def confirm(session: Session, *, apply_id: str | None, is_question: bool) -> int:
    """Have what `pvesdn apply --confirm` has done stay.

    ID names the apply; without it the only one that is open is meant. It is confirmed on every node or on none, and no
    network is touched. Once its time has run out, this is refused: the nodes put themselves back.
    """
    world = session.world(session.settings(), PlainSteps(session.screen, is_beside=session.wants_json))
    if is_question:
        now = standing(world)
        if session.wants_json:
            session.document("confirm", {"exit_status": statuses.OK, **standing_document(now)})
        else:
            session.screen.wrap(standing_lines(now))
        return statuses.OK
    found = carry_out(world, apply_id)
    rehearses = found is not None and any(there.rehearses for there in found.nodes.values())
    if (
        found is not None
        and not rehearses
        and (trouble := settle(world, list(found.nodes), found.id, Ending.CONFIRMED))
    ):
        session.screen.warning(f"not in the history: {trouble}")
    if session.wants_json:
        nodes = [] if found is None else sorted(found.nodes)
        document = {"id": apply_id if found is None else found.id, "confirmed": nodes}
        session.document("confirm", {"exit_status": statuses.OK, **document})
    elif found is None:
        session.screen.line(f"Apply {apply_id} had been confirmed before.")
    else:
        what = "goes on to PVE's commit" if rehearses else "stays"
        session.screen.line(Span(f"Confirmed: {ids(found)} {what}.", Style.GOOD))
        if rehearses:
            session.screen.remark("Its run does that; if it has died, the nodes put themselves back within 3 minutes.")
    return statuses.OK
