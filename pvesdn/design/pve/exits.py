"""PVE's exit nodes in FRR: routes between tables, and which exit's default route is used (docs/pve.md §6.4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address

from pvesdn.design.pve.index import PveIndex
from pvesdn.design.pve.node import IPV6
from pvesdn.design.pve.zones import exit_veths
from pvesdn.model.frr import PrefixList, RouteMapEntry, StaticRoute
from pvesdn.model.pve_sdn import PveEvpnController, PveEvpnZone
from pvesdn.model.vnets import Subnet

MAP_IN = "MAP_VTEP_IN"
MAP_OUT = "MAP_VTEP_OUT"

_DEFAULTS = (("ip", "only_default", "0.0.0.0/0"), ("ipv6", "only_default_v6", "::/0"))
_VETH_PEER = {"ip": "10.255.255.2", "ipv6": "fe80::2"}
_SECOND_CHOICE = "set metric 200"


def default_lists() -> tuple[PrefixList, ...]:
    """The prefix lists that match a default route, on nodes with an exit."""
    return tuple(PrefixList(family, name, 1, "permit", prefix) for family, name, prefix in _DEFAULTS)


def null_routes(zone: PveEvpnZone, subnets: Iterable[Subnet]) -> Iterator[StaticRoute]:
    """Routes that keep an exit node from connecting its zones: one for the first address of each subnet of other zones.

    :param subnets: those that subnets.cfg lists.
    """
    masks: dict[str, str] = {}
    for subnet in subnets:
        if is_dropped(subnet, zone):
            network, _, mask = subnet.cidr.rpartition("/")
            masks[network] = mask
    for network in sorted(masks, key=lambda text: (int(ip_address(text)), text)):
        yield StaticRoute(_command(network), f"{network}/{masks[network]}", "null0")


def is_dropped(subnet: Subnet, zone: PveEvpnZone) -> bool:
    """Whether the zone's exit nodes have a null route for the subnet: its id says that it is another zone's."""
    return subnet.id.partition("-")[0] != zone.id


def local_routes(index: PveIndex, node: str) -> Iterator[StaticRoute]:
    """Routes of the main table into the VRFs of exits with local routing, through their pair of veths.

    PVE does not check whether the node has the zone, or the pair; a route through a missing device does nothing.
    """
    for vnet, zone in index.vnets:
        if not (isinstance(zone, PveEvpnZone) and zone.exit_nodes_local_routing and node in zone.exit_nodes):
            continue
        if not isinstance(index.controllers.get(zone.controller), PveEvpnController):
            continue
        for subnet in index.subnets.get(vnet.id, ()):
            command = _command(subnet.cidr.rpartition("/")[0])
            yield StaticRoute(command, subnet.cidr, _VETH_PEER[command], interface=exit_veths(zone.id)[0])


def route_map_in(exits: Iterable[PveEvpnZone], node: str, controllers: int) -> tuple[RouteMapEntry, ...]:
    """An exit that is not a second choice rejects the other exits' default routes, once for each zone."""
    primary = [zone for zone in exits if zone.primary_exit_node in {None, node}]
    denied = [("deny", match, ()) for _ in primary for match in _matches()]
    return _numbered(MAP_IN, [*denied, *[("permit", (), ())] * controllers])


def route_map_out(exits: Iterable[PveEvpnZone], node: str, controllers: int) -> tuple[RouteMapEntry, ...]:
    """An exit that is the second choice announces its default routes with a worse metric, once for each zone."""
    secondary = [zone for zone in exits if zone.primary_exit_node not in {None, node}]
    marked = [("permit", match, (_SECOND_CHOICE,)) for _ in secondary for match in _matches()]
    return _numbered(MAP_OUT, [*marked, *[("permit", (), ())] * controllers])


def _matches() -> tuple[tuple[str, ...], ...]:
    return tuple((f"match {family} address prefix-list {name}",) for family, name, _ in _DEFAULTS)


def _numbered(name: str, entries: Iterable[tuple[str, tuple[str, ...], tuple[str, ...]]]) -> tuple[RouteMapEntry, ...]:
    return tuple(
        RouteMapEntry(name, action, sequence, matches, sets)
        for sequence, (action, matches, sets) in enumerate(entries, start=1)
    )


def _command(address: str) -> str:
    return "ipv6" if ip_address(address).version == IPV6 else "ip"
