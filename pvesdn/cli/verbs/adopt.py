"""`pvesdn import`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from pvesdn.cli import complete, options, places, statuses
from pvesdn.cli.draft import say_former_is_kept
from pvesdn.cli.outputs import write_files
from pvesdn.cli.screens.adopt import adoption_document, adoption_lines
from pvesdn.cli.screens.plan import last_line
from pvesdn.cli.screens.screen import Span, Style, counted
from pvesdn.cli.session import Session
from pvesdn.cli.source import cluster_of, show_findings, take
from pvesdn.cli.verbs.move import move, require_alone
from pvesdn.compare.counts import summarize
from pvesdn.decode.secrets.veil import is_veiled
from pvesdn.errors import SettingsError
from pvesdn.model.files import FileChange
from pvesdn.model.findings import shared_lines
from pvesdn.model.snapshot import OWN_NAME, Snapshot
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.adopt import Adoption, Form, NodeAdoption, write_definitions
from pvesdn.workflows.adopt import adopt as make_adoption
from pvesdn.workflows.draft import definitions_change
from pvesdn.workflows.move import Form as MoveForm
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.world import World


@click.command("import", epilog=statuses.TABLE)
@click.option(
    "--as", "form", type=click.Choice(["pvesdn", "pve"]), default="pvesdn", show_default=True,
    help="Whose objects to propose: pvesdn.cfg's, or PVE's where PVE has words for them.",
)  # fmt: skip
@click.option(
    "--output",
    type=places.PROPOSAL,
    metavar="FILE",
    help="Also write the definitions: pvesdn.cfg, or with --as pve a folder of files.",
)
@click.option("--write", "is_written", is_flag=True, help="Also write them as the cluster's /etc/pve/sdn/pvesdn.cfg.")
@click.option(
    "--edited",
    type=places.NEW_FOLDER,
    metavar="DIR",
    help="Also write each node's interfaces files, edited: without what has to go.",
)
@click.option(
    "--from-pve",
    multiple=True,
    metavar="ZONE",
    shell_complete=complete.pve_zones,
    help="Move a zone from PVE's panel instead; may be repeated. With --output FOLDER it writes two scripts there.",
)
@click.option(
    "--to-pve", multiple=True, metavar="ZONE", shell_complete=complete.own_zones,
    help="The same, from pvesdn.cfg to PVE's panel.",
)  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace files that already exist.")
@click.option("--diff", "has_diff", is_flag=True, help="Show what changes in each file.")
@click.option("--from", "folder", type=places.FOLDER, metavar="DIR", help="Work on a snapshot instead of the cluster.")
@options.json_output
@options.common
@click.pass_obj
def adopt(
    session: Session,
    *,
    form: Form,
    output: Path | None,
    is_written: bool,
    edited: Path | None,
    from_pve: tuple[str, ...],
    to_pve: tuple[str, ...],
    overwrite: bool,
    has_diff: bool,
    folder: Path | None,
) -> int:
    """Propose definitions for a set-up written by hand in /etc/network/interfaces and frr.conf.

    Shows the definitions, what has to be taken out of each node's files, what the definitions do not express, and the
    plan of the cut-over. Changes nothing; writes only what it is asked to. With -q it prints just the definitions.
    docs/import.md describes the next steps.

    With --from-pve or --to-pve it proposes the cut-over of zones between PVE's panel and pvesdn.cfg, and its way back.
    """
    if from_pve and to_pve:
        raise SettingsError("--from-pve and --to-pve go different ways", hint="call import once for each")
    if zones := from_pve or to_pve:
        way: MoveForm = "from-pve" if from_pve else "to-pve"
        require_alone(way, is_written=is_written, form=form, edited=edited)
        return move(session, way, zones, output=output, overwrite=overwrite, has_diff=has_diff, folder=folder)
    world, snapshot = _taken(session, folder, is_written=is_written, form=form)
    adoption = make_adoption(snapshot, Renderer(), form=form)
    for part in adoption.nodes if edited is not None and folder is not None else ():
        _warn_of_placeholders(session, part)
    written = list(_written(adoption, output, edited, form=form, overwrite=overwrite))
    change: FileChange | None = None
    if world is not None and is_written and not adoption.problems:
        text = adoption.files.get(OWN_NAME, "")
        written.append(write_definitions(world, snapshot, text, overwrite=overwrite))
        change = definitions_change(snapshot, text)
    if session.wants_json:
        session.document("import", adoption_document(adoption, form, written, has_diff=has_diff))
    else:
        _show(session, adoption, written, has_diff=has_diff)
        say_former_is_kept(session.screen, change)
    if adoption.problems:
        return statuses.ERROR
    return statuses.UNREACHABLE if adoption.unreachable else statuses.OK


def _taken(session: Session, folder: Path | None, *, is_written: bool, form: Form) -> tuple[World | None, Snapshot]:
    """A snapshot, and the cluster it is from if that can be written to."""
    if is_written and form == "pve":
        what = "--write cannot be used with --as pve: PVE's own definition files are only written through PVE"
        raise SettingsError(what, hint="use --output FOLDER, and enter them in PVE's SDN panel")
    if folder is None:
        world = cluster_of(session)
        return world, read_cluster(world)
    if is_written:
        raise SettingsError("--write needs a cluster, and --from has none", hint="use --output FILE")
    return None, take(session, folder)


def _warn_of_placeholders(session: Session, part: NodeAdoption) -> None:
    """Warn that a snapshot's files are not the node's: a person has to put back what they hide."""
    for change in part.edits:
        hidden = sum(map(is_veiled, (change.new or "").split("\n")))
        if hidden:
            what = f"{part.node}: {change.path}: the snapshot hides values in {counted(hidden, 'line')}"
            session.screen.warning(f"{what}; put the node's own back before using the file, or import from the cluster")


def _show(session: Session, adoption: Adoption, written: Iterable[str], *, has_diff: bool) -> None:
    screen = session.screen
    show_findings(screen, adoption.proposal.findings)
    if screen.is_quiet:
        for name, text in sorted(adoption.files.items()):
            if len(adoption.files) > 1:
                screen.line(f"# {name}")
            screen.lines((line,) for line in text.rstrip("\n").split("\n"))
    else:
        screen.lines(adoption_lines(adoption, has_diff=has_diff, width=screen.width))
        if adoption.plan is not None:
            screen.line(*last_line(adoption.plan, summarize(adoption.plan)))
    for line in shared_lines(adoption.proposal.lost) if screen.is_quiet else ():
        screen.warning(f"not carried over: {line}")
    for problem in adoption.problems:
        screen.error(f"the proposal fails the checks: {problem}")
    for place in written:
        screen.remark(Span("Wrote ", Style.STRONG), place)


def _written(
    adoption: Adoption, output: Path | None, edited: Path | None, *, form: Form, overwrite: bool
) -> Iterator[str]:
    """Write what was asked for; nothing is replaced unless allowed."""
    files: dict[Path, tuple[str, int]] = {}
    if output is not None and form == "pve":
        files |= {output / name: (text, 0o644) for name, text in adoption.files.items()}
    elif output is not None:
        files[output] = adoption.files.get(OWN_NAME, ""), 0o644
    copies: dict[Path, tuple[str, int]] = {}
    if edited is not None:
        for part in adoption.nodes:
            copies |= {
                edited / part.node / change.path.lstrip("/"): (change.new or "", int(change.mode, 8))
                for change in part.edits
            }
    write_files({**files, **copies}, overwrite=overwrite)
    yield from (str(path) for path in files)
    if copies:
        yield f"{counted(len(copies), 'file')} of {counted(len(adoption.nodes), 'node')} to {edited}"
