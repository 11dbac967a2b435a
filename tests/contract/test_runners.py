"""What every runner does with many nodes, whether it takes them one by one or side by side."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pvesdn.adapters import command
from pvesdn.adapters.runner import OneByOne, SideBySide
from pvesdn.errors import ApiUnavailable, NodeError, NodeFailed, NodeUnreachable
from pvesdn.ports import Runner
from tests.waiting import comes_true

NODES = ("node3", "node1", "node2")


@pytest.fixture(params=[OneByOne(), SideBySide(1), SideBySide(8)], ids=["one by one", "one at once", "side by side"])
def runner(request: pytest.FixtureRequest) -> Runner:
    made: Runner = request.param
    return made


def test_what_came_of_each_node_is_told_in_the_order_given(runner: Runner) -> None:
    assert list(runner.each(NODES, str.upper).items()) == [("node3", "NODE3"), ("node1", "NODE1"), ("node2", "NODE2")]


def test_nothing_is_done_on_no_node(runner: Runner) -> None:
    assert runner.each((), pytest.fail) == {}


def test_one_nodes_failure_is_what_came_of_it_and_hides_no_other(runner: Runner) -> None:
    errors: dict[str, NodeError] = {"node3": NodeFailed("node3", "no"), "node2": NodeUnreachable("node2", "gone")}

    def task(node: str) -> str:
        if node in errors:
            raise errors[node]
        return "done"

    assert runner.each(NODES, task) == {**errors, "node1": "done"}


def test_any_other_error_ends_the_run_and_is_raised(runner: Runner) -> None:
    def task(node: str) -> str:
        if node == "node3":
            raise ApiUnavailable("the membership cannot be read")
        return "done"

    with pytest.raises(ApiUnavailable, match="membership"):
        runner.each(NODES, task)


@pytest.mark.parametrize("runner", [OneByOne(), SideBySide(1)])
def test_after_such_an_error_no_further_node_is_begun(runner: Runner) -> None:
    begun: list[str] = []

    def task(node: str) -> None:
        begun.append(node)
        raise ApiUnavailable("gone")

    with pytest.raises(ApiUnavailable):
        runner.each(tuple(f"node{number}" for number in range(50)), task)
    assert begun == ["node0"]


def test_side_by_side_they_are_under_way_at_the_same_time_up_to_the_limit() -> None:
    together = threading.Barrier(3, timeout=60)
    lock, under_way, most = threading.Lock(), 0, 0

    def task(_node: str) -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        together.wait()  # comes back when three have come this far
        with lock:
            under_way -= 1

    SideBySide(3).each(tuple(f"node{number}" for number in range(9)), task)
    assert most == 3


@pytest.fixture
def is_interrupted() -> Iterator[None]:
    """Whatever runs the tests, SIGINT is what it is in a process that somebody has started."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("is_interrupted")
def test_an_interrupt_is_told_at_once_ends_who_reads_and_waits_for_who_changes(tmp_path: Path) -> None:
    told = threading.Event()
    reads, may_end, has_ended = (tmp_path / name for name in ("reads", "may-end", "has-ended"))
    changes = f"until [ -e {may_end} ]; do sleep 0.05; done; echo > {has_ended}"
    commands = {"node1": f"echo $$ > {reads}; exec sleep 600", "node2": changes}

    def task(node: str) -> None:
        argv = ["sh", "-c", commands[node]]
        command.run(argv, surroundings=os.environ, seconds=600, size=100, grace=0.0, is_spare=node == "node1")

    def somebody() -> None:
        comes_true(lambda: reads.exists() and reads.read_text().endswith("\n"))
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        comes_true(lambda: not Path("/proc", reads.read_text().strip()).exists())
        comes_true(told.is_set)
        may_end.touch()

    thread = threading.Thread(target=somebody)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        SideBySide(2, told.set).each(("node1", "node2"), task)
    thread.join()
    assert has_ended.exists()
