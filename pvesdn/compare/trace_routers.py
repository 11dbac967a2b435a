"""A packet that a node routes: the route of the VRF, the next hop's MAC, and the way out of the cluster."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_network

from pvesdn.compare.trace_filters import past_routing
from pvesdn.compare.trace_ports import fault_of
from pvesdn.compare.trace_scene import AtBridge, AtRouter, Steps, Walk, asked_by, how_asked
from pvesdn.model.looked_up import FoundRoute, Neighbour, NextHop
from pvesdn.model.primitives import IpAddress
from pvesdn.model.state import LiveDevice
from pvesdn.model.trace import EndKind, Place, Way

_PLAIN = frozenset({"-s", "-o", "-j", "--to-source", "-m", "--comment"})
_FLAGS = frozenset({"--random", "--random-fully", "--persistent"})


def pass_router(walk: Walk, way: Way, at: AtRouter) -> Steps:
    """Where the routing table sends a packet; several ways where routes share the load."""
    scene, address = walk.scene, walk.target.address
    table = at.vrf or "the main table"
    if at.device and scene.state(at.node).settings is None:
        why = scene.why_not_told(at.node, "settings")
        way = way.doubting(f"whether {at.node} forwards from '{at.device}': {why}")
    if address is None:
        why = f"no address of {walk.target.name} is known"
        yield way.is_lost(at.node, at.device, f"{why}: give its address in place of its name"), None
    elif at.node in walk.target.holders and _is_reached(walk, at, address):
        yield (
            way.and_hop(at.node, Place.ROUTER, _holder(walk, at, address), f"{address} is the node's own").arrives(),
            None,
        )
    elif reason := _does_not_forward(walk, at, address):
        yield way.ends(at.node, at.device, reason), None
    elif not scene.has_routes(at.node):
        why = scene.why_not_looked_up(at.node, "routes")
        yield way.is_lost(at.node, at.vrf or at.device, f"routes of {table}: {why}"), None
    elif at.vrf and at.vrf not in scene.asked:
        yield way.is_lost(at.node, at.vrf, f"routes of {table} were not looked up"), None
    elif (route := scene.route(at.node, at.vrf, address)) is None:
        yield _unrouted(walk, way, at, f"{table} has no route to {address}"), None
    elif route.rejects:
        yield _unrouted(walk, way, at, f"{table} rejects {address}: {route.rejects} {route.prefix}"), None
    else:
        yield from _forwarded(walk, way, at, route)


def _unrouted(walk: Walk, way: Way, at: AtRouter, reason: str) -> Way:
    address = walk.target.address
    step = "" if address is None else shown_by(at, address)
    zone = walk.scene.cluster.nodes[at.node].zones.get(at.vrf, "")
    return replace(way.ends(at.node, at.vrf or at.device, reason, step), unrouted=zone)


def _forwarded(walk: Walk, way: Way, at: AtRouter, route: FoundRoute) -> Steps:
    """By each next hop; what the node does not send itself goes through its packet filters."""
    if at.device:
        way = past_routing(walk.scene, way, at.node, route.prefix.version)
    if way.reason:
        yield way, None
        return
    for hop in route.hops:
        yield from _by(walk, way, at, route, hop)


def shown_by(at: AtRouter, address: IpAddress) -> str:
    """The command that shows the route which is taken there."""
    table = f" vrf {at.vrf}" if at.vrf else ""
    return f"ip{' -6' if address.version == 6 else ''} route get {address}{table}"  # noqa: PLR2004 - IPv6


def _is_reached(walk: Walk, at: AtRouter, address: IpAddress) -> bool:
    return bool(_holder(walk, at, address))


def _holder(walk: Walk, at: AtRouter, address: IpAddress) -> str:
    """The device of the same VRF that has the address; empty for none."""
    devices = walk.scene.state(at.node).devices.values()
    own = (device for device in devices if any(held.ip == address for held in device.addresses))
    return next((device.name for device in own if walk.scene.vrf_of(at.node, device.name) == at.vrf), "")


def _does_not_forward(walk: Walk, at: AtRouter, address: IpAddress) -> str:
    """Why the node routes nothing that comes in by the device; empty where it does, or nobody could see."""
    if not at.device:
        return ""
    family = "ipv4" if address.version == 4 else "ipv6"  # noqa: PLR2004 - IPv4
    settings = walk.scene.state(at.node).settings or {}
    # IPv6 is forwarded for all devices or for none; the setting of one device only has it hear router advertisements.
    name = at.device if family == "ipv4" else "all"
    is_off = settings.get(f"net/{family}/conf/{name}/forwarding") == "0"
    return f"{at.node} does not forward {family} from '{at.device}'" if is_off else ""


@dataclass(frozen=True, slots=True)
class _Leg:
    """A route that is taken, by one of its next hops. :param gateway: None for a network of the device's own."""

    at: AtRouter
    route: FoundRoute
    device: LiveDevice
    gateway: IpAddress | None

    def told(self, way: Way, what: str) -> Way:
        """The way with this place."""
        at, route = self.at, self.route
        by = f" ({route.protocol})" if route.protocol else ""
        said = f"{at.vrf or 'main table'}: route {route.prefix if route.prefix.prefixlen else 'default'}{by} {what}"
        return way.and_hop(
            at.node, Place.ROUTER, at.device or at.vrf or "main", said,
            vrf=at.vrf, route=str(route.prefix), next_hop="" if self.gateway is None else str(self.gateway),
        )  # fmt: skip


