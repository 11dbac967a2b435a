"""Zones that carry one of PVE's: what PVE draws and what carries it have to agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pvesdn.design.checks import uncarried
from pvesdn.design.checks.wording import IN_EVPN, absent, error, few, note, placed, warning
from pvesdn.design.ours.zones import has_gateways, has_vrf, zone_mtu, zone_vteps
from pvesdn.design.shared import pve_vnis
from pvesdn.model.cluster import Vtep
from pvesdn.model.defined import Defined
from pvesdn.model.design import DesignInput
from pvesdn.model.findings import Finding, Severity
from pvesdn.model.own_sdn import EvpnZone, OwnZone, VniRange, VxlanZone
from pvesdn.model.primitives import NAMES_OF_SETTINGS, as_address
from pvesdn.model.pve_sdn import PveSimpleZone, UnmanagedZone
from pvesdn.model.vnets import Subnet, Vnet

_IN_PANEL = "in PVE (Datacenter > SDN)"
_HOST_MASK = 32
_USUAL_MTU = 1500
"""Of a bridge that nobody gives another one."""


@dataclass(frozen=True, slots=True)
class _Pair:
    """A zone of ours, PVE's zone that it carries, and what is drawn there."""

    zone: OwnZone
    home: PveSimpleZone
    vnets: tuple[Vnet, ...]
    subnets: tuple[Subnet, ...]

    @property
    def name(self) -> str:
        return f"zone '{self.home.id}' of PVE's"


def check(given: DesignInput, vteps: Mapping[str, Vtep]) -> Iterator[Finding]:
    """Zones that cannot be carried, and what in them does not fit.

    :param vteps: empty where nothing is known of the nodes.
    """
    carrying = [zone for zone in given.sdn.own.zones if zone.carries is not None]
    if not carrying:
        return
    first: dict[str, OwnZone] = {}
    for zone in carrying:
        other = first.setdefault(zone.carries or "", zone)
        pair = _pair(given, zone)
        if other is not zone:
            what = f"zone '{zone.carries}' of PVE's is carried by {placed(repr(other.id), other.where)} already"
            yield error(zone.at("carries"), what, "draw a zone of its own in PVE")
        elif pair is None:
            yield from _no_home(given, zone)
        else:
            yield from _mtu(pair, given, vteps)
            yield from _gateways(pair)
            yield from _drawn(pair)
            yield from _dhcp(pair)
            yield from uncarried.check(given, zone, home=pair.home, vnets=pair.vnets, subnets=pair.subnets)
    yield from _ranges(given, carrying)
    yield from _pins(given)


def _pair(given: DesignInput, zone: OwnZone) -> _Pair | None:
    home = next((z for z in given.sdn.pve.zones if z.id == zone.carries and isinstance(z, PveSimpleZone)), None)
    if not isinstance(home, PveSimpleZone):
        return None
    vnets = tuple(vnet for vnet in given.sdn.pve.vnets if vnet.zone == home.id)
    ids = {vnet.id for vnet in vnets}
    return _Pair(zone, home, vnets, tuple(subnet for subnet in given.sdn.pve.subnets if subnet.vnet in ids))


def _no_home(given: DesignInput, zone: OwnZone) -> Iterator[Finding]:
    """Nothing is removed because a zone has gone from the panel: the plan stops."""

    def stop(what: str, hint: str) -> Finding:
        return Finding.of_plans(zone.at("carries"), Severity.ERROR, what, hint)

    name, pve = zone.carries or "", given.sdn.pve
    found = next((z for z in given.sdn.both.zones if z.id == name), None)
    if found is None and name in pve.drawn_zones:
        yield note(zone.at("carries"), f"zone '{name}' of PVE's is not committed, so nothing of it runs yet")
    elif found is None:
        if pve.unread.may_have("zone", name):
            return
        simple = [z.id for z in pve.zones if isinstance(z, PveSimpleZone)]
        otherwise = f"draw it {_IN_PANEL} as a zone of type simple, or remove carries to give up its VNets"
        if ("zone", name, "deleted") in given.pending and given.can_be_edited:
            what = f"zone '{name}' of PVE's is deleted, and that is pending"
            hint = (
                "`pvesh create /cluster/sdn/rollback` on a node discards what is pending; or remove carries and "
                "vni-range to give up its VNets"
            )
            yield stop(what, hint)
        else:
            yield stop(f"PVE has no zone '{name}'", absent(name, simple, otherwise))
    elif isinstance(found, VxlanZone | EvpnZone):
        what = f"zone '{name}' is in {found.where.file} itself"
        yield error(zone.at("carries"), what, f"name a zone of type simple, drawn {_IN_PANEL}")
    else:
        kind = found.type if isinstance(found, UnmanagedZone) else found.kind.removeprefix("pve-")
        what = f"zone '{name}' of PVE's is of type {kind}"
        yield stop(what, f"name a zone of type simple, drawn {_IN_PANEL}")


