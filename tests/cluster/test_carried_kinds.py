"""What PVE's panel has no more, over every kind of zone that can carry it: VNets kept for guests, and lost zones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pvesdn.model.flags import PlanFlags
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.verify import verify
from pvesdn_lab.simulated.cluster import SimulatedCluster
from pvesdn_lab.simulated.commands.state import locked_state
from tests.cluster.kit import apply_to, errors, install_dnsmasq, plan_of, serving, world_of
from tests.cluster.test_carried import agree, failed, is_nothing, links, panel, press_apply, stanzas, verified
from tests.cluster.test_former import Shell

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


def lost(cluster: SimulatedCluster) -> None:
    """The whole zone is deleted in the panel, and the button pressed."""
    for name in ("zones.cfg", "vnets.cfg", "subnets.cfg"):
        cluster.write_sdn(name, "")
    press_apply(cluster)


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


def test_a_zone_that_is_gone_is_told_and_nothing_else_is_wrong(standing: SimulatedCluster, tmp_path: Path) -> None:
    lost(standing)
    assert [item.found for item in verified(standing)] == ["PVE has no zone 'lan'"]
    shell = Shell(standing, tmp_path)
    statuses = {verb: shell.run(f"pvesdn {verb}").status for verb in ("verify", "status", "show", "metrics")}
    assert statuses == {"verify": 3, "status": 3, "show": 0, "metrics": 0}


HAD = {
    "unicast": KINDS["unicast"],
    "unicast with gateways": KINDS["unicast with gateways"],
    "asymmetric in the main table": KINDS["asymmetric in the main table"],
    "symmetric": KINDS["symmetric"].replace("\tcarries", "\tadvertise-subnets 1\n\tcarries"),
}


@pytest.mark.parametrize("kind", HAD)
def test_a_zone_that_is_gone_is_held_against_what_it_had(kind: str, tmp_path: Path) -> None:
    with serving(tmp_path, HAD[kind]) as cluster:
        install_dnsmasq(cluster)
        zone = {"type": "simple", "mtu": "1450", "ipam": "pve", "dhcp": "dnsmasq", "nodes": "pve1,pve2"}
        panel(cluster, "create", "zones", zone="lan", **zone)
        panel(cluster, "create", "vnets", vnet="web", zone="lan")
        panel(cluster, "create", "vnets", vnet="db", zone="lan")
        if kind not in WITHOUT_GATEWAYS:
            drawn = [("10.0.2.0/24", "10.0.2.1"), ("fd00:2::/64", "fd00:2::1")]
            for subnet, gateway in drawn[:1] if kind.startswith("unicast") else drawn:
                values = {"subnet": subnet, "gateway": gateway, "type": "subnet", "dhcp-dns-server": "9.9.9.9"}
                panel(cluster, "create", "vnets/web/subnets", **values)
        agree(cluster)
        lost(cluster)
        assert [item.found for item in verified(cluster)] == ["PVE has no zone 'lan'"]
        looked = verify(read_cluster(world_of(cluster), has_state=True), Renderer())
        assert [(item.what, item.why) for item in looked.not_checked if "DHCP" in item.what] == [
            ("DHCP of zone lan", "PVE has no zone 'lan'")
        ]
        with locked_state(cluster.nodes["pve2"].root) as state:
            state.links["vxlan_web"]["filters"] = {}
        assert [line for line in failed(cluster) if line.startswith("pve2")] != []