def _by(walk: Walk, way: Way, at: AtRouter, route: FoundRoute, hop: NextHop) -> Steps:
    device = walk.scene.device(at.node, hop.device)
    if device is None or not device.is_up:
        why = f"'{hop.device}' is {'down' if device is not None else 'gone'}, by which {route.prefix} is reached"
        yield way.ends(at.node, hop.device, why), None
        return
    leg = _Leg(at, route, device, hop.gateway)
    if device.kind == "vrf":
        yield leg.told(way, f"into {device.name}"), AtRouter(at.node, "", device.name)
        return
    # The address of a node's own may be on a card, or on a bridge that other nodes are reached by.
    is_of_guests = walk.target.kind is EndKind.GUEST or not walk.scene.uplinks(at.node, hop.device)
    is_its = device.kind == "bridge" and hop.device == walk.target.bridge and is_of_guests
    is_vnet = is_its or bool(walk.scene.vxlans(at.node, hop.device))
    if is_vnet and not device.has_carrier:
        yield way.ends(at.node, hop.device, f"'{hop.device}' has no carrier, by which {route.prefix} is reached"), None
    elif hop.gateway is None:
        yield from _on_link(walk, way, leg) if is_vnet else _beside(walk, way, leg)
    elif is_vnet:
        yield from _to_next_hop(walk, way, leg, hop.gateway)
    else:
        yield from _out(walk, way, leg, hop.gateway)


def _on_link(walk: Walk, way: Way, leg: _Leg) -> Steps:
    """A VNet of the node's own: to the target's MAC, by the neighbour table."""
    target, node, device = walk.target, leg.at.node, leg.device.name
    mac, way = _resolved(walk, way, leg)
    if mac or target.port:
        way = leg.told(way, f"on {device}; {target.address} has {mac}" if mac else f"on {device}")
        yield way, AtBridge(node, device, mac or asked_by(target.address))
    else:
        way = leg.told(way, f"on {device}")
        asks = f"{node} asks by {how_asked(target.address)}"
        yield way.is_lost(node, device, f"nobody knows the MAC of {target.address}: {asks}"), None


def _resolved(walk: Walk, way: Way, leg: _Leg) -> tuple[str, Way]:
    """The MAC that the neighbour table has for the target, empty for none; what lacks there is noted."""
    address, node, device = walk.target.address, leg.at.node, leg.device.name
    if not walk.scene.has_neighbours(node):
        return "", _unheard(walk, way, node)
    known = None if address is None else walk.scene.neighbour(node, device, address)
    if known is not None and known.is_usable:
        return known.mac, _stale(walk, way, leg, known)
    if known is not None and known.is_silent:
        return "", way.doubting(f"{node} has asked for {address} on {device}, and nobody has answered")
    asks = f"it asks by {how_asked(address)} first"
    return "", way.noting(f"{node} has no neighbour entry for {address} on {device}: {asks}")


def _stale(walk: Walk, way: Way, leg: _Leg, known: Neighbour) -> Way:
    """With a note on an entry that is not the guest's, or that nobody has confirmed for long and is still used."""
    node, device, target = leg.at.node, leg.device.name, walk.target
    if target.mac and known.mac != target.mac:
        return way.noting(f"{node} has {known.mac} for {known.address} on {device}, and {target.name} has {target.mac}")
    if known.is_stale:
        return way.noting(f"{node} has not heard of {known.address} on {device} lately: its entry is stale")
    return way


def _unheard(walk: Walk, way: Way, node: str) -> Way:
    return way.doubting(f"neighbours of {node}: {walk.scene.why_not_looked_up(node, 'neighbours')}")


def _beside(walk: Walk, way: Way, leg: _Leg) -> Steps:
    """A network that no VNet has: outside, or the underlay."""
    target, node, device = walk.target, leg.at.node, leg.device
    way = leg.told(way, f"on {device.name}")
    if fault := fault_of(device):
        yield way.ends(node, device.name, fault), None
    elif target.kind is EndKind.GUEST and target.guest is not None:
        yield way.is_lost(node, device.name, f"it leaves by {device.name}, where {target.name} is not"), None
    else:
        card = walk.scene.device(target.node, target.bridge) if target.kind is EndKind.NODE else None
        if card is not None and not card.is_up:
            yield way.ends(target.node, card.name, fault_of(card)), None
            return
        known = None if target.address is None else walk.scene.neighbour(node, device.name, target.address)
        if known is not None and known.is_silent:
            yield way.ends(node, device.name, f"{target.address} does not answer on {device.name}"), None
            return
        _, way = _resolved(walk, way, leg)
        yield way.and_hop(node, Place.OUTSIDE, device.name, f"{target.address} is on this network").arrives(), None


