"""trace: all ways from one end to the other, step by step through bridges, tunnels and routers. Sends nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pvesdn.compare.trace_asked import told_mac
from pvesdn.compare.trace_bridges import pass_bridge
from pvesdn.compare.trace_circles import Passed, circle_at, going_round
from pvesdn.compare.trace_ends import end_of, require_apart
from pvesdn.compare.trace_entries import enter_from_outside
from pvesdn.compare.trace_families import apart, noting_family, of_one_family, require_one_family
from pvesdn.compare.trace_names import Named, Places
from pvesdn.compare.trace_ports import is_switched_off, leave, port_in_bridge, ports_of
from pvesdn.compare.trace_routers import pass_router
from pvesdn.compare.trace_scene import AtBridge, AtRouter, InTunnel, Position, Scene, Steps, Walk, asked_by, how_asked
from pvesdn.compare.trace_sizes import noting_sizes
from pvesdn.compare.trace_tunnels import pass_tunnel
from pvesdn.model.looked_up import Neighbour, NextHop, Question
from pvesdn.model.primitives import IpAddress
from pvesdn.model.state import LiveDevice
from pvesdn.model.trace import Direction, End, EndKind, Way

_MOST_WAYS = 64


def ends_of(names: tuple[Named, Named], scene: Scene, places: Places) -> tuple[End, End]:
    """Both ends, as far as the nodes have told by now.

    :raises SettingsError: one may be any of several; both are the same, or neither is in the cluster; they are
        addresses of two versions of IP.
    """
    require_one_family(names)
    one, other = names
    ends = of_one_family((end_of(one, other, scene, places), end_of(other, one, scene, places)))
    require_apart(ends)
    return ends


def first_question(names: Iterable[Named], scene: Scene) -> Question:
    """What has to be known to find the ends."""
    names = tuple(names)
    guests = {one.guest for one in names if one.guest is not None}
    addresses = {one.address for one in names if one.address is not None}
    ports = {
        port_in_bridge(scene, node, f"{kind}{guest}i{index}")
        for guest in guests
        for node in scene.nodes
        for kind in ("tap", "veth")
        for index in _indexes(scene, node, f"{kind}{guest}i")
    }
    return Question(frozenset(guests), frozenset(ports), addresses=frozenset(addresses))


def _indexes(scene: Scene, node: str, begin: str) -> Iterator[str]:
    return (name.removeprefix(begin) for name in scene.state(node).devices if name.startswith(begin))


def wider_question(asked: Question, ends: Sequence[End], scene: Scene) -> Question:
    """What has to be known besides, now that the ends are."""
    vrfs = {scene.vrf_of(node, end.bridge) for end in ends if end.bridge for node in scene.nodes} - {""}
    routers = {mac for node in scene.nodes for mac in _router_macs(scene, node, vrfs)}
    gateways = {bridge.mac for end in ends for bridge in _bridges(scene, end)}
    hops = [(node, hop) for node in scene.nodes for hop in _next_hops(scene, node)]
    vrfs |= {_led_to(scene, node, hop) for node, hop in hops} - {""}
    wanted = asked.addresses | {hop.gateway for _, hop in hops}
    heard = {known.mac for known in _neighbours(scene) if known.address in wanted}
    return Question(
        guests=asked.guests | {end.guest.id for end in ends if end.guest is not None},
        ports=asked.ports,
        macs=frozenset(({end.mac for end in ends} | routers | gateways | heard) - {""}),
        addresses=asked.addresses | {end.address for end in ends if end.address is not None},
        vrfs=frozenset(vrfs),
        groups=asked.groups | {group for end in ends for group in _groups(scene, end)},
    )


def _groups(scene: Scene, end: End) -> Iterator[IpAddress]:
    """Those that the VXLAN devices of an end's VNet expect their frames by."""
    for node in scene.nodes if end.bridge else ():
        yield from (device.group for device in scene.vxlans(node, end.bridge) if device.group is not None)


def _router_macs(scene: Scene, node: str, vrfs: set[str]) -> Iterator[str]:
    """Those of a node's own L3VNIs, and what it has of the others."""
    state = scene.state(node)
    for vni, live in (state.vnis or {}).items():
        if live.is_l3 and live.vrf in vrfs:
            yield from (mac for macs in (state.router_macs or {}).get(vni, {}).values() for mac in macs)
            devices = (device for device in state.devices.values() if device.vni == vni and device.master)
            yield from (state.devices[device.master].mac for device in devices if device.master in state.devices)


