"""The verb `sysctl`: our kernel settings are loaded, and those that have gone get back what was there before."""

import os
from typing import Dict, List, Optional

from pvesdn.node.program.checkpoint import at_work
from pvesdn.node.program.files import text_of
from pvesdn.node.program.machine import Machine, Refused
from pvesdn.node.program.places import SYSCTL_CONF
from pvesdn.node.program.record import load_record, save_record
from pvesdn.node.program.request import Value, checked_path, text_at
from pvesdn.node.program.swap import locked

SYSCTLS = ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding")
"""What `observe` tells of the kernel."""


def sysctl(machine: Machine, arguments: Value) -> Value:
    """Load the settings of ``{"file": path}``, which may have gone -> ``{"log"}``.

    What is no longer in it gets back the value it had before we set it, unless somebody has set it since.
    """
    path = text_at(arguments, "file")
    if path != SYSCTL_CONF:
        raise Refused(f"{path!r} is not a file of pvesdn's kernel settings")
    with locked(machine), at_work(machine, "sysctl"):
        text = text_of(machine, path)
        wanted = settings_in(text or "")
        held = load_record(machine).get("sysctl", {})
        still = {name: {"before": _before(machine, name, held), "ours": ours} for name, ours in wanted.items()}
        # On disk before anything is set: if killed here, the next run must not mistake our value for the earlier one.
        _remember(machine, {**held, **still})
        log = [] if text is None else machine.must(["sysctl", "-p", machine.place(path)], limit=30).lines
        for name in sorted(held.keys() - still.keys()):
            before = _before(machine, name, held)
            if before is not None and before != _live(machine, name):
                log += machine.must(["sysctl", "-w", f"{name}={before}"], limit=30).lines
        _remember(machine, still)
        return {"log": log}


def settings_without_ours(machine: Machine) -> Dict[str, str]:
    """The kernel's settings of `SYSCTLS` that it has, as they would be without us."""
    held = load_record(machine).get("sysctl", {})
    values = {name: _before(machine, name, held) for name in SYSCTLS}
    return {name: value for name, value in values.items() if value is not None}


def settings_in(text: str) -> Dict[str, str]:
    """Names and values of a file in the form of sysctl.d(5)."""
    lines = [line.strip() for line in text.splitlines()]
    pairs = [line.lstrip("-").partition("=") for line in lines if "=" in line and line[0] not in "#;"]
    return {name.strip(): value.strip() for name, _, value in pairs}


def setting_path(name: str) -> str:
    """Where a setting lies below /proc/sys.

    Names are written with dots, or with slashes where a component has dots of its own, such as eno2.100.
    """
    path = name if "/" in name else name.replace(".", "/")
    checked_path(f"/proc/sys/{path}")
    return path


def devices_with_settings(machine: Machine, family: str) -> List[str]:
    """Devices that have settings of their own, sorted, with ``all`` and ``default``. :param family: ipv4 or ipv6."""
    try:
        return sorted(os.listdir(machine.place(f"/proc/sys/net/{family}/conf")))
    except FileNotFoundError:  # booted with ipv6.disable=1
        return []


def setting_now(machine: Machine, path: str) -> Optional[str]:
    """A setting by its path below /proc/sys; None when the kernel does not have it, or shows it to nobody.

    :raises OSError: it has it, and reading it failed.
    """
    try:
        # Without a file object: a node has three settings for each of its devices, and making one takes longest.
        descriptor = os.open(machine.place(f"/proc/sys/{path}"), os.O_RDONLY)
        try:
            return os.read(descriptor, 4096).decode("ascii", "replace").strip()
        finally:
            os.close(descriptor)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None


def _live(machine: Machine, name: str) -> Optional[str]:
    """A setting's value in the kernel, None when it has no such setting."""
    value = text_of(machine, f"/proc/sys/{setting_path(name)}")
    return None if value is None else value.strip()


def _before(machine: Machine, name: str, held: Value) -> Optional[str]:
    """What a setting would be without us: its live value, or the one before ours where ours is still there."""
    live = _live(machine, name)
    if name not in held or held[name]["ours"] != live:
        return live
    before: Optional[str] = held[name]["before"]
    return before


def _remember(machine: Machine, settings: Value) -> None:
    record = load_record(machine)
    if record.get("sysctl", {}) != settings:
        save_record(machine, dict(record, sysctl=settings))
