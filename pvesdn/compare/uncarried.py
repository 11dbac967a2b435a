"""VNets of PVE's panel that run on a node without what carries them there, in the form of `Discrepancy`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pvesdn.compare.drift import told
from pvesdn.design.carried.bare import BareVnet, Misplaced, bare
from pvesdn.design.ours.zones import gateway_mac, has_vrf, vnet_nodes, zone_nodes
from pvesdn.design.shared.names import vrf, vxlan_port
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import NodeFacts
from pvesdn.model.files import OUR_INTERFACES, NodeChanges
from pvesdn.model.guests import labelled, ports_by_bridge
from pvesdn.model.own_sdn import OwnZone
from pvesdn.model.verification import Discrepancy, Subject

_CAUSE = (
    "PVE's own Apply, or a restart of the node, brought the VNet before pvesdn apply did; or its stanza was removed"
)
_CAUSE_OF_GATEWAYS = (
    "PVE's own Apply, or a restart of the node, brought the gateway before pvesdn apply did; or what carries it was "
    "removed from our file"
)
_MOVED = "PVE's own Apply, or a restart of the node, has moved the VNet, and pvesdn apply has not"
_EDITED = "PVE has the VNet, and what carries it is missing from our file, which was edited by hand"
_APPLY = "pvesdn apply"
_OVERWRITE = "pvesdn plan --diff shows the edits of our file, pvesdn apply --overwrite replaces them"
_WITH_GUESTS = "pvesdn plan tells what has to become of its guests first; then pvesdn apply"
_SOURCE = "first have our file read, see what is said of /etc/network/interfaces; then pvesdn apply"
_UPLINK, _GATEWAY, _NETWORK = "uplink", "gateway", "network"
LACKS = frozenset({_UPLINK, _GATEWAY, _NETWORK})
"""What such a VNet lacks, or has wrong."""


def uncarried(
    given: DesignInput, facts: NodeFacts, changes: NodeChanges, guest_names: Mapping[int, str]
) -> Iterator[Discrepancy]:
    """Bridges of carried VNets that the kernel has without their VXLAN port: guests in them reach nobody on another
    node, and where the zone has a VRF, their gateway is in the host's own table (docs/pve.md §13.4). So it is in a
    bridge that has its port and got its first gateway. One that was moved is in the network that it has left.

    Where our file has all of it, it is told of the devices.

    :param changes: what an apply would write.
    """
    missing, ours = told(changes), {vnet.id for vnet in given.sdn.own.vnets}
    plugged = ports_by_bridge(facts.links)
    # A VNet that nobody can carry is PVE's with its subnets.
    subnets = (*given.sdn.own.subnets, *(subnet for subnet in given.sdn.pve.subnets if subnet.vnet not in ours))
    for zone in given.sdn.own.zones:
        here = zone_nodes(zone, given.cluster)
        vnets = [
            vnet
            for carrier, vnet in given.sdn.drawn
            if carrier.id == zone.id
            and (facts.node in vnet_nodes(vnet, here) if vnet.drawn_in is not None else vnet.id not in ours)
        ]
        for found in bare(given, facts, zone, vnets, subnets):
            name = found.vnet.id
            if {name, vxlan_port(name)} & missing or name not in ours:
                guests = [labelled(port.port, guest_names) for port in plugged.get(name, ())]
                yield _told(facts, changes, zone, found, guests)


def _told(facts: NodeFacts, changes: NodeChanges, zone: OwnZone, found: BareVnet, guests: list[str]) -> Discrepancy:
    look = _without_uplink if not found.has_uplink else _in_another_network if found.former else _misplaced
    trait, expected, parts, cause = look(zone, found, _place(facts, found))
    parts += [f"guests are plugged in: {', '.join(guests)}"] if guests else []
    is_edited = any(change.path == OUR_INTERFACES and change.conflict for change in changes.files)
    step = _OVERWRITE if is_edited else _WITH_GUESTS if found.former and guests else _APPLY
    return Discrepancy(
        node=facts.node,
        subject=Subject.DEVICE,
        object=found.vnet.id,
        trait=trait,
        expected=expected,
        found="; ".join(parts),
        cause=_EDITED if is_edited else cause,
        step=step if facts.is_sourced(OUR_INTERFACES) else _SOURCE,
        zones=(zone.id,),
    )


_Words = tuple[str, str, list[str], str]
"""Trait, what is expected, what was found, the cause."""


def _without_uplink(zone: OwnZone, found: BareVnet, gateway: str) -> _Words:
    expected = f"{vxlan_port(found.vnet.id)} in it" + (f", and {vrf(zone.id)} over it" if found.is_routed else "")
    return _UPLINK, expected, ["no uplink", *_of_gateway(gateway)], _CAUSE


def _in_another_network(zone: OwnZone, found: BareVnet, gateway: str) -> _Words:
    left = "" if found.former is None else found.former.id
    return _NETWORK, f"that of zone '{zone.id}'", [f"that of zone '{left}'", *_of_gateway(gateway)], _MOVED


def _misplaced(zone: OwnZone, found: BareVnet, gateway: str) -> _Words:
    if found.gateway is Misplaced.HAS_OWN_MAC:
        expected = f"with the MAC {gateway_mac(zone)}"
    else:
        expected = f"in {vrf(zone.id)}" if has_vrf(zone) else Misplaced.IN_HOSTS_TABLE.value
    return _GATEWAY, expected, [gateway], _CAUSE_OF_GATEWAYS


def _of_gateway(gateway: str) -> list[str]:
    return [f"its gateway is {gateway}"] if gateway else []


def _place(facts: NodeFacts, found: BareVnet) -> str:
    """Where its gateway wrongly is; empty where nothing is wrong with one."""
    link = facts.link(found.vnet.id)
    if link is not None and found.gateway is Misplaced.IN_ANOTHER_VRF:
        return f"in {link.master}"
    return "" if found.gateway is None else found.gateway.value
