"""Ways that go round in a circle: those that come to a place for the second time, where the same is looked up again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from pvesdn.compare.trace_routers import shown_by
from pvesdn.compare.trace_scene import AtBridge, AtRouter, InTunnel, Position, Walk
from pvesdn.model.trace import Circle, Way

Passed = tuple[Position, ...]
"""The places of a way, or of a part of it, in the order in which it passes them."""


def circle_at(at: Position, passed: Passed, told: Iterable[Passed]) -> Passed:
    """The places of the circle that a way has come round or into, the one where it is first; empty for none.

    :param passed: where the way has been, in that order.
    :param told: the circles of ways before, whose places need not be passed again to know how that ends.
    """
    if at in passed:
        return passed[passed.index(at) :]
    known = next((places for places in told if at in places), ())
    begin = known.index(at) if known else 0
    return known[begin:] + known[:begin]


def going_round(walk: Walk, way: Way, places: Passed) -> Way:
    """The way's end where its circle begins."""
    nodes = tuple(node for node, _ in groupby(place.node for place in (*places, places[0])))
    named = f": {', '.join(nodes)}" if len(nodes) > 1 else f" on {nodes[0]}"
    first, step = places[0], ""
    routers = (place for place in places if isinstance(place, AtRouter) and place.node == first.node)
    if walk.target.address is not None and (router := next(routers, None)) is not None:
        step = shown_by(router, walk.target.address)
    ended = way.ends(first.node, _device(first), f"it goes round in a circle{named}", step)
    return replace(ended, circle=Circle(nodes, _zones(walk, places)))


def _device(place: Position) -> str:
    match place:
        case AtBridge():
            return place.bridge
        case AtRouter():
            return place.vrf or place.device
        case InTunnel():
            return place.device


def _zones(walk: Walk, places: Passed) -> frozenset[str]:
    cluster = walk.scene.cluster
    found = (cluster.nodes[place.node].zones.get(_device(place), "") for place in places)
    return frozenset(found) - {""}
