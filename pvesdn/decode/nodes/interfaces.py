"""/etc/network/interfaces and files like it, read as leniently as ifupdown2 reads them. Nothing here raises."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pvesdn.model.facts import IfaceStanza

_HEADER = re.compile(r"(?:#[^\n]*\n)+")
_BLOCK = re.compile(
    r"\n*(?P<lines>auto (?P<name>\S+)\niface (?P=name)(?: [^\n]*)?\n"
    r"(?:\t(?![\s#]|allow-|(?:auto|iface|source|source-directory|mapping|vlan|template)(?![\w-]))[^\n]*\n)*+)"
)
"""One interface as it is printed: options alone below its `iface`, each behind one TAB."""


@dataclass(frozen=True, slots=True)
class InterfacesText:
    """One file.

    :param stanzas: in file order; an interface with two families has two.
    :param sources: patterns of the `source` and `source-directory` lines, the latter with ``/*``.
    :param auto: names of the `auto` and `allow-*` lines.
    """

    stanzas: tuple[IfaceStanza, ...]
    sources: tuple[str, ...]
    auto: frozenset[str]


def decode_interfaces(text: str) -> InterfacesText:
    """Stanzas, sources and auto lines; what is not understood is passed over."""
    stanzas: list[tuple[str, str, int, list[tuple[str, str, int]]]] = []
    sources: list[str] = []
    auto: set[str] = set()
    options: list[tuple[str, str, int]] | None = None
    for first, _, line in logical_lines(text):
        if not line or line.startswith("#"):
            continue
        keyword, *rest = line.split()
        if keyword == "iface" and rest:
            options = []
            stanzas.append((rest[0], " ".join(rest[1:]), first, options))
        elif begins_something(keyword):
            options = None
            if is_auto(keyword):
                auto.update(rest)
            elif keyword == "source":
                sources.extend(rest)
            elif keyword == "source-directory":
                sources.extend(f"{folder.rstrip('/')}/*" for folder in rest)
        elif options is not None:
            # ifupdown2 treats underscores in option names as dashes.
            options.append((keyword.replace("_", "-"), line[len(keyword) :].strip(), first))
    return InterfacesText(
        tuple(_stanza(*found) for found in stanzas),
        tuple(sources),
        frozenset(auto),
    )


def _stanza(name: str, method: str, line: int, options: list[tuple[str, str, int]]) -> IfaceStanza:
    pairs = tuple((option, value) for option, value, _ in options)
    return IfaceStanza(name, method, pairs, line, tuple(number for _, _, number in options))


def split_stanzas(text: str) -> tuple[tuple[str, str], ...]:
    """The exact text of each interface, in file order, for files that pvesdn or PVE wrote.

    An interface's text is its `auto` line and its `iface` block, without empty lines around them; lines that belong to
    no interface, such as a header comment, stand together under the empty name. Linear in the length of the text.
    """
    return _split_printed(text) or _split_any(text)


def _split_printed(text: str) -> tuple[tuple[str, str], ...]:
    """The same, ten times as fast, of a text as pvesdn and PVE print it; empty where a line is in another place."""
    header = _HEADER.match(text)
    found = {"": header[0]} if header else {}
    place = header.end() if header else 0
    for block in _BLOCK.finditer(text, place):
        name, lines = block["name"], block["lines"]
        if block.start() != place or name in found:
            return ()
        found[name] = lines
        place = block.end()
    return tuple(found.items()) if place == len(text) else ()


def _split_any(text: str) -> tuple[tuple[str, str], ...]:
    found: dict[str, list[str]] = {}
    for name, lines in runs_of_lines(text):
        filled = [number for number, line in enumerate(lines) if line.strip()]
        if filled:
            found.setdefault(name, []).extend(lines[filled[0] : filled[-1] + 1])
    return tuple((name, "".join(lines)) for name, lines in found.items())


def runs_of_lines(text: str) -> Iterator[tuple[str, list[str]]]:
    """The whole file cut where the interface changes: names and lines with their ends, in order and without a gap.

    Empty lines belong to what follows them; a name occurs again when its lines do not stand together.
    """
    name: str | None = None
    lines: list[str] = []
    blanks: list[str] = []
    for line in _keep_line_ends(text):
        if not line.strip():
            blanks.append(line)
            continue
        owner = _owner(line, name or "")
        if name is not None and owner != name:
            yield name, lines
            lines = []
        name = owner
        lines += [*blanks, line]
        blanks = []
    if lines or blanks:
        yield name or "", lines + blanks


def _owner(line: str, current: str) -> str:
    """Which interface a line belongs to: an unindented comment belongs to none, an option to its stanza."""
    keyword, *rest = line.split()
    if keyword.startswith("#"):
        return current if line[0] in " \t" else ""
    if rest and (keyword == "iface" or is_auto(keyword)):
        return rest[0]
    return "" if begins_something(keyword) else current


def _keep_line_ends(text: str) -> list[str]:
    # splitlines() would also break lines at Unicode separators.
    return [f"{line}\n" for line in text.split("\n")[:-1]] + [line for line in text.split("\n")[-1:] if line]


def logical_lines(text: str) -> Iterator[tuple[int, int, str]]:
    """Every line, continued ones joined: the numbers of its first and last line (1-based) and its text without blanks
    around.
    """
    held, first = "", 0
    number = 0
    for number, line in enumerate(text.split("\n"), start=1):
        first = first or number
        # ifupdown2 does not mind the line ends of Windows.
        if line.rstrip("\r").endswith("\\"):
            held += line.rstrip("\r")[:-1].strip() + " "
            continue
        yield first, number, (held + line.strip()).strip()
        held, first = "", 0
    if first:
        yield first, number, held.strip()


def is_auto(keyword: str) -> bool:
    """Whether a line that begins so names interfaces to bring up."""
    return keyword == "auto" or keyword.startswith("allow-")


def begins_something(keyword: str) -> bool:
    """Whether a line that begins so ends the stanza before it."""
    return is_auto(keyword) or keyword in ("iface", "source", "source-directory", "mapping", "vlan", "template")
