"""What `pvesdn.cfg` defines: zones, VNets, subnets, controllers, exits and the underlay.

Field names are the field's terms; the spelling of a property in the file is its alias, once.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from pvesdn.model.base import Model
from pvesdn.model.defined import Defined
from pvesdn.model.primitives import (
    Asn,
    ControllerId,
    ExitId,
    IfName,
    IpAddress,
    IpInterface,
    IpList,
    IpNetwork,
    MacAddress,
    Mtu,
    NodeList,
    NodeName,
    PortNumber,
    RouteTargetList,
    SdnId,
    Vni,
)
from pvesdn.model.unread import Unread
from pvesdn.model.vnets import Subnet, Vnet


class Irb(StrEnum):
    """Integrated routing and bridging of an EVPN zone (RFC 9135 section 4)."""

    NONE = "none"
    ASYMMETRIC = "asymmetric"
    SYMMETRIC = "symmetric"


class VniRange(Model):
    """VNIs from the first to the last, both included; ``first-last`` in the file."""

    first: Vni
    last: Vni

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"

    def __contains__(self, vni: int) -> bool:
        return self.first <= vni <= self.last


class Underlay(Defined):
    """Which address of a node is its VTEP.

    :param network: the VTEP is the node's address in it.
    :param vteps: addresses named outright, by node; they win over `network`.
    """

    network: IpNetwork | None = None
    vteps: tuple[tuple[NodeName, IpAddress], ...] = ()


class VxlanZone(Defined):
    """Plain VXLAN (RFC 7348): flooding to a multicast group, or head-end replication to `peers` or to every member.

    :param carries: PVE's zone whose VNets are drawn in the panel and ride on this one.
    :param vni_range: where their VNIs come from.
    :param mac: of the gateways that the panel gives them.
    """

    kind: Literal["vxlan"] = "vxlan"
    id: SdnId
    nodes: NodeList | None = None
    mtu: Mtu | None = None
    peers: IpList | None = None
    multicast_group: IpAddress | None = Field(default=None, alias="multicast-group")
    multicast_interface: IfName | None = Field(default=None, alias="multicast-interface")
    vxlan_port: PortNumber | None = Field(default=None, alias="vxlan-port")
    carries: SdnId | None = None
    vni_range: VniRange | None = Field(default=None, alias="vni-range")
    mac: MacAddress | None = None


class EvpnZone(Defined):
    """VXLAN with BGP EVPN as control plane (RFC 8365).

    :param vrf: ``main`` is asymmetric IRB in the host's own table; None means `vrf_<zone>` where there is IRB.
    :param flood: unknown unicast and multicast leave through the VXLAN port.
    :param carries: see `VxlanZone`, as is `vni_range`.
    """

    kind: Literal["evpn"] = "evpn"
    id: SdnId
    controller: ControllerId
    irb: Irb
    nodes: NodeList | None = None
    mtu: Mtu | None = None
    l3vni: Vni | None = Field(default=None, alias="vrf-vxlan")
    mac: MacAddress | None = None
    vrf: Literal["main"] | None = None
    flood: bool = True
    no_arp_nd_suppression: bool = Field(default=False, alias="disable-arp-nd-suppression")
    advertise_subnets: bool = Field(default=True, alias="advertise-subnets")
    rt_import: RouteTargetList = Field(default=(), alias="rt-import")
    vxlan_port: PortNumber | None = Field(default=None, alias="vxlan-port")
    carries: SdnId | None = None
    vni_range: VniRange | None = Field(default=None, alias="vni-range")


class EvpnController(Defined):
    """One BGP instance per node: full mesh of the members unless peers or route reflectors are named.

    :param route_reflectors: addresses outside the cluster, or names of members, which then reflect for the others.
    """

    kind: Literal["evpn-controller"] = "evpn-controller"
    id: ControllerId
    asn: Asn
    peers: IpList | None = None
    route_reflectors: tuple[IpAddress | NodeName, ...] | None = Field(default=None, alias="route-reflectors")


class Vrrp(Model):
    """A virtual router on an exit's uplink (RFC 9568): the higher priority is master."""

    id: Annotated[int, Field(ge=1, le=255)]
    priority: Annotated[int, Field(ge=1, le=254)]
    addresses: tuple[IpAddress, ...]


class Exit(Defined):
    """An uplink of one node inside a symmetric zone's VRF, with the default route there.

    :param gateways: next hops of the default route, several of a family are ECMP.
    """

    id: ExitId
    zone: SdnId
    node: NodeName
    interface: IfName
    address: IpInterface | None = None
    address6: IpInterface | None = None
    gateways: IpList = ()
    vrrp: Vrrp | None = None


OwnZone: TypeAlias = VxlanZone | EvpnZone


class OwnSdn(Model):
    """Everything that `pvesdn.cfg` defines, each tuple sorted by id.

    :param pins: VNIs of VNets that are drawn in the panel, as `vnet` sections in a zone that carries them. Once
        `pvesdn.design.carried` has been asked, these VNets are among `vnets` as well.
    :param unread: what it defines besides; empty unless faulty definitions are judged.
    """

    underlay: Underlay | None = None
    zones: tuple[Annotated[OwnZone, Field(discriminator="kind")], ...] = ()
    vnets: tuple[Vnet, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    controllers: tuple[EvpnController, ...] = ()
    exits: tuple[Exit, ...] = ()
    pins: tuple[Vnet, ...] = ()
    unread: Unread = Unread()

    @property
    def carried(self) -> frozenset[str]:
        """The VNets among `vnets` that are drawn in PVE's panel."""
        return frozenset(vnet.id for vnet in self.vnets if vnet.drawn_in is not None)

    @property
    def carriers(self) -> dict[str, OwnZone]:
        """The zones that carry one of PVE's, by the id of that one; of two that carry the same the first."""
        return {zone.carries: zone for zone in reversed(self.zones) if zone.carries is not None}
