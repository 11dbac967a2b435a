"""Objects that name other objects, and zones whose parts do not fit together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pvesdn.design.checks.wording import DEFINE_IT, absent, error, few, listed, note, warning
from pvesdn.model.design import DesignInput
from pvesdn.model.fabrics import Fabric
from pvesdn.model.findings import Finding
from pvesdn.model.nearest import nearest
from pvesdn.model.own_sdn import EvpnZone, Irb, OwnSdn
from pvesdn.model.pve_controllers import PveBgpController, PveIsisController
from pvesdn.model.pve_sdn import PveEvpnController, PveEvpnZone, PveSdn, PveVlanZone, PveVxlanZone, UnmanagedController
from pvesdn.model.sdn import Controller
from pvesdn.model.vnets import Subnet, Vnet

_TAGGED: Mapping[type, str] = {PveVlanZone: "vlan", PveVxlanZone: "vxlan", PveEvpnZone: "evpn"}
"""Types of PVE's zones that leave out a VNet without a tag (docs/pve.md §5)."""


def check(given: DesignInput) -> Iterator[Finding]:
    """Missing zones, VNets and controllers; zones without VNets; VNet properties that the zone's
    type does not allow.
    """
    yield from _homes(given)
    yield from _zones(given)
    yield from _unused(given)


def _unused(given: DesignInput) -> Iterator[Finding]:
    """Controllers without zones and zones without VNets: unless one that is at fault may be meant for them."""
    own, both = given.sdn.own, given.sdn.both
    named = {zone.controller for zone in own.zones if isinstance(zone, EvpnZone)}
    if not own.unread.may_have_any("zone") and named <= {controller.id for controller in both.controllers}:
        for controller in own.controllers:
            if controller.id not in named:
                yield note(controller.where, "no zone uses it, so it has no effect")
    homes = {vnet.zone for vnet in own.vnets}
    if not own.unread.may_have_any("vnet") and homes <= {zone.id for zone in own.zones}:
        for zone in own.zones:
            # What PVE draws for a zone that carries one of its own is not known without PVE's files.
            if zone.id not in homes and not (zone.carries is not None and given.sdn.pve.unread.may_have_any("vnet")):
                yield note(zone.where, "has no VNet yet")


def _homes(given: DesignInput) -> Iterator[Finding]:
    """VNets in zones, subnets in VNets."""
    for found, home, hint in _homeless(given.sdn.own):
        what = f"{home} does not exist{_by_others(found[1:])}"
        yield error(found[0].at(home.partition(" ")[0]), what, hint)
    for found, home, hint in _homeless(given.sdn.pve):
        what = f"{home} does not exist{_by_others(found[1:])}"
        yield warning(found[0].at(home.partition(" ")[0]), what, f"PVE leaves this out; {hint}")
    routed = {zone.id: zone for zone in given.sdn.own.zones if isinstance(zone, EvpnZone)}
    for vnet in given.sdn.own.vnets:
        if vnet.zone in routed:
            yield from _vnet_of_evpn(routed[vnet.zone], vnet)
    tagged = {zone.id: _TAGGED[type(zone)] for zone in given.sdn.pve.zones if type(zone) in _TAGGED}
    for vnet in given.sdn.pve.vnets:
        if vnet.tag is None and vnet.zone in tagged:
            what = f"has no tag, and zone '{vnet.zone}' is of type {tagged[vnet.zone]}"
            yield warning(vnet.where, what, "give it one in PVE; until then it is left out")


def _homeless(source: OwnSdn | PveSdn) -> Iterator[tuple[Sequence[Vnet | Subnet], str, str]]:
    """VNets without their zone and subnets without their VNet in the same source, those that miss the same together:
    what is missing, and what to do.
    """
    zones = {zone.id for zone in source.zones}
    homes = {vnet.id: vnet.zone for vnet in source.vnets}
    lost: dict[tuple[str, str], list[Vnet | Subnet]] = {}
    for vnet in source.vnets:
        if vnet.zone not in zones and not source.unread.may_have("zone", vnet.zone):
            lost.setdefault(("zone", vnet.zone), []).append(vnet)
    for subnet in source.subnets:
        if subnet.vnet not in homes and not source.unread.may_have("vnet", subnet.vnet):
            lost.setdefault(("vnet", subnet.vnet), []).append(subnet)
    for (noun, name), found in lost.items():
        found.sort(key=lambda inside: inside.where.line)
        # A subnet is named after its zone: a VNet of another one would be refused.
        fitting = zones if noun == "zone" else {id_ for id_, zone in homes.items() if zone in _zones_of(found)}
        otherwise = DEFINE_IT if isinstance(source, OwnSdn) else "define it in PVE, or delete this there"
        yield found, f"{noun} '{name}'", absent(name, fitting, otherwise)


def _zones_of(subnets: Iterable[Vnet | Subnet]) -> set[str]:
    return {subnet.id.partition("-")[0] for subnet in subnets}


