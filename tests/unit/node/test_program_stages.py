"""Staging: everything is checked while nothing is touched, and one problem leaves nothing behind."""

from __future__ import annotations

import errno
import grp
import json
import os
import pwd
import stat
from typing import Any

import pytest

from pvesdn.node.program.machine import Machine, Refused
from pvesdn.node.program.obstacles import owner_ids
from tests.limits import small_files
from tests.noderoot import FRR, OURS, SYSCTL, NodeRoot
from tests.unit.node.asking import Asking


def test_staged_files_lie_beside_their_targets_and_change_nothing(program: Asking, node: NodeRoot) -> None:
    node.write(OURS, "old\n")
    assert (
        program.problems(node.entry(OURS, "new\n"), node.entry(FRR, "hostname pve1\n"), node.entry(SYSCTL, None)) == []
    )
    assert node.text(OURS) == "old\n"
    assert not node.place(FRR).exists()
    assert node.leftovers() == ["etc/frr/.frr.conf.pvesdn-new", "etc/network/interfaces.d/.pvesdn.pvesdn-new"]


def test_discarding_takes_the_staged_files_away_and_nothing_else(program: Asking, node: NodeRoot) -> None:
    node.write(OURS, "old\n")
    before = node.tree()
    program.problems(node.entry(OURS, "new\n"), node.entry(FRR, "new\n"))
    assert program.value("discard", files=[OURS, FRR, SYSCTL]) == {}
    assert node.tree() == before


def test_staging_again_replaces_what_an_earlier_run_left(program: Asking, node: NodeRoot) -> None:
    program.problems(node.entry(OURS, "first\n"))
    program.write(node.entry(OURS, "second\n"))
    assert node.text(OURS) == "second\n"


def test_staging_takes_away_what_killed_runs_left_beside_any_file_of_ours(program: Asking, node: NodeRoot) -> None:
    program.problems(node.entry(FRR, "of a run that was killed\n"))
    for left in ("etc/sysctl.d/.90-pvesdn.conf.pvesdn-old", "var/lib/pvesdn/.written.json.pvesdn-new"):
        node.write(f"/{left}", "left")
    node.write("/etc/pve/sdn/pvesdn-seen.json.tmp.pve9.17", "left")
    os.utime(node.place("/etc/pve/sdn/pvesdn-seen.json.tmp.pve9.17"), (0, 0))
    assert program.problems(node.entry(OURS, "new\n")) == []
    assert node.leftovers() == ["etc/network/interfaces.d/.pvesdn.pvesdn-new"]


@pytest.mark.parametrize("expect", [None, "0" * 64])
def test_a_file_that_is_not_the_one_of_the_plan_stops_everything(
    program: Asking, node: NodeRoot, expect: str | None
) -> None:
    node.write(OURS, "somebody's edit\n")
    entry = {**node.entry(OURS, "new\n"), "expect": expect}
    assert program.problems(node.entry(FRR, "new\n"), entry) == [f"{OURS} has changed since it was read"]
    assert node.leftovers() == []
    assert node.text(OURS) == "somebody's edit\n"


def test_a_file_that_has_gone_is_a_change_too(program: Asking, node: NodeRoot) -> None:
    entry = {**node.entry(OURS, "new\n"), "expect": "0" * 64}
    assert program.problems(entry) == [f"{OURS} has changed since it was read"]


