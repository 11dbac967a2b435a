"""What a great many VNets cost: how long verbs take with them, and what nodes keep in memory."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from pvesdn_lab.live.testbed.cluster import LiveCluster
from pvesdn_lab.live.testbed.node import LiveNode
from pvesdn_lab.live.verbs.actions import story_of
from pvesdn_lab.live.verbs.context import Context, as_proof, require
from pvesdn_lab.live.verbs.reloads import reload_by

_KINDS = {
    "unicast": "vxlan: many\n",
    "evpn": "evpn-controller: main\n\tasn 65000\n\nevpn: many\n\tcontroller main\n\tirb none\n",
}
_FIRST_TAG = 10_000
_KERNELS = ("Slab:", "Percpu:")
"""Lines of /proc/meminfo that grow with network devices."""
_DAEMONS = frozenset({"zebra", "bgpd", "bfdd", "staticd", "watchfrr"})
_UNTOUCHED = "untouched"


def costs(context: Context, *, what: str, kind: str, vnets: int, verb: str, way: str = "api", limit: int = 3600) -> str:
    """Take the time of one verb of pvesdn, or of a node's own `ifreload -a`, with so many VNets defined.

    :param what: in words, for the table.
    :param kind: of their zone, `unicast` or `evpn`.
    :param verb: `apply`, `plan` or `verify`; of a node's own `ifreload`, `ifreload everywhere`, which is on one node
        after the other as PVE does it, `ifquery` and `ifup`, which is of the first VNet.
    :param way: what ``[apply] reload`` says.
    :param limit: seconds that it may take.
    """
    cluster = context.lab.cluster
    cluster.pve.write_sdn("pvesdn.cfg", definitions(kind, vnets))
    reload_by(context, way=way, task_timeout=limit)
    does: dict[str, Callable[[], None]] = {
        "apply": partial(_pvesdn, cluster, limit, "apply", "--yes"),
        "plan": partial(_pvesdn, cluster, limit, "plan"),
        "verify": partial(_pvesdn, cluster, limit, "verify"),
        "ifreload": partial(_own, context.nodes()[:1], limit, "ifreload", "-a"),
        "ifreload everywhere": partial(_own, context.nodes(), limit, "ifreload", "-a"),
        "ifquery": partial(_own, context.nodes()[:1], limit, "ifquery", "-a", "-c", "-o", "json"),
        "ifup": partial(_own, context.nodes()[:1], limit, "ifup", "vxlan_v00000", "v00000"),
    }
    context.figures |= {"what": what, "kind": kind, "vnets": vnets, "way": way, "limit": limit, "seconds": None}
    begin = time.monotonic()
    try:
        does[verb]()
    except subprocess.TimeoutExpired:
        require(expected=f"{what} to end within {limit} s", condition=False)
    seconds = time.monotonic() - begin
    context.figures |= {"seconds": round(seconds, 2), "load": round(os.getloadavg()[0], 1)}
    return f"{vnets} VNets, {kind}: {seconds:.1f} s"


def memory(context: Context, *, kind: str, vnets: int) -> str:
    """What FRR and the kernel keep in memory for a node: FRR in its processes; the kernel by how much the whole machine
    has more than at the first such step, divided by the nodes.
    """
    nodes = context.nodes()
    frr = max(_resident(node) for node in nodes)
    before = context.notes.setdefault(_UNTOUCHED, _kernels())
    kernel = (_kernels() - before) / len(nodes)
    context.figures |= {"kind": kind, "vnets": vnets, "frr_mib": round(frr, 1), "kernel_mib": round(kernel, 1)}
    return f"{vnets} VNets, {kind}: FRR {frr:.0f} MiB, kernel {kernel:.0f} MiB more a node"


def definitions(kind: str, vnets: int) -> str:
    """So many VNets in one zone."""
    zone = f"underlay: cluster\n\tnetwork 192.168.0.0/24\n\n{_KINDS[kind]}" if vnets else ""
    return zone + "".join(
        f"\nvnet: v{number:05d}\n\tzone many\n\ttag {_FIRST_TAG + number}\n" for number in range(vnets)
    )


def _pvesdn(cluster: LiveCluster, limit: int, *arguments: str) -> None:
    run = cluster.begin(*arguments).end(limit)
    require(run.status == 0, f"{arguments[0]} to end well", story_of(run))
    if arguments[0] == "plan":
        require(not run.document["summary"]["has_changes"], "a plan in which nothing is left to do", story_of(run))


def _own(nodes: Sequence[LiveNode], limit: int, *argv: str) -> None:
    """Of ifupdown2 alone, one node after the other."""
    for node in nodes:
        with as_proof():
            node.space.must(*argv, limit=limit)


def _resident(node: LiveNode) -> float:
    """MiB of FRR's daemons."""
    rows = (line.split() for line in node.space.call("ps", "-eo", "rss=,comm=").stdout.splitlines())
    return sum(int(row[0]) for row in rows if row[1] in _DAEMONS) / 1024


def _kernels() -> float:
    """MiB that the machine's kernel uses for what grows with network devices."""
    rows = (line.split() for line in Path("/proc/meminfo").read_text("ascii").splitlines())
    return sum(int(row[1]) for row in rows if row[0] in _KERNELS) / 1024
