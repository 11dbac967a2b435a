"""How the guard of an armed node is set: this program is left there, with units that run it, or as a process."""

import contextlib
import os
import subprocess
import sys
from typing import Dict, List

from pvesdn.node.program.files import sync_folders, text_of, write_whole
from pvesdn.node.program.guard import SERVICE, TIMER, UNITS, WANTED
from pvesdn.node.program.machine import Machine, Refused
from pvesdn.node.program.places import BOOTED_BY_SYSTEMD, PROGRAM, UNITS_DIR


def set_guard(machine: Machine, name: str) -> bool:
    """See that the node puts itself back when nobody else does; whether a reboot does not end that.

    The caller holds the lock. :param name: the apply that is about to be armed.
    :raises Refused: systemd does not start the timer.
    """
    write_whole(machine, PROGRAM, machine.source)
    if not os.path.isdir(machine.place(BOOTED_BY_SYSTEMD)):
        _start_process(machine, name)
        return False
    for unit, text in UNITS.items():
        path = f"{UNITS_DIR}/{unit}"
        if text_of(machine, path) != text:
            os.makedirs(os.path.dirname(machine.place(path)), exist_ok=True)
            write_whole(machine, path, text.encode("ascii"), 0o644)
    for link, unit in WANTED.items():
        _link(machine, f"{UNITS_DIR}/{link}", f"{UNITS_DIR}/{unit}")
    hint = f"systemctl status {TIMER} says why"
    # Files that systemd has never seen it finds by itself; a reload of all units takes seconds where guests are many.
    asked = machine.run(["systemctl", "show", "--property=NeedDaemonReload", "--value", TIMER, SERVICE], limit=30)
    if asked.status or "yes" in asked.lines:  # what nobody can tell may be so
        machine.must(["systemctl", "daemon-reload"], limit=90, hint=hint)
    machine.must(["systemctl", "start", TIMER], limit=60, hint=hint)
    return True


def _link(machine: Machine, path: str, target: str) -> None:
    place = machine.place(path)
    if os.path.islink(place) and os.readlink(place) == target:
        return
    os.makedirs(os.path.dirname(place), exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(place)
    os.symlink(target, place)
    sync_folders(machine, [path])


def _start_process(machine: Machine, name: str) -> None:
    """Where there is no systemd: the same program, waiting. It leaves its caller by itself."""
    argv: List[str] = [sys.executable, "-I", machine.place(PROGRAM), "undo", "--guard", name]
    environment: Dict[str, str] = {**os.environ, "LC_ALL": "C", "PVESDN_ROOT": machine.root}
    nothing = subprocess.DEVNULL
    try:
        subprocess.run(argv, stdin=nothing, stdout=nothing, stderr=nothing, env=environment, timeout=30, check=True)
    except (subprocess.SubprocessError, OSError) as error:
        raise Refused(f"the process that would put this node back does not start: {error}") from None
