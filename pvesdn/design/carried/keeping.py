"""VNets that PVE has no more, or has in another zone, while guests are plugged into them on some node: what carries
them there stays until the last one is unplugged. Pure.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from types import MappingProxyType

from pvesdn.design.carried.allotting import DrawnVnet
from pvesdn.design.carried.reserved import written
from pvesdn.design.ours.zones import vnet_nodes, zone_nodes
from pvesdn.design.shared.names import vxlan_port
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import IfaceStanza, NodeFacts
from pvesdn.model.findings import Finding, Severity
from pvesdn.model.guests import labelled, ports_by_bridge
from pvesdn.model.own_sdn import OwnZone
from pvesdn.model.pve_sdn import PveSimpleZone
from pvesdn.model.vnets import Vnet
from pvesdn.model.vnis import said_vni


@dataclass(frozen=True, slots=True)
class KeptVnet:
    """A VNet that is kept, on the nodes where guests are.

    :param ports: the guests' ports, by node.
    """

    drawn: DrawnVnet
    ports: Mapping[str, tuple[str, ...]]

    def finding(self, guest_names: Mapping[int, str]) -> Finding:
        """What is kept, and for whom."""
        vnet, zone = self.drawn.vnet, self.drawn.zone
        gone = "is gone from PVE" if vnet.zone == zone.carries else f"has moved to zone '{vnet.zone}' of PVE's"
        guests = "; ".join(
            f"{', '.join(labelled(port, guest_names) for port in self.ports[node])} on {node}"
            for node in sorted(self.ports)
        )
        what = f"vnet '{vnet.id}' {gone}, and is kept while guests are plugged: {guests}"
        hint = "unplug them, and the next pvesdn apply removes it; or use --detach-guests"
        return Finding.at(zone.at("carries"), Severity.WARNING, what, hint=hint)


@dataclass
class _Found:
    """What the nodes have of one VNet."""

    zone: OwnZone
    stanza: IfaceStanza
    ports: dict[str, tuple[str, ...]] = field(default_factory=dict)
    was_routed: bool = False


def kept(given: DesignInput, homes: Mapping[str, PveSimpleZone]) -> tuple[KeptVnet, ...]:
    """Sorted by id.

    A VNet that is in another zone of PVE's now is kept where both stanzas can still make one bridge: in a simple zone
    with the same MTU that no zone of ours carries. Anywhere else its bridge would join two networks, or have two MTUs.
    With subnets or DHCP there it is not: its gateway is meant for the host's own table, and our bridge may be in a VRF.
    Nothing is kept on a node that the carried zone has left: there the whole zone goes.

    :param homes: PVE's zones by the ids of ours that carry them.
    """
    found: dict[str, _Found] = {}
    for node, facts in sorted(given.facts.items()):
        for stanza, vni, ports in _with_guests(facts):
            zone = carrier_of(given, homes, stanza.name, vni)
            if zone is None or not _has(homes[zone.id], node) or not _may_stay(given, zone, homes, stanza):
                continue
            entry = found.setdefault(stanza.name, _Found(zone, stanza))
            entry.ports[node] = ports
            entry.was_routed |= bool(stanza.values("hwaddress"))
    return tuple(_kept(given, name, found[name], homes) for name in sorted(found))


def crossing(
    given: DesignInput,
    homes: Mapping[str, PveSimpleZone],
    tags: Mapping[str, int],
    guest_names: Mapping[int, str],
) -> Iterator[Finding]:
    """VNets whose guests would find themselves in another network, since they have come to another zone of ours, node
    by node where they are plugged: one bridge is in one network, so nothing can be kept.

    Whether the VNet has moved or its zone is carried by another one is not told: both look alike.

    :param homes: see `kept`.
    :param tags: VNIs by VNet, as they would be.
    """
    for node, vnet, vni, ports, zone, former in _crossing(given, homes, tags):
        if former is not None:
            network = f"the network of zone '{former.id}'"
            hint = (
                f"unplug them, or move it to zone '{former.carries}' in PVE (Datacenter > SDN), or have zone "
                f"'{former.id}' carry '{zone.carries}' instead of zone '{zone.id}'; or use --detach-guests"
            )
        else:
            names = (entry.zone for entry in written(given) if (entry.vnet, entry.vni) == (vnet, vni))
            network = f"VNI {vni}" + "".join(f", which zone '{name}' gave it" for name in names)
            hint = (
                f"unplug them, or keep their VNI: 'vnet: {vnet}' in pvesdn.cfg with zone {zone.id} and tag {vni}; "
                "or use --detach-guests"
            )
        guests = ", ".join(labelled(port, guest_names) for port in ports)
        what = (
            f"vnet '{vnet}' is in zone '{zone.carries}' of PVE's, which zone '{zone.id}' carries now, and its guests are "
            f"in {network}: {guests}"
        )
        yield Finding.at(zone.at("carries"), Severity.ERROR, what, hint=hint, node=node)
    yield from _into_sections(given, homes, guest_names)


def _into_sections(
    given: DesignInput, homes: Mapping[str, PveSimpleZone], guest_names: Mapping[int, str]
) -> Iterator[Finding]:
    """The same of VNets that were carried, and are sections of pvesdn.cfg in another zone now."""
    if not homes and not written(given):
        return
    for node, vnet, vni, ports in moved_sections(given):
        gave = givers(given, homes, vnet.id, vni)
        if gave and vnet.zone not in gave:
            guests = ", ".join(labelled(port, guest_names) for port in ports)
            what = (
                f"vnet '{vnet.id}' is in zone '{vnet.zone}' now, with VNI {vnet.tag}, and its guests are in VNI {vni}, "
                f"which zone '{min(gave)}' gave it: {guests}"
            )
            former = carrier_of(given, homes, vnet.id, vni)
            way = f"give it tag {vni}" if former is None else f"draw it in zone '{former.carries}' of PVE's instead"
            hint = f"unplug them, or keep their VNI: {way}; or use --detach-guests"
            yield Finding.at(vnet.at("zone"), Severity.ERROR, what, hint=hint, node=node)


def moved_sections(given: DesignInput) -> Iterator[tuple[str, Vnet, int, tuple[str, ...]]]:
    """VNets of pvesdn.cfg that get another VNI on a node where guests are in them: the node, the VNet, the VNI that the
    guests are in, and their ports.
    """
    nodes = {zone.id: zone_nodes(zone, given.cluster) for zone in given.sdn.own.zones}
    sections = {vnet.id: vnet for vnet in given.sdn.own.vnets if vnet.zone in nodes}
    for node, facts in sorted(given.facts.items()) if sections else ():
        for name, vni, ports in networks(facts):
            vnet = sections.get(name)
            if vnet is not None and vnet.tag != vni and node in vnet_nodes(vnet, nodes[vnet.zone]):
                yield node, vnet, vni, ports


def _crossing(
    given: DesignInput, homes: Mapping[str, PveSimpleZone], tags: Mapping[str, int]
) -> Iterator[tuple[str, str, int, tuple[str, ...], OwnZone, OwnZone | None]]:
    """Node, VNet, the VNI that its guests are in, their ports, the zone that carries it now, and the one that did.

    That one may be gone, or carry nothing any more: then what tells is a VNI that does not stay.
    """
    carriers = {home.id: zone for zone in given.sdn.own.zones if (home := homes.get(zone.id)) is not None}
    drawn = {vnet.id: carriers[vnet.zone] for vnet in given.sdn.pve.vnets if vnet.zone in carriers}
    if not drawn:
        return
    for node, facts in sorted(given.facts.items()):
        for vnet, vni, ports in networks(facts):
            zone = drawn.get(vnet)
            if zone is None or not _has(homes[zone.id], node):
                continue
            former = carrier_of(given, homes, vnet, vni)
            if former != zone and not (former is None and tags.get(vnet) == vni):
                yield node, vnet, vni, ports, zone, former


def _with_guests(facts: NodeFacts) -> Iterator[tuple[IfaceStanza, int, tuple[str, ...]]]:
    """Bridges of our own file with a VXLAN port and guests: the stanza, the VNI, and the guests' ports."""
    plugged = ports_by_bridge(facts.links)
    if not plugged:
        return
    for stanza, vni in our_bridges(facts):
        if stanza.name in plugged:
            yield stanza, vni, tuple(port.port for port in plugged[stanza.name])


