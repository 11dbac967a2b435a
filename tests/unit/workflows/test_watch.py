"""watch: one node acts, and only when something has changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pvesdn.errors import ApplyRefused, NodeFailed, SdnConfigError
from pvesdn.model.execution import NodeExecution
from pvesdn.model.files import Action, ChangeSet, FileChange, NodeChanges, StanzaChange
from pvesdn.workflows.apply import apply
from pvesdn.workflows.history import apply_on_record
from pvesdn.workflows.watch import PATIENCE, TRIED_AGAIN, watch_once
from pvesdn.workflows.watch_memory import Absence, Memory, decode_memory, encode_memory, next_trouble
from pvesdn.workflows.watch_report import WatchReport
from pvesdn.workflows.watch_seen import kept_for_guests
from tests.fakes import FakeCluster
from tests.unit.workflows.kit import PLANNER, UNICAST, apply_to, cluster, plan_of

MEMBERS = "/etc/pve/.members"


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.dictionaries(st.text(), inner) | st.lists(inner),
)

pytestmark = pytest.mark.usefixtures("in_utc")


def look(made: FakeCluster, state: str | None = None, *, node: str = "node1", action: str = "report") -> WatchReport:
    return watch_once(made.world(local_node=node), state, PLANNER, action=action)  # type: ignore[arg-type]


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
    assert report.reason == "what was reported is still pending"


def test_what_was_reported_and_is_applied_by_hand_is_no_longer_pending() -> None:
    made = cluster()
    state = look(made).state
    assert apply_to(made).is_good
    report = look(made, state)
    assert (report.acted, report.reason) == (False, "what was pending has been applied")
    assert report.left is not None
    assert report.left.is_empty
    assert look(made, report.state).reason == "nothing has changed since the last look"


def test_what_was_reported_is_applied_once_the_settings_say_so() -> None:
    made = cluster()
    report = look(made, look(made).state, action="apply")
    assert report.reason == "applying what was reported"
    assert plan_of(made).is_empty
    assert look(made, report.state, action="apply").reason == "nothing has changed since the last look"


def test_definitions_that_come_back_after_others_were_applied_by_hand_are_not_taken_for_known() -> None:
    made = cluster()
    state = look(made, action="apply").state
    made.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = UNICAST.replace("tag 2", "tag 3")
    changes = plan_of(made)
    assert apply_on_record(made.world(), changes, PLANNER).is_good
    made.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = UNICAST
    report = look(made, state, action="apply")
    assert report.reason == "somebody has applied"
    assert plan_of(made).is_empty
    assert look(made, report.state, action="apply").reason == "nothing has changed since the last look"


def test_what_pve_has_committed_is_a_change() -> None:
    made = cluster()
    state = look(made, action="apply").state
    made.nodes.pve_files["/etc/pve/sdn/.running-config"] = '{"version": 1}'
    assert look(made, state, action="apply").reason == "changed: /etc/pve/sdn/.running-config"


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


@pytest.mark.parametrize("text", [None, "", "# later\n"])
def test_nothing_is_torn_down_because_a_file_is_missing_or_empty(text: str | None) -> None:
    made = cluster()
    state = look(made, action="apply").state
    if text is None:
        del made.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"]
    else:
        made.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = text
    before = dict(made.nodes["node1"].files)
    with pytest.raises(ApplyRefused, match=r"pvesdn\.cfg (does not exist|is empty), so this plan removes"):
        look(made, state, action="apply")
    assert dict(made.nodes["node1"].files) == before
    plan_of(made)  # who only plans is told, and nothing stops them


@pytest.mark.parametrize("cure", ["put the file back", "apply by hand"])
def test_both_cures_of_definitions_that_are_missing_end_the_refusal(cure: str) -> None:
    made = cluster()
    state = look(made, action="apply").state
    text = made.nodes.pve_files.pop("/etc/pve/sdn/pvesdn.cfg")
    with pytest.raises(ApplyRefused) as caught:
        look(made, state, action="apply")
    assert caught.value.hint == "put the file back, or run pvesdn apply by hand"
    if cure == "put the file back":
        made.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = text
    else:
        assert apply_to(made).is_good
    assert not look(made, state, action="apply").is_failing
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

    watch_once(made.world(local_node="node1"), None, PLANNER, action="apply", announce=announce)
    assert told == ["first look"]
    assert "stage" in made.nodes["node1"].verbs


def test_a_higher_node_id_stands_by() -> None:
    report = look(cluster(), node="node2")
    assert not report.acted
    assert (
        report.reason
        == "standing by: node1 is the online member with the lowest id; the watch there acts for all, if it runs"
    )


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


@pytest.mark.parametrize("state", ["[]", "{", "null", f'{{"ran_at": {10**400}}}', '{"run": "failed", "ran_at": 1e300}'])
def test_an_unreadable_record_is_a_reason_to_look(state: str) -> None:
    assert look(cluster(), state).reason == "the record of the last look is unreadable"


def test_away_from_a_node_it_says_where_it_belongs() -> None:
    with pytest.raises(NodeFailed, match="runs on a node"):
        watch_once(cluster().world(), None, PLANNER, action="report")


# --- runs that did not go well ---------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process ends here, without a chance to do anything about it."""


