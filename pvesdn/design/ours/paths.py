"""The path to the peers: by which devices, how large, and from which address a node's packets leave for another VTEP.

A path is looked up in the routes that were read. A member that is off takes its routes with it, or only a default route
that leads elsewhere is left. Those paths, and paths that routing made around the member, are taken from memory, so a
reboot changes nothing on the other nodes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from pvesdn.design.shared.pve_evpn import evpn_peers
from pvesdn.design.shared.routes import RouteTable, held_by_device, source_of
from pvesdn.model.cluster import SeenVtep, UnderlayPath, Vtep
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import Link, NodeFacts, Route
from pvesdn.model.own_sdn import VxlanZone
from pvesdn.model.primitives import IpAddress

LOOPBACK = "lo"
NEXTHOP_OBJECT = "names a nexthop object without its device"
"""Why a path is hidden that the kernel would show, if it were told to."""
_VRF = "vrf"
_DUMMY = "dummy"
_NO_CARRIERS = frozenset({_DUMMY, _VRF})
"""Kinds of devices that hold addresses and send no packet to anybody."""


def with_paths(vteps: Mapping[str, Vtep], given: DesignInput) -> dict[str, Vtep]:
    """The VTEPs with their paths to each other and to whatever else a zone floods to.

    :param vteps: as they were chosen, without paths.
    """
    peers = _Peers.of(vteps, given)
    found = {}
    for node, vtep in vteps.items():
        facts, seen = given.facts.get(node), given.seen.get(node)
        if facts is None:
            found[node] = replace(vtep, paths=_remembered(node, vtep.address, peers, seen))
        else:
            found[node] = _Lookup(facts, vtep.address, seen, peers).complete(vtep)
    return found


def carried(facts: NodeFacts, address: IpAddress, paths: Iterable[UnderlayPath]) -> tuple[str | None, int | None]:
    """The device by which a node's packets from `address` leave, and their MTU: from the paths, else from the device
    that holds the address.

    The device is None where there are several. Both are None where no known route leads away from `lo` or a dummy.
    """
    known = list(paths)
    devices = {device for path in known for device in path.devices}
    sizes = [path.mtu for path in known if path.mtu is not None]
    if devices:
        return (devices.pop() if len(devices) == 1 else None), min(sizes, default=None)
    holder = facts.holder(address)
    link = facts.link(holder) if holder else None
    if link is None:
        return holder, None
    # Where routes were not read there is no better answer than the holder, whatever it is.
    return (link.name, link.mtu) if carries(link) or not _knows_routes(facts, address) else (None, None)


def carries(link: Link) -> bool:
    """Whether packets to other nodes can leave by a device: not by `lo`, a dummy or a VRF."""
    return link.name != LOOPBACK and link.kind not in _NO_CARRIERS


def underlay_vrf(facts: NodeFacts, address: IpAddress) -> str | None:
    """The VRF of the device that holds `address`; its routes are in a table that is not read."""
    link = facts.link(facts.holder(address) or "")
    for name in (link.name, link.master) if link else ():
        owner = facts.link(name)
        if owner is not None and owner.kind == _VRF:
            return owner.name
    return None


@dataclass(frozen=True, slots=True)
class _Peers:
    """What there are paths to.

    :param members: VTEPs of the members.
    :param listed: by node, what the zones there list as `peers`, and BGP peers that are not members.
    :param groups: multicast groups that zones join on a device of their choice, by node.
    :param known: VTEPs of members that were seen at this address before.
    :param away: addresses of members that could not be asked.
    :param is_whole: every member was asked.
    """

    members: frozenset[IpAddress]
    listed: Mapping[str, frozenset[IpAddress]]
    groups: Mapping[str, Mapping[IpAddress, str]]
    known: frozenset[IpAddress]
    away: frozenset[IpAddress]
    is_whole: bool

    @classmethod
    def of(cls, vteps: Mapping[str, Vtep], given: DesignInput) -> _Peers:
        zones = [zone for zone in given.sdn.own.zones if isinstance(zone, VxlanZone)]
        sessions = frozenset(
            address
            for controller in given.sdn.own.controllers
            for address in (*(controller.peers or ()), *(controller.route_reflectors or ()))
            if not isinstance(address, str)
        )
        listed: dict[str, frozenset[IpAddress]] = {}
        groups: dict[str, dict[IpAddress, str]] = {}
        for node in vteps:
            here = [zone for zone in zones if zone.nodes is None or node in zone.nodes]
            listed[node] = sessions.union(evpn_peers(given, node), *(zone.peers or () for zone in here))
            groups[node] = {
                zone.multicast_group: zone.multicast_interface
                for zone in here
                if zone.multicast_group is not None and zone.multicast_interface is not None
            }
        absent = [member.name for member in given.cluster.members if member.name not in given.facts]
        others = [address for name in absent if name in given.seen for address, _ in given.seen[name].others]
        return cls(
            members=frozenset(vtep.address for vtep in vteps.values()),
            listed=listed,
            groups=groups,
            known=frozenset(
                v.address for n, v in vteps.items() if n in given.seen and given.seen[n].address == v.address
            ),
            away=frozenset((*(vteps[name].address for name in absent if name in vteps), *others)),
            is_whole=not absent,
        )

    def to_ask(self, node: str, own: Iterable[IpAddress]) -> list[IpAddress]:
        """All but the node itself, in a fixed order."""
        return sorted((self.members | self.listed[node]) - set(own), key=lambda peer: (peer.version, int(peer)))


class _Lookup:
    """The paths of one node that was read."""

    def __init__(self, facts: NodeFacts, address: IpAddress, seen: SeenVtep | None, peers: _Peers) -> None:
        self._facts = facts
        self._address = address
        self._seen = seen
        self._peers = peers
        self._table = RouteTable(facts.routes)
        self._held = held_by_device(facts)
        self._links = facts.by_name
        holder = self._links.get(facts.holder(address) or "")
        self._holder = (holder.name,) if holder is not None and carries(holder) else ()
        self._unreached: set[IpAddress] = set()
        self._hidden: dict[IpAddress, str] = {}

    def complete(self, vtep: Vtep) -> Vtep:
        """The VTEP with its paths, and the device and MTU that follow from them."""
        paths = dict(self._paths())
        to_members = [path for peer, path in paths.items() if peer in self._peers.members]
        interface, mtu = carried(self._facts, self._address, to_members)
        unreached = frozenset(self._unreached - self._peers.away)
        return replace(vtep, interface=interface, mtu=mtu, paths=paths, unreached=unreached, hidden=self._hidden)

    def _paths(self) -> Iterator[tuple[IpAddress, UnderlayPath]]:
        if not _knows_routes(self._facts, self._address):
            return
        node = self._facts.node
        for peer in self._peers.to_ask(node, {self._address, *(held.ip for _, held in self._facts.addresses)}):
            path = self._path(peer) if peer.version == self._address.version else None
            if path is not None:
                yield peer, path
        for group, device in self._peers.groups[node].items():
            link = self._links.get(device)
            if link is not None:
                yield group, UnderlayPath(group, (device,), link.mtu, limit=device, route=str(group), is_connected=True)

    def _path(self, peer: IpAddress) -> UnderlayPath | None:
        fresh = self._fresh(peer)
        memory = _memory(peer, self._peers, self._seen)
        if memory is None or memory.mtu is None:
            return None if fresh is not None and fresh.route == "default" and self._may_be_away(peer) else fresh
        # A path with a router on it may lead round a member that is off.
        is_doubtful = peer in self._peers.away or not (self._peers.is_whole or (fresh and fresh.is_connected))
        has_looked = self._seen is not None and self._seen.paths is not None
        if fresh is not None and (not is_doubtful or (not has_looked and fresh.route != "default")):
            return fresh
        return replace(memory, devices=memory.devices or self._holder or (fresh.devices if fresh else ()))

    def _may_be_away(self, peer: IpAddress) -> bool:
        """An address that is not a known VTEP may belong to a member that is offline."""
        return peer in self._peers.away or not (self._peers.is_whole or peer in self._peers.members)

    def _fresh(self, peer: IpAddress) -> UnderlayPath | None:
        hops = self._table.hops(peer)
        devices = tuple(dict.fromkeys(hop.device for hop in hops))
        if all(device == LOOPBACK or self._kind(device) == _DUMMY for device in devices):
            self._unreached.add(peer)
            return None
        if why := next((why for hop in hops if (why := self._why_hidden(hop))), ""):
            self._hidden[peer] = why
            return None
        mtu, limit = min((pair for hop in hops for pair in self._sizes(hop)), default=(None, ""))
        return UnderlayPath(
            peer=peer,
            devices=devices,
            mtu=mtu,
            limit=limit,
            source=source_of(hops[0], peer, self._held),
            route=hops[0].destination,
            protocol=hops[0].protocol,
            is_connected=all(hop.gateway is None for hop in hops),
        )

    def _why_hidden(self, hop: Route) -> str:
        """Why a next hop does not reveal where packets leave; empty where it does.

        With the sysctl `nexthop_compat_mode` 0 the kernel prints the number of a nexthop object and not its device.
        What a VRF makes of a packet is in its own table.
        """
        if not hop.device:
            return f"the route {hop.destination} {NEXTHOP_OBJECT}"
        if self._kind(hop.device) == _VRF:
            return f"the route {hop.destination} leads into VRF {hop.device}"
        return ""

    def _kind(self, device: str) -> str:
        link = self._links.get(device)
        return link.kind if link is not None else ""

    def _sizes(self, hop: Route) -> Iterator[tuple[int, str]]:
        link = self._links.get(hop.device)
        if link is not None:
            yield link.mtu, hop.device
        if hop.mtu is not None:
            yield hop.mtu, f"route {hop.destination}"


def _knows_routes(facts: NodeFacts, address: IpAddress) -> bool:
    """Whether the table that decides where packets from the address go was read."""
    if underlay_vrf(facts, address) is not None:
        return False
    return address.version in facts.tables or any(route.family == address.version for route in facts.routes)


def _memory(peer: IpAddress, peers: _Peers, seen: SeenVtep | None) -> UnderlayPath | None:
    """The path as it was last seen."""
    if seen is None:
        return None
    for path in seen.paths or ():
        if path.peer == peer:
            return UnderlayPath(peer, path.devices, path.mtu, limit=_only(path.devices))
    if peer not in peers.known or seen.mtu is None:
        return None
    return UnderlayPath(peer, seen.devices, seen.mtu, limit=_only(seen.devices))


def _remembered(node: str, address: IpAddress, peers: _Peers, seen: SeenVtep | None) -> dict[IpAddress, UnderlayPath]:
    """The paths of a node that could not be asked; those to groups only while they are joined on the same device as
    then.
    """
    found = {}
    for peer in (*peers.to_ask(node, {address}), *peers.groups[node]):
        path = _memory(peer, peers, seen)
        if path is not None and path.devices == ((peers.groups[node][peer],) if peer.is_multicast else path.devices):
            found[peer] = replace(path, devices=(), limit="")
    return found


def _only(devices: tuple[str, ...]) -> str:
    return devices[0] if len(devices) == 1 else ""
