"""Zones of PVE's -> the same in `pvesdn.cfg`: same ids, same VNIs, and each property accounted for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_address

from pydantic import ValidationError

from pvesdn.decode.definitions.pve_words import WORDS, heeded
from pvesdn.decode.definitions.section_config import Section, value_of
from pvesdn.decode.definitions.values import BadValueError, alias
from pvesdn.design.checks.wording import FEW, error, listed, note, some, warning
from pvesdn.design.pve.exits import is_dropped, null_routes
from pvesdn.design.pve.zones import DEFAULT_MTU, printed_alias
from pvesdn.design.shared.names import vrf
from pvesdn.errors import SdnConfigError
from pvesdn.model.acl import LOCAL_ZONE
from pvesdn.model.fabrics import Fabric
from pvesdn.model.findings import Finding, Where
from pvesdn.model.own_sdn import EvpnZone, Irb, OwnSdn, OwnZone, Underlay, VxlanZone
from pvesdn.model.primitives import IpAddress
from pvesdn.model.pve_sdn import PveEvpnZone, PveVxlanZone
from pvesdn.model.snapshot import OWN_NAME
from pvesdn.model.vnets import Subnet, Vnet
from pvesdn.model.zone_move import Fate, MovedProperty, ZoneMove
from pvesdn.move.commands import enter, leave
from pvesdn.move.fates import EVPN, FATES, VXLAN, Rule
from pvesdn.move.panel import Leaving, Panel, choose, is_on, keep_their_names, place, told

UNDERLAY_ID = "cluster"


def from_panel(names: Iterable[str], panel: Panel, *, vteps: Mapping[str, IpAddress] | None = None) -> ZoneMove:
    """Propose definitions for zones that PVE has.

    :param vteps: addresses by node that have to be named for tunnels to begin where PVE's begin.
    :raises SdnConfigError: a zone cannot be moved, with every reason that was found.
    """
    zones = choose(names, panel)
    objects: list[OwnZone] = []
    refused: list[Finding] = []
    for leaving in zones:
        try:
            objects.append(_zone(leaving, panel))
        except ValidationError as found:
            refused += _unwritable(leaving, found)
    if refused:
        raise SdnConfigError(tuple(map(str, refused)))
    return ZoneMove(
        zones=tuple(leaving.zone.id for leaving in zones),
        own=OwnSdn(
            underlay=_underlay(vteps) if vteps else None,
            zones=tuple(objects),
            vnets=tuple(vnet for leaving in zones for vnet in _vnets(leaving, panel)),
            subnets=tuple(subnet for leaving in zones for subnet in _subnets(leaving, panel)),
        ),
        properties=tuple(found for leaving in zones for found in _properties(leaving)),
        taken=tuple(place(*found) for leaving in zones for found in leaving.sections()),
        leave=tuple(leave(zones)),
        enter=tuple(enter(zones)),
        findings=tuple(finding for leaving in zones for finding in _findings(leaving, panel)),
    )


# --- objects ----------------------------------------------------------------------------------------------------------


def _where(kind: str, name: str) -> Where:
    return Where(file=OWN_NAME, line=0, kind=kind, id=name)


def _underlay(vteps: Mapping[str, IpAddress]) -> Underlay:
    return Underlay(where=_where("underlay", UNDERLAY_ID), vteps=tuple(sorted(vteps.items())))


def _zone(leaving: Leaving, panel: Panel) -> OwnZone:
    """The zone with everything said that pvesdn would choose otherwise."""
    zone, where = leaving.zone, _where("zone", leaving.zone.id)
    mtu = zone.mtu or DEFAULT_MTU  # PVE prints its own default; pvesdn's follows the underlay
    if isinstance(zone, PveVxlanZone):
        return VxlanZone(
            where=where,
            id=zone.id,
            nodes=zone.nodes,
            mtu=mtu,
            peers=_peers(zone, panel),
            vxlan_port=zone.vxlan_port,
        )
    return EvpnZone(
        where=where,
        id=zone.id,
        controller=zone.controller,
        irb=Irb.SYMMETRIC,
        nodes=zone.nodes,
        mtu=mtu,
        l3vni=zone.l3vni,
        mac=zone.mac,
        no_arp_nd_suppression=zone.no_arp_nd_suppression,
        advertise_subnets=zone.advertise_subnets,
        rt_import=zone.rt_import,
        vxlan_port=zone.vxlan_port,
    )


def _unwritable(leaving: Leaving, found: ValidationError) -> Iterator[Finding]:
    """Values that PVE takes and pvesdn.cfg does not, since no device would have them."""
    fields = (VxlanZone if isinstance(leaving.zone, PveVxlanZone) else EvpnZone).model_fields
    for fault in found.errors():
        field = str(fault["loc"][0])
        name = fields[field].alias or field if field in fields else field
        what = f"{name} {value_of(leaving.section, name)} is none that a device can have"
        yield error(place("zones", leaving.section), what, "choose another one in PVE's panel and apply it first")


def _peers(zone: PveVxlanZone, panel: Panel) -> tuple[IpAddress, ...]:
    """Each once, in PVE's order; a fabric's members by their address there."""
    if zone.fabric is None:
        return tuple(dict.fromkeys(map(ip_address, zone.peers)))
    members = (
        member
        for fabric in panel.pve.fabrics
        if isinstance(fabric, Fabric) and fabric.id == zone.fabric
        for member in fabric.members
    )
    return tuple(sorted({member.ip for member in members if member.ip is not None}, key=int))


def _vnets(leaving: Leaving, panel: Panel) -> Iterator[Vnet]:
    found = {vnet.id: vnet for vnet in panel.pve.vnets}
    for section in leaving.vnets:
        vnet = found[section.id]
        yield Vnet(
            where=_where("vnet", vnet.id),
            id=vnet.id,
            zone=vnet.zone,
            tag=vnet.tag,
            alias=None if _alias_fault(vnet.alias or "") else printed_alias(vnet),
            vlanaware=vnet.vlanaware and isinstance(leaving.zone, PveVxlanZone),
        )


def _alias_fault(text: str) -> str:
    """Why pvesdn.cfg does not take an alias; empty where it does."""
    try:
        alias(text)
    except BadValueError as error:
        return error.what
    return ""


def _subnets(leaving: Leaving, panel: Panel) -> Iterator[Subnet]:
    """Subnets of the same id, but for host bits in it, which pvesdn.cfg does not take."""
    found = {subnet.id: subnet for subnet in panel.pve.subnets}
    for sections in leaving.subnets.values():
        for section in sections:
            subnet = found[section.id]
            name = f"{leaving.zone.id}-{subnet.network.network_address}-{subnet.network.prefixlen}"
            yield Subnet(
                where=_where("subnet", name),
                id=name,
                vnet=subnet.vnet,
                cidr=str(subnet.network),
                network=subnet.network,
                gateway=subnet.gateway if isinstance(leaving.zone, PveEvpnZone) else None,
            )


# --- every property ---------------------------------------------------------------------------------------------------


def _properties(leaving: Leaving) -> Iterator[MovedProperty]:
    fates = FATES[VXLAN if isinstance(leaving.zone, PveVxlanZone) else EVPN]
    for collection, section in leaving.sections():
        known = WORDS[collection][section.type]
        for item in heeded(collection, section):
            rule = fates[collection][item.key]
            if item.key == "alias" and (fault := _alias_fault(item.value)):
                rule = Rule(Fate.LOST, f"pvesdn.cfg does not take it: {fault}", "write another one into the section")
            # What is off does nothing, here and there.
            yield told(
                place(collection, section), item, rule, is_idle=known[item.key].is_boolean and not is_on(item.value)
            )


# --- what goes with the panel -----------------------------------------------------------------------------------------


def with_the_panel(own: OwnSdn) -> tuple[str, ...]:
    """What PVE does with a VNet of its own besides carrying its packets, and no longer does with these."""
    paths = ", ".join(f"{LOCAL_ZONE}/{vnet.id}" for vnet in own.vnets)
    if not own.vnets:
        return ()
    return (
        f"Guests stay plugged in, and their configuration stays right: {keep_their_names(own.vnets)}.",
        f"The panel no longer offers the VNets: a NIC is set by 'qm set VMID --net0 virtio,bridge={own.vnets[0].id}'.",
        f"Users other than root@pam need SDN.Use on {paths}; rights on the zone no longer count.",
        "Firewall rules of VNets (/etc/pve/sdn/firewall/VNET.fw) no longer apply: move them to the guests first.",
        "The firewall's IP sets +sdn/VNET-... are gone: in rules that use them, write the addresses themselves first.",
        "The panel no longer shows the state of the zone; 'pvesdn show' and 'pvesdn plan' do.",
    )


# --- what is worth knowing --------------------------------------------------------------------------------------------


def _findings(leaving: Leaving, panel: Panel) -> Iterator[Finding]:
    zone, where = leaving.zone, place("zones", leaving.section)
    if zone.mtu is None:
        what = f"mtu {DEFAULT_MTU} is written down, since that is PVE's default and pvesdn's follows the underlay"
        yield note(where, what)
    here = [subnet for subnet in panel.pve.subnets if subnet.vnet in leaving.subnets]
    if isinstance(zone, PveVxlanZone) and zone.fabric is None:
        what = "peers are carried as they are; without the line they follow the members of the cluster"
        yield note(where, what, "leave it out later, once the plan shows that nothing changes by it")
    if isinstance(zone, PveEvpnZone) and zone.mac is None and any(subnet.gateway for subnet in here):
        what = "has no mac, so each node's bridges have MACs of their own; in pvesdn.cfg the gateways get one"
        yield warning(where, f"{what}, which guests find when their ARP entries run out")
    for section in leaving.vnets:
        yield from _of_vnet(leaving, section, panel)
    for other in panel.pve.zones:
        if isinstance(other, PveEvpnZone) and other.exit_nodes and other.id != zone.id:
            dropped = [subnet for subnet in here if is_dropped(subnet, other)]
            yield from _without_null_routes(where, other, dropped)


def _without_null_routes(where: Where, other: PveEvpnZone, dropped: Sequence[Subnet]) -> Iterator[Finding]:
    """What another zone's exits keep apart only while PVE has these subnets.

    :param dropped: subnets that go, for which the exits have null routes.
    """
    if not dropped:
        return
    routes = [f"{route.family} route {route.prefix} null0" for route in null_routes(other, dropped)]
    what = (
        f"exit nodes of {other.id} ({listed(other.exit_nodes)}) have null routes for {some([s.cidr for s in dropped])},"
        " which go with the subnets: what is sent there then follows the nodes' other routes"
    )
    written = "; ".join(f"'{route}'" for route in routes[:FEW])
    hint = f"to keep them, write {written}{', and so on,' * (len(routes) > FEW)} below 'vrf {vrf(other.id)}'"
    yield warning(where, what, f"{hint} in /etc/frr/frr.conf.local there")


def _of_vnet(leaving: Leaving, section: Section, panel: Panel) -> Iterator[Finding]:
    here = [subnet for subnet in panel.pve.subnets if subnet.vnet == section.id]
    if isinstance(leaving.zone, PveEvpnZone) and all(subnet.gateway is None for subnet in here):
        what = f"has no gateway: its bridge leaves vrf_{leaving.zone.id}, in which nothing was routed for it"
        yield note(place("vnets", section), what)
    for subnet in here:
        if subnet.cidr != str(subnet.network):
            yield note(subnet.where, f"has host bits in its id; in pvesdn.cfg it is the subnet {subnet.network}")
