"""Guests that run: whether each of their ports is in the bridge, and in the VLANs, that its configuration names, and
lets frames pass.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pvesdn.compare.live_view import NodeView
from pvesdn.compare.replugs import commands, is_in_a_bridge
from pvesdn.model.guests import GuestPlug, GuestPort, called, guest_port, in_order
from pvesdn.model.state import LiveDevice
from pvesdn.model.verification import Discrepancy, Subject
from pvesdn.model.vlans import LAST_VLAN, PortVlans, VlanSet

_DEFAULT_VLAN = 1
_UNPLUGGED = "the bridge was deleted or made anew, or a reload took the port out of it"
_MOVED = "somebody has moved the port, or its guest was configured anew and not plugged in again"
_RETAGGED = "somebody has changed the port's VLANs, or a reload has set them to those of the bridge"
_TAKEN_DOWN = "somebody has taken it down, or its bridge was deleted and made anew"
_BLOCKED = "'{}' speaks the spanning tree protocol, or somebody has set the state"
_SWITCHED = ("fwbr", "fwln")
"""The bridge between a guest and PVE's firewall, and the end of its pair towards the guest."""


def compare_guests(view: NodeView, names: Mapping[int, str], pve_version: str) -> Iterator[Discrepancy]:
    """Ports that are in no bridge; of those in a VNet, what lets nothing pass between them and their guest; and of
    those that a VNet has or should have, ports that are in another bridge, or in other VLANs, than their guest's
    configuration says.

    :param names: of guests, by id, as far as they are known.
    """
    plugs = _plugs(view)
    for port, live in _ports(view):
        plug = plugs.get((port.guest, port.device))
        if plug is not None and plug.is_down:
            continue
        (replug,) = commands({port.port}, view.state.devices.keys(), pve_version)
        guest = called(port.guest, names)
        if not live.master:
            yield _unplugged(view, port, plug, guest, replug.command)
            continue
        if _is_expected(view, live.master):
            yield from _stopped(view, port, guest)
        if plug is not None and _is_ours(view, plug, live):
            again = f"ip link set {port.port} nomaster && {replug.command}"
            yield from _elsewhere(view, port, plug, guest, again)


def _unplugged(view: NodeView, port: GuestPort, plug: GuestPlug | None, guest: str, step: str) -> Discrepancy:
    bridge = "the bridge of its VNet" if plug is None else f"bridge '{plug.bridge}'"
    return _finding(
        view,
        port,
        () if plug is None else (plug.bridge,),
        expected=f"the port of guest {guest} is in {bridge}",
        found="it is in no bridge",
        cause=_UNPLUGGED,
        step=step,
    )


def _stopped(view: NodeView, port: GuestPort, guest: str) -> Iterator[Discrepancy]:
    """The first device between a guest and its VNet's bridge that lets nothing pass."""
    master = view.state.devices[port.port].master
    between = (view.state.devices[name] for name in _between(port) if name in view.state.devices)
    device = next((device for device in between if not device.is_up or device.blocked), None)
    if device is None:
        return
    found, cause, step = f"'{device.name}' is down", _TAKEN_DOWN, f"ip link set {device.name} up"
    if device.is_up:
        found, cause = f"'{device.name}' is in state {device.blocked}", _BLOCKED.format(device.master)
        step = f"ip link set {device.master} type bridge stp_state 0 && bridge link set dev {device.name} state 3"
    expected = f"frames pass between guest {guest} and bridge '{master}'"
    said = {"trait": "state", "expected": expected, "found": found, "cause": cause, "step": step}
    yield _finding(view, port, (master,), **said)


def _between(port: GuestPort) -> tuple[str, ...]:
    """The devices that it may have, the guest's first: behind PVE's firewall there are several."""
    if not port.port.startswith("fwpr"):
        return (port.port,)
    return (*port.own, *port.firewall)


