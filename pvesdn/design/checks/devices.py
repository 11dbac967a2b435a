"""Device names: what we would make must not exist already as something else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pvesdn.design.checks.exits import devices_of_tunnels
from pvesdn.design.checks.wording import error, warning
from pvesdn.design.ours.zones import has_vrf, vnet_nodes, zone_nodes
from pvesdn.design.shared import names
from pvesdn.model.cluster import Vtep
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import NodeFacts
from pvesdn.model.findings import Finding, Where
from pvesdn.model.own_sdn import EvpnZone
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
    for node, facts in sorted(given.facts.items()):
        defined = _defined(facts)
        yield from _shared_with_pve(defined, pves, node)
        yield from _defined_twice(defined, ours, facts, vteps)
        for link in facts.links:
            device = _here(ours, link.name, node)
            if device is not None and link.name not in defined and link.kind != device.kind:
                kind = f"a device of kind {link.kind}" if link.kind else "a physical device"
                yield error(device.where, f"{link.name} is {kind} on {node}", "choose another id")
        for uplink in given.sdn.own.exits:
            if uplink.node == node and (device := _here(ours, uplink.interface, node)) is not None:
                what = f"interface {uplink.interface} is a device of {device.where}"
                yield error(uplink.at("interface"), what, "use an interface of the host")


def _defined_twice(
    defined: Mapping[str, str], ours: Mapping[str, _Device], facts: NodeFacts, vteps: Mapping[str, Vtep]
) -> Iterator[Finding]:
    """Our devices that a node's own files make as well: ifupdown2 would merge both stanzas, which takes the host's
    bridge apart. It is the node's file that has to change.
    """
    twice = {name: device for name in defined.keys() & ours.keys() if (device := _here(ours, name, facts.node))}
    underlay = devices_of_tunnels(facts, vteps) if twice else {}
    for name, device in sorted(twice.items()):
        what = f"device {name} is also defined in {defined[name]} of {facts.node}"
        # Who took the underlay's device out would lose the node.
        advice = "choose another id" if name in underlay else "remove it there, or choose another id"
        yield error(device.where, what, advice, node=facts.node)


def _here(devices: Mapping[str, _Device], name: str, node: str) -> _Device | None:
    """The device of that name, where the node has it."""
    device = devices.get(name)
    return device if device is not None and (device.nodes is None or node in device.nodes) else None


def _defined(facts: NodeFacts) -> dict[str, str]:
    """The file of each device that somebody else's stanzas make, by name."""
    return {name: file for file, name in facts.other_stanzas} | {stanza.name: _INTERFACES for stanza in facts.stanzas}


def _shared_with_pve(defined: Mapping[str, str], pves: Mapping[str, _Device], node: str) -> Iterator[Finding]:
    """PVE does not check whether a name is taken (docs/pve.md §4.8), so this is a warning."""
    for name in sorted(defined.keys() & pves.keys()):
        device = _here(pves, name, node)
        if device is not None:
            what = f"device {name} is also defined in {defined[name]} of {node}, and ifupdown2 merges both"
            yield warning(device.where, what, "remove it there, or choose another id in PVE")


def _pve_devices(given: DesignInput) -> dict[str, _Device]:
    """The devices of PVE's zones that guests and FRR know, by name."""
    zones = {zone.id: zone for zone in given.sdn.pve.zones if isinstance(zone, RenderedPveZone)}
    found: dict[str, _Device] = {}
    for vnet in given.sdn.pve.vnets:
        zone = zones.get(vnet.zone)
        if zone is not None:
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
