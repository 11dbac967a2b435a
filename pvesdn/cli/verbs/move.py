"""`pvesdn import --from-pve`."""

from __future__ import annotations

from pathlib import Path

from pvesdn.cli import statuses
from pvesdn.cli.outputs import write_files
from pvesdn.cli.screens.move import BACK_SCRIPT, MOVE_SCRIPT, SECTIONS, move_document, move_lines
from pvesdn.cli.screens.screen import Span, Style
from pvesdn.cli.session import Session
from pvesdn.cli.source import show_findings, take
from pvesdn.errors import SettingsError
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.adopt import Form
from pvesdn.workflows.move import MovePlan, move_from_pve


def require_alone(*, is_written: bool, form: Form, edited: Path | None) -> None:
    """Refuse options that are about a set-up by hand.

    :raises SettingsError: one of them was given.
    """
    if is_written:
        what = "--write cannot be used with --from-pve: the zone has to leave PVE's files in the same step"
        raise SettingsError(what, hint="use --output FOLDER and run FOLDER/to-pvesdn.sh")
    if form != "pvesdn":
        raise SettingsError("--as cannot be used with --from-pve", hint="leave it out")
    if edited is not None:
        what = "--edited cannot be used with --from-pve: no file of the nodes has to be edited"
        raise SettingsError(what, hint="leave it out")


def move(
    session: Session,
    zones: tuple[str, ...],
    *,
    output: Path | None,
    overwrite: bool,
    has_diff: bool,
    folder: Path | None,
) -> int:
    """Propose the cut-over of zones of PVE's, and write it where it was asked for. Changes nothing else."""
    found = move_from_pve(take(session, folder), Renderer(), zones)
    written = _written(found, output, overwrite=overwrite)
    if session.wants_json:
        session.document("import", move_document(found, written, has_diff=has_diff))
    else:
        _show(session, found, written, has_diff=has_diff)
    if found.problems:
        return statuses.ERROR
    return statuses.UNREACHABLE if found.unreachable else statuses.OK


def _written(found: MovePlan, output: Path | None, *, overwrite: bool) -> list[str]:
    """What may be run is written only where nothing speaks against it."""
    if output is None or found.problems:
        return []
    files = {
        output / SECTIONS: (found.added, 0o644),
        output / MOVE_SCRIPT: (found.script, 0o755),
        output / BACK_SCRIPT: (found.back, 0o755),
    }
    write_files(files, overwrite=overwrite)
    return [str(path) for path in files]


def _show(session: Session, found: MovePlan, written: list[str], *, has_diff: bool) -> None:
    screen = session.screen
    show_findings(screen, found.move.remarks)
    if screen.is_quiet:
        screen.lines((line,) for line in found.added.rstrip("\n").split("\n"))
    else:
        screen.lines(move_lines(found, written, has_diff=has_diff, is_verbose=session.verbosity > 0))
    for problem in found.problems:
        screen.error(f"the zone cannot be moved like this: {problem}")
    for place in written:
        screen.remark(Span("Wrote ", Style.STRONG), place)
