"""VNets that PVE's panel has no more, kept for guests, over every kind of zone that can carry them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pvesdn.model.flags import PlanFlags
from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cluster.kit import apply_to, errors, plan_of, serving
from tests.cluster.test_carried import agree, failed, is_nothing, links, panel, stanzas

CARRIES = "\tcarries lan\n\tvni-range 10000-10999\n"
EVPN = "evpn-controller: main\n\tasn 1234\n\nevpn: prod\n\tcontroller main\n"
KINDS = {
    "multicast": f"vxlan: prod\n\tmulticast-group 225.20.1.1\n{CARRIES}",
    "unicast": f"vxlan: prod\n{CARRIES}",
    "unicast with gateways": f"vxlan: prod\n\tmac 02:00:5E:00:00:01\n{CARRIES}",
    "no IRB": f"{EVPN}\tirb none\n{CARRIES}",
    "no IRB with gateways": f"{EVPN}\tirb none\n\tmac 02:00:5E:00:00:01\n{CARRIES}",
    "asymmetric": f"{EVPN}\tirb asymmetric\n{CARRIES}",
    "asymmetric in the main table": f"{EVPN}\tirb asymmetric\n\tvrf main\n{CARRIES}",
    "symmetric": f"{EVPN}\tirb symmetric\n\tvrf-vxlan 4000\n{CARRIES}",
}
WITHOUT_GATEWAYS = {"multicast", "unicast", "no IRB"}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def standing(kind: str, tmp_path: Path) -> Iterator[SimulatedCluster]:
    """Two VNets are carried, the first with a gateway where the kind of zone has any, and a guest is in it on pve2."""
    with serving(tmp_path, KINDS[kind]) as cluster:
        panel(cluster, "create", "zones", zone="lan", type="simple", mtu="1450", ipam="pve")
        panel(cluster, "create", "vnets", vnet="web", zone="lan")
        panel(cluster, "create", "vnets", vnet="db", zone="lan")
        if kind not in WITHOUT_GATEWAYS:
            panel(cluster, "create", "vnets/web/subnets", subnet="10.0.2.0/24", gateway="10.0.2.1", type="subnet")
        agree(cluster)
        cluster.plug_guest("pve2", "web", 100)
        yield cluster


def forgotten(cluster: SimulatedCluster) -> None:
    """The guests' VNet is deleted in the panel."""
    if cluster.read_sdn("subnets.cfg"):
        panel(cluster, "delete", "vnets/web/subnets/lan-10.0.2.0-24")
    panel(cluster, "delete", "vnets/web")


def test_a_vnet_that_left_is_kept_for_its_guest_until_the_guest_is_gone(standing: SimulatedCluster) -> None:
    before = links(standing).links
    forgotten(standing)
    agree(standing)
    assert (links(standing).links["vxlan_web"], links(standing).links["web"]["master"]) == (
        before["vxlan_web"],
        before["web"]["master"],
    )
    assert {node for node in standing.nodes if "web" in stanzas(standing, node)} == {"pve2"}
    assert is_nothing(plan_of(standing))
    assert failed(standing) == []
    standing.nodes["pve2"].run("ip", "link", "delete", "tap100i0")
    agree(standing)
    assert not {"web", "vxlan_web"} & links(standing).links.keys()
    assert is_nothing(plan_of(standing))
    assert failed(standing) == []


def test_a_vnet_that_left_goes_where_guests_may_be_detached(standing: SimulatedCluster) -> None:
    forgotten(standing)
    agree(standing)
    report = apply_to(standing, PlanFlags(detach_guests=True))
    assert report.is_good, errors(report)
    assert not {"web", "vxlan_web"} & links(standing).links.keys()
    assert is_nothing(plan_of(standing))
