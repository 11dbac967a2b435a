"""apply on the simulated cluster, in the characters of PVE 7, 8 and 9."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pvesdn.errors import ApplyRefused
from pvesdn.model.files import Action
from pvesdn.model.flags import PlanFlags
from pvesdn.model.report import Outcome
from pvesdn.workflows.apply import apply
from tests.cluster.kit import (
    EVPN,
    PLANNER,
    apply_to,
    draw,
    errors,
    everything,
    plan_of,
    reloads,
    serving,
    world_of,
)
from tests.task_clock import TaskClock

OURS = "/etc/network/interfaces.d/pvesdn"
SDN = "/etc/network/interfaces.d/sdn"


@pytest.fixture(params=[7, 8, 9], ids=["pve7", "pve8", "pve9"])
def character(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def test_after_apply_there_is_nothing_left_to_plan_and_the_links_are_there(tmp_path: Path, character: int) -> None:
    with serving(tmp_path, character=character) as cluster:
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert plan_of(cluster).is_empty
        assert {"web", "vxlan_web", "vrf_sym", "vxlan_backup"} <= cluster.nodes["pve2"].links().keys()
        assert reloads(cluster) == {"pve1": 1, "pve2": 1, "pve3": 1}


def test_a_second_apply_changes_no_file_and_reloads_nothing(tmp_path: Path, character: int) -> None:
    with serving(tmp_path, character=character) as cluster:
        apply_to(cluster)
        before, reloaded = everything(cluster), reloads(cluster)
        assert apply_to(cluster).nodes == ()
        assert everything(cluster) == before
        assert reloads(cluster) == reloaded


def test_pves_pending_zones_go_the_way_of_their_version(tmp_path: Path, character: int) -> None:
    with serving(tmp_path, character=character) as cluster:
        draw(cluster)
        changes = plan_of(cluster)
        assert bool(changes.pending) == (character > 7)
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert report.commit is (Outcome.OK if character > 7 else None)
        for node in cluster.nodes.values():
            assert "iface office" in (node.read(SDN) or "")
            assert "office" in node.links()
        # PVE 9's text is known to the byte: it is loaded once before the commit, and once more by PVE.
        times = 2 if character > 8 else 1
        assert reloads(cluster) == {"pve1": times, "pve2": times, "pve3": times}
        assert plan_of(cluster).is_empty


def test_zones_that_are_removed_leave_no_link_behind(tmp_path: Path, character: int) -> None:
    with serving(tmp_path, character=character) as cluster:
        apply_to(cluster)
        cluster.write_sdn("pvesdn.cfg", "")
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert plan_of(cluster).is_empty
        assert not {"web", "vxlan_web", "vrf_sym", "vrfbr_sym"} & cluster.nodes["pve1"].links().keys()
        assert "router bgp" not in (cluster.nodes["pve1"].read("/etc/frr/frr.conf") or "")
        assert ("ifdown", "-i", str(cluster.nodes["pve1"].path(OURS)), "eno2") in cluster.nodes["pve1"].commands()


def test_a_changed_vni_replaces_the_device(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        apply_to(cluster)
        cluster.write_sdn("pvesdn.cfg", EVPN.replace("tag 2", "tag 20"))
        changes = plan_of(cluster)
        actions = {s.name: s.action for node in changes.nodes for f in node.files for s in f.stanzas}
        assert actions == {"vxlan_web": Action.REPLACE}
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert plan_of(cluster).is_empty


def test_a_member_that_goes_offline_is_no_plan_for_the_others(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        apply_to(cluster)
        cluster.go_offline("pve3")
        changes = plan_of(cluster)
        assert changes.is_empty
        assert changes.offline == ("pve3",)


def test_a_member_that_joins_becomes_everybodys_peer_and_one_that_leaves_nobodys(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        apply_to(cluster)
        cluster.join("pve4", "192.168.0.4/24")
        assert apply_to(cluster).is_good
        assert "vxlan-remoteip 192.168.0.4" in (cluster.nodes["pve1"].read(OURS) or "")
        cluster.leave("pve4")
        assert apply_to(cluster).is_good
        assert "192.168.0.4" not in (cluster.nodes["pve1"].read(OURS) or "")


def test_a_node_that_refuses_ssh_is_left_alone_and_the_others_go_on(tmp_path: Path) -> None:
    with serving(tmp_path, definitions="") as cluster:
        assert apply_to(cluster).is_good  # everybody's VTEP is remembered
        cluster.write_sdn("pvesdn.cfg", EVPN)
        cluster.refuse_ssh("pve2")
        before = {path: state for path, state in everything(cluster).items() if path.startswith("pve2/")}
        report = apply_to(cluster)
        assert report.has_unreachable
        assert set(errors(report)) == {"pve2"}
        assert cluster.nodes["pve3"].read(OURS)
        assert {path: state for path, state in everything(cluster).items() if path.startswith("pve2/")} == before


@pytest.mark.long
def test_a_failing_reload_shows_the_nodes_own_words_and_is_repeated_by_the_next_apply(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        cluster.nodes["pve2"].break_command("ifreload", status=1, stderr="error: vxlan_web: no such thing\n")
        report = apply_to(cluster)
        (failed,) = [node for node in report.nodes if node.node == "pve2"]
        assert "exit code 1" in failed.error
        assert any("no such thing" in line for line in failed.log)
        assert cluster.nodes["pve3"].read(OURS) is None
        cluster.nodes["pve2"].mend_command("ifreload")
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert plan_of(cluster).is_empty


def test_a_reload_that_failed_before_is_not_taken_for_the_commits_own_however_pves_clock_goes(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        assert apply_to(cluster).is_good
        cluster.nodes["pve2"].break_command("ifreload", times=1)
        world = world_of(cluster)
        failed = world.api.reload_network("pve2", regenerate_frr=None)
        cluster.wait_for_tasks(10)
        assert not world.api.task(failed).is_good
        draw(cluster)
        cluster.sim.tasks[failed]["starttime"] -= 200
        clock = TaskClock(cluster)
        clock.skipped = 250.0
        report = apply(replace(world, clock=clock), plan_of(cluster), PLANNER)
        assert report.is_good, errors(report)
        assert report.commit is Outcome.OK


def test_a_commit_whose_reload_fails_on_one_node_says_which(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        draw(cluster)
        world = world_of(cluster)
        commit = world.api.apply_sdn

        def committed(token: str | None = None) -> str:  # after the rehearsal, in which it must not fail
            cluster.nodes["pve3"].break_command("ifreload", status=1, stderr="error: office: it did not work\n")
            return commit(token)

        world.api.apply_sdn = committed  # type: ignore[method-assign]
        report = apply(world, plan_of(cluster), PLANNER)
        assert report.commit is Outcome.OK
        assert set(errors(report)) == {"pve3"}


def test_edits_by_hand_are_refused_until_told(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        apply_to(cluster)
        node = cluster.nodes["pve2"]
        node.write(OURS, (node.read(OURS) or "") + "\nauto extra\niface extra\n\tbridge-ports none\n")
        with pytest.raises(ApplyRefused, match=r"pve2: .*edited after pvesdn wrote it"):
            apply_to(cluster)
        assert "extra" in (node.read(OURS) or "")
        assert apply_to(cluster, PlanFlags(overwrite=True)).is_good
        assert "extra" not in (node.read(OURS) or "")


def test_a_vnet_with_guests_does_not_go_without_being_told(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        apply_to(cluster)
        cluster.plug_guest("pve1", "backup", 100)
        cluster.write_sdn("pvesdn.cfg", EVPN.replace("vnet: backup\n\tzone plain\n\ttag 3\n\n", ""))
        with pytest.raises(ApplyRefused, match="pve1: backup would be removed with 1 guest port"):
            apply_to(cluster)
        assert apply_to(cluster, PlanFlags(detach_guests=True)).is_good


def test_flood_entries_are_whole_after_frr_has_changed(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        apply_to(cluster)
        node = cluster.nodes["pve1"]
        node.lose_flood_entries("vxlan_backup")
        cluster.write_sdn("pvesdn.cfg", EVPN.replace("asn 1234", "asn 4321"))
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        entries = json.loads(node.run("bridge", "-j", "fdb", "show", "dev", "vxlan_backup").stdout)
        assert {entry["dst"] for entry in entries if entry["mac"] == "00:00:00:00:00:00"} == {
            "192.168.0.2",
            "192.168.0.3",
        }
