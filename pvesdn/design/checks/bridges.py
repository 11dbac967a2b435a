"""PVE's vlan and qinq zones: the host bridges that carry them, and VLANs that collide there.

PVE accepts all of it (docs/pve.md §9), so everything here is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pvesdn.design.checks.wording import listed, placed, warning
from pvesdn.design.pve.node import BridgeKind, HostBridge, host_bridge
from pvesdn.design.shared import names
from pvesdn.model.design import DesignInput
from pvesdn.model.findings import Finding, Where
from pvesdn.model.pve_sdn import BridgedPveZone, PveQinqZone, PveVlanZone
from pvesdn.model.vnets import Vnet

_LAST_VLAN = 4094
"""IEEE 802.1Q: 0 is not a VLAN, 4095 is reserved. PVE's own limit is 4096."""
_LONGEST_NAME = 15
"""The kernel's IFNAMSIZ less the byte that ends it."""
_ONE_WORKS = "PVE accepts this; on a Linux bridge one of the two will not work"


@dataclass(frozen=True, slots=True)
class _Ride:
    """A zone with its VNets.

    :param bridges: the zone's bridge on each node that was read; None where the node has none.
    """

    zone: BridgedPveZone
    vnets: tuple[Vnet, ...]
    bridges: Mapping[str, HostBridge | None]

    def meets(self, other: _Ride) -> bool:
        """They share the bridge on some node, even one that was not read."""
        mine, theirs = self.zone.nodes, other.zone.nodes
        has_common_node = mine is None or theirs is None or bool(mine & theirs)
        return self.zone.bridge == other.zone.bridge and has_common_node

    def nodes(self, kind: BridgeKind) -> frozenset[str]:
        """Nodes whose bridge is of that kind."""
        return frozenset(node for node, bridge in self.bridges.items() if bridge is not None and bridge.kind is kind)


def check(given: DesignInput) -> Iterator[Finding]:
    """Bridges that do not exist, tags that are invalid or used twice, and devices that two zones would share."""
    rides = tuple(_rides(given))
    for ride in rides:
        yield from _missing(ride)
        yield from _tags(ride)
        yield from _long_names(ride)
    yield from _reused(rides)
    yield from _shared_pairs(rides)
    yield from _protocols(rides)


def _rides(given: DesignInput) -> Iterator[_Ride]:
    vnets: dict[str, list[Vnet]] = {}
    for vnet in given.sdn.pve.vnets:
        vnets.setdefault(vnet.zone, []).append(vnet)
    for zone in given.sdn.pve.zones:
        if isinstance(zone, BridgedPveZone):
            bridges = {
                node: host_bridge(zone.bridge, facts)
                for node, facts in sorted(given.facts.items())
                if facts.links and (zone.nodes is None or node in zone.nodes)
            }
            yield _Ride(zone, tuple(vnets.get(zone.id, ())), bridges)


def _missing(ride: _Ride) -> Iterator[Finding]:
    nodes = [node for node, bridge in ride.bridges.items() if bridge is None]
    if nodes:
        what = f"bridge {ride.zone.bridge} does not exist on {listed(nodes)}"
        hint = "PVE leaves this zone's VNets out there; create it there, or leave them out of the zone's nodes"
        yield warning(ride.zone.where, what, hint)


def _tags(ride: _Ride) -> Iterator[Finding]:
    if isinstance(ride.zone, PveQinqZone):
        yield from _no_vlan(ride.zone.service_tag, ride.zone.where)
    for vnet in ride.vnets:
        if vnet.tag is not None:
            yield from _no_vlan(vnet.tag, vnet.where)


def _no_vlan(tag: int, where: Where) -> Iterator[Finding]:
    if not 1 <= tag <= _LAST_VLAN:
        yield warning(
            where, f"tag {tag} is not a valid VLAN", f"write 1-{_LAST_VLAN}; PVE accepts this, the kernel does not"
        )


def _long_names(ride: _Ride) -> Iterator[Finding]:
    """One finding for each device of the host after which PVE names too long a one: where one name is too long, many
    are.
    """
    tags = (
        [ride.zone.service_tag]
        if isinstance(ride.zone, PveQinqZone)
        else [vnet.tag for vnet in ride.vnets if vnet.tag is not None]
    )
    longest: dict[str, str] = {}
    nodes: dict[str, list[str]] = {}
    for node, bridge in ride.bridges.items():
        made = [pair for tag in tags for pair in _made_of_names(ride.zone, bridge, tag)]
        for device in dict.fromkeys(device for device, name in made if len(name) > _LONGEST_NAME):
            nodes.setdefault(device, []).append(node)
            longest[device] = max((longest.get(device, ""), *(n for d, n in made if d == device)), key=len)
    for device, found in nodes.items():
        what = f"device {longest[device]} has more than {_LONGEST_NAME} characters on {listed(found)}"
        most = _LONGEST_NAME - len(longest[device]) + len(device)
        hint = f"the kernel refuses it; give {device} a name of at most {most} characters, wherever it is named"
        yield warning(ride.zone.where, what, hint)


