"""A cluster's network as a map has it: what hangs on what and, where somebody has looked, how each part is doing.

`health` is None throughout where only the design is known; then `first` is empty.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pvesdn.model.primitives import IpAddress, NodeName, as_address
from pvesdn.model.status import Health, Share


@dataclass(frozen=True, slots=True)
class MapGuest:
    """A guest's port in a VNet.

    :param name: as the API told it; empty where it did not.
    """

    guest: int
    node: NodeName
    port: str
    name: str = ""
    health: Health | None = None
    first: str = ""


@dataclass(frozen=True, slots=True)
class MapVnet:
    """A VNet.

    :param tag: the VNI, or in PVE's vlan and qinq zones the VLAN; `tag_word` says which.
    :param subnets: each in words: its network, and its gateway.
    :param nodes: members that have it, sorted by name.
    :param guests: those plugged in on the nodes that answered, sorted.
    :param drawn_in: PVE's zone that it is drawn in, where `zone` carries that; empty else.
    :param first: what is wrong first, in one line.
    """

    id: str
    zone: str
    nodes: tuple[NodeName, ...]
    tag: int | None = None
    tag_word: str = "VNI"
    alias: str = ""
    subnets: tuple[str, ...] = ()
    guests: tuple[MapGuest, ...] = ()
    drawn_in: str = ""
    health: Health | None = None
    first: str = ""


@dataclass(frozen=True, slots=True)
class MapZone:
    """A zone with its VNets.

    :param what: its kind, in words.
    :param source: the file that defines it.
    :param outside: addresses of VTEPs among its peers that are no member's.
    """

    id: str
    what: str
    source: str
    nodes: tuple[NodeName, ...]
    vnets: tuple[MapVnet, ...] = ()
    l3vni: int | None = None
    outside: tuple[str, ...] = ()
    health: Health | None = None
    first: str = ""


@dataclass(frozen=True, slots=True)
class MapNode:
    """A member of the cluster.

    :param vteps: its tunnel addresses; none on a node that has no zone.
    :param zones: ids of the zones that it has.
    :param sessions: of BGP, those that are established; None where nobody could see them.
    """

    name: NodeName
    zones: tuple[str, ...]
    vteps: tuple[IpAddress, ...] = ()
    asn: int | None = None
    sessions: Share | None = None
    is_online: bool = True
    health: Health | None = None
    first: str = ""


@dataclass(frozen=True, slots=True)
class MapSession:
    """A BGP session.

    :param ends: two members, sorted; or a member and the address of a peer that is none.
    :param is_outside: the second end is such an address.
    """

    ends: tuple[str, str]
    is_outside: bool = False
    health: Health | None = None
    first: str = ""


@dataclass(frozen=True, slots=True)
class MapExit:
    """Where a zone leaves the cluster.

    :param id: empty for an exit node of one of PVE's zones, which leaves through the host's own routes.
    :param gateways: routers outside.
    :param virtual: its virtual router, in words; empty without.
    """

    zone: str
    node: NodeName
    id: str = ""
    interface: str = ""
    addresses: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    virtual: str = ""
    health: Health | None = None
    first: str = ""


@dataclass(frozen=True, slots=True)
class MapRouter:
    """A machine outside: a zone's gateway, or a BGP peer or a VTEP that is no member.

    :param zone: in whose VRF it is a gateway; empty for a peer and a VTEP, which are where the nodes' VTEPs are.
    """

    address: str
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Topology:
    """The whole map, each tuple in the order in which people read it.

    :param is_live: somebody has looked at the nodes; otherwise it is the design alone.
    :param unanswered: nodes that are on and did not answer: what they have besides the definitions is not known.
    :param only: what the map was narrowed to, in words; empty for all of it.
    """

    cluster: str
    is_live: bool
    zones: tuple[MapZone, ...] = ()
    nodes: tuple[MapNode, ...] = ()
    sessions: tuple[MapSession, ...] = ()
    exits: tuple[MapExit, ...] = ()
    unanswered: tuple[NodeName, ...] = ()
    only: str = ""

    @property
    def vnets(self) -> tuple[MapVnet, ...]:
        """Those of all zones."""
        return tuple(vnet for zone in self.zones for vnet in zone.vnets)

    @property
    def guests(self) -> int:
        """How many guests are plugged in, each once."""
        return len({guest.guest for vnet in self.vnets for guest in vnet.guests})

    @property
    def outside(self) -> tuple[str, ...]:
        """Addresses of routers, peers and VTEPs outside the cluster, sorted as numbers."""
        return tuple(dict.fromkeys(router.address for router in self.routers))

    @property
    def peers_outside(self) -> frozenset[str]:
        """Addresses of BGP peers that are no member's."""
        return frozenset(session.ends[1] for session in self.sessions if session.is_outside)

    @property
    def vteps_outside(self) -> frozenset[str]:
        """Addresses of VTEPs that are no member's, those of all zones."""
        return frozenset(address for zone in self.zones for address in zone.outside)

    @property
    def routers(self) -> tuple[MapRouter, ...]:
        """Routers, peers and VTEPs outside the cluster, sorted by their addresses as numbers. One address in two VRFs
        is two of them.
        """
        peers = {MapRouter(address) for address in self.peers_outside | self.vteps_outside}
        gateways = {MapRouter(gateway, uplink.zone) for uplink in self.exits for gateway in uplink.gateways}
        return tuple(sorted(peers | gateways, key=lambda router: (by_address(router.address), router.zone)))


