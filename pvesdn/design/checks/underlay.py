"""What the underlay can carry: address families, packet sizes, and what the nodes' ifupdown2 supports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pvesdn.design.checks import multicast
from pvesdn.design.checks.wording import error, few, listed, note, warning
from pvesdn.design.ours.mtu import MTU_MAX, MTU_MIN, narrowest, outer_mtu, overhead
from pvesdn.design.ours.paths import underlay_vrf
from pvesdn.design.ours.zones import (
    IPV4,
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
    over_ipv6: list[EvpnZone] = []
    for zone in given.sdn.own.zones:
        own = zone_vteps(zone, vteps, given)
        yield from _mtu(zone, own, given)
        yield from _unreached(zone, own)
        yield from _twice(zone, own)
        families: set[int] = {vtep.address.version for vtep in own.values()}
        if len(families) > 1:
            listing = ", ".join(f"{node} {vtep.address}" for node, vtep in own.items())
            what = f"its VTEPs are of both families ({listing})"
            yield error(zone.where, what, "give all nodes of the zone a VTEP of one family")
        elif isinstance(zone, EvpnZone):
            if families == {IPV6}:
                over_ipv6.append(zone)
        else:
            yield from _plain(zone, families)
            yield from _unlisted(zone, own)
            yield from multicast.check(zone, own, given.facts)
            yield from _plain_on_nodes(zone, own, given.facts)
            yield from _vlan_aware(given, zone)
    yield from _evpn(over_ipv6)
    yield from _not_looked_at(given, vteps)


def check_definitions(given: DesignInput) -> Iterator[Finding]:
    """What does not go together by the addresses that the definitions name."""
    section = given.sdn.own.underlay
    named = {name: address.version for name, address in section.vteps} if section is not None else {}
    over_ipv6: list[EvpnZone] = []
    for zone in given.sdn.own.zones:
        nodes = zone_nodes(zone, given.cluster)
        families: set[int] = {named[node] for node in nodes & named.keys()}
        if section is not None and section.network is not None and nodes - named.keys():
            families.add(section.network.version)
        if len(families) > 1:
            yield error(zone.where, "its VTEPs are of both families", "give all nodes of the zone a VTEP of one family")
        elif isinstance(zone, EvpnZone):
            if families == {IPV6}:
                over_ipv6.append(zone)
        else:
            yield from _plain(zone, families)
            yield from multicast.check_name(zone)
    yield from _evpn(over_ipv6)


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


def _evpn(zones: list[EvpnZone]) -> Iterator[Finding]:
    """EVPN zones whose VTEPs have IPv6 addresses: the underlay is one fault, however many zones it carries."""
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


def _plain_on_nodes(zone: VxlanZone, own: _VtepByNode, facts: Mapping[str, NodeFacts]) -> Iterator[Finding]:
    for node, vtep in own.items():
        if node not in facts:
            continue
        if vtep.address.version != IPV4:
            yield from _ifupdown(zone, facts[node])


def _vlan_aware(given: DesignInput, zone: VxlanZone) -> Iterator[Finding]:
    """Debian's ifupdown2 leaves such a bridge with only VLAN 1: it warns, exits with 0, and no
    tagged frame passes.
    """
    members = zone_nodes(zone, given.cluster)
    for vnet in given.sdn.own.vnets:
        if vnet.zone != zone.id or not vnet.vlanaware:
            continue
        for node in sorted(vnet_nodes(vnet, members) & given.facts.keys()):
            version = given.facts[node].versions.get("ifupdown2")
            if given.facts[node].has_proxmox_ifupdown is False:
                what = f"ifupdown2 {version} on {node} does not pass VLANs between a VLAN-aware bridge and VXLAN"
                yield error(vnet.at("vlanaware"), what, "install Proxmox's build of ifupdown2, or remove vlanaware")


def _ifupdown(zone: VxlanZone, facts: NodeFacts) -> Iterator[Finding]:
    version = facts.versions.get("ifupdown2")
    if version is None:
        what = f"not checked: whether ifupdown2 on {facts.node} accepts an IPv6 tunnel address"
        yield warning(zone.where, what, "only Proxmox's own build does")
    elif not facts.has_proxmox_ifupdown:
        what = f"ifupdown2 {version} on {facts.node} refuses an IPv6 tunnel address"
        yield error(zone.where, what, "install Proxmox's build of ifupdown2, or use IPv4 VTEPs")


def _mtu(zone: OwnZone, own: _VtepByNode, given: DesignInput) -> Iterator[Finding]:
    ends = zone_ends(zone, own)
    sizes = {node: outer_mtu(vtep, ends - {vtep.address}) for node, vtep in own.items()}
    if zone.mtu is not None:
        yield from _too_large(zone, zone.mtu, own, sizes)
        return
    yield from _unknown(zone, own, sizes, given)
    for node, vtep in own.items():
        room = (sizes[node] or 0) - overhead(vtep.address)
        if sizes[node] is not None and not MTU_MIN <= room <= MTU_MAX:
            limit, raising = _limit(vtep, ends)
            what = f"{limit} of {node} leaves {room} bytes for a packet, and ifupdown2 accepts {MTU_MIN}-{MTU_MAX}"
            yield error(zone.where, what, _more(raising) if room < MTU_MIN else "set mtu in the zone")


def _more(raising: str) -> str:
    return raising.replace("underlay's", "underlay's MTU", 1)


def _too_large(zone: OwnZone, mtu: int, own: _VtepByNode, sizes: Mapping[str, int | None]) -> Iterator[Finding]:
    """Zone packets too large for the underlay; nodes with the same limit are reported together."""
    ends = zone_ends(zone, own)
    nodes: dict[tuple[str, str, int, int], list[str]] = {}
    for node, vtep in own.items():
        size, more = sizes[node], overhead(vtep.address)
        if size is not None and mtu + more > size:
            nodes.setdefault((*_limit(vtep, ends), size, more), []).append(node)
    for (limit, hint, size, more), found in nodes.items():
        what = f"mtu {mtu} and {more} bytes of VXLAN make {mtu + more}, but {limit} of {listed(found)} has {size}"
        fits = f"write at most mtu {size - more}, or {hint}" if size - more >= MTU_MIN else hint
        yield error(zone.at("mtu"), what, fits)


def _unknown(zone: OwnZone, own: _VtepByNode, sizes: Mapping[str, int | None], given: DesignInput) -> Iterator[Finding]:
    """Nodes whose paths are unknown. For one that was ever read, the MTU of the others' paths to it is used instead."""
    is_reached = {end for vtep in own.values() for end, path in vtep.paths.items() if path.mtu is not None}
    blank = [node for node in own if sizes[node] is None]
    unseen = [node for node in blank if node not in given.facts and node not in given.seen]
    if unseen:
        what = f"the MTU of {listed(unseen)} is not known: the node was never seen"
        yield error(zone.where, what, "set mtu in the zone, or bring the node up once")
    alone = [node for node in blank if node not in unseen and own[node].address not in is_reached]
    away = [node for node in alone if node not in given.facts]
    if away:
        what = f"the MTU of {listed(away)} is not known: the node is offline, and no path from it is remembered"
        yield error(zone.where, what, "set mtu in the zone, or bring the node up once")
    yield from _unknown_here(zone, own, [node for node in alone if node in given.facts])


