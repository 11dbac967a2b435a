"""What was found, as a map needs it: which VNet or zone a finding is about, and what nobody could look at.

Nothing is judged here: what is bad is what `verify` has found. But nothing is well either that nobody has looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from pvesdn.compare.live_view import NodeView
from pvesdn.compare.status import in_a_line
from pvesdn.model.findings import Severity
from pvesdn.model.guests import guest_port
from pvesdn.model.status import ClusterStatus, Health, ZoneStatus
from pvesdn.model.verification import Discrepancy, Subject

_OF_NO_TRAFFIC = frozenset({Subject.FILE, Subject.DEFINITIONS, Subject.GUEST, Subject.DHCP, Subject.CLOCK})
"""What frames between guests that are plugged in do not meet: it is told of the zone and of the node."""


@dataclass(frozen=True)
class Seen:
    """What somebody has found by looking.

    :param views: of the nodes that answered, by name.
    :param vnets: ids of all VNets.
    """

    status: ClusterStatus
    views: Mapping[str, NodeView]
    vnets: frozenset[str]

    @property
    def found(self) -> Sequence[Discrepancy]:
        """Everything that is not as it should be."""
        return self.status.verification.discrepancies

    @cached_property
    def zones(self) -> Mapping[str, ZoneStatus]:
        """How each zone is doing, by its id."""
        return {row.id: row for row in self.status.zones}

    @cached_property
    def of_vnets(self) -> Mapping[str, Sequence[Discrepancy]]:
        """Findings about a VNet: its bridge, what is in that, its VNI, its settings, or a guest that belongs there."""
        found: dict[str, list[Discrepancy]] = {}
        for item, vnets in self._about:
            for vnet in vnets:
                found.setdefault(vnet, []).append(item)
        return found

    @cached_property
    def of_zones(self) -> Mapping[str, Sequence[Discrepancy]]:
        """Findings that all VNets of a zone may notice, since they are about none in particular: a session, FRR."""
        found: dict[str, list[Discrepancy]] = {}
        for item, vnets in self._about:
            for zone in () if vnets or item.subject in _OF_NO_TRAFFIC else item.zones or self.zones:
                found.setdefault(zone, []).append(item)
        return found

    @cached_property
    def _about(self) -> Sequence[tuple[Discrepancy, frozenset[str]]]:
        return [(item, self.vnets & set(self._devices(item))) for item in self.found]

    def _devices(self, item: Discrepancy) -> Iterator[str]:
        yield item.object
        yield item.device
        view = self.views.get(item.node)
        if view is None:
            return
        device = view.expected.by_name.get(item.device or item.object)
        if device is not None and device.master is not None:
            yield device.master
        yield from bridges(item, view)

    def unseen(self, zone: str, nodes: Collection[str]) -> str:
        """Why nobody knows whether what a zone has on these nodes is well; empty where all of it was looked at.

        A member that is off has nothing that could be looked at, and is told by itself.
        """
        verification, row = self.status.verification, self.zones.get(zone)
        if row is None or row.health is Health.UNCHECKED:
            return "" if row is None else row.first
        for node in nodes:
            if node in verification.unreachable:
                return f"{node} did not answer"
            if node not in self.views and node not in verification.offline:
                return f"{node} was not looked at"
        if not any(node in self.views for node in nodes):
            return "no node of it was looked at"
        missed = (item for item in verification.not_checked if item.node in nodes and item.concerns(zone))
        return next((f"{item.node}: not checked: {item.what}: {item.why}" for item in missed), "")


def vnet_health(seen: Seen, vnet: str, zone: str, nodes: Collection[str]) -> tuple[Health, str]:
    """How a VNet is doing, and what is wrong first: of itself, else of what it needs, else what was not looked at."""
    if own := seen.of_vnets.get(vnet, ()):
        return weight(own), in_a_line(own[0])
    if needed := [item for item in seen.of_zones.get(zone, ()) if not item.node or item.node in nodes]:
        return Health.WARNING, in_a_line(needed[0])
    unseen = seen.unseen(zone, nodes)
    return (Health.UNCHECKED, unseen) if unseen else (Health.OK, "")


def bridges(item: Discrepancy, view: NodeView) -> Iterator[str]:
    """Where a guest's port is that a finding is about, and where the guest's configuration has it."""
    port = guest_port(item.object)
    if port is None:
        return
    live = view.state.devices.get(port.port)
    if live is not None:
        yield live.master
    for plug in view.state.plugs or ():
        if (plug.guest, plug.device) == (port.guest, port.device):
            yield plug.bridge


def weight(found: Sequence[Discrepancy]) -> Health:
    """How bad it is all together."""
    if any(item.severity is Severity.ERROR for item in found):
        return Health.BAD
    return Health.WARNING if found else Health.OK
