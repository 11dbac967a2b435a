"""`pvesdn import --from-pve` and `--to-pve`."""

from __future__ import annotations

from pathlib import Path

from pvesdn.cli import statuses
from pvesdn.cli.outputs import write_files
from pvesdn.cli.screens.move import move_document, move_lines
from pvesdn.cli.screens.screen import Span, Style
from pvesdn.cli.session import Session
from pvesdn.cli.source import show_findings, take
from pvesdn.decode.secrets.veil import is_veiled
from pvesdn.errors import SettingsError
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.adopt import Form
from pvesdn.workflows.move import Form as MoveForm
from pvesdn.workflows.move import MovePlan, move_from_pve, move_to_pve


def require_alone(option: MoveForm, *, is_written: bool, form: Form, edited: Path | None) -> None:
    """Refuse options that are about a set-up by hand.

    :raises SettingsError: one of them was given.
    """
    if is_written:
        what = f"--write cannot be used with --{option}: both halves of the definitions change in one step"
        raise SettingsError(what, hint="use --output FOLDER and run the script there")
    if form != "pvesdn":
        raise SettingsError(f"--as cannot be used with --{option}", hint="leave it out")
    if edited is not None:
        what = f"--edited cannot be used with --{option}: no file of the nodes has to be edited"
        raise SettingsError(what, hint="leave it out")


def move(
    session: Session,
    form: MoveForm,
    zones: tuple[str, ...],
    *,
    output: Path | None,
    overwrite: bool,
    has_diff: bool,
    folder: Path | None,
) -> int:
    """Propose the cut-over of zones, and write it where it was asked for. Changes nothing else."""
    propose = move_from_pve if form == "from-pve" else move_to_pve
    found = propose(take(session, folder), Renderer(), zones)
    written = _written(found, output, overwrite=overwrite)
    if folder is not None and _hides(found):
        what = "the snapshot masks values in these definitions: run import on the cluster itself before you use any of this"
        session.screen.warning(what)
    if session.wants_json:
        session.document("import", move_document(found, written, has_diff=has_diff))
    else:
        _show(session, found, written, has_diff=has_diff)
    if found.problems:
        return statuses.ERROR
    return statuses.UNREACHABLE if found.unreachable else statuses.OK


def _hides(found: MovePlan) -> bool:
    """Whether a snapshot's placeholders stand in what may be run."""
    return any(is_veiled(script.text) for script in found.cut_over or ())


def _written(found: MovePlan, output: Path | None, *, overwrite: bool) -> list[str]:
    """What may be run is written only where nothing speaks against it."""
    if output is None or found.cut_over is None:
        return []
    files = {output / script.name: (script.text, 0o755) for script in found.cut_over}
    write_files(files, overwrite=overwrite)
    return [str(path) for path in files]


def _show(session: Session, found: MovePlan, written: list[str], *, has_diff: bool) -> None:
    screen = session.screen
    show_findings(screen, found.move.findings)
    if screen.is_quiet:
        for name, text in sorted(found.files.items()):
            if len(found.files) > 1:
                screen.line(f"# {name}")
            screen.lines((line,) for line in text.rstrip("\n").split("\n"))
    else:
        is_verbose = session.verbosity > 0
        screen.lines(move_lines(found, written, has_diff=has_diff, is_verbose=is_verbose, width=screen.width))
    for problem in found.problems:
        screen.error(f"the zone cannot be moved like this: {problem}")
    for place in written:
        screen.remark(Span("Wrote ", Style.STRONG), place)
