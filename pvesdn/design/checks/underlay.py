"""What the underlay can carry: address families, packets to every peer, and what the nodes' ifupdown2 supports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pvesdn.design.checks import multicast, zone_mtu
from pvesdn.design.checks.wording import SHOW_DEVICES, Named, error, few, listed, note, once, warning
from pvesdn.design.ours.paths import NEXTHOP_OBJECT, underlay_vrf
from pvesdn.design.ours.zones import (
    IPV6,
    nodes_with_tunnels,
    vnet_nodes,
    zone_ends,
    zone_nodes,
    zone_vteps,
)
from pvesdn.model.cluster import Vtep
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import NodeFacts
from pvesdn.model.findings import Finding
from pvesdn.model.own_sdn import EvpnZone, OwnZone, VxlanZone
from pvesdn.model.primitives import IpAddress

_VtepByNode = Mapping[str, Vtep]


def check(given: DesignInput, vteps: _VtepByNode) -> Iterator[Finding]:
    """Zones whose VTEPs do not fit together, or whose packets do not fit through."""
    owned = {zone.id: zone_vteps(zone, vteps, given) for zone in given.sdn.own.zones}
    families: dict[str, set[int]] = {
        zone: {vtep.address.version for vtep in own.values()} for zone, own in owned.items()
    }
    yield from once(_zones(given, owned, families))
    yield from _evpn(given, families)
    yield from _not_looked_at(given, vteps)


def check_definitions(given: DesignInput) -> Iterator[Finding]:
    """What does not go together by the addresses that the definitions name."""
    section = given.sdn.own.underlay
    named = {name: address.version for name, address in section.vteps} if section is not None else {}
    families: dict[str, set[int]] = {}
    for zone in given.sdn.own.zones:
        nodes = zone_nodes(zone, given.cluster)
        families[zone.id] = {named[node] for node in nodes & named.keys()}
        if section is not None and section.network is not None and nodes - named.keys():
            families[zone.id].add(section.network.version)
    yield from once(_defined(given, families))
    yield from _evpn(given, families)


def _zones(
    given: DesignInput, owned: Mapping[str, _VtepByNode], families: Mapping[str, set[int]]
) -> Iterator[tuple[Named, Finding]]:
    """What is wrong with each zone, or with a VNet in it. :param owned: as `zone_vteps` returns them, by zone."""
    ipv6 = zone_mtu.ipv6_gateways(given.sdn.own)
    for zone in given.sdn.own.zones:
        own = owned[zone.id]
        found = [*zone_mtu.check(zone, own, given, ipv6), *_unreached(zone, own), *_twice(zone, own)]
        if len(families[zone.id]) > 1:
            listing = ", ".join(f"{node} {vtep.address}" for node, vtep in own.items())
            found.append(_of_both(zone, f" ({listing})"))
        elif isinstance(zone, VxlanZone):
            found += [*_plain(zone, families[zone.id]), *_unlisted(zone, own)]
            found += multicast.check(zone, own, given.facts)
            found += _over_ipv6(zone, own, given.facts)
            yield from _vlan_aware(given, zone)
        yield from ((zone, finding) for finding in found)


def _defined(given: DesignInput, families: Mapping[str, set[int]]) -> Iterator[tuple[Named, Finding]]:
    ipv6 = zone_mtu.ipv6_gateways(given.sdn.own)
    for zone in given.sdn.own.zones:
        found = [*zone_mtu.check(zone, {}, given, ipv6)]
        if len(families[zone.id]) > 1:
            found.append(_of_both(zone))
        elif isinstance(zone, VxlanZone):
            found += [*_plain(zone, families[zone.id]), *multicast.check_name(zone)]
        yield from ((zone, finding) for finding in found)


def _of_both(zone: OwnZone, listing: str = "") -> Finding:
    what = f"its VTEPs are of both families{listing}"
    return error(zone.where, what, "give all nodes of the zone a VTEP of one family")


def _twice(zone: OwnZone, own: _VtepByNode) -> Iterator[Finding]:
    """One VTEP on two nodes: an address that moved while its old node was off, or a typing mistake."""
    first: dict[IpAddress, str] = {}
    for node, vtep in own.items():
        other = first.setdefault(vtep.address, node)
        if other != node:
            what = f"{other} and {node} have the same VTEP {vtep.address} ({vtep.why})"
            yield error(
                zone.where,
                what,
                f"put the right ones into vteps of the section underlay: {other}=ADDRESS,{node}=ADDRESS",
            )


def _evpn(given: DesignInput, families: Mapping[str, set[int]]) -> Iterator[Finding]:
    """EVPN zones whose VTEPs have IPv6 addresses: the underlay is one fault, however many zones it carries."""
    zones = [zone for zone in given.sdn.own.zones if isinstance(zone, EvpnZone) and families[zone.id] == {IPV6}]
    if zones:
        first, *others = sorted(zones, key=lambda zone: zone.where.line)
        also = f"; so have those of {few(others)}" if others else ""
        what = f"its VTEPs have IPv6 addresses{also}, and FRR before 10.6 has no EVPN over IPv6: sessions come up, but no traffic passes"
        hint = "name IPv4 addresses in the section underlay, or use a zone of type vxlan"
        yield error(first.where, what, hint)


def _plain(zone: VxlanZone, families: set[int]) -> Iterator[Finding]:
    group = zone.multicast_group
    if group is not None and families and group.version not in families:
        what = f"multicast-group {group} is not of the VTEPs' address family"
        yield error(zone.at("multicast-group"), what, "use a group of that family")
    strangers = [peer for peer in zone.peers or () if families and peer.version not in families]
    if strangers:
        what = f"peers lists {listed(strangers)}, not of the VTEPs' address family"
        yield error(zone.at("peers", strangers[0]), what, "list peers of that family")


def _unlisted(zone: VxlanZone, own: _VtepByNode) -> Iterator[Finding]:
    """A list with some of the zone's nodes but not all; a list without any is one of hosts outside the cluster."""
    missing = [node for node, vtep in own.items() if zone.peers is not None and vtep.address not in zone.peers]
    if missing and len(missing) < len(own):
        what = f"peers does not list the VTEP of {listed(missing)}, so no other node floods frames to it"
        yield warning(zone.at("peers"), what, "add it, or leave peers out: the zone's nodes then flood to each other")


