"""A frame in a bridge: to a port, to the node itself, or out by a VXLAN device, as the forwarding tables say."""

from __future__ import annotations

from dataclasses import replace

from pvesdn.compare.trace_filters import past_bridging
from pvesdn.compare.trace_ports import fault_of, hand_over, isolated, leaving, not_flooded, port_in_bridge
from pvesdn.compare.trace_scene import AtBridge, AtRouter, InTunnel, Scene, Steps, Walk, kind_of
from pvesdn.model.primitives import IpAddress
from pvesdn.model.state import LiveDevice, LiveVni
from pvesdn.model.trace import Place, Way
from pvesdn.model.vlans import PortVlans


def pass_bridge(walk: Walk, way: Way, at: AtBridge) -> Steps:
    """Where the bridge sends a frame."""
    scene = walk.scene
    bridge, vlans = scene.device(at.node, at.bridge), scene.state(at.node).vlans
    if bridge is not None and bridge.vlan_filtering and vlans is not None and not at.came_by:
        at = replace(at, vlan=vlans.get(at.bridge, PortVlans()).pvid)
    if bridge is not None and bridge.vlan_filtering and vlans is None:
        way = way.doubting(f"VLANs of the ports of '{at.bridge}': {scene.why_not_told(at.node, 'port-vlans')}")
    if bridge is None:
        yield way.ends(at.node, at.bridge, f"{at.node} has no bridge '{at.bridge}'"), None
    elif not bridge.is_up:
        way = _told(way, at, bridge, "bridge")
        yield way.ends(at.node, at.bridge, f"'{at.bridge}' is down", f"ip link set {at.bridge} up"), None
    elif (not at.came_by or at.mac == bridge.mac) and (apart := _not_of_vlan(scene, at, bridge)):
        yield _told(way, at, bridge, "bridge").ends(at.node, at.bridge, apart), None
    elif at.mac == bridge.mac and at.came_by:
        way = _told(way, at, bridge, f"bridge; {at.mac} is its own, so the node routes")
        yield way, AtRouter(at.node, at.bridge, scene.vrf_of(at.node, at.bridge))
    elif scene.fdb(at.node) is None:
        why = scene.why_not_looked_up(at.node, "fdb")
        way = _told(way, at, bridge, "bridge; its forwarding table was not seen")
        yield from _flooded(walk, way.doubting(f"forwarding table of {at.node}: {why}"), at, is_known=False)
    elif at.came_by and (way := past_bridging(walk, way, at.node)).reason:
        yield _told(way, at, bridge, "bridge"), None
    else:
        yield from _looked_up(walk, way, at, bridge)


def _looked_up(walk: Walk, way: Way, at: AtBridge, bridge: LiveDevice) -> Steps:
    scene = walk.scene
    entry = scene.in_bridge(at.node, at.bridge, at.mac, at.vlan)
    port = scene.device(at.node, entry.device) if entry is not None else None
    if entry is None or port is None:
        yield from _without_entry(walk, way, at, bridge)
    elif port.name == at.came_by:
        way = _told(way, at, bridge, f"bridge; {at.mac} is behind '{port.name}'")
        reason = f"{at.mac} is behind '{port.name}', where the frame came from{_elsewhere(walk, at)}"
        yield way.ends(at.node, at.bridge, reason), None
    elif port.kind == "vxlan":
        way = _told(way, at, bridge, f"bridge; {at.mac} is behind '{port.name}'")
        yield from into_tunnel(walk, way, at, port)
    else:
        way = _told(way, at, bridge, f"bridge; {at.mac} is behind '{port.name}'")
        yield from hand_over(walk, way, at, port.name)


def _without_entry(walk: Walk, way: Way, at: AtBridge, bridge: LiveDevice) -> Steps:
    """A frame that no entry leads to a port: one for all, an unknown one, or one that the node takes for its own."""
    local = walk.scene.local_in_bridge(at.node, at.bridge, at.mac, at.vlan)
    if local is not None and at.came_by:
        way = _told(way, at, bridge, f"bridge; {at.mac} is taken for its own")
        reason = f"the entry of '{local.device}' for {at.mac} is the node's own (permanent), so no port gets the frame"
        step = f"bridge fdb show br {at.bridge}; for a guest's MAC the word is static"
        yield way.ends(at.node, local.device, reason, step), None
        return
    kind = kind_of(at.mac)
    said = f"no entry for {at.mac}: it" if kind == "unicast" else f"a {kind} frame"
    way = _told(way, at, bridge, f"bridge; {said} is flooded")
    yield from _flooded(walk, way, at, is_known=True)


