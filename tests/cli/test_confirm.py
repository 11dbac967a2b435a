"""`apply --confirm`, `confirm` and `rollback` on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.kit import UCAST, Terminal, call
from tests.cli.test_render_show_snapshot import WHOLE
from tests.fakes import FakeCluster, fake_cluster

CHECKPOINT = "/var/lib/pvesdn/checkpoint.json"
ARMED = {"id": "abc", "who": "pvesdn on node1", "seconds": 600, "frr": "none"}
NODES = ["node1", "node2", "node3"]


@pytest.fixture
def cluster() -> FakeCluster:
    return fake_cluster(WHOLE)


def ask(cluster: FakeCluster, verb: str, **arguments: object) -> None:
    for name in NODES:
        cluster.nodes.ask(name, verb, arguments)


def wait(cluster: FakeCluster) -> None:
    """An apply that waits to be confirmed on every node."""
    ask(cluster, "arm", **ARMED)
    ask(cluster, "hold", id="abc", waits=600, nodes=NODES)


def test_what_is_open_is_told_with_who_and_how_long(cluster: FakeCluster, settings: Path) -> None:
    assert call("--config", settings, "confirm", "--status", cluster=cluster).out == "No apply is open.\n"
    ask(cluster, "arm", **ARMED)
    cluster.nodes.ask("node1", "hold", {"id": "abc", "waits": 600, "nodes": NODES})
    cluster.nodes["node3"].off = "connection refused"
    done = call("--config", settings, "confirm", "--status", cluster=cluster)
    assert done.status == 0
    first, *lines, last = done.out.splitlines()
    assert first.startswith("apply abc by pvesdn on node1, begun ")
    assert [line.partition(",")[0] for line in lines] == ["  node1: waits to be confirmed", "  node2: at work"]
    assert last == "not asked: node3: connection refused"
    document = json.loads(call("--config", settings, "confirm", "--status", "--json", cluster=cluster).out)
    assert [(there["name"], there["state"]) for there in document["open"][0]["nodes"]] == [
        ("node1", "waiting"),
        ("node2", "at work"),
    ]
    assert document["not_asked"] == {"node3": "node3: connection refused"}


def test_one_that_was_left_alone_is_told(cluster: FakeCluster, settings: Path) -> None:
    ask(cluster, "arm", **ARMED)
    checkpoint = json.loads(cluster.nodes["node1"].files[CHECKPOINT])
    cluster.nodes["node1"].files[CHECKPOINT] = json.dumps(checkpoint | {"boot": "another"})
    out = call("--config", settings, "confirm", "--status", cluster=cluster).out
    assert "  node1: left alone: the node is putting itself back\n" in out


def test_confirm_makes_it_stay_and_may_be_said_twice(cluster: FakeCluster, settings: Path) -> None:
    wait(cluster)
    done = call("--config", settings, "confirm", cluster=cluster)
    assert (done.status, done.out) == (0, "Confirmed: apply abc on node1-node3 stays.\n")
    done = call("--config", settings, "confirm", "abc", cluster=cluster)
    assert (done.status, done.out) == (0, "Apply abc had been confirmed before.\n")
    document = json.loads(call("--config", settings, "confirm", "abc", "--json", cluster=cluster).out)
    assert (document["id"], document["confirmed"]) == ("abc", [])
    assert call("--config", settings, "confirm", cluster=cluster).status == 1


def test_what_is_still_at_work_or_elsewhere_put_back_is_not_confirmed(cluster: FakeCluster, settings: Path) -> None:
    ask(cluster, "arm", **ARMED)
    done = call("--config", settings, "confirm", cluster=cluster)
    assert done.status == 1
    assert "apply abc is still at work on node1, so nothing was confirmed; wait until" in done.err
    ask(cluster, "hold", id="abc", waits=600, nodes=NODES)
    cluster.nodes.ask("node2", "undo", {"id": "abc"})
    done = call("--config", settings, "confirm", cluster=cluster)
    assert done.status == 1
    assert "node2 has put itself back already, so nothing was confirmed; run pvesdn rollback" in done.err


def test_a_node_that_cannot_be_told_is_named_with_what_becomes_of_it(cluster: FakeCluster, settings: Path) -> None:
    wait(cluster)
    cluster.nodes["node2"].refuses["disarm"] = "No space left on device"
    done = call("--config", settings, "confirm", cluster=cluster)
    assert done.status == 1
    assert "node2: not confirmed here, so it puts itself back" in done.err
    assert "confirmed on node1, node3" in done.err
    cluster.nodes["node2"].refuses.clear()
    cluster.nodes["node2"].lost["disarm"] = "connection reset"
    done = call("--config", settings, "confirm", cluster=cluster)
    assert done.status == 4


def test_of_several_that_are_open_one_has_to_be_named(cluster: FakeCluster, settings: Path) -> None:
    cluster.nodes.ask("node1", "arm", ARMED)
    cluster.nodes.ask("node2", "arm", ARMED | {"id": "def"})
    done = call("--config", settings, "rollback", cluster=cluster)
    assert "several applies are open: abc and def; name the one that is meant" in done.err
    done = call("--config", settings, "rollback", "def", cluster=cluster)
    assert (done.status, done.out) == (0, "node2: nothing had been changed\nRolled back: apply def on node2.\n")


def test_a_rollback_says_what_each_node_has(cluster: FakeCluster, settings: Path) -> None:
    wait(cluster)
    cluster.nodes["node2"].lost["undo"] = "connection reset"
    done = call("--config", settings, "rollback", cluster=cluster)
    assert done.status == 4
    assert "node1: put back and checked\n" in done.out
    assert "node2: connection reset; it puts itself back as soon as it can" in done.err
    assert "Rolled back in part: apply abc on node1-node3\n" in done.out
    cluster.nodes["node2"].lost.clear()
    cluster.nodes["node2"].commands["ip-link"].append({"ifname": "web", "flags": []})
    document = json.loads(call("--config", settings, "rollback", "--json", cluster=cluster).out)
    assert (document["exit_status"], document["nodes"]) == (
        0,
        [{"name": "node2", "state": "restored", "left": [], "error": ""}],
    )


def test_on_a_terminal_the_nodes_are_in_rows_while_they_are_put_back(cluster: FakeCluster, settings: Path) -> None:
    wait(cluster)
    cluster.nodes["node2"].lost["undo"] = "connection reset"
    environ = {"TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    done = call("--config", settings, "rollback", cluster=cluster, environ=environ, out=Terminal())
    assert done.status == 4
    assert "Putting back 3 nodes" in done.out
    assert "node1: put back and checked" in done.out


def test_an_interrupted_rollback_says_what_was_put_back(cluster: FakeCluster, settings: Path) -> None:
    wait(cluster)
    ask = cluster.nodes.ask

    def interrupted(node: str, verb: str, *given: Any, **named: Any) -> Any:
        if (node, verb) == ("node2", "undo"):
            raise KeyboardInterrupt
        return ask(node, verb, *given, **named)

    cluster.nodes.ask = interrupted  # type: ignore[method-assign]
    done = call("--config", settings, "rollback", cluster=cluster)
    assert done.status == 130
    assert "Interrupted. node1: put back; node2: was putting it back. `pvesdn rollback` puts back what is" in done.err


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("plan.bin", "is not a time such as 10m or 90s; name the time before anything else: --confirm 10m"),
        ("29s", "is not between 30 seconds"),
    ],
)
def test_a_time_that_is_none_is_refused(settings: Path, text: str, complaint: str) -> None:
    done = call("--config", settings, "apply", "--confirm", text)
    assert done.status == 1
    assert complaint in done.err


def test_an_apply_that_nobody_confirms_ends_with_3(settings: Path) -> None:
    cluster = fake_cluster(UCAST)
    done = call("--config", settings, "apply", "--yes", "--confirm=30s", cluster=cluster)
    assert done.status == 3
    assert "node1: put back as it was, because it was not confirmed in time" in done.err
    assert done.out.splitlines()[-1].startswith("Not confirmed, and put back: 3 put back and checked.")
    assert all(CHECKPOINT not in node.files for node in cluster.nodes.nodes.values())


def test_of_a_rehearsal_it_is_said_that_pves_commit_is_still_to_come(cluster: FakeCluster, settings: Path) -> None:
    ask(cluster, "arm", **ARMED, rehearses=["/etc/network/interfaces.d/sdn"])
    ask(cluster, "hold", id="abc", waits=600, nodes=NODES)
    done = call("--config", settings, "confirm", cluster=cluster)
    assert (done.status, done.out) == (0, "Confirmed: apply abc on node1-node3 goes on to PVE's commit.\n")
    assert "if it has died, the nodes put themselves back within 3 minutes" in done.err
