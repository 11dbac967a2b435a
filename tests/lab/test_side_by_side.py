"""Labs side by side: each has a name, and what is asked of one is not asked of another."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pvesdn.cli.app import run
from pvesdn.errors import SettingsError
from pvesdn_lab.live.outside import kernel, processes, session
from pvesdn_lab.live.scenario import choose

TOPOLOGY = """\
[[node]]
name = "node1"
management = "10.99.0.1/24"
underlay = "192.168.0.1/24"
"""
SCENARIO = 'title = "one node and nothing on it"\nstep = []\n'


@pytest.fixture
def labs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where labs are noted, and none is."""
    monkeypatch.setattr(session, "LABS", tmp_path / "labs")
    return tmp_path / "labs"


def noted(labs: Path, name: str, pid: int, *, is_up: bool = True) -> None:
    """A lab of that name was started as process `pid`."""
    (labs / name).mkdir(parents=True)
    (labs / name / "pid").write_text(f"{pid} {processes.birth_of(pid) or 1} here")
    if is_up:
        (labs / name / "ready.json").write_text('{"scenario": "unicast", "nodes": {"node1": []}, "guests": {}}')


@pytest.fixture
def ended() -> int:
    """The number of a process that is no more."""
    with subprocess.Popen(["true"]) as process:
        return process.pid


@pytest.mark.parametrize("name", ["", "a/b", "..", "Ä", "Lab", "-x", "x" * 32, "a b"])
def test_a_name_that_cannot_be_a_folder_is_refused_with_what_can(name: str, labs: Path) -> None:
    with pytest.raises(SettingsError, match="take small letters, digits and hyphens"):
        session.running(name)


