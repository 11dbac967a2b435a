"""What a node is doing: its devices as the kernel has them, where they flood to, the kernel's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pvesdn.model.guests import GuestPlug
from pvesdn.model.primitives import IpAddress, IpInterface, IpNetwork
from pvesdn.model.vlans import PortVlans

FLOOD_FLAGS = {"unicast": "flood", "multicast": "mcast_flood", "broadcast": "bcast_flood"}
"""iproute2's names for what a bridge's port floods."""


@dataclass(frozen=True, slots=True)
class LiveDevice:
    """A device of `ip -j -d link` with its addresses; None is what a device of its kind does not have.

    :param kind: ``bridge``, ``vxlan``, ``vrf``, ``veth``… or empty for a physical one.
    :param is_up: administratively.
    :param has_carrier: something is at the other end.
    :param mtu: bytes.
    :param mac: in lower case.
    :param master: the bridge or the VRF it is in, or empty.
    :param addresses: without those that IPv6 gives itself on every link (RFC 4291 section 2.5.6).
    :param learns: as a bridge's port: source addresses of what comes in are learned.
    :param floods: as a bridge's port: unknown unicast and multicast go out there.
    :param unflooded: as a bridge's port: what of ``unicast``, unknown, ``multicast`` and ``broadcast`` does not go out
        there by flooding.
    :param is_isolated: as a bridge's port: nothing passes between it and others of the kind (`isolate-ports`).
    :param blocked: as a bridge's port: the state of the spanning tree (IEEE 802.1D) in which nothing passes there,
        such as ``blocking``; empty where frames are forwarded, and where a device or its bridge is down.
    :param keeps_dhcp_out: a VXLAN device has the filter that its stanza puts there, in both directions; None where
        nobody looked.
    """

    name: str
    kind: str = ""
    is_up: bool = True
    has_carrier: bool = True
    mtu: int = 1500
    mac: str = ""
    master: str = ""
    addresses: frozenset[IpInterface] = frozenset()
    vlan_filtering: bool | None = None
    vni: int | None = None
    vtep: IpAddress | None = None
    udp_port: int | None = None
    group: IpAddress | None = None
    physdev: str | None = None
    learns: bool | None = None
    floods: bool | None = None
    unflooded: frozenset[str] = frozenset()
    suppresses: bool | None = None
    is_isolated: bool | None = None
    blocked: str = ""
    keeps_dhcp_out: bool | None = None


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A BGP session of the default VRF as bgpd has it.

    :param state: ``Established``, or where it is stuck: ``Idle``, ``Active``, ``Connect``, ``OpenSent``…
    :param local: the address that it speaks from; None while there is no connection.
    :param last_reset: why it ended last, in FRR's words; empty for no reason.
    :param notification: what the last notification said (RFC 4271 section 6), in FRR's words.
    :param bfd: ``Up``, ``Down``…; None where BFD does not watch it.
    """

    state: str
    local: IpAddress | None = None
    last_reset: str = ""
    notification: str = ""
    bfd: str | None = None

    @property
    def is_established(self) -> bool:
        """Routes are exchanged."""
        return self.state == "Established"


@dataclass(frozen=True, slots=True)
class LiveVni:
    """A VNI as zebra has it.

    :param is_l3: it is the L3VNI of a VRF.
    :param vrf: ``default`` for the host's own table.
    :param state: of an L3VNI: ``Up`` or ``Down``.
    :param router_mac: of an L3VNI, in lower case.
    :param remotes: VTEPs that a type-3 route has come from; None for an L3VNI, and where FRR does not list them.
    :param macs: how many MAC addresses zebra knows in it, local and remote; None where it was not told.
    """

    vni: int
    is_l3: bool
    vrf: str
    state: str = ""
    router_mac: str = ""
    remotes: frozenset[IpAddress] | None = None
    macs: int | None = None


@dataclass(frozen=True, slots=True)
class LiveRoute:
    """The route that the kernel uses for a prefix.

    :param protocol: who made it: ``bgp``, ``static``, ``kernel``, ``boot``…
    :param next_hops: those that are in use; an IPv4 VTEP of an IPv6 route is the IPv4 address.
    :param rejects: packets are thrown away: unreachable, blackhole, prohibit.
    """

    protocol: str = ""
    next_hops: frozenset[IpAddress] = frozenset()
    rejects: bool = False


@dataclass(frozen=True, slots=True)
class LiveVirtualRouter:
    """A virtual router (RFC 9568) of one address family as vrrpd has it.

    :param status: ``Master``, ``Backup`` or ``Initialize``.
    """

    interface: str
    id: int
    family: int
    status: str


@dataclass(frozen=True, slots=True)
class LiveDhcp:
    """A dnsmasq of PVE's that PVE has configured, or that has a drop-in of ours.

    :param is_enabled: PVE has switched it on.
    :param vrf: where it runs; empty for the main table.
    """

    is_enabled: bool
    is_active: bool
    vrf: str = ""


@dataclass(frozen=True, slots=True)
class NodeState:
    """What one node is doing. None is what was not seen, and `unseen` says why.

    :param devices: by name.
    :param flooding: VTEPs and groups of all-zero FDB entries, by VXLAN device; a device without any is absent.
    :param settings: values by path below /proc/sys; what the kernel does not have is absent.
    :param daemons: of FRR, those that run.
    :param frr: FRR's running configuration, as text.
    :param sessions: by the peer's address, or its interface.
    :param vnis: by number.
    :param vlans: of the ports of bridges, by the port's name; a port without any is absent.
    :param routes: by VRF with an L3VNI and by prefix, without host routes and connected networks.
    :param router_macs: of other VTEPs, by L3VNI and VTEP, in lower case: what next hops use, mostly the same for IPv4
        and IPv6.
    :param virtual_routers: those with an address.
    :param dhcp: by PVE's zone.
    :param plugs: what the configurations of the node's guests say of their network devices, running or not.
    :param unseen: reasons by the name of the question, as in `STATE_COMMANDS`.
    :param late: questions whose time was up: who should have answered hangs.
    """

    node: str
    devices: Mapping[str, LiveDevice]
    flooding: Mapping[str, frozenset[IpAddress]] | None = None
    settings: Mapping[str, str] | None = None
    daemons: frozenset[str] | None = None
    frr: str | None = None
    sessions: Mapping[str, LiveSession] | None = None
    vnis: Mapping[int, LiveVni] | None = None
    vlans: Mapping[str, PortVlans] | None = None
    plugs: tuple[GuestPlug, ...] | None = None
    routes: Mapping[str, Mapping[IpNetwork, LiveRoute]] | None = None
    router_macs: Mapping[int, Mapping[IpAddress, frozenset[str]]] | None = None
    virtual_routers: tuple[LiveVirtualRouter, ...] | None = None
    dhcp: Mapping[str, LiveDhcp] | None = None
    unseen: Mapping[str, str] = field(default_factory=dict)
    late: frozenset[str] = frozenset()
