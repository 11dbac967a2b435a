"""What a node does for a rehearsal: it reloads from its own files, gives PVE's lock back, and sees PVE move on."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pvesdn.node.program.alone import act
from tests.noderoot import NodeRoot
from tests.unit.node.asking import Asking

SDN, FRR = "/etc/network/interfaces.d/sdn", "/etc/frr/frr.conf"
LOCK, RUNNING = "/etc/pve/sdn/.lock", "/etc/pve/sdn/.running-config"
TOKEN = "0b1c-22"
TEXT = "#version:2\n\nauto office\niface office\n"


@pytest.fixture
def armed(program: Asking, node: NodeRoot) -> Asking:
    """PVE's text is staged, the node is armed, PVE's definitions are locked, and the node knows the token."""
    for command in ("ip", "bridge", "ifreload"):
        node.command(command, prints="[]" if command != "ifreload" else "")
    node.write(SDN, "#version:1\n")
    node.write(RUNNING, '{"version": 1}')
    assert program.problems(_pves(node)) == []
    program.value("arm", id="a1", who="somebody", seconds=180, frr="none", rehearses=[SDN], locks=True)
    node.write(LOCK, TOKEN)
    assert program.value("hold", id="a1", token=TOKEN) == {"is_armed": True}
    return program


def _pves(node: NodeRoot) -> dict[str, Any]:
    return {**node.entry(SDN, TEXT), "is_pves": True}


HELD = (
    f"PVE's definitions are still locked by this apply: {LOCK}: Permission denied; this node tries again, and `pvesh"
    " delete /cluster/sdn/lock --force 1` takes the lock away"
)


@contextmanager
def without_quorum(program: Asking, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As long as it lasts, PVE's lock cannot be taken away."""

    def denied(place: str) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), place)

    with monkeypatch.context() as broken:
        broken.setattr(program.machine, "remove_file", denied)
        yield


def rehearse(program: Asking, node: NodeRoot) -> None:
    program.value("commit", files=[_pves(node)])
    program.value("reload")


def test_pves_text_is_in_place_and_is_not_remembered_as_ours(armed: Asking, node: NodeRoot) -> None:
    rehearse(armed, node)
    assert node.text(SDN) == TEXT
    assert SDN not in node.text("/var/lib/pvesdn/written.json")
    assert node.calls().count("ifreload -a") == 1


def test_an_undo_puts_the_file_back_and_gives_pves_lock_back(armed: Asking, node: NodeRoot) -> None:
    rehearse(armed, node)
    assert armed.value("undo", id="a1")["state"] == "restored"
    assert node.text(SDN) == "#version:1\n"
    assert not node.place(LOCK).exists()


def test_a_node_on_which_nothing_had_begun_gives_the_lock_back_too(armed: Asking, node: NodeRoot) -> None:
    assert armed.value("undo", id="a1")["state"] == "untouched"
    assert not node.place(LOCK).exists()


def test_a_lock_that_somebody_has_taken_since_is_left_alone(armed: Asking, node: NodeRoot) -> None:
    node.write(LOCK, "theirs")
    assert armed.value("undo", id="a1")["state"] == "untouched"
    assert node.text(LOCK) == "theirs"


@pytest.fixture
def untold(program: Asking, node: NodeRoot) -> Asking:
    """The node is armed, and its apply, which has taken PVE's lock or not, says no word any more."""
    for command in ("ip", "bridge"):
        node.command(command, prints="[]")
    node.write(RUNNING, '{"version": 1}')
    node.write("/proc/uptime", "1000.0 1.0\n")
    program.value("arm", id="a1", who="somebody", seconds=180, frr="none", rehearses=[SDN], locks=True)
    node.write("/proc/uptime", "1200.0 1.0\n")
    return program


def age(node: NodeRoot, seconds: float) -> None:
    """The lock came up so long ago; the node has just been armed."""
    then = time.time() - seconds
    os.utime(node.place(LOCK), (then, then))


def test_an_apply_that_is_cut_off_before_it_could_tell_its_token_leaves_no_lock(untold: Asking, node: NodeRoot) -> None:
    node.write(LOCK, TOKEN)
    age(node, 30.0)
    assert act(untold.machine, ["--if-overdue"]) == 0
    assert not node.place(LOCK).exists()
    assert untold.value("standing")["open"] is None


