"""`pvesdn watch`."""

from __future__ import annotations

import errno
import json
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import click

from pvesdn.cli import options, statuses
from pvesdn.cli.applying import show_plan
from pvesdn.cli.crash import signature
from pvesdn.cli.screens.apply import exit_status, show_report
from pvesdn.cli.screens.documents import plan_document
from pvesdn.cli.screens.progress import PlainSteps, Steps
from pvesdn.cli.session import Session
from pvesdn.cli.whole import read_whole, write_whole
from pvesdn.compare.counts import summarize
from pvesdn.errors import NodeUnreachable, PvesdnError, SdnConfigError, SettingsError
from pvesdn.model.files import ChangeSet
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.plan import plan
from pvesdn.workflows.watch import WatchReport, watch_once
from pvesdn.workflows.watch_memory import Trouble, clock_time, decode_memory, digest_of, next_trouble, with_trouble

STATE_FILE = "watch.json"
_LARGEST_MEMORY = 1024 * 1024
"""Size in bytes; anything larger was not written by `watch`."""


@click.command(epilog=statuses.TABLE)
@click.option("--once", is_flag=True, required=True, help="Look once and exit; a timer runs it again.")
@options.common
@click.pass_obj
def watch(session: Session, *, once: bool) -> int:
    """Compare the definitions in /etc/pve/sdn and the membership with those of the last run, and plan when they
    changed.

    Applies the plan, unasked, where the settings say [watch] action = "apply". Runs on every node of the cluster, from
    pvesdn-watch.timer: the online node with the lowest id acts, the others stand by. Obstacles are left for a person.

    Definitions that were saved a moment ago or cannot be used are waited for, five minutes at most. A run that was cut
    off starts again at the next look, one that failed is retried after an hour. A problem is reported once, and again
    when it is over; while it lasts, so does its exit status.
    """
    del once
    settings = session.settings()
    steps = _Steps(session.screen)
    session.aftermath = steps.aftermath
    world = session.world(settings, steps)
    file = settings.watch.state_dir / STATE_FILE
    before = _read(file)
    told = _Told(session, decode_memory(before).trouble, world.clock.now())
    try:
        with steps:
            report = watch_once(
                world,
                before,
                partial(plan, renderer=Renderer()),
                action=settings.watch.action,
                announce=told.announce,
                remember=lambda text: _write(file, text),
            )
    except Exception as error:
        if world.local_node is None:
            raise  # nothing to remember if nothing was compared
        is_known = told.knows(_messages(error))
        with suppress(SettingsError):  # the error being raised says more
            _write(file, with_trouble(_read(file), told.trouble))
        if not is_known:
            raise
        told.say_again()
        return statuses.UNREACHABLE if isinstance(error, NodeUnreachable) else statuses.ERROR
    status = told.show(report)
    if report.state is not None:
        _write(file, with_trouble(report.state, told.trouble))
    return status


class _Steps(PlainSteps):
    """Steps of an apply. Nodes that could not be read are reported with the plan, once."""

    def done(self, node: str, step: str, outcome: str) -> None:
        """`node` has finished `step`."""
        if step == "read":
            Steps.done(self, node, step, outcome)
        else:
            super().done(node, step, outcome)


class _Told:
    """What a look reports, given what was reported before: a problem once, again when it changes or has lasted a day,
    and its end.

    :param trouble: what an earlier look reported; afterwards, what the next look needs to know.
    """

    def __init__(self, session: Session, trouble: Trouble | None, now: float) -> None:
        self.trouble = trouble
        self._session = session
        self._now = now
        self._held: tuple[str, ChangeSet] | None = None
        self._plan = ""

    def announce(self, reason: str, changes: ChangeSet) -> None:
        """The plan, unless the same one was shown with a problem that may last: then wait for the outcome."""
        document = plan_document(changes, summarize(changes), has_diff=False)
        self._plan = digest_of([json.dumps(document, sort_keys=True)])
        if self.trouble is not None and self.trouble.plan == self._plan:
            self._held = reason, changes
        else:
            self._show_plan(reason, changes)

    def knows(self, lines: Sequence[str]) -> bool:
        """Whether a problem was reported before; if not it must be reported now."""
        self.trouble, is_new = next_trouble(self.trouble, lines, self._plan, self._now)
        if is_new and self._held is not None:
            self._show_plan(*self._held)
        return not is_new

    def say_again(self) -> None:
        """That a problem persists, without repeating it."""
        if self.trouble is not None:
            self._say(f"the problem reported at {clock_time(self.trouble.since)} persists")

    def show(self, report: WatchReport) -> int:
        """Report the outcome. Returns the exit status, which stays that of the problem while it lasts."""
        lines = _troubles(report)
        if report.changes is None:
            self._say(report.reason)
        elif lines:
            if self.knows(lines):
                self.say_again()
            else:
                self._show_report(report)
            return _status(report)
        else:
            if self._held is not None:
                self._say(self._held[0])
            self._show_report(report)
        if report.is_failing:
            return statuses.ERROR
        if report.is_settled and self.trouble is not None:
            self._say(f"the problem reported at {clock_time(self.trouble.since)} is over")
            self.trouble = None
        return _status(report)

    def _show_plan(self, reason: str, changes: ChangeSet) -> None:
        self._held = None
        self._say(reason)
        show_plan(self._session, changes, summarize(changes))

    def _show_report(self, report: WatchReport) -> None:
        if report.report is not None and report.changes is not None and not report.changes.is_empty:
            show_report(self._session.screen, report.report)

    def _say(self, text: str) -> None:
        if not self._session.screen.is_quiet:
            self._session.screen.line(f"watch: {text}")


def _messages(error: Exception) -> list[str]:
    """An error by its message, an unexpected one by where it happened: its message may differ each time."""
    if isinstance(error, SdnConfigError):
        return list(error.lines)
    return str(error).splitlines() if isinstance(error, PvesdnError) else [signature(error)]


def _troubles(report: WatchReport) -> list[str]:
    """What is not as it should be once a plan was made; an offline member is not counted."""
    if report.changes is None:
        return []
    found = list(report.changes.unreachable.values())
    if report.report is not None:
        away = {*report.changes.offline, *report.changes.unreachable}
        found += [node.error for node in report.report.nodes if node.error and node.node not in away]
        found += [report.report.commit_error] * bool(report.report.commit_error)
    return found


def _status(report: WatchReport) -> int:
    if report.changes is None:
        return statuses.OK
    if report.report is None or report.changes.is_empty:
        return statuses.UNREACHABLE if report.changes.unreachable else statuses.OK
    return exit_status(report.report)


def _read(file: Path) -> str | None:
    try:
        return read_whole(file, _LARGEST_MEMORY).decode("utf-8", "replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _useless(file, error) from None


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for draft in file.parent.glob(f".{file.name}-*"):  # left by a look that was killed
            draft.unlink(missing_ok=True)
        write_whole(file, text)
    except OSError as error:
        raise _useless(file, error) from None


def _useless(file: Path, error: OSError) -> SettingsError:
    is_in_the_way = error.errno in (errno.EINVAL, errno.EISDIR)
    hint = "move it away, or set [watch] state_dir" if is_in_the_way else "run as root, or set [watch] state_dir"
    return SettingsError(f"{file}: {error.strerror}", hint=hint)
