"""What was found, as a map needs it: which VNet or zone a finding is about, and what nobody could look at.

Nothing is judged here: what is bad is what `verify` has found. But nothing is well either that nobody has looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from pvesdn.compare.live_view import NodeView
from pvesdn.compare.status import in_a_line
from pvesdn.model.expectation import ExpectedDevice
from pvesdn.model.findings import Severity
from pvesdn.model.guests import guest_port
from pvesdn.model.own_sdn import Exit
from pvesdn.model.status import ClusterStatus, Health, ZoneStatus
from pvesdn.model.verification import Discrepancy, Subject, in_order

_OF_NO_TRAFFIC = frozenset({Subject.DEFINITIONS, Subject.GUEST, Subject.DHCP, Subject.CLOCK})
"""What frames between guests that are plugged in do not meet: it is told of the zone and of the node."""
_FRR = "/etc/frr/"
_OF_AN_EXIT = frozenset({Subject.ROUTE, Subject.VRRP, Subject.FRR})
"""What an exit is made of besides its card and its VRF."""


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
        for item, vnets in (*self._about, *self._unlike):
            for vnet in vnets:
                found.setdefault(vnet, []).append(item)
        return {vnet: in_order(items) for vnet, items in found.items()}

    @cached_property
    def of_zones(self) -> Mapping[str, Sequence[Discrepancy]]:
        """Findings that all VNets of a zone may notice, since they are about none in particular: a session, FRR."""
        found: dict[str, list[Discrepancy]] = {}
        for item, vnets in (*self._about, *self._unlike):
            for zone in () if vnets or not _meets_frames(item) else self._needing(item):
                found.setdefault(zone, []).append(item)
        return {zone: in_order(items) for zone, items in found.items()}

    def _needing(self, item: Discrepancy) -> Collection[str]:
        """Zones that need what is not as it should be; FRR is that of EVPN's."""
        zones = [zone for zone in self.zones if item.concerns(zone)]
        view = self.views.get(item.node)
        return [zone for zone in zones if view is None or zone in view.evpn_zones] if _is_of_frr(item) else zones

    @cached_property
    def _about(self) -> Sequence[tuple[Discrepancy, frozenset[str]]]:
        return [(item, self.vnets & set(self._devices(item))) for item in self.found]

    @cached_property
    def _unlike(self) -> Sequence[tuple[Discrepancy, frozenset[str]]]:
        """What is found of a file, once for each device that is not in it as it should be, with the device's VNets."""
        files = {(item.node, item.object): item for item in self.found if item.subject is Subject.FILE}
        return [
            (_of_device(files[view.node, device.file], device, view), self.vnets & {device.name, device.master or ""})
            for view in self.views.values()
            for device in view.expected.devices
            if device.name in view.told and (view.node, device.file) in files
        ]

    def of_exit(self, uplink: Exit) -> Sequence[Discrepancy]:
        """Findings about an exit: its card, its VRF, its routes, FRR, and what files have of these."""
        view = self.views.get(uplink.node)
        card = None if view is None else view.expected.by_name.get(uplink.interface)
        devices = {uplink.interface, *(() if card is None or card.master is None else (card.master,))}
        there = [item for item, _ in (*self._about, *self._unlike) if item.node == uplink.node]
        of_devices = [item for item in there if devices & {item.object.split(" ")[0], item.device}]
        of_zone = [
            _doubted(item) if _is_of_frr(item) else item
            for item in there
            if item.concerns(uplink.zone) and (item.subject in _OF_AN_EXIT or _is_of_frr(item))
        ]
        return in_order([*of_devices, *(item for item in of_zone if item not in of_devices)])

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


def exit_health(seen: Seen, uplink: Exit) -> tuple[Health, str]:
    """The same of an exit. A session between nodes is none of the way out's."""
    if own := seen.of_exit(uplink):
        return weight(own), in_a_line(own[0])
    of_zone = (item for item in seen.of_zones.get(uplink.zone, ()) if item.subject is not Subject.SESSION)
    if needed := [item for item in of_zone if item.node in {"", uplink.node}]:
        return Health.WARNING, in_a_line(needed[0])
    unseen = seen.unseen(uplink.zone, (uplink.node,))
    is_known = uplink.node in seen.views and not unseen
    return (Health.OK, "") if is_known else (Health.UNCHECKED, unseen)


def _is_of_frr(item: Discrepancy) -> bool:
    return item.subject is Subject.FILE and item.object.startswith(_FRR)


def _meets_frames(item: Discrepancy) -> bool:
    """Whether guests that are plugged in may notice. What a file lacks of FRR or of a device nobody looks at there; all
    else that files hold is looked at as it is.
    """
    if item.subject is Subject.FILE:
        return _is_of_frr(item) or bool(item.device)
    return item.subject not in _OF_NO_TRAFFIC


def _of_device(item: Discrepancy, device: ExpectedDevice, view: NodeView) -> Discrepancy:
    """What is found of a file, told of one of its devices."""
    zone = view.zones.get(device.name)
    told = replace(item, device=device.name, zones=() if zone is None else (zone,))
    if device.name not in view.state.devices:
        return replace(told, object=device.name, expected="there", found="absent")
    return _doubted(told)


def _doubted(item: Discrepancy) -> Discrepancy:
    """What runs may be as it should be where somebody has edited its file."""
    return replace(item, severity=Severity.WARNING) if item.is_edit else item


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