def _by_others(others: Sequence[Vnet | Subnet]) -> str:
    """The same absentee is named elsewhere too: one fault, told once, with all places that have to change."""
    return f", and {few(others)} {'name' if len(others) > 1 else 'names'} it too" if others else ""


def _zones(given: DesignInput) -> Iterator[Finding]:
    controllers = {controller.id: controller for controller in given.sdn.both.controllers}
    for zone in given.sdn.own.zones:
        if isinstance(zone, EvpnZone):
            yield from _our_evpn(given, zone, controllers)
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
        if controller is None and given.sdn.pve.unread.may_have("controller", zone.controller):
            return
        if controller is None:
            speaking = [known.id for known in given.sdn.pve.controllers if not _other_kind(known)]
            what = f"controller '{zone.controller}' does not exist"
            cure = absent(zone.controller, speaking, "define it in PVE")
            yield warning(zone.at("controller"), what, f"{hint}; {cure}")
        elif kind := _other_kind(controller):
            what = f"controller '{zone.controller}' is of type {kind}"
            yield warning(zone.at("controller"), what, f"{hint}; name a controller for EVPN")
        elif isinstance(controller, PveEvpnController):
            fabric_id = controller.fabric
    if fabric_id is None:
        return
    fabric = next((known for known in given.sdn.pve.fabrics if known.id == fabric_id), None)
    if fabric is None and not given.sdn.pve.unread.may_have("fabric", fabric_id):
        cure = absent(fabric_id, [known.id for known in given.sdn.pve.fabrics], "define it in PVE")
        yield warning(zone.at("fabric"), f"fabric '{fabric_id}' does not exist", f"{hint}; {cure}")
    elif isinstance(fabric, Fabric):
        reached = {member.node for member in fabric.members if member.ip is not None}
        nodes = frozenset(zone.nodes or ()) if given.cluster.is_assumed else given.cluster.among(zone.nodes)
        if outside := nodes - reached:
            what = f"fabric '{fabric_id}' has no node with an IPv4 address for {listed(outside)}"
            place = zone.at("fabric" if isinstance(zone, PveVxlanZone) else "controller")
            yield warning(place, what, f"{hint} there; add the node to the fabric, or name the zone's nodes")


def _vnet_of_evpn(zone: EvpnZone, vnet: Vnet) -> Iterator[Finding]:
    if vnet.vlanaware:
        what = f"vlanaware cannot be used in zone '{zone.id}': EVPN carries one broadcast domain per VNI"
        yield error(vnet.at("vlanaware"), what, "remove vlanaware, or use a zone of type vxlan")
    # One of PVE's panel has nodes where it is only kept there: it has no gateway left.
    if zone.irb is Irb.ASYMMETRIC and vnet.nodes is not None and vnet.drawn_in is None:
        what = (
            f"nodes cannot be used in zone '{zone.id}': asymmetric routing needs every VNet on every node of the zone"
        )
        yield error(vnet.at("nodes"), what, "remove nodes, or write irb symmetric with a vrf-vxlan in the zone")


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


def _our_evpn(given: DesignInput, zone: EvpnZone, controllers: Mapping[str, Controller]) -> Iterator[Finding]:
    controller = controllers.get(zone.controller)
    if controller is None:
        yield from _no_controller(given, zone, controllers)
    elif kind := _other_kind(controller):
        what = f"controller '{zone.controller}' is of type {kind}"
        yield error(zone.at("controller"), what, "name a controller for EVPN")
    if zone.vrf == "main":
        what = "vrf main routes in the host's own table: guests reach VTEP addresses and all other zones there"
        yield warning(zone.at("vrf"), what, "leave vrf out to give the zone a VRF of its own")
    if zone.irb is Irb.NONE and not zone.flood:
        what = "flood 0 stops multicast at the tunnel, and with it IPv6 neighbour discovery between guests"
        yield warning(zone.at("flood"), what, "leave flood out if guests use IPv6")


def _no_controller(given: DesignInput, zone: EvpnZone, controllers: Mapping[str, Controller]) -> Iterator[Finding]:
    """A controller that neither source has, as far as both were read."""
    name, theirs = zone.controller, given.sdn.pve.unread
    if given.sdn.own.unread.may_have("controller", name):
        return
    speaking = [known for known, controller in controllers.items() if not _other_kind(controller)]
    if theirs.is_everything and nearest(name, speaking) is None:
        what = f"not checked: whether PVE has a controller '{name}'; it is not in {zone.where.file}"
        yield note(zone.at("controller"), what, "check a folder that holds controllers.cfg too")
    elif theirs.is_everything or not theirs.may_have("controller", name):
        hint = absent(name, speaking, f"define it: 'evpn-controller: {name}' with an asn")
        yield error(zone.at("controller"), f"controller '{name}' does not exist", hint)
