"""One folder, one mistake in `pvesdn.cfg`: one finding, at the line that has to change, with a cure that works.

`said.txt` is what `pvesdn check` says, with the columns of the word it is about; of what only a cluster can tell it is
what `pvesdn plan` says, which has no columns; where both find it and a plan knows more, `planned.txt` has the plan's
words. `cured.cfg` is `pvesdn.cfg` after the hint was followed. A folder whose
finding is rightly told at another line than the one that the cure changes has the reason in `elsewhere.txt`.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

import pytest

from pvesdn.decode.definitions.sdn_files import Names
from pvesdn.errors import SdnConfigError
from pvesdn.model.findings import Finding, Severity
from pvesdn.workflows.check import check_files
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.understand import understand
from tests.fakes import fake_cluster

HERE = Path(__file__).parent
CASES = sorted(folder.name for folder in HERE.iterdir() if (folder / "cured.cfg").is_file())
FEWEST = 80


def text(case: str, name: str = "pvesdn.cfg") -> str:
    return (HERE / case / name).read_bytes().decode()


def alone(definitions: str) -> list[Finding]:
    """What `check` finds, notes aside: they are not faults."""
    found = check_files({"pvesdn.cfg": definitions}, Names()).findings
    return [finding for finding in found if finding.severity is not Severity.NOTE]


@cache
def planned(definitions: str) -> tuple[str, ...]:
    """What `plan` finds on three nodes, whose only free device is eno2."""
    snapshot = read_cluster(fake_cluster(definitions).world())
    try:
        known = understand(snapshot)
    except SdnConfigError as error:
        return tuple(f"error: {line}" for line in error.lines)
    return tuple(f"{f.severity.value}: {f}" for f in known.found if f.severity is not Severity.NOTE)


def with_columns(finding: Finding) -> str:
    place = finding.place
    assert place is not None
    return re.sub(
        r"^([^:]+:\d+):", rf"\1:{place.column}-{place.end_column}: {finding.severity.value}:", str(finding), count=1
    )


def said(case: str) -> list[str]:
    """What `check` says, or where that is nothing, `plan`."""
    return [with_columns(finding) for finding in alone(text(case))] or list(planned(text(case)))


def without_columns(line: str) -> str:
    found = re.fullmatch(r"([^:]+:\d+):\d+-\d+: (\w+): (.*)", line)
    return f"{found[2]}: {found[1]}: {found[3]}" if found else line


def test_there_are_enough_mistakes_to_learn_from() -> None:
    assert len(CASES) >= FEWEST


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_is_told_once(case: str, request: pytest.FixtureRequest) -> None:
    found = said(case)
    if request.config.getoption("--update-mistakes", default=False):
        (HERE / case / "said.txt").write_text("".join(f"{line}\n" for line in found))
    assert found == text(case, "said.txt").splitlines()
    assert len(found) == 1, "one mistake, one message"


@pytest.mark.parametrize("case", CASES)
def test_file_line_cause_and_cure_are_in_it(case: str) -> None:
    (line,) = map(without_columns, text(case, "said.txt").splitlines())
    assert re.match(r"(error|warning): pvesdn\.cfg:[1-9]\d*: ", line)
    assert re.search(r"\S; \S", line), "a cause and what to do about it"


@pytest.mark.parametrize("case", CASES)
def test_a_plan_says_the_same(case: str) -> None:
    name = "planned.txt" if (HERE / case / "planned.txt").exists() else "said.txt"
    assert list(planned(text(case))) == [without_columns(line) for line in text(case, name).splitlines()]
    assert len(planned(text(case))) == 1, "one mistake, one message"


@pytest.mark.parametrize("case", CASES)
def test_after_the_cure_nothing_is_left(case: str) -> None:
    assert alone(text(case, "cured.cfg")) == []
    assert planned(text(case, "cured.cfg")) == ()


@pytest.mark.parametrize("case", CASES)
def test_the_cure_changes_the_line_that_was_named(case: str) -> None:
    if (HERE / case / "elsewhere.txt").exists():
        assert text(case, "elsewhere.txt").strip(), "why the finding is told at another line"
        return
    found = re.search(r"pvesdn\.cfg:(\d+)", text(case, "said.txt"))
    assert found is not None
    wrong, cured = text(case).split("\n"), text(case, "cured.cfg").split("\n")
    blocks = SequenceMatcher(None, wrong, cured, autojunk=False).get_opcodes()
    # What is added goes below the line that is named, or into its section.
    touched = {n + 1 for kind, start, end, *_ in blocks if kind != "equal" for n in range(start, max(end, start + 1))}
    section = header_of(wrong, int(found[1]) - 1)
    assert int(found[1]) in touched or any(header_of(wrong, n - 1) == section for n in touched)


def header_of(lines: list[str], index: int) -> int:
    """The line of the section's header that a line stands under."""
    return next((n for n in range(min(index, len(lines) - 1), -1, -1) if lines[n][:1].isalpha()), 0)


@pytest.mark.parametrize(
    "case", [case for case in CASES if re.search(r":\d+-\d+:", text(case, "said.txt"))] if CASES else []
)
def test_the_columns_hold_a_word_of_the_line(case: str) -> None:
    found = re.search(r"cfg:(\d+):(\d+)-(\d+):", text(case, "said.txt"))
    assert found is not None
    line = text(case).replace("\r", "").split("\n")[int(found[1]) - 1]
    start, end = int(found[2]), int(found[3])
    if (start, end) != (0, 0):  # the file as a whole
        assert 1 <= start < end <= len(line) + 1
        assert line[start - 1 : end - 1].strip()
