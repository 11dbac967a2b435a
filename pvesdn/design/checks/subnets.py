"""Subnets: every gateway needs a zone that routes, and no VRF may have two ways to one address, or
one into nothing.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network

from pvesdn.design.checks.wording import FEW, IN_EVPN, error, few, listed, warning
from pvesdn.design.ours.anchors import NETWORKS, anchors
from pvesdn.design.ours.zones import IPV4, IPV6, has_gateways, has_vrf, zone_nodes
from pvesdn.model.cluster import Vtep
from pvesdn.model.design import DesignInput
from pvesdn.model.findings import Finding, Where
from pvesdn.model.own_sdn import EvpnZone, Irb, OwnSdn, VxlanZone
from pvesdn.model.primitives import IpAddress, IpNetwork
from pvesdn.model.pve_sdn import PveEvpnZone, PveSdn, PveSimpleZone, UnmanagedZone
from pvesdn.model.sdn import Zone
from pvesdn.model.vnets import Subnet

_MAIN = "the host's own routing table"


@dataclass(frozen=True, slots=True)
class _Prefix:
    """A prefix in a routing table.

    :param where: None for what the node has of its own.
    :param is_ours: `pvesdn.cfg` has it.
    """

    network: IpNetwork
    name: str
    where: Where | None
    is_ours: bool


def check(given: DesignInput, vteps: Mapping[str, Vtep]) -> Iterator[Finding]:
    """Gateways where nothing routes, prefixes that overlap in one VRF, and prefixes that anchors lie in."""
    tables: dict[str, list[_Prefix]] = {}
    unrouted: dict[str, list[Subnet]] = {}
    carried = given.sdn.own.carried
    for source in (given.sdn.own, given.sdn.pve):
        routed = {subnet.vnet for subnet in source.subnets if subnet.gateway is not None}
        for zone, subnet in _placed(source):
            if source is given.sdn.pve and subnet.vnet in carried:
                continue
            if _only_bridges(zone) and subnet.gateway is not None:
                unrouted.setdefault(zone.id, []).append(subnet)
            yield from _gateway(zone, subnet)
            table = _table(zone)
            if table is not None and (
                subnet.gateway is not None or _has_guests(table, zone, is_routed=subnet.vnet in routed)
            ):
                prefix = _Prefix(subnet.network, f"subnet '{subnet.id}'", subnet.where, source is given.sdn.own)
                tables.setdefault(table, []).append(prefix)
    yield from _unrouted(unrouted, carried)
    for table, prefixes in sorted(tables.items()):
        others = _of_nodes(given) if table == _MAIN else _of_exits(given, table)
        yield from _overlaps(table, (*prefixes, *others))
        yield from _anchored(given, vteps, table, (*prefixes, *others))


def _only_bridges(zone: Zone) -> bool:
    return isinstance(zone, VxlanZone | EvpnZone) and not has_gateways(zone)


def _unrouted(subnets: Mapping[str, list[Subnet]], carried: Container[str]) -> Iterator[Finding]:
    """Gateways in zones that only bridge: one finding a zone, whose kind may be what is wrong."""
    for zone, found in subnets.items():
        first, *others = sorted(found, key=lambda subnet: subnet.at("gateway").line)
        is_carried = first.vnet in carried
        also = f"; nor has that of {few(others)}" if others else ""
        what = f"gateway {first.gateway} has no router: zone '{zone}' only bridges{also}"
        hint = f"remove gateway, or use {IN_EVPN}"
        if is_carried:
            hint = f"remove gateway in PVE, use {IN_EVPN}, or give zone '{zone}' a mac"
        yield error(first.at("gateway"), what, hint)


def _placed(source: OwnSdn | PveSdn) -> Iterator[tuple[Zone, Subnet]]:
    """The subnets of one source with their zones; those without one are reported elsewhere."""
    zones = {zone.id: zone for zone in source.zones}
    homes = {vnet.id: zones.get(vnet.zone) for vnet in source.vnets}
    for subnet in source.subnets:
        if (zone := homes.get(subnet.vnet)) is not None:
            yield zone, subnet


def _gateway(zone: Zone, subnet: Subnet) -> Iterator[Finding]:
    if subnet.gateway is None:
        return
    if subnet.gateway.version != IPV6 or not isinstance(zone, VxlanZone | EvpnZone) or not has_gateways(zone):
        return
    what = f"gateway {subnet.gateway}: every node has it, and without suppression each finds it a duplicate (RFC 4862)"
    if isinstance(zone, VxlanZone):
        yield error(subnet.at("gateway"), what, f"remove gateway in PVE, or use {IN_EVPN}")
    elif zone.no_arp_nd_suppression:
        # With IRB it may run already, where somebody has switched duplicate address detection off.
        tell = error if zone.irb is Irb.NONE else warning
        yield tell(subnet.at("gateway"), what, f"remove disable-arp-nd-suppression from zone '{zone.id}'")


def _table(zone: Zone) -> str | None:
    """The routing table that holds a zone's gateways; None where the zone does not route."""
    if isinstance(zone, VxlanZone | EvpnZone):
        if not has_gateways(zone):
            return None
        return zone.id if has_vrf(zone) else _MAIN
    if isinstance(zone, PveSimpleZone):
        return _MAIN
    is_evpn = isinstance(zone, PveEvpnZone) or (isinstance(zone, UnmanagedZone) and zone.type == "evpn")
    return zone.id if is_evpn else None