def _mtu(pair: _Pair, given: DesignInput, vteps: Mapping[str, Vtep]) -> Iterator[Finding]:
    """Both stanzas say it, and which of two that differ is taken cannot be told."""
    zone, home = pair.zone, pair.home
    fits = zone_mtu(zone, zone_vteps(zone, vteps, given))
    if home.mtu is None:
        why = f"guests would take {_USUAL_MTU}" if fits != _USUAL_MTU else "a zone that is carried must"
        what = f"{pair.name} says no mtu, and {why}"
        number = f"to {fits}" if fits is not None else "to what the underlay carries"
        yield error(zone.at("carries"), what, f"set its MTU {number} {_IN_PANEL}")
    elif zone.mtu is None:  # PVE's was not taken, since it is out of range: told where it stands
        yield error(zone.at("carries"), f"{pair.name} has mtu {home.mtu}", f"set its MTU {_IN_PANEL}: 552-9216")
    elif zone.mtu != home.mtu:
        what = f"mtu {zone.mtu}, but {pair.name}, which it carries, has {home.mtu}"
        yield error(zone.at("mtu"), what, f"write mtu {home.mtu}, or set it there {_IN_PANEL}")


def _gateways(pair: _Pair) -> Iterator[Finding]:
    """What PVE writes for gateways is written for the host's own table."""
    zone = pair.zone
    if has_gateways(zone) and not has_vrf(zone) and not (isinstance(zone, EvpnZone) and zone.vrf == "main"):
        what = "mac puts gateways into the host's own table: guests reach VTEP addresses and all other zones there"
        routed = "irb asymmetric or symmetric" if isinstance(zone, EvpnZone) else IN_EVPN
        yield warning(zone.at("mac"), what, f"use {routed} to give the zone a VRF of its own")
    if has_gateways(zone) and isinstance(zone, VxlanZone):
        # What those of other nodes answer to ARP goes to the MAC, which is that of their own node's bridge as well.
        what = "a node routes only to guests of its own: the answers of others to its ARP stay on their node"
        yield warning(zone.at("mac"), what, "use a zone of type evpn with irb asymmetric and vrf main")
    if not has_vrf(zone):
        return
    for subnet in pair.subnets:
        if subnet.snat:
            what = f"snat needs the host's own table, and zone '{zone.id}' has a VRF"
            hint = f"remove snat {_IN_PANEL}, and give zone '{zone.id}' an exit"
            yield error(subnet.at("snat"), what, hint if _may_exit(zone) else f"remove snat {_IN_PANEL}")
        elif beside := routed_beside(zone, subnet):
            yield error(subnet.where, beside, f"draw a larger subnet {_IN_PANEL}")


def routed_beside(zone: OwnZone, subnet: Subnet) -> str:
    """What is wrong with a subnet that PVE writes a route of its own for, which no VRF has; empty for any other."""
    is_single = subnet.network.version == 4 and subnet.network.prefixlen == _HOST_MASK  # noqa: PLR2004 - IPv4
    if not has_vrf(zone) or subnet.gateway is None or not is_single:
        return ""
    return f"PVE routes {subnet.cidr} in the host's own table, and zone '{zone.id}' has a VRF"


def _may_exit(zone: OwnZone) -> bool:
    return isinstance(zone, EvpnZone) and zone.irb.value == "symmetric"


def _drawn(pair: _Pair) -> Iterator[Finding]:
    for vnet in pair.vnets:
        if vnet.id in NAMES_OF_SETTINGS:
            what = f"'{vnet.id}' cannot be the name of a bridge: the kernel reserves it"
            yield error(vnet.where, what, f"draw it under another name {_IN_PANEL}, and delete this one")
    isolated = [vnet for vnet in pair.vnets if vnet.is_isolated]
    if isolated:
        what = f"isolate-ports keeps guests of one node apart; by zone '{pair.zone.id}' they reach those of other nodes"
        more = f" (so do those of {few(isolated[1:])})" if isolated[1:] else ""
        yield warning(isolated[0].at("isolate-ports"), f"{what}{more}")


