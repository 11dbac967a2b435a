"""A plan that is carried out on some nodes only: their part of it, and what that does to those that are left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from pvesdn.compare.options import Options
from pvesdn.compare.passing import joined_by_parting
from pvesdn.compare.sides import AGREED, VNI, Sides
from pvesdn.model.files import ChangeSet
from pvesdn.model.findings import Finding, Severity
from pvesdn.model.order import Cause

_MAC = "hwaddress"
_SHARED = {VNI: Cause.VNI, **AGREED, "mtu": Cause.MTU, _MAC: Cause.MAC}
"""Options in which the two ends of a tunnel, or the gateways of a VNet, have to agree."""
_VRF = "vrf"
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

    An error is what must not be: an address on two nodes, or a VNI that is one network here and another there. A
    warning is what lasts until the others have had their turn.
    """
    here = [Sides(node) for node in changes.nodes if node.node in only and not node.is_empty]
    there = [Sides(node) for node in changes.nodes if node.node not in only and not node.is_empty]
    inside, outside = ([node for node in changes.nodes if (node.node in only) is is_in] for is_in in (True, False))
    joined = joined_by_parting(inside, outside)
    return (*_twice(here, there), *joined, *_disagreeing(here, there), *_exits_gone(here, there))


def _twice(here: list[Sides], there: list[Sides]) -> Iterator[Finding]:
    """Addresses that come to a node of the part and are to go from one that is left out."""
    leaving = {host: (side.node, device) for side in there for host, device in side.leaving().items()}
    for side in here:
        for device, host in side.coming():
            if host in leaving:
                node, holder = leaving[host]
                what = f"{device} gets {host}, which {holder} of {node} holds until {node} has its turn"
                yield _finding(Severity.ERROR, side.node, what, f"add --node {node}, or apply without --node")


def _disagreeing(here: list[Sides], there: list[Sides]) -> Iterator[Finding]:
    """Things in which nodes of the part agree with those left out, and will not until these have had their turn."""
    found: dict[Cause, tuple[set[str], set[str]]] = {}

    def note(what: Cause, side: Sides, other: Sides) -> None:
        nodes, others = found.setdefault(what, (set(), set()))
        nodes.add(side.node)
        others.add(other.node)

    for side in here:
        for other in there:
            for name in side.moved.keys() & other.moved.keys():
                for option in (side.moved[name] & other.moved[name]) & _SHARED.keys():
                    if option != _MAC or name in side.gateways:  # that of an L3VNI's bridge is the node's own
                        note(_SHARED[option], side, other)
            if side.moves_vtep and other.follows_vteps:
                note(Cause.VTEP, side, other)
            if side.moves_as and other.moves_as:
                note(Cause.AS_NUMBER, side, other)
    for what, (nodes, others) in sorted(found.items()):
        yield _finding(
            Severity.WARNING,
            ", ".join(sorted(nodes)),
            f"the {what} changes here, while {', '.join(sorted(others))} still {_have(others)} the old one:"
            " traffic between them may be cut",
            _SOON,
        )


def _exits_gone(here: list[Sides], there: list[Sides]) -> Iterator[Finding]:
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
