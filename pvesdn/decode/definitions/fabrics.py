"""PVE's fabrics.cfg: OpenFabric and OSPF fabrics become objects with their nodes, other kinds are left to PVE."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network, ip_interface
from typing import Any, Final

from pvesdn.decode.definitions import addresses, values
from pvesdn.decode.definitions.entries import Entry
from pvesdn.decode.definitions.source import PveDefinitions
from pvesdn.decode.definitions.values import BadValueError, integer, shown
from pvesdn.decode.definitions.words import Word, Words
from pvesdn.model.fabrics import Fabric, FabricInterface, FabricMember, UnmanagedFabric

_KNOWN = Word(is_used=False)
_KNOWN_ARRAY = Word(is_used=False, is_array=True)
_AREA = re.compile(r"[0-9]{1,10}|[0-9]{1,3}(\.[0-9]{1,3}){3}")
_MULTIPLIERS = (2, 100)


def _prefix(family: type[IPv4Network | IPv6Network]) -> Word:
    def read(value: str) -> Any:
        found = addresses.loose_network(value)
        return _of_family(found, family, value)

    return Word(read)


def _host(family: type[IPv4Address | IPv6Address]) -> Word:
    def read(value: str) -> Any:
        return _of_family(addresses.address(value), family, value)

    return Word(read)


def _of_family(found: Any, family: type, value: str) -> Any:
    if not isinstance(found, family):
        version = 4 if family.__name__.startswith("IPv4") else 6
        raise BadValueError(f"{shown(value)} is not IPv{version}", f"write it as IPv{version}")
    return found


def _area(value: str) -> str:
    if not _AREA.fullmatch(value):
        raise BadValueError(f"{shown(value)} is not an OSPF area", "write a number or a dotted quad such as 0.0.0.0")
    return value


def _interface(value: str) -> dict[str, Any]:
    """The fields of a property string such as ``name=ens19,ip=172.16.3.10/31``."""
    fields = dict.fromkeys(("name", "ip", "ip6", "hello_multiplier", "network_type"))
    for word in value.split(","):
        key, sign, given = word.partition("=")
        if not sign or key not in fields or fields[key] is not None:
            hint = f"write it like name=ens19,ip=172.16.3.10/31; known fields: {', '.join(sorted(fields))}"
            raise BadValueError(f"{shown(value)}: {shown(word)} is not a field of an interface", hint)
        fields[key] = given
    if not fields["name"]:
        raise BadValueError(f"{shown(value)} has no name", "write it like name=ens19")
    readers = {"name": values.fabric_interface, "ip": _cidr(IPv4Interface), "ip6": _cidr(IPv6Interface)}
    readers["hello_multiplier"] = integer(*_MULTIPLIERS)
    return {key: readers.get(key, values.text)(given) for key, given in fields.items() if given is not None}


def _cidr(family: type[IPv4Interface | IPv6Interface]) -> values.Reader:
    def read(value: str) -> Any:
        addresses.loose_network(value)
        return _of_family(ip_interface(value), family, value)

    return read


_FABRIC: Words = {"id": _KNOWN, "ip_prefix": _prefix(IPv4Network), "ip6_prefix": _prefix(IPv6Network)}
_MEMBER: Words = {"id": _KNOWN, "ip": _host(IPv4Address), "ip6": _host(IPv6Address)}
_ROUTED_MEMBER: Words = {**_MEMBER, "interfaces": Word(_interface, is_array=True)}
_LEFT_MEMBER: Words = {"id": _KNOWN, "ip": _KNOWN, "ip6": _KNOWN, "interfaces": _KNOWN_ARRAY, "role": _KNOWN}

FABRICS: Final[Mapping[str, Words]] = {
    "openfabric_fabric": {
        **_FABRIC,
        "hello_interval": Word(integer(1, 600)),
        "csnp_interval": Word(integer(1, 600)),
        "route_filter": _KNOWN,
    },
    "openfabric_node": _ROUTED_MEMBER,
    "ospf_fabric": {
        **_FABRIC,
        "area": Word(_area, is_required=True),
        "route_filter": _KNOWN,
        "redistribute": _KNOWN_ARRAY,
    },
    "ospf_node": _ROUTED_MEMBER,
    "wireguard_fabric": {**_FABRIC, "persistent_keepalive": _KNOWN},
    "wireguard_node": {
        **_LEFT_MEMBER,
        "endpoint": _KNOWN,
        "peers": _KNOWN_ARRAY,
        "allowed_ips": _KNOWN_ARRAY,
        "public_key": _KNOWN,
    },
    "bgp_fabric": {
        **_FABRIC,
        "bfd": Word(values.boolean, is_used=False),
        "redistribute": _KNOWN_ARRAY,
        "route_map_in": _KNOWN,
        "route_map_out": _KNOWN,
        "route_filter": _KNOWN,
    },
    "bgp_node": {**_LEFT_MEMBER, "asn": _KNOWN, "peer_ip": _KNOWN},
}
"""The properties of fabrics.cfg by section type (docs/pve.md §1.10)."""


def read_fabrics(found: PveDefinitions) -> None:
    """Fill `found.fabrics` from its entries: a fabric is a section of its own and one for each of its nodes."""
    members: dict[str, list[Entry]] = {}
    fabrics = [entry for entry in found.of("fabric") if entry.section.type.endswith("_fabric")]
    known = {entry.section.id: entry.section.type.removesuffix("_fabric") for entry in fabrics}
    for entry in found.of("fabric"):
        if entry.section.type.endswith("_node"):
            fabric, sign, node = entry.section.id.partition("_")
            if _names_member(entry, sign, node) and _fits(entry, fabric, known):
                members.setdefault(fabric, []).append(entry)
    for entry in fabrics:
        _add_fabric(entry, members.get(entry.section.id, ()), found)


def _names_member(entry: Entry, sign: str, node: str) -> bool:
    try:
        values.node(node)
    except BadValueError:
        entry.fail("id does not name a node", "write FABRIC_NODE such as lab_node1")
        return False
    return bool(sign)


def _fits(entry: Entry, fabric: str, known: Mapping[str, str]) -> bool:
    protocol = entry.section.type.removesuffix("_node")
    if fabric not in known:
        entry.fail(f"fabric '{values.legible(fabric)}' does not exist", "define it, or remove this section")
    elif known[fabric] != protocol:
        entry.fail(
            f"is of type {entry.section.type}, but the fabric is of type {known[fabric]}_fabric",
            f"write {known[fabric]}_node",
        )
    return known.get(fabric) == protocol


def _add_fabric(entry: Entry, members: Iterable[Entry], found: PveDefinitions) -> None:
    try:
        values.fabric_id(entry.section.id)
    except BadValueError as error:
        entry.fail(f"id {error.what}", error.hint)
    protocol = entry.section.type.removesuffix("_fabric")
    nodes = sorted(members, key=lambda member: member.section.id)
    if entry.section.id in found.unsupported.fabrics:
        names = frozenset(_node(member) for member in nodes)
        entry.values = {}
        left = entry.build(UnmanagedFabric, id=entry.section.id, type=entry.section.type, nodes=names)
        found.fabrics += [left] if left else []
        return
    _doubt(entry, nodes)
    if all(member.is_good for member in nodes):
        parts = tuple(_member(member, protocol) for member in nodes)
        fabric = entry.build(Fabric, id=entry.section.id, protocol=protocol, members=parts)
        found.fabrics += [fabric] if fabric else []


def _member(entry: Entry, protocol: str) -> FabricMember:
    interfaces = tuple(FabricInterface.model_validate(fields) for fields in entry.values.get("interfaces", ()))
    if protocol == "ospf" and any(i.ip6 is not None or i.hello_multiplier is not None for i in interfaces):
        entry.fail("an interface has ip6 or hello_multiplier, which OSPF does not have", "remove it", at="interfaces")
    return FabricMember(node=_node(entry), ip=entry.get("ip"), ip6=entry.get("ip6"), interfaces=interfaces)


def _node(entry: Entry) -> str:
    return entry.section.id.partition("_")[2]


def _doubt(entry: Entry, nodes: Iterable[Entry]) -> None:
    """Warn of what PVE will refuse to commit, in its own words."""
    prefixes = {"ip": entry.get("ip_prefix"), "ip6": entry.get("ip6_prefix")}
    if not any(prefixes.values()):
        entry.warn("has neither ip_prefix nor ip6_prefix, and PVE will not commit it", "add one in PVE")
    first: dict[Any, str] = {}
    for member in nodes:
        for name, prefix in prefixes.items():
            address = member.get(name)
            if address is None:
                continue
            if prefix is not None and address not in prefix:
                what = f"{name} {address} is outside {prefix}, and PVE will not commit it"
                member.warn(what, "choose an address in it", at=name)
            other = first.setdefault(address, member.section.id)
            if other != member.section.id:
                member.warn(f"{name} {address} is also used by '{other}', and PVE will not commit it", at=name)
