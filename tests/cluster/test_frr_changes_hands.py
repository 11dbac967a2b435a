"""frr.conf between PVE and us: what somebody draws or removes in PVE decides whose file it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from pvesdn.render.renderer import Renderer
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.tasks import follow
from pvesdn.workflows.understand import understand
from pvesdn.workflows.verify import look_over
from pvesdn_lab.simulated.cluster import SimulatedCluster
from pvesdn_lab.simulated.node import SimulatedNode
from tests.cluster.kit import EVPN, apply_to, draw, errors, plan_of, serving, world_of
from tests.cluster.standing import stand

FRR = "/etc/frr/frr.conf"
LOCAL = "/etc/frr/frr.conf.local"
PVE_EVPN = {
    "controllers.cfg": "evpn: ctl\n\tasn 1234\n\tpeers 192.168.0.1,192.168.0.2,192.168.0.3\n\n",
    "zones.cfg": "evpn: theirs\n\tcontroller ctl\n\tvrf-vxlan 5000\n\tmac BC:24:11:11:22:33\n\n",
    "vnets.cfg": "vnet: office\n\tzone theirs\n\ttag 77\n\n",
}
PANEL = {
    "zones.cfg": "simple: lan\n\tmtu 1450\n\n",
    "vnets.cfg": "vnet: shop\n\tzone lan\n\n",
}
SUBNETS = "subnet: lan-10.0.9.0-24\n\tvnet shop\n\tgateway 10.0.9.1\n\n"
CARRIED = "vxlan: prod\n\tcarries lan\n\tvni-range 100-103\n"
BY_MAC = CARRIED + "\tmac 44:39:39:ff:40:94\n"
SYSCTL = "/etc/sysctl.d/90-pvesdn.conf"
OUR_VRF = "router bgp 1234 vrf vrf_sym"


@pytest.mark.parametrize("character", [8, 9], ids=["pve8", "pve9"])
def test_our_part_goes_to_pve_with_its_first_controller_and_comes_back_with_its_last(
    tmp_path: Path, character: int
) -> None:
    with serving(tmp_path, character=character) as cluster:
        stand(cluster)
        draw(cluster, PVE_EVPN)
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        node = cluster.nodes["pve2"]
        assert OUR_VRF in (node.read(LOCAL) or "")
        assert "vrf vrf_theirs" in (node.read(FRR) or "")
        assert OUR_VRF in (node.read(FRR) or "")

        for name in PVE_EVPN:
            cluster.write_sdn(name, "")
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert node.read(LOCAL) is None
        assert "vrf_theirs" not in (node.read(FRR) or "")
        assert OUR_VRF in (node.read(FRR) or "")
        assert plan_of(cluster).is_empty


def test_what_pve_writes_last_of_all_still_has_our_sessions(tmp_path: Path) -> None:
    """PVE's commit ends with a reload of FRR: a skeleton there would take every session of ours down."""
    with serving(tmp_path) as cluster:
        draw(cluster, PVE_EVPN)
        assert apply_to(cluster).is_good
        for name in PVE_EVPN:
            cluster.write_sdn(name, "")
        (local,) = [
            change for change in plan_of(cluster).nodes[0].files if "/frr/" in change.path and not change.by_pve
        ]
        assert local.path == LOCAL
        assert "\n neighbor VTEP remote-as 1234\n" in (local.new or "")
        assert f"\n{OUR_VRF}\n" in (local.new or "")


