"""A fake cluster whose reloads make the links that the interfaces files ask for."""

from __future__ import annotations

from typing import Any

from pvesdn.compare.stanzas import option
from pvesdn.decode.interfaces import split_stanzas
from pvesdn.model.files import ChangeSet
from pvesdn.model.report import ApplyReport
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.apply import apply
from pvesdn.workflows.plan import plan
from pvesdn.workflows.read import read_cluster
from tests.fakes import FakeCluster, fake_cluster

UNICAST = """underlay: cluster
\tnetwork 192.168.0.0/24

vxlan: ucast

vnet: web
\tzone ucast
\ttag 2
"""

PVE_ZONES = {
    "zones.cfg": "simple: lan\n\n",
    "vnets.cfg": "vnet: office\n\tzone lan\n\n",
    "subnets.cfg": "",
}


def cluster(pvesdn_cfg: str = UNICAST, **given: Any) -> FakeCluster:
    made = fake_cluster(pvesdn_cfg, **given)
    made.api.on_reload = lambda node: make_links(made, node)
    made.api.on_apply = lambda _api: [make_links(made, node) for node in made.nodes.nodes]
    return made


def make_links(made: FakeCluster, node: str) -> None:
    """What ifreload does: a link of the right kind for every `iface` of interfaces.d."""
    there = made.nodes[node]
    links = there.commands["ip-link"]
    known = {link["ifname"] for link in links}
    for path, text in there.files.items():
        if not path.startswith("/etc/network/interfaces.d/"):
            continue
        for name, stanza in split_stanzas(text):
            if name and name not in known:
                links.append({"ifname": name, "mtu": 1500, "linkinfo": {"info_kind": _kind(stanza)}})


def _kind(stanza: str) -> str:
    vni = option(stanza, "vxlan-id")
    if vni is not None:
        return "vxlan"
    return "vrf" if option(stanza, "vrf-table") else "bridge"


def plan_of(made: FakeCluster, **options: Any) -> ChangeSet:
    return plan(read_cluster(made.world()), Renderer(), **options)


def apply_to(made: FakeCluster, **world: Any) -> ApplyReport:
    return apply(made.world(**world), plan_of(made), Renderer())


def steps(report: ApplyReport) -> dict[str, list[str]]:
    """`step=outcome` by node."""
    return {node.node: [f"{s.step}={s.outcome}" for s in node.steps] for node in report.nodes}


def errors(report: ApplyReport) -> dict[str, str]:
    return {node.node: node.error for node in report.nodes if node.error}
