"""VNets that PVE runs and that lack what carries them, as the kernel of a node has them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from pvesdn.design.carried.keeping import carrier_of
from pvesdn.design.ours.zones import gateway_mac, has_gateways, has_vrf
from pvesdn.design.shared.names import vrf, vxlan_port
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import Link, NodeFacts
from pvesdn.model.own_sdn import OwnZone
from pvesdn.model.primitives import IpAddress
from pvesdn.model.vnets import Subnet, Vnet


class Misplaced(Enum):
    """What is wrong with a gateway that the kernel has."""

    IN_HOSTS_TABLE = "in the host's own table"
    IN_ANOTHER_VRF = "in the VRF of another zone"
    HAS_OWN_MAC = "without the MAC that all nodes share"


@dataclass(frozen=True, slots=True)
class BareVnet:
    """A bridge that is there without what carries the VNet.

    :param is_routed: it has a gateway, which belongs into a VRF.
    :param has_uplink: its VXLAN port is in it.
    :param former: the zone of ours whose network it is still in; None where it is in none, or in the right one.
    :param gateway: what is wrong with its gateway; None where it has none, or nothing is.
    """

    vnet: Vnet
    is_routed: bool
    has_uplink: bool
    former: OwnZone | None = None
    gateway: Misplaced | None = None


def bare(
    given: DesignInput, facts: NodeFacts, zone: OwnZone, vnets: Iterable[Vnet], subnets: Iterable[Subnet]
) -> Iterator[BareVnet]:
    """Those of a zone's VNets that a node has so, after PVE's own Apply, or a reboot while they were pending.

    :param vnets: those that the node should have. :param subnets: of these and of others.
    """
    wanted = _by_name((subnet.vnet, subnet.gateway) for subnet in subnets) if has_gateways(zone) else {}
    held = _by_name((device, address.ip) for device, address in facts.addresses) if wanted else {}
    tags = {vnet.id: vnet.tag for vnet in given.sdn.own.vnets if vnet.zone == zone.id}
    for vnet in vnets:
        link, port = facts.link(vnet.id), facts.link(vxlan_port(vnet.id))
        if link is None or link.kind != "bridge":
            continue
        has_uplink = port is not None and port.master == vnet.id
        has_other_vni = port is not None and port.vni != tags.get(vnet.id)
        former = _former(given, zone, vnet, port) if has_uplink and has_other_vni else None
        has_gateway = bool(wanted.get(vnet.id, set()) & held.get(vnet.id, set()))
        gateway = _misplaced(zone, link) if has_gateway else None
        if gateway is not None and former is None and _is_as_in_our_file(facts, link):
            gateway = None
        if not has_uplink or former is not None or gateway is not None:
            yield BareVnet(vnet, vnet.id in wanted and has_vrf(zone), has_uplink, former, gateway)


def _by_name(found: Iterable[tuple[str, IpAddress | None]]) -> dict[str, set[IpAddress]]:
    by_name: dict[str, set[IpAddress]] = {}
    for name, address in found:
        if address is not None:
            by_name.setdefault(name, set()).add(address)
    return by_name


def _former(given: DesignInput, zone: OwnZone, vnet: Vnet, port: Link | None) -> OwnZone | None:
    """Another zone of ours that gave the VNet the VNI which its port has. A move that nobody has committed is what an
    apply is for.
    """
    if port is None or port.vni is None or any((kind, name) == ("vnet", vnet.id) for kind, name, _ in given.pending):
        return None
    carrying = {own.id for own in given.sdn.own.zones if own.carries is not None}
    former = carrier_of(given, carrying, vnet.id, port.vni)
    return None if former is None or former.id == zone.id else former


def _is_as_in_our_file(facts: NodeFacts, link: Link) -> bool:
    """Whether pvesdn has put the gateway there: where that is not as it should be, our definitions have changed."""
    stanza = next((stanza for stanza in facts.own if stanza.name == link.name and stanza.values("hwaddress")), None)
    if stanza is None:
        return False
    macs = [mac.lower() for mac in stanza.values("hwaddress")]
    return macs == [link.mac.lower()] and "".join(stanza.values("vrf")) == link.master


def _misplaced(zone: OwnZone, link: Link) -> Misplaced | None:
    wanted = vrf(zone.id) if has_vrf(zone) else ""
    if link.master != wanted:
        return Misplaced.IN_ANOTHER_VRF if link.master else Misplaced.IN_HOSTS_TABLE
    has_ours = link.mac.lower() == gateway_mac(zone).lower()
    return None if wanted or has_ours else Misplaced.HAS_OWN_MAC
