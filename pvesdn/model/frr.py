"""FRR's configuration in FRR's own nouns. Words are printed unchanged: numbers, addresses, names without white space.

`custom`, wherever it occurs, are whole lines that PVE took from frr.conf.local, with their indentation.
"""

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
    custom: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PeerGroup:
    """A BGP peer group and its neighbours.

    :param remote_as: a number, or ``external``.
    :param ebgp_multihop: hops to an eBGP neighbor; None leaves it at one.
    :param update_source: the source address of the sessions, or the interface that has it; None lets the kernel choose.
    """

    name: str
    remote_as: str
    neighbors: tuple[str, ...]
    has_bfd: bool = True
    ebgp_multihop: int | None = None
    update_source: str | None = None


@dataclass(frozen=True, slots=True)
class EvpnActivation:
    """A peer group inside `address-family l2vpn evpn`."""

    group: str
    is_reflector_client: bool = False
    route_map_in: str | None = None
    route_map_out: str | None = None


@dataclass(frozen=True, slots=True)
class VniTargets:
    """Route targets of one VNI, which isolate a plain VXLAN device from `advertise-all-vni`."""

    vni: int
    imports: tuple[str, ...]
    exports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unicast:
    """`address-family ipv4|ipv6 unicast`.

    :param family: ``ipv4`` or ``ipv6``.
    :param networks: prefixes of the node's own that are announced.
    :param import_vrfs: VRFs whose routes are leaked into this table.
    :param activations: peer groups that speak the family, with soft reconfiguration inbound.
    """

    family: str
    redistribute: tuple[str, ...] = ()
    import_vrfs: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    activations: tuple[str, ...] = ()
    custom: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class L2vpnEvpn:
    """`address-family l2vpn evpn` (RFC 7432, RFC 8365).

    :param autort_as: the AS number of derived route targets; Proxmox's FRR alone knows the command.
    """

    activations: tuple[EvpnActivation, ...] = ()
    advertise_all_vni: bool = False
    advertise: tuple[str, ...] = ()
    default_originate: tuple[str, ...] = ()
    rt_import: tuple[str, ...] = ()
    rt_export: tuple[str, ...] = ()
    vnis: tuple[VniTargets, ...] = ()
    autort_as: int | None = None
    custom: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BgpRouter:
    """`router bgp ASN [vrf NAME]`.

    :param router_id: None only where `is_merged`.
    :param has_graceful_notifications: False prints PVE's two lines that switch hard resets and graceful-restart
        notifications off.
    :param checks_connected: False treats a neighbor on another loopback as directly connected.
    :param relaxes_multipath: paths of equal length through different AS numbers count as equal.
    :param is_merged: PVE prints this router itself; frr.conf.local holds only what is added to it.
    """

    asn: int
    router_id: IpAddress | str | None
    vrf: str | None = None
    is_merged: bool = False
    has_graceful_notifications: bool = True
    groups: tuple[PeerGroup, ...] = ()
    unicasts: tuple[Unicast, ...] = ()
    evpn: L2vpnEvpn | None = None
    checks_connected: bool = True
    relaxes_multipath: bool = False
    custom: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IsisRouter:
    """`router isis DOMAIN` with its network entity title."""

    domain: str
    net: str
    custom: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IsisInterface:
    """`interface X` that speaks IS-IS."""

    name: str
    domain: str
    custom: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenfabricRouter:
    """`router openfabric FABRIC` with its network entity title."""

    fabric: str
    net: str


@dataclass(frozen=True, slots=True)
class OpenfabricInterface:
    """`interface X` in an OpenFabric fabric; intervals in seconds.

    :param families: ``ip`` and ``ipv6``.
    :param is_passive: the device with the node's own address, without neighbors.
    """

    name: str
    fabric: str
    families: tuple[str, ...]
    is_passive: bool = False
    hello_interval: int | None = None
    hello_multiplier: int | None = None
    csnp_interval: int | None = None


@dataclass(frozen=True, slots=True)
class OspfInterface:
    """`interface X` in an OSPF area. :param is_unnumbered: it borrows its address, which a broadcast network does not
    allow.
    """

    name: str
    area: str
    is_passive: bool = False
    is_unnumbered: bool = False


@dataclass(frozen=True, slots=True)
class VrrpInterface:
    """`interface X` with a virtual router; without a version line, which would make every frr-reload recreate it."""

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
class AccessList:
    """An access list of one prefix. :param command: ``access-list`` or ``ipv6 access-list``."""

    command: str
    name: str
    prefix: str


@dataclass(frozen=True, slots=True)
class ProtocolMap:
    """`ip protocol`: the route map applied to routes of a protocol on their way to the kernel.

    :param family: ``ip`` or ``ipv6``.
    """

    family: str
    protocol: str
    route_map: str


@dataclass(frozen=True, slots=True)
class FrrConfig:
    """One node's FRR configuration.

    :param version: PVE's `frr version` line; None for our own file, which has none.
    :param ospf_router_id: of the one OSPF router; None where there is none.
    :param is_local_block: print only the block that goes into frr.conf.local, for PVE to merge.
    :param has_plain_multipath: routes with several next hops use the kernel's old form, not nexthop objects.
    :param ip_forwarding: stated explicitly, since frr-reload switches forwarding on if the text does not say; None
        leaves it to PVE.
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
    isis_routers: tuple[IsisRouter, ...] = ()
    isis_interfaces: tuple[IsisInterface, ...] = ()
    prefix_lists: tuple[PrefixList, ...] = ()
    custom: tuple[str, ...] = ()
    openfabric_routers: tuple[OpenfabricRouter, ...] = ()
    openfabric_interfaces: tuple[OpenfabricInterface, ...] = ()
    ospf_router_id: IpAddress | None = None
    ospf_interfaces: tuple[OspfInterface, ...] = ()
    access_lists: tuple[AccessList, ...] = ()
    route_maps: tuple[RouteMapEntry, ...] = ()
    routes: tuple[StaticRoute, ...] = ()
    protocol_maps: tuple[ProtocolMap, ...] = ()
