"""`pvesdn report`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from pvesdn.cli import drawing, options, places, statuses
from pvesdn.cli.screens.report import report_parts, verdict
from pvesdn.cli.session import Session
from pvesdn.cli.source import cluster_of, take
from pvesdn.compare.status import Asked, cluster_status
from pvesdn.decode.secrets.veil import Veil
from pvesdn.errors import SettingsError
from pvesdn.model.snapshot import Snapshot
from pvesdn.model.status import Beside
from pvesdn.redact.reasons import hide_reason
from pvesdn.redact.snapshot import replace_values, veil_for
from pvesdn.render.page.page import page
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.in_force import understand_in_force
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.status import NOT_STORED, beside_stored, look_beside, status_parts
from pvesdn.workflows.topology import map_of_status
from pvesdn.workflows.understand import Understanding

_MODE = 0o600
"""It says what is wrong and where: as with a snapshot, whoever makes it decides who sees it."""
_NO_PACKETS = "No packets were sent between the nodes: what is on the way between them, pvesdn verify tries."


@click.command(epilog=statuses.LOOK_TABLE)
@click.option(
    "-o", "--output", "file", type=places.OUTPUT, metavar="FILE", help="Write it there instead of printing it."
)
@options.folder
@options.common
@click.pass_obj
def report(session: Session, *, file: Path | None, folder: Path | None) -> int:
    """Make one HTML page of the cluster as it is: status, findings, drift, plan, history, and the map. Changes nothing.

    The page is that of `pvesdn topology --live --format html`, with what status, verify, plan and history tell above
    it. Secrets are replaced as in a snapshot, so it can be attached to a ticket; names and addresses are kept. A node
    that did not answer is in it as not known. The exit status tells whether it could be made, not whether the network
    is well.
    """
    _require_page(file)
    if folder is not None:
        snapshot = take(session, folder)
        beside = beside_stored(snapshot)
    else:
        world = cluster_of(session)
        snapshot = read_cluster(world, has_state=True)
        beside = look_beside(world, snapshot)
    # Nothing that is made of a snapshot without secrets has any.
    veil = veil_for(snapshot)
    wanted = replace_values(snapshot, veil).snapshot
    beside = replace(beside, unknown=tuple(_hidden(told, veil) for told in beside.unknown))
    known, beside = understand_in_force(snapshot, beside, hidden=_without_secrets)
    drawing.put(session, file, _page(session, folder, known, wanted, beside), mode=_MODE)
    return drawing.status_of(session, snapshot, known.unreadable)


def _without_secrets(snapshot: Snapshot) -> Snapshot:
    return replace_values(snapshot, veil_for(snapshot)).snapshot


def _require_page(file: Path | None) -> None:
    """:raises SettingsError: the file would be called something that it is not."""
    ending = drawing.ending_of(file)
    if drawing.form_of(ending) not in {None, "html"}:
        hint = "name it .html; pvesdn topology --live draws pictures"
        raise SettingsError(f"{file}: a report is an HTML page, and no {ending}", hint=hint)


def _hidden(told: str, veil: Veil) -> str:
    """What is not known, in our words; and why, in those of ssh or of a node, which may say anything."""
    what, colon, why = told.partition(": ")
    return told if told == NOT_STORED else f"{what}{colon}{hide_reason(why, veil)}"


def _page(session: Session, folder: Path | None, known: Understanding, wanted: Snapshot, beside: Beside) -> str:
    parts = status_parts(known, Renderer(), beside, Asked(), wanted=wanted)
    status = cluster_status(parts, Asked())
    whole = map_of_status(known, parts, status)
    around = replace(
        drawing.made_now(folder, is_live=True),
        picture=drawing.drawn_inside(session, whole),
        verdict=verdict(status),
        notes=(_NO_PACKETS,),
        parts=report_parts(status),
        what="report",
    )
    return page(whole, around)
