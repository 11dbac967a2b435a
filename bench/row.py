"""One row of the table, in a process of its own: `python -m bench.row WHAT ARGUMENT...`, one line of JSON on standard
output.

What is timed is repeated; every run starts from the same typed values and keeps nothing of the one before.
"""

from __future__ import annotations

import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import floor
from bench.drawing import measure_map
from bench.network import network, pve_network
from bench.reading import measure_node
from bench.snapshots import write_cluster
from bench.timed import processor_seconds, repeated
from bench.unchanged import measure_unchanged
from pvesdn.compare.conflicts import digest
from pvesdn.compare.diff import unified
from pvesdn.compare.files import compare_node
from pvesdn.compare.present import NodeNow
from pvesdn.decode.nodes.record import Record
from pvesdn.design.checks.all_checks import check
from pvesdn.design.cluster import design_node, share
from pvesdn.design.ours.vteps import choose_vteps
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import Link, NodeFacts
from pvesdn.model.files import FRR_CONF, OUR_INTERFACES, SDN_INTERFACES, RenderedFile
from pvesdn.model.flags import PlanFlags
from pvesdn.model.owners import FileOwners, Writer
from pvesdn.render.renderer import Renderer

RUNS = 5
PACKAGES = {"ifupdown2": "3.3.0-1+pmx11", "frr": "10.4.1-1+pve1"}


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


def main(what: str, *arguments: str) -> dict[str, Any]:
    """Seconds of each run, and what else there is to say of them."""
    measures: dict[str, Callable[..., dict[str, Any]]] = {
        "pvesdn": measure_pvesdn,
        "floor": measure_floor,
        "compare": measure_compare,
        "plan": measure_plan,
        "map": measure_map,
        "help": measure_help,
        "node": measure_node,
        "unchanged": measure_unchanged,
    }
    return measures[what](*arguments) | {"peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


# --- designing and rendering ------------------------------------------------------------------------------------------


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


# --- comparing --------------------------------------------------------------------------------------------------------


def measure_compare(change: str, vnets: str) -> dict[str, object]:
    """One node as it is against one node as it should be, to the last line of the unified diff.

    :param change: ``no VNet``, ``one VNet`` (a new one) or ``every MTU``.
    """
    count = int(vnets)
    before = one_node(network(3, count))
    after = one_node(network(3, count + (change == "one VNet"), mtu=1400 if change == "every MTU" else None))
    now = node_now(before, count)
    diff: list[str] = []

    def run() -> None:
        nonlocal diff
        changes = compare_node(after, now, FileOwners(Writer.PVE, Writer.PVESDN), flags=PlanFlags(), shows_pve=False)
        diff = [line for file in changes.files for line in unified(file)]

    return {"seconds": repeated(run, RUNS), "lines": len(diff), "hunks": sum(line.startswith("@@") for line in diff)}


def one_node(given: DesignInput) -> tuple[RenderedFile, ...]:
    """The first node's files."""
    vteps, _ = choose_vteps(given)
    return Renderer().render(design_node(share(given, vteps), min(vteps)), {})


def node_now(files: tuple[RenderedFile, ...], vnets: int) -> NodeNow:
    """A node on which these files were applied."""
    present = {file.path: file.text for file in files if file.text is not None}
    links = [Link(name=f"net{number:05}", kind="bridge") for number in range(1, vnets + 1)]
    links += [Link(name=f"vxlan_{link.name}", kind="vxlan", vni=number) for number, link in enumerate(links, 1)]
    facts = NodeFacts(node="pve01", links=tuple(links), sources=("/etc/network/interfaces.d/*",), versions=PACKAGES)
    record = Record({path: digest(text) for path, text in present.items()}, is_unfinished=False)
    return NodeNow(present, facts, record)


# --- the whole process ------------------------------------------------------------------------------------------------

WHOLE_RUNS = 3


def measure_plan(state: str, nodes: str, vnets: str) -> dict[str, object]:
    """`pvesdn plan --from` from its first to its last instruction and its floor, in turn: seconds of processor time.

    :param state: one of `bench.measured.STATES`.
    """
    with tempfile.TemporaryDirectory(prefix="pvesdn-bench-") as place:
        folder, answer = Path(place, "snapshot"), Path(place, "answer")
        write_cluster(folder, int(nodes), int(vnets), state)
        command = (sys.executable, "-m", "pvesdn", "plan", "--from", str(folder))
        answer.write_bytes(
            subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
        )
        with_floor = (sys.executable, "-m", "bench.whole", "floor", str(folder), str(answer))
        pairs = [(processor_seconds(command), processor_seconds(with_floor)) for _ in range(WHOLE_RUNS)]
        parts = subprocess.run(
            (sys.executable, "-m", "bench.whole", "phases", str(folder)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=True,
        )
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    return {
        "seconds": [plan for plan, _ in pairs],
        "floor": [floor for _, floor in pairs],
        "phases": json.loads(parts.stderr.splitlines()[-1]),
        "peak_of_children": peak,
    }


HELP_RUNS = 15
EMPTY = "import click\nclick.Command('empty').main(['--help'])\n"
"""A program of click's that does nothing: what `--help` costs at least."""


def measure_help() -> dict[str, object]:
    """`pvesdn --help` and an empty click program's, in turn: seconds of processor time."""
    ours, empty = (sys.executable, "-m", "pvesdn", "--help"), (sys.executable, "-c", EMPTY)
    pairs = [(processor_seconds(ours), processor_seconds(empty)) for _ in range(HELP_RUNS)]
    return {"seconds": [mine for mine, _ in pairs], "floor": [floor for _, floor in pairs]}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
