"""What a plan means for traffic, in sentences; and what must be said before the plan itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import itemgetter

from pvesdn.cli.screens.screen import Line, Span, Style, counted
from pvesdn.model.consequences import AffectedGuest, Consequence, Effect, Fall
from pvesdn.model.guests import called
from pvesdn.model.ranges import by_number, ranges

_MOST_GUESTS = 20
"""Guests that are named; --json has them all."""


def fall_lines(falls: Iterable[Fall]) -> Iterator[Line]:
    """Definitions that go all at once, one line each."""
    for fall in falls:
        yield Span("attention: ", Style.ERROR), f"{fall}{f' from {ranges(fall.nodes)}' if fall.nodes else ''}"


def consequence_lines(found: Iterable[Consequence], names: Mapping[int, str]) -> Iterator[Line]:
    """A sentence each, below a title; nothing where there are none."""
    found = tuple(found)
    if not found:
        return
    yield (Span("What this means for traffic:", Style.STRONG),)
    moved = [one for one in found if one.effect is Effect.VTEP_MOVED]
    for one in found:
        if one.effect is not Effect.VTEP_MOVED:
            yield "  ", Span("! ", Style.WARNING), f"{ranges(one.nodes)}: {_SENTENCES[one.effect](one, names)}"
        elif one is moved[0]:
            nodes = ranges(node for move in moved for node in move.nodes)
            what = f"{nodes}: the VTEP moves: tunnels to and from {_these(nodes)} are cut until every node has had its turn"
            yield "  ", Span("! ", Style.WARNING), what
            ways = sorted(((by_number(ranges(move.nodes)), move) for move in moved), key=itemgetter(0))
            yield (f"      {', '.join(f'{ranges(move.nodes)} {move.old} -> {move.new}' for _, move in ways)}",)
    yield ()


def _these(nodes: str) -> str:
    return "these nodes" if "," in nodes or "-" in nodes else "it"


def _removed(one: Consequence, names: Mapping[int, str]) -> str:
    if not one.guests:
        return f"{_objects(one)} {_verb(one, 'is', 'are')} removed; no guest is plugged in there"
    return f"{_objects(one)} {_verb(one, 'is', 'are')} removed with guests in {_verb(one, 'it', 'them')}: {_guests(one.guests, names)}"


def _given_up(one: Consequence, names: Mapping[int, str]) -> str:
    what = f"{_objects(one)} {_verb(one, 'loses its', 'lose their')} uplink"
    if one.new:
        what = f"{_objects(one)} {_verb(one, 'leaves', 'leave')} pvesdn: PVE carries {_verb(one, 'it', 'them')} by {one.new}"
    else:
        what += f", and {_verb(one, 'stays', 'stay')} as PVE's without it: no traffic between nodes"
    if not one.guests:
        return f"{what}; no guest is plugged in there"
    return f"{what}; unplugged until plugged in again: {_guests(one.guests, names)}"


def _interrupted(one: Consequence, _: Mapping[int, str]) -> str:
    what = f"{_objects(one)} {_verb(one, 'is', 'are')} interrupted between nodes for"
    if one.effect is Effect.VNET_INTERRUPTED:
        return f"{what} one reload: {_verb(one, 'its', 'their')} VXLAN device is recreated"
    return f"{what} a moment: ifupdown2 recreates a VXLAN device that changes"


def _mixed(one: Consequence, _: Mapping[int, str]) -> str:
    what = _verb(one, "gets the VNI of another network: the two", "get VNIs of other networks: they")
    return f"{_objects(one)} {what} may mix until every node has had its turn{_count(one)}"


def _smaller(one: Consequence, names: Mapping[int, str]) -> str:
    guests = f": {_guests(one.guests, names)}" if one.guests else ""
    what = f"packets larger than {one.new} bytes no longer pass {_objects(one)} (MTU {one.old} -> {one.new})"
    return f"{what}; guests with a larger MTU must be set to {one.new}{guests}{_stuck(one, names)}{_larger(one, names)}"


def _stuck(one: Consequence, names: Mapping[int, str]) -> str:
    """Machines that live migration refuses, with a card that took its MTU from the bridge, until they start anew."""
    if not one.stuck:
        return ""
    return f"; with a VirtIO card, {_guests(one.stuck, names)} cannot be migrated live until restarted"


def _larger(one: Consequence, names: Mapping[int, str]) -> str:
    """Devices that are known to be larger, because the guest's configuration says so."""
    found = sorted(one.larger, key=lambda nic: (nic.guest, nic.device))
    if not found:
        return ""
    said = ", ".join(f"net{nic.device} of {called(nic.guest, names)} has mtu {nic.mtu}" for nic in found[:_MOST_GUESTS])
    more = len(found) - _MOST_GUESTS
    return f"; {said}" + (f", and {more} more" if more > 0 else "")


