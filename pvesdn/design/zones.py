"""A zone of ours as the whole cluster sees it: who is in it, and what is the same on every node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pvesdn.design import names
from pvesdn.model.cluster import ClusterState, Vtep
from pvesdn.model.design import DesignInput
from pvesdn.model.ifupdown import VnetBridge, VxlanPort
from pvesdn.model.sdn import EvpnController, EvpnZone, Exit, Irb, OurZone, PveZone, Subnet, Vnet

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
    :param vteps: theirs, by node.
    :param mtu: bytes of an inner IP packet.
    :param families: 4, 6: what its gateways and exits speak.
    :param active: members where it has a VNet or an exit; its VRF and L3VNI exist there alone.
    """

    zone: OurZone
    nodes: frozenset[str]
    vteps: Mapping[str, Vtep]
    mtu: int
    vnets: tuple[VnetPlan, ...]
    families: frozenset[int]
    active: frozenset[str]


def zone_nodes(zone: OurZone | PveZone, cluster: ClusterState) -> frozenset[str]:
    """Members that belong to a zone; names that are no members are somebody else's error."""
    members = frozenset(member.name for member in cluster.members)
    return members if zone.nodes is None else members & zone.nodes


def vnet_nodes(vnet: Vnet, nodes: frozenset[str]) -> frozenset[str]:
    """Those of its zone's nodes that have a VNet."""
    return nodes if vnet.nodes is None else nodes & vnet.nodes


def reflecting_members(controller: EvpnController, cluster: ClusterState) -> frozenset[str]:
    """Members that a controller names as its route reflectors."""
    members = {member.name for member in cluster.members}
    return frozenset(word for word in controller.route_reflectors or () if isinstance(word, str) and word in members)


def nodes_with_tunnels(given: DesignInput) -> frozenset[str]:
    """Members that need a VTEP: those in a zone of ours, and the route reflectors of its controller."""
    zones = given.sdn.our_zones
    used = {zone.controller for zone in zones if isinstance(zone, EvpnZone)}
    needed = [zone_nodes(zone, given.cluster) for zone in zones]
    needed += [
        reflecting_members(controller, given.cluster)
        for controller in given.sdn.controllers
        if isinstance(controller, EvpnController) and controller.id in used
    ]
    return frozenset[str]().union(*needed)


def has_vrf(zone: OurZone) -> bool:
    """Whether a zone has a VRF of its own: everything with IRB but the asymmetric form in the host's own table."""
    return isinstance(zone, EvpnZone) and zone.irb is not Irb.NONE and zone.vrf is None


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