def _not_of_vlan(scene: Scene, at: AtBridge, bridge: LiveDevice) -> str:
    """Why a VLAN-aware bridge and its node do not hear each other; empty where they do, or nobody has looked."""
    vlans = scene.state(at.node).vlans
    if not bridge.vlan_filtering or vlans is None:
        return ""
    if at.vlan is None:
        return f"'{at.bridge}' itself has no PVID: what {at.node} sends is in no VLAN"
    own = vlans.get(at.bridge, PortVlans()).untagged
    return (
        "" if own.bits >> at.vlan & 1 else f"'{at.bridge}' itself is not in VLAN {at.vlan}, so {at.node} does not route"
    )


def _told(way: Way, at: AtBridge, bridge: LiveDevice, what: str) -> Way:
    vlan = "" if at.vlan is None else f", VLAN {at.vlan}"
    # Of what it passes on, the kernel holds a frame against the MTU of the port that it leaves by, not the bridge's.
    mtu = None if at.came_by else bridge.mtu
    return way.and_hop(at.node, Place.BRIDGE, at.bridge, f"{what}{vlan}", mac=at.mac, vlan=at.vlan, mtu=mtu)


def _flooded(walk: Walk, way: Way, at: AtBridge, *, is_known: bool) -> Steps:
    """A frame that the bridge has no entry for goes everywhere; the copy that counts is the target's."""
    scene, target = walk.scene, walk.target
    is_here = target.node == at.node and bool(target.port)
    port = port_in_bridge(scene, at.node, target.port) if is_here else ""
    device = scene.device(at.node, port) if port else None
    came = scene.device(at.node, at.came_by)
    uplinks = [device for device in scene.uplinks(at.node, at.bridge) if device.name != at.came_by]
    if not at.is_for_router and device is not None and device.master == at.bridge:
        if why := _shut(at, device, is_known=is_known):
            yield way.ends(at.node, port, why), None
        else:
            yield from hand_over(walk, way, at, port)
    elif not at.is_for_router and is_here:
        where = (
            f"'{port}' is in '{device.master}', not in '{at.bridge}'"
            if device is not None and device.master
            else f"'{port}' is in no bridge"
        )
        yield way.ends(at.node, port or target.port, where if device is not None else f"there is no '{port}'"), None
    elif came is not None and came.kind == "vxlan" and not uplinks:
        yield way.ends(at.node, at.bridge, _not_here(walk, at, is_for_router=at.is_for_router)), None
    else:
        tunnels = () if came is not None and came.kind == "vxlan" else scene.vxlans(at.node, at.bridge)
        if not tunnels and uplinks:
            yield _by_cards(way, at, uplinks), None
        elif not tunnels:
            why = f"no entry for {at.mac}" if is_known else f"{target.name} is not here"
            yield way.ends(at.node, at.bridge, f"{why}, and no VXLAN device in '{at.bridge}'"), None
        for tunnel in tunnels[:1]:
            if why := _shut(at, tunnel, is_known=is_known):
                yield way.ends(at.node, tunnel.name, why), None
            else:
                yield from into_tunnel(walk, way, at, tunnel)


def _shut(at: AtBridge, device: LiveDevice, *, is_known: bool) -> str:
    """As `not_flooded`; a MAC may have an entry where the table was not seen."""
    return not_flooded(at, device) if is_known or kind_of(at.mac) != "unicast" else ""


def _by_cards(way: Way, at: AtBridge, uplinks: list[LiveDevice]) -> Way:
    """Flooded to a network outside of the cluster, in which anybody may be, other nodes too."""
    names = ", ".join(f"'{device.name}'" for device in uplinks)
    if all(fault_of(device) for device in uplinks):
        return way.ends(at.node, uplinks[0].name, fault_of(uplinks[0]))
    return way.is_lost(at.node, uplinks[0].name, f"it is flooded to {names}, for a network that is not seen")


