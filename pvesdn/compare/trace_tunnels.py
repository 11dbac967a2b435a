"""A frame in VXLAN: the path to the other VTEP, and the device that takes it out there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pvesdn.compare.trace_ports import entering, fault_of
from pvesdn.compare.trace_scene import AtBridge, InTunnel, Scene, Steps, Walk
from pvesdn.model.primitives import IpAddress
from pvesdn.model.state import LiveDevice
from pvesdn.model.trace import Place, Tunnel, Way

_OUTER = {4: 50, 6: 70}
"""Bytes of Ethernet, IP, UDP and VXLAN around a guest's packet (RFC 7348 section 5)."""


def pass_tunnel(walk: Walk, way: Way, at: InTunnel) -> Steps:
    """From a VXLAN device to the one of its VNI on the other node."""
    scene = walk.scene
    device = scene.state(at.node).devices[at.device]
    way = _sent(scene, way, at, device)
    if way.reason:
        yield way, None
        return
    node = walk.target.node if at.remote.is_multicast else scene.owner(at.remote)
    if not node:
        yield way.is_lost(at.node, at.device, f"{at.remote} is the VTEP of no member of this cluster"), None
    elif node in scene.cluster.off:
        yield way.ends(node, "", f"{node} is off"), None
    elif why := scene.why_unseen(node):
        yield way.is_lost(node, "", f"{node} was not looked at: {why}", is_out_of_sight=True), None
    else:
        yield from _taken_out(walk, way, at, device, node)


def _sent(scene: Scene, way: Way, at: InTunnel, device: LiveDevice) -> Way:
    """Out of the node: the device, the route to the VTEP, and the card."""
    path = scene.path(at.node, at.remote)
    by = "" if path is None else f" by {', '.join(path.devices)}, MTU {path.mtu}" if path.devices else ""
    room = None if path is None or path.mtu is None else path.mtu - _OUTER[at.remote.version]
    way = way.and_hop(
        at.node,
        Place.TUNNEL,
        at.device,
        f"VNI {device.vni} to {at.remote}{_of(scene, at.remote)}{by}",
        mac=at.mac,
        vni=device.vni,
        vtep="" if device.vtep is None else str(device.vtep),
        remote=str(at.remote),
        mtu=min(size for size in (device.mtu, room) if size is not None),
    )
    if not device.is_up:
        return way.ends(at.node, at.device, fault_of(device), f"ip link set {at.device} up")
    if device.blocked:
        return way.ends(at.node, at.device, fault_of(device))
    if scene.has_no_path(at.node, at.remote):
        return way.ends(at.node, at.device, f"{at.node} has no route to {at.remote}", f"ip route get {at.remote}")
    card = scene.device(at.node, device.physdev) if device.physdev and at.remote.is_multicast else None
    if card is not None and (fault := fault_of(card)):
        return way.ends(at.node, card.name, f"{fault}, by which packets leave for group {at.remote}")
    for name in path.devices if path is not None else ():
        card = scene.device(at.node, name)
        if card is not None and (fault := fault_of(card)):
            return way.ends(at.node, name, f"{fault}, by which packets leave for {at.remote}")
    if room is not None and room < device.mtu:
        way = way.noting(f"the path from {at.node} to {at.remote} carries packets of {room} bytes, not of {device.mtu}")
    return way


def _of(scene: Scene, remote: IpAddress) -> str:
    if remote.is_multicast:
        return " (group)"
    return f" ({scene.owner(remote)})" if scene.owner(remote) else ""


def _deaf_card(scene: Scene, at: InTunnel, node: str) -> LiveDevice | None:
    """The device of the other node that has the VTEP, where nothing can come in for it."""
    path = scene.path(at.node, at.remote)
    is_beside = path is not None and path.is_connected  # by a router it may come in elsewhere
    devices = scene.state(node).devices.values()
    holders = [device for device in devices if any(held.ip == at.remote for held in device.addresses)]
    deaf = [device for device in holders if not device.is_up or (is_beside and not device.has_carrier)]
    return deaf[0] if deaf and deaf == holders else None


