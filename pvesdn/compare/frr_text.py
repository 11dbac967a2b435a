"""Whether two FRR configurations say the same: every line in the same block, in whatever order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from pvesdn.decode.frr_tree import FrrLine, read_tree

_HEADER = frozenset({("frr", "version"), ("frr", "defaults")})
"""Which FRR wrote the file, and for which one: nothing that is configured."""

_Place = tuple[tuple[str, ...], ...]


def says_the_same(one: str, other: str) -> bool:
    """Compare two texts of frr.conf by structure, as PVE's own must be: its generators order lines as they like."""
    return _lines(one) == _lines(other)


def _lines(text: str) -> Counter[_Place]:
    return Counter(_places(read_tree(text), ()))


def _places(lines: Iterable[FrrLine], above: _Place) -> Iterator[_Place]:
    for line in lines:
        if line.words[:2] not in _HEADER:
            place = (*above, line.words)
            yield place
            yield from _places(line.children, place)
