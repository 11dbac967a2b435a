"""PVE's own files on one node: what PVE itself would write for the definitions it has (docs/pve.md §4.3)."""

from __future__ import annotations

from typing import assert_never

from pvesdn.design.pve.bridges import OvsPorts
from pvesdn.design.pve.fabrics import fabric_interfaces
from pvesdn.design.pve.frr import design_pve_frr
from pvesdn.design.pve.index import PveIndex, index_pve
from pvesdn.design.pve.node import IPV4, BridgeKind, PveNode
from pvesdn.design.pve.underlay import NodeControllers, PveUnderlay, evpn_underlay, vxlan_underlay
from pvesdn.design.pve.zones import evpn_port, gateway_family, untranslatable, vnet_bridge, vxlan_port
from pvesdn.design.shared import names
from pvesdn.model.design import DesignInput
from pvesdn.model.ifupdown import InterfacesFile, Stanza
from pvesdn.model.pve_sdn import (
    BridgedPveZone,
    PveEvpnController,
    PveEvpnZone,
    PveQinqZone,
    PveSimpleZone,
    PveVlanZone,
    PveVxlanZone,
    RenderedPveZone,
)
from pvesdn.model.vnets import Vnet

__all__ = ["PveIndex", "design_pve_frr", "design_sdn_file", "index_pve"]


def design_sdn_file(given: DesignInput, node: str, index: PveIndex | None = None) -> InterfacesFile | None:
    """PVE's `interfaces.d/sdn` on a node.

    :param index: `index_pve(given.sdn.pve)`, for callers that design many nodes; stanzas that do not depend on the node
        are then one object on all of them.
    :returns: None when it cannot be told: nothing was ever defined (PVE then writes no version), nothing is known of
        the node or of the bridges that its zones ride on, or the file has stanzas of zones or fabrics that pvesdn
        leaves to PVE, which a kind that is newer than 1.3 makes of the whole node.
    """
    facts = given.facts.get(node)
    if given.sdn.pve.version is None or facts is None or given.sdn.pve.is_unmanaged_on(node):
        return None
    index = index or index_pve(given.sdn.pve)
    if any(zone.nodes is None or node in zone.nodes for zone in index.unmanaged):
        return None
    here = [(vnet, zone) for vnet, zone in index.vnets if zone.nodes is None or node in zone.nodes]
    if not facts.links and any(isinstance(zone, BridgedPveZone) for _, zone in here):
        return None
    writer = _Writer(index, PveNode(facts), node)
    for vnet, zone in here:
        writer.add(vnet, zone)
    fabrics = fabric_interfaces(index.fabrics.values(), node)
    return InterfacesFile(stanzas=writer.stanzas(), version=given.sdn.pve.version, fabrics=fabrics)


class _Writer:
    """Collects the stanzas of one node by name; the first of a name stays, as in PVE."""

    def __init__(self, index: PveIndex, answers: PveNode, node: str) -> None:
        self._stanzas: dict[str, Stanza] = {}
        self._ovs = OvsPorts()
        self._index = index
        self._answers = answers
        self._node = node
        self._own = NodeControllers.of(index.controllers.values(), node)
        self._underlays: dict[str, PveUnderlay | None] = {}

    def stanzas(self) -> tuple[Stanza, ...]:
        """All of them, sorted by name."""
        for stanza in self._ovs.stanzas():
            self._put(stanza)
        return tuple(self._stanzas[name] for name in sorted(self._stanzas))

    def add(self, vnet: Vnet, zone: RenderedPveZone) -> None:
        """Add what a VNet needs, as far as PVE gets: then it logs a warning and moves on to the next VNet.

        It is stopped by a missing tag, controller, fabric or bridge, or by a route that the node lacks.
        """
        match zone:
            case PveSimpleZone():
                if not self._lacks_default_route(vnet):
                    self._add_bridge(vnet, zone, is_translated=True)
            case PveVxlanZone():
                if vnet.tag is not None and (underlay := self._underlay(zone)):
                    self._put(vxlan_port(vnet, vnet.tag, zone, underlay))
                    self._add_bridge(vnet, zone, is_translated=False)
            case PveEvpnZone():
                self._add_routed(vnet, zone)
            case PveVlanZone() | PveQinqZone():
                self._add_bridged(vnet, zone)
            case _:
                assert_never(zone)

    def _add_routed(self, vnet: Vnet, zone: PveEvpnZone) -> None:
        underlay = self._underlay(zone)
        if vnet.tag is None or underlay is None:
            return
        local = underlay.own.address
        self._put(evpn_port(names.vxlan_port(vnet.id), vnet.tag, zone, local))
        if self._lacks_default_route(vnet):
            return  # the port is in PVE's table by then, and stays there
        self._add_bridge(vnet, zone, is_translated=self._node in zone.exit_nodes)
        self._add_zone(vnet, zone, local)

    def _underlay(self, zone: PveVxlanZone | PveEvpnZone) -> PveUnderlay | None:
        """Worked out once for all VNets of a zone; None where PVE leaves the node out, or finds no route."""
        if zone.id not in self._underlays:
            found = (
                vxlan_underlay(zone, self._index.fabrics, self._answers)
                if isinstance(zone, PveVxlanZone)
                else self._evpn_underlay(zone)
            )
            is_reachable = found is not None and not self._answers.is_missing(found.own)
            self._underlays[zone.id] = found if is_reachable else None
        return self._underlays[zone.id]

    def _lacks_default_route(self, vnet: Vnet) -> bool:
        """PVE looks up the route to the internet wherever a subnet has source NAT, on an exit node or not."""
        if vnet.id not in self._index.translated:
            return False
        return untranslatable(self._index.subnets[vnet.id], self._answers) is not None

    def _add_bridged(self, vnet: Vnet, zone: BridgedPveZone) -> None:
        bridge = self._answers.bridge(zone.bridge)
        stanzas = self._index.bridged.of(vnet, zone, bridge) if bridge is not None else ()
        for stanza in stanzas:
            self._put(stanza)
        if bridge is not None and bridge.kind is BridgeKind.OVS and stanzas:
            self._ovs.add(vnet, zone, bridge.name)

    def _evpn_underlay(self, zone: PveEvpnZone) -> PveUnderlay | None:
        controller = self._index.controllers.get(zone.controller)
        if not isinstance(controller, PveEvpnController):
            return None
        return evpn_underlay(controller, self._index.fabrics, self._answers, self._own.tunnel_loopback)

    def _add_zone(self, vnet: Vnet, zone: PveEvpnZone, local: str | None) -> None:
        if names.l3vni_port(zone.id) in self._stanzas:
            return
        shared = self._index.shared[zone.id]
        is_exit = self._node in zone.exit_nodes
        self._put(evpn_port(names.l3vni_port(zone.id), zone.l3vni, zone, local))
        self._put(shared.exit_vrf if is_exit else shared.vrf)
        self._put(shared.bridge)
        if is_exit and zone.exit_nodes_local_routing:
            subnets = self._index.subnets.get(vnet.id, ())
            for end in shared.veths[max(map(gateway_family, subnets), default=IPV4)]:
                self._put(end)

    def _add_bridge(self, vnet: Vnet, zone: PveSimpleZone | PveVxlanZone | PveEvpnZone, *, is_translated: bool) -> None:
        if is_translated and vnet.id in self._index.translated:
            self._put(vnet_bridge(vnet, zone, self._index.subnets[vnet.id], self._answers.internet))
        else:
            self._put(self._index.bridges[vnet.id])

    def _put(self, stanza: Stanza) -> None:
        self._stanzas.setdefault(stanza.name, stanza)
