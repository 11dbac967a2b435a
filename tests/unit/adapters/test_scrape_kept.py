"""The look that is kept: how often the cluster is asked, and what those are told who ask meanwhile."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator

import pytest

from pvesdn.adapters.scrape import Kept

LIMIT = 60.0
"""Seconds within which a busy machine has done anything."""


class Cluster:
    """What is looked at, and the time.

    :ivar gate: a look waits for it; set for a cluster that answers.
    """

    def __init__(self) -> None:
        self.looks = 0
        self.now = 1000.0
        self.gate = threading.Event()
        self.gate.set()
        self.begun = threading.Semaphore(0)
        self.over = threading.Semaphore(0)
        self.fault: Exception | None = None
        self.told: list[Exception | None] = []

    def look(self) -> str:
        self.looks += 1
        number = self.looks
        self.begun.release()
        assert self.gate.wait(LIMIT)
        if self.fault is not None:
            raise self.fault
        return f"look {number}"

    def tell(self, error: Exception | None) -> None:
        self.told.append(error)

    def kept(self, *, patience: float = LIMIT, every: float = 30) -> Kept:
        return Kept(
            self.look, "unknown", self.tell, every=every, patience=patience, oldest=300, now=lambda: self.now
        )  # fmt: skip


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    made = Cluster()
    yield made
    made.gate.set()  # no thread is left waiting


def wait_for_the_end(kept: Kept) -> None:
    """Until the look that runs is over; asking in time starts no other."""
    patient = kept._patience
    kept._patience = LIMIT
    kept.page()
    kept._patience = patient


def test_nobody_asks_and_nobody_looks(cluster: Cluster) -> None:
    cluster.kept()
    assert cluster.looks == 0


def test_the_first_who_asks_gets_a_fresh_look_and_others_soon_after_get_the_same(cluster: Cluster) -> None:
    kept = cluster.kept()
    assert kept.page().text == b"look 1"
    cluster.now += 29
    assert kept.page().text == b"look 1"
    cluster.now += 1
    assert kept.page().text == b"look 2"
    assert gzip.decompress(kept.page().packed) == b"look 2"
    assert cluster.looks == 2


def test_whoever_asks_while_a_look_hangs_is_told_soon_that_nothing_is_known(cluster: Cluster) -> None:
    cluster.gate.clear()
    kept = cluster.kept(patience=0)
    assert kept.page().text == b"unknown"
    assert cluster.begun.acquire(timeout=LIMIT)
    cluster.now += 3600
    assert [kept.page().text for _ in range(5)] == [b"unknown"] * 5
    assert cluster.looks == 1


def test_the_last_look_is_told_while_the_next_one_hangs_until_it_is_too_old(cluster: Cluster) -> None:
    kept = cluster.kept()
    kept.page()
    cluster.gate.clear()
    cluster.now += 100
    kept._patience = 0.0
    assert kept.page().text == b"look 1"
    cluster.now += 199
    assert kept.page().text == b"look 1"
    cluster.now += 2
    assert kept.page().text == b"unknown"
    cluster.gate.set()
    wait_for_the_end(kept)
    assert cluster.looks == 2


def test_a_look_is_not_too_old_as_long_as_no_other_one_was_to_be_made(cluster: Cluster) -> None:
    kept = cluster.kept(every=900)
    kept.page()
    cluster.now += 899
    assert kept.page().text == b"look 1"
    cluster.now += 1
    assert kept.page().text == b"look 2"


def test_a_look_that_was_given_up_is_taken_when_it_comes(cluster: Cluster) -> None:
    cluster.gate.clear()
    kept = cluster.kept(patience=0)
    assert kept.page().text == b"unknown"
    cluster.gate.set()
    kept._patience = LIMIT
    assert kept.page().text == b"look 1"
    assert cluster.looks == 1


def test_a_look_that_fails_is_told_and_leaves_nothing_of_the_one_before(cluster: Cluster) -> None:
    kept = cluster.kept()
    kept.page()
    cluster.fault = ValueError("no")
    cluster.now += 30
    assert kept.page().text == b"unknown"
    assert cluster.told == [None, cluster.fault]


def test_a_cluster_that_fails_is_not_asked_more_often_than_one_that_answers(cluster: Cluster) -> None:
    cluster.fault = ValueError("no")
    kept = cluster.kept()
    for _ in range(5):
        assert kept.page().text == b"unknown"
        cluster.now += 5
    assert cluster.looks == 1
    cluster.fault = None
    cluster.now += 5
    assert kept.page().text == b"look 2"


def test_where_no_thread_can_be_started_it_is_told_and_tried_again(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    kept = cluster.kept()
    with monkeypatch.context() as crowded:
        crowded.setattr(threading.Thread, "start", no_room)
        assert kept.page().text == b"unknown"
    assert [str(error) for error in cluster.told] == ["can't start new thread"]
    assert kept.page().text == b"look 1"
