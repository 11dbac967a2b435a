"""A map in the words of a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from pvesdn.model.ranges import ranges
from pvesdn.model.status import Health
from pvesdn.model.topology import (
    MapExit,
    MapGuest,
    MapNode,
    MapSession,
    MapVnet,
    MapZone,
    Topology,
    counted_sessions,
    urgency,
)
from pvesdn.render.page.view import (
    Exit,
    Figure,
    Guest,
    MatrixRow,
    Node,
    Said,
    Session,
    Sessions,
    State,
    Vnet,
    Zone,
    counted,
    found_by,
    state,
)

_OPEN_VNETS = 30
"""VNets of a cluster whose zones are all open at first."""
_OPEN_GUESTS = 3
"""Guests of a VNet that are shown at first."""
_TOLD_SESSIONS = 50
_OPEN_MATRIX = 12
"""Nodes of a cluster whose table of sessions is open at first."""
_LARGEST_MATRIX = 64
_NOT_WELL = frozenset({Health.BAD, Health.WARNING})
_NONE = State("self", "", "")
_WORST_FIRST = ("bad", "warning", "unknown")


def zones(whole: Topology) -> tuple[Zone, ...]:
    """Its zones, with those first that are not well."""
    is_small = len(whole.vnets) <= _OPEN_VNETS
    # Of a part nobody sees which nodes there are besides.
    everywhere = frozenset[str]() if whole.only else frozenset(node.name for node in whole.nodes)
    drawn: dict[str, list[MapVnet]] = {}
    for vnet in whole.vnets:
        drawn.setdefault(vnet.drawn_in, []).append(vnet)
    shown = (_zone(zone, drawn.get(zone.id, ()), everywhere, is_small=is_small) for zone in whole.zones)
    return tuple(sorted(shown, key=lambda zone: _urgency(zone.state)))


def _urgency(its: State) -> int:
    """Smaller for what is worse: what follows from a thing that is broken stands below it."""
    return _WORST_FIRST.index(its.name) if its.name in _WORST_FIRST else len(_WORST_FIRST)


def _zone(zone: MapZone, drawn: Sequence[MapVnet], everywhere: frozenset[str], *, is_small: bool) -> Zone:
    """:param drawn: VNets that are drawn in it, and are in the zone that carries them."""
    where = "all nodes" if everywhere and everywhere <= set(zone.nodes) else f"on {ranges(zone.nodes) or 'no node'}"
    vnets = sorted((_vnet(vnet, zone) for vnet in zone.vnets), key=lambda vnet: _urgency(vnet.state))
    there = (*zone.vnets, *drawn)
    empty = f"VNets that are carried are in zone {drawn[0].zone}." if drawn else "" if vnets else "No VNets."
    what = zone.what + (f", L3VNI {zone.l3vni}" if zone.l3vni else "")
    what += f", VTEPs outside: {', '.join(zone.outside)}" if zone.outside else ""
    return Zone(
        id=zone.id,
        what=what,
        where=where,
        vnets=tuple(vnets),
        vnet_count=counted(len(there), "VNet"),
        guest_count=counted(len({guest.guest for vnet in there for guest in vnet.guests}), "guest"),
        empty=empty,
        is_open=is_small or zone.health in _NOT_WELL,
        first=zone.first,
        state=state(zone.health),
        text=found_by(zone.id, what),
        nodes=" ".join(zone.nodes),
    )


def _vnet(vnet: MapVnet, zone: MapZone) -> Vnet:
    where = "" if set(vnet.nodes) == set(zone.nodes) else f"on {ranges(vnet.nodes) or 'no node'}"
    tag = "" if vnet.tag is None else f"{vnet.tag_word} {vnet.tag}"
    guests = tuple(map(_guest, vnet.guests))
    is_bad = any(guest.health in _NOT_WELL for guest in vnet.guests)
    return Vnet(
        id=vnet.id,
        tag=tag,
        alias=vnet.alias,
        subnets=vnet.subnets,
        where=where,
        guests=guests,
        guest_count=counted(len({guest.guest for guest in vnet.guests}), "guest"),
        is_open=is_bad or len(guests) <= _OPEN_GUESTS,
        first=vnet.first,
        state=state(vnet.health),
        text=found_by(vnet.id, tag, vnet.alias, *vnet.subnets, vnet.first, *(guest.label for guest in guests)),
        nodes=" ".join(vnet.nodes),
    )


def _guest(guest: MapGuest) -> Guest:
    label = f"{guest.guest} {guest.name}".strip()
    return Guest(label, guest.node, guest.first, state(guest.health), text=found_by(label))


def nodes(whole: Topology) -> tuple[Node, ...]:
    """Its nodes, in their order: whoever looks for one knows its name."""
    return tuple(_node(node, whole) for node in whole.nodes)


def _node(node: MapNode, whole: Topology) -> Node:
    guests = len({guest.guest for vnet in whole.vnets for guest in vnet.guests if guest.node == node.name})
    note = "off" if not node.is_online else "did not answer" if node.name in whole.unanswered else ""
    health = node.health
    if health is None and note:
        health = Health.UNREACHABLE if node.is_online else Health.OFF
    rows = [Said("VTEP", ", ".join(map(str, node.vteps)) or "none")]
    if node.asn is not None:
        rows.append(Said("AS", str(node.asn)))
    if node.sessions is not None and node.sessions.all:
        rows.append(Said("sessions", f"{node.sessions.up} of {node.sessions.all} up"))
    rows.append(Said("zones", ", ".join(node.zones) or "none"))
    if not note:
        rows.append(Said("guests", str(guests)))
    vteps = (str(vtep) for vtep in node.vteps)
    return Node(
        name=node.name,
        note=note,
        rows=tuple(rows),
        first=node.first if node.first != f"{note}, as the cluster says" else "",
        state=state(health),
        text=found_by(node.name, *vteps, node.first),
        zones=" ".join(node.zones),
    )


def sessions(whole: Topology) -> Sessions:
    """Those that are not well each, and all of them in a table."""
    told = [session for session in whole.sessions if session.health in _NOT_WELL or session.is_outside]
    told.sort(key=lambda session: urgency(session.health))
    rows = tuple(
        Session(
            ends=" and ".join(session.ends),
            first=session.first or ("outside the cluster" if session.is_outside else ""),
            state=state(session.health),
            text=found_by(*session.ends, session.first),
            nodes=" ".join(session.ends),
        )
        for session in told[:_TOLD_SESSIONS]
    )
    summary = f"{counted_sessions(whole.sessions)}." if whole.sessions else "None: no zone here needs BGP."
    left = told[_TOLD_SESSIONS:]
    more = f" {len(left)} more are not listed here: {counted_sessions(left)}." if left else ""
    return Sessions(
        summary=summary + more,
        rows=rows,
        matrix=tuple(_matrix(whole)),
        legend=_LEGEND if whole.is_live else "● there is a session",
        is_open=len(whole.nodes) <= _OPEN_MATRIX,
    )


_LEGEND = "✓ established, ✗ down, ! with a warning, ? not known, ○ to a node that is off; empty: none"


def _matrix(whole: Topology) -> Iterator[MatrixRow]:
    inside = {session.ends: session for session in whole.sessions if not session.is_outside}
    names = [node.name for node in whole.nodes]
    if not inside or len(names) > _LARGEST_MATRIX:
        return
    for name in names:
        yield MatrixRow(name, tuple(_cell(inside.get((min(name, other), max(name, other)))) for other in names))


def _cell(session: MapSession | None) -> State:
    if session is None:
        return _NONE
    return State("plain", "●", "") if session.health is None else state(session.health)


def exits(whole: Topology) -> tuple[Exit, ...]:
    """Its exits."""
    return tuple(map(_exit, whole.exits))


def _exit(uplink: MapExit) -> Exit:
    rows = [Said("zone", uplink.zone), Said("node", uplink.node)]
    rows.append(Said("leaves by", uplink.interface or "the host's own routes"))
    rows += [Said("address", address) for address in uplink.addresses]
    rows += [Said("gateway", gateway) for gateway in uplink.gateways]
    if uplink.virtual:
        rows.append(Said("virtual", uplink.virtual))
    return Exit(
        title=uplink.id or f"{uplink.node} for {uplink.zone}",
        zone=uplink.zone,
        node=uplink.node,
        rows=tuple(rows),
        first=uplink.first,
        state=state(uplink.health),
        text=found_by(uplink.id, *(row.text for row in rows)),
    )


def figures(whole: Topology) -> tuple[Figure, ...]:
    """What there is, in numbers."""
    peers = whole.peers_outside
    routers = [one for one in whole.routers if one.zone or one.address in peers]
    outside = (("Routers outside", len(routers)), ("VTEPs outside", len(whole.vteps_outside)))
    return (
        _figure("Nodes", [node.health for node in whole.nodes]),
        _figure("Zones", [zone.health for zone in whole.zones]),
        _figure("VNets", [vnet.health for vnet in whole.vnets]),
        Figure("Guests", str(whole.guests), "", state(None)),
        _figure("BGP sessions", [session.health for session in whole.sessions]),
        *(Figure(name, str(number), "", state(None)) for name, number in outside if number),
    )


_COUNTED = ((Health.BAD, "broken"), (Health.WARNING, "with a warning"), (Health.UNREACHABLE, "not reached"))


def _figure(name: str, found: list[Health | None]) -> Figure:
    there = Counter(found)
    notes = [f"{there[health]} {word}" for health, word in (*_COUNTED, (Health.OFF, "off")) if there[health]]
    unknown = f"{there[Health.UNCHECKED]} not known" if there[Health.UNCHECKED] else ""
    shown = Health.BAD if there[Health.BAD] else Health.WARNING if notes else None
    return Figure(name, str(len(found)), ", ".join(filter(None, (*notes, unknown))), state(shown))
