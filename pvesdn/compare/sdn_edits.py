"""The calls of PVE's API that make other definitions of those that PVE has (docs/pve.md §3.6, §9)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from pvesdn.compare.sdn_calls import creation, deletion, is_member, update
from pvesdn.compare.sdn_claims import handed_over
from pvesdn.decode.definitions.pending import pending_changes
from pvesdn.decode.definitions.pve_words import NOUNS, WORDS
from pvesdn.decode.definitions.section_config import Property, Section, scan, value_of, write
from pvesdn.model.files import PendingChange
from pvesdn.model.sdn_edits import SdnCall

Collections = Mapping[str, tuple[Section, ...]]
"""Sections by collection, such as ``zones``."""

WRITTEN = ("fabrics", "controllers", "zones", "vnets", "subnets")
"""The collections that can be written."""
_LEVELS = ("fabrics", "members", "controllers", "zones", "vnets", "subnets")
"""What can be written, each behind what it refers to: a fabric's nodes are definitions of their own in its file."""
_COLLECTION = {"members": "fabrics"}
_PROTOCOLS = frozenset({"openfabric", "ospf"})
"""Of fabrics whose calls are known."""
_HOMES: Mapping[str, tuple[tuple[str, Callable[[Section], str]], ...]] = {
    "members": (("fabrics", lambda section: section.id.partition("_")[0]),),
    "controllers": (("fabrics", lambda section: value_of(section, "fabric")),),
    "zones": (
        ("controllers", lambda section: value_of(section, "controller")),
        ("fabrics", lambda section: value_of(section, "fabric")),
    ),
    "vnets": (("zones", lambda section: value_of(section, "zone")),),
    "subnets": (("vnets", lambda section: value_of(section, "vnet")),),
}
"""What a definition hangs on: PVE deletes nothing that something hangs on."""
_MOVABLE: Mapping[str, frozenset[str]] = {
    "controllers": frozenset({"fabric", "peers"}),
    "zones": frozenset({"controller", "fabric", "peers"}),
}
"""By which properties a definition can be told to hang on another, or on none."""
_FIXED = {"vnets": frozenset({"type", "zone"}), "subnets": frozenset({"type", "vnet"})}
_WITH_SUBNETS = frozenset({"type", "ipam"})
"""What PVE does not change in a definition that is there; in a zone the IPAM as long as it has subnets."""
_PREFIXES = frozenset({"ip_prefix", "ip6_prefix"})
"""Of a fabric: no call takes one away, and every one of its nodes has to fit them after each call."""

_Id = tuple[str, str]
"""Level and id."""


def is_written(change: PendingChange, old: Collections, new: Collections) -> bool:
    """Whether the calls that make such a change are known."""
    if change.kind == NOUNS["fabrics"]:
        sections = (*old.get("fabrics", ()), *new.get("fabrics", ()))
        return all(one.type.rpartition("_")[0] in _PROTOCOLS for one in sections if one.id == change.id)
    return change.kind in {NOUNS[name] for name in WRITTEN}


def calls_between(old: Collections, new: Collections) -> tuple[SdnCall, ...]:
    """The calls that make `new` of `old`, in an order that PVE accepts.

    What goes is deleted first, subnets before their VNet and VNets before their zone. What PVE cannot change is deleted
    with all that hangs on it, and created again; but what can be moved off it is moved before, and stays.

    :raises ApplyRefused: a definition has a name that cannot be part of a call.
    """
    return tuple(_Calls(_known(old), _known(new)).made())


def rewritten(text: str, collection: str, old: Collections, new: Collections) -> str:
    """A definition file of PVE's as the calls leave it, more or less: the sections that change with their new
    properties, all others as they are.

    :param text: of the file, whose sections are those of `old`.
    """
    before, after = _by_id(old.get(collection, ())), _by_id(new.get(collection, ()))
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
    known = WORDS[collection].get(section.type, {})
    is_same = section.type == wanted.type
    unknown = tuple(item for item in section.properties if is_same and item.key not in known)
    return Section(wanted.type, wanted.id, properties=(*wanted.properties, *unknown))


def _known(given: Collections) -> Collections:
    return {name: given.get(name, ()) for name in WRITTEN}


def _by_id(sections: Iterable[Section]) -> dict[str, Section]:
    return {section.id: section for section in sections}


def _by_level(given: Collections) -> dict[str, dict[str, Section]]:
    found = {name: _by_id(given[_COLLECTION.get(name, name)]) for name in _LEVELS}
    for name in ("fabrics", "members"):
        found[name] = {id_: one for id_, one in found[name].items() if is_member(one) == (name == "members")}
    return found


def _changes(old: Collections, new: Collections) -> tuple[PendingChange, ...]:
    return pending_changes(new, old)


