"""`pvesdn trace`."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

import click

from pvesdn.cli import complete, options, statuses
from pvesdn.cli.screens.trace import trace_lines, verdict_line
from pvesdn.cli.screens.trace_document import trace_document
from pvesdn.cli.session import Session
from pvesdn.cli.source import cluster_of, take
from pvesdn.cli.verdict import Judging
from pvesdn.errors import SettingsError
from pvesdn.model.trace import Outcome, Trace, Way
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.last_applied import held
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.trace import ping, trace_understood


@click.command(cls=Judging, epilog=statuses.TRACE_TABLE)
@click.argument("source", metavar="GUEST|ADDRESS", shell_complete=complete.guests)
@click.argument("target", metavar="GUEST|ADDRESS", shell_complete=complete.guests)
@click.option("--ping", "pings", is_flag=True, help="Send packets through the tunnels on the way, too.")
@options.folder
@options.json_output
@options.common
@click.pass_obj
def trace(session: Session, *, source: str, target: str, pings: bool, folder: Path | None) -> int:
    """Follow a packet from one end to the other, and back. Changes nothing.

    An end is a guest's id or name (101, web-1, with several network devices 101/net1; id:101 or name:101 where one
    guest's id is another one's name), or an address: of a guest, of a gateway, of something outside. What is told is
    what bridges, forwarding tables, neighbours, routes and FRR have at the moment, hop by hop, and where the way ends,
    if it ends, with the reason. No packet is sent without --ping.
    """
    if pings and folder is not None:
        raise SettingsError("--ping needs a cluster, and --from has none", hint="leave one of them out")
    found = (
        _stored(session, folder, (source, target)) if folder is not None else _live(session, (source, target), pings)
    )
    ended = status_of(found)
    if session.wants_json:
        session.document("trace", trace_document(found, ended))
    elif session.screen.is_quiet:
        session.screen.line(*verdict_line(found))
    else:
        session.screen.lines(trace_lines(found, session.screen.width))
    return ended


def _live(session: Session, ends: tuple[str, str], pings: bool) -> Trace:  # noqa: FBT001 - a flag of the command line
    world = cluster_of(session)
    against = held(world, read_cluster(world, has_state=True))
    found = against.told_of(trace_understood(against.known, Renderer(), ends, world))
    return ping(world, found) if pings else found


def _stored(session: Session, folder: Path, ends: tuple[str, str]) -> Trace:
    against = held(None, take(session, folder))
    return against.told_of(trace_understood(against.known, Renderer(), ends, None))


def status_of(found: Trace) -> int:
    """What ends comes before a node that was not reached, and that before what could not be seen."""
    if found.outcome is Outcome.ENDS:
        return statuses.ERROR
    if found.outcome is Outcome.ARRIVES:
        return statuses.OK
    unknown = (way for way in found.ways if way.outcome is Outcome.UNKNOWN)
    is_out_of_sight = any(way.is_out_of_sight or _touches(way, found.unreachable) for way in unknown)
    return statuses.UNREACHABLE if is_out_of_sight else statuses.WARNINGS


def _touches(way: Way, nodes: Container[str]) -> bool:
    return any(hop.node in nodes for hop in way.hops)
