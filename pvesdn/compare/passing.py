"""VNIs that pass from one VNet to another: while some nodes have had their turn and others not, one number is two
networks, and joins them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from pvesdn.compare.options import options_by_name, options_of_files
from pvesdn.compare.sides import VNI
from pvesdn.design.shared import names
from pvesdn.model.cluster import SeenVtep
from pvesdn.model.files import OUR_INTERFACES, SDN_INTERFACES, Action, FileChange, NodeChanges
from pvesdn.model.findings import Finding, Severity
from pvesdn.model.ranges import by_number, ranges
from pvesdn.model.vnis import said_vni

_OF_VNET, _OF_ZONE = names.vxlan_port(""), names.l3vni_port("")
_INTERFACES = (OUR_INTERFACES, SDN_INTERFACES)


@dataclass(frozen=True, order=True)
class Passing:
    """A VNI that one device is to get and another has.

    :param device: named after the VNet or the zone that gets it. :param holder: after that which has it.
    """

    vni: int
    device: str
    holder: str


@dataclass(frozen=True)
class _Nodes:
    """:param takers: nodes on which it comes to `Passing.device`. :param holders: those where the other has it."""

    takers: AbstractSet[str]
    holders: AbstractSet[str]


def joined_by_parting(here: Sequence[NodeChanges], there: Sequence[NodeChanges]) -> Iterator[Finding]:
    """Errors: what nodes of a part would get while nodes that are left out have it for something else."""
    groups: dict[tuple[frozenset[str], frozenset[str]], list[Passing]] = {}
    parted = _passing([_Devices(node) for node in here], [_Devices(node) for node in there])
    for one, nodes in sorted(parted.items()):
        groups.setdefault((frozenset(nodes.takers), frozenset(nodes.holders)), []).append(one)
    for (takers, holders), (first, *more) in groups.items():
        left = " ".join(f"--node {node}" for node in sorted(holders, key=by_number))
        turn = "it has its turn" if len(holders) == 1 else "they have their turn"
        who, whose, until = _named(first.device), _named(first.holder), f"{turn}{_likewise(more)}"
        yield Finding(
            severity=Severity.ERROR,
            where=ranges(takers),
            what=f"{who} gets VNI {first.vni}, which is {whose}'s on {ranges(holders)} until {until}: the two would be one "
            "network",
            hint=f"add {left}, or apply without --node",
        )


def doubtful_passing(
    changes: Sequence[NodeChanges], silent: Collection[str], seen: Mapping[str, SeenVtep] = MappingProxyType({})
) -> Iterator[Finding]:
    """A warning where VNIs pass on while members do not answer: they may come back with what they had.

    :param seen: what is remembered, by node: a VNI may have been given up by an apply before this one.
    """
    if not silent:
        return
    devices = [_Devices(node) for node in changes]
    found = _passing(devices, devices)
    missed = _from_before(devices, {node: seen[node] for node in silent if node in seen})
    nodes = ranges(silent if found else {node for places in missed.values() for node in places.holders})
    found |= {one: places for one, places in missed.items() if one not in found}
    if not found:
        return
    first, *more = sorted(found)
    who, whose = _named(first.device), _named(first.holder)
    yield Finding(
        severity=Severity.WARNING,
        where=ranges(node for places in found.values() for node in places.takers),
        what=f"{who} gets VNI {first.vni}, which was {whose}'s{_likewise(more)}; {nodes} did not answer and may come back with "
        "it: the two would be one network until the next apply",
        hint="bring the node back, or choose another VNI",
    )


def taken(changes: Sequence[NodeChanges]) -> Mapping[str, Sequence[str]]:
    """By node the VNets and VRFs that get a VNI there which another one gives up, in PVE's file as in ours: the two mix
    until all nodes have been reloaded, and on one node alone nothing mixes.
    """
    stanzas = (stanza for node in changes for file in node.files for stanza in file.stanzas)
    if not any(one.action is Action.REMOVE or any(what.name == VNI for what in one.differences) for one in stanzas):
        return {}
    devices = [_Devices(node, counts_pves=True) for node in changes]
    found: dict[str, list[str]] = {}
    for one, places in sorted(_passing(devices, devices).items()):
        for node in places.takers if len(places.takers | places.holders) > 1 else ():
            vnet, zone = one.device.removeprefix(_OF_VNET), one.device.removeprefix(_OF_ZONE)
            found.setdefault(node, []).append(vnet if zone == one.device else names.vrf(zone))
    return found


def former_vnis(changes: Iterable[NodeChanges]) -> frozenset[tuple[int, str]]:
    """VNIs that devices of ours have and will not have any more, each with its device."""
    found: set[tuple[int, str]] = set()
    for node in changes:
        for file in node.files:
            if file.path == OUR_INTERFACES:
                then = {} if file.interfaces is None else _vnis(options_of_files([file.interfaces]))
                had = _vnis(options_by_name(file.old or ""))
                found |= {(vni, device) for device, vni in had.items() if then.get(device) != vni}
    return frozenset(found)


def _from_before(devices: Sequence[_Devices], seen: Mapping[str, SeenVtep]) -> dict[Passing, _Nodes]:
    """VNIs that come to a device, and that these members may still have for another one."""
    takers = _takers(devices) if any(was.former_vnis for was in seen.values()) else {}
    found: dict[Passing, _Nodes] = {}
    for (vni, device), nodes in takers.items():
        for node, was in seen.items():
            for holder in (holder for held, holder in was.former_vnis if held == vni and holder != device):
                places = found.get(Passing(vni, device, holder), _Nodes(nodes, frozenset()))
                found[Passing(vni, device, holder)] = _Nodes(nodes, places.holders | {node})
    return found


def _passing(takers: Sequence[_Devices], holders: Sequence[_Devices]) -> dict[Passing, _Nodes]:
    coming = _takers(takers)
    if not coming:
        return {}
    held = _held(holders, frozenset().union(*(devices.names for devices in (*takers, *holders))))
    passing: dict[Passing, _Nodes] = {}
    for (vni, device), nodes in coming.items():
        for holder, others in held.get(vni, {}).items():
            if holder != device:
                passing[Passing(vni, device, holder)] = _Nodes(nodes, others)
    return passing


def _takers(nodes: Iterable[_Devices]) -> Mapping[tuple[int, str], set[str]]:
    """By VNI and device the nodes on which the one comes to the other."""
    coming: dict[tuple[int, str], set[str]] = {}
    for devices in nodes:
        for device, vni in devices.coming.items():
            coming.setdefault((vni, device), set()).add(devices.node)
    return coming


def _held(holders: Sequence[_Devices], ours: AbstractSet[str]) -> Mapping[int, Mapping[str, set[str]]]:
    """By VNI and device the nodes that have it, now or as soon as they are reloaded.

    :param ours: live devices that count: any other is somebody else's, whatever it is called.
    """
    found: dict[int, dict[str, set[str]]] = {}
    for devices in holders:
        live = ((name, vni) for name, vni in devices.live.items() if name in ours)
        for name, vni in (*devices.said.items(), *live):
            found.setdefault(vni, {}).setdefault(name, set()).add(devices.node)
    return found


@dataclass(frozen=True)
class _Devices:
    """The VXLAN devices of one node that are named after VNets and zones.

    :param counts_pves: what PVE writes into its file counts too.
    """

    changes: NodeChanges
    counts_pves: bool = False

    @property
    def node(self) -> str:
        return self.changes.node

    @cached_property
    def said(self) -> Mapping[str, int]:
        """By the files that change, as they are."""
        return _vnis(options_by_name("\n".join(file.old or "" for file in self._files)))

    @cached_property
    def live(self) -> Mapping[str, int]:
        return {link.name: link.vni for link in self.changes.links if link.vni is not None}

    @cached_property
    def then(self) -> Mapping[str, int]:
        """By what pvesdn writes into them."""
        files = (file for file in self._files if self.counts_pves or not file.by_pve)
        return _vnis(options_of_files(file.interfaces for file in files if file.interfaces is not None))

    @property
    def coming(self) -> Mapping[str, int]:
        """VNIs that devices will have and do not have yet."""
        if not any(map(_may_bring, self._files)):
            return {}
        return {name: vni for name, vni in self.then.items() if self.live.get(name, self.said.get(name)) != vni}

    @property
    def names(self) -> AbstractSet[str]:
        """Devices that its files say, before or afterwards."""
        return self.said.keys() | self.then.keys()

    @property
    def _files(self) -> list[FileChange]:
        return [file for file in self.changes.files if file.path in _INTERFACES]


def _may_bring(file: FileChange) -> bool:
    return any(
        stanza.action is not Action.REMOVE and stanza.name.startswith((_OF_VNET, _OF_ZONE)) for stanza in file.stanzas
    )


def _vnis(devices: Mapping[str, Mapping[str, tuple[str, ...]]]) -> dict[str, int]:
    return {
        name: vni
        for name, options in devices.items()
        if name.startswith((_OF_VNET, _OF_ZONE))
        for value in options.get(VNI, ())
        if (vni := said_vni(value)) is not None
    }


def _likewise(more: Collection[Passing]) -> str:
    """:param more: those that the first one stands for."""
    return f" (likewise {len(more)} more VNI{'' if len(more) == 1 else 's'})" if more else ""


def _named(device: str) -> str:
    if device.startswith(_OF_VNET):
        return f"VNet {device.removeprefix(_OF_VNET)}"
    return f"zone {device.removeprefix(_OF_ZONE)}"
