"""Lines broken where the terminal ends, between words, and indented below what they go on with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pvesdn.cli.screens.spans import Line, Span, clean

_PIECES = re.compile(r"( +|(?:`[^`]{1,60}`|(?<![^ (])'[^' ][^']{0,59}'(?!\w)|[^ ])+)")
"""Blanks, and words; what is quoted is one word, since people copy it. An apostrophe inside or behind a word quotes
nothing.
"""
_HANGING = 4
NARROWEST = 40
"""Columns below which nothing is broken: the words would stand one below the other."""


def wrapped(lines: Iterable[Line], width: int | None) -> Iterator[Line]:
    """:param width: columns; None leaves every line whole, as for a pipe."""
    for line in lines:
        if width is None or width < NARROWEST or sum(len(_text(part)) for part in line) <= width:
            yield line
        else:
            yield from _broken(line, width)


def _broken(line: Line, width: int) -> Iterator[Line]:
    whole = "".join(map(_text, line))
    indent = " " * (len(whole) - len(whole.lstrip(" ")) + _HANGING)
    row: list[Span | str] = []
    used = blanks = 0
    for word in _words(line):
        length = sum(len(_text(part)) for part in word)
        if _is_blank(word):
            blanks = length
            continue
        if used and used + blanks + length > width:
            yield tuple(row)
            row, used, blanks = [indent], len(indent), 0
        row += [" " * blanks, *word] if blanks else word
        used, blanks = used + blanks + length, 0
    yield tuple(row)


def _words(line: Line) -> Iterator[list[Span | str]]:
    """Words and the blanks between them; a word may have several styles."""
    word: list[Span | str] = []
    for part in line:
        for text in _PIECES.findall(_text(part)):
            piece = text if isinstance(part, str) else Span(text, part.style)
            if word and _is_blank([piece]) is not _is_blank(word):
                yield word
                word = []
            word.append(piece)
    if word:
        yield word


def _is_blank(word: list[Span | str]) -> bool:
    return not any(_text(part).strip(" ") for part in word)


def _text(part: Span | str) -> str:
    return clean(part if isinstance(part, str) else part.text)