@pytest.mark.parametrize("what", ["link", "dangling link", "folder"])
def test_only_a_regular_file_is_replaced(program: Asking, node: NodeRoot, what: str) -> None:
    if what == "folder":
        node.place(OURS).mkdir()
    else:
        node.place(OURS).symlink_to("elsewhere")
    if what == "link":
        node.write("/etc/network/interfaces.d/elsewhere", "x")
    entry = {"path": OURS, "text": "new\n", "expect": None}
    assert program.problems(entry) == [f"{OURS} is not a regular file; put a file in its place or remove it"]
    assert node.leftovers() == []


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "/etc/network/interfaces",
        "/etc/network/interfaces.d/../../passwd",
        "etc/frr/frr.conf",
        "/etc/frr/vtysh.conf",
    ],
)
def test_nothing_but_pvesdns_own_files_is_written(program: Asking, node: NodeRoot, path: str) -> None:
    entry = {"path": path, "text": "root::0:0\n", "expect": None}
    for verb in ("stage", "commit"):
        assert program.refusal(verb, files=[entry]) == f"{path!r} is not a file that pvesdn writes"
    assert program.refusal("discard", files=[path]) == f"{path!r} is not a file that pvesdn writes"
    assert not node.place("/etc/passwd").exists()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"mode": "644"}, "'644' is not a file mode"),
        ({"mode": "04755"}, "'04755' is not a file mode"),
        ({"mode": 420}, "420 is not a file mode"),
        ({"owner": "root"}, "'root' is not an owner in the form user:group"),
        ({"owner": "0:0"}, "'0:0' is not an owner in the form user:group"),
        ({"text": 7}, "argument 'text' is missing or of the wrong type"),
        ({"expect": 7}, "argument 'expect' is missing or of the wrong type"),
        ({"text": "\ud800"}, "a text contains half a surrogate pair, which is not a character"),
    ],
)
def test_an_entry_that_makes_no_sense_is_refused(
    program: Asking, node: NodeRoot, fault: dict[str, Any], words: str
) -> None:
    assert program.refusal("stage", files=[{**node.entry(OURS, "x\n"), **fault}]) == words


def test_an_entry_must_say_what_it_replaces(program: Asking, node: NodeRoot) -> None:
    entry = node.entry(OURS, "x\n")
    del entry["expect"]
    assert program.refusal("stage", files=[entry]) == "argument 'expect' is missing or of the wrong type"


def test_a_file_cannot_be_two_things(program: Asking, node: NodeRoot) -> None:
    assert program.refusal("stage", files=[node.entry(OURS, "a\n"), node.entry(OURS, None)]) == "a file is named twice"


def test_without_frr_its_folder_is_missed_by_name(program: Asking, node: NodeRoot) -> None:
    node.place("/etc/frr").rmdir()
    assert program.problems(node.entry(FRR, "x\n")) == ["/etc/frr does not exist; apt install frr frr-pythontools"]
    assert program.problems(node.entry(FRR, None)) == []


def test_without_the_folder_of_interfaces_it_is_missed_by_name(program: Asking, node: NodeRoot) -> None:
    node.place("/etc/network/interfaces.d").rmdir()
    assert program.problems(node.entry(OURS, "x\n")) == ["/etc/network/interfaces.d does not exist"]


def test_what_does_not_fit_on_the_disk_is_named_and_leaves_nothing(program: Asking, node: NodeRoot) -> None:
    with small_files():
        problems = program.problems(node.entry(OURS, "x\n"), node.entry(FRR, "!\n" * 4000))
    assert problems == ["/etc/frr/.frr.conf.pvesdn-new: File too large"]
    assert node.leftovers() == []


@pytest.mark.parametrize("of_folders", [False, True])
def test_what_cannot_be_made_safe_on_disk_is_named(
    program: Asking, node: NodeRoot, monkeypatch: pytest.MonkeyPatch, of_folders: bool
) -> None:
    real = os.fsync

    def failing(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode) == of_folders:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", failing)
    if of_folders:
        assert program.problems(node.entry(OURS, "x\n")) == []
        refusal = program.refusal("commit", files=[node.entry(OURS, "x\n")])
        assert refusal == "/var/lib/pvesdn: Input/output error"
    else:
        problems = program.problems(node.entry(OURS, "x\n"))
        assert problems == ["/etc/network/interfaces.d/.pvesdn.pvesdn-new: Input/output error"]


def test_what_the_disk_refuses_is_a_problem_and_leaves_nothing(program: Asking, node: NodeRoot) -> None:
    # A folder where the temporary should be is what even root cannot write over.
    node.place("/etc/frr/.frr.conf.pvesdn-new").mkdir()
    problems = program.problems(node.entry(OURS, "x\n"), node.entry(FRR, "x\n"))
    assert problems == ["/etc/frr/.frr.conf.pvesdn-new: Is a directory"]
    assert not node.place("/etc/network/interfaces.d/.pvesdn.pvesdn-new").exists()


