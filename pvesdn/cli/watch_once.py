"""`pvesdn watch --once`: one look, what is told of it, and what the next look needs to know."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from pvesdn.cli import statuses
from pvesdn.cli.applying import show_plan
from pvesdn.cli.crash import signature
from pvesdn.cli.screens.apply import exit_status, show_report
from pvesdn.cli.screens.documents import plan_document
from pvesdn.cli.screens.plan import last_line
from pvesdn.cli.screens.progress import PlainSteps, Steps
from pvesdn.cli.session import Session
from pvesdn.cli.watch_files import LOOK_FILE, MEMORY_FILE, WatchFiles
from pvesdn.compare.counts import summarize
from pvesdn.errors import NodeUnreachable, PvesdnError, SdnConfigError, SettingsError
from pvesdn.model.files import ChangeSet
from pvesdn.model.progress import Ended, Event, StepName
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.plan import plan
from pvesdn.workflows.watch import watch_once
from pvesdn.workflows.watch_memory import Trouble, clock_time, decode_memory, digest_of, next_trouble, with_trouble
from pvesdn.workflows.watch_report import WatchReport


def look(session: Session) -> int:
    """Look once."""
    settings = session.settings()
    steps = _Steps(session.screen)
    session.aftermath = steps.aftermath
    world = session.world(settings, steps)
    files = WatchFiles(settings.watch.state_dir)
    before = files.read(MEMORY_FILE)
    waited_for = str(files.document(LOOK_FILE).get("reason"))
    told = _Told(session, decode_memory(before).trouble, world.clock.now(), waited_for)
    left = _Left(files, world.clock.now(), settings.watch.action)
    try:
        with steps:
            report = watch_once(
                world,
                before,
                partial(plan, renderer=Renderer()),
                action=settings.watch.action,
                announce=told.announce,
                remember=lambda text: files.write(MEMORY_FILE, text),
            )
    except Exception as error:
        if world.local_node is None:
            raise  # nothing to remember if nothing was compared
        status = statuses.UNREACHABLE if isinstance(error, NodeUnreachable) else statuses.ERROR
        lines = messages(error)
        is_known = told.knows(lines)
        with suppress(SettingsError):  # the error being raised says more
            files.write(MEMORY_FILE, with_trouble(files.read(MEMORY_FILE), told.trouble))
            left.failed(lines, status, told.changes)
        if not is_known:
            raise
        told.say_again()
        return status
    status = told.show(report)
    if report.state is not None:
        files.write(MEMORY_FILE, with_trouble(report.state, told.trouble))
        left.looked(report, status)
    return status


class _Left:
    """What a look leaves for `pvesdn watch --status`, and for the process that had it started."""

    def __init__(self, files: WatchFiles, now: float, action: str) -> None:
        self._files = files
        self._now = now
        self._action = action

    def looked(self, report: WatchReport, status: int) -> None:
        """A look came to its end. What an earlier one found pending is, until a plan says otherwise."""
        pending = self._files.document(LOOK_FILE).get("pending")
        if report.changes is not None:
            pending = None if report.changes.is_empty or _is_done(report) else _pending(report.changes)
        elif report.left is not None and not (report.left.is_empty and report.left.unreachable):
            pending = None if report.left.is_empty else _pending(report.left)
        is_settled, keeps = report.is_settled, report.keeps
        self._write(report.reason, status, pending, _troubles(report), is_settled=is_settled, keeps=keeps)

    def failed(self, lines: Sequence[str], status: int, changes: ChangeSet | None) -> None:
        """It did not: a plan that needs a person's decision, or nothing could be planned."""
        pending = self._files.document(LOOK_FILE).get("pending") if changes is None else _pending(changes)
        self._write("", status, pending, lines, is_settled=False)

    def _write(
        self, reason: str, status: int, pending: Any, problems: Sequence[str], *, is_settled: bool, keeps: bool = False
    ) -> None:
        document = {
            "at": self._now,
            "action": self._action,
            "reason": reason,
            "exit_status": status,
            "is_settled": is_settled,
            "keeps": keeps,
            "pending": pending,
            "problems": list(problems),
        }
        self._files.write(LOOK_FILE, json.dumps(document))


def _is_done(report: WatchReport) -> bool:
    """Whether all was applied that could be: a member that is off gets its part when it is back."""
    done = report.report
    if done is None or report.changes is None:
        return False
    return not done.commit_error and all(node.is_good or node.node in report.changes.offline for node in done.nodes)


def _pending(changes: ChangeSet) -> dict[str, Any]:
    """A plan in numbers, and in the words of its last line."""
    counts = summarize(changes)
    line = "".join(part if isinstance(part, str) else part.text for part in last_line(changes, counts))
    return {"plan": line, "summary": plan_document(changes, counts, has_diff=False)["summary"]}


class _Steps(PlainSteps):
    """Steps of an apply. Nodes that could not be read are reported with the plan, once."""

    def tell(self, event: Event) -> None:
        """This has happened."""
        if isinstance(event, Ended) and event.step is StepName.READ:
            Steps.tell(self, event)
        else:
            super().tell(event)


class _Told:
    """What a look reports, given what was reported before: a problem once, again when it changes or has lasted a day,
    and its end.

    :param trouble: what an earlier look reported; afterwards, what the next look needs to know.
    :param waited_for: what an earlier look has told that it waits for.
    :ivar changes: the plan, once there is one.
    """

    def __init__(self, session: Session, trouble: Trouble | None, now: float, waited_for: str) -> None:
        self.trouble = trouble
        self.changes: ChangeSet | None = None
        self._waited_for = _without_numbers(waited_for)
        self._session = session
        self._now = now
        self._held: tuple[str, ChangeSet] | None = None
        self._plan = ""

    def announce(self, reason: str, changes: ChangeSet) -> None:
        """The plan, unless the same one was shown with a problem that may last: then wait for the outcome."""
        self.changes = changes
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
            has_said_so = _without_numbers(report.reason) == self._waited_for
            if not has_said_so or (report.is_settled and not report.keeps):
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


def messages(error: Exception) -> list[str]:
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


def _without_numbers(text: str) -> str:
    """What is the same while one waits for the same."""
    return re.sub(r"\d+", "", text)
