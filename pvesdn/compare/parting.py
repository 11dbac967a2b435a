"""A plan that is carried out on some nodes only: their part of it, and what that does to those that are left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from pvesdn.compare.options import Options, options_by_name, options_of_file
from pvesdn.model.files import (
    FRR_CONF,
    FRR_CONF_LOCAL,
    OUR_INTERFACES,
    SDN_INTERFACES,
    ChangeSet,
    FileChange,
    NodeChanges,
)
from pvesdn.model.findings import Finding, Severity

_MAC = "hwaddress"
_SHARED = {
    "vxlan-id": "VNI",
    "vxlan-port": "UDP port",
    "vxlan-mcastgrp": "multicast group",
    "vxlan-mcastgrp6": "multicast group",
    "mtu": "MTU",
    _MAC: "MAC of the gateway",
}
"""Options in which the two ends of a tunnel, or the gateways of a VNet, have to agree."""
_LOCAL, _REMOTE = "vxlan-local-tunnelip", "vxlan-remoteip"
_PORTS, _ADDRESS, _VRF = "bridge-ports", "address", "vrf"
_SOON = "run pvesdn apply without --node soon after"


def part_of(changes: ChangeSet, only: frozenset[str]) -> ChangeSet:
    """What the plan has for these nodes; of the others not even that they are off."""
    return replace(
        changes,
        nodes=tuple(node for node in changes.nodes if node.node in only),
        findings=tuple(finding for finding in changes.findings if not finding.node or finding.node in only),
        unreachable={name: why for name, why in changes.unreachable.items() if name in only},
        offline=tuple(name for name in changes.offline if name in only),
    )


def left_out(changes: ChangeSet, only: frozenset[str]) -> tuple[str, ...]:
    """The other nodes that the plan changes."""
    return tuple(node.node for node in changes.nodes if not node.is_empty and node.node not in only)


def parting_findings(changes: ChangeSet, only: frozenset[str]) -> tuple[Finding, ...]:
    """What comes of carrying the plan out on these nodes and not on the others.

    An error is what must not be, an address on two nodes. A warning is what lasts until the others have had their turn.
    """
    here = [_Sides(node) for node in changes.nodes if node.node in only and not node.is_empty]
    there = [_Sides(node) for node in changes.nodes if node.node not in only and not node.is_empty]
    return (*_twice(here, there), *_disagreeing(here, there), *_exits_gone(here, there))


@dataclass(frozen=True)
class _Sides:
    """One node: the options of its interfaces by name, as they are, which is read, and as they will be."""

    changes: NodeChanges

    @property
    def node(self) -> str:
        return self.changes.node

    @cached_property
    def before(self) -> Mapping[str, Options]:
        return options_by_name("\n".join(file.old or "" for file in self._interfaces))

    @cached_property
    def after(self) -> Mapping[str, Options]:
        return _together(options_of_file(file.interfaces) for file in self._interfaces if file.interfaces is not None)

    @cached_property
    def moved(self) -> dict[str, frozenset[str]]:
        """Options whose values change, by interface that is there before and after."""
        return {
            stanza.name: frozenset(difference.name for difference in stanza.differences)
            for file in self._interfaces
            for stanza in file.stanzas
            if stanza.differences
        }

    @property
    def moves_as(self) -> bool:
        """Its AS number is another one afterwards, or none."""
        numbers = (file.as_numbers for file in self._frr)
        return any(found.before and found.before != found.after for found in numbers)

    @property
    def moves_vtep(self) -> bool:
        return any(_LOCAL in options for options in self.moved.values())

    @property
    def follows_vteps(self) -> bool:
        """It changes where its own packets go: remotes of its devices, or neighbours of its FRR."""
        return bool(self._frr) or any(_REMOTE in options for options in self.moved.values())

    def uplinks(self, *, is_new: bool) -> dict[str, Options]:
        """Interfaces that hold addresses of their own: bridges of VNets hold the same one on every node."""
        found = self.after if is_new else self.before
        return {name: options for name, options in found.items() if _ADDRESS in options and _PORTS not in options}

    @property
    def _frr(self) -> list[FileChange]:
        return [file for file in self.changes.files if file.path in {FRR_CONF, FRR_CONF_LOCAL}]

    @property
    def _interfaces(self) -> list[FileChange]:
        interfaces = {OUR_INTERFACES, SDN_INTERFACES}
        return [file for file in self.changes.files if not file.by_pve and file.path in interfaces]


def _together(files: Iterable[Mapping[str, Options]]) -> dict[str, Options]:
    """Of each interface, what all these files say of it."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for file in files:
        for name, options in file.items():
            said = found.setdefault(name, {})
            for option, values in options.items():
                said[option] = (*said.get(option, ()), *values)
    return dict(found)