def _peers(one: Consequence, _: Mapping[int, str]) -> str:
    return f"{_objects(one)} no longer {_verb(one, 'exchanges', 'exchange')} traffic with {one.old}"


def _gateway(one: Consequence, _: Mapping[int, str]) -> str:
    change = f"is replaced by {one.new}" if one.new else "is removed"
    return f"gateway {one.old} of {_objects(one)} {change}; guests that use it lose their way out{_count(one)}"


def _mac(one: Consequence, _: Mapping[int, str]) -> str:
    change = f"{one.old} -> {one.new}" if one.old else one.new
    kept = "guests keep the old one until their ARP entry is refreshed"
    return f"the MAC of the gateway of {_objects(one)} moves ({change}); {kept}{_count(one)}"


def _vrf_changed(one: Consequence, _: Mapping[int, str]) -> str:
    return f"the gateway of {_objects(one)} moves from {_vrf(one.old)} to {_vrf(one.new)}: connections through it break{_count(one)}"


def _restarted(_one: Consequence, _: Mapping[int, str]) -> str:
    return "FRR is restarted: all its sessions go down, and traffic routed over them is cut until they are back"


def _reset(one: Consequence, _: Mapping[int, str]) -> str:
    which = f"the BGP sessions with {ranges(one.objects)}" if one.objects else "all BGP sessions"
    return f"{which} are reset, because {one.old} {'change' if ',' in one.old else 'changes'}"


def _session_removed(one: Consequence, _: Mapping[int, str]) -> str:
    return f"{'BGP sessions with ' + ranges(one.objects) if one.objects else 'all BGP sessions'} are removed"


def _exit(one: Consequence, _: Mapping[int, str]) -> str:
    vrfs = " and ".join(one.objects) or _vrf("")
    if not one.new:
        return f"{vrfs} has no way out here any more (it was {one.old}); connections through it break"
    if not one.old:
        return f"the way out of {vrfs} is here now ({one.new})"
    return f"the way out of {vrfs} changes from {one.old} to {one.new}; connections through it break"


def _forwarding(one: Consequence, _: Mapping[int, str]) -> str:
    names = ", ".join(one.objects)
    if not one.new:
        values = _verb(one, "it returns to the value that it", "they return to the values that they")
        return f"{names} {_verb(one, 'is', 'are')} no longer set: {values} had before pvesdn"
    change = f"{one.old} -> {one.new}" if one.old else one.new
    switched = (family for family in ("IPv4", "IPv6") if any(family.lower() in name for name in one.objects))
    return f"{names} {change}: the node forwards {' and '.join(switched)} between all its interfaces from now on"


_SENTENCES: Mapping[Effect, Callable[[Consequence, Mapping[int, str]], str]] = {
    Effect.VNET_REMOVED: _removed,
    Effect.VNET_GIVEN_UP: _given_up,
    Effect.VNET_INTERRUPTED: _interrupted,
    Effect.VNET_SHORTLY_INTERRUPTED: _interrupted,
    Effect.VNI_TAKEN: _mixed,
    Effect.MTU_SMALLER: _smaller,
    Effect.PEERS_LEFT: _peers,
    Effect.GATEWAY_CHANGED: _gateway,
    Effect.GATEWAY_MAC_MOVED: _mac,
    Effect.VRF_CHANGED: _vrf_changed,
    Effect.FRR_RESTARTED: _restarted,
    Effect.SESSIONS_RESET: _reset,
    Effect.SESSIONS_REMOVED: _session_removed,
    Effect.EXIT_CHANGED: _exit,
    Effect.FORWARDING_SWITCHED: _forwarding,
}
"""VTEP_MOVED has lines of its own."""


def _objects(one: Consequence) -> str:
    """VNets by their ids; a VRF's name has an underscore, which no VNet's has."""
    vnets, vrfs = ([name for name in one.objects if ("_" in name) is is_vrf] for is_vrf in (False, True))
    parts = []
    if vnets:
        parts.append(f"VNet{'' if len(vnets) == 1 else 's'} {ranges(vnets)}")
    if vrfs:
        parts.append(f"routing in {ranges(vrfs)}")
    return " and ".join(parts)


def _verb(one: Consequence, singular: str, plural: str) -> str:
    return singular if len(one.objects) == 1 else plural


def _vrf(name: str) -> str:
    return name or "the host's own routing table"


def _count(one: Consequence) -> str:
    guests = {guest.guest for guest in one.guests}
    return f" ({counted(len(guests), 'guest')})" if guests else ""


def _guests(found: Iterable[AffectedGuest], names: Mapping[int, str]) -> str:
    guests = sorted({guest.guest for guest in found})
    said = ", ".join(called(guest, names) for guest in guests[:_MOST_GUESTS])
    more = len(guests) - _MOST_GUESTS
    return f"guest{'' if len(guests) == 1 else 's'} {said}" + (f" and {more} more" if more > 0 else "")
