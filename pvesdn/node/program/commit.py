"""The verb `commit`: staged files are put in place."""

import contextlib
import time
from typing import List, Tuple

from pvesdn.node.program.checkpoint import at_work
from pvesdn.node.program.machine import Machine, Refused, failure, is_there, rows_shown
from pvesdn.node.program.obstacles import obstacles
from pvesdn.node.program.places import INTERFACES
from pvesdn.node.program.reload import nobody_reloads, when_alone
from pvesdn.node.program.request import VERBS, Change, Value, changes_in, checked_interface, list_at, text_at
from pvesdn.node.program.swap import locked, staged, swap

NEVER_UP = "interface was probably never up"
"""What ifdown says where a file names an interface that its own memory does not, such as after a reload that failed."""
LONGEST_WAY_BACK = 180.0
"""Seconds in which what was taken down is brought up again; with the lock that was waited for, less than a call takes.
"""


def commit(machine: Machine, arguments: Value) -> Value:
    """Put staged files in place: ``{"files": [entries as staged], "ifdown": [...], "delete_links": [names],
    "is_alone": bool}`` -> ``{"log"}``.

    ``is_alone``, which may be left out, keeps ifupdown2 from starting while links are deleted and files swapped.
    ``ifdown`` has ``{"file": path, "interface": name}``: taken down while the old file still describes it.
    ``delete_links`` goes for what the kernel cannot change on a live device. Then all files are swapped, or none.
    """
    changes = changes_in(arguments)
    leaving = [_leaving(entry) for entry in list_at(arguments, "ifdown", dict)]
    links = [checked_interface(name) for name in list_at(arguments, "delete_links", str)]
    is_alone = arguments.get("is_alone") is True
    with locked(machine):
        problems = [problem for change in changes for problem in obstacles(machine, change)]
        problems += [problem for change in changes for problem in _staging_faults(machine, change)]
        if problems:
            raise Refused("nothing was written: " + "; ".join(problems), "plan and apply again")
        with at_work(machine, "commit"):
            log = _swap(machine, changes, leaving, links, is_alone=is_alone)
    log += ["{} {}".format("removed" if change.data is None else "wrote", change.path) for change in changes]
    return {"log": log}


def _swap(
    machine: Machine, changes: List[Change], leaving: List[Tuple[str, str]], links: List[str], *, is_alone: bool
) -> List[str]:
    """Take down and delete what has to go first, and swap; what was done. If that fails, they are brought back.

    ifupdown2's lock is had before a link is deleted, which would be away for as long as it is waited for; `ifdown` and
    `ifup` take it themselves.
    """
    log = []
    gone: List[List[str]] = []
    try:
        for file, interface in leaving:
            log.append(_take_down(machine, file, interface))
            gone.append(["ifup", "-i", machine.place(file), interface])
        with nobody_reloads(machine) if is_alone else contextlib.nullcontext():
            for link in links:
                log.append(_delete_link(machine, link))
                gone.append(["ifup", link])
            swap(machine, changes)
    except BaseException:
        _bring_back(machine, gone)
        raise
    return log


def _leaving(entry: Value) -> Tuple[str, str]:
    file = text_at(entry, "file")
    if file not in INTERFACES:
        raise Refused(f"{file!r} is not an interfaces file of pvesdn")
    return file, checked_interface(text_at(entry, "interface"))


def _staging_faults(machine: Machine, change: Change) -> List[str]:
    if change.data is None:
        return []
    try:
        with open(staged(machine, change.path), "rb") as file:
            if file.read() == change.data:
                return []
    except FileNotFoundError:
        pass
    return [f"{change.path} is not staged as it should be"]


def _take_down(machine: Machine, file: str, interface: str) -> str:
    outcome = machine.run(["ifdown", "-i", machine.place(file), interface], limit=60)
    if outcome.status == 0:
        return f"took down {interface}"
    if not is_there(machine, interface):
        return f"{interface} does not exist: nothing to take down"
    hint = ""
    if any(NEVER_UP in line for line in outcome.lines):
        if not _has_addresses(machine, interface):
            return f"{interface} was never brought up: nothing to take down"
        hint = f"run `ifup {interface}` on the node, so that ifupdown2 knows it, then plan and apply again"
    raise Refused("nothing was written: {}".format(failure(["ifdown", interface], outcome)), hint)


def _has_addresses(machine: Machine, interface: str) -> bool:
    devices = rows_shown(machine, ["ip", "-j", "address", "show", "dev", interface])
    held = [address for device in devices for address in device.get("addr_info", [])]
    return any(address.get("scope") != "link" for address in held)


def _delete_link(machine: Machine, link: str) -> str:
    outcome = machine.run(["ip", "link", "del", link], limit=20)
    if outcome.status == 0:
        return f"deleted {link}, to be recreated"
    if any("Cannot find device" in line for line in outcome.lines):
        return f"{link} does not exist: nothing to delete"
    raise Refused("nothing was written: {}".format(failure(["ip", "link", "del", link], outcome)))


def _bring_back(machine: Machine, commands: List[List[str]]) -> None:
    """Best effort: the failure that made it necessary is the one to report."""
    end = time.monotonic() + LONGEST_WAY_BACK
    for argv in commands:
        with contextlib.suppress(Refused, OSError):
            when_alone(machine, argv, 60, end)


VERBS.update(commit=commit)
