"""What an apply is blamed for, and what not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pvesdn.compare.before_after import Applied, judge, lost_sessions, routes_underlay, untold_sessions
from pvesdn.compare.live_sessions import OTHER_END
from pvesdn.model.execution import NodeExecution
from pvesdn.model.files import FRR_CONF, FileChange, NodeChanges
from pvesdn.model.findings import Severity
from pvesdn.model.verification import Discrepancy, Look, Subject

SESSION = "BGP session to node2 (192.168.0.2)"


def item(subject: Subject = Subject.DEVICE, name: str = "web", **said: Any) -> Discrepancy:
    given: dict[str, Any] = {"node": "node1", "expected": "x", "found": "y", "cause": "", "step": ""}
    return Discrepancy(subject=subject, object=name, **{**given, **said})


def session(**said: Any) -> Discrepancy:
    return item(Subject.SESSION, SESSION, peer="node2", **said)


def look(*found: Discrepancy, up: bool = False) -> Look:
    sessions = {("node1", SESSION): "node2"} if up else {}
    return Look(frozenset({"node1", "node2"}), found, sessions)


def applied(*, old: str = "", new: str = "", **said: Any) -> dict[str, NodeChanges]:
    conf = FileChange(FRR_CONF, old, new, "0640", "frr:frr", None)
    return {"node1": NodeChanges("node1", NodeExecution("node1"), files=(conf,), **said)}


def test_what_is_new_and_what_passed_before_fails() -> None:
    verdict = judge(look(), look(item()), Applied())
    assert (verdict.failed, verdict.before) == ((item(),), ())


def test_what_failed_before_is_not_blamed() -> None:
    verdict = judge(look(item()), look(item(found="z")), Applied())
    assert (verdict.failed, verdict.before) == ((), (item(found="z"),))


def test_what_failed_before_and_was_to_be_healed_is_told_apart() -> None:
    verdict = judge(look(item()), look(item()), Applied(applied(drift=(item(),))))
    assert (verdict.failed, verdict.unhealed) == ((), (item(),))


def test_what_has_healed_is_nothing_to_tell() -> None:
    assert judge(look(item()), look(), Applied()) == judge(look(), look(), Applied())


def test_of_several_things_told_together_each_counts() -> None:
    before = item(parts=frozenset({"a", "b"}))
    assert not judge(look(before), look(item(parts=frozenset({"b"}))), Applied()).failed
    assert judge(look(before), look(item(parts=frozenset({"b", "c"}))), Applied()).failed


def test_another_attribute_of_a_broken_device_is_another_check() -> None:
    assert judge(look(item(trait="MTU")), look(item(trait="MAC")), Applied()).failed


def test_a_warning_fails_nothing() -> None:
    assert not judge(look(), look(item(severity=Severity.WARNING)), Applied()).failed


def test_a_session_that_was_up_fails_whoever_has_the_other_end() -> None:
    down = session(severity=Severity.WARNING)
    assert judge(look(up=True), look(down), Applied()).failed == (down,)
    assert not judge(look(), look(down), Applied()).failed


def test_a_session_that_was_up_and_has_no_other_end_any_more_fails_nothing() -> None:
    down = session(severity=Severity.WARNING, trait=OTHER_END)
    assert not judge(look(up=True), look(down), Applied()).failed


def test_a_warning_about_a_session_that_is_up_fails_nothing() -> None:
    assert not judge(look(up=True), look(session(severity=Severity.WARNING), up=True), Applied()).failed


@pytest.mark.parametrize("is_up", [True, False])
def test_a_node_that_has_not_had_its_turn_need_not_have_sessions_but_must_not_lose_them(*, is_up: bool) -> None:
    verdict = judge(look(up=is_up), look(session()), Applied(absent={"node2"}))
    assert bool(verdict.failed) is is_up


def test_between_nodes_that_were_left_out_and_the_others_anything_may_stand_still() -> None:
    assert not judge(look(up=True), look(session()), Applied(left={"node2"})).failed
    assert not judge(look(up=True), look(session()), Applied(left={"node1"})).failed


def test_of_a_node_without_its_turn_nothing_new_is_expected() -> None:
    assert not judge(look(), look(item()), Applied(absent={"node1"})).failed


def test_a_node_that_was_not_looked_at_and_has_nothing_to_do_is_not_judged() -> None:
    assert not judge(Look(), look(item()), Applied()).failed
    assert judge(Look(), look(item()), Applied(applied())).failed


def test_guests_that_the_plan_unplugs_are_not_missed() -> None:
    port = item(Subject.GUEST, "tap100i0")
    assert not judge(look(), look(port), Applied(applied(guests={"web": ("tap100i0",)}))).failed
    assert judge(look(), look(port), Applied(applied(guests={"web": ("tap101i0",)}))).failed


def test_a_line_that_was_taken_out_and_still_runs_is_left_behind() -> None:
    more = item(Subject.FRR, "FRR", severity=Severity.WARNING, parts=frozenset({"router bgp 1"}))
    gone = applied(old="router bgp 1\n", new="log syslog\n")
    assert judge(look(), look(more), Applied(gone)).failed == (more,)
    assert not judge(look(), look(more), Applied(applied(old="router bgp 2\n"))).failed
    assert not judge(look(), look(more), Applied()).failed


def test_sessions_are_missed_where_both_ends_were_looked_at() -> None:
    assert lost_sessions(look(up=True), look()) == {"node1": [SESSION]}
    assert lost_sessions(look(up=True), look(up=True)) == {}
    assert lost_sessions(look(up=True), Look(frozenset({"node1"}))) == {}
    assert lost_sessions(look(up=True), Look(frozenset({"node2"}))) == {}


def test_no_session_is_missed_where_frr_could_not_be_asked() -> None:
    silent = replace(look(), deaf=frozenset({"node1"}))
    assert lost_sessions(look(up=True), silent) == {}
    assert untold_sessions(look(up=True), silent) == {"node1"}
    assert untold_sessions(look(up=True), look()) == frozenset()
    assert untold_sessions(look(), silent) == frozenset()


@pytest.mark.parametrize(
    ("path", "old", "new", "is_routed"),
    [
        (FRR_CONF, None, "router bgp 65000\n!\nrouter ospf\n ospf router-id 10.0.0.1\n", True),
        (FRR_CONF, "router openfabric lab\n", None, True),
        (FRR_CONF, "router bgp 65000\n", "router bgp 65001\n neighbor 10.0.0.2 description router ospf\n", False),
        ("/etc/network/interfaces.d/pvesdn", None, "router ospf\n", False),
    ],
)
def test_the_underlay_comes_up_anew_where_frr_that_carries_it_gets_another_text(
    path: str, old: str | None, new: str | None, *, is_routed: bool
) -> None:
    change = FileChange(path=path, old=old, new=new, mode="0640", owner="frr:frr", expect=None)
    assert routes_underlay(NodeChanges("node1", NodeExecution("node1"), files=(change,))) is is_routed
