"""Stanzas of PVE's simple, vxlan and evpn zones (docs/pve.md §5.2, §5.5, §5.6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import assert_never

from pvesdn.design.pve.node import IPV4, IPV6, PveNode, RouteAnswer
from pvesdn.design.pve.underlay import PveUnderlay
from pvesdn.design.shared import names
from pvesdn.model.pve_ifupdown import PveAddress, PveVeth, PveVnetBridge, PveVrf, PveVrfBridge, PveVxlanPort, SnatRule
from pvesdn.model.pve_sdn import PveEvpnZone, PveSimpleZone, PveVxlanZone
from pvesdn.model.vnets import Subnet, Vnet

DEFAULT_MTU = 1450
"""Bytes. PVE means to follow the underlay's MTU, looks it up in the wrong place and always prints this."""

_VETH_EXTRA = 50
_HOST_MASK = "32"
_NOWHERE: Mapping[int, RouteAnswer] = {}


@dataclass(frozen=True, slots=True)
class ZoneStanzas:
    """What an EVPN zone has in addition to its VNets and its L3VNI's VXLAN device, the same on every node that has it.

    :param exit_vrf: the VRF on an exit node.
    :param veths: the pair that an exit node with local routing has as well, by the family of the gateways that the
        first VNet on the node has: PVE decides by it whether the pair carries IPv6.
    """

    vrf: PveVrf
    exit_vrf: PveVrf
    bridge: PveVrfBridge
    veths: Mapping[int, tuple[PveVeth, ...]]


def zone_stanzas(zone: PveEvpnZone) -> ZoneStanzas:
    """The stanzas of an EVPN zone."""
    vrf = names.vrf(zone.id)
    return ZoneStanzas(
        vrf=PveVrf(vrf, is_exit=False),
        exit_vrf=PveVrf(vrf, is_exit=True),
        bridge=PveVrfBridge(names.l3vni_bridge(zone.id), port=names.l3vni_port(zone.id), mtu=tunnel_mtu(zone), vrf=vrf),
        veths={family: _veths(zone, family) for family in (IPV4, IPV6)},
    )


def _veths(zone: PveEvpnZone, family: int) -> tuple[PveVeth, ...]:
    outer, inner = exit_veths(zone.id)
    mtu = tunnel_mtu(zone) + _VETH_EXTRA
    near, far = ((f"10.255.255.{host}/30", *((f"fe80::{host}/126",) if family == IPV6 else ())) for host in (1, 2))
    return (
        PveVeth(outer, peer=inner, addresses=near, mtu=mtu),
        PveVeth(inner, peer=outer, addresses=far, mtu=mtu, vrf=names.vrf(zone.id)),
    )


def exit_veths(zone: str) -> tuple[str, str]:
    """The pair that ties an exit node's main table to a zone's VRF: the end outside, the end inside."""
    return f"xvrf_{zone}", f"xvrfp_{zone}"


def vxlan_port(vnet: Vnet, vni: int, zone: PveVxlanZone, underlay: PveUnderlay) -> PveVxlanPort:
    """The port of a VNet in a plain VXLAN zone: it floods to every peer except the one spelled like the node's own
    address.
    """
    remotes = (peer for peer in underlay.peers if peer != underlay.own.address)
    # PVE prints those of a fabric in another order every time; ours is the addresses'.
    is_order_free = zone.fabric is not None
    return PveVxlanPort(
        name=names.vxlan_port(vnet.id),
        vni=vni,
        mtu=tunnel_mtu(zone),
        remotes=tuple(sorted(remotes, key=lambda peer: int(ip_address(peer)))) if is_order_free else tuple(remotes),
        udp_port=zone.vxlan_port,
        is_order_free=is_order_free,
    )


def evpn_port(name: str, vni: int, zone: PveEvpnZone, local: str | None) -> PveVxlanPort:
    """The port of a VNet or of the L3VNI in an EVPN zone; without `local` PVE leaves the tunnel address out."""
    return PveVxlanPort(
        name=name,
        vni=vni,
        mtu=tunnel_mtu(zone),
        local=local,
        udp_port=zone.vxlan_port,
        is_controlled=True,
        has_arp_nd_suppression=not zone.no_arp_nd_suppression,
    )


