"""Who peers with whom: the BGP speakers of our controllers, and a speaker's peer groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pvesdn.design.ours.zones import IPV4, IPV6, ZonePlan, reflecting_members
from pvesdn.model.cluster import Vtep
from pvesdn.model.design import DesignInput
from pvesdn.model.frr import PeerGroup
from pvesdn.model.own_sdn import EvpnController, EvpnZone
from pvesdn.model.primitives import IpAddress


@dataclass(frozen=True, slots=True)
class Mesh:
    """The BGP speakers of one of our controllers.

    :param speakers: members that run it, online or not, each with its VTEP.
    :param reflectors: the speakers that reflect routes for the others.
    :param outside: route reflectors outside the cluster.
    """

    controller: EvpnController
    speakers: Mapping[str, IpAddress]
    reflectors: frozenset[str]
    outside: tuple[IpAddress, ...]


@dataclass(frozen=True, slots=True)
class BgpPlan:
    """What is the same on every node.

    :param meshes: in the order of the controllers' ids; those without a zone are left out.
    :param asns: AS number by controller, ours and PVE's.
    """

    meshes: tuple[Mesh, ...]
    asns: Mapping[str, int]


def plan_bgp(given: DesignInput, vteps: Mapping[str, Vtep], plans: Iterable[ZonePlan]) -> BgpPlan:
    """Who runs which of our controllers: the members in its zones, and the members that reflect for them."""
    users: dict[str, set[str]] = {}
    for plan in plans:
        if isinstance(plan.zone, EvpnZone):
            users.setdefault(plan.zone.controller, set()).update(plan.nodes)
    meshes = tuple(mesh_of(c, users[c.id], given, vteps) for c in given.sdn.own.controllers if c.id in users)
    asns = {c.id: c.asn for c in given.sdn.both.controllers if c.asn is not None}
    return BgpPlan(meshes, asns)


def mesh_of(controller: EvpnController, users: Iterable[str], given: DesignInput, vteps: Mapping[str, Vtep]) -> Mesh:
    """Who speaks for a controller.

    :param users: members in its zones.
    """
    addresses = {address for address in controller.route_reflectors or () if not isinstance(address, str)}
    reflectors = reflecting_members(controller, given.cluster) | {
        name for name, vtep in vteps.items() if vtep.address in addresses
    }
    speakers = {name: vteps[name].address for name in sorted({*users} | reflectors)}
    outside = tuple(sorted(addresses - set(speakers.values()), key=int))
    return Mesh(controller, speakers, reflectors, outside)


def neighbors(mesh: Mesh, node: str) -> frozenset[IpAddress]:
    """The peers of a speaker."""
    return frozenset(peer for _, found, _ in sessions(mesh, node) for peer in found)


def peer_groups(name: str, mesh: Mesh, neighbors: tuple[IpAddress, ...], node: str) -> Iterator[PeerGroup]:
    """A group for the neighbours that our VTEP can reach, and a second one for those of the other address family.

    A peer expects the VTEP, whichever of the node's addresses the kernel would choose; BFD takes the session's source
    (FRR, bgpd/bgp_bfd.c: bgp_peer_bfd_update_source).
    """
    own = mesh.speakers[node]
    asn = str(mesh.controller.asn)
    near = tuple(str(neighbor) for neighbor in neighbors if neighbor.version == own.version)
    far = tuple(str(neighbor) for neighbor in neighbors if neighbor.version != own.version)
    if near:
        yield PeerGroup(name, asn, near, update_source=str(own))
    if far:
        # A dot is in no controller's id, so no other group is called so.
        yield PeerGroup(f"{name}.IPV{IPV4 if own.version == IPV6 else IPV6}", asn, far)


def sessions(mesh: Mesh, node: str) -> Iterator[tuple[str, tuple[IpAddress, ...], bool]]:
    """Names of peer groups, their neighbours, and whether we reflect routes for them."""
    own = mesh.speakers[node]
    if mesh.controller.peers is not None:
        yield "VTEP", tuple(peer for peer in mesh.controller.peers if peer != own), False
        return
    others = {name: address for name, address in mesh.speakers.items() if name != node}
    if mesh.controller.route_reflectors is None:
        yield "VTEP", _sorted(others.values()), False
        return
    reflectors = [address for name, address in others.items() if name in mesh.reflectors]
    yield "RR", _sorted((*reflectors, *mesh.outside)), False
    if node in mesh.reflectors:
        yield "VTEP", _sorted(address for name, address in others.items() if name not in mesh.reflectors), True


def _sorted(addresses: Iterable[IpAddress]) -> tuple[IpAddress, ...]:
    return tuple(sorted(addresses, key=int))
