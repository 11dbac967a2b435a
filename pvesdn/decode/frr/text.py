"""Whether two FRR configurations say the same: every line in the same block, in any order."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache

from pvesdn.decode.frr.tree import FrrLine, read_tree

_VERSION = ("frr", "version")
_DEFAULTS = ("frr", "defaults")
_UNWRITTEN = frozenset(
    {
        ("service", "integrated-vtysh-config"),
        ("line", "vty"),
        # Daemons mention forwarding only where the kernel does not forward.
        ("ip", "forwarding"),
        ("ipv6", "forwarding"),
    }
)
"""Whole lines that FRR reads and that `write memory` leaves out (docs/pve.md §13.1)."""
_OF_DEVICES = frozenset({"interface", "vrf"})
_IP = frozenset({("ip",), ("ipv6",)})
_PRIORITY = "100"
"""The priority of a virtual router that `write memory` leaves out (RFC 9568)."""

FrrPlace = tuple[tuple[str, ...], ...]
"""A line in its words, below the lines that open the blocks around it."""


def says_the_same(one: str, other: str) -> bool:
    """Compare two texts of frr.conf by structure, as PVE's text must be: its generators order lines as they like.

    The version of FRR that wrote the file, or that it is for, is not configuration.
    """
    return _lines(one, {_VERSION, _DEFAULTS}) == _lines(other, {_VERSION, _DEFAULTS})


def meaning(text: str) -> str:
    """A digest (SHA-256, hexadecimal) of what a frr.conf says; the same before and after `vtysh -c 'write memory'`."""
    places = sorted(set(_lines(text, {_VERSION})))
    return hashlib.sha256(json.dumps(places).encode("ascii")).hexdigest()


@lru_cache(maxsize=128)  # of what each node has and what it is to have, in each plan of an apply
def statements(text: str) -> Counter[FrrPlace]:
    """Every line in the words of `write memory`, below the blocks that it is in; without what FRR leaves out there, and
    without the version and the defaults, which are those of whoever wrote the text. Each is there once: a block that is
    opened again goes on where it was, as that of an interface in a fabric does which frr.conf.local names too. The
    block of a device with nothing in it is left out: FRR keeps it when its last line goes, as long as the device is
    there. So is a virtual router without addresses, which frr-reload.py leaves behind (docs/pve.md §13.1). Whoever asks
    again gets the same object, so nobody changes it.
    """
    found = list(_lines(text, {_VERSION, _DEFAULTS}))
    routers = {(place[:-1], place[-1][1]) for place in found if place[-1][:1] == ("vrrp",) and place[-1][2:3] in _IP}
    found = [place for place in found if not _is_bare_router(place) or (place[:-1], place[-1][1]) in routers]
    filled = {place[:1] for place in found if len(place) > 1}
    return Counter(place for place in found if len(place) > 1 or place in filled or place[0][0] not in _OF_DEVICES)


def _is_bare_router(place: FrrPlace) -> bool:
    """The line `vrrp 4` or `vrrp 4 version 3` alone: without addresses the virtual router does nothing."""
    match place[-1]:
        case ("vrrp", _) | ("vrrp", _, "version", _):
            return True
    return False


def is_from_write_memory(text: str) -> bool:
    """Whether FRR itself may have written this file: it begins with a version and has no comment."""
    lines = [line.strip() for line in text.splitlines()]
    is_commented = any(line.startswith("#") or (line.startswith("!") and line != "!") for line in lines)
    return not is_commented and any(line.split()[:2] == list(_VERSION) for line in lines)


def _lines(text: str, without: set[tuple[str, str]]) -> Counter[FrrPlace]:
    return Counter(place for place in _places(read_tree(text), ()) if place[0][:2] not in without)


def _places(lines: Iterable[FrrLine], above: FrrPlace) -> Iterator[FrrPlace]:
    for line in lines:
        is_unwritten = not above and not line.children and line.words in _UNWRITTEN
        if is_unwritten or _is_usual_priority(line.words):
            continue
        place = (*above, _as_frr_says(line.words))
        yield place
        yield from _places(line.children, place)


def _as_frr_says(words: tuple[str, ...]) -> tuple[str, ...]:
    """A line as `write memory` spells it; numbers that it gives to the entries of an access list are left out."""
    match words:
        case ("ip" | "ipv6", "route", *_, via) if via.lower() == "null0":
            return (*words[:-1], "Null0")
        case ("access-list", name, "seq", _, *rest):
            return ("access-list", name, *rest)
        case ("ipv6", "access-list", name, "seq", _, *rest):
            return ("ipv6", "access-list", name, *rest)
    return words


def _is_usual_priority(words: tuple[str, ...]) -> bool:
    match words:
        case ("vrrp", _, "priority", value):
            return value == _PRIORITY
    return False
