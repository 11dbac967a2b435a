"""The units that guard an armed node, under a real systemd: process 1 of namespaces, with files of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pvesdn.node.boot import OPTIONS, answer, message
from pvesdn.node.program import guard
from tests.noderoot import OURS

BOOT_SCRIPT = Path(__file__).with_name("boot.sh")
CHECKOUT = Path(__file__).resolve().parents[2]
NAMESPACES = ("--mount", "--pid", "--uts", "--ipc", "--cgroup", "--net")
UNITS = {
    "lab.target": """\
[Unit]
DefaultDependencies=no
Wants=sysinit.target timers.target networking.service pve-sdn-commit.service
""",
    # They write down what they find when their turn comes.
    "networking.service": """\
[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'ls /etc/network/interfaces.d >/run/found-by-networking'
""",
    "pve-sdn-commit.service": """\
[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/touch /run/committed
""",
}
TRACES = [f"etc/systemd/system/{name}" for name in (guard.TIMER, guard.SERVICE, guard.AT_BOOT)]
FORBIDDEN = ("denied", "not permitted", "unknown filesystem type", "No such device")
"""What mount and unshare say where they are not allowed to."""
PATIENCE = 120.0
"""Seconds; the timer looks every five, and the machine may have something else to do."""


class Node:
    """A node with a disk; `boot` starts systemd on it."""

    def __init__(self, disk: Path) -> None:
        self.disk = disk
        for folder in ("etc/network/interfaces.d", "etc/systemd/system", "work", "state", "sbin"):
            (disk / folder).mkdir(parents=True)
        for name, text in UNITS.items():
            (disk / "etc/systemd/system" / name).write_text(text, "utf-8")
        ifreload = disk / "sbin/ifreload"
        ifreload.write_text("#!/bin/sh\necho reloaded >>/run/reloads\n", "utf-8")
        ifreload.chmod(0o755)
        self._process: subprocess.Popen[bytes] | None = None

    def boot(self) -> None:
        argv = [
            "unshare",
            *NAMESPACES,
            "--fork",
            "--kill-child",
            "bash",
            str(BOOT_SCRIPT),
            str(self.disk),
            str(CHECKOUT),
        ]
        with (self.disk / "boot.log").open("wb") as log:
            self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.wait_for(self._is_up)

    def _is_up(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            why = (self.disk / "boot.log").read_text("utf-8", "replace").strip()
            if any(sign in why for sign in FORBIDDEN):
                pytest.skip(f"this machine lets no systemd run in namespaces: {why}")
            raise AssertionError(why)
        return self.run("systemctl", "is-active", "lab.target").returncode == 0

    def cut_power(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            os.kill(process.pid, signal.SIGKILL)  # and process 1 with it
            process.wait()

    def run(self, *argv: str, **more: Any) -> subprocess.CompletedProcess[bytes]:
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text("ascii").split()
        enter = ["nsenter", "--target", children[0] if children else "0", *NAMESPACES, "--"]
        return subprocess.run([*enter, *argv], capture_output=True, check=False, timeout=PATIENCE, **more)

    def ask(self, verb: str, **arguments: Any) -> dict[str, Any]:
        done = self.run("python3", *OPTIONS, input=message(verb, arguments))
        told = answer(done.stdout)
        assert told.ok, told.error
        return told.value

    def wait_for(self, condition: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, (self.disk / "boot.log").read_text("utf-8", "replace")
            time.sleep(0.1)

    def apply(self, *, seconds: int) -> None:
        """An apply that has written a file, and then is heard of no more."""
        entry = {"path": OURS, "text": "iface web\n", "mode": "0644", "owner": "root:root", "expect": None}
        assert self.ask("stage", files=[entry]) == {"problems": []}
        assert self.ask("arm", id="one", who="a test", seconds=seconds, frr="none") == {"survives_reboot": True}
        self.ask("commit", files=[entry])

    def has(self, path: str) -> bool:
        return self.run("test", "-e", f"/{path}").returncode == 0

    def is_armed(self) -> bool:
        return (self.disk / "state/checkpoint.json").exists()

    def traces(self) -> list[str]:
        """What is left of an apply that is over."""
        left = [path for path in TRACES if (self.disk / path).exists()]
        left += [path.name for path in (self.disk / "state").iterdir() if path.name not in {"lock", "written.json"}]
        if self.run("systemctl", "is-active", guard.TIMER).returncode == 0:
            left.append("the timer")
        return left


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    if os.geteuid() != 0 or not Path("/lib/systemd/systemd").exists() or shutil.which("unshare") is None:
        pytest.skip("a real systemd in namespaces needs root, unshare and systemd")
    made = Node(tmp_path / "disk")
    try:
        made.boot()
        yield made
    finally:
        made.cut_power()


@pytest.mark.parametrize("unit", [guard.TIMER, guard.SERVICE, guard.AT_BOOT])
def test_systemd_has_nothing_against_the_units(tmp_path: Path, unit: str) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    for name, text in guard.UNITS.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    argv = ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert [line for line in (done.stdout + done.stderr).splitlines() if "pvesdn" in line] == []
    assert done.returncode == 0


@pytest.mark.long
def test_a_node_of_which_nothing_is_heard_puts_itself_back(node: Node) -> None:
    node.apply(seconds=2)
    assert node.has(OURS.lstrip("/"))
    node.wait_for(lambda: not node.is_armed())
    assert not node.has(OURS.lstrip("/"))
    assert node.has("run/reloads")
    node.wait_for(lambda: node.traces() == [])


@pytest.mark.long
def test_what_is_kept_stays_and_the_next_apply_is_guarded_like_the_first(node: Node) -> None:
    node.apply(seconds=600)
    assert node.run("systemctl", "is-active", guard.TIMER).returncode == 0
    node.ask("disarm", id="one")
    assert node.has(OURS.lstrip("/"))
    node.wait_for(lambda: node.traces() == [])
    assert node.ask("arm", id="two", who="a test", seconds=1, frr="none") == {"survives_reboot": True}
    node.wait_for(lambda: not node.is_armed())  # nothing was begun: it is forgotten, and nothing put back
    assert node.has(OURS.lstrip("/"))
    assert not node.has("run/reloads")


@pytest.mark.long
def test_a_timer_that_looks_while_an_apply_ends_leaves_no_failed_unit_behind(node: Node) -> None:
    node.apply(seconds=600)
    (node.disk / "state/program.py").unlink()  # as when the apply is over between the start of the unit and Python's
    assert node.run("systemctl", "start", guard.SERVICE).returncode == 0
    assert node.run("systemctl", "is-failed", guard.SERVICE).stdout.strip() == b"inactive"


@pytest.mark.long
def test_a_node_that_loses_power_comes_up_with_the_files_of_before_and_commits_nothing_of_pves(node: Node) -> None:
    assert node.has("run/committed")
    node.apply(seconds=600)
    node.cut_power()
    node.boot()
    node.wait_for(lambda: node.has("run/found-by-networking"))
    assert node.run("cat", "/run/found-by-networking").stdout == b""
    assert not node.has("run/committed")
    node.wait_for(lambda: node.traces() == [])
    assert node.has("run/reloads")
    assert not node.has(OURS.lstrip("/"))
