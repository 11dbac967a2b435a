"""What a run did not try here, and why: one line for each reason, at the end.

A test that skips is otherwise one letter among thousands. The environment's `PVESDN_NOT_TRIED` names a file that gets
the same lines, so that `make test` can show them as its last words.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

VARIABLE = "PVESDN_NOT_TRIED"
NOTHING = "everything was tried"


def lines(skipped: Iterable[tuple[str, str]]) -> list[str]:
    """One line for each reason.

    :param skipped: the file of each test that skipped, below the project's folder, and the reason it gave.
    """
    by_reason: dict[str, list[str]] = {}
    for file, reason in skipped:
        by_reason.setdefault(" ".join(reason.removeprefix("Skipped: ").split()), []).append(file)
    return [
        f"not tried: {reason} ({len(files)} {'test' if len(files) == 1 else 'tests'} of {', '.join(sorted(set(files)))})"
        for reason, files in sorted(by_reason.items())
    ]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it, behind what pytest says itself."""
    reports = terminalreporter.stats.get("skipped", [])
    told = lines((report.nodeid.partition("::")[0], _reason(report)) for report in reports)
    if told:
        terminalreporter.section("not tried here")
        for line in told:
            terminalreporter.write_line(line)
    if place := os.environ.get(VARIABLE):
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        Path(place).write_text("".join(f"{line}\n" for line in told or [NOTHING]), "utf-8")


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    return str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
