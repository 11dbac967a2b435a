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
# Some editors put an invisible U+FEFF before the first header.
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")

_NO_MARK = "save the file as UTF-8 without a byte order mark"


@dataclass(frozen=True, slots=True)
class Property:
    """One property line.

    :param line: 1-based; 0 when it was not read from a file.
    :param raw: the line as it was read, where it is not ``<TAB>key value``; a changed property leaves it out.
    """

    key: str
    value: str
    line: int = 0
    raw: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Section:
    """One section; a property that is an array occurs several times.

    :param type: in lower case.
    :param line: of the header, 1-based; 0 when it was not read from a file.
    :param gap: empty lines after it: PVE's Perl writes one after each section, its Rust none after the last.
    :param strays: first words of lines inside it that could not be read, in `pvesdn.cfg` only: probably properties.
    """

    type: str
    id: str
    line: int = 0
    properties: tuple[Property, ...] = ()
    gap: int = field(default=1, compare=False, repr=False)
    strays: tuple[str, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Oddity:
    """A line that is not part of the grammar.

    :param is_forbidden: it holds a character that must not reach any file; anything else PVE ignores with a warning.
    """

    line: int
    what: str
    hint: str = ""
    is_forbidden: bool = False


@dataclass(frozen=True, slots=True)
class Scan:
    """The content of a file, and the lines that were ignored."""

    sections: tuple[Section, ...]
    oddities: tuple[Oddity, ...]


def scan(text: str, *, header_ends_section: bool = False) -> Scan:
    """Read sections and collect what is odd. Never raises.

    :param header_ends_section: a new header ends the section before it, as in `pvesdn.cfg`; for PVE such a header
        is a malformed line inside the section, and only an empty line ends one.
    """
    return _Scanner(header_ends_section=header_ends_section).scan(text)


def parse(text: str, file: str) -> tuple[Section, ...]:
    """Read a file, which must have no oddities.

    :param file: its name, for messages.
    :raises SdnConfigError: one line for each line that is not part of the grammar.
    """
    result = scan(text, header_ends_section=True)
    if result.oddities:
        raise SdnConfigError(tuple(describe(oddity, file) for oddity in result.oddities))
    return result.sections


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


class _Scanner:
    """One pass over one file."""

    def __init__(self, *, header_ends_section: bool) -> None:
        self._header_ends_section = header_ends_section
        self._sections: list[Section] = []
        self._oddities: list[Oddity] = []
        self._open: Section | None = None
        self._properties: list[Property] = []
        self._strays: list[str] = []
        self._has_lost_header = False
        """The header of the lines that follow could not be read, which was told once."""

    def scan(self, text: str) -> Scan:
        # Not splitlines(): that would also break lines at form feeds and Unicode separators.
        lines = text.split("\n")
        if lines[-1] == "":
            lines.pop()
        for number, line in enumerate(lines, start=1):
            if found := _FORBIDDEN.search(line):
                what = f"character U+{ord(found[0]):04X} is not allowed"
                hint = _NO_MARK if found[0] == "\ufeff" else "use printable text and plain line endings"
                self._oddities.append(Oddity(number, what, hint, is_forbidden=True))
                self._stray(line)
                self._has_lost_header = self._header_ends_section and line[:1] == "\ufeff"
            elif line == "":
                self._has_lost_header = False
                self._end_section(is_empty_line=True)
            elif not line.lstrip(" \t").startswith("#"):
                self._take(number, line)
        self._end_section()
        return Scan(tuple(self._sections), tuple(self._oddities))

    def _take(self, number: int, line: str) -> None:
        if line.strip(" \t") == "":
            # PVE warns about a line of blanks, which looks like the end of a section but is not.
            if not self._header_ends_section:
                self._odd(number, "a line of blanks does not end a section", "make the line empty")
        elif line[0] in " \t":
            self._take_property(number, line)
        elif (header := _HEADER.fullmatch(line)) and _TYPE.fullmatch(header[1]):
            self._take_header(number, header)
        elif _NO_ID.fullmatch(line) and self._header_ends_section:
            self._end_section()
            self._has_lost_header = True
            self._odd(number, f"header without an id: '{line.strip()}'", "write 'type: id', such as 'vnet: web'")
        else:
            self._odd(number, "neither 'type: id' nor an indented property", "begin each property with a TAB")
            self._stray(line)

    def _stray(self, line: str) -> None:
        if self._open is not None and self._header_ends_section:
            self._strays.extend(line.split()[:1])

    def _take_header(self, number: int, header: re.Match[str]) -> None:
        if self._open is not None and not self._header_ends_section:
            self._odd(number, f"header inside section '{self._open.id}'", "put an empty line before it")
            return
        self._end_section()
        self._has_lost_header = False
        self._open = Section(header[1].lower(), header[2], number)

    def _take_property(self, number: int, line: str) -> None:
        if self._has_lost_header:
            return
        if self._open is None:
            self._odd(number, "property outside any section", "put it under a header without an empty line between")
            return
        # A line that begins with white space and is not blank always matches.
        found = _PROPERTY.fullmatch(line)
        key, value = (found[1], found[2] or "") if found else (line.strip(" \t"), "")
        self._properties.append(Property(key, value, number, "" if line == _standard(key, value) else line))

    def _end_section(self, *, is_empty_line: bool = False) -> None:
        gap = 1 if is_empty_line else 0
        if self._open is not None:
            done = replace(self._open, properties=tuple(self._properties), gap=gap, strays=tuple(self._strays))
            self._sections.append(done)
            self._open, self._properties, self._strays = None, [], []
        elif is_empty_line and self._sections:
            self._sections[-1] = replace(self._sections[-1], gap=self._sections[-1].gap + gap)

    def _odd(self, number: int, what: str, hint: str) -> None:
        self._oddities.append(Oddity(number, what, hint))
