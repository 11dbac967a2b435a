"""The network devices of this node's guests, as their configuration has them: bridge, MTU and VLANs, nothing else.

Such a file may hold passwords; no other word of it leaves the node, save MACs and addresses of guests that `look_up` is
asked for, by their ids or their addresses.
"""

import contextlib
import itertools
import re
from typing import Any, Dict, FrozenSet, Iterator, List, Optional, Tuple, Union

from pvesdn.node.program.files import matches, text_of
from pvesdn.node.program.machine import Machine, Refused
from pvesdn.node.program.quorum import require_cluster_files

_FILES = ("/etc/pve/qemu-server/*.conf", "/etc/pve/lxc/*.conf")
_GUEST = re.compile(r"/([0-9]{1,9})\.conf$")
_NIC = re.compile(r"net([0-9]{1,4}):(.*)$")
_CLOUD_INIT = re.compile(r"ipconfig([0-9]{1,4}):(.*)$")
_BRIDGE = re.compile(r"[A-Za-z0-9_.-]{1,15}$")
_MTU = re.compile(r"[0-9]{1,5}$")
_VLAN = re.compile(r"[0-9]{1,4}$")
_TRUNKS = re.compile(r"[0-9]{1,4}(-[0-9]{1,4})?(;[0-9]{1,4}(-[0-9]{1,4})?){0,500}$")
PLUGS = "plugs"
"""Of a checkpoint: what `plugs` told before the apply; None where it could not."""
_MOST = 10000
"""Devices that are told of, far more than a node has."""


def nics(machine: Machine) -> List[Dict[str, Union[int, str]]]:
    """Devices with an MTU of their own: ``[{"guest": 101, "device": 0, "bridge": "web", "mtu": 9000}]``.

    A file that cannot be read tells nothing: a guest's configuration is no reason not to look at the node. That it
    could not be read, `plugs` tells.
    """
    found: List[Dict[str, Union[int, str]]] = []
    for guest, device, words in devices_of_guests(machine, skips_unreadable=True):
        bridge, mtu = words.get("bridge", ""), words.get("mtu", "")
        if _BRIDGE.match(bridge) and _MTU.match(mtu):
            found.append({"guest": guest, "device": device, "bridge": bridge, "mtu": int(mtu)})
    return found[:_MOST]


def plugs(machine: Machine) -> List[Dict[str, Any]]:
    """Where each device is plugged in: ``[{"guest": 101, "device": 0, "bridge": "web", "tag": 5}]``.

    Its VLANs may have ``"trunks": [[7, 9]]``, and a link that is switched off has ``"is_down": true``. A device whose
    VLANs cannot be understood is left out.

    :raises Refused: a file cannot be read: what it says is not known, which is not that it says nothing.
    """
    found: List[Dict[str, Any]] = []
    for guest, device, words in devices_of_guests(machine):
        bridge, tag, trunks = words.get("bridge", ""), words.get("tag"), words.get("trunks")
        if not _BRIDGE.match(bridge) or not _VLAN.match(tag or "0") or not _TRUNKS.match(trunks or "0"):
            continue
        row: Dict[str, Any] = {"guest": guest, "device": device, "bridge": bridge}
        if tag is not None:
            row["tag"] = int(tag)
        if trunks is not None:
            parts = [part.partition("-") for part in trunks.split(";")]
            row["trunks"] = [[int(first), int(last or first)] for first, _, last in parts]
        if words.get("link_down", "0") != "0":
            row["is_down"] = True
        found.append(row)
    return found[:_MOST]


def plugs_if_readable(machine: Machine) -> Optional[List[Dict[str, Any]]]:
    """The same; None where it is not known."""
    try:
        return plugs(machine)
    except (Refused, OSError):
        return None


def plugged_otherwise(machine: Machine, before: Optional[List[Dict[str, Any]]]) -> FrozenSet[str]:
    """Ports of guests whose configuration has them in another bridge, or in other VLANs, than it had before: whoever
    has said so since wants them there. None where nobody can tell.

    :param before: of `plugs_if_readable`.
    """
    then = {(row["guest"], row["device"]): _place(row) for row in before or []}
    now = plugs_if_readable(machine) if then else None
    changed = [row for row in now or [] if then.get((row["guest"], row["device"]), _place(row)) != _place(row)]
    return frozenset(
        port.format(row["guest"], row["device"]) for row in changed for port in ("tap{}i{}", "veth{}i{}", "fwpr{}p{}")
    )


def _place(row: Dict[str, Any]) -> List[Any]:
    return [row.get(key) for key in ("bridge", "tag", "trunks")]


def devices_of_guests(machine: Machine, *, skips_unreadable: bool = False) -> Iterator[Tuple[int, int, Dict[str, str]]]:
    """The guest's id, the device's index, and what its line says, with the addresses that cloud-init gives it.

    :raises Refused: the files, or one of them unless it `skips_unreadable`, cannot be read.
    """
    skipped = (Refused, OSError) if skips_unreadable else ()
    for pattern in _FILES:
        paths: List[str] = []
        with contextlib.suppress(*skipped):
            require_cluster_files(machine)
            paths = _paths(machine, pattern)
        for path in paths:
            text = ""
            with contextlib.suppress(*skipped):
                text = text_of(machine, path) or ""
            guest = int(_GUEST.search(path).group(1))  # type: ignore[union-attr] # see `_paths`
            yield from ((guest, device, words) for device, words in _of_guest(text))


def _paths(machine: Machine, pattern: str) -> List[str]:
    return [path for path in matches(machine, pattern) if _GUEST.search(path)]


def _of_guest(text: str) -> Iterator[Tuple[int, Dict[str, str]]]:
    # What follows the first section are snapshots and pending changes.
    lines = list(itertools.takewhile(lambda line: not line.startswith("["), text.splitlines()))
    given: Dict[int, Dict[str, str]] = {}
    for match in filter(None, map(_CLOUD_INIT.match, lines)):
        words = _words(match.group(2))
        given[int(match.group(1))] = {key: words[key] for key in ("ip", "ip6") if key in words}
    for match in filter(None, map(_NIC.match, lines)):
        device = int(match.group(1))
        yield device, {**given.get(device, {}), **_words(match.group(2))}


def _words(text: str) -> Dict[str, str]:
    """``ip=10.0.0.5/24,gw=10.0.0.1`` as a dictionary."""
    return dict(word.strip().partition("=")[::2] for word in text.split(","))
