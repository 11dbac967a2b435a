"""VNets of pvesdn.cfg that come into the network of another one, as when two of them change places: zone and VNI of the
one become those of the other, and the bridges stay with the guests in them. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

from pvesdn.design.carried.keeping import givers, moved_sections, our_bridges
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
    for node, vnet, vni, ports in moved_sections(given):
        other = places.other(vnet, given.facts[node])
        if other is None or givers(given, homes, vnet.id, vni):
            continue
        guests = ", ".join(labelled(port, guest_names) for port in ports)
        what = (
            f"guests of vnet '{vnet.id}' are in VNI {vni} ({guests}); "
            f"with VNI {vnet.tag} they would come into the network of vnet '{other.id}'"
        )
        kept = places.kept(vnet, vni)
        if kept:
            hint = f"unplug them, or keep the VNIs: {_listed(kept)}; or use --detach-guests"
        else:
            hint = "unplug them, or choose a VNI that no other VNet has; or use --detach-guests"
        yield Finding.at(vnet.at("tag"), Severity.ERROR, what, hint=hint, node=node)


@dataclass(frozen=True)
class _Places:
    """What VNets are to be, and what the nodes have of them."""

    given: DesignInput

    @cached_property
    def sections(self) -> Mapping[str, Vnet]:
        """VNets of pvesdn.cfg."""
        return {vnet.id: vnet for vnet in self.given.sdn.own.vnets}

    @cached_property
    def _there(self) -> Mapping[str, Vnet]:
        """The same with those of PVE's."""
        return {**{vnet.id: vnet for vnet in self.given.sdn.pve.vnets}, **self.sections}

    @cached_property
    def _had(self) -> Mapping[str, AbstractSet[int]]:
        """VNIs by VNet, by our file on a node, else by the device that runs; a node that was off may have others."""
        found: dict[str, set[int]] = {}
        for facts in self.given.facts.values():
            ports = ((name, facts.link(vxlan_port(name))) for name in self._there)
            live = {name: port.vni for name, port in ports if port is not None and port.vni is not None}
            for name, vni in (live | {stanza.name: vni for stanza, vni in our_bridges(facts)}).items():
                found.setdefault(name, set()).add(vni)
        return found

    def other(self, vnet: Vnet, facts: NodeFacts) -> Vnet | None:
        """Whose network a VNet would come into; None where nobody has its VNI, or it has it itself on another node, or
        the two are parted by that alone.
        """
        names = sorted(name for name, vnis in self._had.items() if vnet.tag in vnis and name in self._there)
        if not names or vnet.id in names:
            return None
        other, bridge = self._there[names[0]], facts.link(vnet.id)
        if bridge is not None and bridge.master:
            return None if bridge.master == vrf(vnet.zone) else other
        return None if other.zone == vnet.zone else other

    def kept(self, vnet: Vnet, vni: int) -> Mapping[str, int]:
        """The tags with which this VNet keeps its VNI, and those that take it from one another keep theirs; none where
        one of these is PVE's, or has no other.
        """
        wanted = {there.tag: name for name, there in self._there.items()}
        tags = {vnet.id: vni}
        while (taker := wanted.get(vni)) is not None and taker not in tags:
            former = self._had.get(taker, set()) - {vni}
            if taker not in self.sections or not former:
                return {}
            tags[taker] = vni = min(former)
        return tags


def _listed(tags: Mapping[str, int]) -> str:
    return ", ".join(f"tag {vni} for vnet '{vnet}'" for vnet, vni in tags.items())
