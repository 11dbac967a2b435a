"""How large a guest's packet may be in a zone of ours: not more than the paths carry, not less than the kernel and
ifupdown2 take. A hint that names an MTU names one that no other check refuses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from pvesdn.design.checks.wording import error, few, listed, some
from pvesdn.design.ours.mtu import narrowest, outer_mtu, overhead
from pvesdn.design.ours.zones import IPV6, has_gateways, zone_ends
from pvesdn.model.cluster import Vtep
from pvesdn.model.design import DesignInput
from pvesdn.model.findings import Finding
from pvesdn.model.own_sdn import OwnSdn, OwnZone
from pvesdn.model.primitives import MTU_MAX, MTU_MIN, IpAddress
from pvesdn.model.pve_sdn import PveSdn
from pvesdn.model.vnets import Subnet

LEAST_IPV6 = 1280
"""Bytes of a packet below which the kernel disables IPv6 on a device (RFC 8200 section 5)."""

_VtepByNode = Mapping[str, Vtep]


@dataclass(frozen=True)
class _Paths:
    """What the paths of a zone take: looked at once, for zones may be many, and their paths are.

    :param own: as `zone_vteps` returns them.
    """

    zone: OwnZone
    own: _VtepByNode

    @cached_property
    def ends(self) -> frozenset[IpAddress]:
        """As `zone_ends` returns them."""
        return zone_ends(self.zone, self.own)

    @cached_property
    def sizes(self) -> Mapping[str, int | None]:
        """The largest packet that leaves each node for the zone's others, headers included; None where it is not
        known.
        """
        return {node: outer_mtu(vtep, self.ends - {vtep.address}) for node, vtep in self.own.items()}

    @cached_property
    def rooms(self) -> Mapping[str, int]:
        """The same without the headers of VXLAN, of nodes of which it is known."""
        known = ((node, size) for node, size in self.sizes.items() if size is not None)
        return {node: size - overhead(self.own[node].address) for node, size in known}

    @property
    def room(self) -> int | None:
        """What fits between all of them, as `inner_mtu` tells it."""
        return min(self.rooms.values(), default=None)

    def limit(self, node: str) -> tuple[str, bool]:
        """What limits the path on the node, in words, and whether that is only what was seen last."""
        vtep = self.own[node]
        path = narrowest(vtep, self.ends - {vtep.address})
        where = (path.limit if path is not None else vtep.interface) or "the underlay"
        return where, path is not None and path.is_remembered


def ipv6_gateways(source: OwnSdn | PveSdn) -> dict[str, list[Subnet]]:
    """Subnets with an IPv6 gateway, by the zone that they are in."""
    homes = {vnet.id: vnet.zone for vnet in source.vnets}
    found: dict[str, list[Subnet]] = {}
    for subnet in source.subnets:
        if subnet.vnet in homes and subnet.gateway is not None and subnet.gateway.version == IPV6:
            found.setdefault(homes[subnet.vnet], []).append(subnet)
    return found


def check(zone: OwnZone, own: _VtepByNode, given: DesignInput, ipv6: Mapping[str, list[Subnet]]) -> Iterator[Finding]:
    """What a zone's MTU does not fit.

    :param own: as `zone_vteps` returns them; empty where nothing is known of the nodes.
    :param ipv6: as `ipv6_gateways` returns it.
    """
    routed = ipv6.get(zone.id, []) if has_gateways(zone) else []
    paths = _Paths(zone, own)
    has = zone.mtu or paths.room
    is_short = bool(routed) and has is not None and has < LEAST_IPV6
    if has is not None and is_short:
        yield _without_ipv6(paths, routed, has)
    if zone.mtu is None:
        yield from _unknown(paths, given)
    if not is_short:  # else its cure mends these as well
        least = LEAST_IPV6 if routed else MTU_MIN
        yield from _out_of_range(paths) if zone.mtu is None else _too_large(paths, zone.mtu, least)


def _without_ipv6(paths: _Paths, routed: list[Subnet], has: int) -> Finding:
    """IPv6 gateways on bridges with an MTU below IPv6's minimum: the kernel disables IPv6 there.

    :param has: the zone's MTU.
    """
    zone, room = paths.zone, paths.room
    first, *others = sorted(routed, key=lambda subnet: subnet.at("gateway").line)
    also = f"; so do those of {few(others)}" if others else ""
    what = f"gateway {first.gateway} needs an MTU of {LEAST_IPV6} (RFC 8200), and zone '{zone.id}' has {has}{also}"
    steps = [f"raise mtu in the zone to {LEAST_IPV6} or more"] if zone.mtu is not None else []
    if room is not None and room < LEAST_IPV6:
        steps = [f"mtu in the zone to {LEAST_IPV6}"] if zone.mtu is not None else []
        most = LEAST_IPV6 + max(overhead(vtep.address) for vtep in paths.own.values())
        is_remembered = any(was_seen for _, was_seen in map(paths.limit, paths.own))
        steps.insert(0, _raised(most, is_remembered=is_remembered))
    fits_without = room is None or (room >= MTU_MIN and has <= room)
    return error(first.at("gateway"), what, f"{', and '.join(steps)}{', or leave gateway out' * fits_without}")


def _too_large(paths: _Paths, mtu: int, least: int) -> Iterator[Finding]:
    """Zone packets too large for the underlay: one finding, since one line says how large they are.

    :param least: the smallest MTU that the zone can have.
    """
    nodes: dict[tuple[int, str], list[str]] = {}
    rooms: dict[int, int] = {}
    is_remembered = False
    for node, size in paths.sizes.items():
        more = overhead(paths.own[node].address)
        if size is not None and mtu + more > size:
            limit, was_seen = paths.limit(node)
            nodes.setdefault((size, limit), []).append(node)
            rooms[more] = min(size - more, rooms.get(more, size))
            is_remembered = is_remembered or was_seen
    if not nodes:
        return
    sums = " or ".join(f"{more} bytes of VXLAN make {mtu + more}" for more in sorted(rooms))
    limits = [f"{limit} of {listed(found)} has {size}" for (size, limit), found in sorted(nodes.items())]
    raising = f"raise the underlay's{_once_more(is_remembered=is_remembered)}"
    fits = min(rooms.values())
    hint = f"write at most mtu {fits}{_in_panel_too(paths.zone)}, or {raising}"
    if fits < least:
        hint = _raised(mtu + max(rooms), is_remembered=is_remembered)
    yield error(paths.zone.at("mtu"), f"mtu {mtu} and {sums}, but {some(limits)}", hint)


def _in_panel_too(zone: OwnZone) -> str:
    """A zone that carries one of PVE's has the MTU that is said there."""
    if zone.carries is None:
        return ""
    both = any(item.name == "mtu" for item in zone.written)
    return f" {'here and ' if both else ''}in zone '{zone.carries}' of PVE's"


