"""The paths of PVE's tunnels: from which address, to which ones, and how much of a packet fits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address

from pvesdn.design.ours.mtu import overhead
from pvesdn.design.ours.paths import carries, underlay_vrf
from pvesdn.design.pve.node import PveNode
from pvesdn.design.pve.underlay import NodeControllers, PveUnderlay, evpn_underlay, vxlan_underlay
from pvesdn.design.shared.routes import RouteTable
from pvesdn.model.design import DesignInput
from pvesdn.model.fabrics import Fabric
from pvesdn.model.facts import NodeFacts
from pvesdn.model.primitives import IpAddress
from pvesdn.model.pve_sdn import PveEvpnController, PveEvpnZone, PveVxlanZone

_DEFAULT = "default"
_VRF = "vrf"


@dataclass(frozen=True, slots=True)
class Room:
    """How much fits on one path.

    :param size: bytes of a packet on the wire.
    :param limit: what takes no more: a device or a route.
    :param overhead: bytes around a guest's IP packet.
    """

    size: int
    limit: str
    overhead: int

    @property
    def inner(self) -> int:
        """Bytes that are left for a guest's IP packet."""
        return self.size - self.overhead


def narrowest(rooms: Iterable[Room]) -> Room | None:
    """The one in which least fits; None where there is none."""
    return min(rooms, key=lambda room: (room.inner, room.limit), default=None)


class PvePaths:
    """The tunnels of PVE's zones over the nodes that were read and that PVE's known rules apply to. Made once for all
    checks: each answer is worked out once, however many zones ask for it.
    """

    def __init__(self, given: DesignInput) -> None:
        pve = given.sdn.pve
        self._given = given
        self._controllers = {c.id: c for c in pve.controllers if isinstance(c, PveEvpnController)}
        self._fabrics = {fabric.id: fabric for fabric in pve.fabrics if isinstance(fabric, Fabric)}
        self._nodes = {n: _Node(facts, given) for n, facts in given.facts.items() if not pve.is_unmanaged_on(n)}
        self._is_whole = all(member.name in given.facts for member in given.cluster.members)
        self._there = frozenset(held.ip for facts in given.facts.values() for _, held in facts.addresses)
        self._vteps: dict[tuple[str, str], PveUnderlay | None] = {}
        self._ends: dict[tuple[str, ...], frozenset[IpAddress]] = {}
        self._tunnels: dict[tuple[str, tuple[str, ...]], frozenset[IpAddress]] = {}
        self._rooms: dict[tuple[str, frozenset[IpAddress]], Room | None] = {}

    @property
    def nodes(self) -> frozenset[str]:
        """The nodes that can be asked."""
        return frozenset(self._nodes)

    def room(self, zone: PveVxlanZone | PveEvpnZone, node: str, nodes: tuple[str, ...]) -> Room | None:
        """The narrowest path from a node to those that it sends the zone's packets to; None where none is known.

        :param nodes: of the zone, sorted.
        """
        underlay = self._underlay(zone, node)
        if underlay is None:
            return None
        ends = self._parsed(underlay.peers) if isinstance(zone, PveVxlanZone) else self._vteps_of(zone, nodes)
        key = (node, ends)
        if key not in self._rooms:
            own = None if underlay.own.address is None else ip_address(underlay.own.address)
            known = [end for end in ends if self._is_whole or end in self._there]
            self._rooms[key] = self._nodes[node].room(own, known, is_fabric=self._fabric(zone) is not None)
        return self._rooms[key]

    def _parsed(self, peers: tuple[str, ...]) -> frozenset[IpAddress]:
        if peers not in self._ends:
            self._ends[peers] = frozenset(map(ip_address, peers))
        return self._ends[peers]

    def _vteps_of(self, zone: PveEvpnZone, nodes: tuple[str, ...]) -> frozenset[IpAddress]:
        """Where a zone's tunnels end; not its peers, which may be route reflectors that no guest's packet goes to."""
        key = (zone.controller, nodes)
        if key not in self._tunnels:
            known = (self._underlay(zone, node) for node in nodes)
            self._tunnels[key] = frozenset(
                ip_address(found.own.address) for found in known if found is not None and found.own.address is not None
            )
        return self._tunnels[key]

    def _fabric(self, zone: PveVxlanZone | PveEvpnZone) -> str | None:
        if isinstance(zone, PveVxlanZone):
            return zone.fabric
        controller = self._controllers.get(zone.controller)
        return None if controller is None else controller.fabric

    def _underlay(self, zone: PveVxlanZone | PveEvpnZone, node: str) -> PveUnderlay | None:
        answers = self._nodes[node]
        if isinstance(zone, PveVxlanZone):
            return vxlan_underlay(zone, self._fabrics, answers.pve)
        controller = self._controllers.get(zone.controller)
        if controller is None:
            return None
        key = (controller.id, node)
        if key not in self._vteps:
            self._vteps[key] = evpn_underlay(controller, self._fabrics, answers.pve, answers.loopback)
        return self._vteps[key]


class _Node:
    """One node's devices and routes."""

    def __init__(self, facts: NodeFacts, given: DesignInput) -> None:
        self._facts = facts
        self._links = facts.by_name
        self._own = frozenset(held.ip for _, held in facts.addresses)
        self.pve = PveNode(facts)
        self.loopback = NodeControllers.of(given.sdn.pve.controllers, facts.node).tunnel_loopback

    @cached_property
    def _table(self) -> RouteTable:
        """Made for the first path that is asked for: where PVE has no tunnels, nobody asks."""
        return RouteTable(self._facts.routes)

    def room(self, own: IpAddress | None, ends: Iterable[IpAddress], *, is_fabric: bool) -> Room | None:
        """:param own: the address that packets leave from, where PVE says it.

        :param is_fabric: a default route does not count: it is not the path that the fabric will make.
        """
        known = list(ends)
        own = own or next((end for end in known if end in self._own), None)
        strangers = [end for end in known if end not in self._own]
        if own is not None and underlay_vrf(self._facts, own) is not None:
            return None
        if not self._facts.routes and own is not None and strangers:
            return self._holder(own)
        rooms = (self._path(end, is_fabric=is_fabric) for end in strangers)
        return narrowest(room for room in rooms if room is not None)

    def _holder(self, own: IpAddress) -> Room | None:
        """Where routes were not read, the device that holds the node's own address is the best answer there is."""
        link = self._links.get(self._facts.holder(own) or "")
        return Room(link.mtu, link.name, overhead(own)) if link is not None and carries(link) else None

    def _path(self, end: IpAddress, *, is_fabric: bool) -> Room | None:
        hops = self._table.hops(end)
        links = [self._links.get(hop.device) for hop in hops]
        if not hops or any(link is None or link.kind == _VRF for link in links):
            return None
        if is_fabric and hops[0].destination == _DEFAULT:
            return None
        sizes = [(link.mtu, link.name) for link in links if link is not None and carries(link)]
        sizes += [(hop.mtu, f"the route to {hop.destination}") for hop in hops if hop.mtu is not None]
        return narrowest(Room(size, limit, overhead(end)) for size, limit in sizes)
