"""PVE's own definitions by id, and their stanzas that are the same on every node: made once for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from pvesdn.design.pve.bridges import BridgedStanzas
from pvesdn.design.pve.zones import ZoneStanzas, vnet_bridge, zone_stanzas
from pvesdn.model.fabrics import Fabric
from pvesdn.model.pve_controllers import PveBgpController, PveIsisController
from pvesdn.model.pve_ifupdown import PveVnetBridge
from pvesdn.model.pve_sdn import (
    NodeController,
    PveEvpnController,
    PveEvpnZone,
    PveSdn,
    PveSimpleZone,
    PveVxlanZone,
    RenderedPveZone,
    UnmanagedZone,
)
from pvesdn.model.vnets import Subnet, Vnet


@dataclass(frozen=True, slots=True)
class PveIndex:
    """What the design of PVE's files on a node looks up; built in one pass over the definitions.

    :param zones: zones that pvesdn renders, sorted by id.
    :param unmanaged: zones that it leaves to PVE.
    :param controllers: those that pvesdn renders, sorted by id, as are `fabrics`.
    :param vnets: the VNets of `zones`, each with its zone, sorted by id; PVE skips a VNet without a zone.
    :param subnets: by VNet, sorted by id.
    :param translated: the VNets that have a subnet with source NAT.
    :param listed_subnets: those of subnets.cfg, of every zone, sorted by id; the id of one begins with its zone's.
    :param bridges: by VNet, as they are without source NAT; those of vlan and qinq zones are in `bridged`.
    :param shared: what an EVPN zone has on a node that has a VNet of it, by zone.
    """

    zones: Mapping[str, RenderedPveZone]
    unmanaged: tuple[UnmanagedZone, ...]
    controllers: Mapping[str, PveEvpnController | NodeController]
    fabrics: Mapping[str, Fabric]
    vnets: tuple[tuple[Vnet, RenderedPveZone], ...]
    subnets: Mapping[str, tuple[Subnet, ...]]
    translated: frozenset[str]
    listed_subnets: tuple[Subnet, ...]
    bridges: Mapping[str, PveVnetBridge]
    shared: Mapping[str, ZoneStanzas]
    bridged: BridgedStanzas = field(default_factory=BridgedStanzas)


def index_pve(pve: PveSdn) -> PveIndex:
    """Index what PVE defines; objects of pvesdn.cfg do not exist for it."""
    zones: dict[str, RenderedPveZone] = {
        zone.id: zone for zone in _sorted(pve.zones) if isinstance(zone, RenderedPveZone)
    }
    controllers = {
        c.id: c
        for c in _sorted(pve.controllers)
        if isinstance(c, PveEvpnController | PveBgpController | PveIsisController)
    }
    vnets = tuple((vnet, zones[vnet.zone]) for vnet in _sorted(pve.vnets) if vnet.zone in zones)
    committed = tuple(_sorted(pve.subnets))
    subnets = _by_vnet(committed)
    return PveIndex(
        zones=zones,
        unmanaged=pve.unmanaged_zones,
        controllers=controllers,
        fabrics={fabric.id: fabric for fabric in _sorted(pve.fabrics) if isinstance(fabric, Fabric)},
        vnets=vnets,
        subnets=subnets,
        translated=frozenset(subnet.vnet for subnet in committed if subnet.snat),
        listed_subnets=committed if pve.listed_subnets is None else tuple(_sorted(pve.listed_subnets)),
        bridges={
            vnet.id: vnet_bridge(vnet, zone, subnets.get(vnet.id, ()))
            for vnet, zone in vnets
            if isinstance(zone, PveSimpleZone | PveVxlanZone | PveEvpnZone)
        },
        shared={id_: zone_stanzas(zone) for id_, zone in zones.items() if isinstance(zone, PveEvpnZone)},
    )


class _Named(Protocol):
    @property
    def id(self) -> str: ...


_Object = TypeVar("_Object", bound=_Named)


def _sorted(objects: Iterable[_Object]) -> list[_Object]:
    return sorted(objects, key=lambda found: found.id)


def _by_vnet(subnets: tuple[Subnet, ...]) -> dict[str, tuple[Subnet, ...]]:
    grouped: dict[str, list[Subnet]] = {}
    for subnet in subnets:
        grouped.setdefault(subnet.vnet, []).append(subnet)
    return {vnet: tuple(members) for vnet, members in grouped.items()}
