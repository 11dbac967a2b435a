"""The rehearsal of what PVE has pending: what each answer on the way makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from pvesdn.errors import ApiRefused, ApiUnavailable, ApplyRefused, PvesdnError
from pvesdn.model.dry_run import DryRun
from pvesdn.model.files import Unrehearsed
from pvesdn.model.manner import Manner
from pvesdn.model.report import Outcome, Standing
from pvesdn.workflows.apply import apply
from tests.fakes import FakeApi
from tests.unit.workflows.kit import PLANNER, PVE_ZONES, apply_to, cluster, errors, plan_of, steps

SDN = "/etc/network/interfaces.d/sdn"
MORE = "@@ -1,3 +1,4 @@\n #version:1\n \n auto office\n+mtu 1400\n"
FABRIC = {"fabrics.cfg": "openfabric_fabric: f\n\tip_prefix 10.9.0.0/24\n\n"}

REFUSED: dict[str, tuple[PvesdnError, str]] = {
    "PVE's generator dies": (ApiRefused("no zone", status=500), "PVE cannot say what it would write: no zone"),
    "the API is gone": (ApiUnavailable("refused"), "PVE does not say what it would write: refused"),
}


@pytest.mark.parametrize(("error", "said"), REFUSED.values(), ids=REFUSED)
def test_a_dry_run_that_is_not_to_be_had_puts_every_node_back(error: PvesdnError, said: str) -> None:
    made = cluster(pve_files=PVE_ZONES)
    made.api.errors["dry_run/node2"] = error
    report = apply_to(made)
    assert said in errors(report)["node2"]
    assert {node.standing for node in report.nodes} == {Standing.AS_BEFORE}
    assert "apply_sdn" not in [call[0] for call in made.api.calls]


def test_where_pve_has_no_dry_run_the_commit_goes_on_and_it_is_told() -> None:
    made = cluster(pve_files=PVE_ZONES)
    made.api.errors["dry_run/node2"] = ApiRefused("not implemented", status=501)
    report = apply_to(made)
    assert report.is_good, errors(report)
    assert any(line.startswith("node2: PVE's dry run of the commit") for line in report.not_checked)


def test_what_disagrees_while_a_fabric_is_pending_is_told_and_stops_nothing() -> None:
    made = cluster(pve_files=PVE_ZONES)
    made.api.dry_runs["node2"] = DryRun(interfaces=MORE)
    assert not apply_to(made).is_good
    made = cluster(pve_files=PVE_ZONES | FABRIC)
    made.api.dry_runs["node2"] = DryRun(interfaces=MORE)
    report = apply_to(made)
    assert report.is_good, errors(report)
    assert any("a fabric is pending" in line for line in report.not_checked)


def test_a_text_of_pves_that_is_another_one_after_all_is_told_after_the_commit() -> None:
    made = cluster(pve_files=PVE_ZONES)
    commit = made.api.on_apply

    def writes_another(api: FakeApi) -> None:
        made.nodes["node1"].files[SDN] += "\n# by another generator\n"
        made.nodes["node3"].lost["read"] = "connection reset"
        assert commit is not None
        commit(api)

    made.api.on_apply = writes_another
    report = apply_to(made)
    assert report.commit is Outcome.OK
    assert f"PVE has written another {SDN} than was rehearsed" in errors(report)["node1"]
    assert "connection reset" in errors(report)["node3"]


TRANSLATES = {"subnets.cfg": "subnet: lan-10.7.0.0-24\n\tvnet office\n\tgateway 10.7.0.1\n\tsnat 1\n\n"}


@pytest.mark.parametrize(("more", "asked"), [({}, 0), (TRANSLATES, 3)], ids=["without", "with source NAT"])
def test_rules_that_the_reloads_have_added_again_are_looked_for_where_pve_adds_any(
    more: dict[str, str], asked: int
) -> None:
    made = cluster(pve_files=PVE_ZONES | more)
    assert apply_to(made).is_good
    assert sum(node.verbs.count("nat") for node in made.nodes.nodes.values()) == asked


def test_rules_that_could_not_be_looked_for_are_told_and_fail_no_node() -> None:
    made = cluster(pve_files=PVE_ZONES | TRANSLATES)
    made.nodes["node2"].refuses["nat"] = "iptables ended with status 4"
    report = apply_to(made)
    assert report.is_good, errors(report)
    assert "whether PVE's source NAT is there once: node2: iptables ended with status 4" in report.not_checked


def test_a_membership_that_is_lost_then_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    made = cluster(pve_files=PVE_ZONES | TRANSLATES)
    ask = made.nodes.ask

    def lost(node: str, verb: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        if verb == "nat":
            raise ApiUnavailable("connection refused")
        return ask(node, verb, arguments)

    monkeypatch.setattr(made.nodes, "ask", lost)
    report = apply_to(made)
    assert report.is_good, errors(report)
    assert "whether PVE's source NAT is there once: connection refused" in report.not_checked


def test_a_reload_of_pves_that_still_runs_is_waited_for() -> None:
    made = cluster(pve_files=PVE_ZONES)
    made.api.reload_network("node1", regenerate_frr=None)
    made.api.tasks[next(iter(made.api.tasks))] = 3
    report = apply_to(made)
    assert report.is_good, errors(report)


def test_a_node_whose_tasks_nobody_tells_is_put_back() -> None:
    made = cluster(pve_files=PVE_ZONES)
    made.api.errors["nodes/node2/tasks"] = ApiRefused("permission check failed", status=403)
    report = apply_to(made)
    assert "the network reload: permission check failed" in errors(report)["node2"]
    assert steps(report)["node1"][-1] == "undone=ok"


def test_a_node_that_is_lost_as_a_whole_leaves_nothing_to_commit() -> None:
    made = cluster(members=("node1",), pve_files=PVE_ZONES)
    made.nodes["node1"].lost["commit"] = "no route to host"
    report = apply_to(made)
    assert report.commit is not Outcome.OK
    assert "apply_sdn" not in [call[0] for call in made.api.calls]


UNKNOWN = {
    "newer": ({"libpve-network-perl": "1.4.1"}, True, "libpve-network-perl 1.4.1 is newer than pvesdn knows"),
    "older": ({"libpve-network-perl": "1.1.8"}, False, "is older than 1.2, whose text is not known to the byte"),
}


@pytest.mark.parametrize(("versions", "is_newer", "said"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_not_known_to_the_byte_is_not_rehearsed(versions: dict[str, str], said: str, *, is_newer: bool) -> None:
    made = cluster(pve_files=PVE_ZONES)
    made.nodes["node2"].commands["versions"] |= versions
    (found,) = plan_of(made).unrehearsed
    assert (found.node, found.is_newer) == ("node2", is_newer)
    assert said in found.why


def test_zones_that_are_left_to_pve_are_not_rehearsed_and_need_nobodys_word_unless_they_are_newer() -> None:
    made = cluster(pve_files={"zones.cfg": "faucet: old\n\tdp-id 1\n\tcontroller x\n\nsimple: lan\n\n"})
    found = plan_of(made).unrehearsed
    assert [(item.node, item.is_newer) for item in found] == [(name, False) for name in ("node1", "node2", "node3")]
    assert all("pvesdn leaves some zones to PVE" in item.why for item in found)


OSPF = {
    "fabrics.cfg": "ospf_fabric: lab\n\tarea 0\n\tip_prefix 172.20.30.0/24\n\n"
    "ospf_node: lab_node2\n\tip 172.20.30.2\n\tinterfaces name=eno2\n\n",
}


def test_where_pve_has_to_switch_a_daemon_on_before_there_is_nothing_to_try_out() -> None:
    made = cluster(pve_files=OSPF)
    (found,) = plan_of(made).unrehearsed
    assert (found.node, found.is_newer) == ("node2", False)
    assert found.why == "PVE itself switches ospfd on, at its commit"
    made.nodes["node2"].files["/etc/frr/daemons"] = "bgpd=no\nospfd=yes\n"
    (found,) = plan_of(made).unrehearsed
    assert found.why == "a fabric is pending, and with it the paths between the VTEPs"


def test_a_single_node_that_cannot_be_rehearsed_leaves_the_others_to_pve_too() -> None:
    made = cluster(pve_files=PVE_ZONES)
    changes = replace(plan_of(made), unrehearsed=(Unrehearsed("node3", "nobody knows"),))
    with pytest.raises(ApplyRefused, match="node3: nobody knows, and their commit could not be taken back"):
        apply(made.world(), changes, PLANNER, Manner(confirm_within=60))
    report = apply(made.world(), changes, PLANNER)
    assert "reloaded=ok" in steps(report)["node1"]
    assert all("reload" not in node.verbs for node in made.nodes.nodes.values())
