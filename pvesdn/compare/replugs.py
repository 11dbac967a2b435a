"""Guests' ports that are in no bridge, or will be, and how each gets back to where the guest's configuration has it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pvesdn.model.files import Action, NodeChanges
from pvesdn.model.guests import GuestPort, Replug, guest_port, in_order
from pvesdn.model.primitives import bounded

_SINCE_PVE_9 = "/usr/libexec/qemu-server/pve-bridge"
_BEFORE = "/var/lib/qemu-server/pve-bridge"
_CONTAINERS = "/usr/share/lxc/lxcnetaddbr"
"""What QEMU and LXC call when a guest starts (docs/decisions/0033-what-a-plan-says.md)."""
_LIBEXEC = 9
"""The major version of PVE from which on the script lies in libexec alone."""


def replugs(node: NodeChanges, pve_version: str) -> tuple[Replug, ...]:
    """Ports that the plan unplugs on a node; and, where an interface comes, those that are in no bridge already.

    None that an obstacle keeps plugged in.
    """
    unplugged = {port for ports in node.guests.values() for port in ports if not node.obstacles}
    if any(stanza.action is Action.ADD for file in node.files for stanza in file.stanzas):
        unplugged |= {link.name for link in node.links if not link.master and is_in_a_bridge(link.name)}
    return commands(unplugged, {link.name for link in node.links}, pve_version)


def commands(unplugged: Collection[str], there: Collection[str], pve_version: str) -> tuple[Replug, ...]:
    """How each of these ports gets back. :param there: every device of the node."""
    return tuple(dict.fromkeys(_replugs(unplugged, there, pve_version)))


def _replugs(unplugged: Collection[str], there: Collection[str], pve_version: str) -> Iterator[Replug]:
    ports = (port for name in unplugged if (port := guest_port(name)) is not None)
    for port in in_order(ports):
        veth = f"veth{port.guest}i{port.device}"
        is_container = port.port == veth or (port.is_container is None and veth in there)
        yield Replug(port.port, port.guest, _container(port, veth) if is_container else _machine(port, pve_version))


def _container(port: GuestPort, veth: str) -> str:
    return f"LXC_NAME={port.guest} {_CONTAINERS} {port.guest} net up veth {veth}"


def _machine(port: GuestPort, pve_version: str) -> str:
    major = bounded(pve_version.partition(".")[0], _LIBEXEC)
    script = _BEFORE if major is not None and major < _LIBEXEC else _SINCE_PVE_9
    return f"{script} tap{port.guest}i{port.device}"


def is_in_a_bridge(name: str) -> bool:
    """Whether a device is one that PVE keeps in a bridge: of a firewall's pair only the end towards the VNet."""
    return not name.startswith("fwln") and guest_port(name) is not None
