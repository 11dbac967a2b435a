"""`pvesdn status`."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click

from pvesdn.cli import complete, options, statuses
from pvesdn.cli.screens.refresh import show_again
from pvesdn.cli.screens.screen import Line, Span, Style
from pvesdn.cli.screens.status import status_lines, verdict_line
from pvesdn.cli.screens.status_document import status_document
from pvesdn.cli.session import Session
from pvesdn.cli.source import cluster_of, some, take
from pvesdn.cli.verdict import Judging, require_names, status_of
from pvesdn.compare.status import Asked
from pvesdn.errors import NodeUnreachable, PvesdnError, SettingsError
from pvesdn.model.status import ClusterStatus
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.status import beside_stored, look_beside, status_understood
from pvesdn.workflows.understand import understand
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
    ended = status_of(found.verification)
    if session.wants_json:
        session.document("status", status_document(found, ended))
    elif session.screen.is_quiet:
        session.screen.lines([verdict_line(found, session.screen.width)])
    else:
        session.screen.lines(status_lines(found, session.screen.width))
    return ended


def _look(world: World, asked: Asked) -> ClusterStatus:
    snapshot = read_cluster(world, has_state=True)
    known = understand(snapshot, intent="running")
    require_names(known, asked.nodes or frozenset(), asked.zones or frozenset())
    return _with_something(status_understood(known, Renderer(), look_beside(world, snapshot), asked))


def _stored(session: Session, folder: Path, asked: Asked) -> ClusterStatus:
    snapshot = take(session, folder)
    known = understand(snapshot, intent="running")
    require_names(known, asked.nodes or frozenset(), asked.zones or frozenset())
    return _with_something(status_understood(known, Renderer(), beside_stored(snapshot), asked))


def _with_something(found: ClusterStatus) -> ClusterStatus:
    """:raises SettingsError: of the zones that were asked for, none is on one of the nodes that were."""
    if found.only_zones and not found.zones:
        zones, nodes = ", ".join(found.only_zones), ", ".join(found.only_nodes)
        raise SettingsError(f"there is nothing of {zones} on {nodes}", hint="leave one of them out")
    return found


def _watch(session: Session, asked: Asked, every: int) -> int:
    """Look until somebody interrupts it. The first look has to succeed; whatever fails later is told, and may pass."""
    world = cluster_of(session)
    _tell(session, world, _look(world, asked), every)
    while True:
        world.clock.sleep(every)
        # Made anew, since who is a member and where may have changed.
        world = cluster_of(session)
        try:
            found: ClusterStatus | PvesdnError = _look(world, asked)
        except PvesdnError as error:
            found = error
        _tell(session, world, found, every)


def _tell(session: Session, world: World, found: ClusterStatus | PvesdnError, every: int) -> None:
    """On a terminal a whole screen, else one line: of text, or with a document."""
    if session.wants_json:
        _print_document(session, found)
    elif sys.stdout.isatty():
        head = f"pvesdn status at {_now(world)}, every {every} s; Ctrl-C ends it"
        show_again(session.screen, [(Span(head, Style.FAINT),), *_lines(session, found)], session.environ)
    else:
        session.screen.line(f"{_now(world)}  ", *_short(found))
        sys.stdout.flush()


def _print_document(session: Session, found: ClusterStatus | PvesdnError) -> None:
    if isinstance(found, PvesdnError):
        ended = statuses.UNREACHABLE if isinstance(found, NodeUnreachable) else statuses.NOT_CHECKED
        told = {"exit_status": ended, "errors": str(found).splitlines()}
        session.document("error", told, is_line=True)
    else:
        session.document("status", status_document(found, status_of(found.verification)), is_line=True)


def _lines(session: Session, found: ClusterStatus | PvesdnError) -> Iterator[Line]:
    if isinstance(found, PvesdnError):
        yield from ((Span("not known: ", Style.ERROR), line) for line in str(found).splitlines())
    else:
        yield from status_lines(found, session.screen.width)


def _short(found: ClusterStatus | PvesdnError) -> Line:
    if isinstance(found, PvesdnError):
        return Span("not known: ", Style.ERROR), " ".join(str(found).split())
    return verdict_line(found)


def _now(world: World) -> str:
    """The time of day, as the machine has it."""
    return time.strftime("%H:%M:%S", time.localtime(world.clock.now()))
