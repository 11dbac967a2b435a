"""What a hand-written frr.conf says besides what becomes a value: line by line, each with its block and its place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pvesdn.decode.frr.tree import FrrLine
from pvesdn.decode.secrets import hide_secrets
from pvesdn.model.hand_written import FrrForeign, Place


@dataclass(slots=True)
class Told:
    """The lines of one file while it is being read.

    :param foreign: lines that pvesdn does not know.
    :param usual: lines that pvesdn may write as well, or that every frr.conf has.
    :param sessions: lines that make a BGP session.
    """

    file: str
    foreign: list[FrrForeign] = field(default_factory=list)
    usual: list[FrrForeign] = field(default_factory=list)
    sessions: list[FrrForeign] = field(default_factory=list)

    def place(self, line: FrrLine) -> Place:
        """Where a line stands."""
        return Place(self.file, line.line)

    def said(self, line: FrrLine, context: tuple[FrrLine, ...]) -> FrrForeign:
        """A line as it may be shown. :param context: the opening lines of the blocks around it, the outermost first."""
        around = tuple(outer.text for outer in context)
        return FrrForeign(hide_secrets(line.text)[0], around, self.place(line))

    def odd(self, line: FrrLine, context: tuple[FrrLine, ...]) -> None:
        """Enter a line that pvesdn does not know, with all that is in its block."""
        self.foreign.append(self.said(line, context))
        self.all_odd(line.children, (*context, line))

    def all_odd(self, lines: Iterable[FrrLine], context: tuple[FrrLine, ...]) -> None:
        """The same of several lines of a block."""
        for line in lines:
            self.odd(line, context)


def begins(words: tuple[str, ...], known: tuple[tuple[str, ...], ...]) -> bool:
    """Whether a line is one of the known ones, by its first words."""
    return any(words[: len(prefix)] == prefix for prefix in known)