_WORST_FIRST = (Health.BAD, Health.UNREACHABLE, Health.WARNING, Health.UNCHECKED, Health.OFF, Health.OK)


def worst(found: Iterable[Health | None]) -> Health | None:
    """The one that people have to see; None where nobody has looked."""
    there = set(found)
    return next((health for health in _WORST_FIRST if health in there), None)


def urgency(health: Health | None) -> int:
    """A key to sort by: what is worse has to be seen first, and what nobody knows before what is well."""
    order = {Health.BAD: 0, Health.WARNING: 1, Health.OK: 3, None: 3}
    return order.get(health, 2)


def by_address(text: str) -> tuple[int, int, str]:
    """A key to sort addresses by, as numbers."""
    address = as_address(text)
    return (0, 0, text) if address is None else (address.version, int(address), text)


def narrowed(whole: Topology, *, zones: frozenset[str], vnets: frozenset[str], nodes: frozenset[str]) -> Topology:
    """The part of a map that is about these zones, VNets and nodes; an empty set asks for all of a kind.

    A zone stays with the nodes that have it, one of PVE's panel also with its VNets in the zone that carries them, and
    a node with the zones that it has. Sessions stay where a node that was named is one of their ends; where none was,
    both of them have to be there.
    """
    if not (zones or vnets or nodes):
        return whole
    kept_zones = tuple(narrow for zone in whole.zones if (narrow := _zone(zone, zones, vnets, nodes)) is not None)
    ids = {zone.id for zone in kept_zones}
    where = {node for zone in kept_zones for node in _places(zone, vnets)}
    is_by_zone = bool(zones or vnets)
    kept = {
        node.name
        for node in whole.nodes
        if (node.name in where or not is_by_zone) and node.name in (nodes or {node.name})
    }
    sessions = tuple(session for session in whole.sessions if _stays(session, kept, nodes))
    ends = {end for session in sessions for end in session.ends} if nodes else set[str]()
    words = [f"{kind} {', '.join(sorted(names))}" for kind, names in _asked(zones, vnets, nodes) if names]
    return replace(
        whole,
        zones=kept_zones,
        nodes=tuple(node for node in whole.nodes if node.name in kept | ends),
        sessions=sessions,
        exits=tuple(uplink for uplink in whole.exits if uplink.zone in ids and uplink.node in kept),
        unanswered=tuple(node for node in whole.unanswered if node in kept | ends),
        only="; ".join(words),
    )


def _asked(
    zones: frozenset[str], vnets: frozenset[str], nodes: frozenset[str]
) -> tuple[tuple[str, frozenset[str]], ...]:
    return ("zone", zones), ("VNet", vnets), ("node", nodes)


def _places(zone: MapZone, vnets: frozenset[str]) -> set[str]:
    return {node for vnet in zone.vnets for node in vnet.nodes} if vnets else set(zone.nodes)


def _stays(session: MapSession, kept: set[str], nodes: frozenset[str]) -> bool:
    if nodes:
        return bool(nodes & kept & set(session.ends))
    return session.ends[0] in kept and (session.is_outside or session.ends[1] in kept)


def _zone(zone: MapZone, zones: frozenset[str], vnets: frozenset[str], nodes: frozenset[str]) -> MapZone | None:
    """A zone with the VNets that were asked for; None where nothing of it was."""
    if nodes and not nodes & set(zone.nodes):
        return None
    is_asked = not zones or zone.id in zones
    # What is drawn in a zone of PVE's panel is in the one that carries it.
    kept = [vnet for vnet in zone.vnets if is_asked or vnet.drawn_in in zones]
    kept = [vnet for vnet in kept if not vnets or vnet.id in vnets]
    if nodes:
        kept = [
            replace(vnet, guests=tuple(guest for guest in vnet.guests if guest.node in nodes))
            for vnet in kept
            if nodes & set(vnet.nodes)
        ]
    return replace(zone, vnets=tuple(kept)) if kept or (is_asked and not vnets) else None


def counted_sessions(sessions: Sequence[MapSession]) -> str:
    """``496 sessions: 494 established, 2 down``."""
    words = {
        Health.OK: "established",
        Health.BAD: "down",
        Health.WARNING: "with a warning",
        Health.OFF: "to nodes that are off",
        Health.UNCHECKED: "unknown",
    }
    text = f"{len(sessions)} session{'' if len(sessions) == 1 else 's'}"
    told = Counter(session.health for session in sessions)
    parts = [f"{told[health]} {word}" for health, word in words.items() if told[health]]
    return f"{text}: {', '.join(parts)}" if parts else text
