"""Zones of `pvesdn.cfg` -> the same among PVE's definitions: the way back when the scripts of the move are gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pvesdn.decode.definitions.section_config import Section
from pvesdn.design.checks.wording import absent, error, note
from pvesdn.design.pve.zones import DEFAULT_MTU
from pvesdn.design.shared import names
from pvesdn.design.shared.as_pve import pve_zone
from pvesdn.errors import SdnConfigError
from pvesdn.model.acl import LOCAL_ZONE
from pvesdn.model.findings import Finding, Where
from pvesdn.model.own_sdn import EvpnZone, Irb, OwnSdn, OwnZone, VxlanZone
from pvesdn.model.primitives import IpAddress
from pvesdn.model.pve_sdn import PveEvpnZone, PveSdn, PveVxlanZone
from pvesdn.model.snapshot import OWN_NAME
from pvesdn.model.zone_move import MovedProperty, ZoneMove
from pvesdn.move.commands import enter, leave
from pvesdn.move.fates import BACK, EVPN, VXLAN
from pvesdn.move.panel import Panel, gather, is_on, keep_their_names, line_numbers, not_applied, place, told


@dataclass(frozen=True, slots=True)
class Ground:
    """What design chose for a zone of ours.

    :param mtu: bytes of an inner IP packet.
    :param vteps: of the zone's nodes, sorted.
    """

    mtu: int
    vteps: tuple[IpAddress, ...]


@dataclass(frozen=True, slots=True)
class Entering:
    """Zones on their way into PVE's files.

    :param own: their objects in pvesdn.cfg.
    :param pve: the same as PVE's.
    :param sections: what goes from pvesdn.cfg, in file order.
    :param properties: every property that these have.
    """

    own: OwnSdn
    pve: PveSdn
    sections: tuple[Section, ...]
    properties: tuple[MovedProperty, ...]
    findings: tuple[Finding, ...]

    def as_move(self, written: Mapping[str, tuple[Section, ...]]) -> ZoneMove:
        """The move, with the calls that it takes.

        :param written: PVE's definitions as sections, by ``zones``, ``vnets`` and ``subnets``.
        """
        zones = tuple(gather(zone, written) for zone in self.pve.zones if isinstance(zone, PveVxlanZone | PveEvpnZone))
        return ZoneMove(
            zones=tuple(leaving.zone.id for leaving in zones),
            own=self.own,
            properties=self.properties,
            taken=tuple(place(*found) for leaving in zones for found in leaving.sections()),
            leave=tuple(leave(zones)),
            enter=tuple(enter(zones)),
            findings=self.findings,
        )


def to_panel(wanted: Iterable[str], panel: Panel, ground: Mapping[str, Ground]) -> Entering:
    """Propose PVE's definitions for zones that `pvesdn.cfg` has.

    :param panel: with the sections of pvesdn.cfg as ``own``.
    :param ground: by zone.
    :raises SdnConfigError: a zone cannot be moved, with every reason that was found.
    """
    ids = frozenset(wanted)
    if refused := (*(f for name in sorted(ids) for f in _refusals(name, panel)), *not_applied(panel)):
        raise SdnConfigError(tuple(map(str, refused)))
    own = panel.own
    zones = tuple(zone for zone in own.zones if zone.id in ids)
    vnets = tuple(vnet for vnet in own.vnets if vnet.zone in ids)
    inside = {vnet.id for vnet in vnets}
    subnets = tuple(subnet for subnet in own.subnets if subnet.vnet in inside)
    gone = {("vxlan", z) for z in ids} | {("evpn", z) for z in ids} | {("vnet", v) for v in inside}
    gone |= {("subnet", subnet.id) for subnet in subnets}
    sections = tuple(section for section in panel.sections["own"] if (section.type, section.id) in gone)
    return Entering(
        own=OwnSdn(zones=zones, vnets=vnets, subnets=subnets),
        pve=PveSdn(
            zones=tuple(_zone(zone, ground[zone.id]) for zone in zones),
            vnets=tuple(vnet.model_copy(update={"nodes": None}) for vnet in vnets),
            subnets=subnets,
        ),
        sections=sections,
        properties=tuple(_properties(sections, zones, own)),
        findings=tuple(finding for zone in zones for finding in _findings(zone)),
    )


def without(text: str, sections: Iterable[Section]) -> str:
    """pvesdn.cfg without the lines of some sections; everything else stays as it is, comments too."""
    gone = {line for section in sections for line in line_numbers(section)}
    return "\n".join(row for number, row in enumerate(text.split("\n"), 1) if number not in gone)


def _refusals(name: str, panel: Panel) -> Iterator[Finding]:
    zone = next((zone for zone in panel.own.zones if zone.id == name), None)
    if zone is None:
        known = [zone.id for zone in panel.own.zones]
        every = f"its zones are {', '.join(known)}" if known else "it has no zone"
        yield error(f"zone '{name}'", f"{OWN_NAME} has no such zone", absent(name, known, every))
    elif zone.carries is not None:
        what = f"stays in {OWN_NAME}: it carries PVE's zone '{zone.carries}', whose VNets are in the panel already"
        yield error(zone.where, what, "leave it there: pvesdn works beside PVE's zones")
    elif isinstance(zone, EvpnZone) and zone.irb is not Irb.SYMMETRIC:
        what = f"stays in {OWN_NAME}: PVE's EVPN zones route through an L3VNI, and this one has irb {zone.irb.value}"
        yield error(zone.where, what, "leave it there: pvesdn works beside PVE's zones")
    elif isinstance(zone, EvpnZone) and (ours := _own_controller(zone, panel.own)):
        what = f"its controller '{zone.controller}' is one of {OWN_NAME}, and PVE's zones use PVE's"
        hint = (
            f"create an EVPN controller with asn {ours} and the nodes' VTEPs as peers in PVE's panel, name it in the"
            " zone, apply, then ask again"
        )
        yield error(zone.where, what, hint)


def _own_controller(zone: EvpnZone, own: OwnSdn) -> int | None:
    return next((controller.asn for controller in own.controllers if controller.id == zone.controller), None)


def _zone(zone: OwnZone, ground: Ground) -> PveVxlanZone | PveEvpnZone:
    mtu = None if ground.mtu == DEFAULT_MTU else ground.mtu
    if isinstance(zone, VxlanZone):
        return pve_zone(zone, mtu=mtu, peers=map(str, zone.peers or ground.vteps), mac=None)
    return pve_zone(zone, mtu=mtu, peers=(), mac=zone.mac or names.anycast_mac(zone.id))


def _properties(sections: Iterable[Section], zones: tuple[OwnZone, ...], own: OwnSdn) -> Iterator[MovedProperty]:
    kinds = {zone.id: VXLAN if isinstance(zone, VxlanZone) else EVPN for zone in zones}
    homes = {vnet.id: vnet.zone for vnet in own.vnets} | {s.id: s.id.partition("-")[0] for s in own.subnets}
    nouns = {"vxlan": "zone", "evpn": "zone"}
    for section in sections:
        kind = kinds.get(section.id) if section.type in nouns else kinds[homes[section.id]]
        where = Where(file=OWN_NAME, line=section.line, kind=nouns.get(section.type, section.type), id=section.id)
        for item in section.properties:
            rule = BACK[kind or VXLAN][section.type][item.key]
            yield told(where, item, rule, is_idle=item.key == "flood" and is_on(item.value))


def _findings(zone: OwnZone) -> Iterator[Finding]:
    if isinstance(zone, VxlanZone) and zone.peers is None:
        what = "follows the members of the cluster; in PVE the peers of today are listed"
        yield note(zone.where, what, "add a node that joins later to the zone's peers in PVE")
    if zone.mtu is None:
        yield note(zone.where, "its MTU follows the underlay; in PVE the one of today is written down")


def back_in_the_panel(own: OwnSdn) -> tuple[str, ...]:
    """What PVE does with a VNet of its own besides carrying its packets."""
    paths = ", ".join(f"/sdn/zones/{vnet.zone}/{vnet.id}" for vnet in own.vnets)
    if not own.vnets:
        return ()
    return (
        f"Guests stay plugged in: {keep_their_names(own.vnets)}.",
        f"Users other than root@pam need SDN.Use on {paths}; rights on {LOCAL_ZONE} no longer count.",
        "The panel offers the VNets and shows the zone's state; zones get no IPAM until one is chosen there.",
    )
