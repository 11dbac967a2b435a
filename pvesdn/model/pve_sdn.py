"""What PVE's own files define: zones, VNets, subnets, controllers and fabrics, and how much of it is committed.

Field names are the field's terms; PVE's spelling of a property is its alias, once.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from pvesdn.model.base import Model
from pvesdn.model.defined import Defined
from pvesdn.model.fabrics import Fabric, FabricId, UnmanagedFabric
from pvesdn.model.primitives import ControllerId, IpTextList, Line, MacAddress, NodeList, NodeName, SdnId, WordList
from pvesdn.model.pve_controllers import PveBgpController, PveIsisController
from pvesdn.model.unread import Unread
from pvesdn.model.vnets import Subnet, Vnet


class PveZone(Defined):
    """What every zone of zones.cfg has. `mtu` is unbounded because PVE does not bound it."""

    id: SdnId
    nodes: NodeList | None = None
    mtu: int | None = None


class PveSimpleZone(PveZone):
    """zones.cfg type `simple`: a bridge without ports on every node.

    :param dhcp: what serves addresses in its subnets, ``dnsmasq``; None for nothing.
    """

    kind: Literal["pve-simple"] = "pve-simple"
    dhcp: Line | None = None


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
    :param is_unsupported: something in `PveSdn.unsupported` is the reason.
    :param l3vni: of an EVPN zone: a VNI that is taken, whoever renders the zone.
    """

    kind: Literal["unmanaged"] = "unmanaged"
    type: str
    reason: str
    is_unsupported: bool = False
    l3vni: Annotated[int, Field(ge=1, le=16_777_215)] | None = Field(default=None, alias="vrf-vxlan")


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


class UnmanagedController(Defined):
    """A controller that pvesdn leaves to PVE, for what newer versions let it have.

    :param node: the one node of a `bgp` controller.
    :param nodes: those of an `evpn` controller that has a list of them; None for all.
    """

    kind: Literal["unmanaged-controller"] = "unmanaged-controller"
    id: ControllerId
    type: str
    asn: int | None = None
    node: NodeName | None = None
    nodes: NodeList | None = None


BridgedPveZone: TypeAlias = PveVlanZone | PveQinqZone
"""Zones whose traffic rides on a bridge of the host."""
RenderedPveZone: TypeAlias = PveSimpleZone | PveVxlanZone | PveEvpnZone | BridgedPveZone
"""Zones whose stanzas pvesdn can say."""
NodeController: TypeAlias = PveBgpController | PveIsisController
RenderedPveController: TypeAlias = PveEvpnController | NodeController


class PveSdn(Model):
    """Everything that PVE's own files define, each tuple sorted by id.

    :param version: the version PVE's `interfaces.d/sdn` will carry; None when nothing was ever committed or pending.
    :param running_version: the version that was committed last; None when nothing ever was.
    :param unsupported: definitions too new for pvesdn; the zones and nodes that have a part in them are left to PVE.
    :param listed_subnets: those that subnets.cfg lists, where `subnets` are others: the null routes of PVE's exit nodes
        are made of these, committed or not. None where `subnets` are what the file lists.
    :param drawn_zones: ids of zones that are drawn and not committed, where `zones` are what was committed.
    :param drawn_vnets: the same of VNets.
    :param lost_zones: zones that are gone while one of ours carries them, as far as the nodes tell what they were;
        empty where anything is planned.
    :param unread: what they define besides; empty unless faulty definitions are judged.
    :param runs_frr: what was committed last has a controller or a fabric: FRR is PVE's until the next commit.
    """

    zones: tuple[Annotated[RenderedPveZone | UnmanagedZone, Field(discriminator="kind")], ...] = ()
    vnets: tuple[Vnet, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    controllers: tuple[Annotated[RenderedPveController | UnmanagedController, Field(discriminator="kind")], ...] = ()
    fabrics: tuple[Annotated[Fabric | UnmanagedFabric, Field(discriminator="kind")], ...] = ()
    version: int | None = None
    running_version: int | None = None
    unsupported: tuple[UnsupportedDefinition, ...] = ()
    listed_subnets: tuple[Subnet, ...] | None = None
    runs_frr: bool = False
    drawn_zones: frozenset[str] = frozenset()
    drawn_vnets: frozenset[str] = frozenset()
    lost_zones: tuple[PveSimpleZone, ...] = ()
    unread: Unread = Unread()

    @property
    def unmanaged_zones(self) -> tuple[UnmanagedZone, ...]:
        """Zones that are left to PVE."""
        return tuple(zone for zone in self.zones if isinstance(zone, UnmanagedZone))

    @property
    def with_dhcp(self) -> frozenset[str]:
        """Ids of the zones in whose subnets PVE serves addresses, or did, on every node that has them."""
        zones = (*self.zones, *self.lost_zones)
        return frozenset(zone.id for zone in zones if isinstance(zone, PveSimpleZone) and zone.dhcp)

    def is_unmanaged_on(self, node: str) -> bool:
        """Something unsupported has a part in the node's `interfaces.d/sdn` or `frr.conf`: PVE keeps both."""
        reaches = [definition.nodes for definition in self.unsupported]
        reaches += [zone.nodes for zone in self.unmanaged_zones if zone.is_unsupported]
        reaches += [fabric.nodes for fabric in self.fabrics if isinstance(fabric, UnmanagedFabric)]
        return any(nodes is None or node in nodes for nodes in reaches)

    @property
    def needs_frr(self) -> bool:
        """PVE writes frr.conf, which it does as soon as it has a controller or a fabric (docs/pve.md §4.4)."""
        return bool(self.controllers or self.fabrics)

    @property
    def gives_up_frr(self) -> bool:
        """The last controller or fabric goes with the next commit, which still writes frr.conf (docs/pve.md §4.4)."""
        return self.runs_frr and not self.needs_frr
