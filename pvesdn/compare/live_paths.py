"""Which probes show that the underlay carries the zones, and what it means where one does not come."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from pvesdn.compare.live_view import ClusterView, NodeView, some
from pvesdn.model.expectation import ExpectedDevice
from pvesdn.model.primitives import IpAddress
from pvesdn.model.probes import Heard, PathProbe
from pvesdn.model.state import LiveDevice
from pvesdn.model.verification import Discrepancy, NotChecked, PathPlan, Subject

ALL_PAIRS = 16
"""Up to so many nodes every pair is tried."""
SAMPLE = 8
"""To so many others each node sends where there are more."""
SMALL = 64
_OUTER = {4: 50, 6: 70}
"""Bytes that the underlay's MTU has to have besides a guest's packet: the guest's Ethernet header, VXLAN, UDP, IP."""
_ICMP = {4: 28, 6: 48}
"""Bytes of a ping besides what it is told to carry: IP and ICMP."""
CLOSED = "all zones"
"""Among the parts of a finding: nothing at all arrives between the two nodes. The other parts are zones."""
WHAT = "whether a packet of a zone's MTU arrives at the other VTEPs"


def plan_paths(cluster: ClusterView, only: Collection[str] | None = None, zone: str | None = None) -> PathPlan:
    """A frame of the zone's MTU and a small one for each zone and each pair of nodes that have it.

    In each zone the VNets take turns; where two nodes have none in common, the L3VNI is tried by which they route to
    each other. A node or a device that something is said of already is left out: a frame that does not come would only
    say it again.

    :param only: pairs without any of these nodes are left out.
    :param zone: the only zone that counts.
    """
    ports = {name: _ports(view, zone) for name, view in cluster.nodes.items()}
    by_vni = {name: {each: _by_vni(ends) for each, ends in zones.items()} for name, zones in ports.items()}
    names = [name for name in sorted(ports) if ports[name]]
    numbers = count()
    probes: list[PathProbe] = []
    for source, target, turn in _pairs(names):
        if only is not None and not {source, target} & set(only):
            continue
        for each in sorted(ports[source].keys() & ports[target].keys()):
            ways = [way for end in ports[source][each] for way in _ways(end, by_vni[target][each], cluster)]
            bridged = [way for way in ways if not way[0].is_l3]
            if chosen := bridged or ways:
                probes += _both_sizes(numbers, each, chosen[turn % len(chosen)])
    return PathPlan(tuple(probes), tuple(_not_tried(names, cluster, only)))


def _not_tried(names: list[str], cluster: ClusterView, only: Collection[str] | None) -> Iterator[NotChecked]:
    if len(names) > ALL_PAIRS:
        why = f"of {len(names)} nodes each sends to {SAMPLE} others only"
        yield NotChecked("", "whether packets arrive between all pairs of nodes", why)
    devices = [
        device for name in names if only is None or name in only for device in cluster.nodes[name].expected.devices
    ]
    if any(device.group is not None for device in devices):
        yield NotChecked("", "whether multicast groups reach their members", "probes go to one VTEP each")


def _pairs(names: list[str]) -> Iterator[tuple[str, str, int]]:
    """Source, target, and whose turn it is among the VNets."""
    most = len(names) - 1 if len(names) <= ALL_PAIRS else SAMPLE
    for index, source in enumerate(names):
        for step in range(1, most + 1):
            yield source, names[(index + step) % len(names)], index + step


_Way = tuple["_End", "_End", IpAddress, IpAddress]
"""Both ends, and the VTEP of each."""


@dataclass(frozen=True, slots=True)
class _End:
    """One end of a way: a node's VXLAN device, and the bridge that it is in. :param is_l3: it is that of an L3VNI."""

    view: NodeView
    device: ExpectedDevice
    bridge: LiveDevice
    is_l3: bool = False


def _ports(view: NodeView, zone: str | None) -> Mapping[str, list[_End]]:
    """VXLAN devices of VNets and L3VNIs that are as they should be, by zone."""
    found: dict[str, list[_End]] = {}
    l3vnis = {vni.device for vni in view.expected.vnis if vni.is_l3}
    for device in view.expected.devices:
        its = view.zones.get(device.name, "")
        is_meant = its and zone in {None, its} and device.kind == "vxlan"
        if is_meant and device.master is not None and not view.is_told(device.name):
            bridge = view.state.devices[device.master]
            found.setdefault(its, []).append(_End(view, device, bridge, device.name in l3vnis))
    return found


def _by_vni(ends: list[_End]) -> Mapping[int | None, list[_End]]:
    found: dict[int | None, list[_End]] = {}
    for end in ends:
        found.setdefault(end.device.vni, []).append(end)
    return found


def _ways(here: _End, others: Mapping[int | None, list[_End]], cluster: ClusterView) -> Iterator[_Way]:
    """From a device to the other node's for the same VNI, with the VTEPs of both."""
    for there in others.get(here.device.vni, ()):
        vtep, peer = _vtep(here, there, cluster), _vtep(there, here, cluster)
        if vtep is None or peer is None or vtep.version != peer.version:
            continue
        if here.device.remotes is None or peer in here.device.remotes:
            yield here, there, vtep, peer


def _vtep(end: _End, other: _End, cluster: ClusterView) -> IpAddress | None:
    """The VTEP of an end; PVE's own stanzas do not name it, and the other's list of peers has it."""
    if end.device.vtep is not None:
        return end.device.vtep
    listed = sorted(other.device.remotes or (), key=str)
    return next((address for address in listed if cluster.owners.get(str(address)) == end.view.node), None)


