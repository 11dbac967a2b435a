"""Designing and printing: from typed values to the text of every node, and its floor (`bench/floor.py`).

What is timed is repeated; every run starts from the same typed values and keeps nothing of the one before.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from bench import floor
from bench.network import network, pve_network
from bench.timed import repeated
from pvesdn.design.checks.all_checks import check
from pvesdn.design.cluster import design_node, share
from pvesdn.design.ours.vteps import choose_vteps
from pvesdn.model.design import DesignInput
from pvesdn.model.files import FRR_CONF, OUR_INTERFACES, SDN_INTERFACES
from pvesdn.render.renderer import Renderer

RUNS = 5


@dataclass(frozen=True)
class Source:
    """Whose definitions are timed.

    :param floor: prints the same bytes without pvesdn.
    :param interfaces: the file that the stanzas go to.
    """

    network: Callable[[int, int], DesignInput]
    floor: Callable[[DesignInput], Iterator[tuple[str, str]]]
    interfaces: str


SOURCES = {
    "pvesdn.cfg": Source(network, floor.print_cluster, OUR_INTERFACES),
    "zones.cfg": Source(pve_network, floor.print_pve_cluster, SDN_INTERFACES),
}


def measure_pvesdn(source: str, nodes: str, vnets: str) -> dict[str, object]:
    """From typed values to the text of every node."""
    given = SOURCES[source].network(int(nodes), int(vnets))
    phases: list[dict[str, float]] = []
    seconds = repeated(lambda: phases.append(design_and_render(given)), RUNS)
    best = seconds.index(min(seconds))
    return {
        "seconds": seconds,
        "phases": phases[best],
        "digest": digest_of(texts(given, SOURCES[source].interfaces)),
        "checks": check_seconds(given),
    }


def design_and_render(given: DesignInput) -> dict[str, float]:
    """One run; the seconds of its parts."""
    clock = time.perf_counter
    began = clock()
    renderer = Renderer()
    vteps, _ = choose_vteps(given)
    shared = share(given, vteps)
    shared_at = clock()
    designing = 0.0
    printing: list[float] = []
    for node in vteps:
        start = clock()
        design = design_node(shared, node)
        designed = clock()
        renderer.render(design, {})
        printing.append(clock() - designed)
        designing += designed - start
    return {
        "set-up, design of what is shared": shared_at - began,
        "design of each node": designing,
        "first print": printing[0],
        "other prints": sum(printing[1:]),
    }


def check_seconds(given: DesignInput) -> float:
    """The checks across objects, which come before every design and are not part of it."""
    vteps, findings = choose_vteps(given)
    began = time.perf_counter()
    found = (*findings, *check(given, vteps))
    seconds = time.perf_counter() - began
    assert not found, found
    return seconds


def texts(given: DesignInput, interfaces: str) -> Iterable[tuple[str, str]]:
    """The file of interfaces and frr.conf, node by node."""
    renderer = Renderer()
    vteps, _ = choose_vteps(given)
    shared = share(given, vteps)
    for node in vteps:
        files = {file.path: file.text or "" for file in renderer.render(design_node(shared, node), {})}
        yield files[interfaces], files[FRR_CONF]


def measure_floor(source: str, nodes: str, vnets: str) -> dict[str, object]:
    """The same bytes without pvesdn."""
    printed = SOURCES[source].floor
    given = SOURCES[source].network(int(nodes), int(vnets))

    def run() -> None:
        for _ in printed(given):
            pass

    return {"seconds": repeated(run, RUNS), "digest": digest_of(printed(given))}


def digest_of(texts_of_nodes: Iterable[tuple[str, str]]) -> str:
    """SHA-256 over all texts in order."""
    sha = hashlib.sha256()
    for interfaces, frr in texts_of_nodes:
        sha.update(interfaces.encode())
        sha.update(frr.encode())
    return sha.hexdigest()