def _vlan_aware(given: DesignInput, zone: VxlanZone) -> Iterator[tuple[Named, Finding]]:
    """Debian's ifupdown2 leaves such a bridge with only VLAN 1: it warns, exits with 0, and no
    tagged frame passes.
    """
    members = zone_nodes(zone, given.cluster)
    for vnet in given.sdn.own.vnets:
        if vnet.zone != zone.id or not vnet.vlanaware:
            continue
        nodes = vnet_nodes(vnet, members) & given.facts.keys()
        for version, found in _with_debians_ifupdown(nodes, given.facts).items():
            what = f"ifupdown2 {version} on {listed(found)} does not pass VLANs between a VLAN-aware bridge and VXLAN"
            yield vnet, error(vnet.at("vlanaware"), what, "install Proxmox's build of ifupdown2, or remove vlanaware")


def _with_debians_ifupdown(nodes: Iterable[str], facts: Mapping[str, NodeFacts]) -> dict[str, list[str]]:
    """The nodes that are known to have it, by its version."""
    found: dict[str, list[str]] = {}
    for node in sorted(nodes):
        version = facts[node].versions.get("ifupdown2")
        if version is not None and facts[node].has_proxmox_ifupdown is False:
            found.setdefault(version, []).append(node)
    return found


def _over_ipv6(zone: VxlanZone, own: _VtepByNode, facts: Mapping[str, NodeFacts]) -> Iterator[Finding]:
    nodes = [node for node, vtep in own.items() if node in facts and vtep.address.version == IPV6]
    unknown = [node for node in nodes if "ifupdown2" not in facts[node].versions]
    if unknown:
        what = f"not checked: whether ifupdown2 on {listed(unknown)} accepts an IPv6 tunnel address"
        yield warning(zone.where, what, "only Proxmox's own build does")
    for version, found in _with_debians_ifupdown(nodes, facts).items():
        what = f"ifupdown2 {version} on {listed(found)} refuses an IPv6 tunnel address"
        yield error(zone.where, what, "install Proxmox's build of ifupdown2, or use IPv4 VTEPs")