def _both_sizes(numbers: Iterator[int], zone: str, way: _Way) -> Iterator[PathProbe]:
    here, there, vtep, peer = way
    mtu = min(here.bridge.mtu, there.bridge.mtu)
    for size in (mtu, SMALL):
        yield PathProbe(
            number=next(numbers),
            source=here.view.node,
            target=there.view.node,
            zone=zone,
            bridge=there.bridge.name,
            vni=here.device.vni or 0,
            udp_port=there.device.udp_port or 0,
            vtep=vtep,
            peer=peer,
            mac=there.bridge.mac,
            source_mac=here.view.state.devices[here.device.name].mac,
            size=size,
            is_small=size != mtu,
        )


def judge_paths(probes: Collection[PathProbe], heard: Mapping[str, Heard]) -> Iterator[Discrepancy]:
    """What did not come, told of the node that sent it, once for each other node.

    :param heard: by node, of those that could send and listen; the others are not judged.
    """
    lost: dict[tuple[str, str], list[PathProbe]] = {}
    came = {(probe.source, probe.target, probe.zone, probe.is_small) for probe in probes if _came(probe, heard)}
    for probe in probes:
        if {probe.source, probe.target} <= heard.keys() and not probe.is_small and not _came(probe, heard):
            lost.setdefault((probe.source, probe.target), []).append(probe)
    for (source, target), of_pair in lost.items():
        small = [probe for probe in of_pair if (source, target, probe.zone, True) in came]
        closed = [probe for probe in of_pair if probe not in small]
        unsent = heard[source].unsent
        if small:
            yield _too_small(small, unsent)
        if closed:
            yield _closed(closed, next((unsent[p.number] for p in closed if p.number in unsent), ""), came)


def _came(probe: PathProbe, heard: Mapping[str, Heard]) -> bool:
    there = heard.get(probe.target)
    return there is not None and probe.number in there.heard


def _too_small(lost: list[PathProbe], unsent: Mapping[int, str]) -> Discrepancy:
    largest = max(lost, key=lambda probe: probe.size)
    version = largest.vtep.version
    needed = largest.size + _OUTER[version]
    where, what = f"something between {largest.vtep} and {largest.peer}", "a switch, a bond, a tunnel on the way"
    if unsent.get(largest.number) == "EMSGSIZE":
        where, what = f"the device towards {largest.peer}", "the frame did not leave the node"
    return _finding(
        lost,
        trait="MTU",
        expected=f"a guest's packet of {largest.size} bytes arrives",
        found=f"lost; one of {SMALL} bytes arrives",
        cause=f"{where} has an MTU of less than {needed}: {what}",
        # A path MTU that the kernel has learned would answer in place of the way.
        step=f"ping -c 3 -M do -s {needed - _ICMP[version]} -I {largest.vtep} {largest.peer}",
    )


def _closed(lost: list[PathProbe], why: str, came: set[tuple[str, str, str, bool]]) -> Discrepancy:
    first = lost[0]
    port = f"UDP port {first.udp_port}"
    expected, look = "VXLAN datagrams arrive", f"udp port {first.udp_port}"
    is_closed = not any((source, target) == (first.source, first.target) for source, target, _, _ in came)
    if why:
        cause = _CAUSES.get(why, f"the node could not send it: {why}")
        cause = cause.format(port=port, peer=first.peer, vtep=first.vtep)
    elif not is_closed:
        expected = f"those of VNI {some([str(probe.vni) for probe in lost])} arrive, as those of other zones do"
        cause = f"the kernel of {first.target} does not take them, or something drops {port}"
    elif any(target == first.target for _, target, _, _ in came):
        cause = f"{port} does not get from {first.source} to {first.target}, where others do: a filter between them"
        look = f"src {first.vtep} and {look}"
    else:
        cause = f"{port} does not get to {first.target} from anywhere: its firewall, or one in front of it"
    return _finding(
        lost,
        expected=expected,
        found="none arrives, however small",
        cause=cause,
        step=f"on {first.target}: timeout 10 tcpdump -c 5 -ni any {look}",
        is_there=False,
        parts=frozenset({CLOSED, *(probe.zone for probe in lost)} if is_closed else {probe.zone for probe in lost}),
    )


_CAUSES = {
    "EPERM": "a firewall on this node does not let {port} out",
    "EACCES": "a firewall on this node does not let {port} out",
    "ENETUNREACH": "the node has no route to {peer}",
    "EHOSTUNREACH": "nobody answers for {peer}, or its route is closed",
    "EADDRNOTAVAIL": "the node does not have the address {vtep}",
    "EMSGSIZE": "the device towards {peer} carries hardly anything",
}
"""Why a node could not send, by the system's name of the error."""


def _finding(lost: list[PathProbe], **said: Any) -> Discrepancy:
    first = lost[0]
    zones = tuple(sorted({probe.zone for probe in lost}))
    told = {"is_there": True, "parts": frozenset(zones), "peer": first.target, **said}
    name = f"path to {first.target} ({first.peer})"
    return Discrepancy(node=first.source, subject=Subject.PATH, object=name, zones=zones, **told)


def path_checks(probes: Collection[PathProbe], heard: Mapping[str, Heard]) -> Iterator[tuple[str, str]]:
    """The sender and the zone of each pair that was tried."""
    for probe in probes:
        if not probe.is_small and {probe.source, probe.target} <= heard.keys():
            yield probe.source, probe.zone
