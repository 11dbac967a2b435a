"""`pvesdn apply` has the cluster to itself from the yes on, and not while it asks."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pvesdn.cli.screens import aside
from tests.cli.kit import UCAST, Result, call
from tests.cli.test_apply import Slow
from tests.fakes import FakeCluster

LOCK = "priv/lock/pvesdn"


def apply(settings: Path, cluster: FakeCluster, *words: str, asks: Slow | None = None) -> Result:
    return call("apply", *words, "--config", settings, cluster=cluster, terminal=asks)


def hold(cluster: FakeCluster) -> None:
    assert cluster.world().nodes.lock("node2", "b2", "bert on node2") is None


def is_held(cluster: FakeCluster) -> bool:
    return (cluster.nodes.pve_files.folder / LOCK).exists()


def keeps_it(cluster: FakeCluster) -> None:
    """Bert renews it whenever somebody waits a second."""
    sleep = cluster.clock.sleep

    def renewed(seconds: float) -> None:
        sleep(seconds)
        cluster.world().nodes.renew_lock("node2", "b2")

    cluster.clock.sleep = renewed  # type: ignore[method-assign]


def test_who_is_refused_is_told_by_whom_and_touches_nothing(settings: Path, cluster: FakeCluster) -> None:
    hold(cluster)
    keeps_it(cluster)
    result = apply(settings, cluster, "--yes")
    assert (result.status, result.out) == (1, "")
    first, *_, last = result.err.splitlines()
    assert first.startswith("Waiting for the cluster lock, 2 min 10 s at most: bert on node2 has held it for")
    assert last.startswith(
        "error: another apply is at work in the cluster: bert on node2 has held the cluster lock for"
    )
    document = json.loads(apply(settings, cluster, "--yes", "--json").out)
    assert document["errors"][0].startswith("another apply is at work in the cluster: bert on node2")
    assert is_held(cluster)
    assert not any("stage" in node.verbs for node in cluster.nodes.nodes.values())


def test_what_is_shown_with_yes_is_the_plan_of_when_nobody_else_is_at_work(
    settings: Path, cluster: FakeCluster
) -> None:
    hold(cluster)
    sleep = cluster.clock.sleep

    def ends(seconds: float) -> None:
        sleep(seconds)
        cluster.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = UCAST.replace("tag 3", "tag 33")
        cluster.world().nodes.unlock("node2", "b2")

    cluster.clock.sleep = ends  # type: ignore[method-assign]
    result = apply(settings, cluster, "--yes", "--diff")
    assert result.status == 0
    assert "vxlan-id 33" in result.out
    assert "vxlan-id 3\n" not in result.out
    assert not is_held(cluster)


class Stopped(io.StringIO):
    """A terminal that was stopped by Ctrl-S."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = threading.Event()
        self.was_waited_for = False

    def write(self, text: str) -> int:
        self.was_waited_for |= not self.goes_on.wait(2)
        return super().write(text)


def test_others_wait_for_no_terminal_that_was_stopped(
    settings: Path, cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aside, "PATIENCE", 0.01)
    screen, ask = Stopped(), cluster.nodes.ask

    def asked(node: str, verb: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        if verb == "unlock":
            screen.goes_on.set()
        return ask(node, verb, arguments)

    cluster.nodes.ask = asked  # type: ignore[method-assign]
    result = call("apply", "--yes", "--config", settings, cluster=cluster, out=screen)
    assert (result.status, screen.was_waited_for) == (0, False)
    assert "Plan: 6 to add" in result.out
    assert result.out.index("Plan: 6 to add") < result.out.index("node1: ")


def test_a_plan_that_cannot_be_shown_is_not_carried_out(settings: Path, cluster: FakeCluster) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    with suppress(SystemExit):
        call("apply", "--yes", "--config", settings, cluster=cluster, out=Gone())
    assert not is_held(cluster)
    assert not any("stage" in node.verbs for node in cluster.nodes.nodes.values())


def test_while_it_asks_others_may_apply(settings: Path, cluster: FakeCluster) -> None:
    seen: list[bool] = []

    def look() -> None:
        seen.append(is_held(cluster))

    def change_and_look() -> None:
        look()
        cluster.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = UCAST.replace("tag 3", "tag 33")

    answers: list[tuple[Callable[[], object], str]] = [(change_and_look, "yes\n"), (look, "yes\n")]
    result = apply(settings, cluster, asks=Slow(*answers))
    assert result.status == 0
    assert "Something has changed while you were asked" in result.err
    assert seen == [False, False]
    assert not is_held(cluster)


def test_with_nothing_to_do_or_a_plan_that_is_refused_no_lock_is_taken(settings: Path, cluster: FakeCluster) -> None:
    cluster.nodes["node1"].files["/etc/network/interfaces.d/pvesdn"] = "# mine\n"
    assert apply(settings, cluster, "--yes").status == 1
    assert apply(settings, cluster, "--yes", "--overwrite").status == 0
    for node in cluster.nodes.nodes.values():
        node.asked.clear()
    assert apply(settings, cluster, "--yes").status == 0
    assert not {"lock", "standing"} & {verb for node in cluster.nodes.nodes.values() for verb in node.verbs}
