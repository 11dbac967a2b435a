"""What reaches the screen, and in which colours. Every text passes through here, and nothing that could control a
terminal.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import Literal, TextIO

from pvesdn.cli.screens.spans import Line, Span, Style, clean, painted
from pvesdn.cli.screens.wrapping import wrapped

__all__ = ["Line", "Screen", "Span", "Style", "clean", "columns", "counted", "painted"]


class Screen:
    """Standard output for results, standard error for the rest. Single lines are broken where the terminal ends.

    :param color: ``auto``, ``always`` or ``never``; ``auto`` heeds NO_COLOR (no-color.org) and whether it is a
        terminal.
    :param is_quiet: only results, warnings and errors.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.color = "auto"
        self.is_quiet = False

    def line(self, *parts: Span | str) -> None:
        """A line of the result."""
        self._write(sys.stdout, parts)

    def lines(self, lines: Iterable[Line]) -> None:
        """Lines of the result, as they are: who makes them knows which of them may be broken."""
        color = self.has_color(sys.stdout)
        for parts in lines:
            sys.stdout.write(painted(parts, color=color))

    def wrap(self, lines: Iterable[Line]) -> None:
        """The same, each broken where the terminal ends."""
        self.lines(wrapped(lines, self.width))

    def remark(self, *parts: Span | str) -> None:
        """A line on standard error; nothing when quiet."""
        if not self.is_quiet:
            self._write(sys.stderr, parts)

    def warning(self, text: str) -> None:
        """A warning."""
        self._write(sys.stderr, (Span("warning: ", Style.WARNING), text))

    def below(self, text: str) -> None:
        """What belongs to the warning before it."""
        self._write(sys.stderr, ("  ", text))

    def error(self, text: str) -> None:
        """The error that stopped the run."""
        self._write(sys.stderr, (Span("error: ", Style.ERROR), text))

    def ask(self, question: str) -> str:
        """A line typed by a person; empty at the end of input."""
        sys.stderr.write(clean(question))
        sys.stderr.flush()
        answer = sys.stdin.readline()
        if not answer.endswith("\n"):  # Ctrl-D leaves the cursor after the question
            sys.stderr.write("\n")
        return answer.strip()

    @property
    def width(self) -> int | None:
        """Columns of standard output, COLUMNS before the terminal's own; None where it is not a terminal: a pipe gets
        whole lines.
        """
        return self._size(sys.stdout, "columns")

    @property
    def height(self) -> int | None:
        """Lines of standard output, LINES before the terminal's own; None where it is not a terminal."""
        return self._size(sys.stdout, "lines")

    def has_color(self, stream: TextIO) -> bool:
        """Whether `stream` gets colours."""
        if self.color != "auto":
            return self.color == "always"
        if self._environ.get("NO_COLOR") or self._environ.get("TERM") == "dumb":
            return False
        return stream.isatty()

    def _size(self, stream: TextIO, side: Literal["columns", "lines"]) -> int | None:
        """See `width` and `height`; an error in a log stays one line, however wide the screen is."""
        if not stream.isatty():
            return None
        said = self._environ.get(side.upper(), "")
        if said.isascii() and said.isdigit() and int(said[:6]):
            return int(said[:6])
        try:
            size = os.get_terminal_size(stream.fileno())
        except (OSError, ValueError):  # what says that it is a terminal need not be one
            return None
        return (size.columns if side == "columns" else size.lines) or None

    def _write(self, stream: TextIO, parts: Iterable[Span | str]) -> None:
        color, width = self.has_color(stream), self._size(stream, "columns")
        stream.write("".join(painted(line, color=color) for line in wrapped([tuple(parts)], width)))


def columns(rows: Iterable[tuple[str, ...]], indent: int = 2) -> Iterable[str]:
    """Rows as aligned columns, two blanks between them."""
    cells = [tuple(clean(cell) for cell in row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        yield " " * indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def counted(number: int, noun: str) -> str:
    """``1 node``, ``2 nodes``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