def _next_hops(scene: Scene, node: str) -> Iterator[NextHop]:
    found = scene.found.get(node)
    for route in ((found.routes if found else None) or {}).values():
        yield from route.hops


def _led_to(scene: Scene, node: str, hop: NextHop) -> str:
    """The VRF that a next hop is in, which need not be that of the route: FRR leaks routes, as for PVE's exits."""
    device = scene.device(node, hop.device)
    return hop.device if device is not None and device.kind == "vrf" else scene.vrf_of(node, hop.device)


def _neighbours(scene: Scene) -> Iterator[Neighbour]:
    for found in scene.found.values():
        yield from found.neighbours or ()


def _bridges(scene: Scene, end: End) -> Iterator[LiveDevice]:
    found = (scene.device(node, end.bridge) for node in scene.nodes if end.bridge)
    return (device for device in found if device is not None)


def both_ways(scene: Scene, ends: tuple[End, End]) -> tuple[Direction, Direction]:
    """The way there and the way back; what comes from outside enters where the other way leaves."""
    one, other = ends
    if one.kind is EndKind.OUTSIDE:
        back = follow(Walk(scene, other, one))
        return follow(Walk(scene, one, other), back), back
    there = follow(Walk(scene, one, other))
    return there, follow(Walk(scene, other, one), there)


def follow(walk: Walk, opposite: Direction | None = None) -> Direction:
    """Every way from the source to the target. One that comes into a circle ends there; each circle is gone round once.

    :param opposite: the other direction, by which is known where something from outside comes in.
    """
    todo: list[tuple[Way, Position | None, Passed]] = [(way, at, ()) for way, at in _begin(walk, opposite)]
    done: list[Way] = []
    told: list[Passed] = []
    while todo:
        way, at, passed = todo.pop(0)
        if at is None:
            done.append(way)
        elif places := circle_at(at, passed, told):
            told.append(places)
            done.append(going_round(walk, way, places))
        elif len(done) + len(todo) > _MOST_WAYS:
            done.append(way.is_lost(at.node, "", f"there are more than {_MOST_WAYS} ways"))
        else:
            todo = [*((on, there, (*passed, at)) for on, there in _step(walk, way, at)), *todo]
    done = [noting_family(walk, noting_sizes(walk.scene, way)) for way in done]
    for note in (*_ports_elsewhere(walk), *_not_told_of_guests(walk.scene)):
        done = [way.noting(note) for way in done]
    return Direction(walk.source, walk.target, tuple(done))


def _ports_elsewhere(walk: Walk) -> Iterator[str]:
    for end in (walk.source, walk.target):
        if end.elsewhere:
            nodes = ", ".join((end.node, *end.elsewhere))
            yield f"{nodes} each have a port of guest {end.name}: the one on {end.node} is followed"


def _not_told_of_guests(scene: Scene) -> Iterator[str]:
    """What may be unknown of either end: who else has its address, or which it has."""
    for node, found in sorted(scene.found.items()):
        for what, named in (("cards", "the configurations of its guests"), ("leases", "PVE's IPAM")):
            if what in found.unseen:
                yield f"what {node} has of {named} was not seen: {found.unseen[what]}"


def _step(walk: Walk, way: Way, at: Position) -> Steps:
    match at:
        case AtBridge():
            return pass_bridge(walk, way, at)
        case AtRouter():
            return pass_router(walk, way, at)
        case InTunnel():
            return pass_tunnel(walk, way, at)


def _begin(walk: Walk, opposite: Direction | None) -> Steps:
    scene, source = walk.scene, walk.source
    if _lacks_port(scene, walk.target) and (source.node in scene.cluster.nodes or source.kind is EndKind.OUTSIDE):
        yield Way().ends(walk.target.node, "", _without_port(scene, walk.target)), None
    elif source.kind is not EndKind.GUEST and (why := apart(walk)):
        yield Way().is_lost(source.node, "", why), None
    elif source.kind is EndKind.OUTSIDE:
        yield from enter_from_outside(walk, opposite)
    elif not source.node:
        yield Way().is_lost("", source.bridge, f"nobody knows where {source.name} is plugged in"), None
    elif source.node in scene.cluster.off:
        yield Way().ends(source.node, "", f"{source.node} is off"), None
    elif why := scene.why_unseen(source.node):
        yield Way().is_lost(source.node, "", f"{source.node} was not looked at: {why}", is_out_of_sight=True), None
    elif source.kind is EndKind.NODE:
        node = walk.target.node if walk.target.node in source.holders else source.node
        yield Way(), AtRouter(node, "", scene.vrf_of(node, source.bridge))
    elif not source.port:
        yield Way().ends(source.node, "", _without_port(scene, source)), None
    elif is_switched_off(scene, source):
        yield Way().ends(source.node, source.port, f"the link of {source.name} is switched off"), None
    else:
        yield from _from_guest(walk)


