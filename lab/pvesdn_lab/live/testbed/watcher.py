"""The watcher of a node, `pvesdn watch`: the real process, on the controller, over that node's files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pvesdn
import pvesdn_lab
from pvesdn.cli.verbs.watch import TICK
from pvesdn.workflows.watch import SEEN_TO
from pvesdn_lab.live.testbed.cluster import LiveCluster
from pvesdn_lab.live.testbed.space import PATH

_ENDS_WITHIN = 300
"""Seconds that an apply has to put back what it has begun."""


class Watcher:
    """Started when made, with settings, a memory and a log of its own.

    :param policy: ``report`` or ``apply``.
    """

    def __init__(self, cluster: LiveCluster, node: str, policy: str) -> None:
        self._folder = cluster.folder / f"watch-{node}"
        self._folder.mkdir(exist_ok=True)
        self._settings = self._folder / "pvesdn.toml"
        text = (cluster.folder / "pvesdn.toml").read_text("utf-8")
        watch = f'\n[watch]\naction = "{policy}"\nstate_dir = "{self._folder}"\n'
        self._settings.write_text(text + watch, "utf-8")
        self._settings.chmod(0o600)
        as_node = [sys.executable, "-P", "-m", "pvesdn_lab.live.testbed.as_node", node]
        self._command = [*as_node, "--no-color", "--config", str(self._settings)]
        sources = [str(Path(package.__file__ or "").parent.parent) for package in (pvesdn, pvesdn_lab)]
        self._environment = {
            "PATH": PATH,
            "HOME": str(cluster.folder),
            "LC_ALL": "C.UTF-8",
            "PYTHONPATH": ":".join(sources),
        }
        told = {
            "node": node,
            "root": str(cluster.live[node].root),
            "folder": str(self._folder),
            "files": list(SEEN_TO),
            "settings": str(self._settings),
            "command": self._command,
            "tick": TICK,
        }
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "pvesdn.watcher", json.dumps(told)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        """What it and what it started have printed."""
        return (self._folder / "log").read_text("utf-8", "replace")

    def status(self) -> dict[str, Any]:
        """What `pvesdn watch --status` says there."""
        argv = [*self._command, "watch", "--status", "--json"]
        done = subprocess.run(argv, env=self._environment, capture_output=True, text=True, timeout=60, check=True)
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    def end(self) -> int:
        """Tell it to end; its exit status."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(_ENDS_WITHIN)

    def kill(self) -> None:
        """It is gone at once, as when its node loses power."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # with what it has started
        self._process.wait()
