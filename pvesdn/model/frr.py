"""FRR's configuration by its own nouns. Words are printed as they stand: numbers, addresses, names without white space."""

from __future__ import annotations

from dataclasses import dataclass

from pvesdn.model.primitives import IpAddress


@dataclass(frozen=True, slots=True)
class StaticRoute:
    """A static route.

    :param family: ``ip`` or ``ipv6``.
    :param via: gateway, ``null0`` or ``blackhole``.
    """

    family: str
    prefix: str
    via: str
    interface: str | None = None


@dataclass(frozen=True, slots=True)
class VrfBinding:
    """A `vrf` block: the L3VNI and the statics of the VRF."""

    name: str
    l3vni: int | None = None
    routes: tuple[StaticRoute, ...] = ()


@dataclass(frozen=True, slots=True)
class PeerGroup:
    """A BGP peer group and its neighbours.

    :param remote_as: a number, or ``external``.
    """

    name: str
    remote_as: str
    neighbors: tuple[str, ...]
    has_bfd: bool = True


@dataclass(frozen=True, slots=True)
class EvpnActivation:
    """A peer group inside `address-family l2vpn evpn`."""

    group: str
    is_reflector_client: bool = False
    route_map_in: str | None = None
    route_map_out: str | None = None


@dataclass(frozen=True, slots=True)
class VniTargets:
    """Route targets of one VNI, which fence a plain VXLAN device off `advertise-all-vni`."""

    vni: int
    imports: tuple[str, ...]
    exports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unicast:
    """`address-family ipv4|ipv6 unicast`.

    :param family: ``ipv4`` or ``ipv6``.
    :param import_vrfs: VRFs whose routes are leaked into this table.
    """

    family: str
    redistribute: tuple[str, ...] = ()
    import_vrfs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class L2vpnEvpn:
    """`address-family l2vpn evpn` (RFC 7432, RFC 8365)."""

    activations: tuple[EvpnActivation, ...] = ()
    advertise_all_vni: bool = False
    advertise: tuple[str, ...] = ()
    default_originate: tuple[str, ...] = ()
    rt_import: tuple[str, ...] = ()
    rt_export: tuple[str, ...] = ()
    vnis: tuple[VniTargets, ...] = ()


@dataclass(frozen=True, slots=True)
class BgpRouter:
    """`router bgp ASN [vrf NAME]`.

    :param router_id: None only where `is_merged`.
    :param has_graceful_notifications: False prints PVE's two lines that switch hard resets and graceful-restart notifications off.
    :param is_merged: PVE prints this router itself: frr.conf.local holds what is added to it, nothing else.
    """

    asn: int
    router_id: IpAddress | str | None
    vrf: str | None = None
    is_merged: bool = False
    has_graceful_notifications: bool = True
    groups: tuple[PeerGroup, ...] = ()
    unicasts: tuple[Unicast, ...] = ()
    evpn: L2vpnEvpn | None = None


@dataclass(frozen=True, slots=True)
class VrrpInterface:
    """`interface X` with a virtual router; without a version line, which makes every frr-reload recreate it."""

    name: str
    id: int
    priority: int
    addresses: tuple[IpAddress, ...] = ()
    addresses6: tuple[IpAddress, ...] = ()


@dataclass(frozen=True, slots=True)
class PrefixList:
    """One entry of a prefix list. :param family: ``ip`` or ``ipv6``."""

    family: str
    name: str
    sequence: int
    action: str
    prefix: str


@dataclass(frozen=True, slots=True)
class RouteMapEntry:
    """One entry of a route map; `matches` and `sets` are complete lines."""

    name: str
    action: str
    sequence: int
    matches: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FrrConfig:
    """One node's FRR configuration.

    :param version: PVE's `frr version` line; None for our own file, which has none.
    :param is_local_block: print only the block that goes into frr.conf.local, for PVE to merge.
    :param has_plain_multipath: routes with several next hops are the kernel's old kind, not its nexthop objects.
    :param ip_forwarding: said outright, since frr-reload switches forwarding on when the text is silent; None leaves it to PVE.
    """

    hostname: str
    version: str | None = None
    is_local_block: bool = False
    ip_forwarding: bool | None = None
    ipv6_forwarding: bool | None = None
    has_plain_multipath: bool = False
    vrfs: tuple[VrfBinding, ...] = ()
    routers: tuple[BgpRouter, ...] = ()
    vrrp: tuple[VrrpInterface, ...] = ()
    prefix_lists: tuple[PrefixList, ...] = ()
    route_maps: tuple[RouteMapEntry, ...] = ()
    routes: tuple[StaticRoute, ...] = ()
