"""Stanzas of ifupdown2 files, one class for each kind. Everything in them can be printed unchanged.

Built by the thousand for every node, so they are plain frozen dataclasses of values already checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from pvesdn.model.primitives import IpAddress, IpInterface

GUEST_PORTS = r"^(tap|veth|fwpr)[0-9].*"
"""How PVE names a guest's ports in a bridge: tap devices, containers' veths, and the firewall's ports."""

# --- our own zones: /etc/network/interfaces.d/pvesdn -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tunnel:
    """What all VXLAN devices of a zone have in common on one node.

    :param local: the node's VTEP.
    :param mtu: bytes of the inner IP packet.
    :param remotes: static all-zero FDB entries (head-end replication), never the node itself.
    :param group: multicast group for BUM traffic, with `physdev` as the device it is joined on.
    :param is_controlled: EVPN populates it: data-plane learning is off.
    :param has_flood: False stops unknown unicast and multicast at these ports.
    """

    local: IpAddress
    mtu: int
    remotes: tuple[IpAddress, ...] = ()
    group: IpAddress | None = None
    group6: IpAddress | None = None
    physdev: str | None = None
    udp_port: int | None = None
    is_controlled: bool = False
    has_arp_nd_suppression: bool = False
    has_flood: bool = True


@dataclass(frozen=True, slots=True)
class VxlanPort:
    """A VXLAN device, a port of a VNet's or an L3VNI's bridge: the same on every node except for its tunnel.

    :param tunnel: the key of its `Tunnel` in the file.
    """

    name: str
    vni: int
    tunnel: str


@dataclass(frozen=True, slots=True)
class VnetBridge:
    """The bridge of a VNet; with addresses it is the IRB, the same on every node (anycast gateway)."""

    name: str
    port: str
    mtu: int
    addresses: tuple[str, ...] = ()
    hwaddress: str | None = None
    alias: str | None = None
    is_vlan_aware: bool = False
    has_ip_forward: bool = False
    has_ip6_forward: bool = False
    has_arp_accept: bool = False
    vrf: str | None = None


@dataclass(frozen=True, slots=True)
class VrfDevice:
    """A VRF. `has_unreachable_default` keeps its traffic out of the main table; a VRF borrowed from PVE has its own."""

    name: str
    has_unreachable_default: bool = True


@dataclass(frozen=True, slots=True)
class L3VniBridge:
    """The bridge that ties an L3VNI to its VRF; `hwaddress` is the router MAC, different on every node (RFC 9135
    section 5).
    """

    name: str
    port: str
    mtu: int
    hwaddress: str
    vrf: str


@dataclass(frozen=True, slots=True)
class Uplink:
    """An exit's interface inside the VRF.

    :param vrrp_addresses: host prefixes of the virtual router, put on a macvlan for FRR's vrrpd.
    """

    name: str
    addresses: tuple[IpInterface, ...]
    vrf: str
    vrrp_id: int | None = None
    vrrp_addresses: tuple[str, ...] = ()


# --- PVE's zones: /etc/network/interfaces.d/sdn, in PVE's spelling ----------------------------------------------------


@dataclass(frozen=True, slots=True)
class SnatRule:
    """One subnet's source NAT.

    :param command: ``iptables`` or ``ip6tables``.
    """

    command: str
    cidr: str
    out_interface: str
    source: str


@dataclass(frozen=True, slots=True)
class PveVxlanPort:
    """A VXLAN device as PVE prints it; `local` None means that PVE found no address of its own.

    :param is_order_free: PVE prints a fabric's remotes in a different order every time.
    """

    name: str
    vni: int
    mtu: int
    local: str | None = None
    remotes: tuple[str, ...] = ()
    udp_port: int | None = None
    is_controlled: bool = False
    has_arp_nd_suppression: bool = False
    is_order_free: bool = False


@dataclass(frozen=True, slots=True)
class PveAddress:
    """What one subnet adds to its bridge; any part may be absent.

    :param address: the gateway with the subnet's mask, once for each gateway of a bridge.
    :param host_route: a single address reached through the bridge.
    """

    address: str | None = None
    host_route: str | None = None
    snat: SnatRule | None = None


