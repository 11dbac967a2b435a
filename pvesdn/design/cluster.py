"""The cluster's design: first what all nodes share, made once, then one node at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from operator import attrgetter

from pvesdn.design.merge.frr import merge_frr
from pvesdn.design.ours import zone_evpn, zone_vxlan
from pvesdn.design.ours.bgp import SWITCHED_BY_PVE, daemons, design_frr, empty_frr
from pvesdn.design.ours.definitions import Definitions, grouped
from pvesdn.design.ours.exits import design_uplink
from pvesdn.design.ours.mesh import BgpPlan, neighbors, plan_bgp
from pvesdn.design.ours.sysctl import design_sysctls
from pvesdn.design.ours.zones import (
    VnetPlan,
    ZonePlan,
    gateway_bridge,
    has_vrf,
    vnet_nodes,
    zone_mtu,
    zone_nodes,
    zone_vteps,
)
from pvesdn.design.pve.frr import peers_of as pve_peers_of
from pvesdn.design.pve.interfaces import PveIndex, design_pve_frr, design_sdn_file, index_pve
from pvesdn.design.shared.names import vrf, vxlan_port
from pvesdn.design.shared.ownership import file_owners, pve_writes_frr
from pvesdn.design.shared.pve_evpn import evpn_zones
from pvesdn.model.cluster import Vtep
from pvesdn.model.design import DesignInput, NodeDesign
from pvesdn.model.dhcp_unit import DhcpUnit
from pvesdn.model.frr import FrrConfig
from pvesdn.model.ifupdown import InterfacesFile, Stanza, Tunnel, VrfDevice, VxlanPort
from pvesdn.model.own_sdn import EvpnZone, Exit, OwnZone, VxlanZone
from pvesdn.model.primitives import IpAddress
from pvesdn.model.pve_ifupdown import PveVxlanPort


@dataclass(frozen=True, slots=True)
class SharedDesign:
    """The part of the design that all nodes share.

    :param plans: our zones, sorted by id.
    :param exits: by node, sorted by id.
    """

    given: DesignInput
    vteps: Mapping[str, Vtep]
    plans: tuple[ZonePlan, ...]
    exits: Mapping[str, tuple[Exit, ...]]
    bgp: BgpPlan
    pve: PveIndex


def share(given: DesignInput, vteps: Mapping[str, Vtep]) -> SharedDesign:
    """Design what is the same on every node.

    Precondition: `choose_vteps` and `check` found no error; a network that they refuse has no design.

    :raises ValueError: a zone's MTU cannot be known.
    """
    defined = Definitions.of(given.sdn.own)
    plans = tuple(_plan_zone(zone, given, vteps, defined) for zone in given.sdn.own.zones)
    return SharedDesign(
        given=given,
        vteps=vteps,
        plans=plans,
        exits=grouped((uplink.node, uplink) for uplink in given.sdn.own.exits),
        bgp=plan_bgp(given, vteps, plans),
        pve=index_pve(given.sdn.pve),
    )


def design_node(shared: SharedDesign, node: str, *, holds_our_frr: bool = False) -> NodeDesign:
    """One node's design: ours, and as much of PVE's as is known.

    :param holds_our_frr: the node's frr.conf has something of ours: without a zone that needs FRR, what it says of
        forwarding is all that stays.
    """
    has_sdn = shared.given.capabilities.has_sdn
    exits = shared.exits.get(node, ())
    stanzas = sorted(_stanzas(shared, exits, node), key=attrgetter("name"))
    sdn = design_sdn_file(shared.given, node, shared.pve)
    pve_frr = design_pve_frr(shared.given, node, shared.pve)
    frr = design_frr(shared.given, shared.bgp, shared.plans, exits, node)
    if frr is not None and pve_frr is not None and not frr.is_local_block:
        frr = merge_frr(pve_frr, frr)
    flooding = tuple(sorted(_flooding(shared, sdn, frr, node)))
    if holds_our_frr and frr is None and pve_frr is None and not pve_writes_frr(shared.given, node):
        frr = empty_frr(shared.given, shared.plans, node)
    return NodeDesign(
        node=node,
        interfaces=InterfacesFile(tuple(stanzas), tunnels=_tunnels(shared, node)) if stanzas else None,
        sdn=sdn,
        frr=frr,
        pve_frr=pve_frr,
        owners=file_owners(shared.given, node, sdn=sdn, frr=frr, pve_frr=pve_frr),
        daemons=daemons(frr if has_sdn else frr or pve_frr),
        sysctls=design_sysctls(shared.plans, exits, node),
        flooding=flooding,
        pve_daemons=daemons(pve_frr) - SWITCHED_BY_PVE if has_sdn else frozenset(),
        dhcp=tuple(sorted(_dhcp(shared, node), key=attrgetter("zone"))),
    )


def peers_of(shared: SharedDesign, node: str) -> frozenset[IpAddress]:
    """The BGP peers of a member of which nothing was read, by our controllers and PVE's."""
    ours = (neighbors(mesh, node) for mesh in shared.bgp.meshes if node in mesh.speakers)
    return pve_peers_of(shared.given, node).union(*ours)


