"""What changes in frr.conf, in the words that a network engineer looks for: AS numbers, neighbors, VRFs, L3VNIs.

Both sides are texts, and both are read as FRR reads them: lines that PVE merges from frr.conf.local exist as text alone
(docs/decisions/0033-what-a-plan-says.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from pvesdn.compare.differences import hidden
from pvesdn.decode.frr.tree import FrrLine, read_tree
from pvesdn.model.differences import Difference

_UNSAID = (
    ("frr",),
    ("hostname",),
    ("log",),
    ("service",),
    ("line", "vty"),
)
"""First words of lines at the top that say nothing about the network."""

_VALUED = (
    ("bgp", "router-id"),
    ("ospf", "router-id"),
    ("coalesce-time",),
    ("vni",),
    ("net",),
)
"""Statements that occur once in a block: the words that name them, and then a value."""

_ONE_SIDED = frozenset({"ip forwarding", "ipv6 forwarding"})
"""Statements that say nothing where the other text is silent: the kernel's settings tell what becomes of it."""

_OF_A_NEIGHBOR = frozenset(
    {"remote-as", "update-source", "ebgp-multihop", "password", "description", "local-as", "timers"}
)
"""Words behind `neighbor X` that a value follows."""


@dataclass(slots=True)
class _Block:
    """:param opening: the line that opens it, as it is."""

    opening: str
    lines: Counter[tuple[str, ...]] = field(default_factory=Counter)


_Place: TypeAlias = tuple[str, ...]
"""The blocks that a line is in, from the outermost; a BGP router without its number. Empty at the top."""

_Blocks: TypeAlias = dict[_Place, _Block]


def frr_differences(old: str | None, new: str | None) -> tuple[Difference, ...]:
    """In the order of the blocks of `new`, then those that go. A block that is new or goes is named, without its lines;
    a BGP router with the number of its neighbors, a VRF with its L3VNI.
    """
    return tuple(_differences(_blocks(old or ""), _blocks(new or "")))


def _differences(before: _Blocks, after: _Blocks) -> Iterator[Difference]:
    yield from _vnis(before, after)
    for place in (*after, *(place for place in before if place not in after)):
        was, will = before.get(place), after.get(place)
        if place[1:] and (place[:-1] not in before or place[:-1] not in after):
            continue  # comes or goes with the block around it
        if place[-1:] and place[-1].startswith("vni ") and (was is None or will is None):
            continue
        if was is not None and will is not None:
            yield from _asn(place, was, will)
            yield from _lines(place, was.lines, will.lines)
        elif will is not None:
            yield Difference("", (), (_whole(will),))
        elif was is not None:
            yield Difference("", (_whole(was),), ())


def _vnis(before: _Blocks, after: _Blocks) -> Iterator[Difference]:
    """VNIs of `address-family l2vpn evpn` that come or go: there may be hundreds."""
    found: dict[_Place, tuple[list[str], list[str]]] = {}
    for side, (blocks, others) in enumerate(((before, after), (after, before))):
        for place in blocks:
            if place not in others and place[-1:] and place[-1].startswith("vni ") and place[:-1] in others:
                found.setdefault(place[:-1], ([], []))[side].append(place[-1].removeprefix("vni "))
    for place, (old, new) in found.items():
        yield Difference(f"{_title(place)} vni", tuple(old), tuple(new))


def _whole(block: _Block) -> str:
    """A block that comes or goes, in a few words."""
    names = sum(words[0] == "neighbor" and words[2:3] == ("peer-group",) and len(words) > 3 for words in block.lines)  # noqa: PLR2004
    peers = (f"{names} neighbor{'' if names == 1 else 's'}",) if names else ()
    l3vnis = (f"L3VNI {words[1]}" for words in block.lines if words[0] == "vni" and len(words) == 2)  # noqa: PLR2004
    return ", ".join((hidden(block.opening), *peers, *l3vnis))


def _asn(place: _Place, was: _Block, will: _Block) -> Iterator[Difference]:
    if was.opening != will.opening:  # all of the line but the number is the place
        yield Difference(f"{_title(place)} AS number", (was.opening.split()[2],), (will.opening.split()[2],))


def _title(place: _Place) -> str:
    return " ".join(place).replace("address-family ", "")


def _lines(place: _Place, was: Counter[tuple[str, ...]], will: Counter[tuple[str, ...]]) -> Iterator[Difference]:
    gone, come = _named(was - will), _named(will - was)
    where = _title(place)
    for name in sorted(gone.keys() | come.keys(), key=lambda name: (not name, name)):
        if name in _ONE_SIDED and not (name in gone and name in come):
            continue
        title = " ".join(part for part in (where, name) if part) if name else f"{where}:" if where else ""
        yield Difference(title, _shown(title, gone.get(name, ())), _shown(title, come.get(name, ())))


def _shown(title: str, values: Iterable[str]) -> tuple[str, ...]:
    return tuple(hidden(value, title) for value in values)


def _named(lines: Counter[tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    """Values by the words that name them; whole lines under the empty name."""
    found: dict[str, list[str]] = {}
    for words in lines.elements():
        name, value = _name_and_value(words)
        found.setdefault(name, []).append(value)
    return {name: tuple(values) for name, values in found.items()}


def _name_and_value(words: tuple[str, ...]) -> tuple[str, str]:
    name = 0  # words of the name
    match words:
        case ("ip" | "ipv6" as family, "forwarding"):
            return f"{family} forwarding", "on"
        case ("no", "ip" | "ipv6" as family, "forwarding"):
            return f"{family} forwarding", "off"
        case ("neighbor", peer, "peer-group", group):
            return f"neighbors of {group}", peer
        case ("neighbor", _, word, _, *_) if word in _OF_A_NEIGHBOR:
            name = 3
        case ("ip" | "ipv6", "route", _, _, *_):
            name = 3
        case ("route-target", "import" | "export", _, *_):
            name = 2
        case _:
            name = next((len(valued) for valued in _VALUED if words[: len(valued)] == valued < words), 0)
    return " ".join(words[:name]).removeprefix("bgp "), " ".join(words[name:])


def _blocks(text: str) -> _Blocks:
    found: _Blocks = {(): _Block("")}
    _fill(found, (), read_tree(text))
    return found


def _fill(found: _Blocks, place: _Place, lines: Iterable[FrrLine]) -> None:
    for line in lines:
        if not place and any(line.words[: len(words)] == words for words in _UNSAID):
            continue
        if not line.kind:
            found[place].lines[line.words] += 1
            continue
        words = line.words[:2] + line.words[3:] if line.words[:2] == ("router", "bgp") else line.words
        inner = (*place, " ".join(words))
        found.setdefault(inner, _Block(line.text))
        _fill(found, inner, line.children)
