"""The kernel's settings: what a file of ours says of them, what they are, and what they would be without us."""

import os
from typing import Dict, List, Optional

from pvesdn.node.program.files import text_of
from pvesdn.node.program.machine import Machine
from pvesdn.node.program.record import load_record
from pvesdn.node.program.request import Value, checked_path

SETTINGS = (
    "net/ipv4/ip_forward",
    "net/ipv6/conf/all/forwarding",
    "net/ipv4/conf/all/rp_filter",
    "net/ipv4/conf/default/rp_filter",
    "net/ipv4/fib_multipath_use_neigh",
    "net/ipv4/fib_multipath_hash_policy",
    "net/ipv6/fib_multipath_hash_policy",
)
"""Settings of the kernel that are told whether or not our own file names them, as paths below /proc/sys."""
SYSCTLS = ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding")
"""What `observe` tells of the kernel."""


def settings_without_ours(machine: Machine) -> Dict[str, str]:
    """The kernel's settings of `SYSCTLS` that it has, as they would be without us."""
    held = load_record(machine).get("sysctl", {})
    values = {name: setting_before(machine, name, held) for name in SYSCTLS}
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


def live_setting(machine: Machine, name: str) -> Optional[str]:
    """A setting's value in the kernel, None when it has no such setting."""
    value = text_of(machine, f"/proc/sys/{setting_path(name)}")
    return None if value is None else value.strip()


def setting_before(machine: Machine, name: str, held: Value) -> Optional[str]:
    """What a setting would be without us: its live value, or the one before ours where ours is still there."""
    live = live_setting(machine, name)
    if name not in held or held[name]["ours"] != live:
        return live
    before: Optional[str] = held[name]["before"]
    return before