def test_a_commit_in_the_gui_that_took_our_part_along_is_mended_without_being_told(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        stand(cluster)
        draw(cluster, PVE_EVPN)
        assert apply_to(cluster).is_good
        for name in PVE_EVPN:
            cluster.write_sdn(name, "")
        world = world_of(cluster)
        follow(world, world.api.apply_sdn(), "cluster")
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert OUR_VRF in (cluster.nodes["pve1"].read(FRR) or "")
        assert plan_of(cluster).is_empty


def test_a_skeleton_that_pve_left_where_nothing_is_ours_any_more_is_no_conflict(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        stand(cluster)
        cluster.write_sdn("pvesdn.cfg", "")
        draw(cluster, PVE_EVPN)
        assert apply_to(cluster).is_good
        for name in PVE_EVPN:
            cluster.write_sdn(name, "")
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert plan_of(cluster).is_empty


def test_after_write_memory_there_is_nothing_to_plan_and_the_next_apply_needs_no_leave(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        stand(cluster)
        for node in cluster.nodes.values():
            node.write(FRR, as_write_memory_puts_it(node.read(FRR) or ""))
        assert plan_of(cluster).is_empty

        cluster.write_sdn("pvesdn.cfg", EVPN.replace("vrf-vxlan 4000", "vrf-vxlan 4001"))
        assert not plan_of(cluster).nodes[0].obstacles
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert " vni 4001\n" in (cluster.nodes["pve2"].read(FRR) or "")
        assert plan_of(cluster).is_empty


def test_what_was_changed_in_vtysh_before_write_memory_is_a_conflict(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        stand(cluster)
        node = cluster.nodes["pve1"]
        written = as_write_memory_puts_it(node.read(FRR) or "")
        node.write(FRR, written.replace("neighbor VTEP bfd", "neighbor VTEP bfd\n neighbor VTEP timers 1 3"))
        (finding,) = plan_of(cluster).nodes[0].obstacles
        assert "it was edited after pvesdn wrote it" in str(finding)


@pytest.mark.parametrize("is_bridged_first", [False, True])
def test_a_gateway_that_stays_without_evpn_is_not_cut_off_by_what_is_left_of_frr_conf(
    tmp_path: Path, *, is_bridged_first: bool
) -> None:
    with serving(tmp_path, EVPN[: EVPN.index("exit: ")]) as cluster:
        stand(cluster)
        draw(cluster, PANEL)
        if is_bridged_first:
            becomes(cluster, CARRIED, subnets="")
        becomes(cluster, BY_MAC)
        node = cluster.nodes["pve2"]
        assert "net.ipv4.ip_forward = 1\n" in (node.read(SYSCTL) or "")
        assert forwarding(node) == ["ip forwarding", "no ipv6 forwarding"]
        becomes(cluster, CARRIED, subnets="")
        assert forwarding(node) == ["no ip forwarding", "no ipv6 forwarding"]


def becomes(cluster: SimulatedCluster, own: str, subnets: str = SUBNETS) -> None:
    """Other definitions, applied: there is nothing to do after that."""
    draw(cluster, {"pvesdn.cfg": own, "subnets.cfg": subnets})
    report = apply_to(cluster)
    assert report.is_good, errors(report)
    assert plan_of(cluster).is_empty


def forwarding(node: SimulatedNode) -> list[str]:
    return [line for line in (node.read(FRR) or "").splitlines() if "forwarding" in line]


def as_write_memory_puts_it(text: str) -> str:
    """What FRR 8.4.4 was seen to do: it names itself, leaves out what it takes for usual, and puts interfaces before
    routers.
    """
    left_out = ("service integrated-vtysh-config", "ip forwarding", "ipv6 forwarding", "line vty")
    blocks = "".join(line for line in text.splitlines(True) if line.strip() not in left_out).split("!\n")
    blocks = [blocks[0], *sorted(blocks[1:], key=lambda block: not block.startswith(("vrf", "interface")))]
    return "frr version 8.4.4\n" + "!\n".join(blocks)


def drift_of(cluster: SimulatedCluster, node: str) -> list[tuple[str, str]]:
    """Files that somebody has edited there, and why that is said."""
    known = understand(read_cluster(world_of(cluster), has_state=True), intent="running")
    found = look_over(known, Renderer()).verification.discrepancies
    return [(item.object, item.cause) for item in found if item.is_edit and item.node == node]


def test_an_edit_inside_our_block_is_drift_and_one_beside_it_is_not(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        draw(cluster, PVE_EVPN)
        cluster.nodes["pve2"].write(LOCAL, "ip prefix-list mine seq 5 permit any\n")
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        ours = cluster.nodes["pve2"].read(LOCAL) or ""
        assert OUR_VRF in ours
        assert drift_of(cluster, "pve2") == []

        cluster.nodes["pve2"].write(LOCAL, f"{ours}ip prefix-list mine seq 10 deny any\n")
        cluster.write_sdn("pvesdn.cfg", EVPN.replace("vrf-vxlan 4000", "vrf-vxlan 4001"))
        assert LOCAL in {change.path for node in plan_of(cluster).nodes for change in node.files}
        assert drift_of(cluster, "pve2") == []  # nobody has applied that yet

        cluster.nodes["pve2"].write(LOCAL, ours.replace("  redistribute static\n", ""))
        assert drift_of(cluster, "pve2") == [(LOCAL, "our block in it was edited after pvesdn wrote it")]
