"""The cluster lock, over a cluster file system that behaves as pmxcfs does."""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pvesdn.node.program import answer
from pvesdn.node.program import lock as part
from pvesdn_lab.simulated.pmxcfs import LOCK_LIFE, Locks, MachineOnPmxcfs, Pmxcfs

LOCK, HOLDER = "/etc/pve/priv/lock/pvesdn", "/etc/pve/priv/lock/pvesdn.holder"
FREE = {"holder": None}


class Members:
    """Two nodes of one cluster."""

    def __init__(self, folder: Path) -> None:
        self.pmxcfs = Pmxcfs(folder / "pve")
        self.locks = self.pmxcfs.locks
        self.machines = {name: MachineOnPmxcfs(str(folder / name), b"", self.locks, name) for name in ("one", "two")}
        for name, machine in self.machines.items():
            self.pmxcfs.mount(name, Path(machine.place("/etc/pve")))

    def answer(self, node: str, verb: str, **arguments: Any) -> dict[str, Any]:
        request = json.dumps({"verb": verb, "arguments": arguments}).encode()
        document: dict[str, Any] = json.loads(json.dumps(answer(self.machines[node], request)))
        return document

    def value(self, node: str, verb: str, run: str) -> dict[str, Any]:
        more = {"who": f"somebody with {run}"} if verb == "lock" else {}
        document = self.answer(node, verb, id=run, **more)
        assert document["ok"], document
        value: dict[str, Any] = document["value"]
        return value

    def refusal(self, node: str, verb: str, **arguments: Any) -> str:
        document = self.answer(node, verb, **arguments)
        assert not document["ok"], document
        return f"{document['error']}; {document['hint']}"

    def holder(self, node: str, run: str) -> str:
        found = self.value(node, "lock", run)["holder"]
        return "" if found is None else str(found["id"])

    def place(self, path: str) -> Path:
        return Path(self.machines["one"].place(path))

    def lose_quorum(self) -> None:
        self.locks.is_quorate = False
        for machine in self.machines.values():
            Path(machine.place("/etc/pve/.members")).write_text('{"cluster": {"quorate": 0}}')


@pytest.fixture
def members(tmp_path: Path) -> Members:
    return Members(tmp_path)


def test_one_has_it_and_others_are_told_who_until_it_is_given_back(members: Members) -> None:
    assert members.value("one", "lock", "a1") == FREE
    told = members.value("two", "lock", "b2")["holder"]
    assert (told["id"], told["who"]) == ("a1", "somebody with a1")
    assert 0 <= told["age"] < 60
    assert members.holder("one", "c3") == "a1"
    assert members.value("one", "unlock", "a1") == {"was_held": True}
    assert members.value("two", "lock", "b2") == FREE


def test_who_asks_again_still_has_it(members: Members) -> None:
    assert members.value("one", "lock", "a1") == FREE
    assert members.value("one", "lock", "a1") == FREE
    assert members.value("one", "renew", "a1") == {"is_held": True}


def test_nobody_renews_or_gives_back_what_is_somebody_elses(members: Members) -> None:
    members.value("one", "lock", "a1")
    for node, run in (("one", "b2"), ("two", "b2"), ("two", "a1")):
        assert members.value(node, "renew", run) == {"is_held": False}, (node, run)
        assert members.value(node, "unlock", run) == {"was_held": False}, (node, run)
    assert members.value("one", "renew", "a1") == {"is_held": True}


def test_the_node_that_did_not_make_it_cannot_take_it_for_its_own(members: Members) -> None:
    members.value("one", "lock", "a1")
    assert members.holder("two", "a1") == "a1"


def test_what_nobody_renews_is_ended_for_who_asks_long_enough_and_no_sooner(members: Members) -> None:
    members.value("one", "lock", "a1")
    assert members.holder("two", "b2") == "a1"
    members.locks.pass_time(LOCK_LIFE - 1)
    assert members.holder("two", "b2") == "a1"
    members.locks.pass_time(2)
    members.holder("two", "b2")
    assert members.holder("two", "b2") == ""
    assert members.value("one", "renew", "a1") == {"is_held": False}
    assert members.value("one", "unlock", "a1") == {"was_held": False}
    assert members.value("two", "renew", "b2") == {"is_held": True}


def test_what_is_renewed_goes_on(members: Members) -> None:
    members.value("one", "lock", "a1")
    for _ in range(10):
        assert members.holder("two", "b2") == "a1"
        members.locks.pass_time(30)
        assert members.value("one", "renew", "a1") == {"is_held": True}


def test_a_restart_of_who_remembers_begins_the_waiting_again(members: Members) -> None:
    members.value("one", "lock", "a1")
    members.holder("two", "b2")
    members.locks.pass_time(LOCK_LIFE - 1)
    members.locks.resync()
    members.locks.pass_time(2)
    assert [members.holder("two", "b2") for _ in range(2)] == ["a1", "a1"]


def test_a_clock_that_was_set_back_does_not_cost_the_lock(members: Members, monkeypatch: pytest.MonkeyPatch) -> None:
    members.value("one", "lock", "a1")
    assert members.value("one", "renew", "a1") == {"is_held": True}
    monkeypatch.setattr(time, "time", lambda: 1_000_000.0)
    assert members.value("one", "renew", "a1") == {"is_held": True}


@pytest.mark.parametrize("verb", ["lock", "renew", "unlock"])
def test_without_a_quorum_that_is_what_is_said(members: Members, verb: str) -> None:
    if verb != "lock":
        members.value("one", "lock", "a1")
    members.lose_quorum()
    said = members.refusal("one", verb, id="a1", who="somebody")
    assert said.startswith(
        "the cluster has no quorum, so nobody can be kept from applying at the same time; see `pvecm"
    )


