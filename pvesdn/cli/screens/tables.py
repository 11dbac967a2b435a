"""Tables that fit the screen: cells are shortened, with an ellipsis in place of what was left out, or go on below."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import zip_longest

from pvesdn.cli.screens.screen import Line, Span, Style, clean
from pvesdn.cli.screens.wrapping import NARROWEST, wrapped

_LEAST = 7
"""Columns that a cell keeps."""
_GAP = "  "
_BELOW = 4
"""Columns by which what goes on below a row is indented."""
MORE = "…"


def clipped(text: str, width: int | None) -> str:
    """The beginning of a text that is too long for a line; None for a pipe, which gets all of it."""
    text = clean(text)
    return text if width is None or len(text) <= width else f"{text[: max(width - 1, 0)]}{MORE}"


def clipped_within(text: str, width: int) -> str:
    """The beginning and the end of a name that is too long: many names differ in the end alone."""
    if len(text) <= width:
        return text
    end = (width - 1) // 2
    return f"{text[: width - 1 - end]}{MORE}{text[len(text) - end :]}"


def table(
    rows: Iterable[tuple[str, ...]],
    width: int | None,
    *,
    flexible: Collection[int],
    styles: Sequence[Style],
    names: Collection[int] = (),
) -> Iterator[Line]:
    """Aligned rows.

    :param flexible: columns that may be shortened, the widest first, where all together are too wide.
    :param styles: of the first cell of each row.
    :param names: columns whose cells are shortened in the middle.
    """
    cells = [tuple(clean(cell) for cell in row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    room = None if width is None else width - len(_GAP) * len(widths)
    while room is not None and sum(widths) > room:
        widest = max(flexible, key=lambda column: widths[column])
        if widths[widest] <= _LEAST:
            break
        widths[widest] -= 1
    for row, style in zip(cells, styles, strict=True):
        fitted = (
            clipped_within(cell, size) if column in names else clipped(cell, size)
            for column, (cell, size) in enumerate(zip(row, widths, strict=True))
        )
        first, *others = (cell.ljust(size) for cell, size in zip(fitted, widths, strict=True))
        yield _GAP, Span(first, style), f"{_GAP}{_GAP.join(others)}".rstrip()


def folded(
    rows: Iterable[tuple[str, ...]], width: int | None, *, whole: Collection[int] = (), indent: int = len(_GAP)
) -> Iterator[Line]:
    """Aligned rows of which nothing is left out: where all columns together are too wide, cells go on below.

    :param whole: columns whose cells are not broken, such as commands.
    """
    cells = [tuple(clean(cell) for cell in row) for row in rows]
    columns = list(zip(*cells, strict=True))
    widths = [max(map(len, column)) for column in columns]
    if width is not None and width >= NARROWEST:
        least = [size if n in whole else _longest_word(columns[n]) for n, size in enumerate(widths)]
        room = width - indent - len(_GAP) * (len(widths) - 1)
        if sum(least) > room:
            yield from _parted(cells, width, indent)
            return
        while sum(widths) > room:
            widest = max((n for n, size in enumerate(widths) if size > least[n]), key=widths.__getitem__)
            widths[widest] = max(len(line) for cell in columns[widest] for line in _fold(cell, widths[widest] - 1))
    for row in cells:
        parts = [_fold(cell, size) if len(cell) > size else [cell] for cell, size in zip(row, widths, strict=True)]
        for line in zip_longest(*parts, fillvalue=""):
            text = _GAP.join(cell.ljust(size) for cell, size in zip(line, widths, strict=True))
            yield (f"{' ' * indent}{text}".rstrip(),)


def _parted(cells: Sequence[tuple[str, ...]], width: int, indent: int) -> Iterator[Line]:
    """As many columns as there is room for, and what the others say below, row by row."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    ends = [indent + sum(widths[: n + 1]) + len(_GAP) * n for n in range(len(widths))]
    fitting = max(sum(end <= width for end in ends), 1)
    for row in cells:
        head = _GAP.join(cell.ljust(size) for cell, size in zip(row[:fitting], widths[:fitting], strict=True))
        yield (f"{' ' * indent}{head}".rstrip(),)
        if rest := _GAP.join(filter(None, row[fitting:])):
            yield from wrapped([(f"{' ' * (indent + _BELOW)}{rest}",)], width)


_fold = partial(textwrap.wrap, break_long_words=False, break_on_hyphens=False)


def _longest_word(cells: Iterable[str]) -> int:
    return max((len(word) for cell in cells for word in cell.split()), default=0)
