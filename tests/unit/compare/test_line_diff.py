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


def shown(old: list[str], new: list[str]) -> list[str]:
    """The lines that differ, each with its sign; they make the new text of the old."""
    hunks = list(unified_hunks(old, new, 0, small=0))
    assert applied(old, hunks) == new
    return [line for line in hunks if not line.startswith("@@")]


def changed(count: int, *places: int) -> list[str]:
    return [line + "S" if number in places else line for number, line in enumerate(numbered(count))]


def told(count: int, *places: int) -> list[str]:
    lines = numbered(count)
    return [text for place in places for text in (f"-{lines[place]}", f"+{lines[place]}S")]


@pytest.mark.parametrize(
    "places", [(0,), (299,), (0, 299), (1, 150, 298), (5, 6, 290), tuple(range(0, 300, 50)), tuple(range(10, 290))]
)
def test_lines_that_are_there_once_are_anchors_and_all_between_them_is_found(places: tuple[int, ...]) -> None:
    assert sorted(shown(numbered(300), changed(300, *places))) == sorted(told(300, *places))


@pytest.mark.parametrize(("before", "after"), [(0, 0), (3, 0), (0, 3), (3, 5)])
def test_what_comes_before_and_after_moves_no_line(before: int, after: int) -> None:
    """A block in the middle in which every line changes, too large for difflib, between lines that stay."""
    old = numbered(400)
    new = [f"new {n}" for n in range(before)] + changed(400, *range(100, 320)) + [f"last {n}" for n in range(after)]
    lines = shown(old, new)
    assert [line for line in lines if line.startswith("-")] == [f"-{line}" for line in old[100:320]]
    assert len([line for line in lines if line.startswith("+")]) == 220 + before + after


def test_blocks_that_end_alike_are_told_apart_by_how_often_they_ended_before() -> None:
    """No line is there once: the third `exit` of one text is the third of the other."""
    old = [line for number in range(150) for line in ("vrf a", f" vni {number % 3}", "exit")]
    new = [*old[:200], " added", *old[200:]]
    assert shown(old, new) == ["+ added"]
    assert shown(new, old) == ["- added"]


def test_of_lines_that_changed_places_the_longest_order_stays() -> None:
    """One line went from the end to the front: one line goes and one comes, not all of them."""
    old = numbered(300)
    assert shown(old, [old[-1], *old[:-1]]) == [f"+{old[-1]}", f"-{old[-1]}"]
    assert shown([old[-1], *old[:-1]], old) == [f"-{old[-1]}", f"+{old[-1]}"]
    swapped = [line for pair in zip(old[1::2], old[::2], strict=True) for line in pair]
    assert len(shown(old, swapped)) == 300
    thirds = old[100:200] + old[:100] + old[200:]
    assert len(shown(old, thirds)) == 200


def test_lines_that_nothing_tells_apart_go_and_come_as_a_block() -> None:
    old, new = ["a", "b"] * 120, ["c", "d"] * 120
    assert shown(old, new) == [f"-{line}" for line in old] + [f"+{line}" for line in new]


def test_up_to_the_limit_difflib_alone_finds_what_differs() -> None:
    """Its hunks are the ones that people know: here it keeps the longest run, where anchors keep the longest order."""
    old, new = ["a", "x", "x", "b"], ["b", "a", "x", "c"]
    assert list(unified_hunks(old, new, 0, small=8)) == list(unified_hunks(old, new, 0))
    assert applied(old, unified_hunks(old, new, 0, small=7)) == new
