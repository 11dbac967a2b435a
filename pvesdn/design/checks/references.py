"""Objects that name other objects, and zones whose parts do not fit together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pvesdn.design.checks.wording import DEFINE_IT, absent, error, listed, note, warning
from pvesdn.model.design import DesignInput
from pvesdn.model.fabrics import Fabric
from pvesdn.model.findings import Finding, Where
from pvesdn.model.own_sdn import EvpnZone, Irb, OwnSdn
from pvesdn.model.pve_controllers import PveBgpController, PveIsisController
from pvesdn.model.pve_sdn import PveEvpnController, PveEvpnZone, PveSdn, PveVlanZone, PveVxlanZone, UnmanagedController
from pvesdn.model.sdn import Controller
from pvesdn.model.vnets import Vnet

_TAGGED: Mapping[type, str] = {PveVlanZone: "vlan", PveVxlanZone: "vxlan", PveEvpnZone: "evpn"}
"""Types of PVE's zones that leave out a VNet without a tag (docs/pve.md §5)."""


def check(given: DesignInput) -> Iterator[Finding]:
    """Missing zones, VNets and controllers; zones without VNets; VNet properties that the zone's
    type does not allow.
    """
    yield from _homes(given)
    yield from _zones(given)
    used = {zone.controller for zone in given.sdn.own.zones if isinstance(zone, EvpnZone)}
    for controller in given.sdn.own.controllers:
        if controller.id not in used:
            yield note(controller.where, "no zone uses it, so it has no effect")


def _homes(given: DesignInput) -> Iterator[Finding]:
    """VNets in zones, subnets in VNets."""
    for where, home, hint in _homeless(given.sdn.own):
        yield error(where, f"{home} does not exist", hint)
    for where, home, _ in _homeless(given.sdn.pve):
        yield warning(where, f"{home} does not exist", "PVE leaves this out")
    routed = {zone.id: zone for zone in given.sdn.own.zones if isinstance(zone, EvpnZone)}
    for vnet in given.sdn.own.vnets:
        if vnet.zone in routed:
            yield from _vnet_of_evpn(routed[vnet.zone], vnet)
    tagged = {zone.id: _TAGGED[type(zone)] for zone in given.sdn.pve.zones if type(zone) in _TAGGED}
    for vnet in given.sdn.pve.vnets:
        if vnet.tag is None and vnet.zone in tagged:
            what = f"has no tag, and zone '{vnet.zone}' is of type {tagged[vnet.zone]}"
            yield warning(vnet.where, what, "give it one in PVE; until then it is left out")


def _homeless(source: OwnSdn | PveSdn) -> Iterator[tuple[Where, str, str]]:
    """VNets without their zone and subnets without their VNet in the same source: what is missing, and what to do."""
    zones = {zone.id for zone in source.zones}
    vnets = {vnet.id for vnet in source.vnets}
    for vnet in source.vnets:
        if vnet.zone not in zones:
            yield vnet.where, f"zone '{vnet.zone}'", absent(vnet.zone, zones, DEFINE_IT)
    for subnet in source.subnets:
        if subnet.vnet not in vnets:
            yield subnet.where, f"vnet '{subnet.vnet}'", absent(subnet.vnet, vnets, DEFINE_IT)


def _zones(given: DesignInput) -> Iterator[Finding]:
    controllers = {controller.id: controller for controller in given.sdn.both.controllers}
    used = {vnet.zone for vnet in given.sdn.own.vnets}
    for zone in given.sdn.own.zones:
        if isinstance(zone, EvpnZone):
            yield from _our_evpn(zone, controllers)
        if zone.id not in used:
            yield note(zone.where, "has no VNet yet")
    for theirs in given.sdn.pve.zones:
        if isinstance(theirs, PveEvpnZone | PveVxlanZone):
            yield from _pves_way(given, theirs, controllers)


def _pves_way(
    given: DesignInput, zone: PveEvpnZone | PveVxlanZone, controllers: Mapping[str, Controller]
) -> Iterator[Finding]:
    """What a zone of PVE's lacks, so that PVE leaves out its VNets on some nodes or on all."""
    hint = "PVE leaves this zone's VNets out"
    fabric_id = zone.fabric if isinstance(zone, PveVxlanZone) else None
    if isinstance(zone, PveEvpnZone):
        controller = controllers.get(zone.controller)
        if controller is None:
            yield warning(zone.where, f"controller '{zone.controller}' does not exist", hint)
        elif kind := _other_kind(controller):
            yield warning(zone.where, f"controller '{zone.controller}' is of type {kind}", hint)
        elif isinstance(controller, PveEvpnController):
            fabric_id = controller.fabric
    if fabric_id is None:
        return
    fabric = next((known for known in given.sdn.pve.fabrics if known.id == fabric_id), None)
    if fabric is None:
        yield warning(zone.where, f"fabric '{fabric_id}' does not exist", hint)
    elif isinstance(fabric, Fabric):
        reached = {member.node for member in fabric.members if member.ip is not None}
        if outside := given.cluster.among(zone.nodes) - reached:
            what = f"fabric '{fabric_id}' has no node with an IPv4 address for {listed(outside)}"
            yield warning(zone.where, what, f"{hint} there; add the node to the fabric, or name the zone's nodes")


def _vnet_of_evpn(zone: EvpnZone, vnet: Vnet) -> Iterator[Finding]:
    if vnet.vlanaware:
        what = f"vlanaware cannot be used in zone '{zone.id}': EVPN carries one broadcast domain per VNI"
        yield error(vnet.where, what, "remove vlanaware, or use a zone of type vxlan")
    if zone.irb is Irb.ASYMMETRIC and vnet.nodes is not None:
        what = (
            f"nodes cannot be used in zone '{zone.id}': asymmetric routing needs every VNet on every node of the zone"
        )
        yield error(vnet.where, what, "remove nodes, or write irb symmetric in the zone")


def _other_kind(controller: Controller) -> str:
    """The type of a controller that is not for EVPN; empty for one that is."""
    match controller:
        case UnmanagedController() if controller.type != "evpn" or controller.asn is None:
            return controller.type
        case PveBgpController():
            return "bgp"
        case PveIsisController():
            return "isis"
        case _:
            return ""


def _our_evpn(zone: EvpnZone, controllers: Mapping[str, Controller]) -> Iterator[Finding]:
    controller = controllers.get(zone.controller)
    if controller is None:
        speaking = (name for name, known in controllers.items() if not _other_kind(known))
        hint = absent(zone.controller, speaking, f"define it: 'evpn-controller: {zone.controller}' with an asn")
        yield error(zone.where, f"controller '{zone.controller}' does not exist", hint)
    elif kind := _other_kind(controller):
        what = f"controller '{zone.controller}' is of type {kind}"
        yield error(zone.where, what, "name a controller for EVPN")
    if zone.vrf == "main":
        what = "vrf main routes in the host's own table: guests reach VTEP addresses and all other zones there"
        yield warning(zone.where, what, "leave vrf out to give the zone a VRF of its own")
    if zone.irb is Irb.NONE and not zone.flood:
        what = "flood 0 stops multicast at the tunnel, and with it IPv6 neighbour discovery between guests"
        yield warning(zone.where, what, "leave flood out if guests use IPv6")
