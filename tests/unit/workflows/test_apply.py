"""apply, over ports in memory: order, failures, and what is left alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from pvesdn.adapters.runner import OneByOne, SideBySide
from pvesdn.errors import ApiRefused, ApiUnavailable, ApplyRefused, NodeFailed, PvesdnError
from pvesdn.model.files import OUR_INTERFACES, SDN_INTERFACES
from pvesdn.model.manner import Manner
from pvesdn.model.order import Wishes
from pvesdn.model.report import Outcome, Standing
from pvesdn.ports import Runner
from pvesdn.workflows.apply import apply
from tests.fake_nodes import RECORD
from tests.fakes import FakeApi, FakeCluster
from tests.unit.workflows.kit import PLANNER, PVE_ZONES, UNICAST, apply_to, cluster, errors, plan_of, steps

EVPN = """underlay: cluster
\tnetwork 192.168.0.0/24

evpn-controller: main
\tasn 1234

evpn: sym
\tcontroller main
\tirb symmetric
\tvrf-vxlan 4000

vnet: web
\tzone sym
\ttag 2

subnet: sym-10.0.2.0-24
\tvnet web
\tgateway 10.0.2.254
"""
BESIDE = """
evpn-controller: main
\tasn 1234

evpn: l2
\tcontroller main
\tirb none

vnet: lan
\tzone l2
\ttag 3
"""
ALONE = Wishes(batch=1)
"""Each node has its turn alone."""
DONE = ["staged=ok", "written=ok", "reloaded=ok", "verified=ok"]


def test_after_apply_there_is_nothing_left_to_plan() -> None:
    made = cluster()
    report = apply_to(made)
    assert steps(report) == {"node1": DONE, "node2": DONE, "node3": DONE}
    assert report.is_good
    assert plan_of(made).is_empty


def test_a_missing_right_to_reload_is_noticed_before_anything_is_touched() -> None:
    made = cluster()
    made.api.errors["require/Sys.Modify/nodes/node2"] = ApiRefused("403, a@pve lacks Sys.Modify", status=403)
    with pytest.raises(ApiRefused, match=r"lacks Sys\.Modify"):
        apply_to(made)
    assert {verb for node in made.nodes.nodes.values() for verb in node.verbs} <= {"read", "observe"}


def test_a_missing_right_to_commit_is_noticed_before_anything_is_touched() -> None:
    made = cluster(pve_files=PVE_ZONES)
    made.api.errors["require/SDN.Allocate/sdn"] = ApiRefused("403, a@pve lacks SDN.Allocate", status=403)
    with pytest.raises(ApiRefused, match=r"lacks SDN\.Allocate"):
        apply_to(made)
    assert {verb for node in made.nodes.nodes.values() for verb in node.verbs} <= {"read", "observe"}


def test_a_second_apply_asks_nothing_of_any_node_but_to_be_read() -> None:
    made = cluster()
    apply_to(made)
    for node in made.nodes.nodes.values():
        node.asked.clear()
    calls = len(made.api.calls)
    assert apply_to(made).nodes == ()
    assert {verb for node in made.nodes.nodes.values() for verb in node.verbs} <= {"read", "observe"}
    assert {call[0] for call in made.api.calls[calls:]} == {"get"}


def test_every_node_is_staged_before_any_is_written() -> None:
    made = cluster()
    apply_to(made)
    done = [event[1:3] for event in made.observer.events if event[0] == "done" and event[2] in {"staged", "written"}]
    nodes = ["node1", "node2", "node3"]
    assert done == [(node, step) for step in ("staged", "written") for node in nodes]


def test_frr_is_changed_before_the_network_is_reloaded_and_sysctl_before_both() -> None:
    made = cluster(EVPN)
    report = apply_to(made)
    assert report.is_good, errors(report)
    order = ["staged=ok", "written=ok", "sysctl=ok", "frr=ok", "reloaded=ok", "verified=ok"]
    assert steps(report)["node2"] == order


def test_pve_is_told_to_leave_frr_alone_where_the_api_knows_how() -> None:
    for version, expected in (("9.1.5", "False"), ("8.4.1", "None"), ("7.4.3", "None")):
        made = cluster(version=version)
        apply_to(made)
        assert {call[2] for call in made.api.calls if call[0] == "reload_network"} == {expected}


def test_one_refusal_while_staging_changes_nothing_anywhere() -> None:
    made = cluster(EVPN)
    made.nodes["node2"].problems = ("frr.conf: line 3: % Unknown command",)
    report = apply_to(made)
    assert not report.is_good
    assert "line 3: % Unknown command" in errors(report)["node2"]
    assert errors(report)["node1"] == "node1: not touched, because node2 failed first"
    assert "commit" not in {verb for node in made.nodes.nodes.values() for verb in node.verbs}
    assert "discard" in made.nodes["node1"].verbs
    assert "discard" in made.nodes["node3"].verbs


CUT_SHORT = [KeyboardInterrupt(), ApiUnavailable("the membership cannot be read"), RuntimeError("a bug")]


def everything(made: FakeCluster) -> dict[str, object]:
    """Every node's files and links."""
    return {name: (dict(node.files), node.commands["ip-link"]) for name, node in made.nodes.nodes.items()}


