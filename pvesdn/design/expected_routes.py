"""Which prefixes of its VRFs a node has of its own, what it announces of them, and which virtual routers it runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from ipaddress import ip_address, ip_network

from pvesdn.model.expectation import ExpectedDevice, ExpectedRoute, ExpectedVirtualRouter
from pvesdn.model.frr import BgpRouter, FrrConfig, RouteMapEntry
from pvesdn.model.primitives import IpAddress, IpNetwork

_FAMILIES = {"ipv4": 4, "ipv6": 6}
_WORDS = {4: "ipv4", 6: "ipv6"}
_DEFAULTS = {4: ip_network("0.0.0.0/0"), 6: ip_network("::/0")}
_METRIC = "set metric "


def expected_routes(configs: Iterable[FrrConfig], devices: Mapping[str, ExpectedDevice]) -> Iterator[ExpectedRoute]:
    """Those of VRFs with an L3VNI, without host routes: default routes of exits, and connected networks."""
    configs = tuple(configs)
    vrfs = {vrf.name for config in configs for vrf in config.vrfs if vrf.l3vni is not None}
    routers = [router for config in configs for router in config.routers if router.vrf in vrfs]
    metric = max((_metric(entry) for entry in _maps(configs, "out")), default=0)
    seen: set[tuple[str, IpNetwork]] = set()
    for vrf, prefix, next_hops in _held(configs, devices, vrfs):
        seen.add((vrf, prefix))
        kind = "static" if next_hops else "connected"
        is_announced = any(_announces(router, vrf, prefix.version, kind) for router in routers)
        is_default = prefix == _DEFAULTS[prefix.version]
        yield ExpectedRoute(vrf, prefix, next_hops, is_announced=is_announced, metric=metric if is_default else 0)
    for router in routers:
        for word in router.evpn.default_originate if router.evpn is not None else ():
            prefix = _DEFAULTS[_FAMILIES[word]]
            if router.vrf is not None and (router.vrf, prefix) not in seen:
                seen.add((router.vrf, prefix))
                yield ExpectedRoute(router.vrf, prefix, is_announced=True, metric=metric)


def refuses_defaults(configs: Iterable[FrrConfig]) -> bool:
    """The node's EVPN sessions deny what a map of PVE's exits matches, which is nothing but default routes."""
    return any(entry.action == "deny" for entry in _maps(tuple(configs), "in"))


def expected_virtual_routers(configs: Iterable[FrrConfig]) -> Iterator[ExpectedVirtualRouter]:
    """Each address family of each virtual router."""
    for config in configs:
        for vrrp in config.vrrp:
            for family, addresses in ((4, vrrp.addresses), (6, vrrp.addresses6)):
                if addresses:
                    yield ExpectedVirtualRouter(vrrp.name, vrrp.id, family, vrrp.priority, frozenset(addresses))


def _held(
    configs: Iterable[FrrConfig], devices: Mapping[str, ExpectedDevice], vrfs: set[str]
) -> Iterator[tuple[str, IpNetwork, frozenset[IpAddress]]]:
    """VRF, prefix and gateways; each once."""
    static: dict[tuple[str, IpNetwork], set[IpAddress]] = {}
    for config in configs:
        for binding in config.vrfs:
            for route in binding.routes if binding.name in vrfs else ():
                with suppress(ValueError):  # `blackhole` and `null0` are not gateways
                    static.setdefault((binding.name, ip_network(route.prefix)), set()).add(ip_address(route.via))
    yield from ((vrf, prefix, frozenset(gateways)) for (vrf, prefix), gateways in static.items() if gateways)
    connected = {
        (device.master, address.network)
        for device in devices.values()
        for address in device.addresses or ()
        if device.master in vrfs and address.network.prefixlen < address.max_prefixlen
    }
    for vrf, prefix in sorted(connected - static.keys(), key=str):
        yield str(vrf), prefix, frozenset()


def _announces(router: BgpRouter, vrf: str, family: int, kind: str) -> bool:
    word = _WORDS[family]
    if router.vrf != vrf or router.evpn is None or word not in router.evpn.advertise:
        return False
    return any(unicast.family == word and kind in unicast.redistribute for unicast in router.unicasts)


def _maps(configs: tuple[FrrConfig, ...], way: str) -> Iterator[RouteMapEntry]:
    """Entries of the maps that EVPN sessions of the default VRF go through. :param way: ``in`` or ``out``."""
    used = {
        name
        for config in configs
        for router in config.routers
        if router.vrf is None and router.evpn is not None
        for activation in router.evpn.activations
        if (name := activation.route_map_in if way == "in" else activation.route_map_out) is not None
    }
    return (entry for config in configs for entry in config.route_maps if entry.name in used)


def _metric(entry: RouteMapEntry) -> int:
    return max((int(line.removeprefix(_METRIC)) for line in entry.sets if line.startswith(_METRIC)), default=0)
