"""VNets of pvesdn.cfg that come into the network of another one, as when two of them change places: zone and VNI of the
one become those of the other, and the bridges stay with the guests in them. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

from pvesdn.design.carried.keeping import givers, networks, our_bridges
from pvesdn.design.ours.zones import vnet_nodes, zone_nodes
from pvesdn.design.shared.names import vrf, vxlan_port
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import NodeFacts
from pvesdn.model.findings import Finding, Severity
from pvesdn.model.guests import labelled
from pvesdn.model.vnets import Vnet


def exchanging(given: DesignInput, homes: AbstractSet[str], guest_names: Mapping[int, str]) -> Iterator[Finding]:
    """Such VNets, node by node where guests are plugged into them. Within one zone VNIs change places freely: there
    each VNet stays the network that it is. A VNet that was carried is told by `keeping.crossing`.

    :param homes: ids of the zones of ours that carry one of PVE's.
    """
    places = _Places(given)
    nodes = {zone.id: zone_nodes(zone, given.cluster) for zone in given.sdn.own.zones}
    for node, facts in sorted(given.facts.items()) if places.sections else ():
        for name, vni, ports in networks(facts):
            vnet = places.sections.get(name)
            if vnet is None or vnet.tag == vni or node not in vnet_nodes(vnet, nodes.get(vnet.zone, frozenset())):
                continue
            other = places.other(vnet, facts)
            if other is None or givers(given, homes, name, vni):
                continue
            guests = ", ".join(labelled(port, guest_names) for port in ports)
            what = (
                f"vnet '{name}' is in zone '{vnet.zone}' now, with VNI {vnet.tag}, which the nodes have for vnet "
                f"'{other.id}', now in zone '{other.zone}'; its guests are in VNI {vni}, and would come into that network: "
                f"{guests}"
            )
            hint = f"unplug them, or keep the VNIs: {_listed(places.kept(vnet, vni))}; or use --detach-guests"
            yield Finding.at(vnet.at("tag"), Severity.ERROR, what, hint=hint, node=node)


@dataclass(frozen=True)
class _Places:
    """What VNets are to be, and what the nodes have of them."""

    given: DesignInput

    @cached_property
    def sections(self) -> Mapping[str, Vnet]:
        """VNets of pvesdn.cfg."""
        return {vnet.id: vnet for vnet in self.given.sdn.own.vnets if vnet.tag is not None}

    @cached_property
    def _there(self) -> Mapping[str, Vnet]:
        """The same with those of PVE's."""
        return {**{vnet.id: vnet for vnet in self.given.sdn.pve.vnets}, **self.sections}

    @cached_property
    def _had(self) -> Mapping[str, int]:
        """VNIs by VNet, as the first node that has one has it: by our file, else by the device that runs."""
        found: dict[str, int] = {}
        for _, facts in sorted(self.given.facts.items()):
            ours = {stanza.name: vni for stanza, vni in our_bridges(facts)}
            ports = ((name, facts.link(vxlan_port(name))) for name in self._there if name not in ours)
            live = {name: port.vni for name, port in ports if port is not None and port.vni is not None}
            found = live | ours | found
        return found

    def other(self, vnet: Vnet, facts: NodeFacts) -> Vnet | None:
        """Whose network a VNet would come into; None where nobody has its VNI, or the two are parted by that alone."""
        names = (name for name, vni in self._had.items() if vni == vnet.tag and name in self._there)
        other = self._there.get(next(names, ""))
        if other is None or other.id == vnet.id:
            return None
        bridge = facts.link(vnet.id)
        if bridge is not None and bridge.master:
            return None if bridge.master == vrf(vnet.zone) else other
        return None if other.zone == vnet.zone else other

    def kept(self, vnet: Vnet, vni: int) -> Mapping[str, int]:
        """The tags with which this VNet keeps its VNI, and those that take it from one another keep theirs."""
        wanted = {section.tag: name for name, section in self.sections.items()}
        tags = {vnet.id: vni}
        taker = wanted.get(vni)
        while taker is not None and taker not in tags and taker in self._had:
            tags[taker] = self._had[taker]
            taker = wanted.get(tags[taker])
        return tags


def _listed(tags: Mapping[str, int]) -> str:
    return ", ".join(f"tag {vni} for vnet '{vnet}'" for vnet, vni in tags.items())
