"""pvesdn.cfg, which says what PVE has no words for. Closed: whatever the grammar does not know is an error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import partial
from ipaddress import IPv4Address

from pvesdn.decode.definitions import values
from pvesdn.decode.definitions.addresses import host_fault
from pvesdn.decode.definitions.entries import Entry, Ledger, refuse_duplicates
from pvesdn.decode.definitions.own_grammar import GRAMMAR, SECTIONS
from pvesdn.decode.definitions.section_config import Section
from pvesdn.decode.definitions.source import OwnDefinitions, check_id, subnet_fields
from pvesdn.model.findings import Severity, Where
from pvesdn.model.own_sdn import EvpnController, EvpnZone, Exit, Underlay, Vrrp, VxlanZone
from pvesdn.model.primitives import IpAddress
from pvesdn.model.vnets import Subnet, Vnet

FILE = "pvesdn.cfg"


def read_own(sections: Iterable[Section], ledger: Ledger) -> OwnDefinitions:
    """The objects of pvesdn.cfg; faults are entered into `ledger`, and faulty objects left out."""
    found = OwnDefinitions()
    for section in sections:
        where = Where(
            file=FILE,
            line=section.line,
            kind=SECTIONS[section.type].noun if section.type in SECTIONS else values.legible(section.type),
            id=values.legible(section.id),
        )
        entry = Entry(section, where, ledger)
        if section.type not in GRAMMAR:
            _refuse_type(entry)
            continue
        entry.read(GRAMMAR[section.type], is_pve=False)
        found.of(where.kind).append(entry)
        _BUILDERS[section.type](entry, found)
    for noun, entries in found.entries.items():
        refuse_duplicates(entries, noun)
    for second in found.of("underlay")[1:]:
        second.fail("is a second underlay", "keep one")
    _check_zone_of_subnets(found, ledger)
    return found


def _refuse_type(entry: Entry) -> None:
    near = get_close_matches(entry.section.type, GRAMMAR, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known types: {', '.join(sorted(GRAMMAR))}"
    entry.fail("unknown section type", hint)


def _underlay(entry: Entry, found: OwnDefinitions) -> None:
    check_id(entry, values.underlay_id)
    if made := entry.build(Underlay):
        found.underlays.append(made)


def _controller(entry: Entry, found: OwnDefinitions) -> None:
    check_id(entry, values.controller_id)
    if entry.has("peers") and entry.has("route-reflectors"):
        entry.fail("peers and route-reflectors exclude each other", "keep one of them", at="peers")
    if made := entry.build(EvpnController, id=entry.section.id):
        found.controllers.append(made)


def _vxlan(entry: Entry, found: OwnDefinitions) -> None:
    check_id(entry, values.zone_id)
    if entry.has("peers") and entry.has("multicast-group"):
        hint = "keep one of them"
        entry.fail("multicast-group and peers exclude each other", hint, at="multicast-group")
    if entry.has("multicast-interface") and not entry.has("multicast-group"):
        entry.fail("multicast-interface needs multicast-group", "add one or remove it", at="multicast-interface")
    if made := entry.build(VxlanZone, id=entry.section.id):
        found.zones.append(made)


def _evpn(entry: Entry, found: OwnDefinitions) -> None:
    check_id(entry, values.zone_id)
    irb = entry.get("irb")
    if irb == "symmetric" and not entry.has("vrf-vxlan"):
        entry.fail("irb symmetric needs vrf-vxlan", "add vrf-vxlan with an L3VNI of its own", at="irb")
    if irb in ("none", "asymmetric"):
        if entry.has("vrf-vxlan"):
            entry.fail(f"vrf-vxlan cannot be used with irb {irb}", "remove it or write irb symmetric", at="vrf-vxlan")
        for name in ("advertise-subnets", "rt-import"):
            if entry.has(name):
                entry.warn(f"{name} has no effect with irb {irb}", "remove it or write irb symmetric", at=name)
    if irb in ("none", "symmetric") and entry.get("vrf"):
        entry.fail(f"vrf main cannot be used with irb {irb}", "remove it or write irb asymmetric", at="vrf")
    if irb == "none" and entry.has("mac"):
        entry.warn("mac has no effect with irb none", "remove it or choose another irb", at="mac")
    if made := entry.build(EvpnZone, id=entry.section.id):
        found.zones.append(made)


def _vnet(entry: Entry, found: OwnDefinitions) -> None:
    check_id(entry, values.own_vnet_id)
    if made := entry.build(Vnet, id=entry.section.id):
        found.vnets.append(made)


def _subnet(entry: Entry, found: OwnDefinitions) -> None:
    fields = subnet_fields(entry, is_pve=False)
    if made := entry.build(Subnet, id=entry.section.id, **fields):
        found.subnets.append(made)


def _check_zone_of_subnets(found: OwnDefinitions, ledger: Ledger) -> None:
    known = {entry.section.id for entry in found.of("zone")}
    zones = {vnet.id: vnet.zone for vnet in reversed(found.vnets)}  # of two with the same id the first counts
    for subnet in found.subnets:
        zone, prefix = zones.get(subnet.vnet), subnet.id.partition("-")[0]
        # Where the VNet's own zone does not exist, the VNet is at fault, and the subnet may be right.
        if zone in known and zone != prefix:
            what = f"id begins with '{prefix}', but vnet '{subnet.vnet}' is in zone '{zone}'"
            hint = f"name it {subnet.id.replace(prefix, zone, 1)}"
            ledger.add(Severity.ERROR, subnet.where, what, hint)


def _exit(entry: Entry, found: OwnDefinitions) -> None:
    check_id(entry, values.exit_id)
    if not entry.has("address") and not entry.has("address6"):
        entry.fail("has neither address nor address6", "add the uplink's address with its prefix length")
    if not entry.has("gateways"):
        entry.fail("gateways is missing", "name the next hops of the default route")
    for gateway in entry.get("gateways") or ():
        _check_gateway(entry, gateway)
    vrrp = _vrrp(entry)
    if made := entry.build(Exit, id=entry.section.id, vrrp=vrrp):
        found.exits.append(made)


def _check_gateway(entry: Entry, gateway: IpAddress) -> None:
    fail = partial(entry.fail, at="gateways")
    name = "address" if isinstance(gateway, IPv4Address) else "address6"
    own = entry.get(name)
    if own is None:
        if not entry.has(name):
            fail(f"gateways: {gateway} needs {name}", f"add {name} with an address in the gateway's subnet")
    elif gateway == own.ip:
        fail(f"gateways: {gateway} is the exit's own address", "name the router")
    elif not _is_on_any_link(gateway) and (fault := host_fault(gateway, own.network)):
        fail(f"gateways: {fault}", f"name a router in the subnet of {name}")


def _is_on_any_link(address: IpAddress) -> bool:
    """IPv6 routers use link-local addresses, which lie in no configured subnet (RFC 4291)."""
    return not isinstance(address, IPv4Address) and address.is_link_local


def _vrrp(entry: Entry) -> Vrrp | None:
    names = ("vrrp-id", "vrrp-priority", "vrrp-address")
    given = [name for name in names if entry.has(name)]
    if given and len(given) < len(names):
        missing = " and ".join(name for name in names if name not in given)
        entry.fail(f"{given[0]} needs {missing}", "give all three or none", at=given[0])
    group, priority, virtuals = (entry.values.pop(name, None) for name in names)
    for virtual in virtuals or ():
        _check_virtual(entry, virtual)
    if group is None or priority is None or virtuals is None:
        return None
    return Vrrp(id=group, priority=priority, addresses=virtuals)


def _check_virtual(entry: Entry, virtual: IpAddress) -> None:
    name = "address" if isinstance(virtual, IPv4Address) else "address6"
    own = entry.get(name)
    if own is None:
        if not entry.has(name):
            entry.fail(f"vrrp-address: {virtual} needs {name}", f"add {name}", at="vrrp-address")
    elif virtual == own.ip:
        what = f"vrrp-address: {virtual} is the exit's own address"
        entry.fail(what, "choose an address that no router has (RFC 9568)", at="vrrp-address")
    elif virtual in (entry.get("gateways") or ()):
        what = f"vrrp-address: {virtual} is one of gateways: the master would take the router's address"
        entry.fail(what, "choose an address that no router has (RFC 9568)", at="vrrp-address")
    elif not _is_on_any_link(virtual) and (fault := host_fault(virtual, own.network)):
        entry.fail(f"vrrp-address: {fault}", f"choose a free address in the subnet of {name}", at="vrrp-address")


_BUILDERS: Mapping[str, Callable[[Entry, OwnDefinitions], None]] = {
    "underlay": _underlay,
    "evpn-controller": _controller,
    "vxlan": _vxlan,
    "evpn": _evpn,
    "vnet": _vnet,
    "subnet": _subnet,
    "exit": _exit,
}
