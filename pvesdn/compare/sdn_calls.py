"""One call of PVE's API that edits one definition: its path and its parameters (docs/pve.md §3.6)."""

from __future__ import annotations

import re

from pvesdn.decode.definitions.pve_words import NOUNS, heeded
from pvesdn.decode.definitions.section_config import Section, value_of
from pvesdn.errors import ApplyRefused
from pvesdn.model.files import PendingChange
from pvesdn.model.sdn_edits import SdnCall

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}")
_IN_PATH = {"subnets": frozenset({"vnet"}), "fabrics": frozenset({"id"})}
"""What the file has as a property, and a call in its path or as another parameter."""


def creation(collection: str, section: Section) -> SdnCall:
    """The call that adds a definition.

    :param collection: whose file it is in, such as ``zones``.
    :raises ApplyRefused: its name cannot be part of a call.
    """
    place, _, _ = _place(collection, section).rpartition("/")
    return SdnCall("POST", place, (*_identity(collection, section), *_values(collection, section)))


def update(collection: str, section: Section, change: PendingChange) -> SdnCall:
    """The call that changes a definition. :param section: as it is to be.

    :raises ApplyRefused: its name cannot be part of a call.
    """
    names = {item.name for item in change.properties if item.pending is not None}
    gone = [item.name for item in change.properties if item.pending is None]
    values = [(key, value) for key, value in _values(collection, section) if key in names]
    if collection == "fabrics":  # Rust takes an array here, Perl elsewhere a list
        values = [("protocol", _protocol(section)), *values, *(("delete", name) for name in gone)]
    elif gone:
        values.append(("delete", ",".join(gone)))
    return SdnCall("PUT", _place(collection, section), tuple(values))


def deletion(collection: str, section: Section) -> SdnCall:
    """The call that removes a definition.

    :raises ApplyRefused: its name cannot be part of a call.
    """
    return SdnCall("DELETE", _place(collection, section))


def is_member(section: Section) -> bool:
    """Whether a section of fabrics.cfg is a node of a fabric."""
    return section.type.endswith("_node")


def _protocol(section: Section) -> str:
    return section.type.rpartition("_")[0]


def _identity(collection: str, section: Section) -> tuple[tuple[str, str], ...]:
    """What a new definition is, and by which name."""
    if collection == "fabrics":
        key, id_ = ("node_id", section.id.partition("_")[2]) if is_member(section) else ("id", section.id)
        return (key, id_), ("protocol", _protocol(section))
    id_ = "/".join(section.id.split("-")[1:]) if collection == "subnets" else section.id
    return (NOUNS[collection], id_), ("type", section.type)


def _values(collection: str, section: Section) -> list[tuple[str, str]]:
    hidden = _IN_PATH.get(collection, frozenset())
    return [(item.key, item.value) for item in heeded(collection, section) if item.key not in hidden]


def _place(collection: str, section: Section) -> str:
    """The path of a definition."""
    if collection == "subnets":
        return f"cluster/sdn/vnets/{_segment(value_of(section, 'vnet'))}/subnets/{_segment(section.id)}"
    if collection == "fabrics" and is_member(section):
        fabric, _, node = section.id.partition("_")
        return f"cluster/sdn/fabrics/node/{_segment(fabric)}/{_segment(node)}"
    below = "fabrics/fabric" if collection == "fabrics" else collection
    return f"cluster/sdn/{below}/{_segment(section.id)}"


def _segment(id_: str) -> str:
    if not _ID.fullmatch(id_):
        raise ApplyRefused(
            f"PVE's definitions have the name {id_[:40]!a}, which PVE's API does not take",
            hint="change it in PVE's panel, then run pvesdn plan",
        )
    return id_