def test_what_was_not_written_to_the_end_holds_nobody_up(members: Members) -> None:
    members.value("one", "lock", "a1")
    for text in ("", "{", "null", "[]", '{"id": 1, "who": "x", "since": 1.0}', '{"id": "a1"}', "\udcff"):
        members.place(HOLDER).write_bytes(text.encode("utf-8", "surrogateescape"))
        told = members.value("two", "lock", "b2")["holder"]
        assert told == {"id": "", "who": "", "age": None}, text
    members.place(HOLDER).unlink()
    assert members.value("one", "renew", "a1") == {"is_held": False}


def test_pves_folder_of_locks_is_made_where_pve_has_made_none(members: Members) -> None:
    assert not members.place(LOCK).parent.exists()
    assert members.value("one", "lock", "a1") == FREE
    assert [path.name for path in sorted(members.place(LOCK).parent.iterdir())] == ["pvesdn", "pvesdn.holder"]
    assert [*members.place(LOCK).iterdir()] == []  # pmxcfs ends none that has something in it


def test_where_the_cluster_file_system_is_not_mounted_that_is_said(members: Members) -> None:
    members.place("/etc/pve/priv").unlink()
    said = members.refusal("one", "lock", id="a1", who="somebody")
    assert said == (
        "/etc/pve/priv is not there, so the cluster lock cannot be taken; "
        "the cluster file system is not mounted: systemctl status pve-cluster"
    )


@pytest.mark.parametrize(
    "words", [{"id": "../x"}, {"id": ""}, {"id": "a" * 65}, {"who": "x" * 201}, {"who": "two\nlines"}, {"who": 3}]
)
def test_words_that_are_none_are_refused(members: Members, words: dict[str, Any]) -> None:
    members.refusal("one", "lock", **{"id": "a1", "who": "somebody", **words})
    assert not members.place(LOCK).exists()


WAYS = {"denied": errno.EACCES, "full": errno.ENOSPC, "broken": errno.EIO, "read-only": errno.EROFS}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("call", ["make_folder", "set_time", "remove_folder", "unlink"])
def test_a_write_that_fails_is_told_and_nobody_holds_what_they_did_not_get(
    members: Members, call: str, way: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(place: str, *_: object) -> None:
        raise OSError(way, os.strerror(way), place)

    if call != "make_folder":
        members.value("one", "lock", "a1")
    owner: Any = os if call == "unlink" else members.machines["one"]
    with monkeypatch.context() as broken:
        broken.setattr(owner, call, fails)
        document = members.answer("one", "lock" if call == "make_folder" else "unlock", id="a1", who="somebody")
    if call == "set_time" and way == errno.EACCES:
        assert document["value"] == {"was_held": False}  # so pmxcfs says that another node has made it
    else:
        assert os.strerror(way) in document["error"]
    members.place(HOLDER).unlink(missing_ok=True)
    members.locks.pass_time(0)
    members.holder("two", "b2")
    members.locks.pass_time(LOCK_LIFE + 1)
    members.holder("two", "b2")
    assert members.holder("two", "b2") == ""


def test_where_it_cannot_be_written_down_whose_it_is_it_is_not_taken(
    members: Members, monkeypatch: pytest.MonkeyPatch
) -> None:
    members.place(HOLDER).parent.mkdir()
    members.place(HOLDER).mkdir()
    assert "Is a directory" in members.refusal("one", "lock", id="a1", who="somebody")
    assert not members.place(LOCK).exists()


def test_a_program_that_hangs_with_it_is_not_waited_for_for_ever(
    members: Members, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    with part._alone(members.machines["one"]):
        said = members.refusal("one", "lock", id="a1", who="somebody")
    assert said == "another pvesdn hangs on this node while it asks for the cluster lock; is pmxcfs well?"
    assert members.value("one", "lock", "a1") == FREE


def test_where_the_node_takes_no_files_that_is_said(members: Members) -> None:
    Path(members.machines["one"].place("/var")).write_text("")
    said = members.refusal("one", "lock", id="a1", who="somebody")
    assert said.startswith("/var/lib/pvesdn: Not a directory")


def test_a_disk_that_takes_no_writes_is_said_and_not_that_one_must_be_root(
    members: Members, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(place: str, *_: object, **_more: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), place)

    monkeypatch.setattr(os, "makedirs", fails)
    said = members.refusal("one", "lock", id="a1", who="somebody")
    assert said.startswith("/var/lib/pvesdn: Read-only file system; the node's disk takes no writes: see `dmesg` there")


# --- the folder itself as /etc/pve ------------------------------------------------------------------------------------


@pytest.fixture
def plain(tmp_path: Path) -> Callable[[str, str], str]:
    """Takes the lock where /etc/pve is a plain folder that somebody looks after."""
    members = Members(tmp_path)
    machine = members.machines["two"]
    machine.set_time = lambda place, seconds: os.utime(place, (seconds, seconds))  # type: ignore[method-assign]
    return members.holder


def test_a_plain_folder_is_ended_by_who_looks_after_it(tmp_path: Path, plain: Callable[[str, str], str]) -> None:
    pmxcfs = Pmxcfs(tmp_path / "pve")
    pmxcfs.end_locks(0.0)
    assert plain("one", "a1") == ""
    pmxcfs.end_locks(0.0)
    pmxcfs.end_locks(LOCK_LIFE + 1)
    assert plain("two", "b2") == "a1"
    pmxcfs.end_locks(LOCK_LIFE + 2)
    pmxcfs.end_locks(2 * LOCK_LIFE)
    assert plain("two", "b2") == "a1"
    pmxcfs.end_locks(2 * LOCK_LIFE + 3)
    assert plain("two", "b2") == ""
    assert isinstance(pmxcfs.locks, Locks)
