"""A mistake in pvesdn.cfg hides nothing of what runs: that is held against what was applied last, and this is said."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pvesdn.decode.history import decode_history
from pvesdn.encode.history import encode_history
from pvesdn.model.history import HISTORY_FILE, Ending
from tests.cli.kit import UCAST, call, settings_file
from tests.cli.test_confirm import ARMED, NODES, ask
from tests.cli.test_status import applied
from tests.fakes import FakeCluster

__all__ = ["applied"]
OWN = "/etc/pve/sdn/pvesdn.cfg"
TYPO = UCAST.replace("tag", "tagg", 1)
WITH_ANOTHER = f"{UCAST}vnet: vmbr4\n\tzone ucast\n\ttag 4\n\n"
LINE = next(number for number, line in enumerate(TYPO.splitlines(), 1) if "tagg" in line)
HELD = "it was edited since apply 1, which the network is held against"
WORDS = {
    "verify": ("verify",),
    "trace": ("trace", "192.168.0.1", "192.168.0.2"),
    "topology": ("topology", "--live", "--format", "dot"),
}


@pytest.fixture
def waiting(applied: FakeCluster, settings: Path) -> FakeCluster:
    """The same where a second apply, of another VNet, waits to be confirmed, and the file has the word since."""
    applied.nodes.pve_files[OWN] = WITH_ANOTHER
    assert call("--config", settings, "apply", "--yes", cluster=applied).status == 0
    history = decode_history(applied.nodes.pve_files[HISTORY_FILE])
    first, second = history.entries
    still_open = second.model_copy(update={"ending": Ending.OPEN, "ended": None})
    applied.nodes.pve_files[HISTORY_FILE] = encode_history(replace(history, entries=(first, still_open)))
    ask(applied, "arm", **{**ARMED, "id": second.id})
    ask(applied, "hold", id=second.id, waits=600, nodes=NODES)
    applied.nodes.pve_files[OWN] = TYPO
    return applied


@pytest.fixture
def mistaken(applied: FakeCluster) -> FakeCluster:
    """A cluster with an apply, and with a word in its file that nobody knows since."""
    applied.nodes.pve_files[OWN] = TYPO
    return applied


def test_verify_tells_the_line_and_holds_the_network_against_the_last_apply(
    mistaken: FakeCluster, settings: Path
) -> None:
    done = call("--config", settings, "verify", cluster=mistaken)
    assert done.status == 3
    assert f"warning  pvesdn.cfg\n  expected: definitions that can be used\n  found: pvesdn.cfg:{LINE}" in done.out
    assert HELD in done.out
    assert "pvesdn plan tells all that is wrong, pvesdn diff 1 what was edited" in done.out
    assert done.out.splitlines()[-1] == "Verified 1 zone on 3 nodes: 1 warning."


def test_what_is_broken_is_found_beside_a_mistake_in_the_file(mistaken: FakeCluster, settings: Path) -> None:
    del mistaken.nodes["node2"].files["/etc/network/interfaces.d/pvesdn"]
    done = call("--config", settings, "verify", cluster=mistaken)
    assert done.status == 1
    assert "/etc/network/interfaces.d/pvesdn" in done.out


@pytest.mark.parametrize("verb", WORDS)
def test_a_document_has_the_mistake_among_its_findings(verb: str, mistaken: FakeCluster, settings: Path) -> None:
    words = ("topology", "--live") if verb == "topology" else WORDS[verb]
    found = json.loads(call("--config", settings, *words, "--json", cluster=mistaken).out)["findings"]
    assert any(f"pvesdn.cfg:{LINE}" in json.dumps(item) for item in found)


@pytest.mark.parametrize("verb", ["trace", "topology"])
def test_what_is_looked_at_is_shown_and_the_line_named(verb: str, mistaken: FakeCluster, settings: Path) -> None:
    done = call("--config", settings, *WORDS[verb], cluster=mistaken)
    assert f"pvesdn.cfg:{LINE}" in done.out + done.err
    assert HELD in done.out + done.err
    assert "node2" in done.out


@pytest.mark.parametrize("verb", WORDS)
def test_without_a_history_the_mistake_is_all_that_is_said(verb: str, mistaken: FakeCluster, settings: Path) -> None:
    del mistaken.nodes.pve_files[HISTORY_FILE]
    done = call("--config", settings, *WORDS[verb], cluster=mistaken)
    assert done.status == (1 if verb == "topology" else 2)
    assert f"pvesdn.cfg:{LINE}" in done.err
    assert HELD not in done.out + done.err


def test_a_picture_holds_the_network_against_the_last_apply_as_status_does(
    applied: FakeCluster, settings: Path
) -> None:
    applied.nodes.pve_files[OWN] = UCAST.replace("vnet: vmbr3", "vnet: vmbr4")
    assert call("--config", settings, "status", cluster=applied).out.startswith("ok: the network is what apply 1")
    done = call("--config", settings, "topology", "--live", "--json", cluster=applied)
    (zone,) = json.loads(done.out)["zones"]
    assert [(vnet["id"], vnet["health"]) for vnet in zone["vnets"]] == [("vmbr3", "ok")]
    (told,) = json.loads(done.out)["findings"]
    assert told["what"] == "pvesdn.cfg is not what was applied last; the network is held against apply 1"
    assert told["hint"] == "pvesdn diff 1 tells how they differ"
    page = call("--config", settings, "topology", "--live", "--format", "html", cluster=applied)
    assert all(f"{told['what']}; {told['hint']}" in text for text in (page.out, page.err))


def test_what_is_only_in_the_file_is_not_in_a_live_picture(applied: FakeCluster, settings: Path) -> None:
    applied.nodes.pve_files[OWN] = WITH_ANOTHER
    done = call("--config", settings, "topology", "--live", "--vnet", "vmbr4", cluster=applied)
    assert done.status == 1
    assert "VNet 'vmbr4' is defined and was not applied yet" in done.err
    assert call("--config", settings, "topology", "--vnet", "vmbr4", "--format", "dot", cluster=applied).status == 0


def test_a_file_that_can_be_read_is_what_verify_holds_the_network_against(applied: FakeCluster, settings: Path) -> None:
    applied.nodes.pve_files[OWN] = WITH_ANOTHER
    done = call("--config", settings, "verify", cluster=applied)
    assert done.status == 1
    assert "an apply would change + vmbr4" in done.out


def test_what_was_edited_and_not_yet_applied_is_no_fault_of_a_node_that_was_reloaded(
    applied: FakeCluster, tmp_path: Path
) -> None:
    settings = settings_file(tmp_path, f'[watch]\nstate_dir = "{tmp_path / "state"}"\n')
    verify = ("--config", settings, "watch", "--verify")
    applied.nodes.pve_files[OWN] = WITH_ANOTHER
    done = call(*verify, cluster=applied, local_node="node1")
    assert (done.status, "as the definitions say" in done.out) == (0, True)
    del applied.nodes["node1"].files["/etc/network/interfaces.d/pvesdn"]
    done = call(*verify, cluster=applied, local_node="node1")
    assert (done.status, "vmbr4" in done.out) == (1, False)


@pytest.mark.parametrize("verb", WORDS)
def test_an_apply_that_waits_to_be_confirmed_has_brought_its_network(
    verb: str, waiting: FakeCluster, settings: Path
) -> None:
    assert "what apply 2 brought" in call("--config", settings, "status", cluster=waiting).out
    done = call("--config", settings, *WORDS[verb], cluster=waiting)
    assert "it was edited since apply 2, which the network is held against" in done.out + done.err


def test_what_waits_to_be_confirmed_is_in_a_live_picture(waiting: FakeCluster, settings: Path) -> None:
    waiting.nodes.pve_files[OWN] = UCAST
    found = json.loads(call("--config", settings, "topology", "--live", "--json", cluster=waiting).out)
    (zone,) = found["zones"]
    assert [vnet["id"] for vnet in zone["vnets"]] == ["vmbr3", "vmbr4"]
    assert "held against apply 2" in found["findings"][0]["what"]


def test_how_an_apply_stands_is_asked_only_where_that_decides(applied: FakeCluster, settings: Path) -> None:
    applied.nodes.pve_files[OWN] = TYPO
    for node in applied.nodes.nodes.values():
        node.asked.clear()
    assert call("--config", settings, "verify", cluster=applied).status == 3
    assert all("standing" not in node.verbs for node in applied.nodes.nodes.values())
