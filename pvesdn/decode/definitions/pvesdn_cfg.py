"""pvesdn.cfg, which says what PVE has no words for. Closed: whatever the grammar does not know is an error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address

from pvesdn.decode.definitions import values
from pvesdn.decode.definitions.addresses import host_fault
from pvesdn.decode.definitions.entries import Entry, refuse_duplicates
from pvesdn.decode.definitions.ledger import Ledger
from pvesdn.decode.definitions.own_grammar import GRAMMAR, SECTIONS
from pvesdn.decode.definitions.pve_words import noun_of_pve, only_of_pve
from pvesdn.decode.definitions.section_config import LostHeader, Section
from pvesdn.decode.definitions.source import OwnDefinitions, check_id, subnet_fields
from pvesdn.model.findings import Severity, Where
from pvesdn.model.nearest import nearest
from pvesdn.model.own_sdn import EvpnController, EvpnZone, Exit, Underlay, Vrrp, VxlanZone
from pvesdn.model.primitives import IpAddress, IpNetwork
from pvesdn.model.snapshot import OWN_NAME
from pvesdn.model.vnets import Subnet, Vnet

_IDS: Mapping[str, values.Reader] = {
    "zone": values.zone_id,
    "vnet": values.vnet_id,
    "controller": values.controller_id,
}
"""Objects that others name, by the property that does."""


def read_own(
    sections: Iterable[Section], ledger: Ledger, *, file: str = OWN_NAME, lost: Iterable[LostHeader] = ()
) -> OwnDefinitions:
    """The objects of pvesdn.cfg; faults are entered into `ledger`, and faulty objects left out.

    :param file: what the file is called in messages.
    :param lost: headers that could not be read.
    """
    found, given = OwnDefinitions(), tuple(sections)
    told = _ids_at_fault(given)
    found.lost.update((_noun(header.type), values.legible(header.id)) for header in lost)
    for section in given:
        where = Where(
            file=file,
            line=section.line,
            kind=SECTIONS[section.type].noun if section.type in SECTIONS else values.legible(section.type),
            id=values.legible(section.id),
            column=section.column,
            end_column=section.column + len(section.id),
        )
        entry = Entry(section, where, ledger)
        if refusal := _refusal(section):
            noun, what, hint = refusal
            found.lost.add((noun, where.id))
            place = where.model_copy(update={"kind": noun}) if section.type in GRAMMAR else where
            ledger.add(Severity.ERROR, place.moved(section.line, 1, len(section.type)), what, hint)
            continue
        entry.read(GRAMMAR[section.type], is_pve=False, foreign=only_of_pve(section.type), told=told)
        found.of(where.kind).append(entry)
        _BUILDERS[section.type](entry, found)
    for noun, entries in found.entries.items():
        refuse_duplicates(entries, noun)
    for second in found.of("underlay")[1:]:
        second.fail("is a second underlay", "keep one")
    _check_zone_of_subnets(found, ledger)
    _sort_out_pins(found)
    _refuse_subnets(found, ledger)
    return found


def _ids_at_fault(sections: Iterable[Section]) -> dict[str, set[str]]:
    """Ids that nothing can have, by the property that names them elsewhere: one fault, however often it is named."""
    found: dict[str, set[str]] = {}
    for section in sections:
        noun = SECTIONS[section.type].noun if section.type in SECTIONS else ""
        if noun in _IDS:
            try:
                _IDS[noun](section.id)
            except values.BadValueError:
                found.setdefault(noun, set()).add(section.id)
    return found


def _noun(type_: str) -> str:
    """What a section of that type, or of the one that was probably meant, defines; empty where that cannot be told."""
    name = type_ if type_ in SECTIONS else nearest(type_, SECTIONS)
    return SECTIONS[name].noun if name else ""


def _refusal(section: Section) -> tuple[str, str, str] | None:
    """Why a section cannot be of `pvesdn.cfg`: what it probably defines, what is wrong, and what to do."""
    if section.type == "evpn":
        names = {item.key for item in section.properties}
        if "asn" in names and names.isdisjoint({"controller", "irb"}):
            return "controller", "is a controller as PVE spells it", f"write 'evpn-controller: {section.id}'"
    if section.type in GRAMMAR:
        return None
    if noun := noun_of_pve(section.type):
        if {"zone", "tag"} <= {item.key for item in section.properties}:
            return "vnet", f"{section.type} is a type of PVE's own", f"write 'vnet: {section.id}'"
        place = f"define the {noun} in PVE (Datacenter > SDN), and remove this section"
        return noun, f"{section.type} is a type of PVE's own", place
    near = nearest(section.type, GRAMMAR)
    hint = f"did you mean {near}?" if near else f"known types: {', '.join(sorted(GRAMMAR))}"
    return _noun(section.type), "unknown section type", hint


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
    _check_carrying(entry)
    if entry.has("mac") and not entry.has("carries"):
        entry.fail("mac needs carries", "remove it: a zone of type vxlan has no gateways of its own", at="mac")
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
        more = "" if entry.has("vrf-vxlan") else " with a vrf-vxlan"
        for name in ("advertise-subnets", "rt-import"):
            if entry.has(name):
                entry.warn(f"{name} has no effect with irb {irb}", f"remove it or write irb symmetric{more}", at=name)
    if irb in ("none", "symmetric") and entry.get("vrf"):
        less = " without vrf-vxlan" if entry.has("vrf-vxlan") else ""
        entry.fail(f"vrf main cannot be used with irb {irb}", f"remove it or write irb asymmetric{less}", at="vrf")
    _check_carrying(entry)
    if irb == "none" and entry.has("mac") and not entry.has("carries"):
        entry.warn("mac has no effect with irb none", "remove it or choose another irb", at="mac")
    if made := entry.build(EvpnZone, id=entry.section.id):
        found.zones.append(made)


def _check_carrying(entry: Entry) -> None:
    """`carries` and `vni-range` go together, and PVE's zone says which nodes have it."""
    if entry.has("carries") and not entry.has("vni-range"):
        entry.fail("carries needs vni-range", "add vni-range FIRST-LAST", at="carries")
    if entry.has("vni-range") and not entry.has("carries"):
        entry.fail("vni-range needs carries", "name PVE's zone with carries, or remove it", at="vni-range")
    if entry.has("carries") and entry.has("nodes"):
        entry.fail("nodes cannot be used with carries", "remove it: PVE's zone says which nodes have it", at="nodes")


