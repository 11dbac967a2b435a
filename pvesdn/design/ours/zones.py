"""A zone of ours across the cluster: which nodes are in it, and what is the same on all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from pvesdn.design.ours.mtu import inner_mtu
from pvesdn.design.ours.paths import LOOPBACK, carried
from pvesdn.design.shared import names
from pvesdn.model.cluster import ClusterState, Vtep
from pvesdn.model.design import DesignInput
from pvesdn.model.ifupdown import CarriedBridge, VnetBridge, VxlanPort
from pvesdn.model.own_sdn import EvpnController, EvpnZone, Exit, Irb, OwnZone, VxlanZone
from pvesdn.model.primitives import IpAddress
from pvesdn.model.vnets import Subnet, Vnet

IPV4, IPV6 = 4, 6
"""The two families, as addresses give their `version`."""


@dataclass(frozen=True, slots=True)
class VnetPlan:
    """A VNet of ours.

    :param nodes: members that have it.
    :param bridge: the same stanza on all of them, as is `port`.
    """

    nodes: frozenset[str]
    bridge: VnetBridge
    port: VxlanPort


@dataclass(frozen=True, slots=True)
class ZonePlan:
    """A zone of ours.

    :param nodes: members that belong to it, whether a VNet is there or not.
    :param vteps: the members' VTEPs, by node.
    :param mtu: bytes of an inner IP packet.
    :param families: 4, 6: the address families of its gateways and exits.
    :param active: members where it has a VNet or an exit; only they have its VRF and L3VNI.
    """

    zone: OwnZone
    nodes: frozenset[str]
    vteps: Mapping[str, Vtep]
    mtu: int
    vnets: tuple[VnetPlan, ...]
    families: frozenset[int]
    active: frozenset[str]

    def carrier(self, node: str) -> str | None:
        """The device by which a node's packets to the others of the zone leave; None where there are several."""
        devices = carriers(self.zone, self.vteps, node)
        return next(iter(devices)) if len(devices) == 1 else None


def zone_nodes(zone: OwnZone, cluster: ClusterState) -> frozenset[str]:
    """Members that belong to a zone; names that are not members are reported elsewhere."""
    return cluster.among(zone.nodes)


def zone_vteps(zone: OwnZone, vteps: Mapping[str, Vtep], given: DesignInput) -> dict[str, Vtep]:
    """The VTEPs of a zone by node, sorted; members without one are left out.

    Where the zone lists its peers, it is the listed address that the node holds, as PVE reads its own lists
    (docs/pve.md §7). A member that is off keeps the one it was last seen with: its MTU counts for the zone's on every
    other node.
    """
    own = {node: vteps[node] for node in sorted(zone_nodes(zone, given.cluster)) if node in vteps}
    return {node: local_vtep(zone, vtep, given) for node, vtep in own.items()}


def local_vtep(zone: OwnZone, vtep: Vtep, given: DesignInput) -> Vtep:
    """A node's VTEP in a zone: its usual one, or whichever of its addresses the zone lists as a peer."""
    peers = (zone.peers or ()) if isinstance(zone, VxlanZone) else ()
    if not peers or vtep.address in peers:
        return vtep
    facts = given.facts.get(vtep.node)
    if facts is None:
        seen = given.seen.get(vtep.node)
        sizes = dict(seen.others) if seen else {}
        why = "its address among the zone's peers, as it was last seen"
        return next((replace(vtep, address=p, mtu=sizes[p], why=why) for p in peers if p in sizes), vtep)
    here = next((peer for peer in peers if facts.holder(peer) is not None), None)
    if here is None:
        return vtep
    interface, mtu = carried(facts, here, [vtep.paths[peer] for peer in peers if peer in vtep.paths])
    return replace(vtep, address=here, interface=interface, mtu=mtu, why="its address among the zone's peers")


def zone_ends(zone: OwnZone, own: Mapping[str, Vtep]) -> frozenset[IpAddress]:
    """Where a zone's packets go: its VTEPs, the peers that it lists, its multicast group."""
    listed = zone.peers or () if isinstance(zone, VxlanZone) else ()
    group = zone.multicast_group if isinstance(zone, VxlanZone) else None
    return frozenset((*(vtep.address for vtep in own.values()), *listed, *(() if group is None else (group,))))


def zone_mtu(zone: OwnZone, own: Mapping[str, Vtep]) -> int | None:
    """Bytes of an inner IP packet: what the zone says, else what fits its paths; None if none of them is known.

    :param own: as `zone_vteps` returns them.
    """
    return zone.mtu or inner_mtu(own.values(), zone_ends(zone, own))


