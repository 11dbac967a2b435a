"""What the node is doing right now: questions of `observe` that may go without an answer, each on its own.

Whatever keeps one of them from being answered is part of the answer: what was not seen is not what is not there.
"""

import os
from typing import Any, Callable, Dict, Iterator, List

from pvesdn.node.program.files import text_of
from pvesdn.node.program.flood import ALL_ZERO_MAC
from pvesdn.node.program.machine import Machine, Refused, json_of
from pvesdn.node.program.places import SYSCTL_CONF
from pvesdn.node.program.request import Value
from pvesdn.node.program.sysctl import setting_path, settings_in

_SETTINGS = (
    "net/ipv4/ip_forward",
    "net/ipv6/conf/all/forwarding",
    "net/ipv4/conf/all/rp_filter",
    "net/ipv4/conf/default/rp_filter",
    "net/ipv4/fib_multipath_use_neigh",
    "net/ipv4/fib_multipath_hash_policy",
    "net/ipv6/fib_multipath_hash_policy",
)
"""Settings of the kernel that are told whether or not our own file names them, as paths below /proc/sys."""
_OF_DEVICES = (("ipv4", "forwarding"), ("ipv4", "arp_accept"), ("ipv6", "forwarding"))
"""What is told of every device: the family, and the name of the setting."""


def state_of(machine: Machine, name: str) -> Value:
    """``{"answer": ...}``, or ``{"fault": why there is none}``. :param name: a key of `QUESTIONS`."""
    try:
        return {"answer": QUESTIONS[name](machine)}
    except Refused as refused:
        return {"fault": refused.error}
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return {"fault": f"{where}{error.strerror or error}"}


def _flooding(machine: Machine) -> List[Dict[str, str]]:
    """All-zero entries of all VXLAN devices. Other entries, a guest's each, are as many as there are guests."""
    rows = json_of(machine, ["bridge", "-j", "fdb", "show"])
    return [
        {"ifname": row["ifname"], "dst": row["dst"]}
        for row in rows
        if isinstance(row, dict) and row.get("mac") == ALL_ZERO_MAC and "ifname" in row and "dst" in row
    ]


def _settings(machine: Machine) -> Dict[str, str]:
    """The kernel's settings by their path below /proc/sys, as they are now; what the kernel does not have is absent."""
    ours = [setting_path(name) for name in settings_in(text_of(machine, SYSCTL_CONF) or "")]
    found = {}
    for path in [*_SETTINGS, *ours, *_device_settings(machine)]:
        value = text_of(machine, f"/proc/sys/{path}")
        if value is not None:
            found[path] = value.strip()
    return found


def _device_settings(machine: Machine) -> Iterator[str]:
    for family, key in _OF_DEVICES:
        try:
            names = sorted(os.listdir(machine.place(f"/proc/sys/net/{family}/conf")))
        except FileNotFoundError:  # booted with ipv6.disable=1
            continue
        yield from (f"net/{family}/conf/{name}/{key}" for name in names if name not in ("all", "default"))


QUESTIONS: Dict[str, Callable[[Machine], Any]] = {"fdb": _flooding, "settings": _settings}
"""What `observe` is asked besides, by name; `model.snapshot.STATE_COMMANDS` has the same names."""
