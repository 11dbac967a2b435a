"""`pvesdn check`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from pvesdn.cli import options, places, statuses
from pvesdn.cli.definitions import read_definitions
from pvesdn.cli.screens.documents import placed_findings
from pvesdn.cli.screens.screen import Line, Span, Style, counted
from pvesdn.cli.session import Session
from pvesdn.cli.verdict import Judging
from pvesdn.model.findings import Finding, Severity
from pvesdn.workflows.check import Verdict, check_files

_STYLES = {Severity.ERROR: Style.ERROR, Severity.WARNING: Style.WARNING, Severity.NOTE: Style.FAINT}


@click.command(cls=Judging, epilog=statuses.CHECK_TABLE)
@click.argument("place", type=places.ANY, metavar="FILE")
@options.json_output
@options.common
@click.pass_obj
def check(session: Session, *, place: Path) -> int:
    """Check definitions by themselves, without a cluster: for editors and CI.

    FILE is a pvesdn.cfg of any name, one of PVE's files such as zones.cfg, or a folder that holds some of them; - is a
    pvesdn.cfg on standard input. Each finding is one line of standard output, sorted by place:
    FILE:LINE:COLUMN: error: what is wrong; what to do.
    """
    given = read_definitions(place)
    verdict = check_files(given.files, given.names)
    status = statuses.ERROR if verdict.count(Severity.ERROR) else statuses.OK
    if session.wants_json:
        session.document("check", _document(given.names.all_of(given.files), verdict, status))
    else:
        shown = [f for f in verdict.findings if not (session.screen.is_quiet and f.severity is Severity.NOTE)]
        session.screen.lines(_line(finding) for finding in shown)
        session.screen.remark(_result(verdict))
        session.screen.remark(f"not checked without a cluster: {', '.join(verdict.not_checked)}")
    return status


def _document(files: list[str], verdict: Verdict, status: int) -> dict[str, Any]:
    return {
        "exit_status": status,
        "files": files,
        "findings": placed_findings(verdict.findings),
        "not_checked": list(verdict.not_checked),
    }


def _line(finding: Finding) -> Line:
    severity = Span(f"{finding.severity.value}: ", _STYLES[finding.severity])
    rest = f"{finding.what}; {finding.hint}" if finding.hint else finding.what
    at = finding.place
    if at is None:
        return (severity, f"{finding.where}: {rest}")
    numbers = "".join(f":{number}" for number in (at.line, at.column) if number)
    return (f"{at.file}{numbers}: ", severity, f"{at.kind} '{at.id}': {rest}" if at.kind else rest)


def _result(verdict: Verdict) -> str:
    counts = [(verdict.count(severity), severity.value) for severity in (Severity.ERROR, Severity.WARNING)]
    return ", ".join(counted(number, noun) for number, noun in _some(counts)) or "no errors, no warnings"


def _some(counts: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    return ((number, noun) for number, noun in counts if number)
