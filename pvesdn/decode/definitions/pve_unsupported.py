"""Definitions that came after libpve-network-perl 1.3, known by name alone (docs/pve.md §0) and left to PVE."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from pvesdn.decode.definitions.entries import Entry
from pvesdn.decode.definitions.values import BadValueError, legible, nodes
from pvesdn.model.pve_sdn import UnsupportedDefinition

OF_EVPN = frozenset({"ebgp-multihop", "nodes", "peer-group-name", "bgp-mode", "route-map-in", "route-map-out"})
OF_BGP = frozenset({"route-map-in", "route-map-out"})
"""Properties of evpn and bgp controllers."""
_OF_FABRICS = frozenset({"route_filter", "redistribute", "route_map_in", "route_map_out"})
_PROTOCOLS = frozenset({"wireguard", "bgp"})
_NETWORK_TYPE = "network_type"

_Entries = Callable[[str], Iterable[Entry]]


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Those among PVE's definitions.

    :param definitions: in the order of the files.
    :param fabrics: ids of fabrics.
    :param controllers: ids of controllers.
    """

    definitions: tuple[UnsupportedDefinition, ...] = ()
    fabrics: frozenset[str] = field(default_factory=frozenset)
    controllers: frozenset[str] = field(default_factory=frozenset)

    def why_unmanaged(self, zone: Entry) -> str:
        """Why a zone is left to PVE; empty when nothing in it is unsupported."""
        if zone.has("secondary-controllers"):
            return "it has secondary-controllers"
        named = {item.key: item.value for item in zone.section.properties}
        if named.get("fabric") in self.fabrics:
            return f"fabric '{legible(named['fabric'])}' is newer than what pvesdn renders"
        if named.get("controller") in self.controllers:
            return f"controller '{legible(named['controller'])}' is newer than what pvesdn renders"
        return ""


def find_unsupported(of: _Entries) -> Unsupported:
    """Look through PVE's definitions. Never raises.

    :param of: the entries of a noun, such as ``controller``, in file order.
    """
    fabrics = dict(_fabrics(of("fabric")))
    controllers = dict(_controllers(of("controller"), fabrics.keys()))
    zones = [
        _definition(zone, "zone", "with secondary-controllers")
        for zone in of("zone")
        if zone.has("secondary-controllers")
    ]
    # Where PVE prints a map or a list that nothing refers to is not known: assume wherever it writes FRR.
    has_frr = any(True for noun in ("controller", "fabric") for _ in of(noun))
    lists = [
        UnsupportedDefinition(
            where=entry.where, what=f"{noun} '{entry.where.id}'", nodes=None if has_frr else frozenset()
        )
        for noun in ("route-map", "prefix-list")
        for entry in of(noun)
    ]
    definitions = (*fabrics.values(), *controllers.values(), *zones, *lists)
    return Unsupported(definitions, frozenset(fabrics), frozenset(controllers))


def _fabrics(entries: Iterable[Entry]) -> Iterator[tuple[str, UnsupportedDefinition]]:
    members: dict[str, list[Entry]] = {}
    for entry in entries:
        # A fabric's id has no underscore; that of a member is `<fabric>_<node>`.
        members.setdefault(entry.section.id.partition("_")[0], []).append(entry)
    for id_, sections in members.items():
        reason = next((why for section in sections if (why := _why_fabric(section))), "")
        if reason:
            names = frozenset(name for section in sections for name in _node(section.section.id.partition("_")[2]))
            first = sections[0].where
            yield id_, UnsupportedDefinition(where=first, what=f"fabric '{legible(id_)}' {reason}", nodes=names)


def _why_fabric(entry: Entry) -> str:
    protocol = entry.section.type.partition("_")[0]
    if protocol in _PROTOCOLS:
        return f"of type {protocol}"
    used = sorted(_OF_FABRICS.intersection(item.key for item in entry.section.properties))
    if any(f"{_NETWORK_TYPE}=" in item.value for item in entry.section.properties if item.key == "interfaces"):
        used.append(_NETWORK_TYPE)
    return f"with {', '.join(used)}" if used else ""


def _controllers(entries: Iterable[Entry], fabrics: Iterable[str]) -> Iterator[tuple[str, UnsupportedDefinition]]:
    known = {"evpn": OF_EVPN, "bgp": OF_BGP}
    found = list(entries)
    is_one_of_several = len([entry for entry in found if entry.section.type == "evpn"]) > 1
    unsupported_fabrics = frozenset(fabrics)
    for entry in found:
        named = {item.key: item.value for item in reversed(entry.section.properties)}
        used = sorted(known.get(entry.section.type, frozenset()) & named.keys())
        if used:
            reason = f"with {', '.join(used)}"
        elif entry.section.type == "evpn" and is_one_of_several:
            reason = "in addition to another EVPN controller"
        elif entry.section.type == "evpn" and named.get("fabric") in unsupported_fabrics:
            reason = f"over fabric '{legible(named['fabric'])}'"
        else:
            continue
        yield entry.section.id, _definition(entry, "controller", reason)


def _definition(entry: Entry, noun: str, reason: str) -> UnsupportedDefinition:
    named = {item.key: item.value for item in reversed(entry.section.properties)}
    return UnsupportedDefinition(
        where=entry.where,
        what=f"{noun} '{entry.where.id}' {reason}",
        nodes=frozenset(_node(named["node"])) if "node" in named else _nodes(named.get("nodes")),
    )


def _nodes(text: str | None) -> frozenset[str] | None:
    """A list that cannot be read was reported where it stands; here it means every node."""
    if text is None:
        return None
    try:
        return nodes(text)
    except BadValueError:
        return None


def _node(name: str) -> frozenset[str]:
    """One node, or none where the name does not belong to one, such as that of an outside peer."""
    found = _nodes(name) if name else None
    return found if found is not None and len(found) == 1 else frozenset()
