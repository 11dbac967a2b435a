"""The map of a cluster, from its definitions and what was found there: `Topology`.

Nothing is judged here: what is bad on a map is what `verify` has found, as in `pvesdn.compare.status`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pvesdn.compare.live_view import ClusterView, NodeView
from pvesdn.compare.map_findings import Seen, bridges, exit_health, vnet_health, weight
from pvesdn.compare.one_sided import waits_in_vain
from pvesdn.compare.status import described, in_a_line
from pvesdn.design.ours.zones import vnet_nodes
from pvesdn.design.shared.peer_lists import held_by_members
from pvesdn.model.cluster import Vtep
from pvesdn.model.design import DesignInput
from pvesdn.model.expectation import ExpectedSession, NodeExpectation
from pvesdn.model.guests import GuestPort, guest_port, in_order, ports_by_bridge
from pvesdn.model.own_sdn import EvpnZone, Exit, VxlanZone
from pvesdn.model.primitives import IpAddress, as_address
from pvesdn.model.pve_sdn import PveEvpnZone, PveQinqZone, PveVlanZone, PveVxlanZone
from pvesdn.model.ranges import by_number
from pvesdn.model.sdn import Zone
from pvesdn.model.status import Health
from pvesdn.model.topology import MapExit, MapGuest, MapNode, MapSession, MapVnet, MapZone, Topology, by_address, worst
from pvesdn.model.verification import Discrepancy, Subject
from pvesdn.model.vnets import Subnet, Vnet

_HOSTS_ROUTES = "pvesdn does not look at the host's own routes"


@dataclass(frozen=True, slots=True)
class MapParts:
    """What a map is made of.

    :param expected: what each node that answered should be doing.
    :param owners: the member that has an address, by the address.
    :param peers: addresses of the BGP peers that each of the other members should have.
    :param unanswered: members that are on and did not answer.
    :param seen: None for the design alone.
    """

    given: DesignInput
    vteps: Mapping[str, Vtep]
    expected: Mapping[str, NodeExpectation]
    owners: Mapping[str, str]
    peers: Mapping[str, Collection[str]] = field(default_factory=dict)
    guest_names: Mapping[int, str] = field(default_factory=dict)
    unanswered: tuple[str, ...] = ()
    seen: Seen | None = None


@dataclass(frozen=True, slots=True)
class _Index:
    """What is asked for again and again, made once: a cluster has hundreds of VNets, and may have as many findings.

    :param subnets: by VNet.
    :param ports: guests' ports, by node and bridge.
    :param of_guests: findings about guests, by node and port.
    :param of_sessions: findings about BGP sessions, by node.
    :param held: addresses of members.
    """

    subnets: Mapping[str, Sequence[Subnet]]
    ports: Mapping[str, Mapping[str, Sequence[GuestPort]]]
    of_guests: Mapping[str, Mapping[str, Discrepancy]]
    of_sessions: Mapping[str, Sequence[Discrepancy]]
    held: frozenset[IpAddress]


def topology(parts: MapParts) -> Topology:
    """The map of the whole cluster."""
    given, index = parts.given, _indexed(parts)
    where = {zone.id: tuple(sorted(given.cluster.among(zone.nodes))) for zone in given.sdn.both.zones}
    return Topology(
        cluster=given.cluster.name,
        is_live=parts.seen is not None,
        zones=tuple(_zone(zone, where[zone.id], parts, index) for zone in given.sdn.both.zones),
        nodes=tuple(_nodes(parts, where)),
        sessions=tuple(_sessions(parts, index)),
        exits=tuple(_exits(parts)),
        unanswered=parts.unanswered,
    )


def _indexed(parts: MapParts) -> _Index:
    subnets: dict[str, list[Subnet]] = {}
    for subnet in parts.given.sdn.both.subnets:
        subnets.setdefault(subnet.vnet, []).append(subnet)
    of_guests: dict[str, dict[str, Discrepancy]] = {}
    of_sessions: dict[str, list[Discrepancy]] = {}
    for item in () if parts.seen is None else parts.seen.found:
        view = None if parts.seen is None else parts.seen.views.get(item.node)
        if item.subject is Subject.SESSION:
            of_sessions.setdefault(item.node, []).append(item)
        if view is None or item.subject is Subject.SESSION:
            continue
        if item.subject is Subject.GUEST:
            of_guests.setdefault(item.node, {})[item.object] = item
    ports = {node: ports_by_bridge(facts.links) for node, facts in parts.given.facts.items()}
    return _Index(subnets, ports, of_guests, of_sessions, frozenset(held_by_members(parts.given)))


def _zone(zone: Zone, nodes: tuple[str, ...], parts: MapParts, index: _Index) -> MapZone:
    seen = None if parts.seen is None else parts.seen.zones.get(zone.id)
    of_it = (vnet for vnet in parts.given.sdn.both.vnets if vnet.zone == zone.id)
    vnets = sorted(of_it, key=lambda vnet: by_number(vnet.id))
    return MapZone(
        id=zone.id,
        what=described(zone, parts.given.sdn.own),
        source=zone.where.file,
        nodes=nodes,
        vnets=tuple(_vnet(vnet, zone, nodes, parts, index) for vnet in vnets),
        l3vni=zone.l3vni if isinstance(zone, EvpnZone | PveEvpnZone) else None,
        outside=_outside(zone, parts, index),
        health=None if seen is None else seen.health,
        first="" if seen is None else seen.first,
    )


def _outside(zone: Zone, parts: MapParts, index: _Index) -> tuple[str, ...]:
    """Addresses among its peers that are no member's: frames are copied there, and nobody here looks there."""
    named = zone.peers or () if isinstance(zone, VxlanZone | PveVxlanZone) else ()
    addresses = {address for peer in named if (address := as_address(str(peer))) is not None}
    strangers = {str(address) for address in addresses - index.held} - parts.owners.keys()
    return tuple(sorted(strangers, key=by_address))


