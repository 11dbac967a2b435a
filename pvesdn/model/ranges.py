"""Many names in few words: ``node1-node16``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_NUMBERED = re.compile(r"(?P<stem>.*?)(?P<number>[0-9]{1,9})")
_LEAST = 3
"""Names that make a range."""


def ranges(names: Iterable[str]) -> str:
    """Sorted by number, each name once; three and more that differ in their last number alone, without a gap, are a
    range.
    """
    return ", ".join(_runs(sorted(set(names), key=by_number)))


def is_among(name: str, text: str) -> bool:
    """Whether a name is one of those that `ranges` wrote."""
    return any(name == part or _is_within(name, part) for part in text.split(", "))


def _is_within(name: str, part: str) -> bool:
    one = _split(name)
    if one is None:
        return False
    # Names may have hyphens themselves: whichever parts it at two ends of a range.
    for dash in (found.start() for found in re.finditer("-", part)):
        first, last = _split(part[:dash]), _split(part[dash + 1 :])
        if first is None or last is None or not first["stem"] == last["stem"] == one["stem"]:
            continue
        if int(first["number"]) <= int(one["number"]) <= int(last["number"]):
            return True
    return False


def by_number(name: str) -> tuple[str, int, str]:
    """A key to sort names by: node2 comes before node10."""
    match = _split(name)
    return (name, -1, "") if match is None else (match["stem"], int(match["number"]), name)


def _split(name: str) -> re.Match[str] | None:
    # What ends in the digits of an IPv6 address is not counted in tens.
    return None if ":" in name else _NUMBERED.fullmatch(name)


def _runs(names: list[str]) -> Iterator[str]:
    run: list[str] = []
    for name in names:
        if run and not _follows(name, run[-1]):
            yield from _run(run)
            run = []
        run.append(name)
    yield from _run(run)


def _follows(name: str, before: str) -> bool:
    one, other = _split(before), _split(name)
    if one is None or other is None or one["stem"] != other["stem"]:
        return False
    number = str(int(one["number"]) + 1)
    is_padded = one["number"].startswith("0") or other["number"].startswith("0")
    return other["number"] == (number.zfill(len(one["number"])) if is_padded else number)


def _run(names: list[str]) -> Iterable[str]:
    return [f"{names[0]}-{names[-1]}"] if len(names) >= _LEAST else names
