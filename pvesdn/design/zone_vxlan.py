"""Plain VXLAN zones (RFC 7348): a multicast group, or head-end replication to a static list of VTEPs."""

from __future__ import annotations

from collections.abc import Mapping

from pvesdn.design.zones import IPV4, IPV6, ZonePlan, plain_bridge
from pvesdn.model.cluster import SeenVtep, Vtep
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import NodeFacts
from pvesdn.model.ifupdown import Tunnel, VnetBridge
from pvesdn.model.primitives import IpAddress, is_writable
from pvesdn.model.sdn import Vnet, VxlanZone


def design_bridge(vnet: Vnet, mtu: int) -> VnetBridge:
    """A VNet's bridge, the same on every node."""
    return plain_bridge(vnet, mtu)


def local_vteps(zone: VxlanZone, vteps: Mapping[str, Vtep], given: DesignInput) -> dict[str, Vtep]:
    """The zone's own VTEPs by node: of a list of peers the address that the node holds, as PVE reads its lists (F7).

    A member that is off keeps the one it was seen with: its size counts for the zone's MTU on every other node.
    """
    if zone.peers is None:
        return dict(vteps)
    own = {}
    for node, vtep in vteps.items():
        facts = given.facts.get(node)
        here = None
        if vtep.address not in zone.peers:
            here = _held(zone.peers, facts) if facts else _seen(zone.peers, given.seen.get(node), node)
        own[node] = here or vtep
    return own


def remotes(zone: VxlanZone, plan_vteps: Mapping[str, Vtep], node: str) -> tuple[IpAddress, ...]:
    """Where a node's flooded frames go: the zone's list in its order, or every other member of the zone; never the node itself."""
    if zone.multicast_group is not None:
        return ()
    own = plan_vteps[node].address
    if zone.peers is not None:
        return tuple(peer for peer in zone.peers if peer != own)
    return tuple(sorted((vtep.address for name, vtep in plan_vteps.items() if name != node), key=int))


def design_tunnel(plan: ZonePlan, zone: VxlanZone, node: str) -> Tunnel:
    """What the zone's VXLAN devices have in common on one node."""
    vtep = plan.vteps[node]
    group = zone.multicast_group
    joined_on = zone.multicast_interface or vtep.interface
    return Tunnel(
        local=vtep.address,
        mtu=plan.mtu,
        remotes=remotes(zone, plan.vteps, node),
        group=group if group is not None and group.version == IPV4 else None,
        group6=group if group is not None and group.version == IPV6 else None,
        # A name that cannot be written is an obstacle on its node (check_underlay), and nothing of it reaches a file.
        physdev=joined_on if group is not None and joined_on is not None and is_writable(joined_on) else None,
        udp_port=zone.vxlan_port,
    )


def flooding(plan: ZonePlan, zone: VxlanZone, node: str) -> list[tuple[str, tuple[IpAddress, ...]]]:
    """The static flooding entries of each VXLAN device on a node; none with a multicast group."""
    others = remotes(zone, plan.vteps, node)
    return [(vnet.port.name, others) for vnet in plan.vnets if node in vnet.nodes] if others else []


def _held(peers: tuple[IpAddress, ...], facts: NodeFacts) -> Vtep | None:
    for peer in peers:
        device = facts.holder(peer)
        if device is not None:
            link = facts.link(device)
            why = "its address among the zone's peers"
            return Vtep(node=facts.node, address=peer, interface=device, mtu=link.mtu if link else None, why=why)
    return None


def _seen(peers: tuple[IpAddress, ...], seen: SeenVtep | None, node: str) -> Vtep | None:
    sizes = dict(seen.others) if seen else {}
    for peer in peers:
        if peer in sizes:
            why = "its address among the zone's peers, as it was last seen"
            return Vtep(node=node, address=peer, interface=None, mtu=sizes[peer], why=why)
    return None