def killed(made: FakeCluster, state: str | None, verb: str = "commit") -> str:
    """What is left of a look that is killed at a verb of the node program: what was remembered before."""
    left: list[str] = []
    ask = made.nodes.ask

    def ask_until(node: str, asked: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        if asked == verb:
            raise Killed
        return ask(node, asked, arguments)

    made.nodes.ask = ask_until  # type: ignore[method-assign, assignment]
    with pytest.raises(Killed):
        watch_once(made.world(local_node="node1"), state, PLANNER, action="apply", remember=left.append)
    made.nodes.ask = ask  # type: ignore[method-assign]
    return left[-1]


@pytest.mark.parametrize("verb", ["stage", "commit", "finish"])
def test_a_run_that_was_killed_is_begun_again(verb: str) -> None:
    made = cluster()
    left = killed(made, None, verb)
    again = look(made, left, action="apply")
    assert again.reason == "the run of 2023-11-14 22:13 did not finish"
    assert again.report is not None
    assert again.report.is_good
    assert plan_of(made).is_empty
    assert not look(made, again.state, action="apply").acted


def test_nothing_is_remembered_of_a_plan_that_needs_a_decision() -> None:
    made = cluster()
    made.nodes["node3"].files["/etc/network/interfaces.d/pvesdn"] = "# mine\n"
    left: list[str] = []
    with pytest.raises(ApplyRefused):
        watch_once(made.world(local_node="node1"), None, PLANNER, action="apply", remember=left.append)
    assert left == []


def test_after_a_failed_run_a_look_says_so_until_an_hour_later_it_is_tried_again() -> None:
    made = cluster()
    made.api.exits["node1"] = "failed"
    failed = look(made, action="apply")
    later = look(made, failed.state, action="apply")
    assert later.is_failing
    assert later.reason.startswith(
        "the run of 2023-11-14 22:13 failed: `pvesdn apply` takes it up, or the first look after"
    )
    made.api.exits.clear()
    made.clock.sleep(TRIED_AGAIN - 1)
    assert not look(made, later.state, action="apply").acted
    made.clock.sleep(1)
    again = look(made, later.state, action="apply")
    assert again.reason == "trying again what failed at 2023-11-14 22:13"
    assert again.report is not None
    assert again.report.is_good


def test_a_failed_run_that_a_person_has_put_right_is_over() -> None:
    made = cluster()
    made.api.exits["node1"] = "failed"
    failed = look(made, action="apply")
    made.api.exits.clear()
    assert apply(made.world(), plan_of(made), PLANNER).is_good
    over = look(made, failed.state, action="apply")
    assert (over.acted, over.is_failing) == (False, False)
    assert over.reason == "what failed at 2023-11-14 22:13 has been fixed"
    assert look(made, over.state, action="apply").reason == "nothing has changed since the last look"


def test_a_change_of_the_definitions_is_applied_although_the_last_run_failed() -> None:
    made = cluster()
    made.api.exits["node1"] = "failed"
    failed = look(made, action="apply")
    made.api.exits.clear()
    made.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = UNICAST.replace("tag 2", "tag 3")
    assert look(made, failed.state, action="apply").report is not None
    assert plan_of(made).is_empty


@pytest.mark.parametrize("action", ["report", "apply"])
def test_a_node_that_could_not_be_reached_is_no_reason_to_stop_looking(action: str) -> None:
    made = cluster()
    state = look(made, action="apply").state
    made.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = UNICAST.replace("tag 2", "tag 3")
    made.nodes["node3"].off = "ssh: connect to host 192.168.0.3 port 22: Connection refused"
    missed = look(made, state, action=action)
    again = look(made, missed.state, action=action)
    assert again.acted
    assert again.reason == "a node could not be reached at the last look"


def test_a_member_that_is_off_is_no_failure() -> None:
    made = cluster()
    state = look(made, action="apply").state
    text = members(made)
    text["nodelist"]["node3"]["online"] = 0  # type: ignore[index]
    members(made, **text)
    made.api.answers["cluster/status"] = [
        {**row, "online": 0} if row.get("name") == "node3" else row for row in made.api.answers["cluster/status"]
    ]
    made.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = UNICAST.replace("tag 2", "tag 3")
    report = look(made, state, action="apply")
    assert report.report is not None
    assert look(made, report.state, action="apply").reason == "nothing has changed since the last look"


# --- definitions that somebody is writing ----------------------------------------------------------------------------


def edited(made: FakeCluster, state: str | None, age: float | None, action: str = "apply") -> WatchReport:
    """A look at definitions of which a file was written `age` seconds ago."""
    world = made.world(local_node="node1", definitions_changed=lambda: None if age is None else made.clock.now() - age)
    return watch_once(world, state, PLANNER, action=action)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("age", "waits"), [(0, True), (9, True), (-3, True), (10, False), (-3600, False), (None, False)]
)
def test_definitions_that_were_just_written_are_waited_for(age: float | None, *, waits: bool) -> None:
    made = cluster()
    state = look(made, action="apply").state
    made.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = UNICAST.replace("tag 2", "tag 3")
    report = edited(made, state, age)
    assert report.acted is not waits
    assert report.is_settled is not waits
    assert report.reason.startswith("waiting, as somebody may be editing" if waits else "changed")


