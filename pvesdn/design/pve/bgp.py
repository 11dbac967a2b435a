"""BGP as PVE's controllers `evpn` and `bgp` set it up on one node (docs/pve.md §6.2 to §6.4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from ipaddress import ip_address

from pvesdn.design.pve.exits import (
    MAP_IN,
    MAP_OUT,
    default_lists,
    null_routes,
    route_map_in,
    route_map_out,
)
from pvesdn.design.pve.index import PveIndex
from pvesdn.design.pve.node import IPV6
from pvesdn.design.pve.underlay import NodeControllers, PveUnderlay
from pvesdn.design.shared import names
from pvesdn.model.frr import (
    BgpRouter,
    EvpnActivation,
    FrrConfig,
    L2vpnEvpn,
    PeerGroup,
    PrefixList,
    ProtocolMap,
    RouteMapEntry,
    Unicast,
    VrfBinding,
)
from pvesdn.model.pve_controllers import PveBgpController
from pvesdn.model.pve_sdn import PveEvpnController, PveEvpnZone

_VTEP, _BGP = "VTEP", "BGP"
_EXTERNAL = "external"
_FAMILIES = ("ipv4", "ipv6")
_EBGP_HOPS = 10
_LOOPBACKS = PrefixList("ip", "loopbacks_ips", 10, "permit", "0.0.0.0/0 le 32")
_CORRECT_SOURCE = "correct_src"


@dataclass(frozen=True, slots=True)
class PveSpeaker:
    """A controller on one node. :param asn: the node's own, which need not be the controller's."""

    controller: PveEvpnController | PveBgpController
    underlay: PveUnderlay
    router_id: str
    asn: int


@dataclass(frozen=True, slots=True)
class Speakers:
    """All of one node, in the order in which PVE takes them."""

    node: str
    all: tuple[PveSpeaker, ...]
    own: NodeControllers

    @property
    def evpn(self) -> tuple[tuple[PveSpeaker, PveEvpnController], ...]:
        """Those for EVPN."""
        return tuple((s, s.controller) for s in self.all if isinstance(s.controller, PveEvpnController))

    @property
    def bgp(self) -> tuple[tuple[PveSpeaker, PveBgpController], ...]:
        """Those for routers of the underlay."""
        return tuple((s, s.controller) for s in self.all if isinstance(s.controller, PveBgpController))


def add_bgp(config: FrrConfig, speakers: Speakers, index: PveIndex) -> FrrConfig:
    """`config` with routers, VRFs, maps and lists; unchanged where nothing speaks BGP."""
    if not speakers.all:
        return config
    by_controller = {controller.id: (speaker, controller) for speaker, controller in speakers.evpn}
    zones = [
        zone for zone in index.zones.values() if isinstance(zone, PveEvpnZone) and zone.controller in by_controller
    ]
    exits = tuple(zone for zone in zones if speakers.node in zone.exit_nodes)
    exit_ids = {zone.id for zone in exits}
    count = len(speakers.evpn)
    lists, maps, protocols = _sources(speakers)
    return replace(
        config,
        vrfs=tuple(_vrf(zone, index, is_exit=zone.id in exit_ids) for zone in zones),
        routers=(
            _default_router(speakers, exits),
            *(_vrf_router(zone, *by_controller[zone.controller], is_exit=zone.id in exit_ids) for zone in zones),
        ),
        prefix_lists=(*lists, *(default_lists() if exits else ())),
        route_maps=(*route_map_in(exits, speakers.node, count), *route_map_out(exits, speakers.node, count), *maps),
        protocol_maps=protocols,
    )


def _default_router(speakers: Speakers, exits: Iterable[PveEvpnZone]) -> BgpRouter:
    """The router of the default VRF: the first controller makes it, the others add their peers."""
    first = speakers.all[0]
    return BgpRouter(
        asn=first.asn,
        router_id=first.router_id,
        # Only a router that EVPN makes says no to them; one that BGP makes keeps FRR's way.
        has_graceful_notifications=isinstance(first.controller, PveBgpController),
        checks_connected=not any(bgp.loopback and bgp.ebgp for _, bgp in speakers.bgp),
        relaxes_multipath=any(bgp.multipath_relax for _, bgp in speakers.bgp),
        groups=tuple(_group(speaker, speakers.own) for speaker in speakers.all),
        unicasts=_unicasts(speakers, exits),
        evpn=_evpn(speakers),
    )


def _group(speaker: PveSpeaker, own: NodeControllers) -> PeerGroup:
    controller, underlay = speaker.controller, speaker.underlay
    if isinstance(controller, PveBgpController):
        return PeerGroup(
            name=_BGP,
            remote_as=_EXTERNAL if controller.ebgp else str(speaker.asn),
            neighbors=underlay.peers,  # the node's own address is not taken out
            ebgp_multihop=controller.ebgp_multihop or None if controller.ebgp else None,
        )
    loopback = own.session_loopback if controller.fabric is None else names.fabric_dummy(controller.fabric)
    is_external = speaker.asn != controller.asn
    return PeerGroup(
        name=_VTEP,
        remote_as=_EXTERNAL if is_external else str(controller.asn),
        neighbors=tuple(peer for peer in underlay.peers if peer != underlay.own.address),
        ebgp_multihop=_EBGP_HOPS if is_external and loopback else None,
        update_source=loopback,
    )


def _unicasts(speakers: Speakers, exits: Iterable[PveEvpnZone]) -> tuple[Unicast, ...]:
    leaking = tuple(names.vrf(zone.id) for zone in exits if not zone.exit_nodes_local_routing)
    found = []
    for family in _FAMILIES:
        own = [(speaker, bgp) for speaker, bgp in speakers.bgp if _family(speaker) == family]
        networks = tuple(_host_prefix(speaker) for speaker, bgp in own if bgp.loopback and speaker.underlay.own.address)
        if own or leaking:
            found.append(Unicast(family, import_vrfs=leaking, networks=networks, activations=(_BGP,) if own else ()))
    return tuple(found)


def _family(speaker: PveSpeaker) -> str:
    """The family of the local address, in which the node speaks with routers of the underlay."""
    address = speaker.underlay.own.address
    return "ipv6" if address is not None and ip_address(address).version == IPV6 else "ipv4"


def _host_prefix(speaker: PveSpeaker) -> str:
    length = 128 if _family(speaker) == "ipv6" else 32
    return f"{speaker.underlay.own.address}/{length}"


def _evpn(speakers: Speakers) -> L2vpnEvpn | None:
    if not speakers.evpn:
        return None
    other = [controller.asn for speaker, controller in speakers.evpn if controller.asn != speaker.asn]
    return L2vpnEvpn(
        activations=(EvpnActivation(_VTEP, route_map_in=MAP_IN, route_map_out=MAP_OUT),),
        advertise_all_vni=True,
        autort_as=other[0] if other else None,
    )


def _vrf(zone: PveEvpnZone, index: PveIndex, *, is_exit: bool) -> VrfBinding:
    routes = tuple(null_routes(zone, index.listed_subnets)) if is_exit else ()
    return VrfBinding(name=names.vrf(zone.id), l3vni=zone.l3vni, routes=routes)


def _vrf_router(zone: PveEvpnZone, speaker: PveSpeaker, controller: PveEvpnController, *, is_exit: bool) -> BgpRouter:
    """The router of a zone's VRF. An exit node ignores `advertise-subnets`."""
    advertises = zone.advertise_subnets and not is_exit
    redistributes = advertises or (is_exit and not zone.exit_nodes_local_routing)
    # Between AS numbers the derived targets would differ from node to node: they are said, with EVPN's number.
    own = (f"{controller.asn}:{zone.l3vni}",) if controller.asn != speaker.asn else ()
    evpn = L2vpnEvpn(
        advertise=_FAMILIES if advertises else (),
        default_originate=_FAMILIES if is_exit else (),
        rt_import=(*own, *zone.rt_import),
        rt_export=own,
    )
    return BgpRouter(
        asn=speaker.asn,
        router_id=speaker.router_id,
        vrf=names.vrf(zone.id),
        has_graceful_notifications=False,
        unicasts=tuple(Unicast(family, redistribute=("connected",)) for family in _FAMILIES) if redistributes else (),
        evpn=None if evpn == L2vpnEvpn() else evpn,
    )


def _sources(
    speakers: Speakers,
) -> tuple[tuple[PrefixList, ...], tuple[RouteMapEntry, ...], tuple[ProtocolMap, ...]]:
    """What makes packets of a node with a loopback leave with the loopback's address."""
    addresses = [s.underlay.own.address for s, bgp in speakers.bgp if bgp.loopback and s.underlay.own.address]
    if not addresses:
        return (), (), ()
    match = (f"match ip address prefix-list {_LOOPBACKS.name}",)
    entry = RouteMapEntry(_CORRECT_SOURCE, "permit", 1, match, (f"set src {addresses[0]}",))
    return (_LOOPBACKS,), (entry,), (ProtocolMap("ip", "bgp", _CORRECT_SOURCE),)
