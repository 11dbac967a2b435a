"""Where a node's packets go: its main routing tables, looked up as the kernel does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_network
from itertools import groupby
from operator import attrgetter
from typing import TypeAlias

from pvesdn.model.facts import NodeFacts, Route
from pvesdn.model.primitives import IpAddress, IpInterface

_UNICAST = "unicast"
_DEFAULT = "default"
_metric = attrgetter("metric")


class RouteTable:
    """The main tables of both families, indexed for many lookups.

    :param routes: in any order; of equal ones the first is used.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        found: dict[tuple[int, int], dict[int, list[Route]]] = {}
        for route in routes:
            family, length, start = _network(route)
            if family == route.family:
                found.setdefault((family, length), {}).setdefault(start, []).append(route)
        self._by_length: dict[int, list[tuple[int, dict[int, tuple[Route, ...]]]]] = {}
        for family, length in sorted(found, reverse=True):
            networks = {start: _usable(same) for start, same in found[family, length].items()}
            self._by_length.setdefault(family, []).append((length, networks))

    def hops(self, target: IpAddress) -> tuple[Route, ...]:
        """The next hops to an address: of the longest prefix and, within it, of the lowest metric.

        None where no route matches, or the one that does sends packets nowhere (`unreachable`, `blackhole`…).
        """
        address, bits = int(target), target.max_prefixlen
        for length, networks in self._by_length.get(target.version, ()):
            rest = bits - length
            if hops := networks.get(address >> rest << rest, ()):
                return hops if hops[0].kind == _UNICAST else ()
        return ()


Held: TypeAlias = Mapping[str, Sequence[IpInterface]]
"""The addresses of a node by the devices that have them, both in the kernel's order."""


def held_by_device(facts: NodeFacts) -> Held:
    """The addresses of a node that can be a source: all but link-local ones and those of the loopback network."""
    found: dict[str, list[IpInterface]] = {}
    for device, held in facts.addresses:
        if not held.ip.is_link_local and not held.ip.is_loopback:
            found.setdefault(device, []).append(held)
    return found


def source_of(hop: Route, target: IpAddress, held: Held) -> IpAddress | None:
    """The source address of packets whose sender names none (RFC 1122 section 3.3.4.3).

    What the route says; else the address on its device that shares a network with the next hop, else the device's
    first; on a device without any, the node's first, lo's before all others.
    """
    if hop.source is not None:
        return hop.source
    next_hop = target if hop.gateway is None or hop.gateway.version != target.version else hop.gateway
    own = [interface for interface in held.get(hop.device, ()) if interface.version == target.version]
    near = (interface.ip for interface in own if next_hop in interface.network)
    if own:
        return next(near, own[0].ip)
    return next((i.ip for interfaces in held.values() for i in interfaces if i.version == target.version), None)


def frr_source(held: Iterable[IpAddress], peer: IpAddress) -> IpAddress | None:
    """The source of a BGP session whose `update-source` is a device with these addresses.

    FRR takes the one that shares the most bits with the peer's; of equal ones, the first (bgp_update_address in
    bgpd/bgp_network.c).
    """
    usable = [a for a in held if a.version == peer.version and not a.is_loopback and not a.is_link_local]
    return min(usable, key=lambda address: (int(address) ^ int(peer)).bit_length(), default=None)


def _network(route: Route) -> tuple[int, int, int]:
    """Family, prefix length and first address."""
    if route.destination == _DEFAULT:
        return route.family, 0, 0
    network = ip_network(route.destination, strict=False)
    return network.version, network.prefixlen, int(network.network_address)


def _usable(routes: list[Route]) -> tuple[Route, ...]:
    """Of the routes to one prefix the one of the lowest metric that is alive; those that share a metric are its next
    hops.
    """
    alive = (_alive(tuple(same)) for _, same in groupby(sorted(routes, key=_metric), key=_metric))
    return next((hops for hops in alive if hops), ())


def _alive(hops: tuple[Route, ...]) -> tuple[Route, ...]:
    """Without hops whose device is down; hops without carrier count only if none has it."""
    up = tuple(hop for hop in hops if "dead" not in hop.flags)
    return tuple(hop for hop in up if "linkdown" not in hop.flags) or up
