"""What is wanted: zones, VNets, subnets, controllers and exits of both sources, `pvesdn.cfg` and PVE's own files.

Field names are the field's terms; PVE's spelling of a property is its alias, once. Every object knows where it was
written. Collections are sorted by id, so that the order of sections in a file has no meaning.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, model_validator

from pvesdn.model.base import Model
from pvesdn.model.defined import Defined
from pvesdn.model.fabrics import Fabric, FabricId, LeftFabric
from pvesdn.model.primitives import (
    Asn,
    ControllerId,
    ExitId,
    IfName,
    IpAddress,
    IpInterface,
    IpList,
    IpNetwork,
    IpText,
    IpTextList,
    Line,
    MacAddress,
    Mtu,
    NodeList,
    NodeName,
    RouteTargetList,
    SdnId,
    UdpPort,
    Vni,
    WordList,
)
from pvesdn.model.pve_controllers import PveBgpController, PveIsisController


class Irb(StrEnum):
    """Integrated routing and bridging of an EVPN zone (RFC 9135 section 4)."""

    NONE = "none"
    ASYMMETRIC = "asymmetric"
    SYMMETRIC = "symmetric"


# --- pvesdn.cfg ------------------------------------------------------------------------------------------------------


class Underlay(Defined):
    """Which address of a node is its VTEP.

    :param network: the VTEP is the node's address in it.
    :param vteps: addresses named outright, by node; they win over `network`.
    """

    network: IpNetwork | None = None
    vteps: tuple[tuple[NodeName, IpAddress], ...] = ()


class VxlanZone(Defined):
    """Plain VXLAN (RFC 7348): flooding to a multicast group, or head-end replication to `peers` or to every member."""

    kind: Literal["vxlan"] = "vxlan"
    id: SdnId
    nodes: NodeList | None = None
    mtu: Mtu | None = None
    peers: IpList | None = None
    multicast_group: IpAddress | None = Field(default=None, alias="multicast-group")
    multicast_interface: IfName | None = Field(default=None, alias="multicast-interface")
    vxlan_port: UdpPort | None = Field(default=None, alias="vxlan-port")


class EvpnZone(Defined):
    """VXLAN with BGP EVPN as control plane (RFC 8365).

    :param vrf: ``main`` is asymmetric IRB in the host's own table; None means `vrf_<zone>` where there is IRB.
    :param flood: unknown unicast and multicast leave through the VXLAN port.
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
    vxlan_port: UdpPort | None = Field(default=None, alias="vxlan-port")


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


# --- PVE's own files -------------------------------------------------------------------------------------------------


class PveZone(Defined):
    """What every zone of zones.cfg has. `mtu` is unbounded because PVE does not bound it."""

    id: SdnId
    nodes: NodeList | None = None
    mtu: int | None = None


class PveSimpleZone(PveZone):
    """zones.cfg type `simple`: a bridge without ports on every node."""

    kind: Literal["pve-simple"] = "pve-simple"


class PveVlanZone(PveZone):
    """zones.cfg type `vlan`: each VNet is a VLAN of a bridge that the nodes have (IEEE 802.1Q).

    :param bridge: as it was typed; no node need have it.
    """

    kind: Literal["pve-vlan"] = "pve-vlan"
    bridge: Line


class PveQinqZone(PveZone):
    """zones.cfg type `qinq`: the zone is a service VLAN of a bridge that the nodes have, its VNets are VLANs inside.

    :param bridge: as it was typed; no node need have it.
    :param service_tag: the outer tag, unbounded because PVE does not bound it.
    :param vlan_protocol: of the outer tag; None is 802.1q, and PVE then prints none on a Linux bridge.
    """

    kind: Literal["pve-qinq"] = "pve-qinq"
    bridge: Line
    service_tag: Annotated[int, Field(ge=0, alias="tag")]
    vlan_protocol: Literal["802.1q", "802.1ad"] | None = Field(default=None, alias="vlan-protocol")


class PveVxlanZone(PveZone):
    """zones.cfg type `vxlan`: `peers`, or the members of a fabric."""

    kind: Literal["pve-vxlan"] = "pve-vxlan"
    peers: IpTextList = ()
    fabric: FabricId | None = None
    vxlan_port: int | None = Field(default=None, alias="vxlan-port")


class PveEvpnZone(PveZone):
    """zones.cfg type `evpn`: symmetric IRB, exits through the default VRF."""

    kind: Literal["pve-evpn"] = "pve-evpn"
    controller: ControllerId
    l3vni: Annotated[int, Field(ge=1, le=16_777_215, alias="vrf-vxlan")]
    mac: MacAddress | None = None
    exit_nodes: NodeList = Field(default=frozenset(), alias="exitnodes")
    primary_exit_node: NodeName | None = Field(default=None, alias="exitnodes-primary")
    exit_nodes_local_routing: bool = Field(default=False, alias="exitnodes-local-routing")
    advertise_subnets: bool = Field(default=False, alias="advertise-subnets")
    no_arp_nd_suppression: bool = Field(default=False, alias="disable-arp-nd-suppression")
    rt_import: WordList = Field(default=(), alias="rt-import")
    vxlan_port: int | None = Field(default=None, alias="vxlan-port")


class UnmanagedZone(PveZone):
    """A zone of a kind that PVE knows and pvesdn leaves to PVE, wholly.

    :param type: zones.cfg's type, such as ``faucet``.
    :param reason: why it is left, such as ``zone type faucet``.
    :param is_newer: it uses something that is in `SdnConfig.newer`.
    """

    kind: Literal["left"] = "left"
    type: str
    reason: str
    is_newer: bool = False


