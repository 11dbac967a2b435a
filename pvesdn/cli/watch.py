"""`pvesdn watch`."""

from __future__ import annotations

from pathlib import Path

import click

from pvesdn.cli import exits, options
from pvesdn.cli.apply import show_plan
from pvesdn.cli.apply_screen import exit_status, show_report
from pvesdn.cli.progress import PlainSteps
from pvesdn.cli.session import Session
from pvesdn.cli.summary import summarize
from pvesdn.cli.whole import write_whole
from pvesdn.errors import SettingsError
from pvesdn.model.files import ChangeSet
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.watch import WatchReport, watch_once

STATE_FILE = "watch.json"


@click.command(epilog=exits.TABLE)
@click.option("--once", is_flag=True, required=True, help="Look once and end: a timer calls again.")
@options.common
@click.pass_obj
def watch(session: Session, *, once: bool) -> int:
    """Compare the definitions in /etc/pve/sdn and the membership with those of the last run, and plan when they changed.

    Applies the plan, unasked, where the settings say [watch] action = "apply". Runs on every node of the cluster, from
    pvesdn-watch.timer: the online node with the lowest id acts, the others stand by. Obstacles are left for a person.
    """
    del once
    settings = session.settings()
    steps = PlainSteps(session.screen)
    session.aftermath = steps.aftermath
    world = session.world(settings, steps)
    file = settings.watch.state_dir / STATE_FILE

    def announce(reason: str, changes: ChangeSet) -> None:
        _say(session, reason)
        show_plan(session, changes, summarize(changes))

    with steps:
        report = watch_once(world, _read(file), Renderer(), action=settings.watch.action, announce=announce)
    status = _show(session, report)
    if report.state is not None:
        _write(file, report.state)
    return status


def _say(session: Session, reason: str) -> None:
    if not session.screen.is_quiet:
        session.screen.line(f"watch: {reason}")


def _show(session: Session, report: WatchReport) -> int:
    """What came of it; the plan, where there is one, was shown before it was applied."""
    if report.changes is None:
        _say(session, report.reason)
        return exits.OK
    if report.report is None or report.changes.is_empty:
        return exits.UNREACHABLE if report.changes.unreachable else exits.OK
    show_report(session.screen, report.report)
    return exit_status(report.report)


def _read(file: Path) -> str | None:
    try:
        return file.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SettingsError(f"{file}: {error.strerror}", hint="run as root, or set [watch] state_dir") from None


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(file, text)
    except OSError as error:
        raise SettingsError(f"{file}: {error.strerror}", hint="run as root, or set [watch] state_dir") from None
