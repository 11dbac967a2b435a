"""Device names: what we would make must not exist already as something else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pvesdn.design.checks.exits import devices_of_tunnels
from pvesdn.design.checks.wording import error, listed, warning
from pvesdn.design.ours.zones import has_vrf, vnet_nodes, zone_nodes
from pvesdn.design.shared import names
from pvesdn.design.shared.hosts import own_addresses
from pvesdn.model.cluster import Vtep
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import NodeFacts
from pvesdn.model.findings import Finding, Where
from pvesdn.model.own_sdn import EvpnZone
from pvesdn.model.primitives import IpAddress
from pvesdn.model.pve_sdn import PveEvpnZone, PveVxlanZone, RenderedPveZone

_INTERFACES = "/etc/network/interfaces"


@dataclass(frozen=True, slots=True)
class _Device:
    """A device that zones make. :param nodes: on which; None for all members."""

    kind: str
    where: Where
    nodes: frozenset[str] | None


def check(given: DesignInput, vteps: Mapping[str, Vtep]) -> Iterator[Finding]:
    """Names of ours that a host already uses."""
    ours, pves = _our_devices(given), _pve_devices(given)
    gateways = frozenset(subnet.gateway for subnet in given.sdn.both.subnets if subnet.gateway is not None)
    yield from _taken(given, ours, vteps, gateways)
    yield from _shared_with_pve(given, pves, vteps, gateways)
    for node in sorted(given.facts):
        for uplink in given.sdn.own.exits:
            if uplink.node == node and (device := _here(ours, uplink.interface, node)) is not None:
                what = f"interface {uplink.interface} is a device of {device.where}"
                yield error(uplink.at("interface"), what, "use an interface of the host")


def _taken(
    given: DesignInput, ours: Mapping[str, _Device], vteps: Mapping[str, Vtep], gateways: frozenset[IpAddress]
) -> Iterator[Finding]:
    """Our devices that hosts have already. A stanza that can go is the node's to change: ifupdown2 would merge both,
    which takes the host's bridge apart. What can go on no node at all is one fault of the definitions.
    """
    kept: dict[tuple[str, str], list[str]] = {}
    others: dict[tuple[str, str], list[str]] = {}
    for node, facts in sorted(given.facts.items()):
        defined = _defined(facts)
        for name in sorted(defined.keys() & ours.keys()):
            device = _here(ours, name, node)
            if device is not None and _can_go(name, device, facts, vteps, gateways):
                what = f"device {name} is also defined in {defined[name]} of {node}"
                yield error(device.where, what, "remove it there, or choose another id", node=node)
            elif device is not None:
                kept.setdefault((name, defined[name]), []).append(node)
        for link in facts.links:
            device = _here(ours, link.name, node)
            if device is not None and link.name not in defined and link.kind != device.kind:
                others.setdefault((link.name, link.kind), []).append(node)
    for (name, file), nodes in sorted(kept.items()):
        device, what = ours[name], f"device {name} is also defined in {file} of"
        advice = f"rename the {device.where.kind}: choose another id"
        if len(nodes) == sum(_here(ours, name, node) is not None for node in given.facts):
            yield error(device.where, f"{what} {listed(nodes)}", advice)
        else:
            yield from (error(device.where, f"{what} {node}", advice, node=node) for node in nodes)
    for (name, kind), nodes in sorted(others.items()):
        known = f"a device of kind {kind}" if kind else "a physical device"
        where = ours[name].where
        yield error(where, f"{name} is {known} on {listed(nodes)}", f"rename the {where.kind}: choose another id")


def _can_go(
    name: str, device: _Device, facts: NodeFacts, vteps: Mapping[str, Vtep], gateways: frozenset[IpAddress]
) -> bool:
    """Whether the host can do without its own device of that name: it is no NIC, carries no tunnels, and neither it
    nor anything on it has an address but a gateway of ours.
    """
    link = facts.link(name)
    return (
        (link is None or link.kind == device.kind)
        and own_addresses(facts, name) <= gateways
        and name not in devices_of_tunnels(facts, vteps)
    )


def _here(devices: Mapping[str, _Device], name: str, node: str) -> _Device | None:
    """The device of that name, where the node has it."""
    device = devices.get(name)
    return device if device is not None and (device.nodes is None or node in device.nodes) else None


def _defined(facts: NodeFacts) -> dict[str, str]:
    """The file of each device that somebody else's stanzas make, by name."""
    return {name: file for file, name in facts.other_stanzas} | {stanza.name: _INTERFACES for stanza in facts.stanzas}


def _shared_with_pve(
    given: DesignInput, pves: Mapping[str, _Device], vteps: Mapping[str, Vtep], gateways: frozenset[IpAddress]
) -> Iterator[Finding]:
    """PVE does not check whether a name is taken (docs/pve.md §4.8), so this is a warning."""
    nodes: dict[tuple[str, str, bool], list[str]] = {}
    for node, facts in sorted(given.facts.items()):
        defined = _defined(facts)
        for name in sorted(defined.keys() & pves.keys()):
            device = _here(pves, name, node)
            if device is not None:
                can_go = _can_go(name, device, facts, vteps, gateways)
                nodes.setdefault((name, defined[name], can_go), []).append(node)
    for (name, file, can_go), found in nodes.items():
        what = f"device {name} is also defined in {file} of {listed(found)}, and ifupdown2 merges both"
        hint = "choose another id in PVE"
        yield warning(pves[name].where, what, f"remove it there, or {hint}" if can_go else hint)


def _pve_devices(given: DesignInput) -> dict[str, _Device]:
    """The devices of PVE's zones that guests and FRR know, by name."""
    zones = {zone.id: zone for zone in given.sdn.pve.zones if isinstance(zone, RenderedPveZone)}
    found: dict[str, _Device] = {}
    carried = given.sdn.own.carried
    for vnet in given.sdn.pve.vnets:
        zone = zones.get(vnet.zone)
        if zone is not None and vnet.id not in carried:
            found[vnet.id] = _Device("bridge", vnet.where, zone.nodes)
            if vnet.tag and isinstance(zone, PveVxlanZone | PveEvpnZone):
                found[names.vxlan_port(vnet.id)] = _Device("vxlan", vnet.where, zone.nodes)
    for zone in zones.values():
        if isinstance(zone, PveEvpnZone):
            found[names.vrf(zone.id)] = _Device("vrf", zone.where, zone.nodes)
    return found


def _our_devices(given: DesignInput) -> dict[str, _Device]:
    """The devices that our zones make, by name."""
    found: dict[str, _Device] = {}
    zones = {zone.id: (zone, zone_nodes(zone, given.cluster)) for zone in given.sdn.own.zones}
    for vnet in given.sdn.own.vnets:
        if vnet.zone in zones:
            nodes = vnet_nodes(vnet, zones[vnet.zone][1])
            found[vnet.id] = _Device("bridge", vnet.where, nodes)
            found[names.vxlan_port(vnet.id)] = _Device("vxlan", vnet.where, nodes)
    for zone, nodes in zones.values():
        if has_vrf(zone):
            found[names.vrf(zone.id)] = _Device("vrf", zone.where, nodes)
        if isinstance(zone, EvpnZone) and zone.l3vni is not None:
            found[names.l3vni_port(zone.id)] = _Device("vxlan", zone.where, nodes)
            found[names.l3vni_bridge(zone.id)] = _Device("bridge", zone.where, nodes)
    return found
