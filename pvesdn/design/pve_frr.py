"""PVE's own FRR configuration on one node (libpve-network-perl 1.3, PVE::Network::SDN::Controllers::EvpnPlugin)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from pvesdn.design import names
from pvesdn.design.pve_index import PveIndex, index_pve
from pvesdn.design.pve_node import IPV6, PveNode
from pvesdn.design.pve_zones import exit_veths
from pvesdn.model.design import DesignInput
from pvesdn.model.frr import (
    BgpRouter,
    EvpnActivation,
    FrrConfig,
    L2vpnEvpn,
    PeerGroup,
    PrefixList,
    RouteMapEntry,
    StaticRoute,
    Unicast,
    VrfBinding,
)
from pvesdn.model.sdn import LeftController, PveEvpnController, PveEvpnZone, SdnConfig, Subnet

_VERSION = "10.4.1"
_GROUP = "VTEP"
_MAP_IN = "MAP_VTEP_IN"
_MAP_OUT = "MAP_VTEP_OUT"
_FAMILIES = ("ipv4", "ipv6")
_DEFAULTS = (("ip", "only_default", "0.0.0.0/0"), ("ipv6", "only_default_v6", "::/0"))
_VETH_PEER = {"ip": "10.255.255.2", "ipv6": "fe80::2"}
_SECOND_CHOICE = "set metric 200"


@dataclass(frozen=True, slots=True)
class _Speaker:
    """A controller as one node sees it. :param local: the peer that is the node itself, if any is."""

    controller: PveEvpnController
    local: str | None
    router_id: str


def design_pve_frr(given: DesignInput, node: str, index: PveIndex | None = None) -> FrrConfig | None:
    """PVE's `frr.conf` on a node: the routers of its `evpn` controllers that have a list of peers.

    :param index: `index_pve(given.sdn)`, for who designs many nodes.
    :returns: None when PVE writes none (no controller; no address and no MAC to make a router-id of) or when it cannot
        be told: other controllers, fabrics, zones left to PVE, lines of the administrator's own that PVE merges, or a
        node of which nothing is known.
    """
    facts = given.facts.get(node)
    if facts is None or facts.has_foreign_frr_local or not _is_plain(given.sdn):
        return None
    index = index or index_pve(given.sdn)
    answers = PveNode(facts)
    speakers = {}
    for controller in index.controllers.values():
        way = answers.local(controller.peers)
        router_id = answers.router_id(way)
        if router_id is None:
            return None
        if controller.asn:  # PVE's Perl takes ASN 0 for none
            speakers[controller.id] = _Speaker(controller, way.address, router_id)
    zones = tuple(z for z in index.zones.values() if isinstance(z, PveEvpnZone) and z.controller in speakers)
    exits = tuple(zone for zone in zones if node in zone.exit_nodes)
    exit_ids = {zone.id for zone in exits}
    default = (_default_router(tuple(speakers.values()), exits),) if speakers else ()
    return FrrConfig(
        hostname=node,
        version=_VERSION,
        vrfs=tuple(_vrf(zone, index, is_exit=zone.id in exit_ids) for zone in zones),
        routers=(
            *default,
            *(_vrf_router(zone, speakers[zone.controller], is_exit=zone.id in exit_ids) for zone in zones),
        ),
        prefix_lists=tuple(PrefixList(family, name, 1, "permit", prefix) for family, name, prefix in _DEFAULTS)
        if exits
        else (),
        route_maps=(*_route_map_in(exits, node, len(speakers)), *_route_map_out(exits, node, len(speakers))),
        routes=tuple(_local_routes(exits, index)),
    )


def _is_plain(sdn: SdnConfig) -> bool:
    """PVE writes FRR, and all of it comes from what pvesdn renders."""
    return (
        any(isinstance(controller, PveEvpnController) for controller in sdn.controllers)
        and not any(isinstance(controller, LeftController) for controller in sdn.controllers)
        and not any(zone.type == "evpn" for zone in sdn.left_zones)
        and not sdn.has_fabrics
    )


def _default_router(speakers: tuple[_Speaker, ...], exits: tuple[PveEvpnZone, ...]) -> BgpRouter:
    """The router of the default VRF; the first controller makes it, the others add their peers."""
    first = speakers[0]
    leaking = tuple(names.vrf(zone.id) for zone in exits if not zone.exit_nodes_local_routing)
    return BgpRouter(
        asn=first.controller.asn,
        router_id=first.router_id,
        has_graceful_notifications=False,
        groups=tuple(
            PeerGroup(
                name=_GROUP,
                remote_as=str(speaker.controller.asn),
                neighbors=tuple(peer for peer in speaker.controller.peers if peer != speaker.local),
            )
            for speaker in speakers
        ),
        unicasts=tuple(Unicast(family, import_vrfs=leaking) for family in _FAMILIES) if leaking else (),
        evpn=L2vpnEvpn(
            activations=(EvpnActivation(_GROUP, route_map_in=_MAP_IN, route_map_out=_MAP_OUT),),
            advertise_all_vni=True,
        ),
    )


def _vrf_router(zone: PveEvpnZone, speaker: _Speaker, *, is_exit: bool) -> BgpRouter:
    """The router of a zone's VRF. An exit node ignores `advertise-subnets`."""
    advertises = zone.advertise_subnets and not is_exit
    redistributes = advertises or (is_exit and not zone.exit_nodes_local_routing)
    evpn = L2vpnEvpn(
        advertise=_FAMILIES if advertises else (),
        default_originate=_FAMILIES if is_exit else (),
        rt_import=zone.rt_import,
    )
    return BgpRouter(
        asn=speaker.controller.asn,
        router_id=speaker.router_id,
        vrf=names.vrf(zone.id),
        has_graceful_notifications=False,
        unicasts=tuple(Unicast(family, redistribute=("connected",)) for family in _FAMILIES) if redistributes else (),
        evpn=None if evpn == L2vpnEvpn() else evpn,
    )


