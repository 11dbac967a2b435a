"""PVE's .running-config, the committed definitions as JSON (docs/pve.md §2.1), turned into the sections they were."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address

from pvesdn.decode import json_text
from pvesdn.decode.definitions.addresses import pve_addresses
from pvesdn.decode.definitions.pve_words import NOUNS, OPEN, WORDS
from pvesdn.decode.definitions.section_config import Property, Section, has_forbidden
from pvesdn.decode.definitions.values import BadValueError, legible
from pvesdn.decode.json_text import WrongShapeError
from pvesdn.model.primitives import IpAddress, Json

FILE = ".running-config"


@dataclass(frozen=True, slots=True)
class RunningConfig:
    """What was committed last.

    :param version: None when nothing ever was.
    :param collections: sections by collection, such as ``zones``, sorted by id.
    :param faults: what is wrong with the document, as predicates of the file.
    :param is_readable: False when there is a text that is not JSON: PVE then treats it as empty.
    """

    version: int | None = None
    collections: Mapping[str, tuple[Section, ...]] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    is_readable: bool = True


def read_running(text: str | None) -> RunningConfig:
    """The committed definitions; an absent, empty or unreadable file means none. Raises nothing."""
    if text is None or not text.strip():
        return RunningConfig()
    try:
        document = json_text.load(text)
    except WrongShapeError:
        return RunningConfig(is_readable=False)
    if not isinstance(document, dict):
        return RunningConfig(faults=("is not a JSON object",))
    return _Reading().read(document)


def running_peers(text: str | None) -> frozenset[IpAddress]:
    """The peers of all committed zones and controllers; a list that cannot be read has none. Raises nothing."""
    found: set[IpAddress] = set()
    collections = read_running(text).collections
    for section in (*collections.get("zones", ()), *collections.get("controllers", ())):
        for item in section.properties:
            if item.key == "peers":
                with suppress(BadValueError):
                    found |= set(map(ip_address, pve_addresses(item.value)))
    return frozenset(found)


class _Reading:
    """One pass over the document."""

    def __init__(self) -> None:
        self._faults: list[str] = []

    def read(self, document: dict[str, Json]) -> RunningConfig:
        version = None
        if document.get("version") is not None:
            try:
                version = json_text.number(document["version"], "version")
            except WrongShapeError as error:
                self._faults.append(str(error))
        for key in sorted(document.keys() - WORDS.keys() - {"version"}):
            self._faults.append(f"key '{legible(key)}' is not known")
        collections = {name: self._collection(name, document.get(name)) for name in WORDS}
        return RunningConfig(version, collections, tuple(self._faults))

    def _collection(self, name: str, value: Json) -> tuple[Section, ...]:
        if value is None:
            return ()
        try:
            ids = json_text.mapping(json_text.mapping(value, name).get("ids"), f"{name}.ids", absent=True)
        except WrongShapeError as error:
            self._faults.append(str(error))
            return ()
        if name in OPEN:
            return tuple(_open_section(name, id_, ids[id_]) for id_ in sorted(ids))
        sections = (self._section(NOUNS[name], id_, ids[id_]) for id_ in sorted(ids))
        return tuple(section for section in sections if section is not None)

    def _section(self, noun: str, id_: str, value: Json) -> Section | None:
        what = f"{noun} '{legible(id_)}'"
        if not id_ or not id_.isprintable() or " " in id_:
            self._faults.append(f"{what}: id is empty or not printable")
            return None
        try:
            given = dict(json_text.mapping(value, what))
            kind = json_text.string(given.pop("type", noun if noun in ("vnet", "subnet") else None), f"{what}: type")
            properties = tuple(
                Property(key, item) for key in sorted(given) for item in _texts(f"{what}: '{legible(key)}'", given[key])
            )
        except WrongShapeError as error:
            self._faults.append(str(error))
            return None
        if bad := next((p for p in properties if has_forbidden(p.value) or has_forbidden(p.key)), None):
            self._faults.append(f"{what}: '{legible(bad.key)}' contains a line break or a control character")
            return None
        return Section(kind, id_, 0, properties)


def _open_section(collection: str, id_: str, value: Json) -> Section:
    """A definition whose shape is PVE's own affair; without properties if no file could hold it."""
    given = value if isinstance(value, dict) else {}
    kind = given.get("type") if isinstance(given.get("type"), str) else next(iter(WORDS[collection]))
    try:
        texts = {key: _texts(key, item) for key, item in sorted(given.items()) if key != "type"}
    except WrongShapeError:
        texts = {}
    return Section(str(kind), id_, 0, tuple(Property(key, text) for key, found in texts.items() for text in found))


def _texts(what: str, value: Json) -> tuple[str, ...]:
    """A property as section config spells it: a set as a comma list, an array as several lines, null as nothing."""
    if value is None or value == {}:
        return ()
    if isinstance(value, dict):
        return (",".join(sorted(value)),)
    if isinstance(value, list):
        return tuple(_scalar(what, item) for item in value)
    return (_scalar(what, value),)


def _scalar(what: str, value: Json) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, str):
        return value
    if isinstance(value, int) and abs(value) < 2**64:
        return str(value)
    message = f"{what} is neither text nor a whole number"
    raise WrongShapeError(message)
