"""`pvesdn plan`."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from pvesdn.cli import options, places, statuses
from pvesdn.cli.draft import read_draft
from pvesdn.cli.offer import Offer, make_offer, nodes_of, view
from pvesdn.cli.part import left_lines
from pvesdn.cli.saved import save_plan
from pvesdn.cli.screens.consequences import fall_lines
from pvesdn.cli.screens.documents import plan_document
from pvesdn.cli.screens.plan import last_line, plan_lines, summarized_lines, vtep_lines
from pvesdn.cli.screens.reloads import reload_lines
from pvesdn.cli.session import Session
from pvesdn.cli.source import cluster_of, require_known, show_findings, take
from pvesdn.errors import SettingsError
from pvesdn.model.flags import PlanFlags
from pvesdn.model.order import Wishes
from pvesdn.model.saved_plan import Terms
from pvesdn.model.snapshot import OWN_FILE, Snapshot
from pvesdn.workflows.decoded import Intent
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.world import World


@click.command(epilog=statuses.TABLE)
@options.diff
@click.option("--summary", "is_summary", is_flag=True, help="Show what changes by zone, not interface by interface.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when there are changes.")
@click.option(
    "--out",
    "plan_file",
    type=places.NEW_PLAN,
    metavar="PLAN",
    help="Save the plan in a file, for `pvesdn apply PLAN`.",
)
@options.nodes
@options.peers
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
    is_summary: bool,
    detailed_exitcode: bool,
    plan_file: Path | None,
    only: tuple[str, ...],
    sync_peers: bool,
    draft_file: Path | None,
    folder: Path | None,
    intent: Intent,
    flags: PlanFlags,
) -> int:
    """Show what `pvesdn apply` would change, on every node. Changes nothing.

    Signs are those of terraform: + create, ~ change, - destroy, -/+ delete and create anew. The numbers in the last
    line count interfaces on all nodes. -v also shows the VTEP of each node and why it is that one. If something blocks
    an apply, the exit status is 1, and no plan is saved.

    With --sync-peers the plan is that of PVE's own definitions with other peers: the address of a member that joined
    comes, that of one that left goes, and whoever else is in a list stays.
    """
    terms = Terms(
        flags=flags,
        nodes=nodes_of(only),
        draft=None if draft_file is None else read_draft(draft_file).saved,
        sync_peers=sync_peers,
    )
    if sync_peers and intent != "pending":
        raise click.UsageError("--sync-peers makes peers pending, so it cannot be used with --intent running")
    if plan_file is not None:
        _require_savable(folder, intent)
    snapshot, world = _taken(session, folder)
    if world is None or plan_file is None:
        offer = view(snapshot, terms, intent)
        require_known(frozenset(only), offer.changes, offer.snapshot)
    else:
        offer = make_offer(snapshot, terms)
        if not offer.is_blocked:
            save_plan(offer, plan_file, world.clock.now())
    changes = offer.changes
    if session.wants_json:
        wishes = Wishes(own=None if world is None else world.local_node)
        document = plan_document(changes, offer.summary, has_diff=has_diff, wishes=wishes)
        is_saved = plan_file is not None and not offer.is_blocked
        session.document("plan", document | ({"saved": str(plan_file)} if is_saved else {}))
    else:
        _show(session, offer, has_diff=has_diff, is_summary=is_summary)
        _say_draft(session, offer, plan_file)
    if plan_file is not None:
        _say_saved(session, offer, plan_file)
    if offer.is_blocked:
        session.screen.remark("Blocked: `pvesdn apply` would refuse this plan.")
        return statuses.ERROR
    if changes.unreachable:
        return statuses.UNREACHABLE
    return statuses.CHANGES if detailed_exitcode and (changes.vnis is not None or not changes.is_empty) else statuses.OK


def _taken(session: Session, folder: Path | None) -> tuple[Snapshot, World | None]:
    """What the plan is made from, and the cluster; None for a stored snapshot's."""
    if folder is not None:
        return take(session, folder), None
    world = cluster_of(session)
    return read_cluster(world, has_state=True), world


def _require_savable(folder: Path | None, intent: Intent) -> None:
    """Return if a plan of that could be applied once it is saved.

    :raises SettingsError: it could not.
    """
    if folder is not None:
        raise SettingsError("--out needs a cluster, and --from has none", hint="leave one of them out")
    if intent != "pending":
        raise SettingsError(
            "--out saves what apply does, and apply never goes by --intent running", hint="leave it out"
        )


def _show(session: Session, offer: Offer, *, has_diff: bool, is_summary: bool) -> None:
    screen, changes = session.screen, offer.changes
    screen.wrap(fall_lines(changes.falls))
    show_findings(screen, changes.findings)
    if session.verbosity:
        screen.wrap(vtep_lines(offer.known.vteps))
        if changes.pve.version is not None:
            screen.line(f"PVE's SDN: version {changes.pve.version} is running")
    if not screen.is_quiet and is_summary:
        screen.lines(summarized_lines(changes, offer.summary, width=screen.width))
    elif not screen.is_quiet:
        screen.lines(plan_lines(changes, offer.summary, has_diff=has_diff, width=screen.width))
        screen.wrap(reload_lines(changes) if session.reloads_changed else ())
    else:
        for obstacle in (finding for node in changes.nodes for finding in node.obstacles):
            screen.warning(f"apply would refuse: {obstacle}")
    screen.line(*last_line(changes, offer.summary))
    screen.wrap(left_lines(offer.left))


def _say_draft(session: Session, offer: Offer, plan_file: Path | None) -> None:
    draft = offer.terms.draft
    if draft is None:
        return
    if offer.changes.definitions is None:
        session.screen.remark(f"note: {draft.name} is what {OWN_FILE} has already")
    elif plan_file is None:
        session.screen.remark(f"note: this is the plan of {draft.name}; `pvesdn apply` goes by {OWN_FILE}")


def _say_saved(session: Session, offer: Offer, plan_file: Path) -> None:
    if offer.is_blocked:
        session.screen.warning(f"{plan_file}: the plan was not saved, because it is blocked")
        return
    draft = offer.terms.draft
    is_written = offer.changes.definitions is not None
    also = f" and makes {draft.name} the {OWN_FILE}" if draft is not None and is_written else ""
    session.screen.remark(f"Saved: `pvesdn apply {shlex.quote(str(plan_file))}` carries it out{also}.")
