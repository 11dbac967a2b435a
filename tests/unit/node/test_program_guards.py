"""What an armed node has to guard it, and what becomes of that when something fails on the way."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pvesdn.node.assembly import program
from pvesdn.node.program import alone, guard
from pvesdn.node.program.dialogue import answer
from pvesdn.node.program.machine import CommandResult, Machine, ended
from tests.noderoot import OURS, NodeRoot
from tests.unit.node.asking import Asking

ARM = {"id": "one", "who": "a test", "seconds": 100, "frr": "none"}
CHECKPOINT = "/var/lib/pvesdn/checkpoint.json"


class Systemd(Machine):
    """A node with systemd, whose commands are a table."""

    def __init__(self, node: NodeRoot) -> None:
        super().__init__(str(node.folder), program())
        self.ran: list[str] = []
        self.refuses: set[str] = set()
        self.needs_reload = False

    def find(self, name: str) -> str | None:
        return name if name in {"systemctl", "ip", "bridge", "ifreload"} else None

    def run(self, argv: list[str], limit: float) -> CommandResult:
        line = " ".join(argv)
        self.ran.append(line)
        if any(line.startswith(words) for words in self.refuses):
            return ended(1, "", "it broke\n")
        if argv[1:2] == ["show"]:
            return ended(0, "no\nyes\n" if self.needs_reload else "no\nno\n")
        if argv[1:2] in (["is-active"], ["is-enabled"]):
            return ended(0, "active\n" if argv[1] == "is-active" else "enabled\n")
        return ended(0, "[]" if argv[0] in {"ip", "bridge"} else "")


@pytest.fixture
def node(tmp_path: Path) -> NodeRoot:
    made = NodeRoot(tmp_path / "node")
    (made.folder / "run/systemd/system").mkdir(parents=True)
    made.write("/proc/uptime", "1000.0 0.0\n")
    return made


@pytest.fixture
def machine(node: NodeRoot) -> Systemd:
    return Systemd(node)


@pytest.fixture
def asking(node: NodeRoot, machine: Systemd) -> Asking:
    made = Asking(node)
    made.machine = machine
    return made


def turn(node: NodeRoot, seconds: float) -> None:
    node.write("/proc/uptime", f"{1000.0 + seconds} 0.0\n")


def staged(asking: Asking, node: NodeRoot) -> dict[str, Any]:
    entry = node.entry(OURS, "iface web\n")
    assert asking.problems(entry) == []
    return entry


def changed(asking: Asking, node: NodeRoot) -> None:
    entry = staged(asking, node)
    asking.value("arm", **ARM)
    asking.value("commit", files=[entry])


def traces(node: NodeRoot) -> list[str]:
    """What of an apply lies about that is over."""
    return [path for path in node.names() if "pvesdn" in path and not path.endswith("written.json")]


def test_the_timer_runs_before_the_node_is_armed_and_is_gone_after(
    asking: Asking, node: NodeRoot, machine: Systemd
) -> None:
    asking.value("arm", **ARM)
    assert f"systemctl start {guard.TIMER}" in machine.ran
    assert "systemctl daemon-reload" not in machine.ran
    assert node.place(f"/etc/systemd/system/timers.target.wants/{guard.TIMER}").is_symlink()
    asking.value("disarm", id="one")
    assert machine.ran[-1] == f"systemctl stop --no-block {guard.TIMER}"
    assert traces(node) == []
    assert not node.place("/etc/systemd/system/pve-sdn-commit.service.d").exists()


def test_what_was_staged_before_a_node_was_lost_goes_with_the_last_word_of_the_apply(
    asking: Asking, node: NodeRoot
) -> None:
    staged(asking, node)
    assert asking.value("disarm", id="one") == {"is_kept": True}
    assert node.leftovers() == []
    staged(asking, node)
    asking.value("arm", **ARM)
    asking.value("disarm", id="one")
    assert node.leftovers() == []


def test_units_of_an_older_pvesdn_are_replaced_and_read_anew(asking: Asking, node: NodeRoot, machine: Systemd) -> None:
    unit = f"/etc/systemd/system/{guard.TIMER}"
    node.write(unit, "[Timer]\nOnActiveSec=1h\n")
    link = node.place(f"/etc/systemd/system/timers.target.wants/{guard.TIMER}")
    link.parent.mkdir()
    link.symlink_to("/usr/lib/elsewhere")
    machine.needs_reload = True
    asking.value("arm", **ARM)
    assert "systemctl daemon-reload" in machine.ran
    assert node.text(unit) == guard.UNITS[guard.TIMER]
    assert str(link.readlink()) == unit
    assert asking.value("arm", **ARM) == {"survives_reboot": True}  # asked again


def test_somebody_elses_drop_in_for_pves_commit_stays(asking: Asking, node: NodeRoot) -> None:
    theirs = "/etc/systemd/system/pve-sdn-commit.service.d/local.conf"
    node.write(theirs, "[Unit]\n")
    asking.value("arm", **ARM)
    asking.value("disarm", id="one")
    assert node.text(theirs) == "[Unit]\n"


@pytest.mark.parametrize("command", ["systemctl start", "systemctl stop"])
def test_a_timer_that_does_not_start_is_told_and_the_node_is_not_armed(
    asking: Asking, node: NodeRoot, machine: Systemd, command: str
) -> None:
    staged(asking, node)
    machine.refuses = {"systemctl start", command}
    assert asking.refusal("arm", **ARM).endswith(f"it broke; systemctl status {guard.TIMER} says why")
    assert traces(node) == []


FAULTS = {"no space": errno.ENOSPC, "input/output error": errno.EIO}
WRITES = ("open", "replace", "symlink", "makedirs", "fsync")


class Failing:
    """Fails at one of the calls by which files come about; with no space left also at those that follow."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int, number: int) -> None:
        self.left = at
        self.has_failed = False
        self._number = number
        for name in WRITES:
            monkeypatch.setattr(os, name, self._failing(name, getattr(os, name)))

    def _failing(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def failing(*words: Any, **named: Any) -> Any:
            is_write = name != "open" or words[1] & (os.O_CREAT | os.O_EXCL) == os.O_CREAT | os.O_EXCL
            if is_write:
                self.left -= 1
                if self.left == 0 or (self.has_failed and self._number == errno.ENOSPC and name in {"open", "symlink"}):
                    self.has_failed = True
                    raise OSError(self._number, os.strerror(self._number), *words[:1])
            return call(*words, **named)

        return failing


def not_staged(node: NodeRoot) -> dict[str, str]:
    """What is staged is for whoever staged it to take away: an arm that gets no lock does not touch it."""
    return {path: text for path, text in node.tree().items() if not path.endswith(".pvesdn-new")}


@pytest.mark.parametrize("number", FAULTS.values(), ids=FAULTS)
def test_a_disk_that_fails_at_any_write_leaves_the_node_unarmed_and_without_traces(tmp_path: Path, number: int) -> None:
    for at in range(1, 200):
        node = NodeRoot(tmp_path / str(at))
        (node.folder / "run/systemd/system").mkdir(parents=True)
        asking = Asking(node)
        asking.machine = Systemd(node)
        staged(asking, node)
        before = not_staged(node)
        with pytest.MonkeyPatch.context() as monkeypatch:
            failing = Failing(monkeypatch, at, number)
            told = asking.answer("arm", **ARM)
        if not failing.has_failed:
            assert told["ok"]
            break
        assert not told["ok"], at
        assert os.strerror(number) in told["error"]
        assert not_staged(node) == before, at
    assert at > 20


def test_nothing_is_done_until_the_deadline_and_then_all_is_put_back(
    asking: Asking, node: NodeRoot, machine: Systemd, capsys: pytest.CaptureFixture[str]
) -> None:
    changed(asking, node)
    turn(node, 99.0)
    assert alone.act(machine, ["--if-overdue"]) == 0
    assert node.text(OURS) == "iface web\n"
    turn(node, 101.0)
    assert alone.act(machine, ["--if-overdue"]) == 0
    assert not node.place(OURS).exists()
    assert traces(node) == []
    assert "the apply by a test has been left alone on this node" in capsys.readouterr().out


def test_while_a_verb_is_at_work_nothing_is_put_back(asking: Asking, node: NodeRoot, machine: Systemd) -> None:
    changed(asking, node)
    turn(node, 101.0)
    with guard_free_lock(machine):
        assert alone.act(machine, ["--if-overdue"]) == 0
    assert node.text(OURS) == "iface web\n"


def test_who_deals_with_it_lets_the_node_finish_first(
    asking: Asking, node: NodeRoot, machine: Systemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(asking, node)
    turn(node, 101.0)
    held = guard_free_lock(machine)
    held.__enter__()

    def comes_to_an_end(_seconds: float) -> None:
        held.__exit__(None, None, None)

    monkeypatch.setattr("pvesdn.node.program.undo.time.sleep", comes_to_an_end)
    assert asking.value("settle", id="one")["state"] == "restored"
    assert traces(node) == []


def guard_free_lock(machine: Machine) -> Any:
    from pvesdn.node.program.swap import locked

    return locked(machine)


def test_somebody_who_was_faster_leaves_nothing_to_do(
    asking: Asking, node: NodeRoot, machine: Systemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(asking, node)
    turn(node, 101.0)
    answers: Iterator[bool] = iter([True, False])
    monkeypatch.setattr(alone, "_may_act", lambda *_: next(answers))
    assert alone.act(machine, ["--if-overdue"]) == 0
    assert node.text(OURS) == "iface web\n"


def test_what_an_arm_that_was_killed_has_left_is_taken_away(asking: Asking, node: NodeRoot, machine: Systemd) -> None:
    asking.value("arm", **ARM)
    node.place(CHECKPOINT).unlink()
    assert alone.act(machine, ["--if-overdue"]) == 0
    assert traces(node) == []


def test_a_node_that_was_restarted_takes_no_further_step_of_the_apply_and_does_not_forget_how_it_was(
    asking: Asking, node: NodeRoot, machine: Systemd
) -> None:
    changed(asking, node)
    node.write("/proc/sys/kernel/random/boot_id", "another\n")
    assert alone.act(machine, ["--at-boot"]) == 0
    assert not node.place(OURS).exists()
    assert asking.value("hold", id="one") == {"is_armed": False}
    assert asking.value("hold", id="one", is_committing=True) == {"is_armed": False}
    assert asking.value("disarm", id="one") == {"is_kept": False}
    assert asking.value("disarm", id="one", confirms=True) == {"is_kept": False}
    assert asking.refusal("sysctl", file="/etc/sysctl.d/90-pvesdn.conf") == (
        "this node was restarted in the middle of the apply, and puts itself back; run pvesdn apply again"
    )
    assert alone.act(machine, ["--if-overdue"]) == 0  # at the timer's next look
    assert traces(node) == []


def test_at_boot_an_apply_that_had_begun_nothing_is_forgotten(asking: Asking, node: NodeRoot, machine: Systemd) -> None:
    asking.value("arm", **ARM)
    assert alone.act(machine, ["--at-boot"]) == 0
    assert traces(node) == []
    assert alone.act(machine, ["--at-boot"]) == 0


def test_words_that_mean_nothing_are_told_how(machine: Systemd, capsys: pytest.CaptureFixture[str]) -> None:
    assert alone.act(machine, ["--now"]) == 2
    assert capsys.readouterr().out == "usage: python3 /var/lib/pvesdn/program.py undo [--if-overdue | --at-boot]\n"


def test_without_systemd_a_process_waits_and_the_node_says_that_a_reboot_ends_it(
    asking: Asking, node: NodeRoot, machine: Systemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    (node.folder / "run/systemd/system").rmdir()
    started: list[list[str]] = []
    monkeypatch.setattr("pvesdn.node.program.set_guard.subprocess.run", lambda argv, **_: started.append(argv))
    entry = staged(asking, node)
    assert asking.value("arm", **ARM) == {"survives_reboot": False}
    assert [argv[2:] for argv in started] == [[machine.place("/var/lib/pvesdn/program.py"), "undo", "--guard", "one"]]
    asking.value("commit", files=[entry])
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        turn(node, 60.0 * len(slept))

    monkeypatch.setattr("pvesdn.node.program.alone.os.fork", lambda: 0)
    monkeypatch.setattr("pvesdn.node.program.alone.os.setsid", lambda: None)
    monkeypatch.setattr("pvesdn.node.program.alone.os.chdir", lambda _: None)
    monkeypatch.setattr("pvesdn.node.program.alone.signal.signal", lambda *_: None)
    monkeypatch.setattr("pvesdn.node.program.alone.time.sleep", sleep)
    assert alone.act(machine, ["--guard", "one"]) == 0
    assert slept == [5.0] * 3  # at the second look it was overdue, at the third all was over
    assert not node.place(OURS).exists()
    monkeypatch.setattr("pvesdn.node.program.alone.os.fork", lambda: 4711)
    assert alone.act(machine, ["--guard", "one"]) == 0


def test_a_process_that_does_not_start_is_told_and_the_node_is_not_armed(
    asking: Asking, node: NodeRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    (node.folder / "run/systemd/system").rmdir()

    def broken(*_: object, **__: object) -> None:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    monkeypatch.setattr("pvesdn.node.program.set_guard.subprocess.run", broken)
    assert "the process that would put this node back does not start" in asking.refusal("arm", **ARM)
    assert traces(node) == []


@pytest.mark.long
def test_without_systemd_the_process_is_real_and_puts_the_node_back(tmp_path: Path) -> None:
    node = NodeRoot(tmp_path / "node")
    for name in ("ip", "bridge"):
        node.command(name, prints="[]")
    node.command("ifreload")
    asking = Asking(node)
    asking.machine = Machine(str(node.folder), program())
    entry = staged(asking, node)
    asking.value("arm", **{**ARM, "seconds": 4})
    asking.value("commit", files=[entry])
    waited = Path(f"{node.folder}{OURS}")
    while waited.exists():  # the runner's own limit ends a test that hangs
        os.sched_yield()
    while traces(node):
        os.sched_yield()


def test_the_time_for_confirming_may_run_out(asking: Asking, node: NodeRoot) -> None:
    changed(asking, node)
    assert asking.value("hold", id="two", waits=600) == {"is_armed": False}
    assert "argument 'waits' is missing or out of range" in asking.refusal("hold", id="one", waits=0)
    assert asking.value("hold", id="one", waits=600, nodes=["pve1"]) == {"is_armed": True}
    assert asking.value("standing")["open"]["left"] == 600.0
    turn(node, 601.0)
    assert asking.value("standing")["open"]["state"] == "overdue"
    assert "the time for confirming has run out" in asking.refusal("disarm", id="one", confirms=True)
    asking.value("undo", id="one")
    assert asking.value("disarm", id="one", confirms=True) == {"is_kept": False}
    assert not node.place(OURS).exists()


def test_what_was_confirmed_is_not_undone_any_more(asking: Asking, node: NodeRoot) -> None:
    changed(asking, node)
    asking.value("hold", id="one", waits=600, nodes=["pve1"])
    assert asking.value("disarm", id="one", confirms=True) == {"is_kept": True}
    assert asking.value("standing") == {"open": None, "kept": "one"}
    assert asking.value("undo", id="one")["state"] == "kept"
    assert node.text(OURS) == "iface web\n"


@pytest.mark.parametrize("members", ["[]", "{"])
def test_members_that_nobody_understands_do_not_decide_about_a_commit(
    asking: Asking, node: NodeRoot, members: str
) -> None:
    changed(asking, node)
    asking.value("hold", id="one", is_committing=True)
    node.write("/etc/pve/.members", members)
    turn(node, 101.0)
    assert "was cut off at PVE's commit, and /etc/pve, which knows about it" in asking.refusal("stage", files=[])
    assert node.text(OURS) == "iface web\n"


def test_without_the_cluster_file_system_nobody_can_tell_about_a_commit(asking: Asking, node: NodeRoot) -> None:
    changed(asking, node)
    asking.value("hold", id="one", is_committing=True)
    node.place("/etc/pve/sdn").rmdir()
    turn(node, 101.0)
    assert "see `pvecm status`" in asking.refusal("stage", files=[])


def test_the_program_as_a_file_takes_a_request_too(machine: Systemd) -> None:
    assert answer(machine, b'{"verb": "standing", "arguments": {}}')["ok"]
