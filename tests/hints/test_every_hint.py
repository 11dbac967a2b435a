"""No hint without a row: what the code can tell somebody to do was done once, and planned again.

A new hint needs a row in the table, a mistake in `tests/mistakes`, or a test of its own that is named in `FOLLOWED`.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from tests.hints.elsewhere import NO_HINT, NO_ORDER, OUTSIDE
from tests.hints.followed import FOLLOWED
from tests.hints.import_rows import IMPORT_ROWS
from tests.hints.rows import ROWS
from tests.hints.sources import Source, sources

TESTS = Path(__file__).parents[1]
REPOSITORY = TESTS.parent


@cache
def said() -> tuple[str, ...]:
    """Every message that somebody acted upon: of the two tables, and of the mistakes in pvesdn.cfg with their cures."""
    mistakes = (file for file in sorted((TESTS / "mistakes").glob("*/*.txt")) if file.name != "elsewhere.txt")
    rows = (message for row in (*ROWS, *IMPORT_ROWS) for message in row.messages)
    return (*rows, *(line for file in mistakes for line in file.read_text().splitlines()))


def is_followed(source: Source) -> bool:
    named = (place for places in FOLLOWED.values() for place in places)
    return any(source.says(message) for message in said()) or any(
        source.file == file and re.fullmatch(pattern, source.hint, re.DOTALL) for file, pattern in named
    )


def is_elsewhere(source: Source) -> bool:
    return source.hint in OUTSIDE.keys() | NO_ORDER or (source.file, source.hint) in NO_HINT


def test_every_hint_was_followed() -> None:
    left = sorted({str(source) for source in sources() if not is_followed(source) and not is_elsewhere(source)})
    assert left == [], "give each a row in the table, or a test that follows it"


@pytest.mark.parametrize("hint", sorted(OUTSIDE.keys() | NO_ORDER))
def test_what_is_not_followed_is_still_said(hint: str) -> None:
    assert any(source.hint == hint for source in sources())


@pytest.mark.parametrize(("file", "hint"), sorted(NO_HINT))
def test_what_is_no_hint_is_still_written(file: str, hint: str) -> None:
    assert any((source.file, source.hint) == (file, hint) for source in sources())


@pytest.mark.parametrize("test", sorted(FOLLOWED))
def test_a_test_that_follows_hints_exists_and_so_do_the_hints(test: str) -> None:
    file, _, name = test.partition("::")
    assert f"def {name}(" in (REPOSITORY / file).read_text()
    for home, pattern in FOLLOWED[test]:
        assert any(s.file == home and re.fullmatch(pattern, s.hint, re.DOTALL) for s in sources()), (home, pattern)


def test_the_walk_finds_hints_however_they_are_written() -> None:
    found = {(source.file, source.hint) for source in sources()}
    assert ("design/checks/vnis.py", "choose another VNI") in found  # an argument
    assert ("compare/prerequisites.py", "apt install ifupdown2") in found  # half of a pair
    assert ("design/merge/advice.py", "write 'seq NUMBER' after the name of the list") in found  # in a table
    assert ("design/checks/exits.py", "use an interface of its own for the exit") in found  # a constant
    assert ("cli/verbs/trace.py", "leave one of them out") in found  # of the command line
    assert ("design/checks/zone_mtu.py", "raise the underlay's MTU to .* or more.*") in found  # a part of one
