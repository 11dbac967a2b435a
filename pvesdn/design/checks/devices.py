"""Device names: what we would make must not be there already as something else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pvesdn.design.checks.exits import devices_of_tunnels
from pvesdn.design.checks.remarks import error, warning
from pvesdn.design.ours.zones import has_vrf, vnet_nodes, zone_nodes
from pvesdn.design.shared import names
from pvesdn.model.cluster import Vtep
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import NodeFacts
from pvesdn.model.findings import Finding, Where
from pvesdn.model.own_sdn import EvpnZone
from pvesdn.model.pve_sdn import PveEvpnZone, PveVxlanZone, RenderedPveZone

_INTERFACES = "/etc/network/interfaces"


def check(given: DesignInput, vteps: Mapping[str, Vtep]) -> Iterator[Finding]:
    """Names that the host uses itself."""
    for node, facts in sorted(given.facts.items()):
        ours = _devices(given, node)
        yield from _beside_pve(given, node)
        if not ours:
            continue
        defined = {stanza.name for stanza in facts.stanzas} | {name for _, name in facts.other_stanzas}
        yield from defined_twice(given, vteps, node)
        for link in facts.links:
            if link.name in ours and link.name not in defined and link.kind != ours[link.name][0]:
                kind = f"a device of kind {link.kind}" if link.kind else "a physical device"
                yield error(ours[link.name][1], f"{link.name} is {kind} on {node}", "choose another id")
        for uplink in given.sdn.own.exits:
            if uplink.node == node and uplink.interface in ours:
                what = f"interface {uplink.interface} is a device of {ours[uplink.interface][1]}"
                yield error(uplink.where, what, "name an interface of the host")


def defined_twice(given: DesignInput, vteps: Mapping[str, Vtep], node: str) -> Iterator[Finding]:
    """Our devices that a node's own files make as well: ifupdown2 would merge both stanzas, which takes the host's bridge
    apart. It is the node's file that has to change, so a plan shows it as an obstacle there (`workflows.understand`).
    """
    ours = _devices(given, node)
    defined = _defined(given.facts[node])
    underlay = devices_of_tunnels(given.facts[node], vteps)
    for name in sorted(defined.keys() & ours.keys()):
        what = f"device {name} is defined in {defined[name]} of {node} as well"
        # Who took the underlay's device out would lose the node.
        advice = "choose another id" if name in underlay else "take it out there, or choose another id"
        yield error(ours[name][1], what, advice)


def _defined(facts: NodeFacts) -> dict[str, str]:
    """The file of each device that somebody else's stanzas make, by name."""
    return {name: file for file, name in facts.other_stanzas} | {stanza.name: _INTERFACES for stanza in facts.stanzas}


def _beside_pve(given: DesignInput, node: str) -> Iterator[Finding]:
    """PVE does not look whether a name is taken (docs/pve.md §4.8), and so this is a warning."""
    zones = {
        zone.id: zone
        for zone in given.sdn.pve.zones
        if isinstance(zone, RenderedPveZone) and (zone.nodes is None or node in zone.nodes)
    }
    tunnelled = {id_ for id_, zone in zones.items() if isinstance(zone, PveVxlanZone | PveEvpnZone)}
    wanted = {vnet.id: vnet.where for vnet in given.sdn.pve.vnets if vnet.zone in zones}
    wanted |= {
        names.vxlan_port(vnet.id): vnet.where for vnet in given.sdn.pve.vnets if vnet.zone in tunnelled and vnet.tag
    }
    wanted |= {names.vrf(zone.id): zone.where for zone in zones.values() if isinstance(zone, PveEvpnZone)}
    defined = _defined(given.facts[node])
    for name in sorted(defined.keys() & wanted.keys()):
        what = f"device {name} is defined in {defined[name]} of {node} as well, and ifupdown2 merges both"
        yield warning(wanted[name], what, "take it out there, or choose another id in PVE")


def _devices(given: DesignInput, node: str) -> dict[str, tuple[str, Where]]:
    """Kind and origin of each device that our zones make on a node, by name."""
    found: dict[str, tuple[str, Where]] = {}
    zones = {zone.id: zone for zone in given.sdn.own.zones if node in zone_nodes(zone, given.cluster)}
    here = frozenset({node})
    for vnet in given.sdn.own.vnets:
        if vnet.zone in zones and vnet_nodes(vnet, here):
            found[vnet.id] = ("bridge", vnet.where)
            found[names.vxlan_port(vnet.id)] = ("vxlan", vnet.where)
    for zone in zones.values():
        if has_vrf(zone):
            found[names.vrf(zone.id)] = ("vrf", zone.where)
        if isinstance(zone, EvpnZone) and zone.l3vni is not None:
            found[names.l3vni_port(zone.id)] = ("vxlan", zone.where)
            found[names.l3vni_bridge(zone.id)] = ("bridge", zone.where)
    return found
