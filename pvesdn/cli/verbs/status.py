"""`pvesdn status`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import click

from pvesdn.cli import complete, options, statuses
from pvesdn.cli.screens.refresh import show_again
from pvesdn.cli.screens.screen import Line, Span, Style
from pvesdn.cli.screens.status import fitted_lines, status_lines, verdict_line
from pvesdn.cli.screens.status_document import status_document
from pvesdn.cli.screens.tables import clipped
from pvesdn.cli.session import Session
from pvesdn.cli.source import cluster_of, some, take
from pvesdn.cli.verdict import Judging, require_names, status_of
from pvesdn.compare.status import Asked
from pvesdn.errors import NodeUnreachable, PvesdnError, SettingsError
from pvesdn.model.snapshot import Snapshot
from pvesdn.model.status import Beside, ClusterStatus
from pvesdn.ports import Clock
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.in_force import understand_in_force
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.status import beside_stored, look_beside, status_understood
from pvesdn.workflows.world import World

_LONGEST = 3600
"""Seconds between two looks."""


@click.command(cls=Judging, epilog=statuses.VERIFY_TABLE)
@click.option(
    "--zone", "zones", multiple=True, metavar="ZONE", shell_complete=complete.zones,
    help="Only this zone, and its nodes; can be repeated.",
)  # fmt: skip
@options.nodes
@click.option(
    "--watch", "every", type=click.IntRange(1, _LONGEST), is_flag=False, flag_value="10", metavar="[SECONDS]",
    help="Look again every SECONDS, 10 if none are given, until Ctrl-C.",
)  # fmt: skip
@options.folder
@options.json_output
@options.common
@click.pass_obj
def status(
    session: Session, *, zones: tuple[str, ...], only: tuple[str, ...], every: int | None, folder: Path | None
) -> int:
    """Show on one screen how the cluster, its zones and its nodes are doing. Changes nothing.

    The first line is the verdict. What is bad is what `pvesdn verify` finds bad, without sending packets; what is not
    applied is what `pvesdn plan` would change. Of a large cluster the bad is shown first, and what is left out is said.
    """
    asked = Asked(some(zones), some(only))
    if every is not None:
        if folder is not None:
            raise SettingsError("--watch needs a cluster, and --from has none", hint="leave one of them out")
        return _watch(session, asked, every)
    found = _stored(session, folder, asked) if folder is not None else _look(cluster_of(session), asked)
    ended = _status_of(found)
    if session.wants_json:
        session.document("status", status_document(found, ended))
    elif session.screen.is_quiet:
        session.screen.lines([verdict_line(found, session.screen.width)])
    else:
        session.screen.lines(status_lines(found, session.screen.width))
    return ended


def _status_of(found: ClusterStatus) -> int:
    """That of what was found; nothing is well without a quorum, however much was looked at."""
    ended = status_of(found.verification)
    return ended if found.is_quorate or ended == statuses.NOT_CHECKED else statuses.ERROR


def _look(world: World, asked: Asked) -> ClusterStatus:
    return _of_snapshot(read_cluster(world, has_state=True), partial(look_beside, world), asked)


def _stored(session: Session, folder: Path, asked: Asked) -> ClusterStatus:
    return _of_snapshot(take(session, folder), beside_stored, asked)


def _of_snapshot(snapshot: Snapshot, look: Callable[[Snapshot], Beside], asked: Asked) -> ClusterStatus:
    """:raises SettingsError: a name is of nothing; of the zones that were asked for, none is on one of the nodes that
    were.
    """
    known, beside = understand_in_force(snapshot, look(snapshot))
    require_names(known, asked.nodes or frozenset(), asked.zones or frozenset(), wanted=snapshot)
    found = status_understood(known, Renderer(), beside, asked, wanted=snapshot)
    if found.only_zones and not found.zones:
        zones, nodes = ", ".join(found.only_zones), ", ".join(found.only_nodes)
        raise SettingsError(f"there is nothing of {zones} on {nodes}", hint="leave one of them out")
    return found


def _watch(session: Session, asked: Asked, every: int) -> int:
    """Look until somebody interrupts it.

    :raises SettingsError: see `_try`.
    """
    clock = cluster_of(session).clock
    while True:
        _tell(session, clock, _try(session, asked), every)
        clock.sleep(every)


def _try(session: Session, asked: Asked) -> ClusterStatus | PvesdnError:
    """A look, or why there is none: that may pass.

    :raises SettingsError: the settings or the names are wrong, which does not pass.
    """
    try:
        # The world is made anew, since who is a member and where may have changed.
        return _look(cluster_of(session), asked)
    except SettingsError:
        raise
    except PvesdnError as error:
        return error


def _tell(session: Session, clock: Clock, found: ClusterStatus | PvesdnError, every: int) -> None:
    """On a terminal a whole screen, else one line: of text, or with a document. When quiet the verdict alone."""
    if session.wants_json:
        _print_document(session, found)
    elif session.screen.is_quiet and sys.stdout.isatty():
        show_again(session.screen, [_short(found, session.screen.width)], session.environ)
    elif session.screen.is_quiet:
        session.screen.line(*_short(found))
        sys.stdout.flush()
    elif sys.stdout.isatty():
        head = f"pvesdn status at {_now(clock)}, every {every} s; Ctrl-C ends it"
        show_again(session.screen, [(Span(head, Style.FAINT),), *_lines(session, found)], session.environ)
    else:
        session.screen.line(f"{_now(clock)}  ", *_short(found))
        sys.stdout.flush()


def _print_document(session: Session, found: ClusterStatus | PvesdnError) -> None:
    if isinstance(found, PvesdnError):
        ended = statuses.UNREACHABLE if isinstance(found, NodeUnreachable) else statuses.NOT_CHECKED
        told = {"exit_status": ended, "errors": str(found).splitlines()}
        session.document("error", told, is_line=True)
    else:
        session.document("status", status_document(found, _status_of(found)), is_line=True)


def _lines(session: Session, found: ClusterStatus | PvesdnError) -> Iterator[Line]:
    if isinstance(found, PvesdnError):
        yield from ((Span("not known: ", Style.ERROR), line) for line in str(found).splitlines())
    else:
        # The head is one line, and the cursor stands on another.
        height = session.screen.height
        yield from fitted_lines(found, session.screen.width, None if height is None else height - 2)


def _short(found: ClusterStatus | PvesdnError, width: int | None = None) -> Line:
    if isinstance(found, PvesdnError):
        head = Span("not known: ", Style.ERROR)
        return head, clipped(" ".join(str(found).split()), None if width is None else width - len(head.text))
    return verdict_line(found, width)


def _now(clock: Clock) -> str:
    """The time of day, as the machine has it."""
    return time.strftime("%H:%M:%S", time.localtime(clock.now()))
