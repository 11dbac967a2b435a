"""The network devices of this node's guests, as their configuration has them: bridge and MTU, and nothing else.

Such a file may hold passwords; no other word of it leaves the node.
"""

import re
from typing import Any, Dict, Iterator, List, Union

from pvesdn.node.program.files import matches, text_of
from pvesdn.node.program.machine import Machine, Refused

_FILES = ("/etc/pve/qemu-server/*.conf", "/etc/pve/lxc/*.conf")
_GUEST = re.compile(r"/([0-9]{1,9})\.conf$")
_NIC = re.compile(r"net([0-9]{1,4}):(.*)$")
_BRIDGE = re.compile(r"[A-Za-z0-9_.-]{1,15}$")
_MTU = re.compile(r"[0-9]{1,5}$")
_MOST = 10000
"""Devices that are told of, far more than a node has."""


def nics(machine: Machine) -> List[Dict[str, Union[int, str]]]:
    """Devices with an MTU of their own: ``[{"guest": 101, "device": 0, "bridge": "web", "mtu": 9000}]``.

    A file that cannot be read tells nothing: a guest's configuration is no reason not to look at the node.
    """
    found: List[Dict[str, Union[int, str]]] = []
    for pattern in _FILES:
        for path in _paths(machine, pattern):
            try:
                text = text_of(machine, path) or ""
            except (Refused, OSError):
                continue
            found += _of_guest(int(_GUEST.search(path).group(1)), text)  # type: ignore[union-attr] # see `_paths`
    return found[:_MOST]


def _paths(machine: Machine, pattern: str) -> List[str]:
    try:
        return [path for path in matches(machine, pattern) if _GUEST.search(path)]
    except (Refused, OSError):
        return []


def _of_guest(guest: int, text: str) -> Iterator[Dict[str, Any]]:
    for line in text.splitlines():
        if line.startswith("["):
            return  # what follows are snapshots and pending changes
        match = _NIC.match(line)
        if match is None:
            continue
        words = dict(word.strip().partition("=")[::2] for word in match.group(2).split(","))
        bridge, mtu = words.get("bridge", ""), words.get("mtu", "")
        if _BRIDGE.match(bridge) and _MTU.match(mtu):
            yield {"guest": guest, "device": int(match.group(1)), "bridge": bridge, "mtu": int(mtu)}
