"""What a node should be doing, in the nouns of `model.state`: made from its design, held against its state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pvesdn.model.dhcp_unit import DhcpUnit
from pvesdn.model.primitives import IpAddress, IpInterface, IpNetwork
from pvesdn.model.vlans import VlanSet

ALWAYS_RUN = frozenset({"zebra", "staticd"})
"""Daemons of FRR that nobody can switch off."""


@dataclass(frozen=True, slots=True)
class ExpectedDevice:
    """A device as the design has it. None is what the design leaves to others, and what nobody judges.

    :param file: the interfaces file with its stanza, an absolute path.
    :param kind: as `LiveDevice.kind`; None where the design only uses a device that is there.
    :param master: the bridge or the VRF it is in.
    :param needs_carrier: a cable, or a neighbour in its place, is part of it.
    :param group: the multicast group that it floods to.
    :param remotes: its all-zero FDB entries, no more and no less.
    :param vlans: as a port of a VLAN-aware bridge: those that it has to let through at least.
    :param learns: see `LiveDevice`, as are `floods`, `suppresses` and `keeps_dhcp_out`.
    """

    name: str
    file: str
    kind: str | None = None
    mtu: int | None = None
    mac: str | None = None
    master: str | None = None
    needs_carrier: bool = False
    addresses: frozenset[IpInterface] | None = None
    vlan_filtering: bool | None = None
    vni: int | None = None
    vtep: IpAddress | None = None
    udp_port: int | None = None
    group: IpAddress | None = None
    physdev: str | None = None
    remotes: frozenset[IpAddress] | None = None
    learns: bool | None = None
    floods: bool | None = None
    suppresses: bool | None = None
    keeps_dhcp_out: bool | None = None
    vlans: VlanSet | None = None

    @property
    def has_flood_list(self) -> bool:
        """It floods to a group or to remotes that the design names, not to those that FRR hears of."""
        return self.remotes is not None or self.group is not None

    @property
    def has_vlans(self) -> bool:
        """VLANs are told apart there: it is a VLAN-aware bridge, or a port of one."""
        return bool(self.vlan_filtering) or self.vlans is not None


@dataclass(frozen=True, slots=True)
class ExpectedSession:
    """A BGP session of the default VRF.

    :param peer: an address, or an interface.
    :param source: the address that it has to speak from; None leaves it to the kernel.
    :param has_bfd: BFD watches it.
    """

    peer: str
    source: IpAddress | None = None
    has_bfd: bool = False


@dataclass(frozen=True, slots=True)
class ExpectedVni:
    """A VNI that FRR announces.

    :param device: its VXLAN device.
    :param vrf: the VRF that its bridge routes in, or that it is the L3VNI of; ``default`` for the host's own table.
    """

    vni: int
    device: str
    vrf: str
    is_l3: bool = False


@dataclass(frozen=True, slots=True)
class ExpectedRoute:
    """A prefix of a VRF with an L3VNI that the node does not need the others for.

    :param next_hops: gateways outside; empty for a network that it is connected to, and for a default route that one of
        PVE's exits announces without having it in the VRF.
    :param is_announced: as a type-5 route (RFC 9136).
    :param metric: what it is announced with; the others use the lowest.
    """

    vrf: str
    prefix: IpNetwork
    next_hops: frozenset[IpAddress] = frozenset()
    is_announced: bool = False
    metric: int = 0


@dataclass(frozen=True, slots=True)
class ExpectedVirtualRouter:
    """A virtual router (RFC 9568) of one address family: the highest priority is master.

    :param addresses: those that the routers share; with `id` they tell one virtual router from another.
    """

    interface: str
    id: int
    family: int
    priority: int
    addresses: frozenset[IpAddress]


@dataclass(frozen=True)
class NodeExpectation:
    """What one node should be doing.

    :param devices: in the order of the files, names unique.
    :param settings: the kernel's, by path below /proc/sys.
    :param optional: those of `settings` that the kernel may lack.
    :param daemons: of FRR; empty where the node needs none.
    :param sessions: of BGP, in the order of the configuration.
    :param vnis: in the order of the devices.
    :param routes: its own, of VRFs with an L3VNI.
    :param asn: of BGP in the default VRF; None without.
    :param dhcp: the dnsmasq of PVE's that run in a VRF, sorted by zone.
    :param refuses_defaults: default routes of the others are not taken, as by one of PVE's exits.
    """

    node: str
    devices: tuple[ExpectedDevice, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    daemons: frozenset[str] = frozenset()
    sessions: tuple[ExpectedSession, ...] = ()
    vnis: tuple[ExpectedVni, ...] = ()
    routes: tuple[ExpectedRoute, ...] = ()
    asn: int | None = None
    refuses_defaults: bool = False
    virtual_routers: tuple[ExpectedVirtualRouter, ...] = ()
    dhcp: tuple[DhcpUnit, ...] = ()

    @cached_property
    def by_name(self) -> Mapping[str, ExpectedDevice]:
        """Its devices."""
        return {device.name: device for device in self.devices}

    @cached_property
    def vxlans(self) -> Mapping[str, tuple[str, ...]]:
        """Names of VXLAN devices, by the bridge they are in."""
        found: dict[str, tuple[str, ...]] = {}
        for device in self.devices:
            if device.kind == "vxlan" and device.master is not None:
                found[device.master] = (*found.get(device.master, ()), device.name)
        return found

    @cached_property
    def tunnels(self) -> tuple[tuple[int | None, IpAddress | None], ...]:
        """UDP ports and VTEPs of its VXLAN devices: a handful, however many devices there are."""
        return tuple(dict.fromkeys((device.udp_port, device.vtep) for device in self.devices if device.kind == "vxlan"))

    @cached_property
    def of_guests(self) -> Mapping[int, ExpectedVni]:
        """The VNIs that are not L3VNIs, by number."""
        return {vni.vni: vni for vni in self.vnis if not vni.is_l3}

    @cached_property
    def l3vnis(self) -> Mapping[str, ExpectedVni]:
        """The L3VNIs, by VRF."""
        return {vni.vrf: vni for vni in self.vnis if vni.is_l3}

    @cached_property
    def vteps(self) -> frozenset[str]:
        """The addresses by which it announces VNIs of EVPN: one, or two where PVE's zones have another than ours."""
        return frozenset(str(self.vtep_of(vni)) for vni in self.vnis)

    def vtep_of(self, vni: ExpectedVni) -> IpAddress | None:
        """The address by which it announces one of its VNIs."""
        return self.by_name[vni.device].vtep