class TestVtysh:
    def test_its_complaint_is_the_problem_and_nothing_stays_staged(self, program: Asking, node: NodeRoot) -> None:
        words = "line 3: % Unknown command[25]: router bgp banana\nConfiguration file processing failure: 2\n"
        node.command("vtysh", complains=words, status=2)
        problems = program.problems(node.entry(OURS, "auto x\n"), node.entry(FRR, "router bgp banana\n"))
        assert problems == [f"{FRR}: line 3: % Unknown command[25]: router bgp banana"]
        assert node.leftovers() == []
        assert node.calls() == ["vtysh -C -f /etc/frr/.frr.conf.pvesdn-new"]

    def test_any_other_failure_is_shown_as_it_is(self, program: Asking, node: NodeRoot) -> None:
        node.command("vtysh", complains="% Can't open configuration file\n", status=1)
        assert program.problems(node.entry(FRR, "x\n")) == [f"{FRR}: % Can't open configuration file"]

    def test_a_silent_failure_is_one_too(self, program: Asking, node: NodeRoot) -> None:
        node.command("vtysh", status=3)
        assert program.problems(node.entry(FRR, "x\n")) == [f"{FRR}: vtysh -C: exit status 3"]

    def test_it_sees_the_staged_text(self, program: Asking, node: NodeRoot) -> None:
        node.command("vtysh", script=f'grep -q "^router bgp 1234$" "$3" && cp "$3" {node.folder}/seen')
        assert program.problems(node.entry(FRR, "router bgp 1234\n")) == []
        assert node.text("/seen") == "router bgp 1234\n"

    def test_it_is_not_asked_about_a_file_that_goes_or_one_it_does_not_read(
        self, program: Asking, node: NodeRoot
    ) -> None:
        node.command("vtysh", status=2)
        node.write(FRR, "x\n")
        assert program.problems(node.entry(FRR, None), node.entry("/etc/frr/frr.conf.local", "x\n")) == []

    def test_one_that_does_not_end_is_a_problem(self, node: NodeRoot) -> None:
        node.command("vtysh", script="sleep 60 & sleep 60")
        with pytest.raises(Refused, match=r"^vtysh -C did not finish within 0\.1 s$"):
            Machine(str(node.folder)).run(["vtysh", "-C"], limit=0.1)


class TestOwners:
    def test_a_user_that_the_node_does_not_have_is_a_problem(self, program: Asking, node: NodeRoot) -> None:
        node.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\n")
        node.write("/etc/group", "root:x:0:\n")
        entries = node.entry(OURS, "x\n"), node.entry(FRR, "x\n", owner="frr:frr")
        assert program.problems(*entries) == [f"{FRR}: there is no user and group frr:frr"]
        assert node.leftovers() == []

    def test_names_are_those_of_the_node(self, program: Asking, node: NodeRoot) -> None:
        node.write("/etc/passwd", f"root:x:0:0::/:\nfrr:x:{os.geteuid() + 100}:1::/:\n")
        node.write("/etc/group", f"root:x:0:\nfrr:x:{os.getegid() + 200}:\n")
        program.write(node.entry(FRR, "x\n", mode="0640", owner="frr:frr"))
        status = node.place(FRR).stat()
        owner = (status.st_uid, status.st_gid)
        # A folder of an ordinary user's can have no other owner.
        changed = (100, 200) if os.geteuid() == 0 else (0, 0)
        assert owner == (os.geteuid() + changed[0], os.getegid() + changed[1])
        assert status.st_mode & 0o7777 == 0o640

    def test_on_a_real_node_they_are_looked_up_by_the_system(self) -> None:
        me = f"{pwd.getpwuid(os.geteuid()).pw_name}:{grp.getgrgid(os.getegid()).gr_name}"
        machine = Machine()
        assert owner_ids(machine, me) == (os.geteuid(), os.getegid())
        with pytest.raises(Refused, match="no user and group nobody:no-such-group"):
            owner_ids(machine, "nobody:no-such-group")


def test_state_that_is_not_ours_to_read_is_named_before_anything_changes(program: Asking, node: NodeRoot) -> None:
    node.write("/var/lib/pvesdn/written.json", json.dumps({"format": 2}))
    entry = node.entry(OURS, "x\n")
    assert program.problems(entry) == []
    assert "/var/lib/pvesdn/written.json is not what this version writes" in program.refusal("commit", files=[entry])
    assert not node.place(OURS).exists()
