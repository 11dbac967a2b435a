"""A healthy cluster as a snapshot has it, and what a case takes away from it.

`damage.json` of a case has any of

* `devices`: by node and device, what changes in its row of `ip -j -d link`: nested as there, null takes a key away, and
  null for the whole device takes the device away; a device that is not there comes
* `addresses`: by node and device, the whole list of its addresses, with prefix lengths
* `fdb`: by node and VXLAN device, the whole list of its all-zero entries
* `plugs`: by node, the whole list of what guests' configurations say of their devices
* `vlans`: by node and port, the whole list of its VLANs as first, last and flags; null takes the port away
* `settings`: by node, values by path below /proc/sys
* `files`: by node, texts by path; null takes the file away, and a pair ``[old, new]`` replaces the one by the other
* `pve_files`: the same for files of /etc/pve/sdn
* `daemons`: by node, the whole list of FRR's daemons that run
* `running`: by node, a pair ``[old, new]`` in FRR's running configuration
* `sessions`: by node and peer, what changes in `show bgp neighbors json`; null for the whole takes the peer away
* `vnis`: the same by node and VNI in `show evpn vni detail json`
* `routes`: by node, VRF and destination, what changes in the best route; null takes it away
* `router_macs`: by node and VTEP, the MAC that zebra has; null for none
* `virtual_routers`: by node, the whole list of what vrrpd tells
* `faults`: by node and question, why there is no answer
* `late`: by node and question, the same where its time was up
* `gone`: nodes that did not answer, with the reason
* `off`: members that the cluster says are off
* `ways`: what happens to packets between the nodes, see `ways.py`
* `around`: by node, what it says of packet filters, programs with sockets and its clock, and PVE's firewall files
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_interface
from typing import Any

from pvesdn.model.snapshot import NodeRaw, Snapshot

_KINDS = frozenset(
    {
        *("devices", "addresses", "fdb", "plugs", "vlans", "settings", "files", "pve_files"),
        *("daemons", "running", "sessions", "vnis", "routes", "router_macs", "virtual_routers"),
        *("faults", "late", "gone", "off"),
    }
)


def damaged(healthy: Snapshot, damage: Mapping[str, Any]) -> Snapshot:
    """The snapshot with the damage done."""
    assert damage.keys() <= _KINDS, damage.keys() - _KINDS
    gone, off = damage.get("gone", {}), damage.get("off", [])
    nodes = {name: _node(name, raw, damage) for name, raw in healthy.nodes.items() if name not in {*gone, *off}}
    api = copy.deepcopy(dict(healthy.api))
    for row in api["cluster/status"]:
        if row.get("name") in off:
            row["online"] = 0
    pve_files = _texts(healthy.pve_files, damage.get("pve_files", {}))
    return replace(healthy, api=api, pve_files=pve_files, nodes=nodes, unreachable=dict(gone))


def without_quorum(snapshot: Snapshot) -> Snapshot:
    """The same of a cluster that has lost its quorum."""
    rows = [row | {"quorate": 0} if row["type"] == "cluster" else row for row in snapshot.api["cluster/status"]]
    return replace(snapshot, api={**snapshot.api, "cluster/status": rows})


def _node(name: str, raw: NodeRaw, damage: Mapping[str, Any]) -> NodeRaw:
    commands = copy.deepcopy(dict(raw.commands))
    for device, change in damage.get("devices", {}).get(name, {}).items():
        for question in ("ip-link", "ip-addr"):
            rows = commands[question]
            row = next((row for row in rows if row["ifname"] == device), None)
            if row is None:
                rows.append({"ifname": device, **change})
            elif change is None:
                rows.remove(row)
            else:
                _merge(row, change)
    for device, addresses in damage.get("addresses", {}).get(name, {}).items():
        row = next(row for row in commands["ip-addr"] if row["ifname"] == device)
        row["addr_info"] = [_address(text) for text in addresses]
    for device, vteps in damage.get("fdb", {}).get(name, {}).items():
        others = [row for row in commands["fdb"]["answer"] if row["ifname"] != device]
        commands["fdb"]["answer"] = [*others, *({"ifname": device, "dst": vtep} for vtep in vteps)]
    if name in damage.get("plugs", {}):
        commands["guest-plugs"]["answer"] = damage["plugs"][name]
    for port, vlans in damage.get("vlans", {}).get(name, {}).items():
        kept = [row for row in commands["port-vlans"]["answer"] if row["ifname"] != port]
        commands["port-vlans"]["answer"] = [*kept, *([] if vlans is None else [{"ifname": port, "vlans": vlans}])]
    _merge(commands["settings"]["answer"], damage.get("settings", {}).get(name, {}))
    _damage_frr(name, commands, damage)
    for question, why in damage.get("faults", {}).get(name, {}).items():
        commands[question] = {"fault": why}
    for question, why in damage.get("late", {}).get(name, {}).items():
        commands[question] = {"fault": why, "late": True}
    return NodeRaw(_texts(raw.files, damage.get("files", {}).get(name, {})), commands)


def _damage_frr(name: str, commands: dict[str, Any], damage: Mapping[str, Any]) -> None:
    if name in damage.get("daemons", {}):
        commands["frr-daemons"]["answer"] = damage["daemons"][name]
    if name in damage.get("running", {}):
        old, new = damage["running"][name]
        assert old in commands["frr-running"]["answer"], commands["frr-running"]
        commands["frr-running"]["answer"] = commands["frr-running"]["answer"].replace(old, new)
    _merge(commands["bgp-neighbors"]["answer"], damage.get("sessions", {}).get(name, {}))
    for vni, change in damage.get("vnis", {}).get(name, {}).items():
        rows = commands["evpn-vnis"]["answer"]
        _change(rows, {"vni": int(vni)}, change)
    for vrf, changes in damage.get("routes", {}).get(name, {}).items():
        for destination, change in changes.items():
            _change(commands["vrf-routes"]["answer"], {"vrf": vrf, "dst": destination}, change)
    for vtep, mac in damage.get("router_macs", {}).get(name, {}).items():
        change = None if mac is None else {"mac": mac}
        for key, hop in (("vtep", vtep), ("next-hop", vtep), ("next-hop", f"::ffff:{vtep}")):
            _change(commands["evpn-rmacs"]["answer"], {key: hop}, change)
    if name in damage.get("virtual_routers", {}):
        commands["vrrp"]["answer"] = damage["virtual_routers"][name]


def _change(rows: list[dict[str, Any]], key: Mapping[str, Any], change: Mapping[str, Any] | None) -> None:
    """Change the first row with that key, or take it away."""
    row = next(row for row in rows if key.items() <= row.items())
    if change is None:
        rows.remove(row)
    else:
        _merge(row, change)


def _merge(document: dict[str, Any], change: Mapping[str, Any]) -> None:
    for key, value in change.items():
        if value is None:
            del document[key]
        elif isinstance(value, dict):
            _merge(document.setdefault(key, {}), value)
        else:
            document[key] = value


def _address(text: str) -> dict[str, Any]:
    found = ip_interface(text)
    family = "inet" if found.version == 4 else "inet6"
    return {"family": family, "local": str(found.ip), "prefixlen": found.network.prefixlen, "scope": "global"}


def _texts(files: Mapping[str, str], changes: Mapping[str, Any]) -> dict[str, str]:
    found = dict(files)
    for path, change in changes.items():
        if change is None:
            del found[path]
        elif isinstance(change, list):
            old, new = change
            assert old in found[path], f"{path} has no {old!r}"
            found[path] = found[path].replace(old, new)
        else:
            found[path] = change
    return found
