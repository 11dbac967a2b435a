"""Processes on this machine: one that shares our terminal, and whether one is still the one that was started."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from pvesdn_lab.live.outside.holder import environment


def attend(argv: Sequence[str]) -> int:
    """Run a command that shares our terminal, and wait for its end, whoever presses Ctrl-C.

    The terminal interrupts the command as well as us. A request to end (SIGTERM) reaches only us, so it is passed on.

    :returns: its exit status, as shells count.
    """
    begun: list[subprocess.Popen[bytes]] = []
    early: list[int] = []

    def pass_on(number: int, _frame: FrameType | None) -> None:
        for process in begun:
            process.send_signal(number)
        if not begun:
            early.append(number)

    # Before the command begins, so that none is lost. Not SIG_IGN: the command would inherit that.
    interrupted = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    ended = signal.signal(signal.SIGTERM, pass_on)
    try:
        with subprocess.Popen(argv, env=environment()) as process:
            begun.append(process)
            for number in early:
                process.send_signal(number)
            return as_shells_count(process.wait())
    finally:
        signal.signal(signal.SIGTERM, ended)
        signal.signal(signal.SIGINT, interrupted)


def as_shells_count(status: int) -> int:
    """An exit status of `subprocess` as a shell gives it: 128 and the signal's number in place of a negative one."""
    return 128 - status if status < 0 else status


def birth_of(pid: int) -> str:
    """When the process began, in the kernel's ticks: one that gets its number later differs. Empty without one."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[19]
    except OSError:
        return ""


def is_alive(pid: int) -> bool:
    """It runs or sleeps: it is there, and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