def _unreached(zone: OwnZone, own: _VtepByNode) -> Iterator[Finding]:
    """Peers that a node has no route to: no packet gets there, whatever else is right. Nodes that lack the same routes
    share a finding.
    """
    owners = {vtep.address: f"the VTEP of {node}" for node, vtep in own.items()}
    ends = zone_ends(zone, own)
    nodes: dict[tuple[str, ...], list[str]] = {}
    first: dict[str, IpAddress] = {}
    for node, vtep in own.items():
        peers = sorted(vtep.unreached & ends - {vtep.address}, key=int)
        if not peers:
            continue
        named = tuple(f"{peer}, {owners.get(peer, 'one of its peers')}" for peer in peers)
        is_all = len(peers) > 1 and set(peers) == owners.keys() - {vtep.address}
        nodes.setdefault(("any other VTEP of the zone",) if is_all else named, []).append(node)
        first[node] = peers[0]
    for peers_, found in nodes.items():
        have = "has" if len(found) == 1 else "have"
        what = f"{listed(found)} {have} no route to {'; '.join(peers_)}"
        yield warning(zone.where, what, f"check 'ip route get {first[found[0]]}' on {found[0]}")


def _not_looked_at(given: DesignInput, vteps: _VtepByNode) -> Iterator[Finding]:
    """Nodes where more than the main table decides how packets leave, as far as something there depends on it."""
    nodes = sorted(nodes_with_tunnels(given) & vteps.keys() & given.facts.keys() & _asking(given))
    vrfs: dict[str, list[str]] = {}
    for node in nodes:
        vrf = underlay_vrf(given.facts[node], vteps[node].address)
        if vrf is not None:
            vrfs.setdefault(vrf, []).append(node)
        elif rules := given.facts[node].rules:
            what = f"policy rules on {node} were not looked at ({'; '.join(rules)}): paths are those of the main table"
            yield note(node, what, "compare 'ip route get PEER from VTEP' there with what pvesdn show says")
    for vrf, found in vrfs.items():
        has = f"the VTEP {vteps[found[0]].address}" if len(found) == 1 else "their VTEPs"
        what = f"the routes of VRF {vrf}, which has {has}, were not looked at"
        yield note(listed(found), what, "set mtu in the zone where the path takes less than the device")
    yield from _hidden({node: vteps[node] for node in nodes})


def _asking(given: DesignInput) -> frozenset[str]:
    """Nodes with a zone whose MTU follows the paths, or with an exit, which must not take their devices."""
    zones = (zone for zone in given.sdn.own.zones if zone.mtu is None)
    exits = frozenset(uplink.node for uplink in given.sdn.own.exits)
    return exits.union(*(zone_nodes(zone, given.cluster) for zone in zones))


def _hidden(vteps: _VtepByNode) -> Iterator[Finding]:
    """Paths that the main table does not reveal: the nodes with the same route share a finding."""
    nodes: dict[str, dict[str, list[IpAddress]]] = {}
    for node, vtep in vteps.items():
        for peer, why in vtep.hidden.items():
            nodes.setdefault(why, {}).setdefault(node, []).append(peer)
    for why, found in nodes.items():
        ((node, peers), *others) = found.items()
        path = (
            f"the path from {node} to {', '.join(map(str, peers))} was" if not others else "paths to other nodes were"
        )
        hint = "set mtu in the zone where it takes less than the others, and keep exits off its device"
        yield note(listed(found), f"{path} not looked at: {why}", SHOW_DEVICES if NEXTHOP_OBJECT in why else hint)
