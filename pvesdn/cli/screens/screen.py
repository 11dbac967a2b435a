"""What reaches the screen, and in which colours. Every text passes through here, and nothing that could control a
terminal.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TextIO


class Style(StrEnum):
    """What a text is; the value is its SGR parameters (ECMA-48 section 8.3.117)."""

    PLAIN = ""
    ADD = "32"
    CHANGE = "33"
    REMOVE = "31"
    HUNK = "36"
    STRONG = "1"
    FAINT = "2"
    GOOD = "32"
    WARNING = "33"
    ERROR = "1;31"


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a line in one style."""

    text: str
    style: Style = Style.PLAIN


Line = tuple[Span | str, ...]

_STEERING = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]",
)


def clean(text: str) -> str:
    """`text` with everything made visible that would control a terminal: control characters, line breaks, changes of
    direction.

    Tabs stay: configuration files are indented with them.
    """
    return text if text.isascii() and text.isprintable() else _STEERING.sub(_visible, text)


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"  # noqa: PLR2004 - what two hexadecimal digits hold


class Screen:
    """Standard output for results, standard error for the rest.

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
        """Lines of the result."""
        color = self.has_color(sys.stdout)
        for parts in lines:
            sys.stdout.write(painted(parts, color=color))

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
        columns = self._environ.get("COLUMNS", "")
        if columns.isascii() and columns.isdigit() and int(columns[:6]):
            return int(columns[:6])
        if not sys.stdout.isatty():
            return None
        try:
            return os.get_terminal_size(sys.stdout.fileno()).columns or None
        except (OSError, ValueError):  # what says that it is a terminal need not be one
            return None

    @property
    def height(self) -> int | None:
        """Lines of standard output, LINES before the terminal's own; None where it is not a terminal."""
        if not sys.stdout.isatty():
            return None
        lines = self._environ.get("LINES", "")
        if lines.isascii() and lines.isdigit() and int(lines[:6]):
            return int(lines[:6])
        try:
            return os.get_terminal_size(sys.stdout.fileno()).lines or None
        except (OSError, ValueError):
            return None

    def has_color(self, stream: TextIO) -> bool:
        """Whether `stream` gets colours."""
        if self.color != "auto":
            return self.color == "always"
        if self._environ.get("NO_COLOR") or self._environ.get("TERM") == "dumb":
            return False
        return stream.isatty()

    def _write(self, stream: TextIO, parts: Iterable[Span | str]) -> None:
        stream.write(painted(parts, color=self.has_color(stream)))


def painted(parts: Iterable[Span | str], *, color: bool) -> str:
    """A line with its end, as it is written."""
    if color:
        return "".join([*map(_paint, parts), "\n"])
    return f"{clean(''.join([part if isinstance(part, str) else part.text for part in parts]))}\n"


def _paint(part: Span | str) -> str:
    if isinstance(part, str):
        return clean(part)
    text = clean(part.text)
    return f"\x1b[{part.style}m{text}\x1b[0m" if part.style and text else text


def columns(rows: Iterable[tuple[str, ...]], indent: int = 2) -> Iterable[str]:
    """Rows as aligned columns, two blanks between them."""
    cells = [tuple(clean(cell) for cell in row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        yield " " * indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def counted(number: int, noun: str) -> str:
    """``1 node``, ``2 nodes``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
