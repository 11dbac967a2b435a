"""Unified diffs that PVE's API gives, applied to the text that they are about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_HUNK = re.compile(r"@@ -(?P<start>[0-9]{1,9})(?:,(?P<count>[0-9]{1,9}))? \+[0-9]{1,9}(?:,[0-9]{1,9})? @@")


def patched(text: str, diff: str) -> str | None:
    """What a unified diff makes of a text; None if it is no diff of that text. White space is not compared."""
    old, made, position = text.splitlines(), list[str](), 0
    hunks = list(_hunks(diff))
    for start, lines in hunks:
        if not position <= start <= len(old):
            return None
        made += old[position:start]
        position = start
        for line in lines:
            sign, words = line[:1], line[1:]
            if sign == "+":
                made.append(words)
                continue
            if position >= len(old) or old[position].split() != words.split():
                return None
            if sign != "-":
                made.append(old[position])
            position += 1
    if diff and not hunks:
        return None
    return "".join(f"{line}\n" for line in [*made, *old[position:]])


def _hunks(diff: str) -> Iterator[tuple[int, Sequence[str]]]:
    """Where each begins, lines counted from 0, and its lines with their signs."""
    start, found = -1, list[str]()
    for line in diff.splitlines():
        if hunk := _HUNK.match(line):
            if start >= 0:
                yield start, found
            # A hunk that takes nothing away says after which line it comes.
            start, found = int(hunk["start"]) - (hunk["count"] != "0"), []
        elif start >= 0 and not line.startswith("\\"):
            found.append(line)
    if start >= 0:
        yield start, found
