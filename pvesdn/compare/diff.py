"""Unified diffs for people: interfaces files stanza by stanza, everything else line by line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from pvesdn.decode.interfaces import split_stanzas
from pvesdn.model.files import FileChange

_CONTEXT = 3
_INTERFACES = "/etc/network/interfaces.d/"


def unified(change: FileChange) -> Iterator[str]:
    """Lines of a unified diff of one file, without line ends; line numbers are the file's own."""
    yield f"--- {'/dev/null' if change.old is None else change.path}"
    yield f"+++ {'/dev/null' if change.new is None else change.path}"
    old, new = change.old or "", change.new or ""
    yield from _by_stanza(old, new) if change.path.startswith(_INTERFACES) else _by_line(old, new)


def _by_stanza(old: str, new: str) -> Iterator[str]:
    """Walk both files in their own order; only stanzas of the same name are compared with each other."""
    before, after = list(_pieces(old)), list(_pieces(new))
    old_at = {name: index for index, (name, _, _) in enumerate(before)}
    new_names = {name for name, _, _ in after}
    done = 0  # pieces of the old file that were dealt with
    old_line = 0  # lines of the old file before the current place
    for name, lines, start in after:
        index = old_at.get(name)
        if index is None:
            yield from _hunk([], lines, old_line, start, name)
            continue
        for gone, gone_lines, gone_start in before[done:index]:
            if gone not in new_names:
                yield from _hunk(gone_lines, [], gone_start, start, gone)
        done = max(done, index + 1)
        _, old_lines, old_start = before[index]
        old_line = old_start + len(old_lines)
        if old_lines != lines:
            yield from _hunk(old_lines, lines, old_start, start, name)
    end = sum(len(lines) for _, lines, _ in after)
    for gone, gone_lines, gone_start in before[done:]:
        if gone not in new_names:
            yield from _hunk(gone_lines, [], gone_start, end, gone)


def _pieces(text: str) -> Iterator[tuple[str, list[str], int]]:
    """Name, lines and 0-based first line of each stanza; blank lines between belong to the one before."""
    lines = text.splitlines()
    starts: list[tuple[str, int]] = []
    position = 0
    for name, piece in split_stanzas(text):
        size = len(piece.splitlines())
        first = piece.splitlines()[0] if size else ""
        while position < len(lines) and lines[position] != first:
            position += 1
        starts.append((name, position))
        position += size
    for (name, start), (_, following) in zip(starts, [*starts[1:], ("", len(lines))], strict=True):
        yield name, lines[start:following], start


def _hunk(old: list[str], new: list[str], old_start: int, new_start: int, name: str) -> Iterator[str]:
    body = list(difflib.unified_diff(old, new, n=_CONTEXT, lineterm=""))[2:]
    for line in body:
        if line.startswith("@@"):
            yield _moved(line, old_start, new_start, name)
        else:
            yield line


def _moved(header: str, old_start: int, new_start: int, name: str) -> str:
    """The hunk header with line numbers of the whole file, and the interface it is in, as git names functions."""
    _, old, new, _ = header.split(" ", 3)
    return f"@@ -{_shift(old[1:], old_start)} +{_shift(new[1:], new_start)} @@ {name}".rstrip()


def _shift(span: str, by: int) -> str:
    start, comma, count = span.partition(",")
    return f"{int(start) + by}{comma}{count}"


def _by_line(old: str, new: str) -> Iterable[str]:
    return list(difflib.unified_diff(old.splitlines(), new.splitlines(), n=_CONTEXT, lineterm=""))[2:]