def test_while_etc_pve_is_not_mounted_nobody_says_that_an_untold_lock_is_free(untold: Asking, node: NodeRoot) -> None:
    node.write(LOCK, TOKEN)
    node.place("/etc/pve/sdn").rename(node.place("/etc/pve-away"))
    assert act(untold.machine, ["--if-overdue"]) == 1
    node.place("/etc/pve-away").rename(node.place("/etc/pve/sdn"))
    node.write("/proc/uptime", "5000.0 1.0\n")
    assert act(untold.machine, ["--if-overdue"]) == 0
    assert not node.place(LOCK).exists()


def test_a_lock_that_came_up_at_another_time_is_somebody_elses(untold: Asking, node: NodeRoot) -> None:
    node.write(LOCK, "theirs")
    age(node, -90.0)
    assert act(untold.machine, ["--if-overdue"]) == 0
    assert node.text(LOCK) == "theirs"


def test_a_lock_that_was_refused_to_a_run_that_is_alive_is_somebody_elses(untold: Asking, node: NodeRoot) -> None:
    node.write(LOCK, "theirs")
    assert untold.value("undo", id="a1")["state"] == "untouched"
    assert node.text(LOCK) == "theirs"


def test_a_lock_that_was_there_before_is_somebody_elses(program: Asking, node: NodeRoot) -> None:
    node.write(LOCK, "theirs")
    for command in ("ip", "bridge"):
        node.command(command, prints="[]")
    node.write("/proc/uptime", "1000.0 1.0\n")
    program.value("arm", id="a1", who="somebody", seconds=180, frr="none", rehearses=[], locks=True)
    node.write("/proc/uptime", "1200.0 1.0\n")
    assert act(program.machine, ["--if-overdue"]) == 0
    assert node.text(LOCK) == "theirs"


def test_after_a_restart_the_lock_is_given_back_once_etc_pve_is_there(untold: Asking, node: NodeRoot) -> None:
    node.write(LOCK, TOKEN)
    assert act(untold.machine, ["--at-boot"]) == 0
    assert node.text(LOCK) == TOKEN
    assert act(untold.machine, ["--if-overdue"]) == 0
    assert not node.place(LOCK).exists()


@pytest.mark.parametrize("has_begun", [False, True], ids=["untouched", "rehearsed"])
def test_a_lock_that_cannot_be_given_back_is_told_and_tried_again(
    armed: Asking, node: NodeRoot, monkeypatch: pytest.MonkeyPatch, *, has_begun: bool
) -> None:
    if has_begun:
        rehearse(armed, node)

    with without_quorum(armed, monkeypatch):
        undone = armed.value("undo", id="a1")
    assert undone["state"] == "partly"
    assert undone["left"] == [HELD]
    assert armed.value("undo", id="a1")["state"] in {"restored", "untouched"}
    assert not node.place(LOCK).exists()