def _vnet(vnet: Vnet, zone: Zone, in_zone: tuple[str, ...], parts: MapParts, index: _Index) -> MapVnet:
    nodes = tuple(sorted(vnet_nodes(vnet, frozenset(in_zone))))
    health, first = (None, "") if parts.seen is None else vnet_health(parts.seen, vnet.id, zone.id, nodes)
    return MapVnet(
        id=vnet.id,
        zone=zone.id,
        nodes=nodes,
        tag=vnet.tag,
        tag_word="VLAN" if isinstance(zone, PveVlanZone | PveQinqZone) else "VNI",
        alias=vnet.alias or "",
        subnets=tuple(_in_words(subnet) for subnet in index.subnets.get(vnet.id, ())),
        guests=tuple(_guests(vnet, nodes, parts, index)),
        drawn_in=vnet.drawn_in or "",
        health=health,
        first=first,
    )


def _in_words(subnet: Subnet) -> str:
    return subnet.cidr if subnet.gateway is None else f"{subnet.cidr} via {subnet.gateway}"


def _guests(vnet: Vnet, nodes: Iterable[str], parts: MapParts, index: _Index) -> Iterator[MapGuest]:
    """Those whose port is in the VNet's bridge, and those whose port belongs there."""
    for node in nodes:
        ports = {port.port: port for port in index.ports.get(node, {}).get(vnet.id, ())}
        view = None if parts.seen is None else parts.seen.views.get(node)
        told = index.of_guests.get(node, {}) if view is not None else {}
        for name, item in told.items():
            if (port := guest_port(name)) is not None and view is not None and vnet.id in bridges(item, view):
                ports[name] = port
        for port in in_order(ports.values()):
            item_of_it = told.get(port.port)
            yield MapGuest(
                guest=port.guest,
                node=node,
                port=port.port,
                name=parts.guest_names.get(port.guest, ""),
                health=None if parts.seen is None else _guest_health(item_of_it, view),
                first="" if item_of_it is None else in_a_line(item_of_it),
            )


def _guest_health(told: Discrepancy | None, view: NodeView | None) -> Health:
    if told is not None:
        return weight([told])
    # Where its configuration was not read, nobody knows where it should be.
    return Health.UNCHECKED if view is None or view.state.plugs is None else Health.OK


def _nodes(parts: MapParts, where: Mapping[str, tuple[str, ...]]) -> Iterator[MapNode]:
    rows = {} if parts.seen is None else {row.name: row for row in parts.seen.status.nodes}
    for member in sorted(parts.given.cluster.members, key=lambda member: by_number(member.name)):
        row, chosen = rows.get(member.name), parts.vteps.get(member.name)
        expected = parts.expected.get(member.name)
        yield MapNode(
            name=member.name,
            zones=tuple(zone for zone, nodes in where.items() if member.name in nodes),
            vteps=row.vteps if row is not None else () if chosen is None else (chosen.address,),
            asn=None if expected is None else expected.asn,
            sessions=None if row is None else row.sessions,
            is_online=member.is_online,
            health=None if row is None else row.health,
            first="" if row is None else row.first,
        )


