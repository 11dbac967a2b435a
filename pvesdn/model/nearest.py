"""Did you mean: the name that was probably meant by one that nothing has."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from difflib import SequenceMatcher, get_close_matches
from functools import lru_cache


def nearest(name: str, known: Iterable[str], *, taken: Collection[str] = ()) -> str | None:
    """The known name that resembles `name` most, upper and lower case aside.

    None when no name does, when several do alike (``pve9`` may be ``pve1`` or ``pve2``), and when the one that does is
    taken: whoever follows a suggestion must not meet the next error, or another node. Another number is another thing:
    nobody means ``eno2`` by ``eno9``.

    :param known: only names that would do in its place.
    :param taken: names that cannot be used once more, such as those that stand beside it in a list.
    """
    return _nearest(name, frozenset(known), frozenset(taken))


@lru_cache(maxsize=1024)
def _nearest(name: str, known: frozenset[str], taken: frozenset[str]) -> str | None:
    """The same slip is made in a thousand sections."""
    by_lower: dict[str, str] = {}
    for word in sorted(known | taken):
        if word != name and not _differs_in_numbers(word.lower(), name.lower()):
            by_lower.setdefault(word.lower(), word)
    wanted = name.lower()
    found = get_close_matches(wanted, by_lower, n=2)
    if not found or (len(found) > 1 and _likeness(found[0], wanted) == _likeness(found[1], wanted)):
        return None
    return None if by_lower[found[0]] in taken else by_lower[found[0]]


def _differs_in_numbers(word: str, other: str) -> bool:
    numbers, others = re.findall(r"[0-9]+", word), re.findall(r"[0-9]+", other)
    is_alike = re.sub(r"[0-9]+", "0", word) == re.sub(r"[0-9]+", "0", other)
    return bool(numbers) and is_alike and list(map(int, numbers)) != list(map(int, others))


def _likeness(word: str, wanted: str) -> float:
    return SequenceMatcher(a=word, b=wanted).ratio()