def _taken_out(walk: Walk, way: Way, at: InTunnel, sender: LiveDevice, node: str) -> Steps:
    scene = walk.scene
    if (card := _deaf_card(scene, at, node)) is not None:
        yield way.ends(node, card.name, f"{fault_of(card)}, by which packets for {at.remote} come in"), None
        return
    taker = next(_takers(scene, node, at.remote, sender), None)
    if taker is None:
        reason = _why_nobody(scene, node, at.remote, sender)
        yield way.ends(node, reason[0], reason[1]), None
        return
    way = way.and_hop(
        node,
        Place.ARRIVAL,
        taker.name,
        f"VNI {taker.vni} from {_source(at, sender)}",
        vni=taker.vni,
        mtu=taker.mtu,
    )
    if not taker.master:
        yield way.ends(node, taker.name, f"'{taker.name}' is in no bridge"), None
        return
    if taker.blocked:
        yield way.ends(node, taker.name, fault_of(taker)), None
        return
    vlan, fault = entering(scene, node, taker.name, at.tag)
    if fault:
        yield way.ends(node, taker.name, fault), None
        return
    if at.remote.is_multicast:
        way = _in_group(scene, way, at, taker, node)
        if way.reason:
            yield way, None
            return
    way = _with_tunnel(scene, way, at, (sender, taker), node)
    yield way, AtBridge(node, taker.master, at.mac, taker.name, vlan, at.is_for_router)


def _in_group(scene: Scene, way: Way, at: InTunnel, taker: LiveDevice, node: str) -> Way:
    """Whether the node hears the group. What the network in between does with it, nobody sees."""
    where = f"on '{taker.physdev}'" if taker.physdev else "on any device"
    match scene.has_joined(node, taker, at.remote):
        case None:
            why = scene.why_not_looked_up(node, "groups")
            return way.doubting(f"whether {node} has joined group {at.remote} {where}: {why}")
        case False:
            reason = f"{node} has not joined group {at.remote} {where}, by which '{taker.name}' would hear it"
            return way.ends(node, taker.name, reason, "ip maddress show")
    return way.noting(f"whether the network carries group {at.remote} from {at.node} to {node} is not seen")


def _source(at: InTunnel, sender: LiveDevice) -> str:
    return f"{sender.vtep} ({at.node})" if sender.vtep is not None else at.node


def _takers(scene: Scene, node: str, remote: IpAddress, sender: LiveDevice) -> Iterator[LiveDevice]:
    """VXLAN devices of a node that take a frame that the sender's has sent to an address."""
    for device in _of_vni(scene, node, sender):
        is_reached = remote.is_multicast or device.vtep in {None, remote}
        is_member = not remote.is_multicast or device.group == remote
        if device.is_up and is_reached and is_member and device.udp_port in {None, sender.udp_port}:
            yield device


def _of_vni(scene: Scene, node: str, sender: LiveDevice) -> Iterator[LiveDevice]:
    devices = scene.state(node).devices.values()
    return (device for device in devices if device.kind == "vxlan" and device.vni == sender.vni)


def _why_nobody(scene: Scene, node: str, remote: IpAddress, sender: LiveDevice) -> tuple[str, str]:
    """The device that should have taken it, and why it does not."""
    device = next(_of_vni(scene, node, sender), None)
    if device is None:
        return sender.name, f"{node} has no VXLAN device of VNI {sender.vni}"
    if not device.is_up:
        return device.name, f"'{device.name}' is down"
    if device.udp_port != sender.udp_port:
        return device.name, f"'{device.name}' takes UDP port {device.udp_port}, and port {sender.udp_port} is sent to"
    if remote.is_multicast:
        return device.name, f"'{device.name}' is not in group {remote}"
    return device.name, f"the VTEP of '{device.name}' is {device.vtep}, not {remote}"


def _with_tunnel(scene: Scene, way: Way, at: InTunnel, devices: tuple[LiveDevice, LiveDevice], node: str) -> Way:
    """Remembering it for packets to be sent through, where both VTEPs are known."""
    sender, taker = devices
    bridge = scene.device(node, taker.master)
    vtep = sender.vtep
    if bridge is None or vtep is None or at.remote.is_multicast:
        return way
    routing = scene.device(at.node, sender.master) if at.is_for_router else None
    mtu = min(sender.mtu, taker.mtu, *(() if routing is None else (routing.mtu,)))
    zone = scene.cluster.nodes[at.node].zones.get(at.device, "")
    tunnel = Tunnel(
        source=at.node, target=node, zone=zone, device=at.device, bridge=bridge.name, vni=sender.vni or 0,
        udp_port=sender.udp_port or 0, vtep=vtep, remote=at.remote, mac=bridge.mac, source_mac=sender.mac, mtu=mtu,
    )  # fmt: skip
    return replace(way, tunnels=(*way.tunnels, tunnel))
