"""watch: one node acts, and only when something has changed."""

from __future__ import annotations

import json

import pytest

from pvesdn.errors import NodeFailed, SdnConfigError
from pvesdn.model.files import ChangeSet
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.watch import WatchReport, watch_once
from tests.fakes import FakeCluster
from tests.unit.workflows.kit import UNICAST, cluster, plan_of

MEMBERS = "/etc/pve/.members"


def look(made: FakeCluster, state: str | None = None, *, node: str = "node1", action: str = "plan") -> WatchReport:
    return watch_once(made.world(local_node=node), state, Renderer(), action=action)  # type: ignore[arg-type]


def members(made: FakeCluster, **changes: object) -> dict[str, object]:
    text = json.loads(made.nodes.pve_files[MEMBERS])
    text.update(changes)
    made.nodes.pve_files[MEMBERS] = json.dumps(text)
    return text


def test_the_first_look_plans_and_touches_nothing() -> None:
    made = cluster()
    report = look(made)
    assert report.acted
    assert report.changes is not None
    assert not report.changes.is_empty
    assert report.state is not None
    assert {verb for node in made.nodes.nodes.values() for verb in node.verbs} <= {"read", "observe"}


def test_a_second_look_has_nothing_to_do() -> None:
    made = cluster()
    report = look(made, look(made).state)
    assert not report.acted
    assert report.reason == "nothing has changed since the last look"


def test_counters_of_pmxcfs_are_no_change() -> None:
    made = cluster()
    state = look(made).state
    members(made, version=99)
    assert not look(made, state).acted


def test_a_changed_definition_is_named() -> None:
    made = cluster()
    state = look(made).state
    made.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = UNICAST.replace("tag 2", "tag 3")
    report = look(made, state)
    assert report.acted
    assert report.reason == "changed: /etc/pve/sdn/pvesdn.cfg"


def test_a_member_that_goes_off_is_a_change() -> None:
    made = cluster()
    state = look(made).state
    text = members(made)
    text["nodelist"]["node3"]["online"] = 0  # type: ignore[index]
    members(made, **text)
    assert look(made, state).reason == "changed: /etc/pve/.members"


def test_where_the_settings_say_so_it_applies() -> None:
    made = cluster()
    report = look(made, action="apply")
    assert report.report is not None
    assert report.report.is_good
    assert plan_of(made).is_empty


def test_a_failed_apply_is_reported_and_not_repeated_every_minute() -> None:
    made = cluster()
    made.api.exits["node1"] = "failed"
    report = look(made, action="apply")
    assert report.report is not None
    assert not report.report.is_good
    assert not look(made, report.state, action="apply").acted


def test_a_node_that_does_not_take_ssh_yet_is_tried_again_at_the_next_look() -> None:
    made = cluster()
    state = look(made, action="apply").state
    made.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = UNICAST.replace("tag 2", "tag 3")
    made.nodes["node3"].off = "ssh: connect to host 192.168.0.3 port 22: Connection refused"
    missed = look(made, state, action="apply")
    assert missed.report is not None
    assert missed.report.has_unreachable
    made.nodes["node3"].off = ""
    caught_up = look(made, missed.state, action="apply")
    assert caught_up.report is not None
    assert caught_up.report.is_good
    assert plan_of(made).is_empty
    assert not look(made, caught_up.state, action="apply").acted


def test_a_node_that_fails_beside_one_that_is_away_is_not_reloaded_every_minute() -> None:
    made = cluster()
    state = look(made, action="apply").state
    made.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = UNICAST.replace("tag 2", "tag 3")
    made.nodes["node3"].off = "ssh: connect to host 192.168.0.3 port 22: Connection refused"
    made.api.exits["node1"] = "failed"
    assert not look(made, look(made, state, action="apply").state, action="apply").acted


def test_what_is_about_to_be_applied_is_told_before() -> None:
    made = cluster()
    told = []

    def announce(reason: str, changes: ChangeSet) -> None:
        told.append(reason)
        assert not changes.is_empty
        assert "stage" not in made.nodes["node1"].verbs

    watch_once(made.world(local_node="node1"), None, Renderer(), action="apply", announce=announce)
    assert told == ["first look"]
    assert "stage" in made.nodes["node1"].verbs


def test_a_higher_node_id_stands_by() -> None:
    report = look(cluster(), node="node2")
    assert not report.acted
    assert report.reason == "standing by: node1 is the online member with the lowest id, and acts for all"


def test_the_next_node_acts_when_the_first_is_off() -> None:
    made = cluster()
    text = members(made)
    text["nodelist"]["node1"]["online"] = 0  # type: ignore[index]
    members(made, **text)
    assert look(made, node="node2").acted


def test_without_quorum_everybody_stands_by() -> None:
    made = cluster()
    text = members(made)
    text["cluster"]["quorate"] = 0  # type: ignore[index]
    members(made, **text)
    assert look(made).reason == "standing by: the cluster has no quorum"


def test_bad_definitions_are_an_error_and_are_looked_at_again() -> None:
    made = cluster()
    made.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = "vxlan: toolongid\n"
    with pytest.raises(SdnConfigError):
        look(made)


@pytest.mark.parametrize("state", ["[]", "{", "null"])
def test_an_unreadable_record_is_a_reason_to_look(state: str) -> None:
    assert look(cluster(), state).reason == "the record of the last look is unreadable"


def test_away_from_a_node_it_says_where_it_belongs() -> None:
    with pytest.raises(NodeFailed, match="runs on a node"):
        watch_once(cluster().world(), None, Renderer(), action="plan")
