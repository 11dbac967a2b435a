"""Which parts of a map are drawn: all of a small one; of a large one the bad, and the rest in numbers.

A full mesh of 32 nodes has 496 sessions. As lines they show nothing, so those that are well are a number, and those
that are not are lines. The same holds for VNets and guests; what was left out is said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from math import ceil, sqrt

from pvesdn.compare.drawn_sessions import NOTABLE, chosen, line, lines_outside, router_id, word
from pvesdn.model.picture import MESH, Box, Line, Picture, Row, Shape, Table
from pvesdn.model.ranges import ranges
from pvesdn.model.status import Health
from pvesdn.model.topology import (
    MapExit,
    MapGuest,
    MapNode,
    MapRouter,
    MapSession,
    MapVnet,
    MapZone,
    Topology,
    counted_sessions,
    urgency,
    worst,
)

_VNETS = 60
"""VNets of the whole picture that are drawn with their names whatever their health."""
_IN_A_ZONE = 8
"""VNets of one zone that are drawn in a larger picture."""
_GUESTS = 6
"""Guests of one VNet that are named."""
_NAMED_GUESTS = 40
"""Guests of the whole picture up to which they are named."""
_IN_ONE_ROW = 6
"""Nodes that stand side by side."""
_ROUTERS = 24
_SUBNETS = 2
_LONGEST = 44
"""Characters of one text."""
_WELL = frozenset({None, Health.OK})
_NOT_WELL = {Health.BAD: "broken", Health.WARNING: "with a warning", Health.UNCHECKED: "not known"}
"""In words of which several are counted."""


def picture(whole: Topology) -> Picture:
    """What is drawn of a map."""
    inside = [session for session in whole.sessions if not session.is_outside]
    drawn, hidden = chosen(inside)
    routers = _routers(whole)
    lines = [*map(line, drawn), *_to_outside(whole, frozenset(routers))]
    notes = []
    if hidden:
        notes.append(f"not drawn: {counted_sessions(hidden)}")
    if rest := frozenset(whole.routers) - frozenset(routers):
        notes.append(_not_drawn(rest, whole))
    names_guests = sum(len(vnet.guests) for vnet in whole.vnets) <= _NAMED_GUESTS
    few = len(whole.vnets) <= _VNETS
    return Picture(
        title=_title(whole),
        mesh=tuple(_mesh(whole, inside)),
        nodes=tuple(_node(node, whole) for node in whole.nodes),
        columns=_columns(len(whole.nodes)),
        routers=tuple(_router(router, whole) for router in routers),
        tables=tuple(_table(zone, whole, few=few, names_guests=names_guests) for zone in whole.zones),
        lines=tuple(lines),
        left_out=tuple(notes),
        mesh_health=worst(session.health for session in inside),
    )


def _title(whole: Topology) -> str:
    what = "live state" if whole.is_live else "design"
    return f"{whole.cluster}: {what}" + (f", {whole.only} only" if whole.only else "")


def _columns(nodes: int) -> int:
    return max(1, nodes) if nodes <= _IN_ONE_ROW else min(8, ceil(sqrt(nodes * 1.7)))


def _mesh(whole: Topology, inside: Sequence[MapSession]) -> Iterator[str]:
    """Which sessions there are between the nodes, in words."""
    count = len(whole.nodes)
    yield f"{count} node{'' if count == 1 else 's'}"
    asns = sorted({node.asn for node in whole.nodes if node.asn is not None})
    if not inside:
        yield "no BGP sessions between them"
        return
    is_full = not whole.only and len(inside) == count * (count - 1) // 2
    kind = ", full mesh" if is_full else ""
    yield f"BGP EVPN, AS {', '.join(map(str, asns)) or '?'}{kind}: {counted_sessions(inside)}"


def _to_outside(whole: Topology, routers: frozenset[MapRouter]) -> Iterator[Line]:
    """BGP to peers outside, VXLAN to VTEPs there, and exits to their gateways."""
    yield from lines_outside([one for one in whole.sessions if one.is_outside and MapRouter(one.ends[1]) in routers])
    for vtep in (router for router in whole.routers if router in routers and _zones_of_vtep(router, whole)):
        yield Line((router_id(vtep), MESH), "VXLAN")
    for uplink in whole.exits:
        for gateway in uplink.gateways:
            if (router := MapRouter(gateway, uplink.zone)) in routers:
                yield Line((router_id(router), f"node {uplink.node}"), _clipped(uplink.interface), uplink.health)


def _node(node: MapNode, whole: Topology) -> Box:
    lines = [node.name]
    lines += [f"VTEP {vtep}" for vtep in node.vteps] or ["no VTEP"]
    if node.sessions is not None and node.sessions.all:
        lines.append(f"{node.sessions.up} of {node.sessions.all} sessions up")
    lines += [_exit(uplink) for uplink in whole.exits if uplink.node == node.name]
    if word(node.health) == "off" or not node.is_online:
        lines.append("off")
    elif node.name in whole.unanswered:
        lines.append("did not answer")
    return Box(f"node {node.name}", Shape.NODE, tuple(map(_clipped, lines)), _of_design(node, whole))


def _of_design(node: MapNode, whole: Topology) -> Health | None:
    """A member that is off, or that did not answer, is told in the design, too."""
    if node.health is not None or whole.is_live:
        return node.health
    if not node.is_online:
        return Health.OFF
    return Health.UNREACHABLE if node.name in whole.unanswered else None


def _exit(uplink: MapExit) -> str:
    way = uplink.interface or "the host's own routes"
    broken = (
        "" if uplink.health in _WELL else f" ({word(uplink.health) if uplink.health is not Health.BAD else 'broken'})"
    )
    return f"exit of {uplink.zone}: {way}{broken}"


def _routers(whole: Topology) -> tuple[MapRouter, ...]:
    """Those that are drawn, in the order of their addresses: where there are many, of those first that are not well."""
    how: dict[MapRouter, list[Health | None]] = {router: [] for router in whole.routers}
    for session in whole.sessions:
        if session.is_outside:
            how[MapRouter(session.ends[1])].append(session.health)
    for zone in whole.zones:
        for address in zone.outside:
            how[MapRouter(address)].append(None)
    for uplink in whole.exits:
        for gateway in uplink.gateways:
            how[MapRouter(gateway, uplink.zone)].append(uplink.health)
    urgent = sorted(how, key=lambda router: min(map(urgency, how[router]), default=urgency(None)))
    drawn = frozenset(urgent[:_ROUTERS])
    return tuple(router for router in how if router in drawn)


def _not_drawn(routers: Collection[MapRouter], whole: Topology) -> str:
    sessions = [one for one in whole.sessions if one.is_outside and MapRouter(one.ends[1]) in routers]
    noun = "machine" if any(_zones_of_vtep(router, whole) for router in routers) else "router"
    text = f"{_counted([None] * len(routers), f'more {noun}')} outside"
    return f"{text}, with {counted_sessions(sessions)}" if sessions else text


def _router(router: MapRouter, whole: Topology) -> Box:
    if router.zone:
        return Box(router_id(router), Shape.ROUTER, (router.address, f"outside: gateway of {router.zone}"))
    peers = [session.health for session in whole.sessions if session.is_outside and session.ends[1] == router.address]
    roles = ["BGP peer"] if peers else []
    if zones := _zones_of_vtep(router, whole):
        roles.append(f"VTEP of {zones[0] if len(zones) == 1 else f'{len(zones)} zones'}")
    return Box(router_id(router), Shape.ROUTER, (router.address, f"outside: {', '.join(roles)}"), worst(peers))


def _zones_of_vtep(router: MapRouter, whole: Topology) -> Sequence[str]:
    """Those whose frames are copied to it; none for a router that is no VTEP."""
    return [] if router.zone else [zone.id for zone in whole.zones if router.address in zone.outside]


def _table(zone: MapZone, whole: Topology, *, few: bool, names_guests: bool) -> Table:
    shown, left = zone.vnets, ""
    if not few and len(zone.vnets) > _IN_A_ZONE:
        shown = tuple(sorted(zone.vnets, key=_urgency_of)[:_IN_A_ZONE])
        left = _left_out(zone, shown)
    everywhere = {node.name for node in whole.nodes}
    # Of a part nobody sees which nodes there are besides.
    where = (
        "on all nodes"
        if not whole.only and everywhere <= set(zone.nodes)
        else f"on {ranges(zone.nodes)}"
        if zone.nodes
        else "on no node"
    )
    lines = (zone.id, zone.what + (f", L3VNI {zone.l3vni}" if zone.l3vni else ""), _clipped(where))
    rows = (_row(vnet, zone, names_guests=names_guests) for vnet in shown)
    left = "; ".join(filter(None, (left, _elsewhere(zone, whole)))) or ("" if zone.vnets else "no VNets")
    return Table(f"zone {zone.id}", lines, tuple(rows), left, zone.health)


def _elsewhere(zone: MapZone, whole: Topology) -> str:
    """Its VNets that are in the zone which carries them."""
    drawn = [vnet for vnet in whole.vnets if vnet.drawn_in == zone.id]
    return f"{_counted([vnet.health for vnet in drawn], 'VNet')}, in zone {drawn[0].zone}" if drawn else ""


def _urgency_of(vnet: MapVnet) -> int:
    """A guest that is not well is to be seen, too, though nothing is wrong with its VNet."""
    return min(map(urgency, (vnet.health, *(guest.health for guest in vnet.guests))))


def _left_out(zone: MapZone, shown: Iterable[MapVnet]) -> str:
    ids = {vnet.id for vnet in shown}
    rest = [vnet for vnet in zone.vnets if vnet.id not in ids]
    guests = [guest for vnet in rest for guest in vnet.guests]
    text = f"and {_counted([vnet.health for vnet in rest], 'more VNet')}"
    return f"{text}, {_counted_guests(guests)}" if guests else text


def _row(vnet: MapVnet, zone: MapZone, *, names_guests: bool) -> Row:
    tag = "" if vnet.tag is None else f"{vnet.tag_word} {vnet.tag}"
    where = "" if set(vnet.nodes) == set(zone.nodes) else f"on {ranges(vnet.nodes) or 'no node'}"
    told = [_clipped(where)] if where else []
    guests = tuple(chain(told, _guests(vnet.guests, is_named=names_guests)))
    return Row((_clipped(vnet.id), tag), tuple(_nets(vnet)), guests, vnet.health)


def _nets(vnet: MapVnet) -> Iterator[str]:
    """Its subnets, or what it is called where it has none."""
    # Whole: an address that is cut short is another one, or none.
    yield from vnet.subnets[:_SUBNETS]
    if (more := len(vnet.subnets) - _SUBNETS) > 0:
        yield f"and {more} more subnet{'' if more == 1 else 's'}"
    if not vnet.subnets and vnet.alias:
        yield _clipped(vnet.alias)


def _guests(guests: Sequence[MapGuest], *, is_named: bool) -> Iterator[str]:
    urgent = sorted(guests, key=lambda guest: urgency(guest.health))
    named = [guest for guest in urgent[:_GUESTS] if is_named or guest.health in NOTABLE]
    for guest in named:
        broken = {Health.BAD: "✗ ", Health.WARNING: "! ", Health.UNCHECKED: "? "}.get(guest.health or Health.OK, "")
        yield _clipped(f"{broken}{f'{guest.guest} {guest.name}'.strip()} on {guest.node}")
    if rest := urgent[len(named) :]:
        yield f"and {_counted_guests(rest, 'more ')}" if named else _counted_guests(rest)


def _counted_guests(guests: Iterable[MapGuest], which: str = "") -> str:
    found: dict[int, list[Health | None]] = {}
    for guest in guests:
        found.setdefault(guest.guest, []).append(guest.health)
    return _counted(list(map(worst, found.values())), f"{which}guest")


def _counted(found: Sequence[Health | None], noun: str) -> str:
    """``53 more VNets (4 broken, 2 not known)``."""
    there = Counter(found)
    not_well = [f"{there[health]} {said}" for health, said in _NOT_WELL.items() if there[health]]
    number = f"{len(found)} {noun}{'' if len(found) == 1 else 's'}"
    return f"{number} ({', '.join(not_well)})" if not_well else number


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