@dataclass(frozen=True, slots=True)
class PveVnetBridge:
    """A VNet's bridge as PVE prints it."""

    name: str
    ports: str
    subnets: tuple[PveAddress, ...] = ()
    hwaddress: str | None = None
    is_vlan_aware: bool = False
    mtu: int | None = None
    alias: str | None = None
    has_ip_forward: bool = False
    has_ip6_forward: bool = False
    has_arp_accept: bool = False
    vrf: str | None = None


@dataclass(frozen=True, slots=True)
class PveVrf:
    """A VRF as PVE prints it; `is_exit` deletes the unreachable default instead of adding it."""

    name: str
    is_exit: bool


@dataclass(frozen=True, slots=True)
class PveVrfBridge:
    """The L3VNI's bridge as PVE prints it."""

    name: str
    port: str
    mtu: int
    vrf: str


@dataclass(frozen=True, slots=True)
class PveVeth:
    """One end of a pair: between an exit node's VRF and its main table (exitnodes-local-routing), or between two
    bridges.
    """

    name: str
    peer: str
    addresses: tuple[str, ...] = ()
    mtu: int | None = None
    vrf: str | None = None


@dataclass(frozen=True, slots=True)
class PveVlanBridge:
    """The bridge that joins one VLAN of a bridge's ports, where that bridge is not VLAN-aware.

    :param ports: the VLAN devices, and the pair's end that leads to the VNet.
    """

    name: str
    ports: str
    mtu: int | None = None


@dataclass(frozen=True, slots=True)
class PveOvsPort:
    """An internal port of an Open vSwitch bridge. :param options: such as ``tag=100``."""

    name: str
    bridge: str
    options: str
    mtu: int | None = None


@dataclass(frozen=True, slots=True)
class PveOvsBridge:
    """What PVE adds to the host's Open vSwitch bridge; ifupdown2 merges it with the host's own stanza.

    :param ports: the text of each `ovs_ports` line.
    """

    name: str
    ports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PveQinqBridge:
    """The VLAN-aware bridge of a qinq zone.

    :param uplink: the device of the service VLAN; empty where the host's bridge has no port for it.
    :param pair: the end of the pair for the untagged VNet.
    """

    name: str
    uplink: str
    pair: str
    mtu: int | None = None


@dataclass(frozen=True, slots=True)
class PveVlanDevice:
    """A VLAN device; without `raw_device` its name says which device it is on."""

    name: str
    raw_device: str | None = None
    vlan_id: int | None = None
    protocol: str | None = None


@dataclass(frozen=True, slots=True)
class PveBridgeProtocol:
    """What PVE adds to the host's VLAN-aware bridge: the protocol of its tags."""

    name: str
    protocol: str


@dataclass(frozen=True, slots=True)
class PveFabricInterface:
    """One address of a fabric's interface as PVE prints it: an interface with two has two of them.

    :param family: ``inet`` or ``inet6``.
    :param is_dummy: the device that holds the node's own address in the fabric.
    """

    name: str
    family: str
    address: str
    is_dummy: bool = False


Stanza: TypeAlias = (
    VxlanPort
    | VnetBridge
    | VrfDevice
    | L3VniBridge
    | Uplink
    | PveVxlanPort
    | PveVnetBridge
    | PveVrf
    | PveVrfBridge
    | PveVeth
    | PveVlanBridge
    | PveOvsPort
    | PveOvsBridge
    | PveQinqBridge
    | PveVlanDevice
    | PveBridgeProtocol
    | PveFabricInterface
)


@dataclass(frozen=True, slots=True)
class InterfacesFile:
    """One file of interfaces.d.

    :param version: PVE's `#version:` line; None for our own file.
    :param stanzas: sorted by name, names unique.
    :param fabrics: what follows them, in PVE's order; a name may occur twice, and among `stanzas` as well.
    :param tunnels: what the `VxlanPort` stanzas have on this node, by zone.
    """

    stanzas: tuple[Stanza, ...]
    version: int | None = None
    fabrics: tuple[PveFabricInterface, ...] = ()
    tunnels: Mapping[str, Tunnel] = field(default_factory=dict)