def _sessions(parts: MapParts, index: _Index) -> list[MapSession]:
    """Each session once, however many of its ends were looked at."""
    found: dict[tuple[str, str], list[tuple[Health | None, str]]] = {}
    outside: dict[tuple[str, str], bool] = {}
    for node, address in _designed(parts, index):
        peer = parts.owners.get(address)
        ends = (node, address) if peer is None else (min(node, peer), max(node, peer))
        outside[ends] = peer is None
        found.setdefault(ends, []).append(_session(node, address, peer, parts, index))
    in_order = sorted(found, key=lambda ends: (by_number(ends[0]), *_by_end(ends[1], is_outside=outside[ends])))
    return [MapSession(ends, outside[ends], *_of_both_ends(found[ends])) for ends in in_order]


def _by_end(end: str, *, is_outside: bool) -> tuple[bool, tuple[int, int, str] | tuple[str, int, str]]:
    return is_outside, by_address(end) if is_outside else by_number(end)


def _of_both_ends(told: Sequence[tuple[Health | None, str]]) -> tuple[Health | None, str]:
    """How a session is doing, and what is wrong with it: what one of its ends tells is known, though the other is
    silent.
    """
    known = [(health, first) for health, first in told if health is not Health.UNCHECKED] or told
    its = worst(health for health, _ in known)
    return its, next((first for health, first in known if health is its), "")


def _designed(parts: MapParts, index: _Index) -> Iterator[tuple[str, str]]:
    """Each member, and the address of each of its BGP peers."""
    looked_at = {
        node: [session.peer for session in expected.sessions if not _is_nothing(node, session, parts, index)]
        for node, expected in parts.expected.items()
    }
    for node, addresses in sorted({**parts.peers, **looked_at}.items()):
        yield from ((node, address) for address in addresses)


def _is_nothing(node: str, session: ExpectedSession, parts: MapParts, index: _Index) -> bool:
    """Whether nobody misses a session that the other end has no neighbor for: then nothing is found of it."""
    view = None if parts.seen is None else parts.seen.views.get(node)
    if parts.seen is None or view is None or _told(node, session.peer, index):
        return False
    return waits_in_vain(view, ClusterView(parts.seen.views, parts.owners, frozenset()), session)


def _told(node: str, address: str, index: _Index) -> Sequence[Discrepancy]:
    return [item for item in index.of_sessions.get(node, ()) if address in re.split(r"[ ()]", item.object)]


def _session(node: str, address: str, peer: str | None, parts: MapParts, index: _Index) -> tuple[Health | None, str]:
    """How a session is doing, seen from one of its ends, and what is wrong with it."""
    if parts.seen is None:
        return None, ""
    off = parts.seen.status.verification.offline
    if away := next((end for end in (node, peer) if end in off), None):
        return Health.OFF, f"{away} is off, as the cluster says"
    view = parts.seen.views.get(node)
    about = _told(node, address, index)
    if about:
        return weight(about), in_a_line(about[0])
    sessions = None if view is None else view.state.sessions
    live = None if sessions is None else sessions.get(address)
    if sessions is not None and live is None:
        return Health.BAD, f"{node}: FRR has no session to {peer or address}"
    if live is None or not live.is_established:
        return Health.UNCHECKED, f"{node} did not tell of the session to {peer or address}"
    return Health.OK, ""


def _exits(parts: MapParts) -> Iterator[MapExit]:
    for uplink in parts.given.sdn.own.exits:
        health, first = (None, "") if parts.seen is None else exit_health(parts.seen, uplink)
        yield MapExit(
            zone=uplink.zone,
            node=uplink.node,
            id=uplink.id,
            interface=uplink.interface,
            addresses=tuple(str(held) for held in (uplink.address, uplink.address6) if held is not None),
            gateways=tuple(map(str, uplink.gateways)),
            virtual=_virtual(uplink),
            health=health,
            first=first,
        )
    for zone in parts.given.sdn.pve.zones:
        if isinstance(zone, PveEvpnZone):
            for node in sorted(zone.exit_nodes & parts.given.cluster.among(zone.nodes)):
                # By which of the host's own routes it leaves, nobody looks at.
                yield MapExit(
                    zone=zone.id,
                    node=node,
                    health=None if parts.seen is None else Health.UNCHECKED,
                    first="" if parts.seen is None else _HOSTS_ROUTES,
                )


def _virtual(uplink: Exit) -> str:
    vrrp = uplink.vrrp
    if vrrp is None:
        return ""
    return f"VRRP {vrrp.id}, priority {vrrp.priority}: {', '.join(map(str, vrrp.addresses))}"
