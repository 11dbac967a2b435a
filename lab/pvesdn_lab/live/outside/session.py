"""Labs that stay: `pvesdn lab up`, and what other calls of pvesdn ask of them. Each has a name, and nothing of the
others'.

Requests and answers are files in one folder, because that is what a lab in a virtual machine shares with this one.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pvesdn.errors import SettingsError
from pvesdn_lab.live.exchange import READY
from pvesdn_lab.live.outside import kernel, machines
from pvesdn_lab.live.outside.holder import command, divide, environment, in_machine
from pvesdn_lab.live.outside.processes import as_shells_count, attend, birth_of, is_alive
from pvesdn_lab.live.packages import NODE, Say, fetch
from pvesdn_lab.live.scenario import Scenario
from pvesdn_lab.live.testbed.groups import clear_groups

LABS = Path("/run/pvesdn-lab")
"""Has a folder for each lab that is up, called as the lab is."""

DEFAULT = "lab"
"""What a lab is called that was given no name."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
_LOG = "log"
_START_SECONDS = 900.0
_ANSWER_SECONDS = 1200.0


@dataclass(frozen=True, slots=True)
class Running:
    """:param folder: of its requests and answers.
    :param pid: of the process that carries the lab.
    :param is_machine: it runs in a virtual machine.
    :param ready: what the lab said of itself: ``scenario``, ``nodes`` (name to process), ``guests``.
    """

    name: str
    folder: Path
    pid: int
    is_machine: bool
    ready: Mapping[str, Any]


def typed(name: str, words: str) -> str:
    """What a person types to say `words` to the lab of that name."""
    return f"pvesdn lab {words}" if name == DEFAULT else f"pvesdn lab --name {name} {words}"


def names() -> list[str]:
    """The labs that were started and not ended by `down`."""
    return sorted(path.name for path in LABS.iterdir()) if LABS.is_dir() else []


def up(name: str, scenario: Scenario, say: Say, kind: str = "auto") -> Running:
    """Build a lab with a scenario's definitions and guests, and leave it running.

    :param name: small letters, digits and hyphens, at most 31.
    :param kind: of the machine where this kernel cannot carry it, one of `machines.KINDS`.
    :raises SettingsError: there is one of that name, or this machine cannot carry it.
    """
    folder = _folder(name)
    if reason := kernel.obstacle():
        raise SettingsError(reason)
    if folder.exists():
        raise _taken(name)
    fetch(NODE, say)
    _, elsewhere = divide([scenario], kernel.probe())
    machine = machines.choose(kind, say) if elsewhere else None
    if machine and scenario.nat:
        machine = machines.with_nat(machine, say)
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise _taken(name) from None
    with _ended_unless_up(name, folder) as begun:
        process = _start_here(scenario, folder) if machine is None else _start_in_machine(scenario, machine, folder)
        begun.append(process)
        if folder.is_dir():
            _note(folder, process, "machine" if machine else "here")
        _wait(lambda: _is_ready(name, folder), process, _START_SECONDS, name)
    return running(name)


