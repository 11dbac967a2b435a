"""What `make bench` has measured, by rows, and the ratios that are read from it."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Any

SOURCES = ("pvesdn.cfg", "zones.cfg")
NETWORKS = ((3, 10), (8, 1000), (32, 1000), (32, 4000))
CHANGES = ("no VNet", "one VNet", "every MTU")
SIZES = (1000, 4000)
PLANNED = (3, 32, 128)
STATES = ("fresh", "unchanged", "one VNet changed")

NODE_SIZES = (100, 1000)
"""VNets of a node that is read."""
UNCHANGED_NODES = (3, 32, 128)
UNCHANGED_VNETS = 100

MAP_NODES, MAP_VNETS = 32, 200
"""Of a cluster that is drawn."""
MAP_RUNS = 3

Compares = dict[tuple[str, int], dict[str, Any]]
"""Of one node's comparison: what was measured, by what has changed and the number of VNets."""
Plans = dict[tuple[str, int], dict[str, Any]]
"""Of the whole process: what was measured, by the state of the nodes and their number."""


@dataclass(frozen=True)
class Reads:
    """Reading nodes.

    :param nodes: what one costs itself, by its VNets; without "seconds" where that could not be tried.
    :param unchanged: plan and verify of clusters in which nothing has changed, by the number of nodes.
    """

    nodes: dict[int, dict[str, Any]]
    unchanged: dict[int, dict[str, Any]]

    @property
    def has_nodes(self) -> bool:
        return all(self.nodes.values())


@dataclass(frozen=True)
class Design:
    """One network: pvesdn beside its floor. :param source: whose definitions it comes from."""

    source: str
    nodes: int
    vnets: int
    row: dict[str, Any]
    floor: dict[str, Any]

    @property
    def ratio(self) -> float:
        return best(self.row) / best(self.floor)


def best(measured: dict[str, Any]) -> float:
    """Seconds of the best run."""
    return float(min(measured["seconds"]))


def ratio_of(measured: dict[str, Any]) -> float:
    """The median of a whole process by the floor that ran right after it."""
    pairs = zip(measured["seconds"], measured["floor"], strict=True)
    return float(statistics.median(plan / floor for plan, floor in pairs))


def growth_of(compares: Compares, change: str) -> float:
    """How many times longer the larger node takes."""
    return best(compares[change, SIZES[1]]) / best(compares[change, SIZES[0]])