def _lacks_port(scene: Scene, end: End) -> bool:
    """A guest that its node does not have, so that nothing can be followed to it."""
    return end.guest is not None and end.node in scene.cluster.nodes and not end.port


def _without_port(scene: Scene, end: End) -> str:
    guest = end.guest
    if guest is not None and guest.is_running is False:
        return f"guest {end.name} is off"
    has_others = guest is not None and any(node == end.node for node, _, _ in ports_of(scene, guest.id))
    runs = "" if has_others or (guest is not None and guest.is_running) else ": it does not run there"
    return f"{end.node} has no port of guest {end.name}{runs}"


def _from_guest(walk: Walk) -> Steps:
    scene, source, target = walk.scene, walk.source, walk.target
    gateway = _gateway(walk)
    if target.kind is EndKind.GUEST and target.node in scene.cluster.off:
        yield Way().ends(target.node, "", f"{target.node} is off"), None
    elif target.kind is EndKind.GUEST and target.node and (why := scene.why_unseen(target.node)):
        yield Way().is_lost(target.node, "", f"{target.node} was not looked at: {why}", is_out_of_sight=True), None
    elif target.port and not target.bridge:
        port = port_in_bridge(scene, target.node, target.port)
        yield Way().ends(target.node, port, f"'{port}' is in no bridge"), None
    elif not _is_bridged(walk) and (why := apart(walk)):
        yield Way().is_lost(source.node, source.port, why), None
    elif not _bridge(walk) or (_is_bridged(walk) and target.mac):
        mac, way = told_mac(walk, _bridge(walk))
        yield from leave(walk, way, mac or asked_by(target.address))
    elif _is_bridged(walk) and target.port:
        asks = "an ARP request" if how_asked(target.address) == "ARP" else "a neighbour solicitation"
        note = f"nobody has heard of {target.name} yet: what is followed is {asks} of {source.name}"
        yield from leave(walk, Way().noting(note), asked_by(target.address))
    elif _is_bridged(walk):
        reason = f"nobody knows the MAC of {target.name}: {source.name} asks by {how_asked(target.address)}"
        yield Way().is_lost(source.node, source.port, reason), None
    elif gateway is None:
        where = f"{target.name} is in '{target.bridge}'" if target.bridge else f"{target.name} is not in it"
        version = f" IPv{target.address.version}" if target.address is not None and _routing(walk) else ""
        routes = f"no node routes{version} for '{_bridge(walk)}'"
        reason = f"{routes}, and {where}: which router {source.name} has is not seen"
        yield Way().is_lost(source.node, source.port, reason), None
    else:
        yield from leave(walk, Way(), gateway.mac)


def _bridge(walk: Walk) -> str:
    """The bridge that the source's port is in, or should be."""
    source = walk.source
    port = walk.scene.device(source.node, port_in_bridge(walk.scene, source.node, source.port))
    return (port.master if port is not None else "") or source.bridge


def _is_bridged(walk: Walk) -> bool:
    """Both are in one VNet, and in one of its networks as far as that is known: no gateway is needed."""
    source, target = walk.source, walk.target
    if target.bridge not in {_bridge(walk), source.bridge} or target.kind is EndKind.OUTSIDE:
        return False
    if target.kind is EndKind.NODE and apart(walk):
        return False
    if source.address is None or target.address is None or source.address.version != target.address.version:
        return True
    bridge = walk.scene.device(source.node, target.bridge)
    networks = [held.network for held in bridge.addresses] if bridge is not None else []
    own = [network for network in networks if source.address in network]
    return not own or any(target.address in network for network in own)


def _gateway(walk: Walk) -> LiveDevice | None:
    """The bridge of the source's VNet that routes what goes to the target; None for none."""
    address = walk.target.address
    held = ((device, {one.version for one in device.addresses}) for device in _routing(walk))
    return next((device for device, versions in held if address is None or address.version in versions), None)


def _routing(walk: Walk) -> list[LiveDevice]:
    """The bridges of the source's VNet that have addresses, that of its own node first."""
    scene, source = walk.scene, walk.source
    nodes = [source.node, *(node for node in scene.nodes if node != source.node)]
    found = (scene.device(node, _bridge(walk)) for node in nodes)
    return [device for device in found if device is not None and device.addresses]
