"""The stanzas to remove from each node's files, and what replaces each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pvesdn.design.shared import names
from pvesdn.model.facts import NodeFacts
from pvesdn.model.hand_written import HandWrittenNode
from pvesdn.model.proposal import TakeOut
from pvesdn.recognise.exits import UplinkOnNode
from pvesdn.recognise.nets import Nets
from pvesdn.recognise.zones import Draft


@dataclass(slots=True)
class Made:
    """Ids by what they were made from.

    :param vnets: VNet by bridge.
    :param zones: zone by its first bridge.
    """

    vnets: dict[str, str]
    zones: dict[str, str]
    uplinks: list[UplinkOnNode]


def take_outs(
    nodes: Mapping[str, HandWrittenNode], nets: Nets, drafts: tuple[Draft, ...], made: Made
) -> dict[str, tuple[TakeOut, ...]]:
    """By node, in the order of its devices."""
    found: dict[str, dict[str, TakeOut]] = {name: {} for name in sorted(nodes)}
    for node, out in (*_of_vnets(nets, made), *_of_vrfs(nodes, nets, drafts, made), *_of_exits(made)):
        found[node][out.name] = out
    return {
        name: tuple(outs[device] for device in nodes[name].devices if device in outs)
        for name, outs in found.items()
        if outs
    }


def _of_vnets(nets: Nets, made: Made) -> Iterator[tuple[str, TakeOut]]:
    for net in nets.vnets:
        vnet = made.vnets[net.name]
        for sight in net.sights.values():
            port = sight.port.device
            yield sight.node, TakeOut(port.name, port.place, names.vxlan_port(vnet), sight.port.vni)
            yield sight.node, TakeOut(net.name, sight.place, vnet)


def _of_vrfs(
    nodes: Mapping[str, HandWrittenNode], nets: Nets, drafts: tuple[Draft, ...], made: Made
) -> Iterator[tuple[str, TakeOut]]:
    zones = {draft.vrf: made.zones[draft.nets[0].name] for draft in drafts if draft.vrf is not None and draft.is_routed}
    for node in nodes.values():
        for vrf, zone in zones.items():
            device = node.devices.get(vrf)
            if device is not None and device.all("vrf-table"):
                yield node.node, TakeOut(vrf, device.place, names.vrf(zone))
    for vrf, net in nets.ties.items():
        zone = zones.get(vrf, "")
        for sight in net.sights.values() if zone else ():
            port = sight.port.device
            yield sight.node, TakeOut(port.name, port.place, names.l3vni_port(zone), sight.port.vni)
            yield sight.node, TakeOut(net.name, sight.place, names.l3vni_bridge(zone))


def _of_exits(made: Made) -> Iterator[tuple[str, TakeOut]]:
    for uplink in made.uplinks:
        device = uplink.device
        stays = [option for option in device.options if option.place not in uplink.taken]
        options = uplink.taken if stays else None
        yield uplink.node, TakeOut(device.name, device.place, device.name, options=options)


def staying(
    nodes: Mapping[str, HandWrittenNode], facts: Mapping[str, NodeFacts], nets: Nets, drafts: tuple[Draft, ...]
) -> frozenset[str]:
    """Names of the devices of any node that do not go: no new one may be called so."""
    vrfs = {draft.vrf for draft in drafts if draft.vrf is not None}
    found: set[str] = set()
    for name, node in nodes.items():
        links = facts[name].links if name in facts else ()
        live = {word for link in links for word in (link.name, *link.altnames)}
        sights = (net.sights[name] for net in (*nets.vnets, *nets.ties.values()) if name in net.sights)
        going = {word for sight in sights for word in (sight.bridge.device.name, sight.port.device.name)}
        found |= {*node.devices, *node.generated, *live} - going - vrfs
    return frozenset(found)