def _has_guests(table: str, zone: Zone, *, is_routed: bool) -> bool:
    """Whether a table has something of a subnet without a gateway: EVPN makes a host route of each guest in a VRF.

    :param is_routed: its VNet has a gateway of another subnet, without which our bridge is in no VRF; PVE's always is.
    """
    return table != _MAIN and (is_routed or not isinstance(zone, EvpnZone))


def _of_exits(given: DesignInput, zone: str) -> list[_Prefix]:
    """The uplinks' subnets in a VRF, each once: exits of several nodes share theirs."""
    found: dict[IpNetwork, _Prefix] = {}
    for uplink in given.sdn.own.exits:
        if uplink.zone == zone:
            for word, address in (("address", uplink.address), ("address6", uplink.address6)):
                if address is not None:
                    prefix = _Prefix(
                        address.network, f"the uplink of exit '{uplink.id}'", uplink.at(word), is_ours=True
                    )
                    found.setdefault(address.network, prefix)
    return list(found.values())


def _of_nodes(given: DesignInput) -> list[_Prefix]:
    """For zones in the main table, what their nodes already have in it, above all the underlay."""
    nodes = {
        node
        for zone in given.sdn.own.zones
        if has_gateways(zone) and not has_vrf(zone)
        for node in zone_nodes(zone, given.cluster)
    }
    bridges = {vnet.id for vnet in given.sdn.both.vnets}
    found: dict[IpNetwork, _Prefix] = {}
    for node, facts in sorted(given.facts.items()):
        uplinks = {uplink.interface for uplink in given.sdn.own.exits if uplink.node == node}
        # A gateway of a VNet that is no more goes by the same apply; another VNet may have its subnet.
        written = {(stanza.name, value) for stanza in facts.own for value in stanza.values("address")}
        for device, address in facts.addresses:
            is_theirs = device not in bridges and device not in uplinks and (device, str(address)) not in written
            if node in nodes and is_theirs and not address.is_link_local and not address.is_loopback:
                name = f"{device} of {node}"
                found.setdefault(address.network, _Prefix(address.network, name, None, is_ours=False))
    return list(found.values())


