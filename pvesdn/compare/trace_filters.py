"""Packet filters on the way of a trace: their rules are not followed, and that they are there is said."""

from __future__ import annotations

from collections.abc import Callable

from pvesdn.compare.trace_scene import Scene, Walk
from pvesdn.model.looked_up import ForwardFilter
from pvesdn.model.trace import Way


def past_routing(scene: Scene, way: Way, node: str, version: int) -> Way:
    """Through what a packet of an IP version passes while a node routes it; the way may end there."""
    return _past(scene, way, node, lambda found: version in found.families)


def past_bridging(walk: Walk, way: Way, node: str) -> Way:
    """Through what a frame passes from one port of a bridge to another; the way may end there."""
    known = (end.address for end in (walk.target, walk.source) if end.address is not None)
    versions = {address.version for address in known} or {4, 6}

    def concerns(found: ForwardFilter) -> bool:
        # The kernel shows iptables frames of IPv4 alone, and ip6tables those of IPv6.
        return found.is_of_bridges and (not found.families or bool(versions & found.families))

    return _past(walk.scene, way, node, concerns)


def _past(scene: Scene, way: Way, node: str, concerns: Callable[[ForwardFilter], bool]) -> Way:
    told = scene.found.get(node)
    if told is None:
        return way  # a snapshot, in which nothing of this is known, and nothing arrives
    if told.filters is None:
        return way.noting(f"packet filters of {node}: {scene.why_not_looked_up(node, 'filters')}")
    for found in filter(concerns, told.filters):
        if found.drops and found.is_empty:
            return way.ends(node, "", f"{found.name} drops all that {node} forwards, and has no rule that lets it pass")
        if found.drops:
            way = way.doubting(f"{found.name} drops what none of its rules lets pass, and these were not looked at")
        elif not found.is_empty:
            way = way.noting(f"the rules of {found.name} on {node} were not looked at")
    return way
