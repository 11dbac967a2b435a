"""The calls of PVE's API that make other definitions of those that PVE has (docs/pve.md §3.2, §9)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pvesdn.decode.definitions.pending import pending_changes
from pvesdn.decode.definitions.pve_words import NOUNS, WORDS
from pvesdn.decode.definitions.section_config import Property, Section, scan, write
from pvesdn.errors import ApplyRefused
from pvesdn.model.files import PendingChange
from pvesdn.model.sdn_edits import SdnCall

Collections = Mapping[str, tuple[Section, ...]]
"""Sections by collection, such as ``zones``."""

WRITTEN = ("controllers", "zones", "vnets", "subnets")
"""What can be written, each behind what it refers to."""
_HOME = {"zones": ("controllers", "controller"), "vnets": ("zones", "zone"), "subnets": ("vnets", "vnet")}
"""What a definition hangs on: PVE deletes nothing that something hangs on."""
_FIXED = {"vnets": frozenset({"type", "zone"}), "subnets": frozenset({"type", "vnet"})}
_WITH_SUBNETS = frozenset({"type", "ipam"})
"""What PVE does not change in a definition that is there; in a zone the IPAM as long as it has subnets."""
_UNIQUE = {"vnets": "tag", "zones": "vrf-vxlan"}
"""A number that no two definitions may have, not even until the next call."""
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}")

_Id = tuple[str, str]
"""Collection and id."""


def calls_between(old: Collections, new: Collections) -> tuple[SdnCall, ...]:
    """The calls that make `new` of `old`, in an order that PVE accepts.

    What goes is deleted first, subnets before their VNet and VNets before their zone. What PVE cannot change is deleted
    with all that hangs on it, and created again.

    :raises ApplyRefused: a definition has a name that cannot be part of a call.
    """
    return tuple(_Calls(_known(old), _known(new)).made())


def rewritten(text: str, collection: str, old: Collections, new: Collections) -> str:
    """A definition file of PVE's as the calls leave it, more or less: the sections that change with their new
    properties, all others as they are.

    :param text: of the file, whose sections are those of `old`.
    """
    before, after = _by_id(old, collection), _by_id(new, collection)
    changed = {change.id for change in _changes(_known(old), _known(new)) if change.kind == NOUNS[collection]}
    there = scan(text).sections
    kept = [
        _merged(section, collection, after[section.id]) if section.id in changed else section
        for section in there
        if section.id in after or section.id not in before
    ]
    return write([*kept, *(section for id_, section in after.items() if id_ not in {one.id for one in there})])


def _merged(section: Section, collection: str, wanted: Section) -> Section:
    """With the properties of `wanted`, and those of its own that nobody knows."""
    known = WORDS[collection].get(wanted.type, {})
    is_same = section.type == wanted.type
    unknown = tuple(item for item in section.properties if is_same and item.key not in known)
    return Section(wanted.type, wanted.id, properties=(*wanted.properties, *unknown))


def _known(given: Collections) -> Collections:
    return {name: given.get(name, ()) for name in WRITTEN}


def _by_id(given: Collections, collection: str) -> dict[str, Section]:
    return {section.id: section for section in given.get(collection, ())}


def _changes(old: Collections, new: Collections) -> tuple[PendingChange, ...]:
    return pending_changes(new, old)


@dataclass
class _Calls:
    """One walk from the old definitions to the new ones."""

    old: Collections
    new: Collections

    def __post_init__(self) -> None:
        nouns = {noun: name for name, noun in NOUNS.items()}
        self._before = {name: _by_id(self.old, name) for name in WRITTEN}
        self._after = {name: _by_id(self.new, name) for name in WRITTEN}
        self._changes = {(nouns[change.kind], change.id): change for change in _changes(self.old, self.new)}
        self._again = self._made_again()

    def made(self) -> Iterator[SdnCall]:
        for name in reversed(WRITTEN):
            for id_, section in self._before[name].items():
                if id_ not in self._after[name] or (name, id_) in self._again:
                    yield SdnCall("DELETE", _place(name, section))
        for name in WRITTEN:
            for id_, section in self._after[name].items():
                change = self._changes.get((name, id_))
                if change is not None and change.state == "changed" and (name, id_) not in self._again:
                    yield _update(name, section, change)
            for id_, section in self._after[name].items():
                if id_ not in self._before[name] or (name, id_) in self._again:
                    yield _create(name, section)

    def _made_again(self) -> set[_Id]:
        """What stays by its name and is deleted all the same, with everything that hangs on it."""
        found: set[_Id] = set()
        for name in WRITTEN:
            swapped = set(self._in_other_hands(name))
            with_subnets = {id_.partition("-")[0] for id_ in self._before["subnets"]} if name == "zones" else set()
            for id_, section in self._before[name].items():
                if id_ not in self._after[name]:
                    continue
                change = self._changes.get((name, id_))
                fixed = _WITH_SUBNETS if id_ in with_subnets else _FIXED.get(name, frozenset({"type"}))
                if id_ in swapped or (change is not None and any(p.name in fixed for p in change.properties)):
                    found.add((name, id_))
                elif name in _HOME:
                    home, key = _HOME[name]
                    on = _value(section, key)
                    if (home, on) in found or (on in self._before[home] and on not in self._after[home]):
                        found.add((name, id_))
        return found

    def _in_other_hands(self, name: str) -> Iterator[str]:
        """Definitions of which one gets the number that another has had, and both stay."""
        key = _UNIQUE.get(name)
        if key is None:
            return
        holders = {_value(section, key): id_ for id_, section in self._before[name].items()}
        for id_, section in self._after[name].items():
            number = _value(section, key)
            holder = holders.get(number)
            if number and holder not in {None, id_} and holder in self._after[name] and id_ in self._before[name]:
                yield from (id_, str(holder))


def _value(section: Section, key: str) -> str:
    return next((item.value for item in section.properties if item.key == key), "")


def _properties(collection: str, section: Section) -> Iterator[Property]:
    """Those that PVE heeds, each once, but for lists."""
    known = WORDS[collection].get(section.type, {})
    met: set[str] = set()
    for item in section.properties:
        word = known.get(item.key)
        if word is not None and item.value and (word.is_array or item.key not in met):
            met.add(item.key)
            yield item


def _update(collection: str, section: Section, change: PendingChange) -> SdnCall:
    names = {item.name for item in change.properties if item.pending is not None}
    gone = ",".join(item.name for item in change.properties if item.pending is None)
    values = [(item.key, item.value) for item in _properties(collection, section) if item.key in names]
    return SdnCall("PUT", _place(collection, section), (*values, *([("delete", gone)] if gone else [])))


def _create(collection: str, section: Section) -> SdnCall:
    place, _, _ = _place(collection, section).rpartition("/")
    kind, id_ = NOUNS[collection], section.id
    if collection == "subnets":
        id_ = "/".join(id_.split("-")[1:])
    values = [(item.key, item.value) for item in _properties(collection, section)]
    if collection == "subnets":
        values = [(key, value) for key, value in values if key != "vnet"]  # it is in the path
    return SdnCall("POST", place, ((kind, id_), ("type", section.type), *values))


def _place(collection: str, section: Section) -> str:
    """The path of a definition."""
    if collection == "subnets":
        return f"cluster/sdn/vnets/{_segment(_value(section, 'vnet'))}/subnets/{_segment(section.id)}"
    return f"cluster/sdn/{collection}/{_segment(section.id)}"


def _segment(id_: str) -> str:
    if not _ID.fullmatch(id_):
        raise ApplyRefused(
            f"PVE's definitions have the name {id_[:40]!a}, which PVE's API does not take",
            hint="change it in PVE's panel, then run pvesdn plan",
        )
    return id_
