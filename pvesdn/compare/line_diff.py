"""A unified diff in time linear in the number of lines.

`difflib` looks for the longest common run again for each run it has found: with 10,000 changes in one block it takes
minutes. Here lines that occur once in both texts are the anchors, in the longest order that both have in common (Bram
Cohen's patience diff), and difflib sees only what lies between two anchors.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from difflib import Match, SequenceMatcher

_SMALL = 1000
"""Lines of both texts together that difflib compares alone: its hunks are the most natural ones."""
_GAP = 10_000
"""Product of the lengths of what difflib compares between two anchors."""

_Lines = Sequence[str]
_Place = tuple[int, int]
"""Of a line that stays: where it is in the old text and in the new one, 0-based."""
_Keys = Callable[[_Lines], list[Hashable]]


def unified_hunks(old: Sequence[str], new: Sequence[str], context: int, *, small: int = _SMALL) -> Iterator[str]:
    """The lines of a unified diff without its two first ones: each hunk's header, then its lines with their signs.

    :param context: equal lines shown around each difference.
    :param small: lines of both texts together up to which difflib compares them alone.
    """
    if old == new:
        return
    matcher = SequenceMatcher(None, old, new) if len(old) + len(new) <= small else _Anchored(old, new)
    for group in matcher.get_grouped_opcodes(context):
        (_, i1, _, j1, _), (_, _, i2, _, j2) = group[0], group[-1]
        yield f"@@ -{_span(i1, i2)} +{_span(j1, j2)} @@"
        for tag, start, end, new_start, new_end in group:
            if tag == "equal":
                yield from (f" {line}" for line in old[start:end])
            else:
                yield from (f"-{line}" for line in old[start:end])
                yield from (f"+{line}" for line in new[new_start:new_end])


def _span(start: int, end: int) -> str:
    """A range of lines as a header has it: an empty one begins before its first line."""
    length = end - start
    if length == 1:
        return f"{start + 1}"
    return f"{start + 1 if length else start},{length}"


class _Anchored(SequenceMatcher[str]):
    """difflib's groups and opcodes, from matches that were found another way."""

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        super().__init__(None, (), ())
        self.a, self.b = old, new

    def get_matching_blocks(self) -> list[Match]:
        """Runs of lines that stay, and difflib's empty one at the end."""
        blocks: list[Match] = []
        for i, j in _matches(self.a, self.b):
            if blocks and (i, j) == (blocks[-1].a + blocks[-1].size, blocks[-1].b + blocks[-1].size):
                blocks[-1] = blocks[-1]._replace(size=blocks[-1].size + 1)
            else:
                blocks.append(Match(i, j, 1))
        return [*blocks, Match(len(self.a), len(self.b), 0)]


def _matches(old: _Lines, new: _Lines) -> Iterator[_Place]:
    """Lines that stay, in ascending order in both texts."""
    return _align(old, new, (0, 0), (_once, _counted))


def _align(old: _Lines, new: _Lines, at: _Place, ways: tuple[_Keys, ...]) -> Iterator[_Place]:
    """:param at: where both pieces begin. :param ways: of telling lines apart, to be tried one after the other."""
    least = min(len(old), len(new))
    head = next((k for k in range(least) if old[k] != new[k]), least)
    tail = next((k for k in range(least - head) if old[-1 - k] != new[-1 - k]), least - head)
    yield from ((at[0] + k, at[1] + k) for k in range(head))
    middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
    start = at[0] + head, at[1] + head
    if len(middle_old) * len(middle_new) <= _GAP:
        for i, j, size in SequenceMatcher(None, middle_old, middle_new, autojunk=False).get_matching_blocks():
            yield from ((start[0] + i + k, start[1] + j + k) for k in range(size))
    elif ways:
        anchors = [*_anchors(ways[0](middle_old), ways[0](middle_new)), (len(middle_old), len(middle_new))]
        done = (0, 0)
        for i, j in anchors:
            # Each gap begins with its anchor, which is found as the common head.
            piece = slice(done[0], i), slice(done[1], j)
            yield from _align(
                middle_old[piece[0]], middle_new[piece[1]], (start[0] + done[0], start[1] + done[1]), ways[1:]
            )
            done = i, j
    yield from ((at[0] + len(old) - k, at[1] + len(new) - k) for k in range(tail, 0, -1))


def _once(lines: _Lines) -> list[Hashable]:
    """Lines that are there once; None for the others."""
    counts = Counter(lines)
    return [line if counts[line] == 1 else None for line in lines]


def _counted(lines: _Lines) -> list[Hashable]:
    """Lines numbered by their earlier occurrences: the third `exit` of one text is the third of the other."""
    counts: Counter[str] = Counter()
    keys: list[Hashable] = []
    for line in lines:
        keys.append((line, counts[line]))
        counts[line] += 1
    return keys


def _anchors(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[_Place]:
    """The longest order of lines that both texts have in common (by patience sorting)."""
    there = {key: j for j, key in enumerate(new) if key is not None}
    pairs = [(i, there[key]) for i, key in enumerate(old) if key is not None and key in there]
    ends: list[int] = []  # the least place in the new text at which an order of this length ends, and its pair
    last: list[int] = []
    before: list[int] = []
    for number, (_, j) in enumerate(pairs):
        length = bisect_left(ends, j)
        if length == len(ends):
            ends.append(j)
            last.append(number)
        else:
            ends[length], last[length] = j, number
        before.append(last[length - 1] if length else -1)
    found: list[_Place] = []
    number = last[-1] if last else -1
    while number >= 0:
        found.append(pairs[number])
        number = before[number]
    return found[::-1]