def _twice(here: list[_Sides], there: list[_Sides]) -> Iterator[Finding]:
    """Addresses that come to a node of the part and are to go from one that is left out."""
    leaving = {
        host: (side.node, name)
        for side in there
        for name, options in side.uplinks(is_new=False).items()
        for host in _hosts(options) - _hosts(side.after.get(name, {}))
    }
    for side in here:
        held = frozenset(host for options in side.before.values() for host in _hosts(options))
        for name, options in sorted(side.uplinks(is_new=True).items()):
            for host in sorted((_hosts(options) & leaving.keys()) - held):
                node, device = leaving[host]
                what = f"{name} gets {host}, which {device} of {node} holds until {node} has its turn"
                yield _finding(Severity.ERROR, side.node, what, f"add --node {node}, or apply without --node")


def _hosts(options: Options) -> frozenset[str]:
    """Its addresses, whatever their prefixes."""
    return frozenset(address.partition("/")[0] for address in options.get(_ADDRESS, ()))


def _disagreeing(here: list[_Sides], there: list[_Sides]) -> Iterator[Finding]:
    """Things in which nodes of the part agree with those left out, and will not until these have had their turn."""
    found: dict[str, tuple[set[str], set[str]]] = {}

    def note(what: str, side: _Sides, other: _Sides) -> None:
        nodes, others = found.setdefault(what, (set(), set()))
        nodes.add(side.node)
        others.add(other.node)

    for side in here:
        for other in there:
            for name in side.moved.keys() & other.moved.keys():
                for option in (side.moved[name] & other.moved[name]) & _SHARED.keys():
                    if option != _MAC or _ADDRESS in side.after[name]:  # that of an L3VNI's bridge is the node's own
                        note(_SHARED[option], side, other)
            if side.moves_vtep and other.follows_vteps:
                note("VTEP", side, other)
            if side.moves_as and other.moves_as:
                note("AS number", side, other)
    for what, (nodes, others) in sorted(found.items()):
        yield _finding(
            Severity.WARNING,
            ", ".join(sorted(nodes)),
            f"the {what} changes here, while {', '.join(sorted(others))} still {_have(others)} the old one:"
            " traffic between them may be cut",
            _SOON,
        )


def _exits_gone(here: list[_Sides], there: list[_Sides]) -> Iterator[Finding]:
    """VRFs that lose an exit on a node of the part, and get theirs on one that is left out."""
    for side in here:
        kept, gone = (_vrfs(side.uplinks(is_new=is_new)) for is_new in (True, False))
        for vrf in sorted(gone - kept):
            others = [o.node for o in there if vrf in _vrfs(o.uplinks(is_new=True)) - _vrfs(o.uplinks(is_new=False))]
            if others:
                what = f"the exit of {vrf} leaves this node before it comes to {', '.join(others)}"
                yield _finding(Severity.WARNING, side.node, what, _SOON)


def _vrfs(uplinks: Mapping[str, Options]) -> frozenset[str]:
    return frozenset(vrf for options in uplinks.values() for vrf in options.get(_VRF, ()))


def _have(nodes: set[str]) -> str:
    return "has" if len(nodes) == 1 else "have"


def _finding(severity: Severity, where: str, what: str, hint: str) -> Finding:
    return Finding(severity=severity, where=where, what=what, hint=hint)
