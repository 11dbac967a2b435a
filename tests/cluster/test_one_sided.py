"""Applies where a list of peers does not have every node: a session that has no other end keeps nothing back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pvesdn.model.findings import Severity
from pvesdn.model.report import Standing
from pvesdn.model.verification import Subject
from pvesdn_lab.simulated.cluster import SimulatedCluster
from pvesdn_lab.simulated.commands.state import write_json
from tests.cluster.kit import apply_to, draw, errors, plan_of, serving
from tests.cluster.test_former import Shell

ALL = "192.168.0.1,192.168.0.2,192.168.0.3"
TWO = "192.168.0.1,192.168.0.2"
OURS = "vxlan: ours\n\nvnet: mine\n\tzone ours\n\ttag 77\n\n"
LISTED = f"""evpn-controller: main
\tasn 65000
\tpeers {ALL}

evpn: sym
\tcontroller main
\tirb none

vnet: mine
\tzone sym
\ttag 77

"""


def pves(peers: str, *, nodes: str = "") -> dict[str, str]:
    """An EVPN zone of PVE's over a list of peers."""
    zone = "evpn: fab\n\tcontroller main\n\tvrf-vxlan 4100\n\tmac BC:24:11:00:00:01\n"
    return {
        "controllers.cfg": f"evpn: main\n\tasn 65000\n\tpeers {peers}\n\n",
        "zones.cfg": zone + (f"\tnodes {nodes}\n\n" if nodes else "\n"),
        "vnets.cfg": "vnet: wb\n\tzone fab\n\ttag 900\n\n",
    }


def has_device(cluster: SimulatedCluster, node: str, device: str) -> bool:
    return cluster.nodes[node].run("ip", "link", "show", device).returncode == 0


def test_a_zone_of_pves_on_some_nodes_is_applied_though_pve_sets_up_bgp_on_all(tmp_path: Path) -> None:
    with serving(tmp_path, OURS) as cluster:
        draw(cluster, pves(TWO, nodes="pve1,pve2"))
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert "router bgp 65000" in cluster.nodes["pve3"].frr()["config"]
        assert plan_of(cluster).is_empty


def test_a_session_that_nobody_waits_for_is_in_no_live_picture(tmp_path: Path) -> None:
    with serving(tmp_path / "cluster", OURS) as cluster:
        shell = Shell(cluster, tmp_path)
        shell.apply(pves(TWO, nodes="pve1,pve2"))
        found = json.loads(shell.run("pvesdn topology --live --json").out)["sessions"]
        assert [(one["ends"], one["health"], one["first"]) for one in found] == [(["pve1", "pve2"], "ok", "")]


def test_a_session_that_somebody_waits_for_in_vain_is_drawn_as_a_warning(tmp_path: Path) -> None:
    with serving(tmp_path / "cluster", OURS) as cluster:
        shell = Shell(cluster, tmp_path)
        shell.apply(pves(ALL))
        shell.apply(pves(TWO))
        found = json.loads(shell.run("pvesdn topology --live --json").out)["sessions"]
        assert [(one["ends"], one["health"]) for one in found] == [
            (["pve1", "pve2"], "ok"),
            (["pve1", "pve3"], "warning"),
            (["pve2", "pve3"], "warning"),
        ]


def test_a_session_that_both_lists_have_has_to_come_up_there_too(tmp_path: Path) -> None:
    with serving(tmp_path, OURS) as cluster:
        draw(cluster, pves(TWO, nodes="pve1,pve2"))
        write_json(cluster.nodes["pve1"].root, "blocked", ["192.168.0.2"])
        report = apply_to(cluster)
        assert "BGP session to pve2 (192.168.0.2): expected Established" in errors(report)["pve1"]
        assert {node.standing for node in report.nodes} == {Standing.AS_BEFORE}
        assert not has_device(cluster, "pve1", "vxlan_mine")


def test_a_member_that_joins_gets_our_zones_though_pves_list_does_not_have_it(tmp_path: Path) -> None:
    with serving(tmp_path / "cluster", OURS) as cluster:
        shell = Shell(cluster, tmp_path)
        shell.apply(pves(ALL))
        cluster.join("pve4", "192.168.0.4/24")
        told = shell.run("pvesdn plan")
        assert "peers lists no address of pve4, so no other node has a session with it; add 192.168.0.4" in told.err
        assert "(pvesdn apply --sync-peers does)" in told.err
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert has_device(cluster, "pve4", "vxlan_mine")
        assert "192.168.0.4" in (cluster.nodes["pve1"].read("/etc/network/interfaces.d/pvesdn") or "")
        verified = shell.run("pvesdn verify")
        assert "the list of peers that pve1 has names no address of pve4" in " ".join(verified.out.split())

        done = shell.run("pvesdn apply --sync-peers --yes")
        assert done.status == 0, done.err
        assert "names no address of pve4" not in " ".join(shell.run("pvesdn verify").out.split())


@pytest.mark.parametrize("blocked", [False, True])
def test_a_member_that_joins_is_applied_though_our_own_list_does_not_have_it(tmp_path: Path, *, blocked: bool) -> None:
    with serving(tmp_path, LISTED) as cluster:
        assert apply_to(cluster).is_good
        cluster.join("pve4", "192.168.0.4/24")
        if blocked:
            cluster.write_sdn("pvesdn.cfg", LISTED.replace(ALL, f"{ALL},192.168.0.4"))
            write_json(cluster.nodes["pve1"].root, "blocked", ["192.168.0.4"])
        report = apply_to(cluster)
        assert report.is_good is not blocked, errors(report)
        assert has_device(cluster, "pve4", "vxlan_mine") is not blocked


def test_a_node_that_goes_from_the_list_loses_its_sessions_and_nothing_is_put_back(tmp_path: Path) -> None:
    with serving(tmp_path, OURS) as cluster:
        draw(cluster, pves(ALL, nodes="pve1,pve2"))
        assert apply_to(cluster).is_good
        draw(cluster, pves(TWO, nodes="pve1,pve2"))
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert plan_of(cluster).is_empty


def test_one_that_is_still_in_the_zone_is_told_of_as_a_warning(tmp_path: Path) -> None:
    with serving(tmp_path, OURS) as cluster:
        draw(cluster, pves(ALL))
        assert apply_to(cluster).is_good
        draw(cluster, pves(TWO))
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        found = [item for item in plan_of(cluster).look.found if item.subject is Subject.SESSION]
        assert {(item.node, item.peer, item.severity) for item in found} == {
            ("pve3", peer, Severity.WARNING) for peer in ("pve1", "pve2")
        }
