"""In which order nodes change: rolling behind a canary, or all at once; and what the plan says of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, get_args

import pytest

from pvesdn.adapters.runner import OneByOne
from pvesdn.cli.screens.order import order_document, order_lines
from pvesdn.compare.execution import execution_plan
from pvesdn.compare.order import common_causes
from pvesdn.errors import ApplyRefused
from pvesdn.model.execution import Step
from pvesdn.model.files import ChangeSet, Unrehearsed
from pvesdn.model.manner import Manner
from pvesdn.model.order import Cause, Wishes
from pvesdn.model.report import Standing
from pvesdn.workflows.apply import apply
from pvesdn.workflows.canary import require_canary
from pvesdn.workflows.put_in_place import KINDS
from tests.fakes import FakeClock, FakeCluster
from tests.unit.workflows.kit import PLANNER, PVE_ZONES, apply_to, cluster, errors, exit_on, plan_of, steps

OWN = "/etc/pve/sdn/pvesdn.cfg"
ZONES = """\
underlay: cluster
\tnetwork 192.168.0.0/24

evpn-controller: main
\tasn 65000

evpn: sym
\tcontroller main
\tirb symmetric
\tvrf-vxlan 4000
\tmac 44:39:39:FF:40:94
\tmtu 1450

vxlan: plain
\tmtu 1450

vnet: web
\tzone sym
\ttag 2

subnet: sym-10.0.2.0-24
\tvnet web
\tgateway 10.0.2.254

vnet: backup
\tzone plain
\ttag 3