class UnsupportedDefinition(Defined):
    """A definition of a kind that is newer than libpve-network-perl 1.3, and left to PVE (docs/pve.md §0).

    :param what: what it is, such as ``fabric 'wg' of type wireguard``.
    :param nodes: nodes whose files it has a part in, None for all.
    """

    what: str
    nodes: NodeList | None = None


class PveEvpnController(Defined):
    """controllers.cfg type `evpn`: `peers`, or the members of a fabric."""

    kind: Literal["pve-evpn-controller"] = "pve-evpn-controller"
    id: ControllerId
    asn: Annotated[int, Field(ge=0, le=4_294_967_295)]
    peers: IpTextList = ()
    fabric: FabricId | None = None


class LeftController(Defined):
    """A controller that pvesdn leaves to PVE, for what newer versions let it have.

    :param node: the one node of a `bgp` controller.
    :param nodes: those of an `evpn` controller that has a list of them; None for all.
    """

    kind: Literal["left-controller"] = "left-controller"
    id: ControllerId
    type: str
    asn: int | None = None
    node: NodeName | None = None
    nodes: NodeList | None = None


# --- both ------------------------------------------------------------------------------------------------------------


class Vnet(Defined):
    """A virtual network of a zone.

    :param tag: the VNI in VXLAN zones, the VLAN in PVE's vlan and qinq zones. PVE stores up to 16777215; `pvesdn.cfg` ends at 16777214.
    :param nodes: nodes that have the VNet, None for all of the zone; `pvesdn.cfg` only.
    """

    id: SdnId
    zone: SdnId
    tag: Annotated[int, Field(ge=1, le=16_777_215)] | None = None
    alias: Line | None = None
    vlanaware: bool = False
    nodes: NodeList | None = None
    is_pve: bool = False


class Subnet(Defined):
    """A subnet of a VNet.

    :param id: ``<zone>-<network>-<mask>``.
    :param cidr: network and mask in the spelling of the id; PVE keeps host bits that are set.
    :param gateway_text: the gateway in the spelling it was given, which is the one PVE prints; set from `gateway`.
    """

    id: str
    vnet: SdnId
    cidr: str
    network: IpNetwork
    gateway: IpAddress | None = None
    gateway_text: IpText | None = None
    snat: bool = False
    is_pve: bool = False

    @model_validator(mode="before")
    @classmethod
    def _keep_spelling(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("gateway") is not None and data.get("gateway_text") is None:
            return {**data, "gateway_text": str(data["gateway"])}
        return data


OurZone: TypeAlias = VxlanZone | EvpnZone
BridgedPveZone: TypeAlias = PveVlanZone | PveQinqZone
"""Zones of PVE's whose traffic rides on a bridge of the host."""
OwnPveZone: TypeAlias = PveSimpleZone | PveVxlanZone | PveEvpnZone | BridgedPveZone
Zone: TypeAlias = Annotated[OurZone | OwnPveZone | UnmanagedZone, Field(discriminator="kind")]
NodeController: TypeAlias = PveBgpController | PveIsisController
Controller: TypeAlias = Annotated[
    EvpnController | PveEvpnController | NodeController | LeftController, Field(discriminator="kind")
]


class SdnConfig(Model):
    """The whole intent of both sources, each tuple sorted by id.

    :param version: the version PVE's `interfaces.d/sdn` will carry; None when nothing was ever committed or pending.
    :param running_version: the version that was committed last; None when nothing ever was.
    :param newer: what makes nodes and zones PVE's alone.
    :param listed_subnets: PVE's as subnets.cfg lists them, where `subnets` are others: the null routes of PVE's exit nodes
        are made of these, committed or not. None where `subnets` are what the file lists.
    :param runs_frr: what PVE committed last has a controller or a fabric: FRR is PVE's until the next commit is through.
    """

    underlay: Underlay | None = None
    zones: tuple[Zone, ...] = ()
    vnets: tuple[Vnet, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    controllers: tuple[Controller, ...] = ()
    exits: tuple[Exit, ...] = ()
    fabrics: tuple[Annotated[Fabric | LeftFabric, Field(discriminator="kind")], ...] = ()
    version: int | None = None
    running_version: int | None = None
    newer: tuple[UnsupportedDefinition, ...] = ()
    listed_subnets: tuple[Subnet, ...] | None = None
    runs_frr: bool = False

    @property
    def our_zones(self) -> tuple[OurZone, ...]:
        """Zones of pvesdn.cfg."""
        return tuple(z for z in self.zones if isinstance(z, VxlanZone | EvpnZone))

    @property
    def unmanaged_zones(self) -> tuple[UnmanagedZone, ...]:
        """Zones that are left to PVE."""
        return tuple(z for z in self.zones if isinstance(z, UnmanagedZone))

    def is_unmanaged_on(self, node: str) -> bool:
        """Something newer has a part in the node's `interfaces.d/sdn` or `frr.conf`: both are left to PVE there, wholly."""
        reaches = [thing.nodes for thing in self.newer] + [zone.nodes for zone in self.unmanaged_zones if zone.is_newer]
        reaches += [fabric.nodes for fabric in self.fabrics if isinstance(fabric, LeftFabric)]
        return any(nodes is None or node in nodes for nodes in reaches)

    @property
    def has_pve_frr(self) -> bool:
        """PVE writes frr.conf, which it does as soon as it has a controller or a fabric (docs/pve.md §4.4)."""
        return bool(self.fabrics) or any(not isinstance(c, EvpnController) for c in self.controllers)

    @property
    def gives_up_frr(self) -> bool:
        """PVE's last controller or fabric goes with the next commit, which still writes frr.conf (docs/pve.md §4.4)."""
        return self.runs_frr and not self.has_pve_frr