def _not_here(walk: Walk, at: AtBridge, *, is_for_router: bool) -> str:
    if is_for_router:
        return f"{at.mac} is not the router MAC of {at.node}, and nothing else has it here"
    return f"no entry for {at.mac}, and from one VTEP nothing is flooded to another{_elsewhere(walk, at)}"


def _elsewhere(walk: Walk, at: AtBridge) -> str:
    """Where the target is, for a frame that has come to another node."""
    target = walk.target
    is_meant = target.node not in {"", at.node} and not at.is_for_router
    return f": {target.name} is on {target.node}" if is_meant else ""


def into_tunnel(walk: Walk, way: Way, at: AtBridge, device: LiveDevice) -> Steps:
    """By a VXLAN device: to the VTEP of its entry, or to the target's among those that it floods to."""
    scene = walk.scene
    tag: int | None = None
    if at.vlan is not None:
        found = leaving(scene, at.node, device.name, at.vlan)
        if found is False:
            yield way.ends(at.node, device.name, f"VLAN {at.vlan} is not allowed on '{device.name}'"), None
            return
        tag = found
    if parted := isolated(scene, at, device.name):
        yield way.ends(at.node, device.name, parted), None
        return
    flooded = scene.flooded(at.node, device.name)
    is_told = scene.state(at.node).flooding is not None
    known = scene.behind(at.node, device.name, at.mac)
    if known:
        for vtep in sorted(known, key=str):
            if is_told and vtep not in flooded and not at.is_for_router and not _groups(flooded):
                way = way.noting(f"{at.node} floods nothing to {vtep}: ARP requests of {at.bridge} do not get there")
            yield way, InTunnel(at.node, device.name, vtep, at.mac, tag, at.is_for_router)
        return
    remote = _towards(walk, flooded)
    if not is_told:
        why = f"where '{device.name}' floods to: {scene.why_not_told(at.node, 'fdb')}"
        yield way.is_lost(at.node, device.name, why), None
    elif remote is None:
        yield way.ends(at.node, device.name, _nowhere(walk, at, device, flooded)), None
    else:
        yield way, InTunnel(at.node, device.name, remote, at.mac, tag, at.is_for_router)


def _towards(walk: Walk, flooded: frozenset[IpAddress]) -> IpAddress | None:
    """The flooding entry that reaches the target's node: its VTEP, or a group."""
    direct = [address for address in flooded if walk.scene.owner(address) == walk.target.node and walk.target.node]
    return next(iter([*sorted(direct, key=str), *_groups(flooded)]), None)


def _groups(flooded: frozenset[IpAddress]) -> list[IpAddress]:
    return sorted((address for address in flooded if address.is_multicast), key=str)


def _nowhere(walk: Walk, at: AtBridge, device: LiveDevice, flooded: frozenset[IpAddress]) -> str:
    target = walk.target
    if not target.node:
        return f"no entry for {at.mac} on '{device.name}', and nobody knows where {target.name} is"
    entry = "" if kind_of(at.mac) != "unicast" else f"has no entry for {at.mac}, and "
    said = f"'{device.name}' {entry}floods nothing to {target.node}"
    return f"{said}{_why_not(walk, at.node, device)}" if flooded or device.vni is not None else said


def _why_not(walk: Walk, node: str, device: LiveDevice) -> str:
    """What of BGP keeps the other's routes away; empty where that is not EVPN's business, or cannot be told."""
    view = walk.scene.cluster.nodes[node]
    if device.vni not in view.expected.of_guests or view.state.sessions is None:
        return ""
    if view.missing_daemons & {"bgpd", "zebra"}:
        return ": FRR does not run"
    if view.state.vnis is not None and device.vni not in view.state.vnis:
        return f": FRR does not know VNI {device.vni}"
    for peer, session in view.state.sessions.items():
        if walk.scene.cluster.owners.get(peer) == walk.target.node and not session.is_established:
            return f": the BGP session with {peer} is {session.state}"
    there = walk.scene.cluster.nodes.get(walk.target.node)
    vnis: dict[int, LiveVni] = dict(there.state.vnis or {}) if there is not None else {}
    if there is not None and there.state.vnis is not None and device.vni not in vnis:
        return f": FRR on {walk.target.node} does not know VNI {device.vni}"
    return ""