@dataclass
class _Calls:
    """One walk from the old definitions to the new ones."""

    old: Collections
    new: Collections

    def __post_init__(self) -> None:
        nouns = {noun: name for name, noun in NOUNS.items()}
        self._before, self._after = _by_level(self.old), _by_level(self.new)
        self._changes = {(nouns[change.kind], change.id): change for change in _changes(self.old, self.new)}
        self._again: set[_Id] = set()
        self._between: dict[_Id, Section] = {}
        for level in _LEVELS:
            self._again |= set(self._made_again(level))

    def made(self) -> Iterator[SdnCall]:
        yield from self._moves()
        yield from self._deletions()
        for level in _LEVELS:
            collection = _COLLECTION.get(level, level)
            for id_, section in self._after[level].items():
                change = self._change(level, id_)
                if change is not None and change.state == "changed" and (level, id_) not in self._again:
                    yield update(collection, section, change)
            for id_, section in self._after[level].items():
                if id_ not in self._before[level] or (level, id_) in self._again:
                    yield creation(collection, section)

    def _moves(self) -> Iterator[SdnCall]:
        for (level, id_), section in self._between.items():
            if (change := _step(level, self._before[level][id_], section)) is not None:
                yield update(level, section, change)

    def _deletions(self) -> Iterator[SdnCall]:
        for level in reversed(_LEVELS):
            for id_, section in self._before[level].items():
                if id_ not in self._after[level] or (level, id_) in self._again:
                    yield deletion(_COLLECTION.get(level, level), section)

    def _change(self, level: str, id_: str) -> PendingChange | None:
        """What is still to change in what has its place, whether that was always there or is there by now."""
        if (level, id_) in self._between:
            return _step(level, self._between[level, id_], self._after[level][id_])
        return self._changes.get((_COLLECTION.get(level, level), id_))

    def _changed(self, level: str, id_: str) -> set[str]:
        """The properties that change."""
        change = self._change(level, id_)
        return {item.name for item in change.properties} if change is not None else set()

    def _lost(self, level: str, id_: str) -> set[str]:
        """The properties that go."""
        change = self._change(level, id_)
        return {item.name for item in change.properties if item.pending is None} if change is not None else set()

    def _made_again(self, level: str) -> Iterator[_Id]:
        """What stays by its name and is deleted all the same, with everything that hangs on it: those of the levels
        before are known.
        """
        swapped = handed_over(level, self._before[level], self._after[level])
        with_subnets = {id_.partition("-")[0] for id_ in self._before["subnets"]} if level == "zones" else set()
        for id_, section in self._before[level].items():
            fixed = _WITH_SUBNETS if id_ in with_subnets else _FIXED.get(level, frozenset({"type"}))
            if id_ in self._after[level] and (
                id_ in swapped
                or self._changed(level, id_) & fixed
                or self._lost(level, id_) & _PREFIXES
                or self._loses_its_home(level, section)
            ):
                yield level, id_

    def _loses_its_home(self, level: str, section: Section) -> bool:
        """Whether what it hangs on goes, and it cannot be moved off there before: where it can, it is from now on."""
        homes = _HOMES.get(level, ())
        if level == "members" and any(self._changed(home, id_in(section)) & _PREFIXES for home, id_in in homes):
            return True
        if not any(self._goes(home, id_in(section)) for home, id_in in homes):
            return False
        between = self._moved(level, section)
        if between is not None:
            self._between[level, section.id] = between
        return between is None

    def _goes(self, home: str, id_: str) -> bool:
        return id_ in self._before[home] and not self._stays(home, id_)

    def _stays(self, home: str, id_: str) -> bool:
        return id_ in self._before[home] and id_ in self._after[home] and (home, id_) not in self._again

    def _moved(self, level: str, section: Section) -> Section | None:
        """The same on what it is to hang on if that is there all along, else on the addresses of its fabric's nodes:
        PVE wants peers where there is no fabric.
        """
        after, keys = self._after[level][section.id], _MOVABLE.get(level, frozenset())
        if keys and all(not id_in(after) or self._stays(home, id_in(after)) for home, id_in in _HOMES[level]):
            return _replaced(section, keys, (item for item in after.properties if item.key in keys))
        fabric = value_of(section, "fabric")
        if "fabric" not in keys or not self._goes("fabrics", fabric):
            return None
        nodes = (one for id_, one in self._before["members"].items() if id_.partition("_")[0] == fabric)
        peers = ",".join(address for one in nodes if (address := value_of(one, "ip") or value_of(one, "ip6")))
        return _replaced(section, {"fabric", "peers"}, [Property("peers", peers)]) if peers else None


def _step(collection: str, old: Section, new: Section) -> PendingChange | None:
    """What changes in one definition."""
    return next(iter(_changes({collection: (old,)}, {collection: (new,)})), None)


def _replaced(section: Section, keys: AbstractSet[str], properties: Iterable[Property]) -> Section:
    """With other properties of some names."""
    return replace(section, properties=(*(one for one in section.properties if one.key not in keys), *properties))
