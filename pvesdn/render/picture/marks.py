"""How health looks: a mark, a colour and a shape, so that none of them has to be seen for the others to tell."""

from __future__ import annotations

from dataclasses import dataclass

from pvesdn.model.status import Health


@dataclass(frozen=True, slots=True)
class Look:
    """:param name: the class of what has it. :param mark: empty where there is nothing to tell."""

    name: str
    mark: str
    ink: str
    paper: str


PLAIN = Look("plain", "", "#1f2a37", "#ffffff")
_OK = Look("ok", "✓", "#166b43", "#f1faf5")
_WARNING = Look("warning", "!", "#855400", "#fff6dd")
_BAD = Look("bad", "✗", "#b3211a", "#fdecea")
_UNKNOWN = Look("unknown", "?", "#4f5b6b", "#eef1f5")
_OFF = Look("off", "○", "#55606f", "#f3f4f7")
_LOOKS = {
    None: PLAIN,
    Health.OK: _OK,
    Health.WARNING: _WARNING,
    Health.BAD: _BAD,
    Health.UNREACHABLE: _UNKNOWN,
    Health.UNCHECKED: _UNKNOWN,
    Health.OFF: _OFF,
}


def look(health: Health | None) -> Look:
    """How it looks; plain where nobody has looked."""
    return _LOOKS[health]


def printable(text: str) -> str:
    """A text without what no picture shows: line breaks, and characters that steer or turn round what follows."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
