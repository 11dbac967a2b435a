"""The sections of a report: how the cluster is doing, in the words of the screens that tell it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from pvesdn.cli.screens.history import list_lines
from pvesdn.cli.screens.plan import last_line, plan_lines
from pvesdn.cli.screens.screen import Line, Span, clean, counted
from pvesdn.cli.screens.status import status_lines, verdict_line
from pvesdn.cli.screens.verify import unseen_lines
from pvesdn.compare.counts import summarize
from pvesdn.compare.live_paths import WHAT
from pvesdn.compare.status import in_a_line
from pvesdn.compare.status_of_node import is_drift
from pvesdn.model.findings import Severity
from pvesdn.model.history import History
from pvesdn.model.status import ClusterStatus, Health
from pvesdn.model.verification import Discrepancy, Verification
from pvesdn.render.page.view import Finding, Part, Said, Verdict, found_by, state

_WIDTH = 120
_FINDINGS = 200
"""Findings that a page has; more of them have few causes."""
_LINES = 500
"""Lines of one section."""
_HEALTH = {Severity.ERROR: Health.BAD, Severity.WARNING: Health.WARNING}


def verdict(status: ClusterStatus) -> Verdict:
    """What a report says first: that of `pvesdn status`."""
    found = status.verification
    if not found.nodes:
        health = Health.UNCHECKED
    elif found.count(Severity.ERROR) or not status.is_quorate:
        health = Health.BAD
    else:
        health = Health.OK if found.is_good and not found.has_doubts else Health.WARNING
    return Verdict(_text(verdict_line(status)), state(health))


def report_parts(status: ClusterStatus) -> tuple[Part, ...]:
    """Status, findings, drift, plan and history, each whether there is something to tell or not."""
    status = _without_packets(status)
    return (
        Part("h-status", "Status", lines=_limited(status_lines(status, _WIDTH, tells_of_packets=False))),
        _findings(status),
        _drift(status.verification),
        _plan(status),
        _history(status.beside.history),
    )


def _without_packets(status: ClusterStatus) -> ClusterStatus:
    """The same without a word about packets, which the page has at its head."""
    told = tuple(item for item in status.verification.not_checked if item.what != WHAT)
    return replace(status, verification=replace(status.verification, not_checked=told))


def _findings(status: ClusterStatus) -> Part:
    verification, zones = status.verification, [zone.id for zone in status.zones]
    found = verification.discrepancies
    more = len(found) - _FINDINGS
    told = counted(len(found), "finding") if found else "Nothing is wrong, as far as it was looked at."
    intro = f"{told}; {more} are left out: pvesdn verify tells them all." if more > 0 else told
    unseen = _limited(unseen_lines(verification))
    shown = tuple(_finding(item, zones) for item in found[:_FINDINGS])
    return Part("h-findings", "Findings", intro, shown, lines=unseen)


def _finding(item: Discrepancy, zones: Collection[str]) -> Finding:
    trait = f", {item.trait}" if item.trait else ""
    where = f"{f'{item.node}: ' if item.node else ''}{item.object}{trait}"
    rows = (
        Said("expected", item.expected),
        Said("found", item.found),
        Said("cause", item.cause),
        Said("next", item.next_step),
        *((Said("zones", ", ".join(item.zones)),) if item.zones else ()),
    )
    return Finding(
        where=where,
        rows=rows,
        state=state(_HEALTH.get(item.severity, Health.WARNING)),
        text=found_by(where, *(row.text for row in rows)),
        zones=" ".join(item.zones or zones),
        nodes=" ".join(filter(None, (item.node, item.peer))),
    )


def _drift(verification: Verification) -> Part:
    found = [in_a_line(item) for item in verification.discrepancies if is_drift(item)]
    intro = "What somebody or something has changed since it was put there."
    lines = _limited((line,) for line in found) or ("None was found.",)
    return Part("h-drift", "Drift", intro, lines=lines)


def _plan(status: ClusterStatus) -> Part:
    intro = "What pvesdn apply would do now."
    changes = status.changes
    if changes is None:
        return Part("h-plan", "Plan", "It cannot be planned:", lines=_limited((line,) for line in status.no_plan))
    summary = summarize(changes)
    lines = [*plan_lines(changes, summary, has_diff=False, width=_WIDTH), last_line(changes, summary)]
    return Part("h-plan", "Plan", intro, lines=_limited(lines))


def _history(history: History | None) -> Part:
    if history is None:
        return Part("h-history", "History", "Not known: a snapshot has none, or it could not be read.")
    return Part("h-history", "History", lines=_limited(list_lines(history, _WIDTH)))


def _limited(lines: Iterable[Line]) -> tuple[str, ...]:
    return tuple(_some(lines))


def _some(lines: Iterable[Line]) -> Iterator[str]:
    for number, line in enumerate(lines):
        if number == _LINES:
            yield "and more, which is left out here"
            return
        yield _text(line)


def _text(line: Line) -> str:
    return clean("".join(part.text if isinstance(part, Span) else part for part in line))
