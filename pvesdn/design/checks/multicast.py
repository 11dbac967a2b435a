"""The multicast group of a plain VXLAN zone: each node joins it on one device, by which the zone's packets leave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pvesdn.design.checks.wording import error, listed
from pvesdn.design.ours.zones import carriers
from pvesdn.model.cluster import Vtep
from pvesdn.model.facts import NodeFacts
from pvesdn.model.findings import Finding
from pvesdn.model.nearest import nearest
from pvesdn.model.own_sdn import VxlanZone
from pvesdn.model.primitives import is_writable


def check(zone: VxlanZone, own: Mapping[str, Vtep], facts: Mapping[str, NodeFacts]) -> Iterator[Finding]:
    """Devices on which the group cannot be joined.

    :param own: the VTEPs of the zone's nodes.
    """
    if zone.multicast_group is not None and zone.multicast_interface is None:
        yield from _on_the_paths(zone, own, facts)
    yield from check_name(zone)
    yield from _absent(zone, [facts[node] for node in own if node in facts])


def check_name(zone: VxlanZone) -> Iterator[Finding]:
    """A device that leads nowhere, whatever the nodes have."""
    if zone.multicast_interface == "lo":
        what = "multicast-interface lo does not lead to other nodes"
        yield error(zone.at("multicast-interface"), what, "name the underlay's device")


def _on_the_paths(zone: VxlanZone, own: Mapping[str, Vtep], facts: Mapping[str, NodeFacts]) -> Iterator[Finding]:
    """Where no device is named, a node joins the group on the one by which its packets leave."""
    nodes: dict[str, list[str]] = {}
    for node in sorted(own.keys() & facts.keys()):
        devices = carriers(zone, own, node)
        if len(devices) != 1:
            how = f"leave by {listed(devices)}" if devices else "leave by no device that is known"
            nodes.setdefault(how, []).append(node)
    for how, found in nodes.items():
        what = f"packets of {listed(found)} to the others {how}, but a multicast group is joined on one device"
        yield error(zone.where, what, "set multicast-interface in the zone")
    for node in own:
        for device in sorted(carriers(zone, own, node)):
            if not is_writable(device):
                what = f"the name of device {device} of {node} cannot be written as vxlan-physdev"
                hint = "rename it: letters, digits and _ . + -, not starting with . + or -"
                # A node that answered has to change alone, and the others need not wait for it.
                yield error(zone.at("multicast-group"), what, hint, node=node if node in facts else "")


def _absent(zone: VxlanZone, nodes: list[NodeFacts]) -> Iterator[Finding]:
    named = zone.multicast_interface
    without = [facts.node for facts in nodes if named is not None and facts.link(named) is None]
    if without:
        what = f"multicast-interface {named} does not exist on {listed(without)}"
        hint = "name one that every node has"
        near = nearest(named or "", frozenset.intersection(*map(_joinable, nodes)))
        yield error(zone.at("multicast-interface"), what, f"did you mean {near}? Otherwise {hint}" if near else hint)


def _joinable(facts: NodeFacts) -> frozenset[str]:
    """Devices on which a node can join a group: they lead to other nodes and are not part of another device."""
    kinds = {"vrf", "vxlan", "tun", "veth"}
    return frozenset(link.name for link in facts.links if not link.master and link.kind not in kinds) - {"lo"}
