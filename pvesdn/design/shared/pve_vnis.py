"""VNIs that PVE's own definitions say: of the zones that pvesdn renders, and of those that are left to PVE."""

from __future__ import annotations

from collections.abc import Iterator

from pvesdn.model.design import DesignInput
from pvesdn.model.pve_sdn import PveEvpnZone, PveVxlanZone, PveZone, UnmanagedZone
from pvesdn.model.vnets import Vnet

_TUNNELS = frozenset({"vxlan", "evpn"})


def is_tunnelled(zone: PveZone) -> bool:
    """Tags of its VNets are VNIs: those in vlan and qinq zones are VLANs."""
    return isinstance(zone, PveVxlanZone | PveEvpnZone) or (isinstance(zone, UnmanagedZone) and zone.type in _TUNNELS)


def l3vnis(given: DesignInput) -> Iterator[tuple[PveEvpnZone | UnmanagedZone, int]]:
    """The zones that have one."""
    for zone in given.sdn.pve.zones:
        if isinstance(zone, PveEvpnZone | UnmanagedZone) and zone.l3vni is not None:
            yield zone, zone.l3vni


def tags(given: DesignInput) -> Iterator[tuple[Vnet, int]]:
    """The VNets whose tag is a VNI."""
    tunnelled = {zone.id for zone in given.sdn.pve.zones if is_tunnelled(zone)}
    for vnet in given.sdn.pve.vnets:
        if vnet.tag is not None and vnet.zone in tunnelled:
            yield vnet, vnet.tag