def test_a_node_that_is_faster_takes_nothing_from_the_others(armed: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(place: str) -> None:
        raise FileNotFoundError(place)

    monkeypatch.setattr(armed.machine, "remove_file", gone)
    assert armed.value("undo", id="a1")["state"] == "untouched"


def test_while_etc_pve_is_not_mounted_nobody_says_that_the_lock_is_free(armed: Asking, node: NodeRoot) -> None:
    node.place("/etc/pve/sdn").rename(node.place("/etc/pve-away"))
    assert "/etc/pve is not mounted" in armed.value("undo", id="a1")["left"][0]
    node.place("/etc/pve-away").rename(node.place("/etc/pve/sdn"))
    assert armed.value("undo", id="a1")["state"] == "untouched"
    assert not node.place(LOCK).exists()


def test_once_pve_has_committed_the_node_keeps_what_it_has(armed: Asking, node: NodeRoot) -> None:
    rehearse(armed, node)
    node.write(RUNNING, '{"version": 2}')
    assert armed.value("undo", id="a1") == {"state": "kept", "left": [], "log": []}
    assert node.text(SDN) == TEXT
    assert not node.place(LOCK).exists()
    assert armed.value("undo", id="a1")["state"] == "nothing"


def test_a_node_that_keeps_what_pve_has_committed_tries_again_to_give_the_lock_back(
    armed: Asking, node: NodeRoot, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rehearse(armed, node)
    node.write(RUNNING, '{"version": 2}')
    with without_quorum(armed, monkeypatch):
        assert armed.value("undo", id="a1") == {"state": "kept", "left": [HELD], "log": []}
        node.write(RUNNING, '{"version": 1}')  # whatever is there later, it was committed
        assert act(armed.machine, []) == 1
        assert f"still to be done: {HELD}" in capsys.readouterr().out
    assert armed.value("undo", id="a1") == {"state": "kept", "left": [], "log": []}
    assert node.text(SDN) == TEXT
    assert not node.place(LOCK).exists()
    assert armed.value("undo", id="a1")["state"] == "nothing"


def test_the_next_apply_gives_the_lock_back_before_its_checkpoint_takes_the_place_of_this_one(
    armed: Asking, node: NodeRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    rehearse(armed, node)
    node.write(RUNNING, '{"version": 2}')
    words = {"id": "a2", "who": "somebody", "seconds": 180, "frr": "none", "rehearses": []}
    with without_quorum(armed, monkeypatch):
        armed.value("undo", id="a1")
        assert HELD in armed.refusal("arm", **words)
    armed.value("arm", **words)
    assert not node.place(LOCK).exists()
    assert armed.value("standing")["open"]["id"] == "a2"


def test_a_restart_leaves_in_place_what_is_kept_although_the_lock_is_still_held(
    armed: Asking, node: NodeRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    rehearse(armed, node)
    node.write(RUNNING, '{"version": 2}')
    with without_quorum(armed, monkeypatch):
        armed.value("undo", id="a1")
        assert act(armed.machine, ["--at-boot"]) == 0
    assert node.text(SDN) == TEXT


def test_a_restart_in_a_rehearsal_brings_pves_text_of_before_although_etc_pve_is_not_there_yet(
    armed: Asking, node: NodeRoot
) -> None:
    rehearse(armed, node)
    node.write("/proc/sys/kernel/random/boot_id", "the next one\n")
    node.place("/etc/pve/sdn").rename(node.place("/etc/pve-away"))
    assert act(armed.machine, ["--at-boot"]) == 0
    assert node.text(SDN) == "#version:1\n"
    assert act(armed.machine, ["--if-overdue"]) == 1  # PVE's lock is still held
    node.place("/etc/pve-away").rename(node.place("/etc/pve/sdn"))
    assert armed.value("undo", id="a1")["state"] == "restored"
    assert node.text(SDN) == "#version:1\n"
    assert not node.place(LOCK).exists()


@pytest.mark.parametrize("rehearses", [[], [SDN]], ids=["not rehearsed", "rehearsed"])
def test_what_pve_writes_after_an_apply_has_begun_is_put_back_at_a_restart_only_where_it_was_rehearsed(
    program: Asking, node: NodeRoot, rehearses: list[str]
) -> None:
    for command in ("ip", "bridge"):
        node.command(command, prints="[]")
    node.write(SDN, "#version:1\n")
    node.write(RUNNING, '{"version": 1}')
    program.value("arm", id="a1", who="somebody", seconds=180, frr="none", rehearses=rehearses)
    program.value("commit", files=[])
    node.write(SDN, TEXT)
    node.place("/etc/pve/sdn").rename(node.place("/etc/pve-away"))
    assert act(program.machine, ["--at-boot"]) == 0
    assert node.text(SDN) == ("#version:1\n" if rehearses else TEXT)


def test_what_was_confirmed_can_be_put_back_until_pve_has_committed(armed: Asking, node: NodeRoot) -> None:
    rehearse(armed, node)
    armed.value("hold", id="a1", waits=600, nodes=["pve1"])
    assert armed.value("disarm", id="a1", confirms=True) == {"is_kept": True}
    told = armed.value("standing")
    assert (told["kept"], told["open"]["state"]) == ("a1", "at work")
    assert armed.value("disarm", id="a1", confirms=True) == {"is_kept": True}  # said twice
    assert armed.value("undo", id="a1")["state"] == "restored"
    assert armed.value("standing") == {"open": None, "kept": ""}


def test_a_reload_that_fails_is_told_with_its_last_words(armed: Asking, node: NodeRoot) -> None:
    node.command("ifreload", complains="error: office: it did not work\n", status=1)
    assert "ifreload -a ended with status 1: error: office: it did not work" in armed.refusal("reload")


@pytest.mark.parametrize("path", ["/etc/passwd", "/etc/frr/../passwd"])
def test_only_files_that_pvesdn_writes_can_be_pves(program: Asking, path: str) -> None:
    words = {"id": "a1", "who": "somebody", "seconds": 180, "frr": "none"}
    assert "is not a file that pvesdn writes" in program.refusal("arm", **words, rehearses=[path])