"""


def said(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return change


MORE = "vnet: more\n\tzone sym\n\ttag 9\n\n"
REFLECTORS = said("asn 65000\n", "asn 65000\n\troute-reflectors node1,node2\n")


def planned(change: Callable[[str], str], before: str = ZONES, **given: object) -> tuple[FakeCluster, ChangeSet]:
    """A cluster that stands, and the plan of what changes."""
    made = cluster(before, **given)
    report = apply_to(made)
    assert not errors(report), errors(report)
    made.nodes.pve_files[OWN] = change(before)
    made.observer.events.clear()
    return made, plan_of(made)


TOGETHER: dict[Cause, Callable[[str], str]] = {
    Cause.AS_NUMBER: said("asn 65000", "asn 65001"),
    Cause.PEERS: said("asn 65000\n", "asn 65000\n\tpeers 192.168.0.77\n"),
    Cause.ROUTE_TARGETS: said("irb symmetric\n", "irb symmetric\n\trt-import 65000:77\n"),
    Cause.VNI: said("tag 2\n", "tag 20\n"),
    Cause.L3VNI: said("vrf-vxlan 4000", "vrf-vxlan 4001"),
    Cause.UDP_PORT: said("vxlan: plain\n", "vxlan: plain\n\tvxlan-port 8472\n"),
    Cause.FLOODING: said("vxlan: plain\n", "vxlan: plain\n\tmulticast-group 239.1.1.1\n"),
    Cause.MTU: said("mtu 1450", "mtu 1400"),
    Cause.MAC: said("44:39:39:FF:40:94", "44:39:39:FF:40:95"),
}
ROLLING: dict[str, Callable[[str], str]] = {
    "a VNet more": lambda text: text + MORE,
    "a VNet less": said("vnet: backup\n\tzone plain\n\ttag 3\n\n", ""),
    "a larger MTU": said("mtu 1450", "mtu 1500"),
    "another gateway": said("gateway 10.0.2.254", "gateway 10.0.2.1"),
    "an exit more": lambda text: text + exit_on("node3", "172.16.0.1/24"),
    "no zones any more": lambda _: "",
    "a neighbor more": said("asn 65000\n", "asn 65000\n\tpeers 192.168.0.1,192.168.0.2,192.168.0.3,192.168.0.77\n"),
}


@pytest.mark.parametrize("cause", TOGETHER)
def test_what_nodes_have_to_agree_in_changes_on_all_of_them_at_once_and_the_plan_says_why(cause: Cause) -> None:
    made, changes = planned(TOGETHER[cause])
    assert common_causes(changes) == (cause,)
    assert execution_plan(changes).order.rounds == (("node1", "node2", "node3"),)
    ((_, line),) = order_lines(changes)
    assert str(line).startswith(" all nodes at once, because the ")
    assert cause in str(line)
    report = apply_to(made)
    assert report.is_good, errors(report)
    assert plan_of(made).is_empty


@pytest.mark.parametrize("what", ROLLING)
def test_what_one_node_can_have_before_the_others_rolls_and_needs_no_words(what: str) -> None:
    made, changes = planned(ROLLING[what])
    assert common_causes(changes) == ()
    assert not [*order_lines(changes)]
    report = apply(made.world(), changes, PLANNER)
    assert report.is_good, errors(report)
    assert plan_of(made).is_empty


def test_with_route_reflectors_in_place_of_a_mesh_the_peers_change_at_once() -> None:
    _, changes = planned(said("asn 65000\n", "asn 65000\n\troute-reflectors node1\n"))
    assert common_causes(changes) == (Cause.PEERS,)


def test_a_vtep_that_moves_concerns_the_nodes_that_follow_it_and_so_do_its_peers() -> None:
    made = cluster(ZONES)
    assert not errors(apply_to(made))
    row = next(row for row in made.nodes["node1"].commands["ip-addr"] if row["ifname"] == "vmbr0")
    row["addr_info"].append({"family": "inet", "local": "192.168.0.101", "prefixlen": 24, "scope": "global"})
    vteps = said("network 192.168.0.0/24", "vteps node1=192.168.0.101,node2=192.168.0.2,node3=192.168.0.3")
    made.nodes.pve_files[OWN] = vteps(ZONES)
    changes = plan_of(made)
    assert common_causes(changes) == (Cause.VTEP,)
    report = apply(made.world(), changes, PLANNER)
    assert report.is_good, errors(report)
    assert plan_of(made).is_empty


def test_another_multicast_group_is_one_cause_and_not_another_way_of_flooding() -> None:
    before = said("vxlan: plain\n", "vxlan: plain\n\tmulticast-group 239.1.1.1\n")(ZONES)
    _, changes = planned(said("239.1.1.1", "239.1.1.2"), before)
    assert common_causes(changes) == (Cause.GROUP,)


def test_where_flooding_stays_as_it_is_no_file_is_read_as_a_whole_to_tell_the_causes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, changes = planned(TOGETHER[Cause.VNI])

    def reads(_: object) -> None:
        raise AssertionError

    for name in ("options_by_name", "options_of_files"):
        monkeypatch.setattr(f"pvesdn.compare.sides.{name}", reads)
    assert common_causes(changes) == (Cause.VNI,)


def test_what_only_one_node_changes_makes_it_agree_with_the_others() -> None:
    made, changes = planned(TOGETHER[Cause.AS_NUMBER])
    only = replace(changes, nodes=tuple(node for node in changes.nodes if node.node == "node2"))
    assert not apply(made.world(), only, PLANNER).is_mixed
    assert common_causes(only) == ()


def test_several_causes_are_told_together_the_worst_first() -> None:
    _, changes = planned(lambda text: TOGETHER[Cause.VNI](TOGETHER[Cause.AS_NUMBER](text)))
    ((_, line),) = order_lines(changes)
    assert str(line).startswith(" all nodes at once, because the AS number and VNI change: sessions between")


# --- together --------------------------------------------------------------------------------------------------------


def test_together_no_node_is_reloaded_before_all_have_their_files_and_their_frr() -> None:
    made, _ = planned(TOGETHER[Cause.AS_NUMBER])
    assert apply_to(made).is_good
    done = [event[2] for event in made.observer.events if event[0] == "done"]
    in_order = ["staged"] * 3 + ["written"] * 3 + ["frr"] * 3 + ["reloaded"] * 3 + ["verified"] * 3
    assert [step for step in done if step in set(in_order)] == in_order


def test_together_one_that_refuses_its_files_keeps_frr_of_all_the_others_as_it_is() -> None:
    made, changes = planned(TOGETHER[Cause.AS_NUMBER])
    for node in made.nodes.nodes.values():
        node.ran.clear()
    made.nodes["node3"].refuses["commit"] = "disk full"
    report = apply(made.world(), changes, PLANNER)
    assert "disk full" in errors(report)["node3"]
    assert errors(report)["node1"] == "node1: put back as it was, because node3 failed"
    assert {node.standing for node in report.nodes} == {Standing.AS_BEFORE}
    assert not [command for command in made.nodes["node1"].ran if "frr" in " ".join(command)], made.nodes["node1"].ran
    assert "reloaded" not in {event[2] for event in made.observer.events}


# --- rolling ---------------------------------------------------------------------------------------------------------


def require(changes: ChangeSet, canary: str | None) -> None:
    require_canary(canary, changes, execution_plan(changes, Wishes(canary=canary)))


def rounds(changes: ChangeSet, **wishes: object) -> tuple[tuple[str, ...], ...]:
    return execution_plan(changes, Wishes(**wishes)).order.rounds  # type: ignore[arg-type]


NODES = tuple(f"node{number}" for number in range(1, 6))


def test_the_node_whose_loss_costs_least_goes_first_and_the_one_that_pvesdn_runs_on_last() -> None:
    made = cluster(ZONES + exit_on("node1", "172.16.0.1/24"), members=NODES)
    for node, port in (("node2", "tap100i0"), ("node3", "tap101i0"), ("node3", "tap102i0"), ("node4", "tap103i0")):
        made.plug(node, "vmbr0", port)
    changes = plan_of(made)
    assert rounds(changes) == (("node5",), ("node1", "node2", "node3", "node4"))
    assert rounds(changes, own="node5") == (("node2",), ("node1", "node3", "node4"), ("node5",))
    assert rounds(changes, own="node5", canary="node3") == (("node3",), ("node1", "node2", "node4"), ("node5",))
    assert rounds(changes, own="node5", canary="node5") == (("node5",), ("node1", "node2", "node3", "node4"))
    assert rounds(changes, batch=2) == (("node5",), ("node1", "node2"), ("node3", "node4"))


def test_two_exits_never_have_their_turn_side_by_side() -> None:
    both = exit_on("node1", "172.16.0.1/24") + exit_on("node2", "172.16.0.2/24")
    changes = plan_of(cluster(ZONES + both, members=NODES))
    assert rounds(changes) == (("node3",), ("node1", "node4", "node5"), ("node2",))


def test_nor_do_two_route_reflectors() -> None:
    changes = plan_of(cluster(REFLECTORS(ZONES), members=NODES))
    assert rounds(changes) == (("node3",), ("node1", "node4", "node5"), ("node2",))


def test_where_one_node_less_would_cost_the_quorum_each_has_its_turn_alone_and_the_plan_says_so() -> None:
    changes = plan_of(cluster(ZONES, offline=("node3",)))
    assert rounds(changes) == (("node1",), ("node2",))
    (line,) = order_lines(changes)
    assert line[1] == " one node at a time, because the cluster would lose its quorum with one node less."
    assert not [*order_lines(plan_of(cluster(members=("node1", "node2"))))]  # which needs no words


def test_the_plan_says_so_too_where_only_files_of_pves_change_that_are_tried_out() -> None:
    changes = plan_of(cluster("", pve_files=PVE_ZONES, offline=("node3",)))
    assert not [node.node for node in changes.nodes if node.execution.steps]
    assert rounds(changes) == (("node1",), ("node2",))
    (line,) = order_lines(changes)
    assert line[1] == " one node at a time, because the cluster would lose its quorum with one node less."


def test_a_node_from_which_another_gets_an_address_does_not_come_last_though_pvesdn_runs_there() -> None:
    made = cluster(ZONES + exit_on("node3", "172.16.0.1/24"))
    assert not errors(apply_to(made))
    made.nodes.pve_files[OWN] = ZONES + MORE + exit_on("node1", "172.16.0.1/24")
    changes = plan_of(made)
    turns = rounds(changes, own="node3")
    assert turns == (("node2",), ("node3",), ("node1",))
    with pytest.raises(ApplyRefused, match="it gets an address that node3 has to give up first"):
        require(changes, "node1")


def test_the_others_wait_until_the_first_one_is_verified() -> None:
    made, _ = planned(lambda text: text + MORE)
    assert apply_to(made).is_good
    events = [event[:3] for event in made.observer.events]
    checked = events.index(("done", "node1", "canary"))
    assert events.index(("done", "node1", "reloaded")) < checked < events.index(("step", "node2", "written"))


def test_a_canary_that_is_not_good_is_put_back_and_nobody_else_was_touched() -> None:
    made, changes = planned(lambda text: text + MORE)
    made.api.on_reload = None
    report = apply(made.world(), changes, PLANNER)
    assert "more: expected there, found absent" in errors(report)["node1"]
    assert steps(report)["node1"][-2:] == ["verified=failed", "undone=ok"]
    for node in ("node2", "node3"):
        assert errors(report)[node] == f"{node}: not touched, because node1 failed first"
        assert "more" not in made.nodes[node].files["/etc/network/interfaces.d/pvesdn"]
    assert {node.standing for node in report.nodes} == {Standing.AS_BEFORE}
    assert not [path for node in made.nodes.nodes.values() for path in node.root.rglob(".*.pvesdn-new")]


def test_a_canary_that_is_gone_when_its_turn_comes_is_followed_by_another_one() -> None:
    made, changes = planned(lambda text: text + MORE)
    made.nodes["node1"].lost["commit"] = "connection refused"
    report = apply(made.world(), changes, PLANNER)
    assert set(errors(report)) == {"node1"}
    events = [event[:3] for event in made.observer.events]
    assert events.index(("done", "node2", "canary")) < events.index(("step", "node3", "written"))


def test_as_json_the_order_has_its_rounds_the_canary_and_nothing_to_say_of_the_usual_one() -> None:
    changes = plan_of(cluster(ZONES, members=NODES))
    assert order_document(changes, Wishes(own="node1", batch=2)) == {
        "rounds": [["node2"], ["node3", "node4"], ["node5"], ["node1"]],
        "canary": "node2",
        "together": False,
        "reasons": [],
    }


def test_as_json_what_changes_at_once_has_its_reasons_as_on_the_screen() -> None:
    _, changes = planned(TOGETHER[Cause.AS_NUMBER])
    assert order_document(changes) == {
        "rounds": [["node1", "node2", "node3"]],
        "canary": None,
        "together": True,
        "reasons": [{"what": "AS number", "why": "sessions between the old and the new one would stay down"}],
    }


def test_as_json_the_quorum_and_a_commit_that_cannot_be_tried_out_are_reasons_too() -> None:
    changes = plan_of(cluster(ZONES, pve_files=PVE_ZONES, offline=("node3",)))
    assert [reason["what"] for reason in order_document(changes)["reasons"]] == ["quorum"]
    unrehearsed = replace(changes, unrehearsed=(Unrehearsed("node1", "nobody knows"),))
    assert order_document(unrehearsed)["canary"] is None
    assert [reason["what"] for reason in order_document(unrehearsed)["reasons"]] == ["not rehearsed"]


def test_as_json_a_plan_that_changes_nothing_has_no_rounds() -> None:
    _, changes = planned(lambda text: text)
    assert order_document(changes) == {"rounds": [], "canary": None, "together": False, "reasons": []}


class AsIfAtOnce:
    """A runner whose nodes take as long as the slowest of them, by the clock of the test."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock

    def each(self, nodes: Sequence[str], task: Callable[[str], Any]) -> dict[str, Any]:
        begun, ends = self._clock.elapsed, [self._clock.elapsed]
        found: dict[str, Any] = {}
        for node in nodes:
            self._clock.elapsed = begun
            found |= OneByOne().each([node], task)
            ends.append(self._clock.elapsed)
        self._clock.elapsed = max(ends)
        return found


