"""What PVE offers for guests on a node: `GET /nodes/NODE/network?type=any_bridge`, as its panel asks it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pvesdn_lab.simulated import sdn_config
from pvesdn_lab.simulated.world import LabWorld

_INTERFACES = "/etc/network/interfaces"
_STANZA = re.compile(r"^iface\s+(\S+)\s.*\n((?:[ \t]+.*\n?|#.*\n?)*)", re.MULTILINE)
_LINUX = re.compile(r"^\s+bridge[-_]ports\b", re.MULTILINE)
_OVS = re.compile(r"^\s+ovs_type\s+OVSBridge\b", re.MULTILINE)


def any_bridge(world: LabWorld, node: str) -> list[dict[str, Any]]:
    """Bridges of `/etc/network/interfaces` alone, and the VNets of the running configuration, whatever the node really
    has of them.
    """
    return [*_bridges(world.hosts[node].read(_INTERFACES) or ""), *_vnets(world, node)]


def _bridges(text: str) -> Iterator[dict[str, Any]]:
    found: dict[str, str] = {}
    for name, options in _STANZA.findall(text):
        if _LINUX.search(options):
            found.setdefault(name, "bridge")
        elif _OVS.search(options):
            found.setdefault(name, "OVSBridge")
    return ({"iface": name, "type": kind} for name, kind in found.items())


def _vnets(world: LabWorld, node: str) -> Iterator[dict[str, Any]]:
    running = sdn_config.running(world.pmxcfs.sdn)
    zones = running.get("zones", {}).get("ids", {})
    for name, vnet in running.get("vnets", {}).get("ids", {}).items():
        nodes = zones.get(vnet.get("zone"), {}).get("nodes")
        if nodes is None or node in nodes:
            # PVE says that it is active without a look at the node.
            yield {"iface": name, "type": "vnet", "active": "1", "comments": vnet.get("alias", "")}
