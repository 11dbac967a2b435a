"""VNets that PVE runs and that lack what carries them, as the kernel of a node has them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pvesdn.design.ours.zones import has_vrf
from pvesdn.design.shared.names import vrf, vxlan_port
from pvesdn.model.facts import NodeFacts
from pvesdn.model.own_sdn import OwnZone
from pvesdn.model.vnets import Subnet, Vnet


@dataclass(frozen=True, slots=True)
class BareVnet:
    """A bridge that is there without its VXLAN port in it.

    :param is_routed: it has a gateway, which belongs into a VRF.
    :param has_leaked: it is not in that VRF either, so its gateway is in the host's own table.
    """

    vnet: Vnet
    is_routed: bool
    has_leaked: bool


def bare(facts: NodeFacts, zone: OwnZone, vnets: Iterable[Vnet], subnets: Iterable[Subnet]) -> Iterator[BareVnet]:
    """Those of a zone's VNets that a node has so, after PVE's own Apply, or a reboot while they were pending.

    :param vnets: those that the node should have. :param subnets: of these and of others.
    """
    routed = {subnet.vnet for subnet in subnets if subnet.gateway is not None} if has_vrf(zone) else set()
    for vnet in vnets:
        link, port = facts.link(vnet.id), facts.link(vxlan_port(vnet.id))
        if link is not None and link.kind == "bridge" and (port is None or port.master != vnet.id):
            is_routed = vnet.id in routed
            yield BareVnet(vnet, is_routed, is_routed and link.master != vrf(zone.id))