def _plan_zone(zone: OwnZone, given: DesignInput, vteps: Mapping[str, Vtep], defined: Definitions) -> ZonePlan:
    nodes = zone_nodes(zone, given.cluster)
    vnets = defined.vnets.get(zone.id, ())
    own = zone_vteps(zone, vteps, given)
    mtu = zone_mtu(zone, own)
    if mtu is None:
        msg = f"the MTU of zone {zone.id} cannot be known"
        raise ValueError(msg)
    served = given.sdn.pve.with_dhcp
    planned = tuple(
        VnetPlan(
            nodes=vnet_nodes(vnet, nodes),
            bridge=gateway_bridge(zone, vnet, defined.subnets.get(vnet.id, ()), mtu),
            port=VxlanPort(vxlan_port(vnet.id), vnet.tag or 0, zone.id, keeps_dhcp_out=vnet.drawn_in in served),
        )
        for vnet in vnets
    )
    reach = defined.reach(zone, given.cluster)
    return ZonePlan(
        zone=zone,
        nodes=nodes,
        vteps=own,
        mtu=mtu,
        vnets=planned,
        families=reach.families,
        active=reach.active,
    )


def _stanzas(shared: SharedDesign, exits: tuple[Exit, ...], node: str) -> Iterator[Stanza]:
    for plan in shared.plans:
        here = [vnet for vnet in plan.vnets if node in vnet.nodes]
        # Bridges first, then ports: two runs in order already, which makes sorting nearly free.
        yield from (vnet.bridge for vnet in here)
        yield from (vnet.port for vnet in here)
        if isinstance(plan.zone, EvpnZone):
            yield from zone_evpn.design_vrf(plan, plan.zone, node)
    borrowed = evpn_zones(shared.given) if exits else {}
    for uplink in exits:
        yield design_uplink(uplink)
        if uplink.zone in borrowed:
            # Said again in our file: PVE's own reload would fail on our uplink once its zone is gone.
            yield VrfDevice(vrf(uplink.zone), has_unreachable_default=False)


def _tunnels(shared: SharedDesign, node: str) -> dict[str, Tunnel]:
    return {plan.zone.id: _tunnel(plan, node) for plan in shared.plans if node in plan.active}


def _tunnel(plan: ZonePlan, node: str) -> Tunnel:
    if isinstance(plan.zone, EvpnZone):
        return zone_evpn.design_tunnel(plan, plan.zone, node)
    return zone_vxlan.design_tunnel(plan, plan.zone, node)


def _dhcp(shared: SharedDesign, node: str) -> Iterator[DhcpUnit]:
    """PVE's dnsmasq of each carried zone whose VNets are in a VRF on the node."""
    served = shared.given.sdn.pve.with_dhcp
    for plan in shared.plans:
        is_here = any(node in vnet.nodes for vnet in plan.vnets)
        if plan.zone.carries in served and has_vrf(plan.zone) and is_here:
            yield DhcpUnit(plan.zone.carries, vrf(plan.zone.id))


def _flooding(
    shared: SharedDesign, sdn: InterfacesFile | None, frr: FrrConfig | None, node: str
) -> Iterator[tuple[str, tuple[IpAddress, ...]]]:
    """Static flooding entries to restore: ours, and those of PVE's plain zones on nodes that also
    run EVPN of ours.
    """
    for plan in shared.plans:
        if isinstance(plan.zone, VxlanZone) and node in plan.active:
            yield from zone_vxlan.flooding(plan, plan.zone, node)
    if frr is not None and sdn is not None:
        for stanza in sdn.stanzas:
            if isinstance(stanza, PveVxlanPort) and stanza.remotes:
                yield stanza.name, tuple(ip_address(remote) for remote in stanza.remotes)
