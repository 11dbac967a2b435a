"""Taking the cluster lock, waiting for it, and giving it back, in memory."""

from __future__ import annotations

import pytest

from pvesdn.errors import AnotherApply, NodeFailed, NodeUnreachable
from pvesdn.model.execution import Undone, UndoState
from pvesdn.model.open_apply import Applied, LockHolder, OpenApply, OpenState
from pvesdn.model.progress import WaitsForLock
from pvesdn.workflows.lock import alone
from pvesdn.workflows.watch import watch_once
from pvesdn_lab.simulated.pmxcfs import LOCK_LIFE
from tests.fakes import FakeCluster
from tests.unit.workflows.kit import PLANNER, apply_to, cluster

MEMBERS = ["node1", "node2", "node3"]
HOLDER = "/etc/pve/priv/lock/pvesdn.holder"


def hold(made: FakeCluster, node: str = "node2") -> None:
    """Somebody else has it."""
    assert made.world().nodes.lock(node, "b2", "bert on node2") is None


def is_free(made: FakeCluster) -> bool:
    return not (made.nodes.pve_files.folder / "priv/lock/pvesdn").exists()


def test_it_is_held_inside_and_free_afterwards_also_where_that_ends_badly() -> None:
    made = cluster()
    with alone(made.world(), MEMBERS) as world:
        assert world.is_alone()
        assert not is_free(made)
    assert is_free(made)
    with pytest.raises(KeyboardInterrupt), alone(made.world(), MEMBERS):
        raise KeyboardInterrupt
    assert is_free(made)


def test_the_node_it_runs_on_keeps_it_and_says_for_whom() -> None:
    made = cluster()
    with alone(made.world(local_node="node3", who="anna\x1b on pve1"), MEMBERS):
        holder = made.world().nodes.lock("node1", "b2", "bert")
    assert holder is not None
    assert holder.who == "anna on pve1"
    assert [name for name in MEMBERS if "unlock" in made.nodes[name].verbs] == ["node3"]


def test_a_lock_that_nobody_renews_is_waited_for_and_then_taken() -> None:
    made = cluster()
    hold(made)
    with alone(made.world(), MEMBERS):
        assert LOCK_LIFE < made.clock.elapsed < 130
    first, second, *_ = made.observer.of(WaitsForLock)
    assert (first.holder.who, first.left) == ("bert on node2", 130.0)
    assert second.left == 129.0


def test_who_does_not_want_to_wait_is_refused_at_once() -> None:
    made = cluster()
    hold(made)
    with pytest.raises(AnotherApply), alone(made.world(), MEMBERS, patience=0.0):
        pass
    assert made.clock.elapsed == 0
    assert not is_free(made)


def test_a_holder_who_has_written_nothing_down_is_told_as_such() -> None:
    made = cluster()
    hold(made)
    (made.nodes.pve_files.folder / "priv/lock/pvesdn.holder").unlink()
    with (
        pytest.raises(AnotherApply, match="cluster: whoever holds the cluster lock has not said who they are; nothing"),
        alone(made.world(), MEMBERS, patience=0.0),
    ):
        pass


def test_what_cannot_be_given_back_is_told() -> None:
    made, told = cluster(), list[str]()
    with alone(made.world(), MEMBERS, tell=told.append):
        made.nodes["node1"].off = "no route to host"
    assert told == [
        "node1: no route to host; the cluster lock was not given back: the next apply has to wait 130 s for it"
    ]


def test_an_interruption_while_it_is_asked_for_gives_back_what_may_have_been_taken() -> None:
    made = cluster()
    world = made.world()
    lock = world.nodes.lock

    def interrupted(node: str, run_id: str, who: str) -> LockHolder | None:
        lock(node, run_id, who)
        raise KeyboardInterrupt

    world.nodes.lock = interrupted
    with pytest.raises(KeyboardInterrupt), alone(world, MEMBERS):
        pass
    assert is_free(made)


def test_where_no_node_can_be_reached_nobody_has_it_and_nobody_is_told_to_wait() -> None:
    made, told = cluster(), list[str]()
    for name in MEMBERS:
        made.nodes[name].off = "no route to host"
    with pytest.raises(NodeUnreachable), alone(made.world(), MEMBERS, tell=told.append):
        pass
    assert told == []


OVERDUE = Applied(OpenApply("a1", "carl on node1", None, 0.0, OpenState.OVERDUE))


def test_an_apply_of_which_nobody_can_tell_how_it_ended_stops_the_next() -> None:
    made = cluster()
    world = made.world()
    world.nodes.applied = lambda _node: OVERDUE
    world.nodes.settle = lambda _node, _id: Undone(UndoState.UNDECIDED)
    with (
        pytest.raises(
            AnotherApply,
            match=r"node1: apply a1 by carl .* was cut off at PVE's commit, .*; see `pvecm status`, and run",
        ),
        alone(world, MEMBERS),
    ):
        pass
    assert is_free(made)


def test_who_goes_away_before_it_is_dealt_with_is_left_to_itself() -> None:
    made, told = cluster(), list[str]()
    world = made.world()
    world.nodes.applied = lambda _node: OVERDUE

    def settle(node: str, _id: str) -> Undone:
        if node == "node2":
            raise NodeUnreachable(node, "no route to host")
        return Undone(UndoState.UNTOUCHED)

    world.nodes.settle = settle
    with alone(world, MEMBERS, tell=told.append):
        pass
    assert told == []


@pytest.mark.usefixtures("in_utc")
def test_watch_stands_by_while_somebody_applies_and_looks_again() -> None:
    made = cluster()
    hold(made)
    report = watch_once(made.world(local_node="node1"), None, PLANNER, action="apply")
    assert (report.acted, report.is_settled, report.state) == (False, False, None)
    assert report.reason.startswith("standing by: another apply is at work in the cluster: bert on node2 has held")
    made.world().nodes.unlock("node2", "b2")
    report = watch_once(made.world(local_node="node1"), report.state, PLANNER, action="apply")
    assert report.report is not None
    assert report.report.is_good
    assert is_free(made)


@pytest.mark.usefixtures("in_utc")
def test_watch_takes_no_lock_to_look_or_where_there_is_nothing_to_do() -> None:
    made = cluster()
    watch_once(made.world(local_node="node1"), None, PLANNER, action="report")
    assert apply_to(made).is_good
    watch_once(made.world(local_node="node1"), None, PLANNER, action="apply")
    assert not {"lock", "standing"} & {verb for name in MEMBERS for verb in made.nodes[name].verbs}


def test_a_node_that_refuses_is_no_reason_not_to_ask_the_next() -> None:
    made = cluster()
    made.nodes["node1"].refuses["lock"] = "/var/lib/pvesdn: Read-only file system"
    with alone(made.world(), MEMBERS):
        assert "lock" in made.nodes["node2"].verbs
    for name in MEMBERS:
        made.nodes[name].refuses["lock"] = "/var/lib/pvesdn: Read-only file system"
    with pytest.raises(NodeFailed, match=r"node1: .*Read-only"), alone(made.world(), MEMBERS):
        pass
