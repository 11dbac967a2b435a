"""The diff of long texts: right, and with work that grows with the lines."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvesdn.compare.line_diff import unified_hunks

LINES = st.lists(st.sampled_from(["exit", "!", "a", "b", "c"]) | st.text(alphabet="abc", min_size=2, max_size=3))
HEADER = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


def applied(old: Sequence[str], hunks: Iterable[str]) -> list[str]:
    """What patch(1) makes of `old`; every context line and every line that goes has to be there."""
    new: list[str] = []
    at = 0
    for line in hunks:
        if line.startswith("@@"):
            found = HEADER.fullmatch(line)
            assert found is not None
            start = int(found[1]) - (found[2] != "0")
            new += old[at:start]
            at = start
            assert len(new) == int(found[3]) - (found[4] != "0")
        elif line.startswith("+"):
            new.append(line[1:])
        else:
            assert old[at] == line[1:]
            new += [line[1:]] if line.startswith(" ") else []
            at += 1
    return new + list(old[at:])


@given(old=LINES, new=LINES, context=st.integers(0, 3))
def test_the_diff_makes_the_new_text_of_the_old(old: list[str], new: list[str], context: int) -> None:
    for small in (0, 1000):
        assert applied(old, unified_hunks(old, new, context, small=small)) == new


@given(LINES)
def test_equal_texts_have_no_hunk(text: list[str]) -> None:
    assert list(unified_hunks(text, list(text), 3, small=0)) == []


def numbered(count: int) -> list[str]:
    return [f" neighbor 10.0.{number // 256}.{number % 256} peer-group VTEP" for number in range(count)]


def mixed(lines: list[str]) -> list[str]:
    return random.Random(1).sample(lines, len(lines))


EDITS: dict[str, Callable[[list[str]], list[str]]] = {
    "every other line changed": lambda lines: [line + "S" if n % 2 else line for n, line in enumerate(lines)],
    "every other line gone": lambda lines: lines[::2],
    "shuffled": mixed,
    "turned round": lambda lines: lines[::-1],
    "halves exchanged": lambda lines: lines[len(lines) // 2 :] + lines[: len(lines) // 2],
    "every third line is the same": lambda lines: ["exit" if n % 3 else line for n, line in enumerate(lines)],
    "one line, all the time": lambda lines: ["exit"] * len(lines),
}


class Counted(str):
    """A line that counts how often lines are compared or looked up."""

    work = 0
    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        Counted.work += 1
        return str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        Counted.work += 1
        return str.__ne__(self, other)

    def __hash__(self) -> int:
        Counted.work += 1
        return str.__hash__(self)


def work(count: int, edit: Callable[[list[str]], list[str]], *, backwards: bool) -> int:
    texts = [list(map(Counted, text)) for text in (numbered(count), edit(numbered(count)))]
    old, new = reversed(texts) if backwards else texts
    Counted.work = 0
    hunks = list(unified_hunks(old, new, 3))
    spent = Counted.work
    assert applied(old, hunks) == new
    return spent


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("edit", EDITS)
def test_four_times_the_lines_are_some_four_times_the_work(edit: str, *, backwards: bool) -> None:
    assert work(8000, EDITS[edit], backwards=backwards) < 5 * work(2000, EDITS[edit], backwards=backwards)


def test_a_line_in_front_of_many_equal_ones_is_one_line() -> None:
    old = ["exit"] * 5000
    assert list(unified_hunks(old, ["first", *old], 0)) == ["@@ -0,0 +1 @@", "+first"]


def test_a_short_change_in_a_long_text_is_shown_as_that() -> None:
    old = numbered(5000)
    new = [*old[:2000], "added", *old[2000:3000], *old[3001:]]
    assert list(unified_hunks(old, new, 0)) == ["@@ -2000,0 +2001 @@", "+added", "@@ -3001 +3001,0 @@", f"-{old[3000]}"]
