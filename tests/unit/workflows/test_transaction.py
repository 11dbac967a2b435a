"""What a run does when a node does not do what the others do, word by word between the two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from pvesdn.errors import NodeFailed, NodeUnreachable
from pvesdn.model.execution import LoadSysctl, NodeExecution, Undone, UndoState
from pvesdn.model.order import Order
from pvesdn.model.progress import Armed, StepName
from pvesdn.model.report import Standing
from pvesdn.workflows.heartbeat import OPEN_SECONDS
from pvesdn.workflows.progress import Progress
from pvesdn.workflows.put_in_place import put_in_place
from pvesdn.workflows.transaction import Transaction
from tests.fakes import FakeCluster
from tests.unit.workflows.kit import cluster, plan_of

Answer = Callable[[str], object]
OUT = "192.168.0.2: connection timed out"


@dataclass
class Agent:
    """Nodes that answer as told, and well where nobody has told them anything."""

    answers: dict[tuple[str, str], Answer] = field(default_factory=dict)
    heard: list[tuple[str, str]] = field(default_factory=list)

    def _answer(self, node: str, verb: str, otherwise: object) -> Any:
        self.heard.append((node, verb))
        return self.answers[verb, node](node) if (verb, node) in self.answers else otherwise

    def arm(self, node: str, _checkpoint: object) -> bool:
        return bool(self._answer(node, "arm", otherwise=True))

    def hold(self, node: str, _id: str, *, is_committing: bool = False, token: str = "") -> bool:
        assert not token
        return bool(self._answer(node, "committing" if is_committing else "hold", otherwise=True))

    def load_sysctl(self, node: str) -> None:
        self._answer(node, "load_sysctl", None)

    def discard(self, node: str, _paths: object) -> None:
        self._answer(node, "discard", None)

    def undo(self, node: str, _id: str) -> Any:
        return self._answer(node, "undo", Undone(UndoState.RESTORED))

    def finish(self, node: str) -> None:
        self._answer(node, "finish", None)

    def disarm(self, node: str, _id: str) -> bool:
        return bool(self._answer(node, "disarm", otherwise=True))

    def wait(self, node: str, _id: str, _seconds: int, _nodes: object) -> bool:
        return bool(self._answer(node, "wait", otherwise=True))

    def read(self, node: str, paths: list[str]) -> dict[str, str]:
        self._answer(node, "read", None)
        return dict.fromkeys(paths, "{}")


def unreachable(node: str) -> object:
    raise NodeUnreachable(node, "connection timed out")


def refusing(node: str) -> object:
    raise NodeFailed(node, "read-only file system")


def untouched(_node: str) -> object:
    return Undone(UndoState.UNTOUCHED)


def no(_node: str) -> object:
    return False


def begun(answers: dict[tuple[str, str], Answer]) -> tuple[FakeCluster, Agent, Transaction, list[Progress]]:
    """Three nodes that change; nothing has been done yet."""
    made, agent = cluster(), Agent(answers)
    world = made.world(nodes=agent)
    run = [Progress(world, node.execution) for node in plan_of(made).nodes]
    return made, agent, Transaction(world, run), run


def test_where_there_is_no_systemd_a_person_is_told_what_that_means() -> None:
    made, _, transaction, _ = begun({("arm", "node2"): no})
    assert transaction.arm()
    until = made.clock.now() + OPEN_SECONDS
    told = [Armed("node1", until), Armed("node2", until, survives=False), Armed("node3", until)]
    assert made.observer.of(Armed) == told


def test_a_node_that_cannot_be_asked_has_begun_if_another_one_has() -> None:
    _, _, transaction, run = begun({("undo", "node2"): unreachable})
    transaction.arm()
    run[1].step = StepName.WRITTEN
    assert not transaction.has_begun(run[1])
    transaction.placed(run[0])
    assert transaction.has_begun(run[1])


@pytest.mark.parametrize("step", [StepName.SYSCTL, StepName.FRR, StepName.RELOADED])
def test_a_node_that_falls_silent_at_a_step_that_may_cut_it_off_has_begun(step: StepName) -> None:
    _, _, transaction, run = begun({("undo", "node2"): unreachable, ("undo", "node3"): untouched})
    transaction.arm()
    run[1].step = run[2].step = step
    assert transaction.has_begun(run[1])
    assert not transaction.has_begun(run[2])


def repaired(answers: dict[tuple[str, str], Answer]) -> tuple[bool, list[Progress]]:
    """Three nodes whose kernel settings are put right, one after the other; no file is written."""
    made, agent = cluster(), Agent(answers)
    world = made.world(nodes=agent)
    run = [Progress(world, NodeExecution(node, (LoadSysctl(),))) for node in ("node1", "node2", "node3")]
    transaction = Transaction(world, run)
    transaction.arm()
    order = Order(rounds=(("node1",), ("node2",), ("node3",)))
    return put_in_place(world, run, transaction, order, lambda _canary, _waiting: True), run


def test_without_files_too_a_node_that_was_lost_when_its_turn_came_stops_nobody() -> None:
    is_done, run = repaired({("load_sysctl", "node2"): unreachable, ("undo", "node2"): untouched})
    assert is_done
    assert [progress.error for progress in run] == ["", "node2: connection timed out", ""]


def test_without_files_a_node_that_cannot_tell_what_it_has_begun_stops_the_run() -> None:
    is_done, run = repaired({("load_sysctl", "node2"): unreachable, ("undo", "node2"): unreachable})
    assert not is_done
    assert run[2].is_skipped


def test_no_commit_is_begun_where_a_node_has_put_itself_back() -> None:
    _, agent, transaction, _ = begun({("committing", "node3"): no})
    transaction.arm()
    with pytest.raises(NodeFailed, match="node3: it put itself back meanwhile"):
        transaction.is_about_to_commit()
    assert transaction.is_committed() is False
    assert ("node1", "committing") in agent.heard


def test_nobody_can_tell_of_a_commit_when_no_member_shows_pves_definitions() -> None:
    _, agent, transaction, _ = begun({})
    transaction.arm()
    transaction.is_about_to_commit()
    assert transaction.is_committed() is False
    agent.answers |= {("read", f"node{number}"): unreachable for number in (1, 2, 3)}
    assert transaction.is_committed() is None


@pytest.mark.parametrize("verb", ["keep", "wait"])
def test_nothing_is_kept_where_a_node_has_put_itself_back(verb: str) -> None:
    _, agent, transaction, run = begun({("hold", "node2"): no})
    transaction.arm()
    assert not (transaction.keep() if verb == "keep" else transaction.wait(60))
    assert run[1].error.startswith("node2: it put itself back meanwhile")
    assert not {"disarm", "wait", "finish"} & {heard for _, heard in agent.heard}


def test_a_window_that_not_every_node_knows_of_does_not_open() -> None:
    _, _, transaction, run = begun({("wait", "node2"): refusing})
    transaction.arm()
    for progress in run:
        transaction.placed(progress)
    assert not transaction.wait(60)
    assert {progress.error.partition(": ")[2] for progress in run} == {
        "put back as it was, because not every node could be told to wait for that"
    }


def test_a_node_that_cannot_be_told_that_its_work_stays_is_told_of() -> None:
    _, _, transaction, run = begun({("disarm", "node3"): unreachable})
    transaction.arm()
    for progress in run:
        transaction.placed(progress)
    assert transaction.keep()
    assert [progress.standing for progress in run] == [Standing.NEW, Standing.NEW, Standing.NOT_PUT_BACK]
    assert "puts itself back within 5 minutes; run pvesdn apply again in 5 minutes" in run[2].error


def test_a_node_that_was_restarted_before_it_was_told_is_not_called_new() -> None:
    _, _, transaction, run = begun({("disarm", "node3"): no})
    transaction.arm()
    for progress in run:
        transaction.placed(progress)
    assert transaction.keep()
    assert [progress.standing for progress in run] == [Standing.NEW, Standing.NEW, Standing.NOT_PUT_BACK]
    assert run[2].error == (
        "node3: it was restarted before it was told that what was done stays, and puts itself back within 5 minutes; "
        "run pvesdn apply again in 5 minutes"
    )


def test_a_beat_while_nodes_are_told_that_all_stays_does_not_take_those_for_lost_that_have_been_told() -> None:
    def beats(_node: str) -> object:
        transaction._heart.beat()
        return True

    _, agent, transaction, run = begun({("disarm", "node2"): beats, ("hold", "node1"): no})
    transaction.arm()
    for progress in run:
        transaction.placed(progress)
    transaction.is_past_return()
    assert transaction.lost() == ()
    assert {node for node, verb in agent.heard if verb == "hold"} == {"node3"}
    assert [progress.standing for progress in run] == [Standing.NEW] * 3