def networks(facts: NodeFacts) -> Iterator[tuple[str, int, tuple[str, ...]]]:
    """Bridges with guests, the VNI that these are in, and their ports: by our own file, else by the VXLAN port that
    runs in the bridge, as in zones of PVE's own.
    """
    ours: set[str] = set()
    for stanza, vni, ports in _with_guests(facts):
        ours.add(stanza.name)
        yield stanza.name, vni, ports
    for bridge, plugged in ports_by_bridge(facts.links).items():
        port = facts.link(vxlan_port(bridge))
        if bridge not in ours and port is not None and port.master == bridge and port.vni is not None:
            yield bridge, port.vni, tuple(one.port for one in plugged)


def our_bridges(facts: NodeFacts) -> Iterator[tuple[IfaceStanza, int]]:
    """Bridges of our own file with a VXLAN port: the stanza and the VNI."""
    vnis = {stanza.name: said_vni(value) for stanza in facts.own for value in stanza.values("vxlan-id")}
    for stanza in facts.own:
        vni = vnis.get(vxlan_port(stanza.name))
        if vni is not None:
            yield stanza, vni


def carrier_of(given: DesignInput, homes: Container[str], vnet: str, vni: int) -> OwnZone | None:
    """The zone of ours that carried a VNet: as it was written down, else the one whose range has its VNI, also where
    the name that was written down is no zone's any more.

    :param homes: ids of the zones of ours that may be meant.
    """
    there = {zone.id for zone in given.sdn.own.zones}
    names = there & {entry.zone for entry in written(given) if (entry.vnet, entry.vni) == (vnet, vni)}
    for zone in given.sdn.own.zones:
        if zone.id not in homes:
            continue
        if zone.id in names or (not names and zone.vni_range is not None and vni in zone.vni_range):
            return zone
    return None