def seconds_of(change: Callable[[str], str], nodes: int, **where: object) -> float:
    """How long an apply takes by the clock of the tasks, where a node's reload is looked at twenty times."""
    made, changes = planned(change, members=NODES[:nodes])
    made.api.polls = 20
    start, runner = made.clock.elapsed, AsIfAtOnce(made.clock)
    report = apply(made.world(runner=runner, **where), changes, PLANNER)
    assert report.is_good, errors(report)
    return made.clock.elapsed - start


def test_all_at_once_takes_hardly_longer_than_the_slowest_node_and_rolling_as_long_as_two() -> None:
    alone = seconds_of(TOGETHER[Cause.VNI], 1)
    assert alone > 10
    assert seconds_of(TOGETHER[Cause.VNI], 3) <= 1.3 * alone
    assert seconds_of(lambda text: text + MORE, 3) <= 2 * 1.3 * alone
    assert seconds_of(lambda text: text + MORE, 5) <= 2 * 1.3 * alone


def test_a_node_that_pvesdn_runs_on_costs_a_turn_of_its_own_and_no_more() -> None:
    alone = seconds_of(TOGETHER[Cause.VNI], 1)
    assert seconds_of(TOGETHER[Cause.VNI], 3, local_node="node1") <= 1.3 * alone
    assert seconds_of(lambda text: text + MORE, 3, local_node="node1") <= 3 * 1.3 * alone
    assert seconds_of(lambda text: text + MORE, 5, local_node="node1") <= 3 * 1.3 * alone


