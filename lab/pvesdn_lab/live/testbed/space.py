"""Namespaces that are entered from outside: commands in them, and the waiting for conditions."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

Result = TypeVar("Result")

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DEADLINE = 120.0
"""Seconds after which a condition that should come about counts as absent; emulation is slow."""


class LabFault(Exception):
    """Something in the lab itself, or a condition that did not come about: what, and what was there instead."""


class Space:
    """The namespaces of a process.

    :param pid: of a process inside, as this process sees it.
    :param options: of nsenter: which namespaces to enter.
    """

    def __init__(self, name: str, pid: int, options: Sequence[str] = ("--net",)) -> None:
        self.name = name
        self.pid = pid
        self._options = tuple(options)

    def argv(self, *command: str) -> list[str]:
        """`command` as one that enters first."""
        return ["nsenter", "--target", str(self.pid), *self._options, "--", *command]

    def call(self, *command: str, limit: float = DEADLINE, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, whatever its exit status.

        :param text: its input; without any it has none.
        """
        environment = {"PATH": PATH, "LC_ALL": "C", "HOME": "/root"}
        try:
            return subprocess.run(
                self.argv(*command),
                input=text or "",
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                timeout=limit,
                env=environment,
            )
        except subprocess.TimeoutExpired:
            raise LabFault(f"{self.name}: {' '.join(command)} did not end within {limit:g} s") from None

    def must(self, *command: str, limit: float = DEADLINE, text: str | None = None) -> str:
        """Standard output of a command that succeeds.

        :raises LabFault: it does not.
        """
        done = self.call(*command, limit=limit, text=text)
        if done.returncode:
            words = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-3:]
            raise LabFault(f"{self.name}: {' '.join(command)} ended with {done.returncode}: {' / '.join(words)}")
        return done.stdout

    def ip(self, *lines: str) -> None:
        """Run `ip` commands, all in one process: where a kernel is slow, processes are what takes the time.

        :raises LabFault: one of them fails; those behind it are not run.
        """
        self.must("ip", "-batch", "-", text="".join(f"{line}\n" for line in lines))

    def json(self, *command: str) -> Any:
        """The JSON document that a command prints; an empty list when it prints nothing."""
        text = self.must(*command)
        return json.loads(text) if text.strip() else []


def wait_for(what: str, question: Callable[[], Result], *, limit: float = DEADLINE, pause: float = 0.2) -> Result:
    """The first answer that is neither empty nor false.

    :param what: the condition in words, for the fault.
    :raises LabFault: there was none within `limit` seconds.
    """
    end = time.monotonic() + limit
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise LabFault(f"not within {limit:g} s: {what}")
        time.sleep(pause)


def start_holder(
    argv: Sequence[str], namespaces: Sequence[str], log: Path, *, stdin: int = subprocess.DEVNULL
) -> tuple[subprocess.Popen[bytes], int]:
    """A process that keeps new namespaces alive.

    :param argv: the process; it ends with this one.
    :param namespaces: options of unshare; with ``--pid`` also ``--fork --kill-child`` must be there.
    :param stdin: what it reads, as `subprocess.Popen` takes it.
    :returns: what to end, and the number of the process inside.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            ["unshare", *namespaces, *argv],
            stdin=stdin,
            stdout=output,
            stderr=output,
            env={**os.environ, "PATH": PATH},
        )
    if "--fork" not in namespaces:
        wait_for(
            "a network namespace",
            lambda: _namespace(process.pid) != _namespace("self") or process.poll() is not None,
            pause=0.01,
        )
        return process, process.pid
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    inside = wait_for(
        "a process in new namespaces",
        lambda: process.poll() is not None or children.read_text("ascii").split(),
        pause=0.02,
    )
    if not isinstance(inside, list):
        raise LabFault(f"no namespaces: {log.read_text('utf-8', 'replace').strip()[-500:]}")
    return process, int(inside[0])


def _namespace(pid: int | str) -> str:
    return str(Path(f"/proc/{pid}/ns/net").readlink())
