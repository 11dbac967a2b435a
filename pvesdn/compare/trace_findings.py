"""What verify says of the places where ways of a trace end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pvesdn.model.trace import Circle, Direction, End, Outcome, Way
from pvesdn.model.verification import Discrepancy, Subject

_OF_BGP = frozenset({Subject.SESSION, Subject.FRR})
_OF_ROUTES = _OF_BGP | {Subject.ROUTE, Subject.VNI}


def concerning(directions: Iterable[Direction], found: Iterable[Discrepancy]) -> tuple[Discrepancy, ...]:
    """What verify says of the devices where a way ends, of BGP between the nodes that it is about, and, where it goes
    round in a circle, of the nodes there: which of their routes is wrong, the circle does not show. Where a route is
    missing, what it says of routes in that zone anywhere: the node that should announce it is not on the way.
    """
    told = list(found)
    kept: list[Discrepancy] = []
    for direction in directions:
        for way in direction.ways:
            if way.outcome is not Outcome.ARRIVES:
                kept += (item for item in told if item not in kept and _concerns(item, way, direction.target))
    return tuple(kept)


def leaving_steps_to(direction: Direction, found: Iterable[Discrepancy]) -> Direction:
    """Without the next step of a way that ends at a device of which verify says one of its own: they may conflict."""
    told = [item for item in found if item.next_step]

    def kept(way: Way) -> Way:
        has_own = any(item.node == way.node and way.device and _names(way.device, item.object) for item in told)
        return replace(way, step="") if has_own else way

    return replace(direction, ways=tuple(map(kept, direction.ways)))


def _concerns(item: Discrepancy, way: Way, target: End) -> bool:
    # What is missing on one node is what another one finds nobody behind: a VNet's devices have one name everywhere.
    devices = {(hop.node, hop.device) for hop in way.hops} | {(way.node, way.device), (target.node, way.device)}
    is_there = any(node == item.node and _names(device, item.object) for node, device in devices if device)
    nodes = {way.node, target.node, *(hop.node for hop in way.hops)}
    is_between = item.subject in _OF_BGP and item.node in nodes and (not item.peer or item.peer in nodes)
    is_on_circle = way.circle is not None and _is_on(item, way.circle)
    is_of_routes = bool(way.unrouted) and item.subject in _OF_ROUTES and item.concerns(way.unrouted)
    return is_there or is_between or is_on_circle or is_of_routes


def _is_on(item: Discrepancy, circle: Circle) -> bool:
    is_of_zone = not circle.zones or any(item.concerns(zone) for zone in circle.zones)
    return item.node in circle.nodes and is_of_zone


def _names(device: str, told: str) -> bool:
    """A device is named, and not only part of another name."""
    return device in told.replace("(", " ").replace(")", " ").replace(",", " ").split()