REFUSED: dict[str, tuple[Callable[[str], str], str, str]] = {
    "nothing to do there": (lambda text: text + MORE, "node9", "the plan changes nothing on that node"),
    "all at once": (TOGETHER[Cause.VNI], "node2", "all nodes change at once, because of the VNI"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_canary_that_cannot_be_one_is_refused_and_without_it_the_plan_goes_through(what: str) -> None:
    change, name, reason = REFUSED[what]
    made, changes = planned(change)
    with pytest.raises(ApplyRefused, match=reason) as refused:
        apply(made.world(), changes, PLANNER, Manner(wishes=Wishes(canary=name)))
    assert "without --canary" in (refused.value.hint or "")
    assert {event[2] for event in made.observer.events} <= {"read"}
    assert apply(made.world(), changes, PLANNER).is_good
    assert plan_of(made).is_empty


def test_what_pve_has_pending_is_tried_out_on_one_node_first() -> None:
    changes = plan_of(cluster(pve_files=PVE_ZONES))
    assert execution_plan(changes, Wishes(canary="node2")).order.rounds[0] == ("node2",)
    require(changes, "node2")


def test_a_commit_that_cannot_be_tried_out_reloads_all_nodes_so_none_can_go_first() -> None:
    unrehearsed = (Unrehearsed("node3", "nobody knows"),)
    changes = replace(plan_of(cluster(pve_files=PVE_ZONES)), unrehearsed=unrehearsed)
    assert not execution_plan(changes).order.has_canary
    with pytest.raises(ApplyRefused, match="PVE's definitions are pending"):
        require(changes, "node1")
    require(changes, None)


def test_a_plan_that_changes_nothing_has_no_canary_to_refuse() -> None:
    made, changes = planned(lambda text: text)
    assert apply(made.world(), changes, PLANNER, Manner(wishes=Wishes(canary="node1"))).is_good


def test_nodes_that_change_side_by_side_do_every_step_there_is() -> None:
    assert set(KINDS) == set(get_args(Step))
