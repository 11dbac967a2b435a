"""Committing: all files or none, whatever happens in between."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from pvesdn.node.boot import OPTIONS, message
from pvesdn.node.program import Machine, answer, swap
from tests.noderoot import FRR, OURS, RECORD, SYSCTL, NodeRoot
from tests.unit.node.asking import Asking

DRIVER = Path(__file__).with_name("kill_a_commit.py")


def record(node: NodeRoot) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(node.text(RECORD))
    return document


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_files_are_written_with_their_mode_and_the_log_says_which(program: Asking, node: NodeRoot) -> None:
    node.write(SYSCTL, "old\n")
    log = program.write(node.entry(OURS, "auto x\n"), node.entry(FRR, "x\n", mode="0640"), node.entry(SYSCTL, None))
    assert log == [f"wrote {OURS}", f"wrote {FRR}", f"removed {SYSCTL}"]
    assert node.text(OURS) == "auto x\n"
    assert [node.place(path).stat().st_mode & 0o7777 for path in (OURS, FRR)] == [0o644, 0o640]
    assert not node.place(SYSCTL).exists()
    assert node.leftovers() == []


def test_what_was_written_is_remembered_and_unfinished_until_told_otherwise(program: Asking, node: NodeRoot) -> None:
    program.write(node.entry(OURS, "a\n"), node.entry(FRR, "b\n"))
    assert record(node) == {"format": 1, "files": {OURS: sha256("a\n"), FRR: sha256("b\n")}, "unfinished": True}
    assert program.value("finish") == {}
    assert record(node)["unfinished"] is False
    program.write(node.entry(OURS, None), node.entry(SYSCTL, "c\n"))
    assert record(node) == {"format": 1, "files": {FRR: sha256("b\n"), SYSCTL: sha256("c\n")}, "unfinished": True}


def test_finishing_where_nothing_was_written_is_nothing(program: Asking, node: NodeRoot) -> None:
    assert program.value("finish") == {}
    assert not node.place(RECORD).exists()


def test_removing_what_is_not_there_is_done_already(program: Asking, node: NodeRoot) -> None:
    program.write(node.entry(OURS, None))
    assert record(node)["files"] == {}


def test_a_file_edited_after_staging_stops_all_of_them(program: Asking, node: NodeRoot) -> None:
    entries = [node.entry(FRR, "new\n"), node.entry(OURS, "new\n")]
    assert program.problems(*entries) == []
    node.write(OURS, "somebody's edit\n")
    refusal = program.refusal("commit", files=entries, ifdown=[{"file": OURS, "interface": "eno2"}])
    assert refusal == f"nothing was written: {OURS} has changed since it was read; plan and apply again"
    assert node.text(OURS) == "somebody's edit\n"
    assert not node.place(FRR).exists()
    assert node.calls() == []


def test_what_was_not_staged_is_not_committed(program: Asking, node: NodeRoot) -> None:
    program.problems(node.entry(OURS, "one thing\n"))
    for entry in (node.entry(OURS, "another\n"), node.entry(FRR, "x\n")):
        assert f"{entry['path']} is not staged as it should be" in program.refusal("commit", files=[entry])
    assert not node.place(OURS).exists()


class TestInterfacesThatGo:
    def test_they_are_taken_down_with_the_old_file_before_the_new_one_comes(
        self, program: Asking, node: NodeRoot
    ) -> None:
        node.write(OURS, "iface eno2\n")
        node.command("ifdown", script=f'cp "$2" {node.folder}/seen')
        node.command("ip")
        entry = node.entry(OURS, "iface x\n")
        program.problems(entry)
        arguments = {"ifdown": [{"file": OURS, "interface": "eno2"}], "delete_links": ["vxlan_web"]}
        log = program.value("commit", files=[entry], **arguments)["log"]
        assert log == ["took down eno2", "deleted vxlan_web, to be recreated", f"wrote {OURS}"]
        assert node.calls() == [f"ifdown -i {OURS} eno2", "ip link del vxlan_web"]
        assert node.text("/seen") == "iface eno2\n"

    def test_devices_that_are_gone_already_stop_nobody(self, program: Asking, node: NodeRoot) -> None:
        node.command("ifdown", complains="error: eno2\n", status=1)
        listed = 'case "$*" in "-j link") echo "[]"; exit 0 ;; esac'
        node.command("ip", script=listed, complains='Cannot find device "x"\n', status=1)
        log = program.value("commit", ifdown=[{"file": OURS, "interface": "eno2"}], delete_links=["x"])["log"]
        assert log == ["eno2 does not exist: nothing to take down", "x does not exist: nothing to delete"]

    NEVER = "error: main exception: cannot find interfaces: eno2 (interface was probably never up ?)\n"

    def test_one_that_never_came_up_is_down_already(self, program: Asking, node: NodeRoot) -> None:
        """Its file was put in place and the reload failed; `ifdown` knows what was brought up only."""
        node.command("ifdown", complains=self.NEVER, status=1)
        node.command("ip", prints='[{"ifname": "eno2", "addr_info": [{"local": "fe80::1", "scope": "link"}]}]')
        log = program.value("commit", ifdown=[{"file": OURS, "interface": "eno2"}])["log"]
        assert log == ["eno2 was never brought up: nothing to take down"]

    def test_one_that_ifupdown2_has_forgotten_is_not_left_behind_with_its_address(
        self, program: Asking, node: NodeRoot
    ) -> None:
        node.command("ifdown", complains=self.NEVER, status=1)
        node.command("ip", prints='[{"ifname": "eno2", "addr_info": [{"local": "172.16.0.1", "scope": "global"}]}]')
        refusal = program.refusal("commit", ifdown=[{"file": OURS, "interface": "eno2"}])
        assert "ifdown eno2 ended with status 1" in refusal
        assert refusal.endswith("; run `ifup eno2` on the node, so that ifupdown2 knows it, then plan and apply again")

    def test_one_that_stays_up_stops_everything_and_the_others_come_back(self, program: Asking, node: NodeRoot) -> None:
        node.command("ifdown", complains="error: eno3: busy\n", script='[ "$3" = eno2 ] && exit 0', status=1)
        node.command("ip", prints='[{"ifname": "eno3"}]')
        node.command("ifup")
        entry = node.entry(OURS, "x\n")
        program.problems(entry)
        downs = [{"file": OURS, "interface": name} for name in ("eno2", "eno3")]
        refusal = program.refusal("commit", files=[entry], ifdown=downs)
        assert refusal == "nothing was written: ifdown eno3 ended with status 1: error: eno3: busy"
        assert node.calls()[-1] == f"ifup -i {OURS} eno2"
        assert not node.place(OURS).exists()

    def test_a_link_that_cannot_be_deleted_stops_everything(self, program: Asking, node: NodeRoot) -> None:
        node.command("ip", complains="RTNETLINK answers: Operation not permitted\n", status=2)
        node.command("ifup", status=1)
        entry = node.entry(OURS, "x\n")
        program.problems(entry)
        assert "Operation not permitted" in program.refusal("commit", files=[entry], delete_links=["vxlan_web"])
        assert not node.place(OURS).exists()

    @pytest.mark.parametrize("name", ["", "-a", "a b", "x;reboot", "eno2\n", "a" * 16, "../x", "ä"])
    def test_what_is_no_name_of_an_interface_reaches_no_command(
        self, program: Asking, node: NodeRoot, name: str
    ) -> None:
        for arguments in ({"delete_links": [name]}, {"ifdown": [{"file": OURS, "interface": name}]}):
            assert "is not an interface name" in program.refusal("commit", **arguments)
        assert "is not an interface name" in program.refusal("flood", ports={name: []})
        assert node.calls() == []

    def test_interfaces_are_taken_down_with_a_file_of_ours_only(self, program: Asking) -> None:
        leaving = [{"file": "/tmp/evil", "interface": "eno2"}]
        assert program.refusal("commit", ifdown=leaving) == "'/tmp/evil' is not an interfaces file of pvesdn"


class TestLock:
    @pytest.fixture(autouse=True)
    def held(self, node: NodeRoot) -> Iterator[IO[str]]:
        place = node.place("/var/lib/pvesdn/lock")
        place.parent.mkdir(parents=True)
        with place.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file

    @pytest.mark.parametrize("verb", ["stage", "commit", "discard", "flood", "finish"])
    def test_while_somebody_changes_the_node_nobody_else_does(self, program: Asking, verb: str) -> None:
        refusal = program.refusal(verb, ports={})
        assert refusal.startswith("another pvesdn is running on this node: /var/lib/pvesdn/lock is held; wait")

    def test_whoever_comes_while_it_is_held_for_a_moment_has_it_next(
        self, program: Asking, node: NodeRoot, monkeypatch: pytest.MonkeyPatch, held: IO[str]
    ) -> None:
        monkeypatch.setattr(swap, "WAITS_FOR", 60.0)
        monkeypatch.setattr("pvesdn.node.program.swap.time.sleep", lambda _: fcntl.flock(held, fcntl.LOCK_UN))
        assert program.value("discard", files=[]) == {}

    def test_the_node_can_be_observed_all_the_same(self, program: Asking, node: NodeRoot) -> None:
        node.write("/var/lib/pvesdn/commit.json", "a commit is under way")
        assert program.value("observe", files=["/etc/hostname"])["files"] == {"/etc/hostname": "pve1\n"}
        assert node.text("/var/lib/pvesdn/commit.json") == "a commit is under way"


class FailingMachine(Machine):
    """A disk that refuses the n-th rename."""

    def __init__(self, root: str, nth: int) -> None:
        super().__init__(root)
        self.left = nth

    def rename(self, source: str, target: str) -> None:
        self.left -= 1
        if self.left == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), target)
        super().rename(source, target)


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_commit_that_fails_in_the_middle_leaves_what_was_there(program: Asking, node: NodeRoot, nth: int) -> None:
    node.write(FRR, "old\n")
    node.place(FRR).chmod(0o600)
    node.write(SYSCTL, "to be removed\n")
    before = node.tree()
    entries = [node.entry(SYSCTL, None), node.entry(FRR, "new\n"), node.entry(OURS, "new\n")]
    assert program.problems(*entries) == []
    request = json.dumps({"verb": "commit", "arguments": {"files": entries}}).encode()
    document = answer(FailingMachine(str(node.folder), nth), request)
    assert document["ok"] is False
    assert "No space left on device" in document["error"]
    assert node.tree() == before
    assert node.place(FRR).stat().st_mode & 0o777 == 0o600


def test_a_commit_that_fails_brings_the_interfaces_back(program: Asking, node: NodeRoot) -> None:
    for name in ("ifdown", "ifup", "ip"):
        node.command(name)
    entry = node.entry(OURS, "new\n")
    program.problems(entry)
    downs = [{"file": OURS, "interface": "eno2"}]
    arguments = {"files": [entry], "ifdown": downs, "delete_links": ["vxlan_web"]}
    answer(FailingMachine(str(node.folder), 1), json.dumps({"verb": "commit", "arguments": arguments}).encode())
    assert node.calls()[-2:] == [f"ifup -i {OURS} eno2", "ifup vxlan_web"]


@pytest.mark.long
def test_killed_before_any_system_call_of_a_commit_the_next_look_finds_all_files_old_or_all_new(tmp_path: Path) -> None:
    driver = subprocess.run(
        [sys.executable, str(DRIVER), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert driver.returncode == 0, driver.stderr
    outcomes, killed = json.loads(driver.stdout)
    for found in (outcomes, killed):
        names = [outcome["files"] for outcome in found]
        # Old up to some call, new from there on.
        assert names == sorted(names, reverse=True)
        assert set(names) == {"old", "new"}
        assert not [outcome for outcome in found if outcome["forgotten"]]
    assert len(outcomes) > 300
    assert len(killed) > 10


def test_a_program_told_to_end_brings_back_what_it_took_down(node: NodeRoot) -> None:
    node.command("ifdown", script='[ "$3" = eno3 ] && exec sleep 60')
    node.command("ifup")
    entry = node.entry(OURS, "x\n")
    Asking(node).problems(entry)
    downs = [{"file": OURS, "interface": name} for name in ("eno2", "eno3")]
    environment = {**os.environ, "PVESDN_ROOT": str(node.folder)}
    with subprocess.Popen([sys.executable, *OPTIONS], stdin=subprocess.PIPE, env=environment) as process:
        assert process.stdin is not None
        process.stdin.write(message("commit", {"files": [entry], "ifdown": downs}))
        process.stdin.close()
        end = time.monotonic() + 30
        while f"ifdown -i {OURS} eno3" not in node.calls() and time.monotonic() < end:
            time.sleep(0.01)
        process.send_signal(signal.SIGHUP)
        process.terminate()
        assert process.wait(timeout=30) == 128 + signal.SIGTERM
    assert node.calls()[-1] == f"ifup -i {OURS} eno2"
    assert not node.place(OURS).exists()


def test_after_a_commit_was_taken_back_the_next_apply_must_reload(program: Asking, node: NodeRoot) -> None:
    program.write(node.entry(OURS, "old\n"))
    program.value("finish")
    node.place(OURS).rename(node.place("/etc/network/interfaces.d/.pvesdn.pvesdn-old"))
    node.write(OURS, "new\n")
    step = {"path": OURS, "existed": True, "digest": sha256("new\n")}
    node.write("/var/lib/pvesdn/commit.json", json.dumps({"steps": [step]}))
    assert program.value("observe", files=[OURS])["files"] == {OURS: "old\n"}
    assert record(node)["unfinished"] is True


def test_what_was_edited_after_a_killed_commit_is_left_alone(program: Asking, node: NodeRoot) -> None:
    node.write("/etc/network/interfaces.d/.pvesdn.pvesdn-old", "old\n")
    node.write(OURS, "somebody's edit\n")
    step = {"path": OURS, "existed": True, "digest": sha256("new\n")}
    node.write("/var/lib/pvesdn/commit.json", json.dumps({"steps": [step]}))
    assert program.value("observe", files=[OURS])["files"] == {OURS: "somebody's edit\n"}
    assert node.leftovers() == []


@pytest.mark.parametrize(
    "journal", ["a commit is under way", "[]", '{"steps": [{"path": "/etc/frr/frr.conf"}]}', "null"]
)
def test_a_damaged_journal_is_named_with_the_way_out(program: Asking, node: NodeRoot, journal: str) -> None:
    node.write("/var/lib/pvesdn/commit.json", journal)
    refusal = program.refusal("observe")
    assert refusal.startswith("/var/lib/pvesdn/commit.json, which says how to undo a killed commit, is damaged; ")


def test_what_a_file_means_is_remembered_until_it_is_written_without_a_meaning(program: Asking, node: NodeRoot) -> None:
    program.write(node.entry(FRR, "a\n") | {"meaning": "m"})
    program.write(node.entry(OURS, "b\n"))
    assert record(node)["meanings"] == {FRR: "m"}
    program.write(node.entry(FRR, "c\n"))
    assert "meanings" not in record(node)
    assert record(node)["files"].keys() == {FRR, OURS}


def test_a_commit_that_is_taken_back_keeps_the_record_of_the_one_before(program: Asking, node: NodeRoot) -> None:
    program.write(node.entry(OURS, "old\n"))
    before = record(node)
    program.value("finish")
    steps = [{"path": FRR, "existed": False, "digest": sha256("new\n")}]
    node.write(FRR, "new\n")
    node.write("/var/lib/pvesdn/commit.json", json.dumps({"steps": steps}))
    program.value("observe", files=[])
    assert record(node) == before
    assert not node.place(FRR).exists()


def test_of_a_commit_that_was_killed_early_what_it_had_not_touched_stays(program: Asking, node: NodeRoot) -> None:
    """Staged and not yet swapped, to be removed and not yet gone, or there before and never kept."""
    node.write(FRR, "same\n")
    node.write("/etc/frr/.frr.conf.pvesdn-new", "same\n")
    node.write(SYSCTL, "kept\n")
    steps = [
        {"path": FRR, "existed": False, "digest": sha256("same\n")},
        {"path": SYSCTL, "existed": True, "digest": sha256("kept\n")},
        {"path": OURS, "existed": False, "digest": None},
    ]
    node.write("/var/lib/pvesdn/commit.json", json.dumps({"steps": steps}))
    program.value("observe", files=[])
    assert (node.text(FRR), node.text(SYSCTL)) == ("same\n", "kept\n")
    assert not node.place(OURS).exists()
    assert node.leftovers() == []


def test_the_way_out_of_a_damaged_journal_names_what_lies_beside(program: Asking, node: NodeRoot) -> None:
    node.write("/var/lib/pvesdn/commit.json", "{")
    assert program.refusal("observe").endswith(
        "is damaged; compare the files with the .pvesdn-old ones beside them, then move it away"
    )