def _unknown_here(zone: OwnZone, own: _VtepByNode, unknown: list[str]) -> Iterator[Finding]:
    """Nodes that were read but have no known path."""
    ends = zone_ends(zone, own)
    hidden = [node for node in unknown if own[node].hidden.keys() & ends]
    if hidden:
        peer, why = next((end, why) for end, why in own[hidden[0]].hidden.items() if end in ends)
        what = (
            f"the MTU of {listed(hidden)} is not known: the path from {hidden[0]} to {peer} was not looked at ({why})"
        )
        yield error(zone.where, what, "set mtu in the zone")
    if unknown and ends == {own[unknown[0]].address}:
        what = f"the MTU of {listed(unknown)} is not known: the zone has no other VTEP, and {own[unknown[0]].address} is not on a NIC"
        yield error(zone.where, what, "set mtu in the zone")
    elif lost := [node for node in unknown if node not in hidden]:
        what = f"the MTU of {listed(lost)} is not known: no route leads from there to the VTEPs of other nodes"
        yield error(zone.where, what, "set mtu in the zone, or add the routes first")


def _limit(vtep: Vtep, ends: frozenset[IpAddress]) -> tuple[str, str]:
    """What limits the path on the node, in words, and how to raise the limit."""
    path = narrowest(vtep, ends - {vtep.address})
    where = (path.limit if path is not None else vtep.interface) or "the underlay"
    if path is not None and path.is_remembered:
        return where, "raise the underlay's and bring every member up once: this is what was seen last"
    return where, "raise the underlay's"


def _unreached(zone: OwnZone, own: _VtepByNode) -> Iterator[Finding]:
    """Peers that a node has no route to: no packet gets there, whatever else is right."""
    owners = {vtep.address: f"the VTEP of {node}" for node, vtep in own.items()}
    ends = zone_ends(zone, own)
    for node, vtep in own.items():
        peers = sorted(vtep.unreached & ends - {vtep.address}, key=int)
        named = [f"{peer}, {owners.get(peer, 'one of its peers')}" for peer in peers]
        if peers:
            yield warning(
                zone.where, f"{node} has no route to {'; '.join(named)}", f"check 'ip route get {peers[0]}' on {node}"
            )


def _not_looked_at(given: DesignInput, vteps: _VtepByNode) -> Iterator[Finding]:
    """Nodes where more than the main table decides how packets leave."""
    for node in sorted(nodes_with_tunnels(given) & vteps.keys() & given.facts.keys()):
        facts, address = given.facts[node], vteps[node].address
        vrf = underlay_vrf(facts, address)
        hint = "set mtu in the zone where the path takes less than the device"
        if vrf is not None:
            what = f"the routes of VRF {vrf}, which has the VTEP {address}, were not looked at"
            yield note(node, what, hint)
        elif facts.rules:
            what = f"policy rules on {node} were not looked at ({'; '.join(facts.rules)}): paths are those of the main table"
            yield note(node, what, "compare 'ip route get PEER from VTEP' there with what pvesdn show says")
        yield from _hidden(node, vteps[node])


def _hidden(node: str, vtep: Vtep) -> Iterator[Finding]:
    """Paths that the main table does not reveal, grouped by route."""
    peers: dict[str, list[IpAddress]] = {}
    for peer, why in vtep.hidden.items():
        peers.setdefault(why, []).append(peer)
    for why, found in peers.items():
        what = f"the path from {node} to {', '.join(map(str, found))} was not looked at: {why}"
        yield note(node, what, "set mtu in the zone where it takes less than the others, and keep exits off its device")