def _dhcp(pair: _Pair) -> Iterator[Finding]:
    """Subnets that are not served; and in a VRF guests cannot ask their gateway for names: what serves there does not
    reach the node's name servers.
    """
    if not pair.home.dhcp:
        return
    gateways = {subnet.gateway for subnet in pair.subnets if subnet.gateway is not None}
    for subnet in pair.subnets:
        server = subnet.dhcp_dns_server
        place = f"/cluster/sdn/vnets/{subnet.vnet}/subnets/{subnet.id}"
        hint = f"pvesh set {place} --dhcp-dns-server ADDRESS, one that its guests reach"
        if subnet.gateway is None:
            # dnsmasq serves on a bridge only the networks that it has an address of there.
            what = "no gateway, and PVE's DHCP serves no subnet without one"
            way = "draw one" if has_gateways(pair.zone) else f"use {IN_EVPN}, and draw one"
            yield warning(subnet.where, what, f"{way} {_IN_PANEL}, or give its guests addresses by hand")
        elif not has_vrf(pair.zone):
            continue
        elif server is None:
            what = f"no dhcp-dns-server, and a gateway in the VRF of zone '{pair.zone.id}' knows no names"
            yield error(subnet.where, what, hint)
        elif as_address(server) in gateways:
            what = f"dhcp-dns-server {server} is a gateway in the VRF of zone '{pair.zone.id}', which knows no names"
            yield error(subnet.at("dhcp-dns-server"), what, hint)


def _ranges(given: DesignInput, carrying: list[OwnZone]) -> Iterator[Finding]:
    """A range holds no other range, L3VNI or tag."""
    seen: list[OwnZone] = []
    for zone in carrying:
        span = zone.vni_range
        if span is None:
            continue
        for other in seen:
            if other.vni_range is not None and _meet(span, other.vni_range):
                what = f"vni-range {span} meets {other.vni_range} of zone {placed(repr(other.id), other.where)}"
                yield error(zone.at("vni-range"), what, "choose a range of its own")
        seen.append(zone)
        for vni, name, defined in fixed_vnis(given, zone):
            if vni in span:
                what = f"vni-range {span} holds {vni}, {placed(name, defined.where)}"
                yield error(zone.at("vni-range"), what, "choose a range without it")


def _meet(one: VniRange, other: VniRange) -> bool:
    return one.first <= other.last and other.first <= one.last


def fixed_vnis(given: DesignInput, zone: OwnZone) -> Iterator[tuple[int, str, Defined]]:
    """VNIs that are said somewhere else than in this zone."""
    own = given.sdn.own
    ours = ((other, other.l3vni) for other in own.zones if isinstance(other, EvpnZone) and other.l3vni is not None)
    for other, vni in (*ours, *pve_vnis.l3vnis(given)):
        yield vni, f"the vrf-vxlan of zone '{other.id}'", other
    for vnet in (*own.vnets, *(pin for pin in own.pins if pin.zone != zone.id)):
        if vnet.drawn_in is None and vnet.tag is not None:
            yield vnet.tag, f"the tag of vnet '{vnet.id}'", vnet
    for vnet, vni in pve_vnis.tags(given):
        yield vni, f"the tag of vnet '{vnet.id}'", vnet


def _pins(given: DesignInput) -> Iterator[Finding]:
    """Sections that pin the VNI of a VNet which is not there, or is drawn elsewhere, and is not kept for guests."""
    carried = {(vnet.id, vnet.zone) for vnet in given.sdn.own.vnets}
    homes = {zone.id: zone.carries for zone in given.sdn.own.zones}
    drawn = {vnet.id: vnet for vnet in given.sdn.pve.vnets}
    for pin in given.sdn.own.pins:
        home, vnet = homes.get(pin.zone), drawn.get(pin.id)
        if home in given.sdn.pve.drawn_zones or pin.id in given.sdn.pve.drawn_vnets:
            continue
        if (pin.id, pin.zone) in carried:
            continue
        if vnet is None and not given.sdn.pve.unread.may_have("vnet", pin.id):
            what = f"zone '{home}' of PVE's has no such VNet, so its VNI is pinned for nothing"
            yield warning(pin.where, what, f"draw it {_IN_PANEL}, or remove this section")
        elif vnet is not None and vnet.zone not in homes.values():
            what = (
                f"is drawn in zone '{vnet.zone}' of PVE's, which no zone here carries, so its VNI is pinned for nothing"
            )
            yield warning(pin.where, what, f"move it to zone '{home}' {_IN_PANEL}, or remove this section")
        elif vnet is not None and vnet.zone != home:
            what = f"is drawn in zone '{vnet.zone}' of PVE's, and zone '{pin.zone}' carries '{home}'"
            yield error(pin.at("zone"), what, "correct the zone, or choose another id")
