"""The whole: every node's files -> one proposal, or every contradiction that was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network

from pvesdn.design.ours.mtu import inner_mtu
from pvesdn.design.shared import names
from pvesdn.errors import SdnConfigError
from pvesdn.model.cluster import ClusterState, Vtep
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import NodeFacts
from pvesdn.model.findings import Where, shared_lines
from pvesdn.model.hand_written import FrrRouter, HandWrittenNode
from pvesdn.model.own_sdn import EvpnController, EvpnZone, Exit, Irb, OwnSdn, OwnZone, VxlanZone
from pvesdn.model.primitives import MTU_MAX, MTU_MIN
from pvesdn.model.proposal import Proposal
from pvesdn.model.sdn import SdnConfig
from pvesdn.model.snapshot import OWN_NAME
from pvesdn.model.vnets import Subnet, Vnet
from pvesdn.recognise.becomes import Becomes, becomes
from pvesdn.recognise.devices import read_devices
from pvesdn.recognise.exits import UplinkOnNode
from pvesdn.recognise.hosts import refuse_own_addresses
from pvesdn.recognise.ids import Ids
from pvesdn.recognise.leftovers import tell_foreign_frr
from pvesdn.recognise.lost_paths import tell_lost_paths
from pvesdn.recognise.mesh import RouterOnNode, isolated_vnis, propose_controller, read_speakers
from pvesdn.recognise.nets import FloodMode, Net, Nets, check_nets, read_nets
from pvesdn.recognise.notebook import Notebook
from pvesdn.recognise.nothing import Others, explain_nothing, tell_unread
from pvesdn.recognise.take_outs import Made, staying, take_outs
from pvesdn.recognise.underlay import UnderlayFacts, propose_underlay, read_ground
from pvesdn.recognise.uplinks import refuse_twins, uplinks_of
from pvesdn.recognise.vrf_routers import advertises_subnets, imported_targets
from pvesdn.recognise.words import alias_of, tell_stayers, tell_words
from pvesdn.recognise.zones import Draft, Zoning, cover

_CONTROLLER = "main"


@dataclass(frozen=True, slots=True)
class HandWrittenConfig:
    """What was read from a cluster that was set up by hand.

    :param nodes: those that answered, by name.
    :param taken: ids of zones and VNets that PVE's own definitions have.
    :param unread: members of which nothing was read, with the reason.
    """

    nodes: Mapping[str, HandWrittenNode]
    facts: Mapping[str, NodeFacts]
    cluster: ClusterState
    taken: frozenset[str] = frozenset()
    unread: Mapping[str, str] = field(default_factory=dict)


def recognise(given: HandWrittenConfig) -> Proposal:
    """Propose definitions for what was made by hand.

    :raises SdnConfigError: nodes contradict themselves or each other, with every contradiction that was found; or there
        is nothing to import.
    """
    book = Notebook()
    devices = {name: read_devices(node, book) for name, node in sorted(given.nodes.items())}
    _raise(book)  # a fault on one node would only look like a contradiction on the others, and so would a wrong VTEP
    others = Others.of(given.nodes, devices, given.facts, given.cluster)
    ground = read_ground(given.nodes, devices, given.facts, given.cluster, book, left=others.left)
    _raise(book)
    nets = read_nets(given.nodes, devices, others.left, isolated_vnis(given.nodes), book)
    own = refuse_own_addresses(nets, given.nodes, given.facts, book)
    check_nets(nets, own, book)
    others.enter(nets, book)
    tell_unread(given.nodes, book)
    drafts = Zoning(ground, book).draft(nets)
    speakers = read_speakers(given.nodes, ground, book) if any(draft.mode is FloodMode.EVPN for draft in drafts) else {}
    _raise(book)
    if not drafts:
        raise SdnConfigError(tuple(explain_nothing(given.nodes, given.unread, book)))
    writer = _Writer(given, ground, nets, cover(drafts, frozenset(speakers)), speakers, book)
    proposal = writer.write()
    _raise(book)
    return proposal


def _raise(book: Notebook) -> None:
    if book.errors:
        raise SdnConfigError(tuple(shared_lines(book.errors)))


@dataclass(slots=True)
class _Writer:
    """Assigns ids and makes the objects."""

    given: HandWrittenConfig
    ground: UnderlayFacts
    nets: Nets
    drafts: tuple[Draft, ...]
    speakers: Mapping[str, RouterOnNode]
    book: Notebook
    made: Made = field(default_factory=lambda: Made({}, {}, []))

    def write(self) -> Proposal:
        ids = Ids(self.given.taken, staying(self.given.nodes, self.given.facts, self.nets, self.drafts))
        vnet_ids = {net.name: self._vnet_id(net, ids) for draft in self.drafts for net in draft.nets}
        zones: list[OwnZone] = []
        vnets: list[Vnet] = []
        subnets: list[Subnet] = []
        exits: list[Exit] = []
        for draft in self.drafts:
            name = ids.zone(draft.wish)
            uplinks = uplinks_of(draft, self.given.nodes, self.nets, names.vrf(name), self.book)
            zone = self._zone(draft, name, uplinks)
            zones.append(zone)
            self.made.zones[draft.nets[0].name] = zone.id
            for net in draft.nets:
                self.made.vnets[net.name] = vnet_ids[net.name]
                vnets.append(self._vnet(net, vnet_ids[net.name], zone))
                subnets += self._subnets(net, vnet_ids[net.name], zone) if draft.is_routed else ()
            refuse_twins(uplinks, self.book)
            exits += (uplink.exit(ids.exit(zone.id, uplink.node), zone.id) for uplink in uplinks)
            self.made.uplinks += uplinks
        controller = propose_controller(_CONTROLLER, self.speakers, self.ground, self.book)
        outs = take_outs(self.given.nodes, self.nets, self.drafts, self.made)
        local = self._tell_the_rest(controller, zones)
        tell_stayers(self.given.nodes, outs, self.book)
        return Proposal(
            sdn=SdnConfig(own=self._own(zones, vnets, subnets, exits, controller)),
            take_outs=outs,
            vteps=self._vteps(),
            speakers=frozenset(self.speakers),
            lost=tuple(self.book.lost),
            findings=tuple(self.book.findings),
            frr_local=local,
        )

    def _vteps(self) -> dict[str, Vtep]:
        """Members that were not read have the address that the cluster knows."""
        unread = {
            name: Vtep(node=name, address=address, interface=None, mtu=None, why="the node could not be asked")
            for address, name in self.ground.owners.items()
            if name not in self.ground.vteps
        }
        return unread | dict(self.ground.vteps)

    def _own(
        self,
        zones: list[OwnZone],
        vnets: list[Vnet],
        subnets: list[Subnet],
        exits: list[Exit],
        controller: EvpnController | None,
    ) -> OwnSdn:
        used = frozenset[str]().union(*(draft.nodes for draft in self.drafts)) | self.speakers.keys()
        return OwnSdn(
            underlay=propose_underlay(self.ground, used, self.given.facts, self.given.cluster),
            zones=tuple(sorted(zones, key=lambda zone: zone.id)),
            vnets=tuple(sorted(vnets, key=lambda vnet: vnet.id)),
            subnets=tuple(sorted(subnets, key=lambda subnet: subnet.id)),
            exits=tuple(sorted(exits, key=lambda uplink: uplink.id)),
            controllers=(controller,) if controller else (),
        )

    # --- objects ------------------------------------------------------------------------------------------------------

    def _vnet_id(self, net: Net, ids: Ids) -> str:
        found = ids.vnet(net.name)
        if found != net.name:
            what = f"the bridge cannot keep its name as a VNet: it becomes {found}"
            hint = (
                f"after the apply plug its guests into {found}: 'qm set VMID --netN' (or 'pct set') with what "
                f"'qm config VMID' shows of netN, its MAC address included, but bridge={found}"
            )
            self.book.warn(f"{net.name}", what, hint)
        return found

    def _zone(self, draft: Draft, name: str, uplinks: list[UplinkOnNode]) -> OwnZone:
        where = Where(file=OWN_NAME, line=0, kind="zone", id=name)
        nodes = draft.nodes | {uplink.node for uplink in uplinks}
        restricted = None if self._is_everywhere(nodes) else nodes
        mtu = draft.mtu or self._mtu_beside_unread(restricted)
        if draft.mode is not FloodMode.EVPN:
            return VxlanZone(
                where=where,
                id=name,
                nodes=restricted,
                mtu=mtu,
                peers=draft.peers,
                multicast_group=draft.group,
                multicast_interface=draft.physdev,
                vxlan_port=draft.udp_port,
            )
        mac = draft.mac if draft.mac and draft.mac.lower() != names.anycast_mac(name) else None
        is_symmetric = draft.irb is Irb.SYMMETRIC
        exit_nodes = frozenset(uplink.node for uplink in uplinks)
        routers = {node: self._router(node, draft.vrf) for node in sorted(draft.nodes & self.given.nodes.keys())}
        return EvpnZone(
            where=where,
            id=name,
            controller=_CONTROLLER,
            irb=draft.irb,
            nodes=restricted,
            mtu=mtu,
            l3vni=draft.l3vni,
            mac=mac,
            vrf="main" if draft.irb is Irb.ASYMMETRIC and draft.vrf is None else None,
            flood=draft.floods,
            no_arp_nd_suppression=not draft.suppresses,
            advertise_subnets=advertises_subnets(routers, exit_nodes) if is_symmetric else True,
            rt_import=imported_targets(routers, draft.l3vni, self.book) if is_symmetric else (),
            vxlan_port=draft.udp_port,
        )

    def _mtu_beside_unread(self, nodes: frozenset[str] | None) -> int | None:
        """The MTU that follows from the nodes that were read, stated outright: the underlay of the others is not known.

        None also where ifupdown2 does not accept the size: the plan of the cut-over then says which device is to blame.
        """
        unread = self.given.unread.keys() if nodes is None else self.given.unread.keys() & nodes
        wanted = self.ground.vteps if nodes is None else self.ground.vteps.keys() & nodes
        mtu = inner_mtu(self.ground.vteps[node] for node in sorted(wanted)) if unread else None
        return mtu if mtu is not None and MTU_MIN <= mtu <= MTU_MAX else None

    def _router(self, node: str, vrf: str | None) -> FrrRouter | None:
        routers = self.given.nodes[node].frr.routers
        return next((router for router in routers if vrf is not None and router.vrf == vrf), None)

    def _is_everywhere(self, nodes: Iterable[str]) -> bool:
        """Whether all nodes that were read are among them; the others are not known."""
        return set(nodes) >= set(self.given.nodes)

    def _vnet(self, net: Net, name: str, zone: OwnZone) -> Vnet:
        members = zone.nodes if zone.nodes is not None else frozenset(self.given.nodes)
        return Vnet(
            where=Where(file=OWN_NAME, line=0, kind="vnet", id=name),
            id=name,
            zone=zone.id,
            tag=net.first.port.vni,
            alias=alias_of(net, self.book),
            vlanaware=net.first.bridge.is_vlan_aware,
            nodes=None if net.nodes >= members & self.given.nodes.keys() else net.nodes,
        )

    def _subnets(self, net: Net, vnet: str, zone: OwnZone) -> Iterator[Subnet]:
        for gateway in net.addresses:
            network = ip_network(gateway.network)
            name = f"{zone.id}-{network.network_address}-{network.prefixlen}"
            yield Subnet(
                where=Where(file=OWN_NAME, line=0, kind="subnet", id=name),
                id=name,
                vnet=vnet,
                cidr=str(network),
                network=network,
                gateway=gateway.ip,
            )

    # --- what is not expressed ----------------------------------------------------------------------------------------

    def _tell_the_rest(self, controller: EvpnController | None, zones: list[OwnZone]) -> dict[str, tuple[str, ...]]:
        """Enter it; what of each frr.conf can be kept, by node."""
        vrfs = {
            draft.vrf: names.vrf(self.made.zones[draft.nets[0].name])
            for draft in self.drafts
            if draft.vrf is not None and draft.is_routed
        }
        tell_words(self.given.nodes, self.nets, self.drafts, self.ground, self.book, vrfs=vrfs)
        local = {}
        for name in sorted(self.speakers):
            lines = tell_foreign_frr(self.given.nodes[name], self._becomes(name, controller, zones), self.book)
            if lines:
                local[name] = lines
        replaced = {name: self.given.nodes[name].frr for name in self.speakers}
        tell_lost_paths(replaced, self.ground.vteps, local.keys(), self.book)
        for name, reason in sorted(self.given.unread.items()):
            what = f"was not read ({reason}): it is assumed to be like the others"
            self.book.warn(name, what, "import again once it can be read, before you apply")
        return local

    def _becomes(self, node: str, controller: EvpnController | None, zones: list[OwnZone]) -> Becomes:
        capabilities = DesignInput(sdn=SdnConfig(), cluster=self.given.cluster, facts=self.given.facts).capabilities
        return becomes(
            self.speakers[node],
            tuple((draft, self.made.zones[draft.nets[0].name]) for draft in self.drafts),
            tuple(uplink for uplink in self.made.uplinks if uplink.node == node),
            controller,
            self.ground,
            announces={zone.id: isinstance(zone, EvpnZone) and zone.advertise_subnets for zone in zones},
            vnets=self.made.vnets,
            reads_local=capabilities.has_sdn and capabilities.on(node).writes_frr_for_local,
        )