def _sort_out_pins(found: OwnDefinitions) -> None:
    """A `vnet` section in a zone that carries PVE's VNets pins a VNI and says nothing else."""
    carrying = {entry.section.id for entry in found.of("zone") if entry.has("carries")}
    for entry in found.of("vnet"):
        if entry.get("zone") in carrying:
            found.pinning.add(entry.where)
            for name in ("alias", "vlanaware", "nodes"):
                if entry.get(name):
                    what = f"{name} cannot be used in zone '{entry.get('zone')}', which carries a zone of PVE's"
                    entry.fail(what, "remove it: PVE's panel says it", at=name)
    found.pins = [vnet for vnet in found.vnets if vnet.zone in carrying]
    found.vnets = [vnet for vnet in found.vnets if vnet.zone not in carrying]


def _refuse_subnets(found: OwnDefinitions, ledger: Ledger) -> None:
    """Subnets of a VNet that is drawn in the panel are drawn there too."""
    pinned = {vnet.id for vnet in found.pins}
    for subnet in found.subnets:
        if subnet.vnet in pinned:
            what = f"vnet '{subnet.vnet}' is drawn in PVE's panel, and its subnets are too"
            ledger.add(Severity.ERROR, subnet.at("vnet"), what, "draw the subnet in PVE, and remove this section")
            found.lost.add(("subnet", subnet.id))


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
            found.lost.add(("subnet", subnet.id))