def _to_next_hop(walk: Walk, way: Way, leg: _Leg, gateway: IpAddress) -> Steps:
    """To another node through the L3VNI, or to a router in a VNet."""
    node, device = leg.at.node, leg.device.name
    known, owner = walk.scene.neighbour(node, device, gateway), walk.scene.owner(gateway)
    via = f"via {gateway}{f' ({owner})' if owner else ''} on {device}"
    noun = "router MAC" if owner else "MAC"
    if not walk.scene.has_neighbours(node):
        why = walk.scene.why_not_looked_up(node, "neighbours")
        yield leg.told(way, via).is_lost(node, device, f"neighbours of {node}: {why}"), None
    elif known is not None and known.is_silent and not owner:
        yield leg.told(way, via).ends(node, device, f"the router {gateway} does not answer on {device}"), None
    elif known is None and not owner:
        reason = f"no MAC of {gateway} is known on '{device}': {node} asks by {how_asked(gateway)}"
        yield leg.told(way, via).is_lost(node, device, reason), None
    elif known is None or not known.is_usable:
        way = leg.told(way, via)
        yield way.ends(node, device, f"no {noun} of {gateway} is known on '{device}'"), None
    else:
        way = leg.told(way, f"{via}, {noun} {known.mac}")
        yield way, AtBridge(node, device, known.mac, is_for_router=True)


def _out(walk: Walk, way: Way, leg: _Leg, gateway: IpAddress) -> Steps:
    """To a router outside, by a card that is no VNet's."""
    target, node, device = walk.target, leg.at.node, leg.device
    way = leg.told(way, f"via {gateway} on {device.name}")
    way = way if walk.scene.has_neighbours(node) else _unheard(walk, way, node)
    known = walk.scene.neighbour(node, device.name, gateway)
    if fault := fault_of(device):
        yield way.ends(node, device.name, fault), None
        return
    if known is not None and known.is_silent:
        yield way.ends(node, device.name, f"the router {gateway} does not answer on {device.name}"), None
        return
    if unseen := _untold_translations(walk, node):
        way = way.noting(f"whether {node} gives it another source: {unseen}")
    if known is None and walk.scene.has_neighbours(node):
        asks = f"it asks by {how_asked(gateway)} first"
        way = way.noting(f"{node} has no neighbour entry for the router {gateway} on {device.name}: {asks}")
    translated = "".join(f", with {to} as its source" for to in _translations(walk, node, device.name))
    what = f"leaves for the router {gateway}{translated}"
    way = way.and_hop(node, Place.OUTSIDE, device.name, what, next_hop=str(gateway), mtu=device.mtu)
    if target.kind is EndKind.OUTSIDE:
        yield way.arrives(), None
    else:
        reason = f"it leaves the cluster for {gateway}; whether it comes back to {target.name} is not seen"
        yield way.is_lost(node, device.name, reason), None


def _untold_translations(walk: Walk, node: str) -> str:
    """Why nobody knows which rules translate what leaves a node; empty where that is known."""
    name, rules = _rules_for(walk, node)
    return "" if rules is not None else walk.scene.why_not_looked_up(node, name)


def _translations(walk: Walk, node: str, device: str) -> Iterator[str]:
    """The addresses that rules of the node's put in the place of the source's."""
    source = walk.source.address
    if source is None:
        return
    for words in map(_words_of_rule, _rules_for(walk, node)[1] or ()):
        if words.get("-o", device) == device and (not words.get("-s") or _covers(words["-s"], source)) and words:
            yield words.get("--to-source", f"the address of {device}")
            return


def _rules_for(walk: Walk, node: str) -> tuple[str, tuple[str, ...] | None]:
    """What the question about the rules for the source's IP version is called, and they; None where nobody knows."""
    found, source = walk.scene.found.get(node), walk.source.address
    if source is None or source.version == 4:  # noqa: PLR2004 - IPv4
        return "nat", None if found is None else found.nat
    return "nat6", None if found is None else found.nat6


def _words_of_rule(line: str) -> dict[str, str]:
    """``{"-s": "10.0.0.0/24", "-o": "eno2", "-j": "SNAT", ...}``. Empty for a rule that is not for all that leaves: by
    protocol, port, destination, mark, or by what it is not.
    """
    try:
        words = [word for word in shlex.split(line)[2:] if word not in _FLAGS]
    except ValueError:
        return {}
    rule = dict(zip(words[::2], words[1::2], strict=False))
    return rule if rule.keys() <= _PLAIN and rule.get("-m", "comment") == "comment" else {}


def _covers(text: str, address: IpAddress | None) -> bool:
    try:
        return address in ip_network(text, strict=False)
    except ValueError:
        return False
