"""The grammar of /etc/pve/*.cfg: sections of `type: id` and TAB-indented properties, read and written.

PVE's own reader (docs/pve.md §1.2) warns about what it does not understand and goes on; `scan` reports the same lines
and leaves the judgement to the caller. Writing what was read gives the same bytes, comments and ignored lines aside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from pvesdn.errors import SdnConfigError

# The only white space left is blanks and TABs: other control characters are refused before a line is read.
_HEADER = re.compile(r"([^ \t]+):[ \t]*([^ \t]+)[ \t]*")
_NO_ID = re.compile(r"[a-zA-Z][a-zA-Z0-9_-]+:[ \t]*")
_TYPE = re.compile(r"[a-zA-Z][a-zA-Z0-9_-]+")
_PROPERTY = re.compile(r"[ \t]+([^ \t]+)(?:[ \t]+(.*[^ \t]))?[ \t]*")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
_BLANKS = "a line of blanks does not end a section"
NO_MARK = "save the file as UTF-8 without a byte order mark"

_FIRST_WORD = re.compile(r"[^ \t]+")


@dataclass(frozen=True, slots=True)
class Property:
    """One property line.

    :param line: 1-based; 0 when it was not read from a file.
    :param raw: the line as it was read, where it is not ``<TAB>key value``; a changed property leaves it out.
    :param column: of the key, in characters, 1-based; 0 when it was not read from a file.
    :param value_column: of the value; where there is none, behind the key.
    """

    key: str
    value: str
    line: int = 0
    raw: str = field(default="", compare=False, repr=False)
    column: int = field(default=0, compare=False, repr=False)
    value_column: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Section:
    """One section; a property that is an array occurs several times.

    :param type: in lower case.
    :param line: of the header, 1-based; 0 when it was not read from a file.
    :param gap: empty lines after it: PVE's Perl writes one after each section, its Rust none after the last.
    :param strays: first words of lines that were probably meant as its properties and are not, in `pvesdn.cfg` only.
    :param column: of the id, in characters, 1-based; 0 when it was not read from a file.
    """

    type: str
    id: str
    line: int = 0
    properties: tuple[Property, ...] = ()
    gap: int = field(default=1, compare=False, repr=False)
    strays: tuple[str, ...] = field(default=(), compare=False, repr=False)
    column: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Oddity:
    """A line that is not part of the grammar.

    :param is_forbidden: it holds a character that must not reach any file; anything else PVE ignores with a warning.
    :param column: of the word that is wrong, in characters, 1-based.
    :param length: of that word.
    """

    line: int
    what: str
    hint: str = ""
    is_forbidden: bool = False
    column: int = field(default=1, compare=False)
    length: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class LostHeader:
    """A line that was meant as a header: its section is there, but could not be read.

    :param type: in lower case; empty when it could not be told.
    :param id: empty when it could not be told.
    """

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class Scan:
    """The content of a file, and the lines that were ignored.

    :param astray: lines with properties that count for another section than they were written for, in PVE's files only:
        the header above them is ignored.
    """

    sections: tuple[Section, ...]
    oddities: tuple[Oddity, ...]
    lost: tuple[LostHeader, ...] = ()
    astray: frozenset[int] = frozenset()


def scan(text: str) -> Scan:
    """Read sections of a file of PVE's and collect what is odd. Never raises.

    A header inside a section is a malformed line to PVE: only an empty line ends one.
    """
    return Scanner().scan(text)


def describe(oddity: Oddity, file: str) -> str:
    """The oddity as one line of an error."""
    text = f"{file}:{oddity.line}: {oddity.what}"
    return f"{text}; {oddity.hint}" if oddity.hint else text


def write(sections: Iterable[Section]) -> str:
    """The text of a file.

    :raises SdnConfigError: something in the sections could not be read back, such as a value with a line break.
    """
    texts: list[str] = []
    gap = 0
    for section in sections:
        # Without an empty line PVE would read the next header as part of this section.
        texts.append("\n" * max(gap, 1) if texts else "")
        texts.append(_text(section))
        gap = section.gap
    return "".join((*texts, "\n" * gap))


def has_forbidden(text: str) -> bool:
    """Whether a value holds a control character, a TAB or line break included."""
    return "\t" in text or "\n" in text or _FORBIDDEN.search(text) is not None


def _text(section: Section) -> str:
    _require(_TYPE.fullmatch(section.type) is not None, section, f"type {section.type!a}")
    _require(_is_word(section.id), section, f"id {section.id!a}")
    lines = [f"{section.type}: {section.id}\n"]
    for item in section.properties:
        _require(_is_word(item.key) and not item.key.startswith("#"), section, f"property {item.key!a}")
        line = item.raw or _standard(item.key, item.value)
        _require("\n" not in line and not _FORBIDDEN.search(line), section, f"value of {item.key}")
        lines.append(f"{line}\n")
    return "".join(lines)


def _require(is_good: bool, section: Section, what: str) -> None:  # noqa: FBT001 - reads as an assertion
    if not is_good:
        raise SdnConfigError((f"section {section.id!a}: {what} cannot be written",))


def _is_word(text: str) -> bool:
    return bool(text) and " " not in text and not has_forbidden(text)


def _standard(key: str, value: str) -> str:
    return f"\t{key} {value}"


class Scanner:
    """One pass over one file; here over one of PVE's, in which what is not understood is ignored."""

    def __init__(self) -> None:
        self._sections: list[Section] = []
        self._oddities: list[Oddity] = []
        self._lost: list[LostHeader] = []
        self._open: Section | None = None
        self._properties: list[Property] = []
        self._astray: set[int] = set()
        self._has_lost_header = False
        """The lines that follow were written for a section whose header was ignored."""

    def scan(self, text: str) -> Scan:
        # Not splitlines(): that would also break lines at form feeds and Unicode separators.
        lines = text.split("\n")
        if lines[-1] == "":
            lines.pop()
        for number, line in enumerate(lines, start=1):
            if found := _FORBIDDEN.search(line):
                self._take_forbidden(number, line, found)
            elif line == "":
                self._end_section(is_empty_line=True)
            elif not line.lstrip(" \t").startswith("#"):
                self._take(number, line)
        self._end_section()
        return Scan(tuple(self._sections), tuple(self._oddities), tuple(self._lost), frozenset(self._astray))

    def _take(self, number: int, line: str) -> None:
        if line.strip(" \t") == "":
            self._take_blanks(number)
        elif line[0] in " \t":
            # A line that begins with white space and is not blank always matches.
            if found := _PROPERTY.fullmatch(line):
                self._take_property(number, line, found)
        elif (header := _HEADER.fullmatch(line)) and _TYPE.fullmatch(header[1]):
            self._take_header(number, header)
        else:
            self._take_neither(number, line)

    def _take_forbidden(self, number: int, line: str, found: re.Match[str]) -> None:
        del line
        what = f"character U+{ord(found[0]):04X} is not allowed"
        # Some editors put an invisible U+FEFF before the first header.
        is_mark = found[0] == "\ufeff"
        hint = NO_MARK if is_mark else "use printable text and plain line endings"
        self._oddities.append(Oddity(number, what, hint, is_forbidden=True, column=found.start() + 1))

    def _take_blanks(self, number: int) -> None:
        # PVE warns about a line of blanks, which looks like the end of a section but is not.
        self._odd(number, _BLANKS, "make the line empty")

    def _take_neither(self, number: int, line: str) -> None:
        what = f"neither 'type: id' nor an indented property{strange_first(line)}"
        self._odd(number, what, "begin each property with a TAB", line)

    def _take_header(self, number: int, header: re.Match[str]) -> None:
        if self._open is not None:
            self._lose_header(number, header)
            return
        self._begin_section(number, header)

    def _lose_header(self, number: int, header: re.Match[str]) -> None:
        """Only an empty line ends a section. Where a line of blanks was meant as one, that is the fault."""
        if self._oddities and self._oddities[-1].line == number - 1 and self._oddities[-1].what == _BLANKS:
            what = f"{_BLANKS}, so '{header[0].strip()}' below it begins none"
            self._oddities[-1] = replace(self._oddities[-1], what=what)
        else:
            inside = self._open.id if self._open is not None else ""
            self._odd(number, f"header inside section '{inside}'", "put an empty line before it", header[0])
        self._lost.append(LostHeader(header[1].lower(), header[2]))
        self._has_lost_header = True

    def _begin_section(self, number: int, header: re.Match[str]) -> None:
        self._open = Section(header[1].lower(), header[2], number, column=header.start(2) + 1)

    def _take_property(self, number: int, line: str, found: re.Match[str]) -> None:
        if self._open is None:
            hint = "put it under a header without an empty line between"
            self._odd(number, "property outside any section", hint, line)
            return
        key, value = found[1], found[2] or ""
        value_column = (found.start(2) if value else found.end(1)) + 1
        raw = "" if line == _standard(key, value) else line
        self._properties.append(Property(key, value, number, raw, found.start(1) + 1, value_column))
        if self._has_lost_header:
            self._astray.add(number)

    def _end_section(self, *, is_empty_line: bool = False) -> None:
        self._has_lost_header = False
        gap = 1 if is_empty_line else 0
        if self._open is not None:
            self._sections.append(replace(self._open, properties=tuple(self._properties), gap=gap))
            self._open, self._properties = None, []
        elif is_empty_line and self._sections:
            self._sections[-1] = replace(self._sections[-1], gap=self._sections[-1].gap + gap)

    def _odd(self, number: int, what: str, hint: str, line: str = "") -> None:
        """Enter an oddity, whose word is the line's first."""
        word = _FIRST_WORD.search(line)
        column, length = (word.start() + 1, len(word[0])) if word else (1, max(len(line), 1))
        self._oddities.append(Oddity(number, what, hint, column=column, length=length))


def strange_first(line: str) -> str:
    """What tells the first character of a line from the blank or letter that it looks like."""
    return "" if line[0].isascii() else f" (it begins with U+{ord(line[0]):04X})"


def value_of(section: Section, key: str) -> str:
    """A property; of a repeated one the first counts, as for PVE. Empty where there is none."""
    return next((item.value for item in section.properties if item.key == key), "")