def test_the_first_look_waits_for_nobody() -> None:
    assert edited(cluster(), None, 1).acted


def test_what_is_waited_for_is_dealt_with_at_the_next_look() -> None:
    made = cluster()
    state = look(made, action="apply").state
    made.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = UNICAST.replace("tag 2", "tag 3")
    waiting = edited(made, state, 1)
    assert not plan_of(made).is_empty
    assert edited(made, waiting.state, 61).acted
    assert plan_of(made).is_empty


def test_a_file_that_is_touched_without_being_changed_is_nothing_to_wait_for() -> None:
    made = cluster()
    state = look(made, action="apply").state
    assert edited(made, state, 1).reason == "nothing has changed since the last look"


def test_nobody_is_waited_for_for_ever() -> None:
    made = cluster()
    state = look(made, action="apply").state
    made.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = UNICAST.replace("tag 2", "tag 3")
    looks = 0
    while not (report := edited(made, state, 1)).acted:
        state = report.state
        made.clock.sleep(60)
        looks += 1
    assert looks == PATIENCE / 60


def test_definitions_that_do_not_decode_are_waited_for_and_then_an_error() -> None:
    made = cluster()
    state = look(made, action="apply").state
    made.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = "vxlan: uca\n\tpee"
    waiting = look(made, state, action="apply")
    assert not waiting.acted
    assert waiting.reason.startswith(
        "waiting, as somebody may be editing: the definitions cannot be used as they are: "
    )
    made.clock.sleep(PATIENCE)
    with pytest.raises(SdnConfigError):
        look(made, waiting.state, action="apply")
    made.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = UNICAST
    assert look(made, waiting.state, action="apply").reason == "nothing has changed since the last look"


# --- the memory ------------------------------------------------------------------------------------------------------