def _exit(entry: Entry, found: OwnDefinitions) -> None:
    check_id(entry, values.exit_id)
    if not entry.has("address") and not entry.has("address6"):
        entry.fail("has neither address nor address6", "add the uplink's address with its prefix length")
    if not entry.has("gateways"):
        entry.fail("gateways is missing", "name the next hops of the default route")
    vrrp = _vrrp(entry)
    gateways = entry.get("gateways") or ()
    for name, family in (("address", IPv4Address), ("address6", IPv6Address)):
        _check_uplink(
            entry,
            name,
            [gateway for gateway in gateways if isinstance(gateway, family)],
            [virtual for virtual in (vrrp.addresses if vrrp else ()) if isinstance(virtual, family)],
        )
    if made := entry.build(Exit, id=entry.section.id, vrrp=vrrp):
        found.exits.append(made)


def _check_uplink(entry: Entry, name: str, gateways: Sequence[IpAddress], virtuals: Sequence[IpAddress]) -> None:
    """The exit's neighbours of one family, held against its own address there; each fault once.

    :param name: the property with the own address.
    """
    own = entry.get(name)
    if own is None:
        if not entry.has(name) and (entry.has("address") or entry.has("address6")):
            first = gateways[0] if gateways else virtuals[0] if virtuals else None
            if first is not None:
                at = "gateways" if gateways else "vrrp-address"
                how = f"add {name} with an address in the gateway's subnet" if gateways else f"add {name}"
                entry.fail(f"{at}: {first} needs {name}", how, at=at, word=first)
        return
    outside = [[host for host in hosts if _is_strange(host, own.network)] for hosts in (gateways, virtuals)]
    if outside[0] and outside[1] and len(outside[0]) == len(gateways) and len(outside[1]) == len(virtuals):
        what = f"{name}: neither gateways nor vrrp-address lie in {own.network}"
        entry.fail(what, "correct the address or its prefix length", at=name)
        return
    _refuse_strangers(entry, "gateways", outside[0], own.network, f"name a router in the subnet of {name}")
    hint = f"choose a free address in the subnet of {name}"
    _refuse_strangers(entry, "vrrp-address", outside[1], own.network, hint)
    if own.ip in gateways:
        entry.fail(f"gateways: {own.ip} is the exit's own address", "name the router", at="gateways", word=own.ip)
    for virtual in virtuals:
        if virtual == own.ip or virtual in gateways:
            whose = "the exit's own address"
            if virtual != own.ip:
                whose = "one of gateways: the master would take the router's address"
            hint = "choose an address that no router has (RFC 9568)"
            entry.fail(f"vrrp-address: {virtual} is {whose}", hint, at="vrrp-address", word=virtual)


def _refuse_strangers(entry: Entry, name: str, strangers: list[IpAddress], network: IpNetwork, hint: str) -> None:
    if strangers:
        faults = "; ".join(host_fault(host, network) for host in strangers)
        entry.fail(f"{name}: {faults}", hint, at=name, word=strangers[0] if len(strangers) == 1 else "")


def _is_strange(host: IpAddress, network: IpNetwork) -> bool:
    """IPv6 routers use link-local addresses, which lie in no configured subnet (RFC 4291)."""
    is_on_any_link = not isinstance(host, IPv4Address) and host.is_link_local
    return not is_on_any_link and bool(host_fault(host, network))


def _vrrp(entry: Entry) -> Vrrp | None:
    names = ("vrrp-id", "vrrp-priority", "vrrp-address")
    given = [name for name in names if entry.has(name)]
    if given and len(given) < len(names):
        missing = " and ".join(name for name in names if name not in given)
        entry.fail(f"{given[0]} needs {missing}", "give all three or none", at=given[0])
    group, priority, virtuals = (entry.values.pop(name, None) for name in names)
    if group is None or priority is None or virtuals is None:
        return None
    return Vrrp(id=group, priority=priority, addresses=virtuals)


_BUILDERS: Mapping[str, Callable[[Entry, OwnDefinitions], None]] = {
    "underlay": _underlay,
    "evpn-controller": _controller,
    "vxlan": _vxlan,
    "evpn": _evpn,
    "vnet": _vnet,
    "subnet": _subnet,
    "exit": _exit,
}
