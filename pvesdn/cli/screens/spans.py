"""Lines as pieces of text that have a style, with nothing in them that could control a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


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
