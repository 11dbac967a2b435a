"""Exits: an uplink leaves the main table, so it must not be one that the host needs there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pvesdn.design.checks.wording import DEFINE_IT, absent, error, listed, note, warning
from pvesdn.design.ours.zones import zone_nodes
from pvesdn.design.shared import names
from pvesdn.design.shared.hosts import own_addresses
from pvesdn.design.shared.pve_evpn import evpn_zones, why_no_vrf
from pvesdn.model.cluster import Vtep
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import NodeFacts
from pvesdn.model.findings import Finding
from pvesdn.model.nearest import nearest
from pvesdn.model.own_sdn import EvpnZone, Exit, Irb
from pvesdn.model.primitives import IpAddress

_LOOPBACK = "lo"
"""The kernel refuses to put it into a VRF, so the reload would fail half-way."""
_OF_ITS_OWN = "use an interface of its own for the exit"
_NO_UPLINKS = frozenset({"vrf", "vxlan", "tun", "veth"})
"""Kinds of devices that lead to no router."""


def check(given: DesignInput, vteps: Mapping[str, Vtep]) -> Iterator[Finding]:
    """Exits with a wrong zone or node, exits that conflict with each other, and uplinks that are not free."""
    for uplink in given.sdn.own.exits:
        yield from _zone(given, uplink)
        facts = given.facts.get(uplink.node)
        if facts is not None:
            yield from _interface(given, uplink, facts, vteps)
            yield from _defined_in_another_vrf(uplink, facts)
    # As they stand in the file, so that what is told second is written second.
    exits = sorted(given.sdn.own.exits, key=lambda uplink: uplink.where.line)
    yield from _between(exits)


def _zone(given: DesignInput, uplink: Exit) -> Iterator[Finding]:
    ours = {zone.id: zone for zone in given.sdn.own.zones}
    if uplink.zone in ours:
        zone = ours[uplink.zone]
        if not (isinstance(zone, EvpnZone) and zone.irb is Irb.SYMMETRIC):
            kind = f"irb {zone.irb}" if isinstance(zone, EvpnZone) else "a plain VXLAN zone"
            what = f"zone '{zone.id}' has no VRF that reaches other nodes: it is {kind}"
            yield error(uplink.at("zone"), what, "use a zone of type evpn with irb symmetric")
        nodes = zone_nodes(zone, given.cluster)
    elif uplink.zone in evpn_zones(given):
        theirs = evpn_zones(given)[uplink.zone]
        if why := why_no_vrf(given, theirs, uplink.node):
            what = f"zone '{uplink.zone}' of PVE has no VRF on {uplink.node}: {why}"
            yield error(
                uplink.at("zone"), what, "give the zone a controller of type evpn in PVE, or remove this section"
            )
        nodes = frozenset({uplink.node}) if theirs.nodes is None else theirs.nodes
    elif any(zone.id == uplink.zone for zone in given.sdn.pve.zones):
        yield error(uplink.at("zone"), f"zone '{uplink.zone}' of PVE has no VRF", "use a zone of type evpn")
        return
    else:
        yield from _no_zone(given, uplink)
        return
    if given.cluster.member(uplink.node) is not None and uplink.node not in nodes:
        what = f"node '{uplink.node}' is not in zone '{uplink.zone}'"
        carries = ours[uplink.zone].carries if uplink.zone in ours else None
        whose = "the zone's nodes" if carries is None else f"the nodes of zone '{carries}' in PVE (Datacenter > SDN)"
        yield error(uplink.at("node"), what, f"add it to {whose}, or choose another node")


def _no_zone(given: DesignInput, uplink: Exit) -> Iterator[Finding]:
    """A zone that neither source has, as far as both were read."""
    name, theirs = uplink.zone, given.sdn.pve.unread
    if given.sdn.own.unread.may_have("zone", name):
        return
    taken = {other.zone for other in given.sdn.own.exits if other.node == uplink.node}
    fitting = [zone.id for zone in given.sdn.own.zones if isinstance(zone, EvpnZone) and zone.irb is Irb.SYMMETRIC]
    fitting += [id_ for id_, zone in evpn_zones(given).items() if not why_no_vrf(given, zone, uplink.node)]
    if theirs.is_everything and nearest(name, fitting, taken=taken) is None:
        what = f"not checked: whether PVE has a zone '{name}'; it is not in {uplink.where.file}"
        yield note(uplink.at("zone"), what, "check a folder that holds zones.cfg too")
    elif theirs.is_everything or not theirs.may_have("zone", name):
        hint = absent(name, fitting, DEFINE_IT, taken=taken)
        yield error(uplink.at("zone"), f"zone '{name}' does not exist", hint)


def _interface(given: DesignInput, uplink: Exit, facts: NodeFacts, vteps: Mapping[str, Vtep]) -> Iterator[Finding]:
    link = facts.link(uplink.interface)
    if link is None:
        parent, dot, _ = uplink.interface.rpartition(".")
        if dot and facts.link(parent) is not None:
            return  # a VLAN, which the exit's own stanza makes
        what = f"interface {uplink.interface} does not exist on {uplink.node}"
        found = warning(uplink.at("interface"), what, _which(given, uplink, facts, vteps))
        yield found.model_copy(update={"node": uplink.node, "missing": uplink.interface})
        return
    if link.name == _LOOPBACK:
        what = f"interface {link.name} of {uplink.node} is the loopback device, which cannot be in a VRF"
        yield error(uplink.at("interface"), what, "name the NIC, bond or VLAN device that leads to the router")
        return
    needed = devices_of_tunnels(facts, vteps)
    device = next((name for name in (link.name, *_masters(facts, link.name)) if name in needed), None)
    if device is not None:
        verb, what = needed[device]
        how = verb if device == link.name else f"is part of {device}, which {verb}"
        what = f"interface {link.name} of {uplink.node} {how} {what}: in the VRF it would cut the node off"
        yield error(uplink.at("interface"), what, _OF_ITS_OWN)
    elif link.master and link.master != names.vrf(uplink.zone):
        yield from _of_another(given, uplink, facts, link.master)
    else:
        yield from _held(given, uplink, facts)


def _which(given: DesignInput, uplink: Exit, facts: NodeFacts, vteps: Mapping[str, Vtep]) -> str:
    """What to do about an interface that the node lacks: the free one that was probably meant."""
    used = {other.interface for other in given.sdn.own.exits if other.node == uplink.node}
    needed = devices_of_tunnels(facts, vteps)
    holders = {device for device, held in facts.addresses if not held.is_link_local}
    free = {
        link.name
        for link in facts.links
        if not link.master and link.kind not in _NO_UPLINKS and link.name not in {_LOOPBACK, *needed, *holders}
    }
    near = nearest(uplink.interface, free, taken=used)
    return f"did you mean {near}? Otherwise check its name" if near else "check its name"


def devices_of_tunnels(facts: NodeFacts, vteps: Mapping[str, Vtep]) -> dict[str, tuple[str, str]]:
    """Devices without which a node loses its tunnels, each with what it does for them: a verb and its object."""
    vtep = vteps.get(facts.node)
    if vtep is None:
        return {}
    owners = {other.address: node for node, other in vteps.items()}
    found: dict[str, tuple[str, str]] = {}
    for peer, path in vtep.paths.items():
        owner = f" (VTEP of {owners[peer]})" if peer in owners else ""
        for device in () if peer.is_multicast else path.devices:
            found.setdefault(device, ("carries", f"the path to {peer}{owner}"))
    holder = facts.holder(vtep.address)
    return found if holder is None else found | {holder: ("holds", "the node's VTEP")}


def _defined_in_another_vrf(uplink: Exit, facts: NodeFacts) -> Iterator[Finding]:
    """The host's own stanza puts the uplink into a VRF other than its zone's. Where it is in there already, that is
    told by itself.
    """
    link = facts.link(uplink.interface)
    there = "" if link is None or link.master in _our_vrfs(uplink, facts) else link.master
    for stanza in facts.stanzas:
        for vrf in stanza.values("vrf") if stanza.name == uplink.interface else ():
            if vrf not in {there, names.vrf(uplink.zone)}:
                what = f"interface {stanza.name} is put into VRF {vrf} by /etc/network/interfaces of {facts.node}"
                hint = "remove its 'vrf' line there: ifupdown2 would merge both stanzas"
                if _addresses_of_the_host(uplink, facts):
                    hint = _OF_ITS_OWN
                yield error(uplink.at("interface"), what, hint, node=facts.node)


def _addresses_of_the_host(uplink: Exit, facts: NodeFacts) -> frozenset[IpAddress]:
    """What the node has by the interface and loses with it."""
    own = {address.ip for address in (uplink.address, uplink.address6) if address is not None}
    return own_addresses(facts, uplink.interface) - own


def _our_vrfs(uplink: Exit, facts: NodeFacts) -> set[str]:
    """The VRF that our own file puts the interface into."""
    return {vrf for stanza in facts.own if stanza.name == uplink.interface for vrf in stanza.values("vrf")}


def _of_another(given: DesignInput, uplink: Exit, facts: NodeFacts, master: str) -> Iterator[Finding]:
    """An uplink that is in another VRF, bridge or bond. If our own file put it into that VRF, our next one takes it out
    again, so a zone can be renamed and an exit moved to another zone. If the host did, the node has to change.
    """
    device, wanted = facts.link(master), names.vrf(uplink.zone)
    ours = _our_vrfs(uplink, facts)
    is_vrf = device is not None and device.kind == "vrf"
    what = f"interface {uplink.interface} of {uplink.node} belongs to {master}"
    if is_vrf and master in ours:
        return
    if is_vrf and wanted in ours:
        yield warning(
            uplink.at("interface"), f"{what} instead of {wanted}", "the next reload of its network puts it right"
        )
    else:
        is_said = any(s.name == uplink.interface and master in s.values("vrf") for s in facts.stanzas)
        how = ", by its 'vrf' line in /etc/network/interfaces" * is_said
        hint = f"take it out of {master} first{how}, or use another interface"
        own = _addresses_of_the_host(uplink, facts)
        if own and is_vrf:
            hint = _OF_ITS_OWN
        elif own:
            # A bridge that lost its port would take the host's own address off the network.
            what, hint = f"{what}, which holds the node's {listed(own)}", "use another interface"
        elif not is_vrf:
            # Who took it out would cut off the guests behind it.
            top = _masters(facts, uplink.interface)[-1]
            is_free = all(vnet.id != top for vnet in given.sdn.both.vnets)
            hint = f"use {top} itself, or another interface" if is_free else "use another interface"
        yield error(uplink.at("interface"), what, hint, node=uplink.node if is_vrf else "")


def _held(given: DesignInput, uplink: Exit, facts: NodeFacts) -> Iterator[Finding]:
    """Addresses that the interface would take out of the main table."""
    member = given.cluster.member(uplink.node)
    own = {uplink.address, uplink.address6}
    held = [a for device, a in facts.addresses if device == uplink.interface and a not in own and not a.is_link_local]
    if member is not None and member.address in {address.ip for address in held}:
        what = f"interface {uplink.interface} holds {member.address}, the cluster's address of {uplink.node}"
        yield error(uplink.at("interface"), what, _OF_ITS_OWN)
    elif held:
        what = (
            f"interface {uplink.interface} of {uplink.node} also holds {listed(held)}, which moves into the VRF with it"
        )
        leads_out = any(r.destination == "default" and r.device == uplink.interface for r in facts.routes)
        hint = f"use an interface of its own if {uplink.node} needs it in the main table; otherwise remove it from /etc/network/interfaces"
        if leads_out:  # the host's own way out, which nobody must be told to take away
            hint = _OF_ITS_OWN
        yield warning(uplink.at("interface"), what, hint)


def _masters(facts: NodeFacts, name: str) -> tuple[str, ...]:
    """Bonds and bridges above an interface, nearest first."""
    above: list[str] = []
    link = facts.link(name)
    while link is not None and link.master and link.master not in above:
        above.append(link.master)
        link = facts.link(link.master)
    return tuple(above)


def _between(exits: Sequence[Exit]) -> Iterator[Finding]:
    """What exits take from each other. A second exit of a zone on a node is one fault, whatever else both say alike."""
    zones: dict[tuple[str, str], Exit] = {}
    others: list[Exit] = []
    for uplink in exits:
        other = zones.setdefault((uplink.zone, uplink.node), uplink)
        if other is uplink:
            others.append(uplink)
        else:
            what = f"is a second exit of zone '{uplink.zone}' on {uplink.node}, next to '{other.id}'"
            yield error(uplink.where, what, "keep one; it can have several gateways")
    yield from _interfaces(others)
    yield from _addresses(others)
    yield from _virtual_routers(others)


def _interfaces(exits: Sequence[Exit]) -> Iterator[Finding]:
    """An interface can be in one VRF only."""
    first: dict[tuple[str, str], Exit] = {}
    for uplink in exits:
        other = first.setdefault((uplink.interface, uplink.node), uplink)
        if other is not uplink:
            what = f"interface {uplink.interface} of {uplink.node} is already used by exit '{other.id}'"
            hint = "an interface can be in only one VRF: use another one, such as a VLAN on it"
            yield error(uplink.at("interface"), what, hint)


def _addresses(exits: Sequence[Exit]) -> Iterator[Finding]:
    """One address, one router, within a zone."""
    first: dict[tuple[str, IpAddress], Exit] = {}
    for uplink in exits:
        for word, address in (("address", uplink.address), ("address6", uplink.address6)):
            if address is not None:
                other = first.setdefault((uplink.zone, address.ip), uplink)
                if other is not uplink:
                    what = f"address {address.ip} is also used by exit '{other.id}' on {other.node}"
                    yield error(uplink.at(word), what, "give each exit an address of its own")
    for uplink in exits:
        for virtual in uplink.vrrp.addresses if uplink.vrrp else ():
            other = first.get((uplink.zone, virtual), uplink)
            if other is not uplink:
                what = f"vrrp-address {virtual} is already an address of exit '{other.id}' on {other.node}"
                yield error(uplink.at("vrrp-address", virtual), what, "choose an address that no router has (RFC 9568)")


def _virtual_routers(exits: Sequence[Exit]) -> Iterator[Finding]:
    """Exits of one virtual router must agree on everything but priority."""
    first: dict[tuple[str, int], Exit] = {}
    priorities: dict[tuple[str, int, int], Exit] = {}
    holders: dict[tuple[str, IpAddress], Exit] = {}
    for uplink in exits:
        if uplink.vrrp is None:
            continue
        other = first.setdefault((uplink.zone, uplink.vrrp.id), uplink)
        if other.vrrp is not None and set(other.vrrp.addresses) != set(uplink.vrrp.addresses):
            what = f"virtual router {uplink.vrrp.id} has different addresses in exit '{other.id}'"
            yield error(uplink.at("vrrp-address"), what, "give both the same vrrp-address, or another vrrp-id")
        for address in uplink.vrrp.addresses:
            holder = holders.setdefault((uplink.zone, address), uplink)
            if holder.vrrp is not None and holder.vrrp.id != uplink.vrrp.id:
                what = f"vrrp-address {address} is also that of virtual router {holder.vrrp.id} in exit '{holder.id}'"
                yield error(
                    uplink.at("vrrp-id"), f"{what}: two masters would answer for it", f"write vrrp-id {holder.vrrp.id}"
                )
        same = priorities.setdefault((uplink.zone, uplink.vrrp.id, uplink.vrrp.priority), uplink)
        if same is not uplink:
            what = f"vrrp-priority {uplink.vrrp.priority} is also used by exit '{same.id}': the higher address will win"
            yield warning(uplink.at("vrrp-priority"), what, "give the exit that should be master the higher priority")
