"""A lab that stays: `pvesdn lab up`, and what other calls of pvesdn ask of it.

Requests and answers are files in one folder, because that is what a lab in a virtual machine shares with this one.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pvesdn.errors import SettingsError
from pvesdn_lab.live.exchange import READY
from pvesdn_lab.live.outside import kernel, machines
from pvesdn_lab.live.outside.holder import command, divide, environment, in_machine
from pvesdn_lab.live.packages import NODE, Say, fetch
from pvesdn_lab.live.scenario import Scenario

STATE = Path("/run/pvesdn-lab")
"""Folder of the lab that is up: there is at most one on a machine."""

_LOG = "log"
_START_SECONDS = 900.0
_ANSWER_SECONDS = 1200.0


@dataclass(frozen=True, slots=True)
class Running:
    """:param pid: of the process that carries the lab.
    :param is_machine: it runs in a virtual machine.
    :param ready: what the lab said of itself: ``scenario``, ``nodes`` (name to process), ``guests``.
    """

    pid: int
    is_machine: bool
    ready: Mapping[str, Any]


def up(scenario: Scenario, say: Say, kind: str = "auto") -> Running:
    """Build a lab with a scenario's definitions and guests, and leave it running.

    :param kind: of the machine where this kernel cannot carry it, one of `machines.KINDS`.
    :raises SettingsError: one is up already, or this machine cannot carry it.
    """
    if reason := kernel.obstacle():
        raise SettingsError(reason)
    if STATE.exists():
        raise SettingsError("a lab is up already", hint="use it, or end it with `pvesdn lab down`")
    fetch(NODE, say)
    _, elsewhere = divide([scenario], kernel.probe())
    STATE.mkdir(mode=0o700)
    try:
        process = _start_in_machine(scenario, machines.choose(kind, say)) if elsewhere else _start_here(scenario)
        (STATE / "pid").write_text(f"{process.pid} {'machine' if elsewhere else 'here'}", "ascii")
        _wait((STATE / READY).is_file, process, _START_SECONDS)
    except BaseException:
        down()
        raise
    return running()


def running() -> Running:
    """The lab that is up.

    :raises SettingsError: none is.
    """
    try:
        pid, place = (STATE / "pid").read_text("ascii").split()
        ready = json.loads((STATE / READY).read_text("utf-8"))
    except (OSError, ValueError):
        raise SettingsError("no lab is up", hint="start one with `pvesdn lab up`") from None
    return Running(int(pid), place == "machine", ready)


def execute(place: str, argv: Sequence[str]) -> int:
    """Run a command on a node, in a guest or router, or on the controller.

    It has this process's own terminal where the lab runs on this kernel. Ctrl-C is the command's to answer, here and in a
    machine: this process adds no words of its own, and waits.

    :returns: its exit status; 128 and the signal's number when a signal ended it, as shells count.
    :raises SettingsError: no lab is up, or there is no such place.
    """
    lab = running()
    places = {**lab.ready["nodes"], **lab.ready["guests"], **lab.ready["others"]}
    if place not in places:
        raise SettingsError(f"the lab has no '{place}'", hint=f"it has {', '.join(places)}")
    inner = [*places[place], *argv]
    if lab.is_machine:
        text = "" if sys.stdin.isatty() else sys.stdin.read()
        answer = ask({"do": "exec", "argv": inner, "input": text}, passes_interrupts=True)
        os.write(1, answer["output"].encode())
        os.write(2, answer["errors"].encode())
        return as_shells_count(int(answer["status"]))
    outer = ["nsenter", "--target", str(_inside(lab.pid)), "--net", "--mount", "--pid", "--ipc", "--uts", "--", *inner]
    return attend(outer)


def attend(argv: Sequence[str]) -> int:
    """Run a command that shares our terminal, and wait for its end, whoever presses Ctrl-C.

    The terminal interrupts the command as well as us. A request to end (SIGTERM) reaches only us, so it is passed on.

    :returns: see `execute`.
    """
    # Not SIG_IGN: the command would inherit that.
    interrupted = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        with subprocess.Popen(argv, env=environment()) as process:
            ended = signal.signal(signal.SIGTERM, lambda number, _frame: process.send_signal(number))
            try:
                return as_shells_count(process.wait())
            finally:
                signal.signal(signal.SIGTERM, ended)
    finally:
        signal.signal(signal.SIGINT, interrupted)


def as_shells_count(status: int) -> int:
    """An exit status of `subprocess` as a shell gives it: 128 and the signal's number in place of a negative one."""
    return 128 - status if status < 0 else status


def ask(request: Mapping[str, Any], *, passes_interrupts: bool = False) -> dict[str, Any]:
    """Let the lab do something.

    :param passes_interrupts: Ctrl-C goes to what the lab does, whose answer is then waited for all the same.
    :raises SettingsError: no lab is up, or it refused.
    """
    lab = running()
    name = f"{time.time_ns()}"
    temporary = STATE / f".{name}"
    temporary.write_text(json.dumps(request), "utf-8")
    temporary.rename(STATE / f"{name}.request")
    answer = STATE / f"{name}.answer"
    while True:
        try:
            _wait(answer.is_file, lab.pid, _ANSWER_SECONDS)
            break
        except KeyboardInterrupt:
            if not passes_interrupts:
                raise
            (STATE / f"{name}.interrupt").touch()
    document: dict[str, Any] = json.loads(answer.read_text("utf-8"))
    answer.unlink()
    if "error" in document:
        raise SettingsError(document["error"])
    return document


def down() -> bool:
    """End the lab and remove all that is left of it.

    :returns: there was one.
    """
    if not STATE.exists():
        return False
    with contextlib.suppress(OSError, ValueError):
        pid = int((STATE / "pid").read_text("ascii").split()[0])
        # Its namespaces, with every process, interface and mount in them, end with it.
        os.killpg(pid, signal.SIGKILL)
        _wait(lambda: not _is_alive(pid), None, 30)
    shutil.rmtree(STATE)
    return True


def _start_here(scenario: Scenario) -> subprocess.Popen[bytes]:
    with (STATE / _LOG).open("wb") as log:
        argv = command({"serve": str(scenario.folder), "folder": str(_mount_point()), "results": str(STATE)})
        return subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment(), start_new_session=True
        )


def _start_in_machine(scenario: Scenario, machine: machines.Machine) -> subprocess.Popen[bytes]:
    argv, given = in_machine({"serve": str(scenario.folder), "results": str(machines.SHARED)})
    with (STATE / _LOG).open("wb") as log:
        return machine.start(argv, STATE, STATE, given, log, stays=True)


def _mount_point() -> Path:
    place = STATE / "files"
    place.mkdir()
    return place


def _inside(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()[0])


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _wait(condition: Callable[[], bool], process: subprocess.Popen[bytes] | int | None, limit: float) -> None:
    end = time.monotonic() + limit
    while not condition():
        ended = (
            process.poll() is not None if isinstance(process, subprocess.Popen) else process and not _is_alive(process)
        )
        if ended:
            log = (STATE / _LOG).read_text("utf-8", "replace").strip() if (STATE / _LOG).is_file() else ""
            raise SettingsError(f"the lab ended: {log[-1500:] or 'without a word'}", hint="`pvesdn lab down` clears up")
        if time.monotonic() > end:
            raise SettingsError(f"the lab did not answer within {limit:g} s", hint="`pvesdn lab down` ends it")
        time.sleep(0.05)