def left_staged(made: FakeCluster) -> list[str]:
    """Nodes with a file that waits beside its target."""
    return sorted(name for name, node in made.nodes.nodes.items() if [*node.root.rglob(".*.pvesdn-new")])


@pytest.mark.parametrize("runner", [OneByOne(), SideBySide(8)], ids=["one by one", "side by side"])
@pytest.mark.parametrize("error", CUT_SHORT, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("verb", ["stage", "commit"])
def test_a_run_cut_short_leaves_no_staged_file_on_any_node(error: BaseException, verb: str, runner: Runner) -> None:
    made = cluster(members=tuple(f"node{number}" for number in range(1, 33)))
    ask = made.nodes.ask

    def cut_short(node: str, asked: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        if (node, asked) == ("node20", verb):
            raise error
        return ask(node, asked, arguments)

    made.nodes.ask = cut_short  # type: ignore[method-assign, assignment]
    with pytest.raises(type(error)):
        apply_to(made, runner=runner)
    assert left_staged(made) == []


def test_what_cut_a_run_short_is_raised_though_a_node_does_not_discard() -> None:
    made = cluster()
    made.nodes["node2"].lost["undo"] = "connection timed out"
    made.api.on_reload = lambda _node: (_ for _ in ()).throw(KeyboardInterrupt)
    made.nodes["node2"].lost["discard"] = "connection timed out"
    with pytest.raises(KeyboardInterrupt):
        apply_to(made)
    assert left_staged(made) == ["node2"]


def test_a_failed_reload_stops_the_run_and_leaves_the_rest_as_it_was() -> None:
    made = cluster()
    before = everything(made)
    made.api.exits["node2"] = "command 'ifreload -a' failed: exit code 1"
    made.api.logs["node2"] = ("error: vxlan_web: broken", "TASK ERROR: ifreload")
    report = apply(made.world(), plan_of(made), PLANNER, Manner(wishes=ALONE))
    assert steps(report)["node1"] == ["staged=ok", "written=ok", "reloaded=ok", "undone=ok"]
    assert steps(report)["node2"] == ["staged=ok", "written=ok", "reloaded=failed", "undone=ok"]
    assert steps(report)["node3"] == ["staged=ok", "written=skipped"]
    assert everything(made) == before
    assert errors(report)["node1"] == "node1: put back as it was, because node2 failed"
    assert "exit code 1" in errors(report)["node2"]
    (failed,) = [node for node in report.nodes if node.node == "node2"]
    assert failed.log == ("error: vxlan_web: broken", "TASK ERROR: ifreload")
    assert {node.standing for node in report.nodes} == {Standing.AS_BEFORE}


def test_after_a_failed_reload_the_next_apply_does_it_all() -> None:
    made = cluster()
    made.api.exits["node2"] = "failed"
    apply_to(made)
    made.api.exits.clear()
    assert not any(node.is_unfinished for node in plan_of(made).nodes)
    report = apply_to(made)
    assert report.is_good, errors(report)
    assert steps(report)["node2"] == DONE
    assert {node.standing for node in report.nodes} == {Standing.NEW}
    assert plan_of(made).is_empty


@pytest.mark.parametrize("verb", ["stage", "commit"])
def test_a_node_that_only_needs_its_reload_is_not_called_done_when_another_failed(verb: str) -> None:
    made = cluster()
    apply_to(made)
    made.nodes["node3"].files[RECORD] = json.dumps({**made.nodes["node3"].record, "unfinished": True})
    made.nodes["node1"].files.pop(OUR_INTERFACES)
    made.nodes["node1"].refuses[verb] = "disk full"
    report = apply_to(made)
    assert errors(report) == {
        "node1": "node1: disk full",
        "node3": "node3: not touched, because node1 failed first",
    }
    assert steps(report)["node3"] == ["written=skipped"]


def test_an_apply_that_could_not_be_verified_is_undone() -> None:
    made = cluster()
    before = everything(made)
    made.api.on_reload = None
    report = apply_to(made)
    assert not report.is_good
    assert everything(made) == before
    assert {node.standing for node in report.nodes} == {Standing.AS_BEFORE}
    assert not plan_of(made).is_empty


def test_flood_entries_are_as_they_were_on_the_nodes_before_the_one_that_failed() -> None:
    made = cluster(UNICAST)
    apply_to(made)
    made.nodes["node1"].flood["vxlan_web"] = ["192.168.0.2", "192.168.0.3"]
    made.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = UNICAST + BESIDE
    made.nodes["node2"].refuses["commit"] = "disk full"
    made.api.on_reload = lambda _node: made.nodes["node1"].flood.clear()
    assert not apply_to(made).is_good
    assert sorted(made.nodes["node1"].flood["vxlan_web"]) == ["192.168.0.2", "192.168.0.3"]


def test_a_node_that_is_lost_while_staging_does_not_stop_the_others() -> None:
    made = cluster()
    made.nodes["node1"].lost["stage"] = "connection reset"
    report = apply_to(made)
    assert report.has_unreachable
    assert steps(report) == {"node1": ["staged=unreachable"], "node2": DONE, "node3": DONE}


def test_a_node_that_does_not_answer_at_all_is_reported_and_the_others_go_on() -> None:
    made = cluster()
    apply_to(made)
    made.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = UNICAST.replace("tag 2", "tag 3")
    made.nodes["node3"].off = "connection timed out"
    report = apply_to(made)
    assert report.has_unreachable
    assert errors(report) == {"node3": "node3: connection timed out"}
    assert steps(report)["node1"][-1] == "verified=ok"


def test_a_node_that_is_gone_when_its_turn_comes_does_not_stop_the_others() -> None:
    made = cluster()
    made.nodes["node2"].lost["commit"] = "connection refused"
    report = apply_to(made)
    assert steps(report) == {"node1": DONE, "node2": ["staged=ok", "written=unreachable"], "node3": DONE}


def test_a_node_that_is_lost_after_its_files_were_changed_stops_the_run() -> None:
    made = cluster(EVPN)
    made.nodes["node2"].lost["frr"] = "connection reset"
    report = apply(made.world(), plan_of(made), PLANNER, Manner(wishes=ALONE))
    assert steps(report)["node2"][-2:] == ["frr=unreachable", "undone=ok"]
    assert steps(report)["node3"] == ["staged=ok", "written=skipped"]


def test_an_offline_member_is_in_the_report_of_what_was_done() -> None:
    made = cluster()
    apply_to(made)
    made.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = UNICAST.replace("tag 2", "tag 3")
    for row in made.api.answers["cluster/status"]:
        if row.get("name") == "node3":
            row["online"] = 0
    report = apply_to(made)
    assert report.has_unreachable
    assert errors(report) == {"node3": "node3: offline; run pvesdn apply again when it is back"}
    assert steps(report)["node2"][-1] == "verified=ok"


def test_obstacles_are_refused_before_anything_is_asked_of_a_node() -> None:
    made = cluster()
    made.nodes["node2"].files[OUR_INTERFACES] = "auto x\niface x\n"
    changes = plan_of(made)
    with pytest.raises(ApplyRefused, match="node2: /etc/network/") as refused:
        apply(made.world(), changes, PLANNER)
    assert "--overwrite" in str(refused.value)
    assert {verb for node in made.nodes.nodes.values() for verb in node.verbs} <= {"read", "observe"}
    assert "/etc/pve/sdn/pvesdn-seen.json" not in made.nodes.pve_files


def test_every_vtep_is_remembered_and_an_offline_member_stays_a_peer() -> None:
    made = cluster()
    apply_to(made)
    seen = json.loads(made.nodes.pve_files["/etc/pve/sdn/pvesdn-seen.json"])
    assert "192.168.0.3" in json.dumps(seen)
    made.nodes["node3"].off = "no route to host"
    for row in made.api.answers["cluster/status"]:
        if row.get("name") == "node3":
            row["online"] = 0
    again = plan_of(made)
    assert again.is_empty
    assert again.offline == ("node3",)
    assert "192.168.0.3" in made.nodes["node1"].files[OUR_INTERFACES]


def test_the_memory_of_the_vteps_is_written_by_the_next_node_when_the_first_cannot() -> None:
    made = cluster()
    made.nodes["node1"].refuses["put"] = "read-only file system"
    assert apply_to(made).is_good
    assert "put" in made.nodes["node2"].verbs


def test_the_memory_of_the_vteps_is_written_here_when_no_node_that_was_planned_for_answered() -> None:
    made = cluster(UNICAST.replace("vxlan: ucast\n", "vxlan: ucast\n\tmtu 1450\n"))
    made.nodes["node2"].off = "no route to host"
    changes = plan_of(made, only=frozenset({"node2"}))
    assert (changes.nodes, list(changes.unreachable)) == ((), ["node2"])
    apply(made.world(local_node="node1"), changes, PLANNER)
    assert made.nodes.pve_files["/etc/pve/sdn/pvesdn-seen.json"] == changes.seen


def test_without_a_place_for_the_memory_nothing_is_touched() -> None:
    made = cluster()
    for node in made.nodes.nodes.values():
        node.refuses["put"] = "read-only file system"
    changes = plan_of(made)
    with pytest.raises(NodeFailed, match="read-only"):
        apply(made.world(local_node="node1"), changes, PLANNER)
    assert "stage" not in made.nodes["node1"].verbs


def test_a_reload_that_the_api_refuses_is_that_nodes_failure() -> None:
    made = cluster()
    made.api.errors["reload_network/node1"] = ApiRefused("403: no Sys.Modify on /nodes/node1", status=403)
    report = apply_to(made)
    assert "Sys.Modify" in errors(report)["node1"]
    assert steps(report)["node1"][-2:] == ["reloaded=failed", "undone=ok"]


def test_an_interface_that_does_not_appear_is_a_failure_of_its_node() -> None:
    made = cluster()
    made.api.on_reload = None
    report = apply_to(made)
    assert "vxlan_web: expected there, found absent" in errors(report)["node1"]
    assert steps(report)["node1"][-2:] == ["verified=failed", "undone=ok"]


def test_an_api_that_is_gone_when_it_is_time_to_verify_does_not_take_the_report_along() -> None:
    made = cluster()
    reloaded: list[str] = []

    def reload(node: str) -> None:
        made.reload(node)
        reloaded.append(node)
        if len(reloaded) == 3:
            made.api.errors["cluster/status"] = ApiUnavailable("connection refused")

    made.api.on_reload = reload
    report = apply_to(made)
    assert errors(report)["node2"] == "node2: applied, but not verified: connection refused"
    assert steps(report)["node2"] == [*DONE[:3], "verified=failed", "undone=ok"]


def test_what_was_not_checked_is_said() -> None:
    assert apply_to(cluster()).not_checked


# --- PVE's own definitions ------------------------------------------------------------------------------------------


def test_pending_definitions_are_committed_once_and_no_node_is_reloaded_twice() -> None:
    made = cluster(pve_files=PVE_ZONES)
    changes = plan_of(made)
    assert {change.kind for change in changes.pending} == {"zone", "vnet"}
    report = apply(made.world(), changes, PLANNER)
    kinds = [call[0] for call in made.api.calls]
    assert kinds.count("apply_sdn") == 1
    assert "reload_network" not in kinds
    assert report.commit is Outcome.OK
    assert steps(report)["node1"][:3] == ["staged=ok", "written=ok", "reloaded=ok"]


def test_pendings_commit_follows_each_nodes_own_task() -> None:
    made = cluster(pve_files=PVE_ZONES)
    made.api.exits["node2"] = "command 'ifreload -a' failed"
    report = apply_to(made)
    assert report.commit is Outcome.OK
    assert "ifreload" in errors(report)["node2"]
    assert "node1" not in {name for name, text in errors(report).items() if "ifreload" in text}


def test_flood_entries_are_restored_while_pve_still_reloads_other_nodes() -> None:
    made = cluster(UNICAST + BESIDE, pve_files=PVE_ZONES)
    made.api.polls = 4
    commit = made.api.on_apply

    def committed(api: FakeApi) -> None:
        made.nodes["node3"].refuses["flood"] = "no such device just now"
        assert commit is not None
        commit(api)

    made.api.on_apply = committed
    report = apply_to(made)
    assert made.nodes["node1"].verbs.count("flood") > 3
    # What could not be restored meanwhile is no failure of the commit.
    assert report.commit is Outcome.OK


MOVED = "vxlan: lan\n\tmtu 1450\n\tpeers 192.168.0.1,192.168.0.2,192.168.0.3\n\n"
VNET = "vnet: office\n\tzone lan\n\ttag 7\n\n"


def moving() -> FakeCluster:
    """A zone that PVE has applied and that is pvesdn.cfg's now."""
    running = {
        "version": 1,
        "zones": {"ids": {"lan": {"type": "vxlan", "peers": "192.168.0.1,192.168.0.2,192.168.0.3"}}},
        "vnets": {"ids": {"office": {"type": "vnet", "zone": "lan", "tag": 7}}},
    }
    made = cluster(MOVED + VNET, pve_files={"zones.cfg": "", "vnets.cfg": "", ".running-config": json.dumps(running)})
    for node in made.nodes.nodes.values():
        node.files[SDN_INTERFACES] = (
            "#version:1\n\nauto office\niface office\n\tbridge_ports vxlan_office\n\n"
            "auto vxlan_office\niface vxlan_office\n\tvxlan-id 7\n\tvxlan_remoteip 192.168.0.9\n"
        )
    return made


def test_a_zone_does_not_move_past_a_node_that_cannot_be_reached() -> None:
    made = moving()
    assert plan_of(made).takes_from_pve
    made.nodes["node3"].off = "connection timed out"
    with pytest.raises(ApplyRefused, match="node3 cannot be reached: PVE would take them away there"):
        apply_to(made)
    assert "apply_sdn" not in {call[0] for call in made.api.calls}
    made.nodes["node3"].off = ""
    assert apply_to(made).commit is Outcome.OK


@pytest.mark.parametrize("verb", ["stage", "commit"])
def test_a_node_that_is_lost_on_the_way_stops_the_commit_of_a_move(verb: str) -> None:
    made = moving()
    made.nodes["node2"].lost[verb] = "connection reset"
    report = apply_to(made)
    assert report.commit is Outcome.SKIPPED
    assert "apply_sdn" not in {call[0] for call in made.api.calls}


def test_a_commit_that_is_refused_is_reported_as_such() -> None:
    made = cluster(pve_files=PVE_ZONES)
    made.api.errors["apply_sdn"] = ApiRefused("500: invalid lock token provided", status=500)
    report = apply_to(made)
    assert report.commit is Outcome.FAILED
    assert "invalid lock token" in report.commit_error
    assert not report.is_good


def test_a_node_that_waited_for_a_commit_in_vain_is_put_back() -> None:
    made = cluster(pve_files=PVE_ZONES)
    before = everything(made)
    made.api.errors["apply_sdn"] = ApiRefused("500: invalid lock token provided", status=500)
    report = apply_to(made)
    rehearsed = ["reloaded=ok", "verified=ok", "compared=ok"]
    assert steps(report)["node1"] == ["staged=ok", "written=ok", *rehearsed, "undone=ok"]
    assert errors(report)["node1"] == "node1: put back as it was, because PVE's definitions were not committed"
    assert everything(made) == before


def test_a_node_that_was_written_before_another_failed_is_put_back() -> None:
    made = cluster(pve_files=PVE_ZONES)
    before = everything(made)
    made.nodes["node2"].refuses["commit"] = "disk full"
    report = apply_to(made)
    assert steps(report)["node1"] == ["staged=ok", "written=ok", "reloaded=ok", "undone=ok"]
    assert everything(made) == before
    assert errors(report)["node1"] == "node1: put back as it was, because node2 failed"
    assert errors(report)["node3"] == "node3: put back as it was, because node2 failed"


def test_nothing_is_committed_after_a_node_has_failed() -> None:
    made = cluster(pve_files=PVE_ZONES)
    made.nodes["node1"].refuses["commit"] = "disk full"
    report = apply_to(made)
    assert report.commit is Outcome.SKIPPED
    assert "apply_sdn" not in [call[0] for call in made.api.calls]


def test_tasks_that_ran_before_the_commit_are_not_taken_for_its_own() -> None:
    made = cluster(pve_files=PVE_ZONES)
    made.api.reload_network("node1", regenerate_frr=None)
    earlier = next(iter(made.api.tasks))
    made.api.tasks[earlier] = 10**9  # it never ends: whoever follows it runs into the time limit
    report = apply_to(made)
    assert "had not finished" not in str(errors(report))


def test_an_api_that_is_away_during_the_reload_is_asked_again() -> None:
    made = cluster()
    look = made.api.task
    refused = [400, 401, 403, 404, 408, 429, 500, 501, 502, 503, 504, 595, 596]
    trouble: list[PvesdnError] = [
        ApiUnavailable("connection refused"),
        *(ApiRefused("not now", status=status) for status in refused),
    ]

    def flaky(upid: str) -> object:
        if trouble:
            raise trouble.pop()
        return look(upid)

    made.api.task = flaky  # type: ignore[method-assign, assignment]
    assert apply_to(made).is_good
    assert trouble == []


def test_an_api_that_forbids_watching_the_task_is_not_asked_for_ever() -> None:
    made = cluster()

    def forbidden(upid: str) -> object:
        raise ApiRefused("403: no Sys.Audit on /nodes/node1", status=403)

    made.api.task = forbidden  # type: ignore[method-assign, assignment]
    told = errors(apply_to(made))["node1"]
    assert "had not finished after 120 s" in told
    assert "Sys.Audit" in told
    assert made.clock.elapsed < 180


def test_a_node_whose_tasks_are_not_shown_for_a_moment_is_asked_again() -> None:
    made = cluster(pve_files=PVE_ZONES)
    look = made.api.node_tasks
    trouble: list[PvesdnError] = []

    def flaky(node: str, **wanted: object) -> object:
        if ("apply_sdn",) in made.api.calls and len(trouble) < 2:
            trouble.append(ApiRefused("too many requests", status=429))
            raise trouble[-1]
        return look(node, **wanted)  # type: ignore[arg-type]

    made.api.node_tasks = flaky  # type: ignore[method-assign, assignment]
    report = apply_to(made)
    assert len(trouble) == 2
    assert all("reloaded=ok" in done for done in steps(report).values())


def test_a_task_that_never_ends_is_given_up_after_the_time_limit() -> None:
    made = cluster()
    made.api.polls = 10**9
    report = apply_to(made)
    assert "had not finished after 120 s" in errors(report)["node1"]
    assert made.clock.elapsed < 180


# --- FRR changes hands ----------------------------------------------------------------------------------------------

PVES_CONTROLLER = {"main": {"type": "evpn", "asn": 1234, "peers": "192.168.0.1,192.168.0.2,192.168.0.3"}}


def giving_frr_up(*, meanwhile: str = "") -> FakeCluster:
    """PVE's last controller is pending to go, and ours stay; `meanwhile` is somebody's file on
    node2 during the commit.
    """
    running = {"version": 1, "controllers": {"ids": PVES_CONTROLLER}}
    made = cluster(EVPN.replace("controller: main", "controller: own").replace("controller main", "controller own"))
    made.nodes.pve_files["/etc/pve/sdn/.running-config"] = json.dumps(running)
    made.nodes.pve_files["/etc/pve/sdn/controllers.cfg"] = ""

    def commit(_: object) -> None:
        made.nodes.pve_files["/etc/pve/sdn/.running-config"] = json.dumps({"version": 2})
        if meanwhile:
            made.nodes["node2"].files[meanwhile] = "auto lo\n"
        for node in made.nodes.nodes:
            made.reload(node)

    made.api.on_apply = commit
    return made


def test_what_pve_wrote_last_becomes_ours_in_the_same_apply() -> None:
    made = giving_frr_up()
    changes = plan_of(made)
    assert changes.takes_frr_over
    report = apply(made.world(), changes, PLANNER)
    assert report.is_good, errors(report)
    assert steps(report)["node2"].count("staged=ok") == 2
    assert "router bgp 1234" in made.nodes["node2"].files["/etc/frr/frr.conf"]
    assert plan_of(made).is_empty


def test_an_obstacle_when_frr_changes_hands_stops_that_node() -> None:
    made = giving_frr_up(meanwhile="/etc/network/interfaces.new")
    report = apply_to(made)
    assert list(errors(report)) == ["node2"]
    assert "frr.conf was not taken over from PVE: /etc/network/interfaces.new holds" in errors(report)["node2"]
    assert made.nodes["node2"].record["unfinished"]
    assert not made.nodes["node1"].record["unfinished"]
