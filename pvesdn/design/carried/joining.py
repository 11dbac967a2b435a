"""VNets that are drawn in PVE's panel and carried by a zone of ours: here they become VNets of ours.

From here on only `Vnet.drawn_in` tells them from others. Pure.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from pvesdn.design.carried.allotting import DrawnVnet, allot
from pvesdn.design.carried.exchanging import exchanging
from pvesdn.design.carried.keeping import crossing, kept
from pvesdn.design.carried.reserved import written
from pvesdn.design.carried.standing import lost_homes, standing
from pvesdn.model.design import DesignInput
from pvesdn.model.findings import Finding
from pvesdn.model.own_sdn import OwnSdn, OwnZone
from pvesdn.model.primitives import MTU_MAX, MTU_MIN
from pvesdn.model.pve_sdn import PveSimpleZone
from pvesdn.model.vnets import Subnet, Vnet
from pvesdn.model.vnis import VniTable


@dataclass(frozen=True, slots=True)
class Carried:
    """The intent with everything that our zones carry in its own half.

    :param findings: what was found while VNIs were given.
    :param vnis: what pvesdn-vnis.cfg has to hold; None where nothing is carried, nor was.
    """

    given: DesignInput
    findings: tuple[Finding, ...] = ()
    vnis: VniTable | None = None


def carry(
    given: DesignInput,
    *,
    new: Container[str] = (),
    only_looks: bool = False,
    refused: frozenset[str] = frozenset(),
    detaches_guests: bool = False,
    guest_names: Mapping[int, str] = MappingProxyType({}),
) -> Carried:
    """Make the VNets of PVE's zones that ours carry VNets of ours, each with its VNI.

    A zone that cannot be carried stays without VNets; `design.checks.carried` says why.

    :param new: ids of VNets that PVE has never committed.
    :param only_looks: nothing is planned: what the nodes have of a zone that is gone from PVE is as it should be.
    :param refused: zones of PVE's that cannot be carried as they are: what the nodes have of them stays, too.
    :param detaches_guests: nothing is kept, and no move refused, because guests are plugged into it.
    :param guest_names: by id, as far as they are known.
    """
    zones = {zone.id: home for zone, home in _pairs(given) if home.id not in refused}
    lost = lost_homes(given, zones, refused) if only_looks else {}
    if not zones and not lost:
        return _nothing(given, guest_names, only_looks=only_looks, detaches_guests=detaches_guests)
    own = given.sdn.own
    drawn = [
        DrawnVnet(zone, vnet, zones[zone.id].nodes, is_new=vnet.id in new)
        for zone in own.zones
        if zone.id in zones
        for vnet in given.sdn.pve.vnets
        if vnet.zone == zones[zone.id].id
    ]
    staying = () if detaches_guests else kept(given, zones)
    drawn += [item.drawn for item in staying]
    remaining = tuple(standing(given, lost, {item.vnet.id for item in drawn} | {vnet.id for vnet in own.vnets}))
    drawn += remaining
    allotted = allot(drawn, given, only_looks=only_looks)
    made = tuple(
        item.vnet.model_copy(
            update={"zone": item.zone.id, "tag": allotted.tags[item.vnet.id], "drawn_in": item.vnet.zone}
        )
        for item in drawn
        if item.vnet.id in allotted.tags
    )
    left = {item.drawn.vnet.id for item in staying}
    left |= {item.vnet.id for item in remaining if item.vnet.zone not in refused}
    subnets = tuple(subnet for subnet in given.sdn.pve.subnets if subnet.vnet not in left)
    complete = _with(own, {**zones, **lost}, made, subnets)
    going = () if detaches_guests else _crossing(given, zones, allotted.tags, guest_names)
    findings = (*allotted.findings, *(item.finding(guest_names) for item in staying), *going)
    pve = given.sdn.pve.model_copy(update={"lost_zones": tuple(z for z in lost.values() if z.id not in refused)})
    return Carried(replace(given, sdn=replace(given.sdn, own=complete, pve=pve)), findings, allotted.table)


def _nothing(given: DesignInput, guest_names: Mapping[int, str], *, only_looks: bool, detaches_guests: bool) -> Carried:
    """Where nothing is carried any more: guests may still be in what was, and members that are off have its VNIs."""
    going = () if detaches_guests else tuple(_crossing(given, {}, {}, guest_names))
    if not written(given):
        return Carried(given, going)
    held = allot((), given, only_looks=only_looks)
    return Carried(given, (*held.findings, *going), held.table)


def _crossing(
    given: DesignInput, zones: Mapping[str, PveSimpleZone], tags: Mapping[str, int], guest_names: Mapping[int, str]
) -> Iterator[Finding]:
    """VNets whose guests would find themselves in another network."""
    yield from crossing(given, zones, tags, guest_names)
    yield from exchanging(given, zones.keys(), guest_names)


def _pairs(given: DesignInput) -> Iterator[tuple[OwnZone, PveSimpleZone]]:
    """Our zones that carry one of PVE's, with that one."""
    simple = {zone.id: zone for zone in given.sdn.pve.zones if isinstance(zone, PveSimpleZone)}
    return ((zone, simple[home]) for home, zone in given.sdn.own.carriers.items() if home in simple)


def _with(
    own: OwnSdn, zones: Mapping[str, PveSimpleZone], vnets: tuple[Vnet, ...], subnets: tuple[Subnet, ...]
) -> OwnSdn:
    ids = {vnet.id for vnet in vnets}
    by_id: Any = attrgetter("id")
    return own.model_copy(
        update={
            "zones": tuple(_zone(zone, zones[zone.id]) if zone.id in zones else zone for zone in own.zones),
            "vnets": tuple(sorted((*own.vnets, *vnets), key=by_id)),
            "subnets": tuple(sorted((*own.subnets, *(subnet for subnet in subnets if subnet.vnet in ids)), key=by_id)),
        }
    )


def _zone(zone: OwnZone, home: PveSimpleZone) -> OwnZone:
    """The nodes are PVE's; so is the MTU, unless it is said here too."""
    said = home.mtu if home.mtu is not None and MTU_MIN <= home.mtu <= MTU_MAX else None
    return zone.model_copy(update={"nodes": home.nodes, "mtu": zone.mtu or said})