def _made_of_names(zone: BridgedPveZone, bridge: HostBridge | None, tag: int) -> Iterator[tuple[str, str]]:
    """Devices of the host, and what PVE names after them."""
    if bridge is None:
        return
    if bridge.kind is BridgeKind.VLAN_AWARE:
        yield bridge.name, f"{bridge.name}.{tag}"
    elif bridge.kind is BridgeKind.PLAIN and isinstance(zone, PveVlanZone):
        yield bridge.name, names.vlan_bridge(bridge.name, tag)
        yield from ((port, f"{port}.{tag}") for port in bridge.ports)


@dataclass(frozen=True, slots=True)
class _Use:
    """One use of a VLAN. :param name: such as ``the tag of vnet 'web'``."""

    name: str
    where: Where
    ride: _Ride


def _reused(rides: tuple[_Ride, ...]) -> Iterator[Finding]:
    """VLANs that several VNets or service VLANs use on one bridge, or several VNets in one qinq zone."""
    outside: dict[tuple[str, str, int], list[_Use]] = {}
    for ride in rides:
        if isinstance(ride.zone, PveQinqZone):
            use = _Use(f"the tag of zone '{ride.zone.id}'", ride.zone.where, ride)
            key = ride.zone.bridge, _protocol(ride.zone), ride.zone.service_tag
            outside.setdefault(key, []).append(use)
            yield from _reused_inside(ride)
            continue
        for vnet in ride.vnets:
            if vnet.tag is not None:
                use = _Use(f"the tag of vnet '{vnet.id}'", vnet.where, ride)
                outside.setdefault((ride.zone.bridge, _protocol(ride.zone), vnet.tag), []).append(use)
    for (bridge, _, tag), uses in outside.items():
        for number, use in enumerate(uses):
            other = next((earlier for earlier in uses[:number] if earlier.ride.meets(use.ride)), None)
            if other is not None:
                what = f"tag {tag} is also {placed(other.name, other.where)} on bridge {bridge}"
                yield warning(use.where, what, f"{_ONE_WORKS}; choose another tag in PVE, or another bridge")


def _reused_inside(ride: _Ride) -> Iterator[Finding]:
    first: dict[int | None, Vnet] = {}
    for vnet in ride.vnets:
        other = first.setdefault(vnet.tag, vnet)
        if other is not vnet:
            place = placed(f"vnet '{other.id}'", other.where)
            what = (
                f"has no tag, and neither has {place}"
                if vnet.tag is None
                else f"tag {vnet.tag} is also used by {place}"
            )
            cure = "give one of them a tag in PVE" if vnet.tag is None else "choose another tag in PVE"
            yield warning(vnet.where, f"{what} in zone '{ride.zone.id}'", f"{_ONE_WORKS}; {cure}")


def _shared_pairs(rides: tuple[_Ride, ...]) -> Iterator[Finding]:
    """A VNet of a vlan zone and a qinq zone with the same name: each names its veth pair after it."""
    zones = {ride.zone.id: ride for ride in rides if isinstance(ride.zone, PveQinqZone)}
    for ride in rides:
        if not isinstance(ride.zone, PveVlanZone):
            continue
        paired = ride.nodes(BridgeKind.PLAIN) | ride.nodes(BridgeKind.OVS)
        for vnet in ride.vnets:
            other = zones.get(vnet.id)
            common = paired & other.bridges.keys() if other is not None else frozenset()
            if other is not None and other.vnets and common:
                ends = f"{names.bridge_end(vnet.id)} and {names.far_end(vnet.id)}"
                what = f"devices {ends} are also used by {other.zone.where} on {listed(common)}"
                yield warning(vnet.where, what, "PVE defines only the first; choose another id")


def _protocols(rides: tuple[_Ride, ...]) -> Iterator[Finding]:
    """A VLAN-aware bridge has one protocol for all of its VLANs."""
    first: dict[str, list[_Ride]] = {}
    for ride in rides:
        others = first.setdefault(ride.zone.bridge, [])
        other = next((o for o in others if _protocol(o.zone) != _protocol(ride.zone) and o.meets(ride)), None)
        common = ride.nodes(BridgeKind.VLAN_AWARE) & other.nodes(BridgeKind.VLAN_AWARE) if other else frozenset()
        if other is not None and common:
            what = (
                f"has {_protocol(ride.zone)} and {other.zone.where} has {_protocol(other.zone)}: "
                f"bridge {ride.zone.bridge} has one protocol for all VLANs on {listed(common)}"
            )
            yield warning(ride.zone.where, what, "give both the same vlan-protocol, or a bridge each")
        others.append(ride)


def _protocol(zone: BridgedPveZone) -> str:
    return (zone.vlan_protocol if isinstance(zone, PveQinqZone) else None) or "802.1q"
