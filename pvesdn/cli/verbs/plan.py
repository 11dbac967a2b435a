"""`pvesdn plan`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from pvesdn.cli import options, statuses
from pvesdn.cli.draft import Draft, read_draft
from pvesdn.cli.screens.documents import plan_document
from pvesdn.cli.screens.plan import last_line, plan_lines, vtep_lines
from pvesdn.cli.screens.summary import summarize
from pvesdn.cli.session import Session
from pvesdn.cli.source import require_known, show_findings, some, take, understood
from pvesdn.model.files import ChangeSet
from pvesdn.model.flags import PlanFlags
from pvesdn.model.snapshot import OWN_FILE
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.draft import definitions_change
from pvesdn.workflows.plan import plan_understood
from pvesdn.workflows.understand import Intent


@click.command(epilog=statuses.TABLE)
@options.diff
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when there are changes.")
@options.nodes
@options.draft
@options.source
@options.decisions
@options.json_output
@options.common
@click.pass_obj
def plan(
    session: Session,
    *,
    has_diff: bool,
    detailed_exitcode: bool,
    only: tuple[str, ...],
    draft_file: Path | None,
    folder: Path | None,
    intent: Intent,
    overwrite: bool,
    detach_guests: bool,
    with_interfaces_new: bool,
) -> int:
    """Show what `pvesdn apply` would change, on every node. Changes nothing.

    Signs are those of terraform: + create, ~ change, - destroy, -/+ delete and create anew. The numbers in the last
    line count interfaces on all nodes. -v also shows the VTEP of each node and why it is that one. If something blocks
    an apply, the exit status is 1.
    """
    draft = None if draft_file is None else read_draft(draft_file)
    snapshot = take(session, folder)
    flags = PlanFlags(overwrite=overwrite, detach_guests=detach_guests, interfaces_new=with_interfaces_new)
    wanted = some(only)
    known = understood(snapshot, draft, intent)
    changes = plan_understood(known, Renderer(), only=wanted, flags=flags)
    if draft is not None:
        changes = replace(changes, definitions=definitions_change(snapshot, draft.text))
    require_known(wanted, changes, snapshot)
    summary = summarize(changes, is_part=wanted is not None)
    if session.wants_json:
        session.document("plan", plan_document(changes, summary, has_diff=has_diff))
    else:
        show_findings(session.screen, changes.findings)
        if session.verbosity:
            session.screen.lines(vtep_lines(known.vteps))
            if changes.pve.version is not None:
                session.screen.line(f"PVE's SDN: version {changes.pve.version} is running")
        if not session.screen.is_quiet:
            session.screen.lines(plan_lines(changes, summary, has_diff=has_diff, width=session.screen.width))
        else:
            for obstacle in (finding for node in changes.nodes for finding in node.obstacles):
                session.screen.warning(f"apply would refuse: {obstacle}")
        session.screen.line(*last_line(changes, summary))
        _say_draft(session, draft, changes)
    if any(node.obstacles for node in changes.nodes):
        session.screen.remark("Blocked: `pvesdn apply` would refuse this plan.")
        return statuses.ERROR
    if changes.unreachable:
        return statuses.UNREACHABLE
    return statuses.CHANGES if detailed_exitcode and not changes.is_empty else statuses.OK


def _say_draft(session: Session, draft: Draft | None, changes: ChangeSet) -> None:
    if draft is None:
        return
    if changes.definitions is None:
        session.screen.remark(f"note: {draft.name} is what {OWN_FILE} has already")
    else:
        session.screen.remark(f"note: this is the plan of {draft.name}; `pvesdn apply` goes by {OWN_FILE}")
