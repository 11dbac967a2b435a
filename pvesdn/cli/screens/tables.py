"""Tables that fit the screen: columns that may be shortened are, and what was left out has an ellipsis in its place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from pvesdn.cli.screens.screen import Line, Span, Style, clean

_LEAST = 7
"""Columns that a cell keeps."""
_GAP = "  "
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
