"""VNets of PVE's panel that run on a node without what carries them there, in the form of `Discrepancy`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pvesdn.compare.drift import told
from pvesdn.design.carried.bare import BareVnet, bare
from pvesdn.design.ours.zones import vnet_nodes, zone_nodes
from pvesdn.design.shared.names import vrf, vxlan_port
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import NodeFacts
from pvesdn.model.files import OUR_INTERFACES, NodeChanges
from pvesdn.model.guests import labelled, ports_by_bridge
from pvesdn.model.verification import Discrepancy, Subject

_CAUSE = (
    "PVE's own Apply, or a restart of the node, brought the VNet before pvesdn apply did; or its stanza was removed"
)
_EDITED = "PVE has the VNet, and what carries it is missing from our file, which was edited by hand"
_APPLY = "pvesdn apply"
_OVERWRITE = "pvesdn plan --diff shows the edits of our file, pvesdn apply --overwrite replaces them"
_SOURCE = "first have our file read, see what is said of /etc/network/interfaces; then pvesdn apply"
UPLINK = "uplink"
"""What such a VNet lacks."""


def uncarried(
    given: DesignInput, facts: NodeFacts, changes: NodeChanges, guest_names: Mapping[int, str]
) -> Iterator[Discrepancy]:
    """Bridges of carried VNets that the kernel has without their VXLAN port: guests in them reach nobody on another
    node, and where the zone has a VRF, their gateway is in the host's own table (docs/pve.md §13.4).

    Where our file has all of it, it is told of the devices.

    :param changes: what an apply would write.
    """
    missing = told(changes)
    plugged = ports_by_bridge(facts.links)
    for zone in given.sdn.own.zones:
        here = zone_nodes(zone, given.cluster)
        vnets = [
            vnet
            for vnet in given.sdn.own.vnets
            if vnet.zone == zone.id and vnet.drawn_in is not None and facts.node in vnet_nodes(vnet, here)
        ]
        for found in bare(facts, zone, vnets, given.sdn.own.subnets):
            name = found.vnet.id
            if {name, vxlan_port(name)} & missing:
                guests = [labelled(port.port, guest_names) for port in plugged.get(name, ())]
                yield _without_uplink(facts, changes, found, guests)


def _without_uplink(facts: NodeFacts, changes: NodeChanges, found: BareVnet, guests: list[str]) -> Discrepancy:
    vnet = found.vnet
    parts = ["no uplink"]
    parts += ["its gateway is in the host's own table"] if found.has_leaked else []
    parts += [f"guests are plugged in: {', '.join(guests)}"] if guests else []
    is_edited = any(change.path == OUR_INTERFACES and change.conflict for change in changes.files)
    step = _OVERWRITE if is_edited else _APPLY
    return Discrepancy(
        node=facts.node,
        subject=Subject.DEVICE,
        object=vnet.id,
        trait=UPLINK,
        expected=f"{vxlan_port(vnet.id)} in it" + (f", and {vrf(vnet.zone)} over it" if found.is_routed else ""),
        found="; ".join(parts),
        cause=_EDITED if is_edited else _CAUSE,
        step=step if facts.is_sourced(OUR_INTERFACES) else _SOURCE,
        zones=(vnet.zone,),
    )
