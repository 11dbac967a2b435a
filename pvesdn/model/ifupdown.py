"""Stanzas of ifupdown2 files, one class for each kind; PVE's are in `model.pve_ifupdown`. They are printed as they are.

Built by the thousand for every node, so they are plain frozen dataclasses of values already checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from pvesdn.model.dhcp_filter import dhcp_filter
from pvesdn.model.primitives import IpAddress, IpInterface
from pvesdn.model.pve_ifupdown import (
    PveBridgeProtocol,
    PveFabricInterface,
    PveOvsBridge,
    PveOvsPort,
    PveQinqBridge,
    PveVeth,
    PveVlanBridge,
    PveVlanDevice,
    PveVnetBridge,
    PveVrf,
    PveVrfBridge,
    PveVxlanPort,
)

GUEST_PORTS = r"^(tap|veth|fwpr)[0-9].*"
"""How PVE names a guest's ports in a bridge: tap devices, containers' veths, and the firewall's ports."""


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
    :param keeps_dhcp_out: PVE serves addresses in its VNet on every node: no request and no answer leaves its node.
    """

    name: str
    vni: int
    tunnel: str
    keeps_dhcp_out: bool = False

    @property
    def post_up(self) -> tuple[str, ...]:
        """Commands that ifupdown2 runs when the device is up, and at each reload."""
        return dhcp_filter(self.name) if self.keeps_dhcp_out else ()


@dataclass(frozen=True, slots=True)
class VnetBridge:
    """The bridge of a VNet; with addresses it is the IRB, the same on every node (anycast gateway).

    :param had_ip6: it had addresses of IPv6, and its stanza stands as it was with them.
    """

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
    had_ip6: bool = False

    @property
    def is_made_beforehand(self) -> bool:
        """Whether `pre-up` lines make the bridge with its MAC, and have it keep IPv6 addresses when it is taken down.

        ifupdown2 adds the addresses to a bridge that is up in its VRF, and takes it down then to give it its MAC, at
        boot even where the MAC is right: the kernel would forget those of IPv6 (docs/pve.md §13.2).
        """
        has_ip6 = self.had_ip6 or any(":" in address for address in self.addresses)
        return self.vrf is not None and self.hwaddress is not None and has_ip6


@dataclass(frozen=True, slots=True)
class CarriedBridge(VnetBridge):
    """The bridge of a VNet that is drawn in PVE's panel: PVE's stanza of the same name has its addresses, alias and
    forwarding, and ifupdown2 merges the two (docs/pve.md §13.4).

    `addresses` and the like say what PVE prints; they are never printed here.
    """


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

    @property
    def settings(self) -> str:
        """Kernel settings once it is up, as `sysctl -w` takes them: see `silent_for_others`, where it has virtual IPv4
        addresses; else empty.
        """
        return silent_for_others(self.name) if any(":" not in address for address in self.vrrp_addresses) else ""


def silent_for_others(card: str) -> str:
    """Kernel settings by which a card speaks ARP for its own addresses alone, and leaves those of the virtual router to
    the macvlan of whoever is master (docs/pve.md §13.1).
    """
    return f"net/ipv4/conf/{card}/arp_ignore=1 net/ipv4/conf/{card}/arp_announce=2"


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
