"""Which of PVE's definitions are not committed yet (docs/pve.md §2.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from pvesdn.decode.definitions.pve_words import NOUNS, OPEN, WORDS
from pvesdn.decode.definitions.section_config import Section
from pvesdn.decode.definitions.values import BadValueError, boolean, words
from pvesdn.model.files import PendingChange, PendingProperty

_SETS = frozenset({"nodes", "exitnodes"})
_ARRAYS = frozenset({"dhcp-range", "interfaces"})
# PVE's Rust code repeats the id inside the object, its Perl code does not.
_NOT_COMPARED = frozenset({"id"})
# What PVE never counts among the pending properties of a new definition.
_AT_TOP_LEVEL = frozenset({"type", "vnet"})

_Properties: TypeAlias = dict[str, str]


def has_definitions(files: Mapping[str, str]) -> bool:
    """Whether any of PVE's definition files was read, an empty one included.

    PVE makes them with the first definition and never removes one. Where all are missing they were not read, as in a
    snapshot of what was committed; reading that as "delete everything" would tear the network down.
    """
    return any(f"{name}.cfg" in files for name in WORDS)


def pending_changes(
    pending: Mapping[str, Iterable[Section]], running: Mapping[str, Iterable[Section]]
) -> tuple[PendingChange, ...]:
    """What PVE would show as new, changed or deleted, sorted by kind and id. Never raises.

    :param pending: sections of PVE's definition files by collection, such as ``zones``.
    :param running: those of `.running-config`.
    """
    changes: list[PendingChange] = []
    for collection, noun in NOUNS.items():
        new = {section.id: _normal(section, collection) for section in pending.get(collection, ())}
        old = {section.id: _normal(section, collection) for section in running.get(collection, ())}
        for id_ in new.keys() | old.keys():
            if id_ not in old:
                changes.append(PendingChange(noun, id_, "new", _properties({}, new[id_], hidden=_AT_TOP_LEVEL)))
            elif id_ not in new:
                changes.append(PendingChange(noun, id_, "deleted"))
            elif new[id_] != old[id_] and not _is_unreadable(collection, old[id_]):
                changes.append(PendingChange(noun, id_, "changed", _properties(old[id_], new[id_])))
    return tuple(sorted(changes, key=lambda change: (change.kind, change.id)))


def _properties(
    old: _Properties, new: _Properties, *, hidden: frozenset[str] = frozenset()
) -> tuple[PendingProperty, ...]:
    names = sorted((old.keys() | new.keys()) - hidden)
    return tuple(PendingProperty(n, old.get(n), new.get(n)) for n in names if old.get(n) != new.get(n))


def _is_unreadable(collection: str, old: _Properties) -> bool:
    """Only a type: PVE committed it in an unknown shape, so nothing is known to differ."""
    return collection in OPEN and old.keys() <= {"type"}


def _normal(section: Section, collection: str) -> _Properties:
    """The properties, with equivalent spellings made equal."""
    known = WORDS[collection].get(section.type, {})
    found: _Properties = {"type": section.type}
    arrays: dict[str, list[str]] = {}
    for item in section.properties:
        if item.value == "":
            continue  # absent as far as PVE is concerned, and so for the reader of the definitions
        word = known.get(item.key)
        if item.key in _ARRAYS or collection in OPEN or (word is not None and word.is_array):
            arrays.setdefault(item.key, []).append(item.value)
        elif item.key not in _NOT_COMPARED:
            found.setdefault(item.key, _normal_value(item.key, item.value, is_boolean=bool(word and word.is_boolean)))
    return found | {key: ",".join(sorted(items)) for key, items in arrays.items()}


def _normal_value(key: str, value: str, *, is_boolean: bool) -> str:
    if key in _SETS:
        return ",".join(sorted(set(words(value))))
    if is_boolean:
        try:
            return "1" if boolean(value) else "0"
        except BadValueError:
            return value
    digits = value.removeprefix("-")
    if digits.isascii() and digits.isdigit() and len(digits) < 19:  # noqa: PLR2004 - 64 bits
        return str(int(value))
    return value
