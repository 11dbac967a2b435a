"""Guests' ports in a trace: from the guest's device through PVE's firewall into the bridge and back, and VLANs."""

from __future__ import annotations

from collections.abc import Iterator

from pvesdn.compare.trace_scene import AtBridge, Scene, Steps, Walk, kind_of
from pvesdn.model.guests import guest_port
from pvesdn.model.state import FLOOD_FLAGS, LiveDevice
from pvesdn.model.trace import End, EndKind, Place, Way
from pvesdn.model.vlans import PortVlans, VlanSet

_KINDS = ("tap", "veth")
_FIREWALL = "the rules of PVE's firewall for {} were not looked at"


def port_in_bridge(scene: Scene, node: str, port: str) -> str:
    """The device that is in the VNet's bridge for a guest's: its own, or that of PVE's firewall."""
    found = guest_port(port)
    device = scene.device(node, port)
    if found is None or device is None or not device.master.startswith("fwbr"):
        return port
    return found.firewall[-1]


def of_guest(scene: Scene, node: str, port: str) -> str:
    """The guest's own device, for one in a bridge that may be the firewall's."""
    found = guest_port(port)
    if found is None or not port.startswith("fwpr"):
        return port
    own = (name for name in found.own if scene.device(node, name) is not None)
    return next(own, port)


def chain(scene: Scene, node: str, port: str) -> tuple[str, ...]:
    """The devices between a guest and its VNet's bridge, the guest's first."""
    found = guest_port(port)
    last = port_in_bridge(scene, node, port)
    if found is None or last == port:
        return (port,)
    return (port, *found.firewall)


def through(scene: Scene, way: Way, node: str, names: tuple[str, ...], what: str) -> Way:
    """Along devices that have to be there and up; the way ends at the first that is not."""
    for name in names:
        device = scene.device(node, name)
        if device is None:
            return way.ends(node, name, f"{node} has no device '{name}'")
        said = what if name == names[0] else "PVE's firewall"
        way = way.and_hop(node, Place.PORT, name, said, mtu=None if device.kind == "bridge" else device.mtu)
        if fault := fault_of(device):
            return way.ends(node, name, fault, f"ip link set {name} up" if not device.is_up else "")
    return way


def fault_of(device: LiveDevice) -> str:
    """Why nothing passes a device; empty where it may."""
    if not device.is_up:
        return f"'{device.name}' is down"
    if not device.has_carrier:
        return f"'{device.name}' has no carrier"
    return f"the port '{device.name}' of '{device.master}' is in state {device.blocked}" if device.blocked else ""


def is_switched_off(scene: Scene, end: End) -> bool:
    """The guest's configuration has the link of its device switched off (`link_down`); its port may be up."""
    plugs = scene.state(end.node).plugs or ()
    return end.guest is not None and any(
        plug.is_down and (plug.guest, plug.device) == (end.guest.id, end.device) for plug in plugs
    )


def why_switch_unseen(scene: Scene, end: End) -> str:
    """Why nobody knows whether the link is switched off; empty where it is known."""
    if end.guest is None or scene.state(end.node).plugs is not None:
        return ""
    return f"whether the link of {end.name} is switched off: {scene.why_not_told(end.node, 'guest-plugs')}"


def leave(walk: Walk, way: Way, mac: str) -> Steps:
    """From the guest's device into its bridge. :param mac: where the guest's frame goes."""
    scene, source = walk.scene, walk.source
    names = chain(scene, source.node, source.port)
    way = way.doubting(why) if (why := why_switch_unseen(scene, source)) else way
    way = through(scene, way, source.node, names, f"port of {source.name}")
    way = way.noting(_FIREWALL.format(source.name)) if names[1:] and not way.reason else way
    if way.reason:
        yield way, None
        return
    port = scene.state(source.node).devices[names[-1]]
    if not port.master:
        yield way.ends(source.node, port.name, f"'{port.name}' is in no bridge{_meant(source)}"), None
        return
    if port.learns is False and source.mac and scene.in_bridge(source.node, port.master, source.mac, None) is None:
        way = way.noting(f"'{port.name}' learns nothing, and {port.master} has no entry for {source.mac}")
    if source.bridge and port.master != source.bridge:
        way = way.noting(f"{port.name} is in {port.master}; its configuration says {source.bridge}")
    vlan, fault = entering(scene, source.node, port.name, None)
    if fault:
        yield way.ends(source.node, port.name, fault), None
    else:
        yield way, AtBridge(source.node, port.master, mac, port.name, vlan)


def _meant(end: End) -> str:
    return f"; its configuration says '{end.bridge}'" if end.bridge else ""


