"""PVE's fabrics on one node: their interfaces, and OpenFabric and OSPF in FRR (docs/pve.md §5.10, §6.6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address
from typing import TypeVar

from pvesdn.design.pve.spelling import canonical
from pvesdn.design.shared import names
from pvesdn.model.fabrics import Fabric, FabricInterface, FabricMember
from pvesdn.model.frr import (
    AccessList,
    FrrConfig,
    OpenfabricInterface,
    OpenfabricRouter,
    OspfInterface,
    ProtocolMap,
    RouteMapEntry,
)
from pvesdn.model.pve_ifupdown import PveFabricInterface

_Interface = TypeVar("_Interface", OpenfabricInterface, OspfInterface)

_AREA = "49.0001"
_FIRST_SEQUENCE, _STEP = 100, 10
_FAMILY_MARKS = {"ip": "", "ipv6": "6"}


def fabric_interfaces(fabrics: Iterable[Fabric], node: str) -> tuple[PveFabricInterface, ...]:
    """What `interfaces.d/sdn` ends with. :param fabrics: sorted by id."""
    found: list[PveFabricInterface] = []
    for fabric, member in _joined(fabrics, node):
        own = tuple(_own_addresses(member))
        dummy = names.fabric_dummy(fabric.id)
        found += [PveFabricInterface(dummy, family, address, is_dummy=True) for family, address in own]
        for interface in member.interfaces:
            # An interface without an address borrows the node's.
            addresses = tuple(_addresses(interface)) or own[:1]
            found += [PveFabricInterface(interface.name, family, address) for family, address in addresses]
    return tuple(found)


def add_fabrics(config: FrrConfig, fabrics: Iterable[Fabric], node: str) -> FrrConfig:
    """`config` with the fabrics that the node is in. :param fabrics: sorted by id."""
    joined = tuple(_joined(fabrics, node))
    openfabric = tuple(pair for pair in joined if pair[0].protocol == "openfabric")
    ospf = tuple(pair for pair in joined if pair[0].protocol == "ospf")
    maps = tuple(_route_maps(joined))
    return replace(
        config,
        openfabric_routers=tuple(_openfabric_routers(openfabric)),
        openfabric_interfaces=_by_name(i for fabric, member in openfabric for i in _openfabric(fabric, member)),
        ospf_router_id=next((member.ip for _, member in ospf if member.ip is not None), None),
        ospf_interfaces=_by_name(i for fabric, member in ospf for i in _ospf(fabric, member)),
        access_lists=tuple(sorted(_access_lists(joined), key=lambda access: access.name)),
        route_maps=tuple(
            sorted((*config.route_maps, *(entry for _, entry in maps)), key=lambda e: (e.name, e.sequence))
        ),
        protocol_maps=tuple(
            sorted({*config.protocol_maps, *(protocol for protocol, _ in maps)}, key=lambda m: (m.protocol, m.family))
        ),
    )


def _joined(fabrics: Iterable[Fabric], node: str) -> Iterator[tuple[Fabric, FabricMember]]:
    for fabric in fabrics:
        member = fabric.member(node)
        if member is not None:
            yield fabric, member


def _own_addresses(member: FabricMember) -> Iterator[tuple[str, str]]:
    if member.ip is not None:
        yield "inet", f"{member.ip}/32"
    if member.ip6 is not None:
        yield "inet6", canonical(f"{member.ip6}/128")


def _addresses(interface: FabricInterface) -> Iterator[tuple[str, str]]:
    if interface.ip is not None:
        yield "inet", str(interface.ip)
    if interface.ip6 is not None:
        yield "inet6", canonical(str(interface.ip6))


def _openfabric_routers(pairs: tuple[tuple[Fabric, FabricMember], ...]) -> Iterator[OpenfabricRouter]:
    """A router for each fabric; the node's first address identifies it in all of them."""
    addresses = [member.ip or member.ip6 for _, member in pairs]
    address = next((found for found in addresses if found is not None), None)
    if address is not None:
        for fabric, _ in pairs:
            yield OpenfabricRouter(fabric.id, f"{_AREA}.{_system_id(address)}.00")


def _system_id(address: IPv4Address | IPv6Address) -> str:
    """Six bytes as ISO 10589 writes them: an IPv4 address's decimal digits, or the end of an IPv6 address."""
    if isinstance(address, IPv6Address):
        return ".".join(address.exploded.split(":")[-3:])
    digits = "".join(f"{octet:03d}" for octet in address.packed)
    return ".".join(digits[start : start + 4] for start in (0, 4, 8))


def _openfabric(fabric: Fabric, member: FabricMember) -> Iterator[OpenfabricInterface]:
    spoken = {"ip": member.ip, "ipv6": member.ip6}
    families = tuple(family for family, address in spoken.items() if address is not None)
    yield OpenfabricInterface(names.fabric_dummy(fabric.id), fabric.id, families, is_passive=True)
    for interface in member.interfaces:
        yield OpenfabricInterface(
            interface.name,
            fabric.id,
            families,
            hello_interval=fabric.hello_interval,
            hello_multiplier=interface.hello_multiplier,
            csnp_interval=fabric.csnp_interval,
        )


def _ospf(fabric: Fabric, member: FabricMember) -> Iterator[OspfInterface]:
    area = fabric.area or ""
    yield OspfInterface(names.fabric_dummy(fabric.id), area, is_passive=True)
    for interface in member.interfaces:
        yield OspfInterface(interface.name, area, is_unnumbered=interface.ip is None)


def _by_name(interfaces: Iterable[_Interface]) -> tuple[_Interface, ...]:
    """Sorted by name; PVE allows an interface in one fabric only."""
    found = {interface.name: interface for interface in interfaces}
    return tuple(found[name] for name in sorted(found))


def _list_name(fabric: Fabric, family: str) -> str:
    return f"pve_{fabric.protocol}_{fabric.id}_ip{_FAMILY_MARKS[family]}s"


def _access_lists(pairs: Iterable[tuple[Fabric, FabricMember]]) -> Iterator[AccessList]:
    for fabric, _ in pairs:
        if fabric.ip_prefix is not None:
            yield AccessList("access-list", _list_name(fabric, "ip"), str(fabric.ip_prefix))
        if fabric.ip6_prefix is not None:
            yield AccessList("ipv6 access-list", _list_name(fabric, "ipv6"), str(fabric.ip6_prefix))


def _route_maps(pairs: Iterable[tuple[Fabric, FabricMember]]) -> Iterator[tuple[ProtocolMap, RouteMapEntry]]:
    """Routes that a fabric gives the kernel have the node's own address as source; entries are numbered across all
    fabrics.
    """
    sequence = _FIRST_SEQUENCE
    for fabric, member in pairs:
        for family, address in (("ip", member.ip), ("ipv6", member.ip6)):
            if address is None or (fabric.protocol == "ospf" and family == "ipv6"):
                continue
            name = f"pve_{fabric.protocol}{_FAMILY_MARKS[family]}"
            match = f"match {family} address {_list_name(fabric, family)}"
            entry = RouteMapEntry(name, "permit", sequence, (match,), (f"set src {address}",))
            yield ProtocolMap(family, fabric.protocol, name), entry
            sequence += _STEP
