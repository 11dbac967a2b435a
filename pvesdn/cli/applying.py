"""A plan is shown, somebody is asked, and it is carried out: what `apply`, `rollback N` and
`publish` have in common.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

import click

from pvesdn.cli import statuses
from pvesdn.cli.draft import say_former_is_kept
from pvesdn.cli.offer import Offer
from pvesdn.cli.part import left_lines
from pvesdn.cli.saved import changed_meanwhile
from pvesdn.cli.screens.apply import exit_status, show_report
from pvesdn.cli.screens.aside import shown_soon, wait_for_first
from pvesdn.cli.screens.board import Board
from pvesdn.cli.screens.consequences import fall_lines
from pvesdn.cli.screens.documents import apply_document
from pvesdn.cli.screens.plan import last_line, plan_lines
from pvesdn.cli.screens.progress import PlainSteps, Steps
from pvesdn.cli.screens.reloads import reload_lines
from pvesdn.cli.session import Session
from pvesdn.cli.source import show_findings
from pvesdn.compare.counts import Summary
from pvesdn.compare.execution import execution_plan
from pvesdn.errors import ApplyRefused, PvesdnError
from pvesdn.model.files import ChangeSet
from pvesdn.model.manner import Manner
from pvesdn.model.ranges import ranges
from pvesdn.model.report import ApplyReport
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.canary import require_canary
from pvesdn.workflows.history import apply_on_record
from pvesdn.workflows.lock import alone
from pvesdn.workflows.plan import plan as make_plan
from pvesdn.workflows.rehearsal import refuse_unrehearsed
from pvesdn.workflows.world import World


def require_answer(session: Session, *, is_agreed: bool) -> None:
    """Return unless somebody would have to be asked who cannot answer.

    :raises UsageError: so it is.
    """
    if session.wants_json and not is_agreed:
        raise click.UsageError("--json cannot ask, so it needs --yes")


def offer_and_apply(
    session: Session,
    make: Callable[[World], Offer],
    manner: Manner,
    *,
    is_agreed: bool,
    has_diff: bool,
    also: Mapping[str, Any] = MappingProxyType({}),
) -> int:
    """Show a plan, ask, carry it out, and show how that went; the exit status.

    :param make: reads the cluster and plans; once more after somebody was asked.
    :param is_agreed: nobody is asked.
    :param has_diff: show what changes in each file too.
    :param also: what the JSON document has besides.
    :raises PvesdnError: it cannot be planned or carried out, or nobody has agreed.
    """
    settings = session.settings()
    steps = watcher(session)
    session.aftermath = steps.aftermath
    world, planner = session.world(settings, steps), partial(make_plan, renderer=Renderer())
    steps.monotonic = world.clock.monotonic
    offer = make(world)
    with ExitStack() as turn:
        take_turn = partial(_take_turn, steps, make, turn)
        show = _now
        if is_agreed and offer.has_work and not offer.is_blocked:
            world, offer = take_turn(world, offer)
            show = shown_soon  # all others wait for this turn to end, and nobody for a stopped terminal
        if not session.wants_json:
            show(partial(_show_offer, session, offer, has_diff=has_diff))
        _refuse_obstacles(offer.changes)
        require_canary(manner.wishes.canary, offer.changes, execution_plan(offer.changes, manner.wishes))
        refuse_unrehearsed(offer.changes, manner)
        if not is_agreed:
            world, offer = _agreed(session, take_turn, turn, offer, has_diff=has_diff, world=world)
        changes = offer.changes
        report: ApplyReport | None = None
        if offer.has_work or changes.seen is not None:
            kept = replace(manner, only=offer.terms.nodes or (), sync_peers=offer.terms.sync_peers)
            report = _carry_out(session, steps, partial(apply_on_record, world, changes, planner, kept))
    if not offer.has_work:
        report = None
    status = _status(changes, report)
    wait_for_first()
    with _not_lost(session, report):
        if session.wants_json:
            wishes = replace(manner.wishes, own=world.local_node)
            document = apply_document(changes, offer.summary, report, status, has_diff=has_diff, wishes=wishes)
            left = {} if offer.left is None else {"left": list(offer.left)}
            session.document("apply", {**document, **left, **also})
        elif report is not None:
            _show_outcome(session, offer, report, steps.board)
    return status


def _now(what: Callable[[], object]) -> None:
    what()


@contextmanager
def _not_lost(session: Session, report: ApplyReport | None) -> Iterator[None]:
    """Where standard output is gone, standard error says who knows how an apply has ended."""
    try:
        yield
        sys.stdout.flush()
    except OSError:
        if report is not None:
            session.screen.error("the apply has ended, and how cannot be shown; `pvesdn history` tells it")
        raise


def _show_outcome(session: Session, offer: Offer, report: ApplyReport, board: Board) -> None:
    show_report(session.screen, report, board)
    if report.has_new_definitions:
        say_former_is_kept(session.screen, offer.changes.definitions)
    session.screen.wrap(left_lines(offer.left))


def _take_turn(
    steps: Steps, make: Callable[[World], Offer], turn: ExitStack, world: World, offer: Offer
) -> tuple[World, Offer]:
    """The world in which nobody else applies until `turn` ends, and the plan of the cluster as it is then.

    :raises AnotherApply: another apply is not over.
    :raises ApplyRefused: the plan cannot be carried out any more.
    """
    with steps:
        there = turn.enter_context(alone(world, sorted(offer.snapshot.nodes), tell=steps.remark))
    return there, make(there)


def _agreed(
    session: Session,
    take_turn: Callable[[World, Offer], tuple[World, Offer]],
    turn: ExitStack,
    offer: Offer,
    *,
    has_diff: bool,
    world: World,
) -> tuple[World, Offer]:
    """The plan that a person has said yes to, of the cluster as it is then: they may have taken hours to answer. What
    has become another plan meanwhile is shown, and needs a yes of its own; until then others have their turn.

    :raises ApplyRefused: they say anything else, or the plan cannot be carried out any more.
    """
    while offer.has_work:
        _ask(session, offer.changes)
        there, again = take_turn(world, offer)
        found = changed_meanwhile(offer, again)
        offer = again
        if not found:
            return there, offer
        turn.close()
        session.screen.remark("Something has changed while you were asked, so this is another plan now:")
        for line in found:
            session.screen.remark(f"  {line}")
        _show_offer(session, offer, has_diff=has_diff)
        _refuse_obstacles(offer.changes)
    return world, offer


def _show_offer(session: Session, offer: Offer, *, has_diff: bool) -> None:
    if offer.left and not offer.has_work and not offer.is_blocked:
        show_findings(session.screen, offer.changes.findings)
        session.screen.line(f"No changes on {ranges([node.node for node in offer.changes.nodes])}.")
    else:
        show_plan(session, offer.changes, offer.summary, has_diff=has_diff)
    session.screen.wrap(left_lines(offer.left))
    sys.stdout.flush()


def watcher(session: Session) -> Steps:
    """Rows updated in place on a terminal, plain lines elsewhere."""
    dumb = session.environ.get("TERM", "") in {"", "dumb"}
    if session.wants_json or session.screen.is_quiet or dumb or not sys.stdout.isatty():
        return PlainSteps(session.screen, is_beside=session.wants_json)
    # Not at the top: rich is slow to load, and only a terminal needs it.
    from pvesdn.cli.screens.live import LiveSteps  # noqa: PLC0415

    return LiveSteps(session.screen)


def show_plan(session: Session, changes: ChangeSet, summary: Summary, *, has_diff: bool = False) -> None:
    """The plan as `pvesdn plan` shows it."""
    session.screen.wrap(fall_lines(changes.falls))
    show_findings(session.screen, changes.findings)
    if not session.screen.is_quiet:
        session.screen.lines(plan_lines(changes, summary, has_diff=has_diff, width=session.screen.width))
        session.screen.wrap(reload_lines(changes) if session.reloads_changed else ())
    session.screen.line(*last_line(changes, summary))
    sys.stdout.flush()


def _refuse_obstacles(changes: ChangeSet) -> None:
    obstacles = [str(finding) for node in changes.nodes for finding in node.obstacles]
    if obstacles:
        raise ApplyRefused("\n".join([*obstacles, "nothing was touched: the plan needs a decision first"]))


def _ask(session: Session, changes: ChangeSet) -> None:
    """Return if a person says yes.

    :raises ApplyRefused: they say anything else, or there is nobody to ask.
    """
    if not (sys.stdin and sys.stdin.isatty()):
        raise ApplyRefused(
            "there is no terminal to ask on, so nothing was touched", hint="use --yes to apply without asking"
        )
    for line in fall_lines(changes.falls):  # where nobody can miss it, however long the plan was
        session.screen.remark(*line)
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
