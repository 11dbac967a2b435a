"""EVPN zones (RFC 8365): bridging alone, or with anycast gateways, asymmetric or symmetric (RFC 9135)."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

from pvesdn.design.ours.zones import ZonePlan, has_vrf
from pvesdn.design.shared import names
from pvesdn.model.ifupdown import L3VniBridge, Stanza, Tunnel, VrfDevice, VxlanPort
from pvesdn.model.own_sdn import EvpnZone


def design_tunnel(plan: ZonePlan, zone: EvpnZone, node: str) -> Tunnel:
    """What the zone's VXLAN devices, including its L3VNI's, have in common on one node."""
    return Tunnel(
        local=plan.vteps[node].address,
        mtu=plan.mtu,
        udp_port=zone.vxlan_port,
        is_controlled=True,
        has_arp_nd_suppression=not zone.no_arp_nd_suppression,
        has_flood=zone.flood,
    )


def design_vrf(plan: ZonePlan, zone: EvpnZone, node: str) -> Iterator[Stanza]:
    """The zone's VRF and what ties its L3VNI to it, on a node where the zone has a VNet or an exit."""
    if not has_vrf(zone) or node not in plan.active:
        return
    yield VrfDevice(names.vrf(zone.id))
    local = plan.vteps[node].address
    if zone.l3vni is not None and isinstance(local, IPv4Address):
        port = names.l3vni_port(zone.id)
        yield VxlanPort(port, zone.l3vni, tunnel=zone.id)
        yield L3VniBridge(
            name=names.l3vni_bridge(zone.id),
            port=port,
            mtu=plan.mtu,
            hwaddress=names.router_mac(local),
            vrf=names.vrf(zone.id),
        )
