"""Devices as `observe` tells them: one answer of the kernel's for links and addresses, and of that what is looked at.

`ip -d` has some 1.5 kB of words for each device, most of them timers and counters: a node with a thousand VNets would
send 3 MB of them, and whoever reads many nodes would have to parse them all.
"""

from typing import Any, Dict, Tuple

from pvesdn.node.program.machine import Machine, devices_shown

LINKS, ADDRESSES = "ip-link", "ip-addr"
_OF_A_DEVICE = ("ifname", "flags", "mtu", "address", "master", "altnames", "link_netnsid")
_OF_ITS_KIND = {
    "info_data": (
        *("id", "local", "local6", "port", "group", "group6", "remote", "remote6", "link", "learning"),
        *("external", "collect_metadata", "vnifilter", "vlan_filtering"),
    ),
    "info_slave_data": ("state", "learning", "flood", "mcast_flood", "bcast_flood", "neigh_suppress", "isolated"),
}
_OF_AN_ADDRESS = ("family", "local", "prefixlen", "scope", "dynamic", "dadfailed")


def links_and_addresses(machine: Machine) -> Dict[str, Any]:
    """The answers to `LINKS` and `ADDRESSES`: a row for each device, and one for each device that has an address.

    What has not the shape that iproute2 gives it is passed on as it is: whoever reads it says so.
    """
    rows = devices_shown(machine)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return {LINKS: rows, ADDRESSES: rows}
    held = [row for row in rows if row.get("addr_info")]
    return {LINKS: [_device_shown(row) for row in rows], ADDRESSES: [_addresses_held(row) for row in held]}


def _device_shown(row: Dict[str, Any]) -> Dict[str, Any]:
    found: Dict[str, Any] = _only(row, _OF_A_DEVICE)
    if "linkinfo" in row:
        info = found["linkinfo"] = row["linkinfo"]
        if isinstance(info, dict):
            found["linkinfo"] = _only(info, ("info_kind", "info_slave_kind"))
            found["linkinfo"].update((key, _only(info[key], keys)) for key, keys in _OF_ITS_KIND.items() if key in info)
    return found


def _addresses_held(row: Dict[str, Any]) -> Dict[str, Any]:
    found: Dict[str, Any] = _only(row, ("ifname",))
    addresses = row["addr_info"]
    found["addr_info"] = [_only(one, _OF_AN_ADDRESS) for one in addresses] if isinstance(addresses, list) else addresses
    return found


def _only(value: Any, keys: Tuple[str, ...]) -> Any:
    return {key: value[key] for key in keys if key in value} if isinstance(value, dict) else value
