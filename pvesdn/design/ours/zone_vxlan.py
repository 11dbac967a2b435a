"""Plain VXLAN zones (RFC 7348): a multicast group, or head-end replication to a static list of VTEPs."""

from __future__ import annotations

from collections.abc import Mapping

from pvesdn.design.ours.zones import IPV4, IPV6, ZonePlan
from pvesdn.model.cluster import Vtep
from pvesdn.model.ifupdown import Tunnel
from pvesdn.model.own_sdn import VxlanZone
from pvesdn.model.primitives import IpAddress, is_writable


def remotes(zone: VxlanZone, plan_vteps: Mapping[str, Vtep], node: str) -> tuple[IpAddress, ...]:
    """Where a node floods to: the zone's list in its own order, or every other member of the zone; never the node
    itself.
    """
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
    joined_on = zone.multicast_interface or plan.carrier(node)
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
