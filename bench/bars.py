"""What must hold, each with its figure and whether it does."""

from __future__ import annotations

from typing import Any

from bench.measured import (
    CHANGES,
    MAP_NODES,
    MAP_VNETS,
    NODE_SIZES,
    SIZES,
    SOURCES,
    UNCHANGED_NODES,
    Compares,
    Design,
    Plans,
    Reads,
    best,
    growth_of,
    ratio_of,
)

RATIO_BARS = {"pvesdn.cfg": 10.0, "zones.cfg": 20.0}  # times the floor, 32 nodes with 1,000 VNets
GROWTH_BAR = 1.25  # times the floor's own growth, from 1,000 to 4,000 VNets and from 8 to 32 nodes
PEAK_BAR = 200e6  # bytes
LINEAR_BAR = 6.0  # times the time for 4 times the VNets; quadratic would be 16
WORTH_COMPARING = 0.01  # seconds
HELP_BAR = 1.3  # times an empty click program
WHOLE_BARS = {"fresh": 6.0, "unchanged": 4.0, "one VNet changed": 4.0}  # times the floor, 32 nodes with 1,000 VNets

MAP_BAR = 3.0  # seconds of a processor, graphviz's included
READ_BAR = 3.0  # times what any program in Python must spend to look at the devices of 1,000 VNets


def bars(designs: list[Design], compares: Compares) -> list[tuple[str, bool]]:
    """What must hold, with its figure, and whether it does."""
    peak = max(design.row["peak_bytes"] for design in designs)
    same = all(design.row["digest"] == design.floor["digest"] for design in designs)
    # What takes no time has no growth to speak of.
    slow = [change for change in CHANGES if best(compares[change, SIZES[0]]) > WORTH_COMPARING]
    steepest = max(growth_of(compares, change) for change in slow)
    return [
        ("pvesdn and its floor print the same bytes", same),
        *(bar for source in SOURCES for bar in design_bars([d for d in designs if d.source == source])),
        (f"peak memory of a row: {peak / 1e6:.0f} MB (below {PEAK_BAR / 1e6:.0f})", peak < PEAK_BAR),
        (
            f"comparing, linear: 4 times the VNets take {steepest:.1f} times the time (at most {LINEAR_BAR:.0f}, quadratic is 16)",
            steepest <= LINEAR_BAR,
        ),
    ]


def design_bars(designs: list[Design]) -> list[tuple[str, bool]]:
    """The bars of one source's rows: how far from the floor, and no steeper than it."""
    _, few_nodes, middle, large = designs
    source, bar = middle.source, RATIO_BARS[middle.source]
    ratio = f"{source}, 32 nodes with 1,000 VNets: {middle.ratio:.1f} times the floor (at most {bar:.0f})"
    found = [(ratio, middle.ratio <= bar)]
    for name, small, big in (("1,000 to 4,000 VNets", middle, large), ("8 to 32 nodes", few_nodes, middle)):
        growth, own = best(big.row) / best(small.row), best(big.floor) / best(small.floor)
        times = f"{growth:.2f} times the time, {growth / own:.2f} times the floor's growth (at most {GROWTH_BAR})"
        found.append((f"{source}, {name}: {times}", growth <= GROWTH_BAR * own))
    return found


def whole_bars(plans: Plans) -> list[tuple[str, bool]]:
    """The bars of the whole process, against the floor of the same run."""
    found = []
    for state, bar in WHOLE_BARS.items():
        ratio = ratio_of(plans[state, 32])
        what = (
            f"the whole of a plan, 32 nodes with 1,000 VNets, {state}: {ratio:.1f} times the floor (at most {bar:.0f})"
        )
        found.append((what, ratio <= bar))
    return found


def read_bars(reads: Reads) -> list[tuple[str, bool]]:
    """Reading grows no faster than what is read."""
    few, many = (reads.unchanged[UNCHANGED_NODES[at]] for at in (0, -1))
    nodes = UNCHANGED_NODES[-1] / UNCHANGED_NODES[0]
    found = []
    for name, key in (("plan", "seconds"), ("verify", "verify")):
        growth = min(many[key]) / min(few[key])
        what = (
            f"{name}, nothing changed, {UNCHANGED_NODES[0]} to {UNCHANGED_NODES[-1]} nodes ({nodes:.0f} times as many)"
        )
        found.append(
            (f"{what}: {growth:.0f} times the time (at most {GROWTH_BAR * nodes:.0f})", growth <= GROWTH_BAR * nodes)
        )
    if reads.has_nodes:
        small, large = (reads.nodes[vnets] for vnets in NODE_SIZES)
        growth, most = large["verify"] / small["verify"], NODE_SIZES[1] / NODE_SIZES[0]
        what = f"reading a node, {NODE_SIZES[0]} to {NODE_SIZES[1]:,} VNets: {growth:.1f} times the time (at most {most:.0f})"
        found.append((what, growth <= most))
        ratio = large["seconds"] / large["floor"]
        what = f"reading a node with {NODE_SIZES[1]:,} VNets for a plan: {ratio:.1f} times the floor (at most {READ_BAR:.0f})"
        found.append((what, ratio <= READ_BAR))
    return found


def map_bar(row: dict[str, Any]) -> tuple[str, bool]:
    """A page of a large cluster is there at once."""
    taken = row["calls"]["live, page"]
    size = f"{MAP_NODES} nodes with {MAP_VNETS} VNets"
    what = f"a live map of {size} as a page: {taken:.2f} s of a processor (at most {MAP_BAR:.0f})"
    return what, taken <= MAP_BAR


def help_bar(started: dict[str, Any]) -> tuple[str, bool]:
    """How much longer `pvesdn --help` takes than a program of click's that does nothing."""
    ratio = ratio_of(started)
    return f"pvesdn --help: {ratio:.2f} times an empty click program (at most {HELP_BAR})", ratio <= HELP_BAR