def _overlaps(table: str, prefixes: Iterable[_Prefix]) -> Iterator[Finding]:
    """Each prefix that overlaps one before it, in the order of their addresses; linear in the number of prefixes.

    One of ours that lies over several others is told itself, and once.
    """
    widest: _Prefix | None = None
    inside: list[_Prefix] = []
    for prefix in sorted(
        prefixes, key=lambda p: (p.network.version, int(p.network.network_address), p.network.prefixlen)
    ):
        is_inside = (
            widest is not None
            and widest.network.version == prefix.network.version
            and int(prefix.network.network_address) <= int(widest.network.broadcast_address)
        )
        if widest is None or not is_inside:
            yield from _inside(table, widest, inside)
            widest, inside = prefix, []
        else:
            inside.append(prefix)
    yield from _inside(table, widest, inside)


def _inside(table: str, widest: _Prefix | None, inside: list[_Prefix]) -> Iterator[Finding]:
    if widest is None:
        return
    defined = [prefix for prefix in inside if prefix.where is not None and prefix.network != widest.network]
    if len(defined) > 1 and widest.is_ours and widest.where is not None:
        some = ", ".join(f"{prefix.name} ({prefix.network})" for prefix in defined[:FEW])
        more = f" and {len(defined) - FEW} more" if len(defined) > FEW else ""
        yield error(widest.where, f"overlaps {some}{more} in {_named(table)}", "choose another prefix, or another zone")
        inside = [prefix for prefix in inside if prefix not in defined]
    for prefix in inside:
        yield from _overlap(table, prefix, widest)


def _named(table: str) -> str:
    return table if table == _MAIN else f"the VRF of zone '{table}'"


def _overlap(table: str, one: _Prefix, other: _Prefix) -> Iterator[Finding]:
    """Reported at ours: what PVE or the node has was there first."""
    if other.is_ours and not one.is_ours:
        one, other = other, one
    if one.where is None:
        one, other = other, one
    if one.where is None:
        return
    what = f"overlaps {other.name} ({other.network}) in {_named(table)}"
    if one.is_ours:
        yield error(one.where, what, "choose another prefix, or another zone")
    else:
        hint = "PVE accepts this; one of the two will not be reachable; choose another prefix in PVE"
        yield warning(one.where, what, hint)


def _anchored(
    given: DesignInput, vteps: Mapping[str, Vtep], zone: str, prefixes: Iterable[_Prefix]
) -> Iterator[Finding]:
    """Prefixes with an address that one of the VRF's anchors would blackhole. Few are near, so all anchors are looked
    at.
    """
    near = [p for p in prefixes if any(n.version == p.network.version and n.overlaps(p.network) for n in NETWORKS)]
    taken = frozenset(_anchors_of(given, vteps, zone)) if near else frozenset()
    for prefix in near:
        inside = [address for address in taken if address in prefix.network]
        if inside and prefix.where is not None:
            what = f"contains {listed(inside)}, which pvesdn uses as an anchor: a guest or router with that address cannot be reached"
            yield warning(prefix.where, what, f"choose a prefix outside {' and '.join(map(str, NETWORKS))}")


def _anchors_of(given: DesignInput, vteps: Mapping[str, Vtep], zone: str) -> Iterator[IpAddress]:
    """Anchors in a zone's VRF: of our nodes by their VTEPs, in PVE's zones by the uplinks of our exits."""
    own = next((z for z in given.sdn.own.zones if z.id == zone), None)
    if isinstance(own, EvpnZone) and own.irb is Irb.SYMMETRIC:
        makers = [vteps[node].address for node in zone_nodes(own, given.cluster) & vteps.keys()]
    else:
        uplinks = (uplink for uplink in given.sdn.own.exits if uplink.zone == zone and own is None)
        makers = [held.ip for uplink in uplinks for held in (uplink.address, uplink.address6) if held is not None]
    for maker in makers:
        families = (IPV4, IPV6) if own is not None else (maker.version,)
        yield from (ip_network(anchor.prefix).network_address for anchor in anchors(maker, families))
