"""VNets of PVE's panel that run on a node without what carries them there, in the form of `Discrepancy`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pvesdn.design.ours.zones import has_vrf, vnet_nodes, zone_nodes
from pvesdn.design.shared.names import vrf, vxlan_port
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import Link, NodeFacts
from pvesdn.model.guests import labelled, ports_by_bridge
from pvesdn.model.own_sdn import OwnZone
from pvesdn.model.verification import Discrepancy, Subject
from pvesdn.model.vnets import Vnet

_CAUSE = (
    "PVE's own Apply, or a restart of the node, brought the VNet before pvesdn apply did; or its stanza was removed"
)
_APPLY = "pvesdn apply"
UPLINK = "uplink"
"""What such a VNet lacks."""


def uncarried(given: DesignInput, facts: NodeFacts, guest_names: Mapping[int, str]) -> Iterator[Discrepancy]:
    """Bridges of carried VNets that our file on the node lacks: guests in them reach nobody on another node, and where
    the zone has a VRF, their gateway is in the host's own table (docs/pve.md §13.4).

    What our file has and the kernel has not is told of the devices.
    """
    zones = {zone.id: zone for zone in given.sdn.own.zones}
    links = {link.name: link for link in facts.links}
    ours = {stanza.name for stanza in facts.own}
    ports = ports_by_bridge(facts.links)
    for vnet in given.sdn.own.vnets:
        zone, link = zones.get(vnet.zone), links.get(vnet.id)
        if vnet.drawn_in is None or zone is None or link is None or link.kind != "bridge" or vnet.id in ours:
            continue
        if facts.node not in vnet_nodes(vnet, zone_nodes(zone, given.cluster)):
            continue
        plugged = [labelled(port.port, guest_names) for port in ports.get(vnet.id, ())]
        yield _without_uplink(facts.node, vnet, zone, _found(zone, link, plugged, is_routed=_is_routed(given, vnet)))


def _is_routed(given: DesignInput, vnet: Vnet) -> bool:
    return any(subnet.vnet == vnet.id and subnet.gateway is not None for subnet in given.sdn.own.subnets)


def _found(zone: OwnZone, link: Link, plugged: list[str], *, is_routed: bool) -> str:
    parts = ["no uplink"]
    if is_routed and has_vrf(zone) and link.master != vrf(zone.id):
        parts.append("its gateway is in the host's own table")
    if plugged:
        parts.append(f"guests are plugged in: {', '.join(plugged)}")
    return "; ".join(parts)


def _without_uplink(node: str, vnet: Vnet, zone: OwnZone, found: str) -> Discrepancy:
    return Discrepancy(
        node=node,
        subject=Subject.DEVICE,
        object=vnet.id,
        trait=UPLINK,
        expected=f"{vxlan_port(vnet.id)} in it" + (f", and {vrf(zone.id)} over it" if has_vrf(zone) else ""),
        found=found,
        cause=_CAUSE,
        step=_APPLY,
        zones=(zone.id,),
    )