def test_every_lab_that_is_up_is_listed(labs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    noted(labs, "lab", os.getpid())
    noted(labs, "second", os.getpid())
    assert run(["lab", "list"]) == 0
    shown = capsys.readouterr().out
    assert "Up: lab, with the scenario unicast on node1." in shown
    assert "Up: second, with the scenario unicast on node1." in shown


def test_a_lab_that_has_ended_is_listed_with_what_clears_it_up(
    labs: Path, capsys: pytest.CaptureFixture[str], ended: int
) -> None:
    noted(labs, "second", ended)
    assert run(["lab", "list"]) == 0
    assert "`pvesdn lab --name second down` clears up" in capsys.readouterr().err
    assert run(["lab", "--name", "second", "down"]) == 0
    assert not labs.exists()


def test_the_number_of_a_lab_that_has_ended_is_nobody_elses(labs: Path) -> None:
    """Numbers of processes come round: whoever has it now is left alone."""
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as process:
        noted(labs, "lab", process.pid)
        (labs / "lab/pid").write_text(f"{process.pid} 1 here")
        with pytest.raises(SettingsError, match="the lab 'lab' has ended"):
            session.running("lab")
        assert session.down("lab")
        assert process.poll() is None
        process.kill()


def test_a_lab_that_comes_up_is_not_asked_yet(labs: Path) -> None:
    noted(labs, "lab", os.getpid(), is_up=False)
    with pytest.raises(SettingsError, match="not up yet; wait until it is up, or end it with `pvesdn lab down`"):
        session.running("lab")


def test_without_the_lab_that_is_meant_the_others_are_named(labs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    noted(labs, "second", os.getpid())
    assert run(["lab", "exec", "node1", "--", "true"]) == 1
    assert "no lab 'lab' is up; up are second; start it with `pvesdn lab up`" in capsys.readouterr().err
    assert run(["lab", "down"]) == 0
    assert "`pvesdn lab --name second down` ends the lab 'second'" in capsys.readouterr().err
    assert (labs / "second").is_dir()


@pytest.mark.parametrize("words", [["--name", "second", "down"], ["down", "--name", "second"]], ids=" ".join)
def test_the_name_may_stand_before_and_after_the_verb(words: list[str], labs: Path, ended: int) -> None:
    noted(labs, "lab", ended)
    noted(labs, "second", ended)
    assert run(["lab", *words]) == 0
    assert session.names() == ["lab"]


def test_a_name_is_taken_once_and_how_to_get_on_is_said(labs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "obstacle", lambda: "")
    noted(labs, "lab", os.getpid())
    with pytest.raises(
        SettingsError, match=r"`pvesdn lab down` ends it, `pvesdn lab --name OTHER up` starts one beside"
    ):
        session.up("lab", choose(["unicast"])[0], print)


@pytest.fixture
def starting(labs: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """What `up` has started, in place of a lab: processes that wait, and a person who says `down` at once."""
    begun: list[subprocess.Popen[bytes]] = []

    def start(*_: object) -> subprocess.Popen[bytes]:
        begun.append(subprocess.Popen(["sleep", "600"], start_new_session=True))
        session.down("lab")
        return begun[-1]

    monkeypatch.setattr(kernel, "obstacle", lambda: "")
    monkeypatch.setattr(session, "fetch", lambda *_: None)
    monkeypatch.setattr(session, "divide", lambda scenarios, _: (scenarios, []))
    monkeypatch.setattr(session, "_start_here", start)
    yield begun
    for process in begun:
        process.kill()
        process.wait()


def test_a_lab_that_is_ended_while_it_starts_leaves_no_process(starting: list[subprocess.Popen[bytes]]) -> None:
    with pytest.raises(SettingsError, match="the lab 'lab' was ended before it was up; start it with `pvesdn lab up`"):
        session.up("lab", choose(["unicast"])[0], print)
    assert [process.returncode for process in starting] == [-signal.SIGKILL]


def test_a_lab_that_does_not_come_up_ends_no_other_that_has_taken_its_name(
    labs: Path, starting: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = subprocess.Popen(["sleep", "600"], start_new_session=True)
    starting.append(other)

    def interrupted(*_: object) -> None:
        noted(labs, "lab", other.pid)
        raise KeyboardInterrupt

    monkeypatch.setattr(session, "_wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        session.up("lab", choose(["unicast"])[0], print)
    assert session.names() == ["lab"]
    assert other.poll() is None


# ------------------------------------------------------------------------------------------------------------- live


def pvesdn_lab(*words: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "pvesdn", "lab", *words]
    return subprocess.run(argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=900)


@pytest.fixture
def two_labs(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Two labs that come up at once, of one node each."""
    if reason := kernel.obstacle():
        pytest.skip(reason)
    if missing := kernel.probe().lacks(()):
        pytest.skip(f"this kernel has no {', '.join(missing)}")
    (tmp_path / "topology.toml").write_text(TOPOLOGY)
    (tmp_path / "scenario.toml").write_text(SCENARIO)
    one, other = f"test-{os.getpid()}-one", f"test-{os.getpid()}-other"
    argv = [sys.executable, "-m", "pvesdn", "lab", "up", str(tmp_path), "--name"]
    try:
        starting = [subprocess.Popen([*argv, name], stdin=subprocess.DEVNULL) for name in (one, other)]
        assert [process.wait(900) for process in starting] == [0, 0]
        yield one, other
    finally:
        for name in (one, other):
            session.down(name)


def test_two_labs_are_up_at_once_and_know_nothing_of_each_other(two_labs: tuple[str, str]) -> None:
    one, other = two_labs
    listed = pvesdn_lab("list").stdout
    for name in two_labs:
        assert f"Up: {name}, with the scenario" in listed
        assert pvesdn_lab("--name", name, "exec", "node1", "--", "sh", "-c", f"echo {name} > /root/who").returncode == 0
    for name in two_labs:
        assert pvesdn_lab("--name", name, "exec", "node1", "--", "cat", "/root/who").stdout == f"{name}\n"

    assert pvesdn_lab("--name", one, "down").returncode == 0
    plan = pvesdn_lab("--name", other, "exec", "controller", "--", "pvesdn", "plan")
    assert (plan.returncode, plan.stderr) == (0, "")
    assert one not in session.names()
