"""A zone of ours among PVE's own definitions: what each of its properties is called there."""

from __future__ import annotations

from collections.abc import Iterable

from pvesdn.model.own_sdn import OwnZone, VxlanZone
from pvesdn.model.pve_sdn import PveEvpnZone, PveVxlanZone


def pve_zone(zone: OwnZone, *, mtu: int | None, peers: Iterable[str], mac: str | None) -> PveVxlanZone | PveEvpnZone:
    """The same zone as PVE defines it, with what pvesdn chooses by itself and PVE has to be told.

    Precondition: PVE has words for the zone: neither multicast nor EVPN without an L3VNI.

    :param mtu: bytes of an inner IP packet; None for PVE's own default.
    :param peers: of a VXLAN zone.
    :param mac: of an EVPN zone's gateways; None for one of each node's own.
    """
    if isinstance(zone, VxlanZone):
        return PveVxlanZone(
            where=zone.where,
            id=zone.id,
            nodes=zone.nodes,
            mtu=mtu,
            peers=tuple(peers),
            vxlan_port=zone.vxlan_port,
        )
    return PveEvpnZone(
        where=zone.where,
        id=zone.id,
        nodes=zone.nodes,
        mtu=mtu,
        controller=zone.controller,
        l3vni=zone.l3vni or 0,  # a symmetric zone has one
        mac=mac,
        advertise_subnets=zone.advertise_subnets,
        no_arp_nd_suppression=zone.no_arp_nd_suppression,
        rt_import=zone.rt_import,
        vxlan_port=zone.vxlan_port,
    )