def _out_of_range(paths: _Paths) -> Iterator[Finding]:
    """Paths that leave a zone without an MTU of its own one that ifupdown2 refuses, with the nodes that they are of."""
    nodes: dict[tuple[str, bool, int], list[str]] = {}
    for node, room in paths.rooms.items():
        if MTU_MIN <= room <= MTU_MAX:
            continue
        # The zone's MTU is the least of all, unless nothing is known of this node but a device that leads nowhere.
        is_spared = min(paths.rooms.values()) <= MTU_MAX and narrowest(paths.own[node], paths.ends) is not None
        if room < MTU_MIN or not is_spared:
            nodes.setdefault((*paths.limit(node), room), []).append(node)
    for (limit, is_remembered, room), found in nodes.items():
        what = f"{limit} of {listed(found)} leaves {room} bytes for a packet, and ifupdown2 accepts {MTU_MIN}-{MTU_MAX}"
        more = overhead(paths.own[found[0]].address)
        hint = f"set mtu in the zone, to {MTU_MAX} at most"
        yield error(
            paths.zone.where, what, hint if room > MTU_MAX else _raised(MTU_MIN + more, is_remembered=is_remembered)
        )


def _raised(size: int, *, is_remembered: bool) -> str:
    return f"raise the underlay's MTU to {size} or more{_once_more(is_remembered=is_remembered)}"


def _once_more(*, is_remembered: bool) -> str:
    return " and bring every member up once: this is what was seen last" if is_remembered else ""


def _unknown(paths: _Paths, given: DesignInput) -> Iterator[Finding]:
    """Nodes whose paths are unknown. For one that was ever read, the MTU of the others' paths to it is used instead."""
    zone, own = paths.zone, paths.own
    is_reached = {end for vtep in own.values() for end, path in vtep.paths.items() if path.mtu is not None}
    blank = [node for node, size in paths.sizes.items() if size is None]
    unseen = [node for node in blank if node not in given.facts and node not in given.seen]
    if unseen:
        what = f"the MTU of {listed(unseen)} is not known: the node was never seen"
        yield error(zone.where, what, "set mtu in the zone, or bring the node up once")
    alone = [node for node in blank if node not in unseen and own[node].address not in is_reached]
    away = [node for node in alone if node not in given.facts]
    if away:
        what = f"the MTU of {listed(away)} is not known: the node is offline, and no path from it is remembered"
        yield error(zone.where, what, "set mtu in the zone, or bring the node up once")
    yield from _unknown_here(paths, [node for node in alone if node in given.facts])


def _unknown_here(paths: _Paths, unknown: list[str]) -> Iterator[Finding]:
    """Nodes that were read but have no known path."""
    zone, own, ends = paths.zone, paths.own, paths.ends
    hidden = [node for node in unknown if own[node].hidden.keys() & ends]
    if hidden:
        peer, why = next((end, why) for end, why in own[hidden[0]].hidden.items() if end in ends)
        what = (
            f"the MTU of {listed(hidden)} is not known: the path from {hidden[0]} to {peer} was not looked at ({why})"
        )
        yield error(zone.where, what, "set mtu in the zone")
    if unknown and ends == {own[unknown[0]].address}:
        what = f"the MTU of {listed(unknown)} is not known: the zone has no other VTEP, and {own[unknown[0]].address} is not on a NIC"
        yield error(zone.where, what, "set mtu in the zone")
    elif lost := [node for node in unknown if node not in hidden]:
        what = f"the MTU of {listed(lost)} is not known: no route leads from there to the VTEPs of other nodes"
        yield error(zone.where, what, "set mtu in the zone, or add the routes first")
