"""The lines of pvesdn.cfg: sections, and each slip of the pen told once, with what was probably meant."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace

from pvesdn.decode.definitions.section_config import (
    LostHeader,
    Scan,
    Scanner,
    Section,
    describe,
    strange_first,
)
from pvesdn.decode.definitions.values import legible, shown
from pvesdn.errors import SdnConfigError
from pvesdn.model.nearest import nearest

_ID = re.compile(r"[a-zA-Z0-9_-]+")
# What was meant as a header: a word, a colon with blanks before it or none at all, and the rest.
_LIKE_A_HEADER = re.compile(r"([a-zA-Z][a-zA-Z0-9_-]+)(?=[ \t:]|$|[^\x00-\x7f])[ \t]*(:?)[ \t]*(.*)")


def scan_own(text: str, words: Mapping[str, Collection[str]]) -> Scan:
    """Read sections and collect what is odd. A new header ends the section before it. Never raises.

    :param words: the properties of each section type, by which lines that are neither are understood.
    """
    return _OwnScanner(words).scan(text)


def parse(text: str, file: str) -> tuple[Section, ...]:
    """Read a file, which must have no oddities.

    :param file: its name, for messages.
    :raises SdnConfigError: one line for each line that is not part of the grammar.
    """
    result = scan_own(text, {})
    if result.oddities:
        raise SdnConfigError(tuple(describe(oddity, file) for oddity in result.oddities))
    return result.sections


class _OwnScanner(Scanner):
    """One pass over pvesdn.cfg, in which each slip of the pen is told once, with what was probably meant."""

    def __init__(self, words: Mapping[str, Collection[str]]) -> None:
        super().__init__()
        self._words = words
        self._is_lost = False
        """The lines that follow belong to something that could not be read, which was told."""
        self._has_stray = False
        """A property without indentation was told in this section: the others are of the same making."""
        self._example = "vni: 10000" if "vni" in words else "vnet: web"
        self._is_after_section = False
        """Nothing but properties has come since the last section ended: they were probably meant as its own."""

    def _take_forbidden(self, number: int, line: str, found: re.Match[str]) -> None:
        super()._take_forbidden(number, line, found)
        if line[0] in " \t":
            self._stray(line)
        elif line[0] != "#":
            type_ = line.partition(":")[0].lower()
            self._lose(type_ if type_ in self._words else "", "")

    def _take_blanks(self, number: int) -> None:
        """A line of blanks means nothing."""

    def _take_header(self, number: int, header: re.Match[str]) -> None:
        type_ = header[1].lower()
        if self._open is not None and type_ not in self._words and type_ in self._words.get(self._open.type, ()):
            self._take_stray(number, header[0])
            return
        self._end_section()
        self._begin_section(number, header)

    def _take_property(self, number: int, line: str, found: re.Match[str]) -> None:
        type_ = found[1].removesuffix(":")
        if found[1] != type_ and type_.lower() in self._words:
            hint = f"write '{type_}: {legible(found[2] or 'ID')}' without blanks before it"
            self._odd(number, "a header must not be indented", hint, line)
            self._lose(type_, found[2] or "")
        elif self._is_lost:
            self._stray(line)
        elif self._open is None:
            super()._take_property(number, line, found)
            self._stray(line)
            self._lost.append(LostHeader("", ""))
            self._is_lost = True
        else:
            super()._take_property(number, line, found)

    def _take_neither(self, number: int, line: str) -> None:
        found = _LIKE_A_HEADER.fullmatch(line)
        type_ = found[1].lower() if found else ""
        has_colon = found is not None and found[2] == ":"
        if not has_colon and self._open is not None and type_ in self._words.get(self._open.type, ()):
            self._take_stray(number, line)
        elif found is not None and self._is_like_a_type(type_, has_colon=has_colon):
            self._odd(number, *_why_no_header(line.strip(), found, self._example), line)
            self._lose(type_, (found[3].split() or [""])[0])
        elif self._open is not None:
            self._take_stray(number, line)
        elif not self._is_lost:
            what = f"neither 'type: id' nor an indented property{strange_first(line)}"
            hint = f"write a header like '{self._example}', and begin each property below it with a TAB"
            self._odd(number, what, hint, line)
            self._lose("", "")

    def _is_like_a_type(self, type_: str, *, has_colon: bool) -> bool:
        """Whether a line that begins with that word was meant as a header."""
        return type_ in self._words or (has_colon and (not self._words or nearest(type_, self._words) is not None))

    def _take_stray(self, number: int, line: str) -> None:
        if not self._has_stray:
            super()._take_neither(number, line)
        self._has_stray = True
        self._stray(line)

    def _lose(self, type_: str, id_: str) -> None:
        self._end_section()
        self._is_lost, self._is_after_section = True, False
        self._lost.append(LostHeader(type_.lower(), id_ if _ID.fullmatch(id_) else ""))

    def _stray(self, line: str) -> None:
        """Note what was probably meant as a property of the section that is open, or of the one before."""
        name = line.split()[:1]
        if self._open is not None:
            self._open = replace(self._open, strays=(*self._open.strays, *name))
        elif self._sections and self._is_after_section:
            self._sections[-1] = replace(self._sections[-1], strays=(*self._sections[-1].strays, *name))

    def _end_section(self, *, is_empty_line: bool = False) -> None:
        if self._open is not None:
            self._is_after_section = True
        super()._end_section(is_empty_line=is_empty_line)
        self._is_lost = self._has_stray = False


def _why_no_header(line: str, found: re.Match[str], example: str) -> tuple[str, str]:
    """What is wrong with a line that was meant as a header, and what to write."""
    type_, rest = found[1], found[3].strip(" \t")
    word, _, more = rest.partition(" ")
    if not rest:
        return f"header without an id: {shown(line)}", f"write 'type: id', such as '{example}'"
    if not rest[0].isascii():
        return (
            f"header with U+{ord(rest[0]):04X} in the place of its colon",
            f"write '{type_}: {legible(rest[1:].strip())}'",
        )
    if more.lstrip().startswith("#"):
        return (
            "a comment cannot stand behind a header",
            f"write '{type_}: {legible(word)}', and the comment on a line of its own",
        )
    if more:
        return (
            f"header with more than one id: {shown(line)}",
            f"write one id without blanks, such as '{type_}: {legible(word)}'",
        )
    return f"header that is not 'type: id': {shown(line)}", f"write '{type_}: {legible(word)}'"
