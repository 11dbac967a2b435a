"""Definitions for a fake cluster, and what plan and apply make of it."""

from __future__ import annotations

from functools import partial
from typing import Any

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


PLANNER = partial(plan, renderer=Renderer())


def exit_on(node: str, address: str = "172.16.0.1/24") -> str:
    """The section of an exit of the zone `sym`, which is called like its node."""
    place = f"\tzone sym\n\tnode {node}\n\tinterface eno2\n"
    return f"exit: {node}\n{place}\taddress {address}\n\tgateways 172.16.0.254\n\n"


def cluster(pvesdn_cfg: str = UNICAST, **given: Any) -> FakeCluster:
    return fake_cluster(pvesdn_cfg, **given)


def plan_of(made: FakeCluster, **options: Any) -> ChangeSet:
    return plan(read_cluster(made.world(), has_state=True), Renderer(), **options)


def apply_to(made: FakeCluster, **world: Any) -> ApplyReport:
    return apply(made.world(**world), plan_of(made), PLANNER)


def steps(report: ApplyReport) -> dict[str, list[str]]:
    """`step=outcome` by node."""
    return {node.node: [f"{s.step}={s.outcome}" for s in node.steps] for node in report.nodes}


def errors(report: ApplyReport) -> dict[str, str]:
    return {node.node: node.error for node in report.nodes if node.error}
