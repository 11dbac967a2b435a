"""EVPN zones (RFC 8365): bridging alone, or with anycast gateways, asymmetric or symmetric (RFC 9135)."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

from pvesdn.design.ours.zones import IPV4, IPV6, ZonePlan, families, gateways, has_vrf, plain_bridge
from pvesdn.design.shared import names
from pvesdn.model.ifupdown import L3VniBridge, Stanza, Tunnel, VnetBridge, VrfDevice, VxlanPort
from pvesdn.model.own_sdn import EvpnZone, Irb
from pvesdn.model.vnets import Subnet, Vnet


def design_bridge(zone: EvpnZone, vnet: Vnet, subnets: tuple[Subnet, ...], mtu: int) -> VnetBridge:
    """A VNet's bridge, the same on every node; with gateways it routes between the zone's VNets."""
    addresses = gateways(subnets) if zone.irb is not Irb.NONE else ()
    if not addresses:
        return plain_bridge(vnet, mtu)
    spoken = families(subnets)
    return VnetBridge(
        name=vnet.id,
        port=names.vxlan_port(vnet.id),
        mtu=mtu,
        addresses=addresses,
        hwaddress=zone.mac or names.anycast_mac(zone.id),
        alias=vnet.alias,
        is_vlan_aware=vnet.vlanaware,
        has_ip_forward=IPV4 in spoken,
        has_ip6_forward=IPV6 in spoken,
        # Without it a guest that says nothing by itself is never learned, and no other node can find it.
        has_arp_accept=True,
        vrf=names.vrf(zone.id) if has_vrf(zone) else None,
    )


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
