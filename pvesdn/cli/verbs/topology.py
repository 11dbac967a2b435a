"""`pvesdn topology`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from pvesdn.adapters.graphviz import laid_out
from pvesdn.cli import complete, drawing, options, places, statuses
from pvesdn.cli.screens.topology_document import topology_document
from pvesdn.cli.session import Session
from pvesdn.cli.source import cluster_of, show_findings, take
from pvesdn.cli.verdict import require_names
from pvesdn.compare.picture import picture
from pvesdn.errors import SettingsError
from pvesdn.model.topology import Topology, narrowed
from pvesdn.render.page.page import page
from pvesdn.render.picture.dot import dot
from pvesdn.render.picture.mermaid import mermaid
from pvesdn.render.picture.svg import svg
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.last_applied import held_as_applied
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.topology import map_designed, map_found
from pvesdn.workflows.understand import Understanding, understand

_FORMATS = ("svg", "html", "dot", "mermaid")
_MODE = 0o644
"""A picture is shown to others; it has names and addresses, and no secrets."""


@click.command(epilog=statuses.LOOK_TABLE)
@click.option(
    "--format", "wanted", type=click.Choice(_FORMATS), metavar="FORMAT",
    help=f"One of {', '.join(_FORMATS)}; by default what FILE ends in says it, else svg.",
)  # fmt: skip
@click.option(
    "-o", "--output", "file", type=places.OUTPUT, metavar="FILE", help="Write it there instead of printing it."
)
@click.option("--live", "is_live", is_flag=True, help="What the nodes are doing, instead of the design alone.")
@click.option(
    "--zone", "zones", multiple=True, metavar="ZONE", shell_complete=complete.zones,
    help="Only this zone, and its nodes; can be repeated.",
)  # fmt: skip
@click.option(
    "--vnet", "vnets", multiple=True, metavar="VNET", shell_complete=complete.vnets,
    help="Only this VNet, and its nodes; can be repeated.",
)  # fmt: skip
@options.nodes
@options.folder
@options.json_output
@options.common
@click.pass_obj
def topology(
    session: Session,
    *,
    wanted: str | None,
    file: Path | None,
    is_live: bool,
    zones: tuple[str, ...],
    vnets: tuple[str, ...],
    only: tuple[str, ...],
    folder: Path | None,
) -> int:
    """Draw nodes, sessions, zones, VNets, guests, exits and routers outside. Changes nothing.

    Of a large cluster a picture shows what is not well, and the rest in numbers. Without --live it shows the design:
    PVE's definitions with what is pending, and pvesdn.cfg. With --live it shows what `pvesdn status` judges, held
    against what was applied last, and what is broken has a colour, a mark and a shape of its own. With --json all of it
    is listed instead. The exit status tells whether it could be drawn, not whether the network is well.
    """
    if session.wants_json and (wanted is not None or file is not None):
        raise click.UsageError("--json prints a document instead of a picture: leave out --format and --output")
    form = _form(wanted, file)
    world = None if folder is not None else cluster_of(session)
    snapshot = take(session, folder) if world is None else read_cluster(world, has_state=is_live)
    if is_live:
        against = held_as_applied(world, snapshot)
        known, found = against.known, against.findings
    else:
        known = understand(snapshot, only_looks=True)
        found = known.findings
    if not session.wants_json:
        show_findings(session.screen, found)
    require_names(known, frozenset(only), frozenset(zones), vnets=frozenset(vnets), wanted=snapshot)
    drawn = _part(known, zones, vnets, only, is_live=is_live)
    if session.wants_json:
        ended = drawing.status_of(session, snapshot, known.unreadable)
        session.document("topology", topology_document(drawn, ended, found=found, unreachable=known.unanswered))
        return ended
    notes = tuple(map(str, found)) if is_live else ()
    drawing.put(session, file, _written(session, folder, drawn, form, notes), mode=_MODE)
    return drawing.status_of(session, snapshot, known.unreadable)


def _part(
    known: Understanding, zones: tuple[str, ...], vnets: tuple[str, ...], only: tuple[str, ...], *, is_live: bool
) -> Topology:
    """What was asked for.

    :raises SettingsError: nothing is of all that was named.
    """
    whole = map_found(known, Renderer()) if is_live else map_designed(known)
    found = narrowed(whole, zones=frozenset(zones), vnets=frozenset(vnets), nodes=frozenset(only))
    if found.only and not found.zones and not found.nodes:
        raise SettingsError(f"nothing is of all of {found.only}", hint="leave one of them out")
    return found


def _form(wanted: str | None, file: Path | None) -> str:
    """The format that was asked for, or that a file's ending says; svg where neither does.

    :raises SettingsError: the file would be called something that it is not.
    """
    meant = drawing.form_of(drawing.ending_of(file))
    if meant is not None and meant not in _FORMATS:
        hint = f"pipe --format dot into dot -T{meant}"
        raise SettingsError(f"{file}: pvesdn draws {', '.join(_FORMATS)}, and no {meant}", hint=hint)
    if wanted is not None and meant not in {None, wanted}:
        raise SettingsError(f"{file}: its ending says {meant}, and --format {wanted}", hint="leave one of them out")
    return wanted or meant or "svg"


def _written(session: Session, folder: Path | None, found: Topology, wanted: str, notes: tuple[str, ...]) -> str:
    """:param notes: what a page says besides, since it is read without what was told when it was made."""
    if wanted == "html":
        around = drawing.made_now(folder, is_live=found.is_live)
        return page(found, replace(around, picture=drawing.drawn_inside(session, found), notes=notes))
    drawn = picture(found)
    if wanted == "mermaid":
        return mermaid(drawn)
    graph = dot(drawn)
    return graph if wanted == "dot" else svg(laid_out(graph), drawn.title, is_alone=True)
