"""`pvesdn apply`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import click

from pvesdn.cli import options, statuses
from pvesdn.cli.part import take_part
from pvesdn.cli.screens.apply import exit_status, show_report
from pvesdn.cli.screens.documents import apply_document
from pvesdn.cli.screens.plan import last_line, plan_lines
from pvesdn.cli.screens.progress import PlainSteps, Steps
from pvesdn.cli.screens.screen import Span, Style
from pvesdn.cli.screens.summary import Summary, summarize
from pvesdn.cli.session import Session
from pvesdn.cli.source import show_findings, some
from pvesdn.compare.parting import left_out
from pvesdn.errors import ApplyRefused, PvesdnError
from pvesdn.model.files import ChangeSet
from pvesdn.model.flags import PlanFlags
from pvesdn.model.report import ApplyReport
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.apply import apply as carry_out
from pvesdn.workflows.plan import plan as make_plan
from pvesdn.workflows.read import read_cluster


@click.command(epilog=statuses.TABLE)
@click.option("-y", "--yes", "is_agreed", is_flag=True, help="Apply without asking.")
@options.diff
@options.nodes
@options.decisions
@options.json_output
@options.common
@click.pass_obj
def apply(
    session: Session,
    *,
    is_agreed: bool,
    has_diff: bool,
    only: tuple[str, ...],
    overwrite: bool,
    detach_guests: bool,
    with_interfaces_new: bool,
) -> int:
    """Carry out the plan on the whole cluster, after showing it and asking. Only `yes` will be accepted.

    Every node's files are staged and checked first; a refusal stops the run before anything has changed. Then, node by
    node: files are swapped whole, FRR and the network are reloaded, and at the end everything is read again. What PVE's
    own SDN has pending is committed last, for the whole cluster.

    With --node the other nodes keep what they have, and what is left for them is said. That cannot be done while PVE's
    SDN has something pending.
    """
    if session.wants_json and not is_agreed:
        raise click.UsageError("--json cannot ask, so it needs --yes")
    settings = session.settings()
    steps = watcher(session)
    session.aftermath = steps.aftermath
    world, planner = session.world(settings, steps), partial(make_plan, renderer=Renderer())
    flags = PlanFlags(overwrite=overwrite, detach_guests=detach_guests, interfaces_new=with_interfaces_new)
    offer = _offer(planner(read_cluster(world), flags=flags), some(only))
    changes = offer.changes
    if not session.wants_json:
        _show_offer(session, offer, has_diff=has_diff)
    _refuse_obstacles(changes)
    report: ApplyReport | None = None
    if not changes.is_empty and not is_agreed:
        _ask(session)
    if not changes.is_empty or changes.seen is not None:
        report = _carry_out(session, steps, lambda: carry_out(world, changes, planner))
    if changes.is_empty:
        report = None
    status = _status(changes, report)
    if session.wants_json:
        document = apply_document(changes, offer.summary, report, status, has_diff=has_diff)
        session.document("apply", document | ({} if offer.left is None else {"left": list(offer.left)}))
    elif report is not None:
        show_report(session.screen, report)
        _say_left(session, offer)
    return status


@dataclass(frozen=True, slots=True)
class _Offer:
    """What a person is asked about.

    :param left: other nodes that the plan changes and that keep what they have; None where no node was named.
    """

    changes: ChangeSet
    summary: Summary
    left: tuple[str, ...] | None


def _offer(whole: ChangeSet, only: frozenset[str] | None) -> _Offer:
    if only is None:
        return _Offer(whole, summarize(whole), None)
    part = take_part(whole, only)
    return _Offer(part, summarize(part, is_part=True), left_out(whole, only))


def _show_offer(session: Session, offer: _Offer, *, has_diff: bool) -> None:
    if offer.left and offer.changes.is_empty and not any(node.obstacles for node in offer.changes.nodes):
        show_findings(session.screen, offer.changes.findings)
        session.screen.line(f"No changes on {', '.join(node.node for node in offer.changes.nodes)}.")
    else:
        show_plan(session, offer.changes, offer.summary, has_diff=has_diff)
    _say_left(session, offer)
    sys.stdout.flush()


def _say_left(session: Session, offer: _Offer) -> None:
    if offer.left:
        session.screen.line(Span("left out: ", Style.WARNING), f"changes on {', '.join(offer.left)}")


def watcher(session: Session) -> Steps:
    """Lines updated in place on a terminal, plain lines elsewhere."""
    dumb = session.environ.get("TERM", "") in {"", "dumb"}
    if session.wants_json or session.screen.is_quiet or dumb or not sys.stdout.isatty():
        return PlainSteps(session.screen, is_beside=session.wants_json)
    # Not at the top: rich is slow to load, and only a terminal needs it.
    from pvesdn.cli.screens.live import LiveSteps  # noqa: PLC0415

    return LiveSteps(session.screen)


def show_plan(session: Session, changes: ChangeSet, summary: Summary, *, has_diff: bool = False) -> None:
    """The plan as `pvesdn plan` shows it."""
    show_findings(session.screen, changes.findings)
    if not session.screen.is_quiet:
        session.screen.lines(plan_lines(changes, summary, has_diff=has_diff, width=session.screen.width))
    session.screen.line(*last_line(changes, summary))
    sys.stdout.flush()


def _refuse_obstacles(changes: ChangeSet) -> None:
    obstacles = [str(finding) for node in changes.nodes for finding in node.obstacles]
    if obstacles:
        raise ApplyRefused("\n".join([*obstacles, "nothing was touched: the plan needs a decision first"]))


def _ask(session: Session) -> None:
    """Return if a person says yes.

    :raises ApplyRefused: they say anything else, or there is nobody to ask.
    """
    if not (sys.stdin and sys.stdin.isatty()):
        raise ApplyRefused(
            "there is no terminal to ask on, so nothing was touched", hint="use --yes to apply without asking"
        )
    if session.screen.ask("Apply this plan? Only 'yes' will be accepted: ") != "yes":
        raise ApplyRefused("not confirmed, so nothing was touched")


def _carry_out(session: Session, steps: Steps, work: Callable[[], ApplyReport]) -> ApplyReport:
    """Run it; if the cluster goes away halfway, report what was done so far before the error."""
    try:
        with steps:
            return work()
    except PvesdnError:
        for state in steps.states():
            session.screen.remark(state)
        raise


def _status(changes: ChangeSet, report: ApplyReport | None) -> int:
    """With nothing to do an offline member does not count, as in `plan`: it misses nothing."""
    if report is None:
        return statuses.UNREACHABLE if changes.unreachable else statuses.OK
    return exit_status(report)