@example('{"ran_at": 5}')
@example('{"kept": [["web", "node1"], ["web", "node2", 5.0, true], ["lab", "node1", 1e300]]}')
@given(
    st.text()
    | st.dictionaries(st.sampled_from(["run", "ran_at", "trouble", "waiting_since", "kept", "/x"]), json_values).map(
        json.dumps
    )
)
def test_whatever_the_record_holds_it_is_read_or_said_to_be_unreadable(text: str) -> None:
    memory = decode_memory(text)
    assert decode_memory(encode_memory(memory)) == memory or not memory.is_readable


DAY = 24 * 3600.0


def by_a_clock_that_was_a_day_ahead(state: str | None, key: str) -> str:
    """What a look left, with that time of it."""
    assert state is not None
    document = json.loads(state)
    return json.dumps(document | {key: document[key] + DAY})


def test_after_a_clock_was_set_back_what_failed_is_tried_again_within_an_hour() -> None:
    made = cluster()
    made.api.exits["node1"] = "failed"
    left = by_a_clock_that_was_a_day_ahead(look(made, action="apply").state, "ran_at")
    made.api.exits.clear()
    later = look(made, left, action="apply")
    assert later.is_failing
    made.clock.sleep(TRIED_AGAIN)
    assert look(made, later.state, action="apply").report is not None


def test_after_a_clock_was_set_back_definitions_that_do_not_decode_are_waited_for_no_longer() -> None:
    made = cluster()
    state = look(made, action="apply").state
    made.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = "vxlan: uca\n\tpee"
    left = by_a_clock_that_was_a_day_ahead(look(made, state, action="apply").state, "waiting_since")
    waiting = look(made, left, action="apply")
    made.clock.sleep(PATIENCE)
    with pytest.raises(SdnConfigError):
        look(made, waiting.state, action="apply")


def test_a_problem_that_was_told_at_a_time_to_come_is_told_again() -> None:
    told, _ = next_trouble(None, ["no"], "", 2 * DAY)
    again, is_new = next_trouble(told, ["no"], "", DAY)
    assert (again.told, is_new) == (DAY, True)
    assert next_trouble(again, ["no"], "", DAY + 1) == (again, False)


def test_what_is_kept_and_who_is_missed_are_remembered() -> None:
    absences = {"node1": None, "node2": Absence(5.0), "node3": Absence(6.0, is_told=True, last=7.0)}
    kept = {("web", node): absence for node, absence in absences.items()}
    assert decode_memory(encode_memory(Memory(kept=kept))).kept == kept


def test_a_memory_that_knows_of_nobody_missed_is_read() -> None:
    assert decode_memory('{"kept": [["web", "node1"]]}').kept == {("web", "node1"): None}


def test_guests_that_a_clock_to_come_has_missed_are_missed_from_now_on() -> None:
    changes = ChangeSet(nodes=(without("node1", "web"),))
    kept = kept_for_guests(Memory(kept={("web", "node1"): Absence(5000.0)}), changes, 100.0)
    assert kept == {("web", "node1"): Absence(100.0)}


def test_guests_are_missed_anew_where_nobody_has_looked_for_long() -> None:
    changes = ChangeSet(nodes=(without("node1", "web"),))
    memory = Memory(kept={("web", "node1"): Absence(100.0, is_told=True, last=1000.0)})
    assert kept_for_guests(memory, changes, 1900.0) == {("web", "node1"): Absence(100.0, is_told=True, last=1900.0)}
    assert kept_for_guests(memory, changes, 2801.0) == {("web", "node1"): Absence(2801.0, is_told=True)}


def test_what_a_plan_no_longer_removes_is_not_remembered() -> None:
    changes = ChangeSet(nodes=(without("node1", "lab"),))
    assert kept_for_guests(Memory(kept={("web", "node1"): None, ("lab", "node2"): None}), changes, 100.0) == {}


def without(node: str, vnet: str) -> NodeChanges:
    stanzas = (StanzaChange(vnet, Action.REMOVE), StanzaChange(f"vxlan_{vnet}", Action.REMOVE))
    file = FileChange("/etc/network/interfaces.d/pvesdn", "", None, "0644", "root:root", None, stanzas=stanzas)
    return NodeChanges(node, NodeExecution(node), files=(file,))