def carriers(zone: OwnZone, own: Mapping[str, Vtep], node: str) -> frozenset[str]:
    """The devices by which a node's packets to the rest of a zone leave; empty where none is known."""
    vtep = own[node]
    group = zone.multicast_group if isinstance(zone, VxlanZone) else None
    ends = zone_ends(zone, own) - {vtep.address, group}
    found = frozenset(device for end in ends if end in vtep.paths for device in vtep.paths[end].devices)
    if found or vtep.interface is None or vtep.interface == LOOPBACK:
        return found
    return frozenset({vtep.interface})


def vnet_nodes(vnet: Vnet, nodes: frozenset[str]) -> frozenset[str]:
    """Those of its zone's nodes that have a VNet."""
    return nodes if vnet.nodes is None else nodes & vnet.nodes


def reflecting_members(controller: EvpnController, cluster: ClusterState) -> frozenset[str]:
    """Members that a controller names as its route reflectors."""
    members = {member.name for member in cluster.members}
    return frozenset(word for word in controller.route_reflectors or () if isinstance(word, str) and word in members)


def nodes_with_tunnels(given: DesignInput) -> frozenset[str]:
    """Members that need a VTEP: those in a zone of ours, and the route reflectors of its controller."""
    zones = given.sdn.own.zones
    used = {zone.controller for zone in zones if isinstance(zone, EvpnZone)}
    needed = [zone_nodes(zone, given.cluster) for zone in zones]
    needed += [
        reflecting_members(controller, given.cluster)
        for controller in given.sdn.own.controllers
        if controller.id in used
    ]
    return frozenset[str]().union(*needed)


def has_vrf(zone: OwnZone) -> bool:
    """Whether a zone has a VRF of its own: everything with IRB but the asymmetric form in the host's own table."""
    return isinstance(zone, EvpnZone) and zone.irb is not Irb.NONE and zone.vrf is None


def has_gateways(zone: OwnZone) -> bool:
    """Whether the zone's VNets may have gateways: with IRB, or where a zone that carries one of PVE's has a MAC."""
    return (isinstance(zone, EvpnZone) and zone.irb is not Irb.NONE) or (zone.carries is not None and bool(zone.mac))


def gateway_mac(zone: OwnZone) -> str:
    """The one that the zone's gateways have on every node."""
    return zone.mac or names.anycast_mac(zone.id)


def gateway_bridge(zone: OwnZone, vnet: Vnet, subnets: tuple[Subnet, ...], mtu: int) -> VnetBridge:
    """A VNet's bridge, the same on every node; with gateways it routes between the zone's VNets."""
    addresses = gateways(subnets) if has_gateways(zone) else ()
    spoken = families(subnets) if addresses else ()
    is_routed = bool(addresses) or (vnet.was_routed and has_gateways(zone))
    bridge = replace(
        plain_bridge(vnet, mtu),
        addresses=addresses,
        hwaddress=gateway_mac(zone) if is_routed else None,
        has_ip_forward=IPV4 in spoken,
        has_ip6_forward=IPV6 in spoken,
        # Without it a guest that says nothing by itself is never learned, and no other node can find it.
        has_arp_accept=is_routed,
        vrf=names.vrf(zone.id) if is_routed and has_vrf(zone) else None,
        had_ip6=IPV6 in vnet.left_families,
    )
    if vnet.drawn_in is None:
        return bridge
    return CarriedBridge(**{field.name: getattr(bridge, field.name) for field in fields(bridge)})


def gateways(subnets: tuple[Subnet, ...]) -> tuple[str, ...]:
    """Addresses of a VNet's anycast gateways with their prefix lengths, each once, in the order of the subnets' ids."""
    return tuple(
        dict.fromkeys(
            f"{subnet.gateway}/{subnet.network.prefixlen}" for subnet in subnets if subnet.gateway is not None
        )
    )


def families(subnets: tuple[Subnet, ...]) -> frozenset[int]:
    """4, 6: the families of these subnets that have a gateway."""
    return frozenset(subnet.gateway.version for subnet in subnets if subnet.gateway is not None)


def exit_families(uplink: Exit) -> frozenset[int]:
    """4, 6: what an exit speaks."""
    spoken = {IPV4} if uplink.address is not None else set()
    spoken |= {IPV6} if uplink.address6 is not None else set()
    return frozenset(spoken | {gateway.version for gateway in uplink.gateways})


def plain_bridge(vnet: Vnet, mtu: int) -> VnetBridge:
    """The bridge of a VNet without gateway, which guests are plugged into."""
    return VnetBridge(
        name=vnet.id,
        port=names.vxlan_port(vnet.id),
        mtu=mtu,
        alias=vnet.alias,
        is_vlan_aware=vnet.vlanaware,
    )
