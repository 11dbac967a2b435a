"""pvesdn-watch.service under a real systemd: it is ready, hangs and is started anew, and ends when it is told to."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pvesdn.resources import data_dir
from tests.systemd.test_units import Node
from tests.systemd.test_units import node as booted

UNIT = "pvesdn-watch.service"
ROOT = Path(__file__).resolve().parents[2]
AT_ONCE = 30.0
"""Seconds that a busy machine may take for what takes none; an end by force would come after fifteen minutes."""

node = booted


@pytest.fixture
def watching(node: Node, tmp_path: Path) -> Iterator[Node]:
    """A node with the unit as it is, but for the program: the process that waits, over a folder."""
    pve = tmp_path / "root/etc/pve"
    pve.mkdir(parents=True)
    (pve / ".members").write_text('{"nodename": "pve1", "version": 0}')
    (pve / ".version").write_text('{"starttime": 1}')
    told = {
        "node": "pve1",
        "root": str(tmp_path / "root"),
        "folder": "/var/lib/pvesdn",
        "files": [],
        "command": ["/bin/true"],
        "tick": 0.2,
    }
    words = json.dumps(told).replace('"', '\\"')
    (node.disk / "etc/systemd/system" / UNIT).write_text((data_dir("hooks") / UNIT).read_text())
    other = node.disk / "etc/systemd/system" / f"{UNIT}.d/test.conf"
    other.parent.mkdir()
    other.write_text(
        "[Unit]\nDefaultDependencies=no\nAfter=\nWants=\n[Service]\nExecStart=\n"
        f'ExecStart={sys.executable} -m pvesdn.watcher "{words}"\n'
        f"Environment=PYTHONPATH={ROOT}\nWatchdogSec=3s\nRestartSec=100ms\n"
    )
    assert node.run("systemctl", "daemon-reload").returncode == 0
    done = node.run("systemctl", "start", UNIT)
    assert done.returncode == 0, node.run("systemctl", "status", UNIT).stdout.decode()
    yield node
    node.run("systemctl", "stop", UNIT)


def told(node: Node, name: str) -> str:
    return node.run("systemctl", "show", "--value", f"--property={name}", UNIT).stdout.decode().strip()


def test_it_is_up_when_it_has_said_so_and_ends_at_once(watching: Node) -> None:
    assert told(watching, "ActiveState") == "active"
    watching.wait_for(lambda: told(watching, "StatusText") == "acts for the cluster")
    begun = time.monotonic()
    assert watching.run("systemctl", "stop", UNIT).returncode == 0
    assert time.monotonic() - begun < AT_ONCE
    assert (told(watching, "ActiveState"), told(watching, "Result")) == ("inactive", "success")


def test_one_that_hangs_is_started_anew(watching: Node) -> None:
    before = told(watching, "MainPID")
    assert watching.run("systemctl", "kill", "--signal=STOP", UNIT).returncode == 0
    watching.wait_for(lambda: told(watching, "MainPID") not in {before, "0"})
    watching.wait_for(lambda: told(watching, "ActiveState") == "active")


def test_a_reload_has_it_look(watching: Node) -> None:
    before = told(watching, "MainPID")
    assert watching.run("systemctl", "reload", UNIT).returncode == 0
    watching.wait_for((watching.disk / "state/watch-service.json").exists)
    assert (told(watching, "MainPID"), told(watching, "ActiveState")) == (before, "active")