def givers(given: DesignInput, homes: Container[str], vnet: str, vni: int) -> AbstractSet[str]:
    """Ids of the zones that may have given a VNet its VNI while they carried it, the one that still can alone."""
    former = carrier_of(given, homes, vnet, vni)
    if former is not None:
        return {former.id}
    return {entry.zone for entry in written(given) if (entry.vnet, entry.vni) == (vnet, vni)}


def _has(home: PveSimpleZone, node: str) -> bool:
    return home.nodes is None or node in home.nodes


def _may_stay(given: DesignInput, zone: OwnZone, homes: Mapping[str, PveSimpleZone], stanza: IfaceStanza) -> bool:
    """Whether a VNet has left its zone, and what it is now, if anything, goes with our stanza."""
    if any(vnet.id == stanza.name for vnet in given.sdn.own.vnets):
        return False
    drawn = next((vnet for vnet in given.sdn.pve.vnets if vnet.id == stanza.name), None)
    if drawn is None:
        return not given.sdn.pve.unread.may_have("vnet", stanza.name)
    if drawn.zone in {home.id for home in homes.values()}:
        return False  # see `crossing`
    if any(subnet.vnet == drawn.id for subnet in given.sdn.pve.subnets):
        return False
    there = next((home for home in given.sdn.pve.zones if home.id == drawn.zone), None)
    return (
        isinstance(there, PveSimpleZone)
        and not there.dhcp
        and there.mtu == homes[zone.id].mtu
        and drawn.vlanaware == is_vlan_aware(stanza)
    )


def is_vlan_aware(stanza: IfaceStanza) -> bool:
    """Whether a bridge of our file knows VLANs."""
    return "yes" in stanza.values("bridge-vlan-aware")


def _kept(given: DesignInput, name: str, found: _Found, homes: Mapping[str, PveSimpleZone]) -> KeptVnet:
    home = homes[found.zone.id]
    moved = next((vnet for vnet in given.sdn.pve.vnets if vnet.id == name), None)
    gone = Vnet(where=found.zone.at("carries"), id=name, zone=home.id, vlanaware=is_vlan_aware(found.stanza))
    update = {"nodes": frozenset(found.ports), "was_routed": found.was_routed}
    vnet = (moved or gone).model_copy(update=update)
    return KeptVnet(DrawnVnet(found.zone, vnet, home.nodes), MappingProxyType(found.ports))