def printed_alias(vnet: Vnet) -> str | None:
    """A VNet's alias as PVE prints it: to its Perl, "0" is no alias."""
    return None if vnet.alias in {"", "0"} else vnet.alias


def vnet_bridge(
    vnet: Vnet,
    zone: PveSimpleZone | PveVxlanZone | PveEvpnZone,
    subnets: Sequence[Subnet],
    routes: Mapping[int, RouteAnswer] = _NOWHERE,
) -> PveVnetBridge:
    """The bridge of a VNet.

    :param subnets: the VNet's, sorted by id.
    :param routes: the routes to the internet by address family, where the node does source NAT for the VNet; without a
        source address there is nothing to translate to.
    """
    alias = printed_alias(vnet)
    gateways = {gateway_family(subnet) for subnet in subnets if subnet.gateway is not None}
    match zone:
        case PveSimpleZone():
            return PveVnetBridge(
                name=vnet.id,
                ports="none",
                subnets=_addresses(subnets, routes, has_host_routes=True),
                is_vlan_aware=vnet.vlanaware,
                mtu=zone.mtu or None,
                alias=alias,
                has_ip_forward=IPV4 in gateways,
                has_ip6_forward=IPV6 in gateways,
            )
        case PveVxlanZone():
            return PveVnetBridge(
                name=vnet.id,
                ports=names.vxlan_port(vnet.id),
                is_vlan_aware=vnet.vlanaware,
                mtu=tunnel_mtu(zone),
                alias=alias,
            )
        case PveEvpnZone():
            return PveVnetBridge(
                name=vnet.id,
                ports=names.vxlan_port(vnet.id),
                subnets=_addresses(subnets, routes, has_host_routes=False),
                hwaddress=zone.mac,
                mtu=tunnel_mtu(zone),
                alias=alias,
                has_ip_forward=IPV4 in gateways,
                has_ip6_forward=IPV6 in gateways,
                has_arp_accept=bool(subnets),
                vrf=names.vrf(zone.id),
            )
        case _:
            assert_never(zone)


def gateway_family(subnet: Subnet) -> int:
    """4 or 6; PVE goes by the gateway, and treats a subnet without one as IPv4."""
    return IPV6 if subnet.gateway is not None and subnet.gateway.version == IPV6 else IPV4


def untranslatable(subnets: Iterable[Subnet], answers: PveNode) -> Subnet | None:
    """The first of a VNet's subnets whose source NAT stops PVE, because the node has no route to the internet in its
    family.

    PVE then leaves the VNet out. Without a source address it carries on, and translates nothing.
    """
    snat = (subnet for subnet in subnets if subnet.snat)
    return next((subnet for subnet in snat if answers.is_missing(answers.internet[gateway_family(subnet)])), None)


def tunnel_mtu(zone: PveVxlanZone | PveEvpnZone) -> int:
    return zone.mtu or DEFAULT_MTU


def _addresses(
    subnets: Iterable[Subnet], routes: Mapping[int, RouteAnswer], *, has_host_routes: bool
) -> tuple[PveAddress, ...]:
    seen: set[str] = set()
    found = []
    for subnet in subnets:
        gateway, family = subnet.gateway_text, gateway_family(subnet)
        mask = subnet.cidr.rpartition("/")[2]
        is_new = gateway is not None and gateway not in seen
        entry = PveAddress(
            address=f"{gateway}/{mask}" if is_new else None,
            host_route=subnet.cidr if has_host_routes and mask == _HOST_MASK and family == IPV4 else None,
            snat=_snat(subnet, family, routes.get(family)),
        )
        if gateway is not None:
            seen.add(gateway)
        if entry != _NOTHING:
            found.append(entry)
    return tuple(found)


_NOTHING = PveAddress()


def _snat(subnet: Subnet, family: int, answer: RouteAnswer | None) -> SnatRule | None:
    if not subnet.snat or answer is None or answer.address is None:
        return None
    command = "ip6tables" if family == IPV6 else "iptables"
    return SnatRule(command, cidr=subnet.cidr, out_interface=answer.device, source=answer.address)
