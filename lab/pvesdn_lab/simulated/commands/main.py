"""Which fake command answers; every call is recorded in `<root>/commands.jsonl`, and faults are injected here."""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from pvesdn_lab.simulated.commands.answers import (
    RECORD,
    asked_together,
    is_question,
    keep,
    record_line,
)
from pvesdn_lab.simulated.commands.state import locked_state, read_json, seen_json, write_json
from pvesdn_lab.simulated.commands.streams import caught, complain, say
from pvesdn_lab.simulated.commands.together import generations

COMMANDS = {
    "ip": "iproute:ip",
    "bridge": "iproute:bridge",
    "pve-bridge": "vlans:pve_bridge",
    "ifreload": "ifupdown:ifreload",
    "ifup": "ifupdown:ifup",
    "ifdown": "ifupdown:ifdown",
    "vtysh": "frr:vtysh",
    "frr-reload.py": "frr:frr_reload",
    "systemctl": "systemd:systemctl",
    "sysctl": "system:sysctl",
    "dpkg-query": "system:dpkg_query",
    "iptables": "netfilter:iptables",
    "ip6tables": "netfilter:ip6tables",
    "tc": "traffic:tc",
    "pvesh": "api:pvesh",
}
"""Module and function of each command; the module is loaded when it is needed, since a run has hundreds of calls."""

LOCKED = frozenset({"ifreload", "ifup", "ifdown"})


def main(name: str, root: Path, arguments: Sequence[str]) -> int:
    """Run one command of the node whose folder is `root`, and record it; the result is its exit status."""
    argv = [name, *arguments]
    is_kept = is_question(argv) and not is_broken(root, name)
    status = _answer_and_keep(root, argv) if is_kept else answer(name, root, arguments)
    record(root, argv, status)
    return status


def _answer_and_keep(root: Path, argv: list[str]) -> int:
    """Answer a question, and keep that and what will be asked next for a shell, while all nodes stay as they are."""
    before = generations(root)
    status, output, complaints = said(root, argv)
    say(output)
    complain(complaints)
    if any(name == root.name for name, _ in before):
        answers = {tuple(one): said(root, one) for one in asked_together(root)}
        answers[tuple(argv)] = status, output, complaints
        if generations(root) == before:  # else an answer may tell of some nodes as they were and of others as they are
            for one, its_answer in answers.items():
                keep(root, before, one, its_answer)
    return status


def said(root: Path, argv: Sequence[str]) -> tuple[int, str, str]:
    """What a command answers: its exit status, standard output, standard error."""
    with caught() as (output, complaints):
        status = answer(argv[0], root, argv[1:])
    return status, output.getvalue(), complaints.getvalue()


def answer(name: str, root: Path, arguments: Sequence[str]) -> int:
    """The same, but that nobody writes it down."""
    fault = _take_fault(root, name)
    return int(loaded(COMMANDS[name])(root, arguments) if fault is None else _broken(root, name, fault))


def is_broken(root: Path, name: str) -> bool:
    """Whether it is to fail when it is called the next time."""
    return name in seen_json(root, "faults", {})


def _broken(root: Path, name: str, fault: dict[str, Any]) -> int:
    """Fail as told, and hold meanwhile what the command would hold."""
    from pvesdn_lab.simulated.commands.ifupdown import ALREADY_RUNNING, only_one  # noqa: PLC0415 - `ip` needs none of it

    with only_one(root) if name in LOCKED else nullcontext(True) as is_ours:
        if not is_ours:
            return ALREADY_RUNNING
        time.sleep(fault.get("seconds", 0))
        say(fault.get("stdout", ""))
        complain(fault.get("stderr", ""))
        return int(fault["status"])


def loaded(where: str) -> Callable[..., Any]:
    """The function of a ``module:function`` beside this module."""
    module, _, function = where.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(f"pvesdn_lab.simulated.commands.{module}"), function)
    return found


def _take_fault(root: Path, name: str) -> dict[str, Any] | None:
    """The injected fault for this command, counted down; None in good weather."""
    if not is_broken(root, name):
        return None
    with locked_state(root):
        faults: dict[str, Any] = read_json(root, "faults", {})
        fault: dict[str, Any] | None = faults.get(name)
        if fault and fault.get("times") is not None:
            fault["times"] -= 1
            if fault["times"] <= 0:
                del faults[name]
            write_json(root, "faults", faults)
    return fault


def record(root: Path, argv: list[str], status: int) -> None:
    """Write down that a command was called."""
    descriptor = os.open(root / RECORD, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(
            descriptor, record_line(argv, status).encode()
        )  # one write: two commands at once do not mix their lines
    finally:
        os.close(descriptor)
