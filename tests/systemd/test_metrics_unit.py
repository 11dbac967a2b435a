"""pvesdn-metrics.service under a real systemd: it answers where somebody has said, and not at all if nobody has."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pvesdn.resources import data_dir
from tests.cli.kit import settings_file
from tests.systemd.test_units import Node
from tests.systemd.test_units import node as booted

UNIT = "pvesdn-metrics.service"
ROOT = Path(__file__).resolve().parents[2]
ASK = """\
import urllib.request as u
with u.urlopen('http://127.0.0.1:9913/metrics', timeout=60) as answer: print(answer.read().decode())
"""

node = booted


@pytest.fixture
def standing(node: Node, tmp_path: Path) -> Iterator[Node]:
    """A node with the unit as it is, but for where pvesdn is, and which cluster: one whose API does not answer."""
    settings = settings_file(tmp_path, f'[lab]\nfolder = "{tmp_path}"\n')
    (node.disk / "etc/systemd/system" / UNIT).write_text((data_dir("hooks") / UNIT).read_text())
    folder = node.disk / f"etc/systemd/system/{UNIT}.d"
    folder.mkdir()
    (folder / "test.conf").write_text(
        "[Unit]\nDefaultDependencies=no\nAfter=\nWants=\n[Service]\nExecStart=\n"
        f"ExecStart={sys.executable} -m pvesdn --config {settings} metrics --listen ${{PVESDN_METRICS_LISTEN}}\n"
        f"Environment={json.dumps(f'PYTHONPATH={ROOT}')}\nRestartSec=1h\n"
    )
    (node.run("ip", "link", "set", "lo", "up")).check_returncode()
    yield node
    node.run("systemctl", "stop", UNIT)


def start(node: Node, listen: str) -> None:
    told = f"[Service]\nEnvironment=PVESDN_METRICS_LISTEN={listen}\n" if listen else ""
    (node.disk / f"etc/systemd/system/{UNIT}.d/listen.conf").write_text(told)
    node.run("systemctl", "daemon-reload").check_returncode()
    node.run("systemctl", "start", UNIT)


def state(node: Node, name: str = "ActiveState") -> str:
    return node.run("systemctl", "show", "--value", f"--property={name}", UNIT).stdout.decode().strip()


def test_it_answers_on_the_address_that_was_named(standing: Node) -> None:
    start(standing, "127.0.0.1:9913")
    standing.wait_for(lambda: b"pvesdn_up 0" in standing.run(sys.executable, "-c", ASK).stdout)
    assert state(standing) == "active"
    standing.run("systemctl", "stop", UNIT).check_returncode()
    assert (state(standing), state(standing, "Result")) == ("inactive", "success")


def test_without_an_address_it_does_not_start(standing: Node) -> None:
    start(standing, "")
    standing.wait_for(lambda: state(standing, "ExecMainStatus") == "1")
    assert state(standing) in {"activating", "failed"}
