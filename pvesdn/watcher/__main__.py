"""The process: `python -m pvesdn.watcher`, which `pvesdn watch` becomes once its settings have been checked.

Its one argument is JSON: ``{"node", "root", "folder", "files", "settings", "command", "tick", "metrics"}``; `settings`
may be absent, and the last is null, or ``{"file", "every", "unknown"}``.
"""

from __future__ import annotations

import fcntl
import gc
import json
import os
import signal
import sys
import time

from pvesdn.watcher.notify import Notifier, environment
from pvesdn.watcher.service import LOCK, Hands, Service
from pvesdn.watcher.sight import Eyes
from pvesdn.watcher.turns import LOOK, METRICS, VERIFY, Turns

_ENDS = {signal.SIGTERM, signal.SIGINT}
_AWAITED = {*_ENDS, signal.SIGHUP, signal.SIGCHLD}
_WORDS = {LOOK: "--once", VERIFY: "--verify", METRICS: "--metrics"}


class _Processes(Hands):
    """:param command: `pvesdn` with its options, as a list of words."""

    def __init__(self, command: list[str], environ: dict[str, str]) -> None:
        self._command = command
        self._environ = environ

    def start(self, what: str) -> int:
        """Start pvesdn for `what`; the id of its process."""
        argv = [*self._command, "watch", _WORDS[what]]
        # What we wait for by sigtimedwait is blocked here, and must not be there.
        return os.posix_spawn(argv[0], argv, self._environ, setsigmask=())

    def ended(self, pid: int) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""
        done, status = os.waitpid(pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if done else None

    def signal(self, pid: int, *, is_last: bool) -> None:
        """Tell it to end; the last time it is not asked."""
        os.kill(pid, signal.SIGKILL if is_last else signal.SIGTERM)

    def say(self, text: str) -> None:
        """A line for the journal."""
        print(f"watch: {text}", flush=True)  # noqa: T201 - the journal


def main(argument: str) -> int:
    """Run until told to end."""
    told = json.loads(argument)
    signal.pthread_sigmask(signal.SIG_BLOCK, _AWAITED)
    environ = environment()
    notifier = Notifier(environ)
    folder = told["folder"]
    lock = os.open(os.path.join(folder, LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("error: pvesdn watch runs on this node already; pvesdn watch --status tells how it is", file=sys.stderr)  # noqa: T201
        return 1
    hands = _Processes(told["command"], environ)
    metrics = told.get("metrics") or {"file": "", "every": 0.0, "unknown": ""}
    eyes = Eyes(told["files"], told["root"], told["node"], told.get("settings", ""))
    service = Service(eyes, Turns(metrics["every"]), hands, folder, metrics["file"], unknown=metrics["unknown"])
    service.tick(time.monotonic())
    notifier.ready()
    gc.freeze()
    return _run(service, notifier, told["tick"])


def _run(service: Service, notifier: Notifier, tick: float) -> int:
    is_ending = False
    while not is_ending or service.is_busy:
        notifier.status(service.standing)
        notifier.alive()
        received = signal.sigtimedwait(_AWAITED, tick)
        number = received.si_signo if received else 0
        if number in _ENDS:
            is_ending = True
            notifier.stopping()
            service.end()
        elif number == signal.SIGHUP:
            service.ask(time.monotonic())
        service.tick(time.monotonic(), may_start=not is_ending)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