def _elsewhere(view: NodeView, port: GuestPort, plug: GuestPlug, guest: str, again: str) -> Iterator[Discrepancy]:
    master = view.state.devices[port.port].master
    nic = f"net{port.device} of guest {guest}"
    if master != plug.bridge:
        cause, step = _MOVED, again
        if plug.bridge not in view.state.devices:
            cause, step = f"this node has no bridge '{plug.bridge}'", f"ip link show master {master}"
        said = {"expected": f"{nic} is in bridge '{plug.bridge}'", "found": f"it is in '{master}'"}
        yield _finding(view, port, (master, plug.bridge), cause=cause, step=step, **said)
    elif (vlans := _wanted(view, plug)) is not None:
        there = (view.state.vlans or {}).get(port.port, PortVlans())
        if there != vlans:
            said = {"trait": "VLANs", "expected": f"{nic} has {vlans}", "found": f"it has {there}"}
            yield _finding(view, port, (master,), cause=_RETAGGED, step=again, **said)


def guest_checks(view: NodeView) -> Iterator[str]:
    """The zone of each thing that `compare_guests` looks at in a VNet; empty where it belongs to none."""
    plugs = _plugs(view)
    for port, live in _ports(view):
        plug = plugs.get((port.guest, port.device))
        if plug is not None and not plug.is_down and live.master and _is_ours(view, plug, live):
            zone = view.zones.get(plug.bridge, "")
            yield from [zone] * (1 if _wanted(view, plug) is None else 2)


def _plugs(view: NodeView) -> dict[tuple[int, int], GuestPlug]:
    return {(plug.guest, plug.device): plug for plug in view.state.plugs or ()}


def _ports(view: NodeView) -> Iterator[tuple[GuestPort, LiveDevice]]:
    """Of each guest's device the port that belongs into its bridge: the firewall's, where there is one in between."""
    devices = view.state.devices
    found = (port for name in devices if is_in_a_bridge(name) and (port := guest_port(name)) is not None)
    for port in in_order(found):
        live = devices[port.port]
        if not live.master.startswith(_SWITCHED):
            yield port, live


def _is_ours(view: NodeView, plug: GuestPlug, live: LiveDevice) -> bool:
    """A VNet has the port, or should have it, and PVE could plug it in: one with a VLAN needs a VLAN-aware bridge."""
    if not any(_is_expected(view, name) for name in (plug.bridge, live.master)):
        return False
    bridge = view.state.devices.get(plug.bridge)
    if bridge is None and _is_expected(view, plug.bridge):
        return False  # which is said of the bridge
    return plug.tag is None or bridge is None or bool(bridge.vlan_filtering)


def _is_expected(view: NodeView, bridge: str) -> bool:
    device = view.expected.by_name.get(bridge)
    return device is not None and device.kind == "bridge"


def _wanted(view: NodeView, plug: GuestPlug) -> PortVlans | None:
    """What PVE gives a port of a VLAN-aware bridge; None where the bridge is not, or its VLANs were not seen."""
    bridge = view.state.devices.get(plug.bridge)
    expected = view.expected.by_name.get(plug.bridge)
    is_aware = expected is not None and expected.vlan_filtering and bridge is not None and bridge.vlan_filtering
    if view.state.vlans is None or not is_aware:
        return None
    pvid = _DEFAULT_VLAN if plug.tag is None else plug.tag
    untagged = VlanSet.of([(pvid, pvid)])
    others = plug.trunks if plug.trunks or plug.tag is not None else VlanSet.of([(_DEFAULT_VLAN, LAST_VLAN)])
    return PortVlans(pvid, untagged, others - untagged)


def _finding(view: NodeView, port: GuestPort, bridges: Collection[str], **said: Any) -> Discrepancy:
    """:param bridges: where the port is, and where it should be."""
    zones = tuple(sorted({view.zones[bridge] for bridge in bridges if bridge in view.zones}))
    return view.finding(Subject.GUEST, port.port, zones=zones, **said)