def hand_over(walk: Walk, way: Way, at: AtBridge, port: str) -> Steps:
    """From a bridge to what is plugged into one of its ports, which should be the target."""
    scene, target = walk.scene, walk.target
    if at.vlan is not None and leaving(scene, at.node, port, at.vlan) is False:
        yield way.ends(at.node, port, f"VLAN {at.vlan} is not allowed on '{port}'"), None
        return
    if parted := isolated(scene, at, port):
        yield way.ends(at.node, port, parted), None
        return
    found, own = guest_port(port), of_guest(scene, at.node, port)
    who = f"port of {target.name}" if own == target.port and at.node == target.node else _whose(port)
    names = tuple(reversed(chain(scene, at.node, own))) if found else (port,)
    way = _arriving(scene, way, at, names, who)
    if way.reason:
        yield way, None
    elif own == target.port and at.node == target.node and not at.is_for_router:
        reason = _why_not_taken(scene, at, target)
        way = way.doubting(why) if (why := why_switch_unseen(scene, target)) else way
        yield way.ends(at.node, own, reason) if reason else way.arrives(), None
    elif at.is_for_router:
        yield (
            way.is_lost(at.node, port, f"it is handed to {_whose(port)}, and what that does with it is not seen"),
            None,
        )
    elif found is None:
        yield way.is_lost(at.node, port, f"it leaves by '{port}' for a network that is not seen"), None
    elif target.kind is EndKind.GUEST and not target.port and target.mac in {"", at.mac}:
        yield way.arrives(), None
    else:
        meant = target.name if target.node in {"", at.node} else f"{target.name} on {target.node}"
        yield way.ends(at.node, port, f"frames for {at.mac} go to {_whose(port)} of {at.node}, not to {meant}"), None


def _why_not_taken(scene: Scene, at: AtBridge, target: End) -> str:
    """Why the target does not get what comes to its port; empty where it does."""
    if is_switched_off(scene, target):
        return f"the link of {target.name} is switched off"
    # A guest may have more MACs than its own, as a router has: the bridge has learned those from its port.
    is_flooded = kind_of(at.mac) == "unicast" and scene.in_bridge(at.node, at.bridge, at.mac, at.vlan) is None
    if is_flooded and scene.fdb(at.node) is not None and target.mac not in {"", at.mac}:
        return f"it is for {at.mac}, which nobody here was seen to have, and {target.name} has {target.mac}"
    return ""


def not_flooded(at: AtBridge, device: LiveDevice) -> str:
    """Why a frame without an entry does not go out by a port; empty where it does."""
    kind = kind_of(at.mac)
    if kind not in device.unflooded:
        return ""
    said = f"no entry for {at.mac}, and an unknown MAC" if kind == "unicast" else f"a {kind} frame"
    return f"{said} is not flooded to '{device.name}' ({FLOOD_FLAGS[kind]} off)"


def isolated(scene: Scene, at: AtBridge, port: str) -> str:
    """Why a bridge keeps a frame from a port: the one that it came by is isolated, too; empty where it does not."""
    came, to = scene.device(at.node, at.came_by), scene.device(at.node, port)
    if came is None or to is None or not (came.is_isolated and to.is_isolated):
        return ""
    return f"'{came.name}' and '{port}' are isolated: '{at.bridge}' lets nothing pass between the two"


def _arriving(scene: Scene, way: Way, at: AtBridge, names: tuple[str, ...], who: str) -> Way:
    """Into a guest's device, for one behind PVE's firewall through its bridge."""
    node = at.node
    way = through(scene, way, node, names[:-1], "PVE's firewall") if names[1:] else way
    way = way if way.reason else through(scene, way, node, names[-1:], who)
    last = scene.device(node, names[-1])
    if way.reason or not names[1:] or last is None:
        return way
    way = way.noting(_FIREWALL.format(who.removeprefix("port of ")))
    is_known = scene.fdb(node) is None or scene.in_bridge(node, last.master, at.mac, None) is not None
    return way if is_known or not (why := not_flooded(at, last)) else way.ends(node, last.name, why)


def _whose(port: str) -> str:
    found = guest_port(port)
    return f"'{port}'" if found is None else f"guest {found.guest} at '{port}'"


def entering(scene: Scene, node: str, port: str, tag: int | None) -> tuple[int | None, str]:
    """The VLAN of a frame that enters a bridge by a port, and why it is dropped. None in a bridge without VLANs."""
    device = scene.device(node, port)
    bridge = scene.device(node, device.master) if device is not None else None
    vlans = scene.state(node).vlans
    if bridge is None or not bridge.vlan_filtering or vlans is None:
        return tag, ""
    own = vlans.get(port, PortVlans())
    if tag is None:
        return own.pvid, "" if own.pvid is not None else f"'{port}' takes no untagged frames: it has no PVID"
    allowed = own.untagged | own.tagged
    return tag, "" if _has(allowed, tag) else f"VLAN {tag} is not allowed on '{port}'"


def leaving(scene: Scene, node: str, port: str, vlan: int) -> int | bool | None:
    """The tag that a frame of a VLAN leaves a port with, None for none, False where the port does not let it out."""
    vlans = scene.state(node).vlans
    device = scene.device(node, port)
    bridge = scene.device(node, device.master) if device is not None else None
    if vlans is None or bridge is None or not bridge.vlan_filtering:
        return vlan
    own = vlans.get(port, PortVlans())
    if _has(own.untagged, vlan):
        return None
    return vlan if _has(own.tagged, vlan) else False


def _has(vlans: VlanSet, vlan: int) -> bool:
    return bool(vlans.bits >> vlan & 1)


def ports_of(scene: Scene, guest: int) -> Iterator[tuple[str, str, int]]:
    """Node, name and index of each of a guest's devices that the nodes have."""
    for node in scene.nodes:
        for name in scene.state(node).devices:
            found = guest_port(name)
            if found is not None and found.guest == guest and name.startswith(_KINDS):
                yield node, name, found.device