def _vrf(zone: PveEvpnZone, index: PveIndex, *, is_exit: bool) -> VrfBinding:
    routes = tuple(_null_routes(zone, index.all_subnets)) if is_exit else ()
    return VrfBinding(name=names.vrf(zone.id), l3vni=zone.l3vni, routes=routes)


def _null_routes(zone: PveEvpnZone, subnets: Iterable[Subnet]) -> Iterator[StaticRoute]:
    """Routes that keep an exit node from joining its zones: one for each address that subnets of other zones begin with."""
    masks: dict[str, str] = {}
    for subnet in subnets:
        if subnet.id.partition("-")[0] != zone.id:
            network, _, mask = subnet.cidr.rpartition("/")
            masks[network] = mask
    for network in sorted(masks, key=lambda text: (int(ip_address(text)), text)):
        yield StaticRoute(_command(network), f"{network}/{masks[network]}", "null0")


def _local_routes(exits: Iterable[PveEvpnZone], index: PveIndex) -> Iterator[StaticRoute]:
    """Routes of the main table into the VRFs of exits with local routing, through their pair of veths."""
    local = {zone.id for zone in exits if zone.exit_nodes_local_routing}
    for vnet, zone in index.vnets:
        if zone.id not in local:
            continue
        for subnet in index.subnets.get(vnet.id, ()):
            command = _command(subnet.cidr.rpartition("/")[0])
            yield StaticRoute(command, subnet.cidr, _VETH_PEER[command], interface=exit_veths(zone.id)[0])


def _route_map_in(exits: Iterable[PveEvpnZone], node: str, controllers: int) -> tuple[RouteMapEntry, ...]:
    """An exit that is no second choice refuses the other exits' default routes, once for each zone."""
    primary = [zone for zone in exits if zone.primary_exit_node in {None, node}]
    denied = [("deny", match, ()) for _ in primary for match in _matches()]
    return _numbered(_MAP_IN, [*denied, *[("permit", (), ())] * controllers])


def _route_map_out(exits: Iterable[PveEvpnZone], node: str, controllers: int) -> tuple[RouteMapEntry, ...]:
    """An exit that is the second choice announces its default routes with a worse metric, once for each zone."""
    secondary = [zone for zone in exits if zone.primary_exit_node not in {None, node}]
    marked = [("permit", match, (_SECOND_CHOICE,)) for _ in secondary for match in _matches()]
    return _numbered(_MAP_OUT, [*marked, *[("permit", (), ())] * controllers])


def _matches() -> tuple[tuple[str, ...], ...]:
    return tuple((f"match {family} address prefix-list {name}",) for family, name, _ in _DEFAULTS)


def _numbered(name: str, entries: Iterable[tuple[str, tuple[str, ...], tuple[str, ...]]]) -> tuple[RouteMapEntry, ...]:
    return tuple(
        RouteMapEntry(name, action, sequence, matches, sets)
        for sequence, (action, matches, sets) in enumerate(entries, start=1)
    )


def _command(address: str) -> str:
    return "ipv6" if ip_address(address).version == IPV6 else "ip"