@contextlib.contextmanager
def _ended_unless_up(name: str, folder: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Whatever fails in the block, the processes that it has put into the list are ended, and the
    lab's folder is gone.
    """
    begun: list[subprocess.Popen[bytes]] = []
    own = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)  # while it is open, no other folder has its number
    try:
        yield begun
    except BaseException:
        # Not by `down` alone, which finds the process only by what has been noted of it.
        for process in begun:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        # Meanwhile somebody may have ended this lab, and started another of its name.
        if folder.is_dir() and os.path.samestat(os.fstat(own), folder.stat()):
            down(name)
        raise
    finally:
        os.close(own)


def _note(folder: Path, process: subprocess.Popen[bytes], place: str) -> None:
    (folder / "pid").write_text(f"{process.pid} {birth_of(process.pid)} {place}", "ascii")


def _is_ready(name: str, folder: Path) -> bool:
    """:raises SettingsError: somebody has ended the lab."""
    if not folder.is_dir():
        raise SettingsError(f"the lab '{name}' was ended before it was up", hint=f"start it with `{typed(name, 'up')}`")
    return (folder / READY).is_file()


def _folder(name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise SettingsError(
            f"'{name}' cannot be a lab's name", hint="take small letters, digits and hyphens, at most 31"
        )
    return LABS / name


def _taken(name: str) -> SettingsError:
    others = f"`{typed('OTHER', 'up')}` starts one beside it"
    return SettingsError(f"there is a lab '{name}' already", hint=f"`{typed(name, 'down')}` ends it, {others}")


def running(name: str) -> Running:
    """The lab of that name.

    :raises SettingsError: it is not up.
    """
    folder = _folder(name)
    if not folder.is_dir():
        beside = f"; up are {', '.join(names())}" if names() else ""
        raise SettingsError(f"no lab '{name}' is up{beside}", hint=f"start it with `{typed(name, 'up')}`")
    try:
        pid, birth, place = (folder / "pid").read_text("ascii").split()
        ready = json.loads((folder / READY).read_text("utf-8"))
    except (OSError, ValueError):
        hint = f"wait until it is up, or end it with `{typed(name, 'down')}`"
        raise SettingsError(f"the lab '{name}' is not up yet", hint=hint) from None
    if birth_of(int(pid)) != birth:
        raise SettingsError(f"the lab '{name}' has ended", hint=f"`{typed(name, 'down')}` clears up")
    return Running(name, folder, int(pid), place == "machine", ready)


def execute(lab: Running, place: str, argv: Sequence[str]) -> int:
    """Run a command on a node, in a guest or router, or on the controller.

    It has this process's own terminal where the lab runs on this kernel. Ctrl-C is the command's to answer, here and in
    a machine: this process adds no words of its own, and waits.

    :returns: its exit status; 128 and the signal's number when a signal ended it, as shells count.
    :raises SettingsError: there is no such place.
    """
    places = {**lab.ready["nodes"], **lab.ready["guests"], **lab.ready["others"]}
    if place not in places:
        raise SettingsError(f"the lab has no '{place}'", hint=f"it has {', '.join(places)}")
    inner = [*places[place], *argv]
    if lab.is_machine:
        text = "" if sys.stdin.isatty() else sys.stdin.read()
        answer = ask(lab, {"do": "exec", "argv": inner, "input": text}, passes_interrupts=True)
        os.write(1, answer["output"].encode())
        os.write(2, answer["errors"].encode())
        return as_shells_count(int(answer["status"]))
    outer = ["nsenter", "--target", str(_inside(lab.pid)), "--net", "--mount", "--pid", "--ipc", "--uts", "--", *inner]
    return attend(outer)


def ask(lab: Running, request: Mapping[str, Any], *, passes_interrupts: bool = False) -> dict[str, Any]:
    """Let the lab do something.

    :param passes_interrupts: Ctrl-C goes to what the lab does, whose answer is then waited for all the same.
    :raises SettingsError: it refused.
    """
    name = f"{time.time_ns()}"
    temporary = lab.folder / f".{name}"
    temporary.write_text(json.dumps(request), "utf-8")
    temporary.rename(lab.folder / f"{name}.request")
    answer = lab.folder / f"{name}.answer"
    while True:
        try:
            _wait(answer.is_file, lab.pid, _ANSWER_SECONDS, lab.name)
            break
        except KeyboardInterrupt:
            if not passes_interrupts:
                raise
            (lab.folder / f"{name}.interrupt").touch()
    document: dict[str, Any] = json.loads(answer.read_text("utf-8"))
    answer.unlink()
    if "error" in document:
        raise SettingsError(document["error"])
    return document


def down(name: str) -> bool:
    """End the lab and remove all that is left of it.

    :returns: there was one.
    """
    folder = _folder(name)
    if not folder.exists():
        return False
    with contextlib.suppress(OSError, ValueError):
        number, birth, _ = (folder / "pid").read_text("ascii").split()
        pid = int(number)
        if birth_of(pid) == birth:
            # Its namespaces, with every process, interface and mount in them, end with it.
            os.killpg(pid, signal.SIGKILL)
            _wait(lambda: not is_alive(pid), None, 30, name)
            clear_groups(patience=5)
    shutil.rmtree(folder)
    with contextlib.suppress(OSError):  # there are others
        LABS.rmdir()
    return True


def _start_here(scenario: Scenario, folder: Path) -> subprocess.Popen[bytes]:
    files = folder / "files"
    files.mkdir()
    with (folder / _LOG).open("wb") as log:
        argv = command({"serve": str(scenario.folder), "folder": str(files), "results": str(folder)})
        return subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment(), start_new_session=True
        )


def _start_in_machine(scenario: Scenario, machine: machines.VirtualMachine, folder: Path) -> subprocess.Popen[bytes]:
    argv, given = in_machine({"serve": str(scenario.folder), "results": str(machines.SHARED)})
    with (folder / _LOG).open("wb") as log:
        return machine.start(argv, folder, folder, given, log, stays=True)


def _inside(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()[0])


def _wait(
    condition: Callable[[], bool], process: subprocess.Popen[bytes] | int | None, limit: float, name: str
) -> None:
    end = time.monotonic() + limit
    while not condition():
        ended = (
            process.poll() is not None if isinstance(process, subprocess.Popen) else process and not is_alive(process)
        )
        if ended:
            file = _folder(name) / _LOG
            log = file.read_text("utf-8", "replace").strip() if file.is_file() else ""
            hint = f"`{typed(name, 'down')}` clears up"
            raise SettingsError(f"the lab ended: {log[-1500:] or 'without a word'}", hint=hint)
        if time.monotonic() > end:
            hint = f"`{typed(name, 'down')}` ends it"
            raise SettingsError(f"the lab did not answer within {limit:g} s", hint=hint)
        time.sleep(0.05)
