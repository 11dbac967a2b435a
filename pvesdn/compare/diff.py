"""Unified diffs for people: interfaces files stanza by stanza, everything else line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pvesdn.compare.line_diff import unified_hunks
from pvesdn.decode.nodes.interfaces import runs_of_lines
from pvesdn.decode.secrets import hide_secrets
from pvesdn.model.files import FileChange, PrintedInterfaces

_CONTEXT = 3
_INTERFACES = "/etc/network/interfaces.d/"


def unified(change: FileChange) -> Iterator[str]:
    """Lines of a unified diff of one file, without line ends; line numbers are the file's own."""
    yield f"--- {'/dev/null' if change.old is None else change.path}"
    yield f"+++ {'/dev/null' if change.new is None else change.path}"
    old, new = change.old or "", change.new or ""
    if change.path.startswith(_INTERFACES) and old and new:
        yield from _by_stanza(_pieces(old), _pieces(new) if change.printed is None else _printed(change.printed))
    else:
        yield from _by_line(old, new)


def showable(change: FileChange) -> Iterator[str]:
    """The same for screens and documents: without the secrets that an administrator's own lines may hold."""
    return (line[:1] + hide_secrets(line[1:])[0] for line in unified(change))


def _by_stanza(before: list[_Piece], after: list[_Piece]) -> Iterator[str]:
    """Walk both files, neither of them empty, in their own order; stanzas of one name are compared with each other."""
    place = {piece.key: index for index, piece in enumerate(before)}
    done = 0  # pieces of the old file that were dealt with
    line = 0  # lines of the old file that were dealt with
    for piece in after:
        index = place.get(piece.key, -1)
        if index < done:  # new, or moved to a later place
            yield from _hunk([], piece.lines, line, piece.start, piece.key[0])
            continue
        for gone in before[done:index]:
            yield from _hunk(gone.lines, [], gone.start, piece.start, gone.key[0])
        same = before[index]
        if same.lines != piece.lines:
            yield from _hunk(same.lines, piece.lines, same.start, piece.start, piece.key[0])
        done, line = index + 1, same.start + len(same.lines)
    end = after[-1].start + len(after[-1].lines)
    for gone in before[done:]:
        yield from _hunk(gone.lines, [], gone.start, end, gone.key[0])


@dataclass(frozen=True, slots=True)
class _Piece:
    """Lines that belong to one interface. :param key: its name, and which of its pieces this is.
    :param start: 0-based.
    """

    key: tuple[str, int]
    lines: list[str]
    start: int


def _pieces(text: str) -> list[_Piece]:
    """What a node has, or what was cut out of it."""
    return _numbered(runs_of_lines(text))


def _printed(file: PrintedInterfaces) -> list[_Piece]:
    """What we print: stanzas of one interface that follow each other are one piece, as `runs_of_lines` has them."""
    runs: list[tuple[str, list[str]]] = [("", _lines(file.header))]
    for stanza, text in zip(file.stanzas, file.texts, strict=True):
        lines = ["", *_lines(text)]
        if stanza.name == runs[-1][0]:
            runs[-1][1].extend(lines)
        else:
            runs.append((stanza.name, lines))
    return _numbered(runs)


def _lines(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n")


def _numbered(runs: Iterable[tuple[str, list[str]]]) -> list[_Piece]:
    found: list[_Piece] = []
    counted: dict[str, int] = {}
    start = 0
    for name, lines in runs:
        counted[name] = counted.get(name, -1) + 1
        found.append(_Piece((name, counted[name]), [line.removesuffix("\n") for line in lines], start))
        start += len(lines)
    return found


def _hunk(old: list[str], new: list[str], old_start: int, new_start: int, name: str) -> Iterator[str]:
    for line in unified_hunks(old, new, _CONTEXT):
        if line.startswith("@@"):
            yield _moved(line, old_start, new_start, name)
        else:
            yield line


def _moved(header: str, old_start: int, new_start: int, name: str) -> str:
    """The hunk header with line numbers of the whole file, and the interface it is in, as git names functions."""
    _, old, new, _ = header.split()
    return f"@@ -{_shift(old[1:], old_start)} +{_shift(new[1:], new_start)} @@ {name}".rstrip()


def _shift(span: str, by: int) -> str:
    start, comma, count = span.partition(",")
    return f"{int(start) + by}{comma}{count}"


def _by_line(old: str, new: str) -> Iterable[str]:
    return unified_hunks(old.splitlines(), new.splitlines(), _CONTEXT)
