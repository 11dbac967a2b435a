"""What scenarios prove of what was taken back: every node is wholly as it was, and nothing is open, armed or locked."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from pvesdn_lab.live.testbed.cluster import LiveCluster
from pvesdn_lab.live.testbed.node import LiveNode
from pvesdn_lab.live.testbed.space import LabFault
from pvesdn_lab.live.verbs.checks_traces import state_of
from pvesdn_lab.live.verbs.context import Context, require

_NOTE = "nodes wholly as they were"
_OPEN_THEN = "what was open or locked then"
_SETTLES = 60.0
"""Seconds in which FRR has its sessions again, and with them its entries in the forwarding tables."""
_PAUSE = 1.0
_LOCK_SECONDS = 120.0
"""A cluster lock that nobody has renewed for so long is none; its folder stays until somebody else wants it."""
_ALL_ZERO = "00:00:00:00:00:00"
_TUNNEL = ("id", "port", "local", "group", "link", "learning")
_SETTINGS = (
    "forwarding rp_filter accept_redirects send_redirects secure_redirects arp_accept arp_announce arp_ignore "
    "keep_addr_on_down"
)
_FOLDERS = "/etc/network /etc/frr /etc/sysctl.d"
_LOOK = f"""\
cd /proc/sys/net
grep . ipv4/ip_forward {" ".join(f"ipv?/conf/*/{name}" for name in _SETTINGS.split())} 2>/dev/null | sed "s/^/setting /"
find {_FOLDERS} -type f -printf 'owner %p %u:%g %m\\n'
find {_FOLDERS} -type f -exec sha256sum {{}} + | sed "s/^/file /"
"""
_OPEN = """\
find /var/lib/pvesdn -name 'checkpoint*' -o -name 'commit.json' -o -name program.py
find /etc /var/lib/pvesdn -name '.*.pvesdn-*'
find /etc/systemd/system /run/systemd/system -name '*pvesdn-undo*'
"""


def remember_all(context: Context) -> str:
    """Record all of nodes that an apply may change: files byte for byte, devices, addresses, routes, VLANs, rules,
    flooding, tunnels, kernel settings, and what FRR runs.
    """
    context.notes[_NOTE] = {node.name: _all_of(node) for node in context.nodes()}
    context.notes[_OPEN_THEN] = open_anywhere(context)
    return f"{sum(map(len, context.notes[_NOTE].values()))} facts on {len(context.notes[_NOTE])} nodes"


def all_as_before(context: Context) -> str:
    """Nodes are in all of that as they were when it was recorded, and nothing is open, armed or locked."""
    if _NOTE not in context.notes:
        raise LabFault("nothing was recorded: a step `remember_all` must come first")
    before: dict[str, set[str]] = context.notes[_NOTE]
    end = time.monotonic() + _SETTLES
    while True:
        now = {node.name: _all_of(node) for node in context.nodes()}
        if now == before or time.monotonic() > end:
            break
        time.sleep(_PAUSE)
    for name, found in now.items():
        require(found == before[name], f"{name} to be as before", _difference(before[name], found))
    left = [line for line in open_anywhere(context) if line not in context.notes[_OPEN_THEN]]
    require(not left, "nothing to be left open, armed or locked", left)
    kinds = Counter(fact.split()[0] for facts in now.values() for fact in facts)
    told = ", ".join(f"{kinds[key]} {words}" for key, words in _TOLD.items() if kinds[key])
    return f"{len(now)} nodes: {told}; nothing is left open, armed or locked"


_TOLD = {
    "device": "devices",
    "address": "addresses",
    "route": "routes",
    "flooding": "flooding entries",
    "setting": "kernel settings",
    "file": "files byte for byte",
    "frr": "lines that FRR runs",
}


def open_anywhere(context: Context) -> list[str]:
    """What is open, armed or locked, a line each."""
    return [line for cluster in context.lab.clusters.values() for line in _what_is_open(cluster)]


def _what_is_open(cluster: LiveCluster) -> list[str]:
    """What an apply that is over leaves nowhere: checkpoints, timers, staged files, locks of ours and of PVE's."""
    found = [
        f"{node.name}: {line}"
        for node in cluster.live.values()
        if node.is_on
        for line in node.space.call("bash", "-c", _OPEN).stdout.splitlines()
    ]
    pmxcfs = cluster.pve.world.pmxcfs
    ours, pves = pmxcfs.folder / "priv/lock/pvesdn", pmxcfs.sdn / ".lock"
    is_held = ours.exists() and time.time() - ours.stat().st_mtime < _LOCK_SECONDS
    return [*found, *([str(ours)] if is_held else []), *([str(pves)] if pves.exists() else [])]


def _all_of(node: LiveNode) -> set[str]:
    lines = node.space.must("bash", "-c", _LOOK).splitlines()
    return {*state_of(node), *_tunnels(node), *_link_local(node), *_running(node), *lines}


def _tunnels(node: LiveNode) -> set[str]:
    found = set()
    for name, link in node.devices().items():
        data: dict[str, Any] = link.get("linkinfo", {}).get("info_data", {})
        words = [f"{key} {data[key]}" for key in _TUNNEL if key in data]
        found.add(f"device {name} is {'up' if 'UP' in link['flags'] else 'down'} {' '.join(words)}".strip())
    for entry in node.space.json("bridge", "-j", "fdb", "show"):
        if entry["mac"] == _ALL_ZERO and "dst" in entry:
            found.add(f"flooding of {entry['ifname']} to {entry['dst']}")
    return found


def _link_local(node: LiveNode) -> set[str]:
    """Of devices that are no guest's: made of a MAC, they tell which one a device had."""
    rows = node.space.json("ip", "-j", "-6", "address", "show", "scope", "link")
    return {
        f"address {found['local']} on {row['ifname']}"
        for row in rows
        for found in row.get("addr_info", ())
        if "local" in found and not row["ifname"].startswith("tap")  # what another scope has is an empty object
    }


def _running(node: LiveNode) -> set[str]:
    """Each line that FRR runs, with the block that it stands in; none where FRR does not run."""
    found, block = set(), ""
    for line in node.space.call("vtysh", "-c", "show running-config").stdout.splitlines():
        if line.startswith(" "):
            found.add(f"frr {block}: {line.strip()}")
        elif line not in {"", "!", "exit", "end", "Building configuration...", "Current configuration:"}:
            block = line
            found.add(f"frr {line}")
    return found


def _difference(before: set[str], now: set[str]) -> str:
    return f"missing: {sorted(before - now)}, more: {sorted(now - before)}"
