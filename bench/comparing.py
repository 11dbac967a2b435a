"""Comparing one node as it is against one node as it should be."""

from __future__ import annotations

from bench.network import network
from bench.timed import repeated
from pvesdn.compare.conflicts import digest
from pvesdn.compare.diff import unified
from pvesdn.compare.files import compare_node
from pvesdn.compare.present import NodeNow
from pvesdn.decode.nodes.record import Record
from pvesdn.design.cluster import design_node, share
from pvesdn.design.ours.vteps import choose_vteps
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import Link, NodeFacts
from pvesdn.model.files import RenderedFile
from pvesdn.model.flags import PlanFlags
from pvesdn.model.owners import FileOwners, Writer
from pvesdn.render.renderer import Renderer

RUNS = 5
PACKAGES = {"ifupdown2": "3.3.0-1+pmx11", "frr": "10.4.1-1+pve1"}


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
