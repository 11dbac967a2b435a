"""Stanzas of `/etc/network/interfaces.d/sdn`, one class for each kind, in PVE's spelling.

Like those of `model.ifupdown`: plain frozen dataclasses of values already checked.
"""

from __future__ import annotations

from dataclasses import dataclass


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
