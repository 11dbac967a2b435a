"""How the node is: what an apply may change, in the form in which a checkpoint keeps it and an undo compares it."""

import base64
import os
import re
import stat
from typing import Any, Dict, Iterable, Iterator, List, Optional

from pvesdn.node.program.dhcp import Filters, filters_to_come
from pvesdn.node.program.drop_ins import targets
from pvesdn.node.program.files import LARGEST_FILE, digest_of, named, text_of
from pvesdn.node.program.flood import all_zero_entries
from pvesdn.node.program.machine import Machine, Refused, devices_shown, failure, lacks_ipv6, rows_of, rows_shown
from pvesdn.node.program.nat import rules_to_come
from pvesdn.node.program.places import (
    FRR_CONF,
    INTERFACES,
    OUR_INTERFACES,
    RECORD,
    SDN_INTERFACES,
    SYSCTL_CONF,
)
from pvesdn.node.program.request import Value
from pvesdn.node.program.settings import SETTINGS, devices_with_settings, setting_now, setting_path, settings_in
from pvesdn.node.program.stanzas import interfaces_in, stanzas_in
from pvesdn.node.program.swap import staged
from pvesdn.node.program.units import is_active, is_enabled
from pvesdn.node.program.vtysh import says_down

MADE_BY_IFUPDOWN = ("bridge", "vxlan", "vrf")
TUNNEL = ("id", "port", "local", "local6", "group", "group6", "link")
"""What of a VXLAN device a reload does not bring back, or cannot change: such a device is made anew."""
OF_ADDRESSES = (
    *("forwarding", "rp_filter", "accept_redirects", "send_redirects", "secure_redirects"),
    *("arp_accept", "arp_announce", "arp_ignore", "keep_addr_on_down"),
)
"""Settings of a device, of either family where it has them: a switch of `all` changes them on every device."""
_BARE_ROUTER = re.compile(r"vrrp [0-9]+( version [23])?")
_BLOCK_ENDS = ("", "!", "exit", "exit-vrf", "end")
_OWN_ROUTES = (None, "boot", "static", "dhcp")
"""Protocols of routes that people and their scripts make; the others come back by themselves."""
_OWN_IN_VRFS = (None, "boot")
"""The same in the tables of VRFs: `static` may be FRR's there, whose package gives its own number that name."""


def files_now(machine: Machine) -> Dict[str, Optional[Value]]:
    """Every file that pvesdn may write, with its bytes, owner and mode; None for one that is absent."""
    return {path: file_now(machine, path) for path in [*targets(machine), RECORD]}


def file_now(machine: Machine, path: str) -> Optional[Value]:
    """One file; Refused if it is none, or too large."""
    try:
        descriptor = os.open(machine.place(path), os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except (FileNotFoundError, NotADirectoryError):
        return None
    with named(path), open(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST_FILE:
            raise Refused(f"{path} is not a file of at most {LARGEST_FILE >> 20} MiB")
        data = base64.b64encode(file.read()).decode("ascii")
    return {"data": data, "mode": stat.S_IMODE(found.st_mode), "uid": found.st_uid, "gid": found.st_gid}


def touched(machine: Machine) -> List[str]:
    """Interfaces that our files name or will name, as they are staged."""
    found = set()
    for path in INTERFACES:
        found.update(interfaces_in(text_of(machine, path) or ""))
        found.update(interfaces_in(_staged_text(machine, path)))
    return sorted(found)


def remotes(machine: Machine) -> Dict[str, List[List[str]]]:
    """For each interface the VTEPs that our files list, as they are and as they are staged.

    All other entries of a device are FRR's, which the kernel does not tell apart: they come and go by themselves.
    """
    now: Dict[str, List[str]] = {}
    then: Dict[str, List[str]] = {}
    for path in INTERFACES:
        text = text_of(machine, path) or ""
        _add_remotes(now, text)
        _add_remotes(then, _staged_text(machine, path) or text)
    return {name: [now.get(name, []), then.get(name, [])] for name in {*now, *then}}


def _add_remotes(found: Dict[str, List[str]], text: str) -> None:
    for name, options in stanzas_in(text).items():
        if "vxlan-remoteip" in options:
            found.setdefault(name, []).extend(options["vxlan-remoteip"])


def filters_staged(machine: Machine) -> Filters:
    """Filters against DHCP that our text adds as it is staged."""
    return filters_to_come(machine, _staged_text(machine, OUR_INTERFACES))


def staged_digest(machine: Machine, path: str) -> Optional[str]:
    """Digest of what waits to be put in place of `path`; None where nothing does."""
    return digest_of(machine, _waiting(machine, path))


def _staged_text(machine: Machine, path: str) -> str:
    return text_of(machine, _waiting(machine, path)) or ""


def _waiting(machine: Machine, path: str) -> str:
    """The node's own path of what is staged for `path`."""
    return staged(machine, path)[len(machine.root) :]


def rules_staged(machine: Machine, faults: List[str]) -> List[str]:
    """Rules of netfilter that PVE's text adds as it is staged, and that the node does not have yet."""
    return rules_to_come(machine, _staged_text(machine, SDN_INTERFACES), faults)


def settings_now(machine: Machine) -> Dict[str, str]:
    """The kernel's settings by their path below /proc/sys, those of all devices first: they change the others."""
    ours = {**settings_in(text_of(machine, SYSCTL_CONF) or ""), **settings_in(_staged_text(machine, SYSCTL_CONF))}
    paths = [*SETTINGS, *(setting_path(name) for name in ours), *_of_devices(machine)]
    found = {path: setting_now(machine, path) for path in paths}
    return {path: value for path, value in found.items() if value is not None}


def _of_devices(machine: Machine) -> Iterator[str]:
    for family in ("ipv4", "ipv6"):
        # `all` and `default` first, for what they do to the others.
        names = sorted(devices_with_settings(machine, family), key=lambda name: name not in ("all", "default"))
        yield from (f"net/{family}/conf/{name}/{key}" for name in names for key in OF_ADDRESSES)


def devices_now(machine: Machine, faults: Optional[List[str]] = None) -> Dict[str, Value]:
    """Every device by name, as far as an undo looks at it.

    :param faults: gets why flood entries or VLANs could not be read, which are None then: not known is not none.
    :raises Refused: the devices cannot be read; without `faults` that is so for anything of them.
    """
    found: Dict[str, Value] = {}
    for row in _rows(devices_shown(machine)):
        device = found[row["ifname"]] = _device(row)
        device["addresses"] = sorted(_addresses_shown(row, of_the_link=False))
        device["link_local"] = sorted(_addresses_shown(row, of_the_link=True))
    flooding: Dict[str, List[str]] = {}
    entries = _asked(machine, ["bridge", "-j", "fdb", "show"], faults)
    for name, address in all_zero_entries(entries):
        flooding.setdefault(name, []).append(str(address))
    vlans = _asked(machine, ["bridge", "-j", "-compressvlans", "vlan", "show"], faults)
    of_ports = {row["ifname"]: sorted(_vlans(row)) for row in _rows(vlans)}
    for name, device in found.items():
        device["flooding"] = None if entries is None else sorted(flooding.get(name, []))
        device["vlans"] = None if vlans is None else of_ports.get(name, [])
    return found


def _asked(machine: Machine, argv: List[str], faults: Optional[List[str]]) -> Any:
    """What a command tells; None where it fails, and somebody takes its `faults`."""
    try:
        return rows_shown(machine, argv)
    except Refused as refused:
        if faults is None:
            raise
        faults.append(refused.error)
        return None


def _rows(answer: Any) -> List[Value]:
    return [row for row in rows_of(answer) if isinstance(row.get("ifname"), str)]


def _device(row: Value) -> Value:
    info = row.get("linkinfo") or {}
    data = info.get("info_data") or {}
    kind = info.get("info_kind", "")
    return {
        "kind": kind,
        "mtu": row.get("mtu"),
        "mac": row.get("address"),
        "master": row.get("master"),
        "up": "UP" in row["flags"] if "flags" in row else None,
        "tunnel": {key: data[key] for key in TUNNEL if key in data} if kind == "vxlan" else {},
        "addresses": [],
        "link_local": [],
    }


def _addresses_shown(row: Value, *, of_the_link: bool) -> Iterator[str]:
    """:param of_the_link: those that the kernel makes of a MAC, or the others."""
    for address in row.get("addr_info") or []:
        if isinstance(address, dict) and (address.get("scope") == "link") is of_the_link and "local" in address:
            yield "{}/{}".format(address["local"], address.get("prefixlen", 32))


def _vlans(row: Value) -> Iterator[str]:
    """In the words of `bridge vlan add`, such as ``vid 10-20 pvid untagged``."""
    for vlan in row.get("vlans") or []:
        if isinstance(vlan, dict) and "vlan" in vlan:
            last = "-{}".format(vlan["vlanEnd"]) if "vlanEnd" in vlan else ""
            flags = vlan.get("flags") or []
            words = [word for flag, word in (("PVID", "pvid"), ("Egress Untagged", "untagged")) if flag in flags]
            yield " ".join(("vid", f"{vlan['vlan']}{last}", *words))


def routes_of(machine: Machine, devices: Iterable[str]) -> List[List[str]]:
    """Routes through `devices`, in whatever table, that do not come back by themselves, in the words of `ip route`."""
    wanted = set(devices)
    found = []
    for option in ("-4", "-6"):
        argv = ["ip", "-j", *(["-6"] if option == "-6" else []), "route", "show", "table", "all"]
        if not wanted or (option == "-6" and lacks_ipv6(machine)):
            continue
        for row in rows_shown(machine, argv):
            if row.get("dev") in wanted and _is_somebodys(row):
                found.append([option, *_route(row)])
    return found


def _is_somebodys(row: Value) -> bool:
    """A person or a script has made the route; those that FRR has made lead through nexthop objects."""
    return "nhid" not in row and row.get("protocol") in (_OWN_IN_VRFS if "table" in row else _OWN_ROUTES)


def _route(row: Value) -> Iterator[str]:
    yield str(row["dst"])
    for key, word in (
        ("gateway", "via"),
        ("dev", "dev"),
        ("prefsrc", "src"),
        ("metric", "metric"),
        ("protocol", "proto"),
        ("table", "table"),
    ):
        if key in row:
            yield from (word, str(row[key]))
    if "onlink" in (row.get("flags") or []):
        yield "onlink"


def frr_now(machine: Machine) -> Value:
    """Whether FRR runs and starts at boot, and its running configuration as a set of lines; None for what there is
    nobody to tell.

    :raises Refused: systemd or FRR does not tell.
    """
    if machine.find("systemctl") is None:
        return {"active": None, "enabled": None, "lines": running_lines(machine)}
    active = is_active(machine, "frr")
    return {
        "active": active,
        "enabled": is_enabled(machine, "frr"),
        "lines": running_lines(machine) if active else None,
    }


def running_lines(machine: Machine) -> Optional[List[str]]:
    """FRR's running configuration, sorted: after a reload it may tell the same in another order. None where there is
    nobody to tell it; Refused where somebody is there and does not.
    """
    if machine.find("vtysh") is None or text_of(machine, FRR_CONF) is None:
        return None
    argv = ["vtysh", "-c", "show running-config"]
    outcome = machine.run(argv, limit=30)
    if outcome.status and not says_down(outcome):
        raise Refused(failure(argv, outcome))
    return None if outcome.status else sorted(_without_empty_blocks(list(map(str.strip, outcome.output.splitlines()))))


def _without_empty_blocks(lines: List[str]) -> Iterator[str]:
    """Without ends of blocks, and without what a reload leaves behind and does nothing: empty blocks of devices, and
    virtual routers without addresses.
    """
    routers = {
        words[1] for words in map(str.split, lines) if words[:1] == ["vrrp"] and words[2:3] in (["ip"], ["ipv6"])
    }
    lines = [line for line in lines if not _BARE_ROUTER.fullmatch(line) or line.split()[1] in routers]
    for position, line in enumerate(lines, 1):
        is_empty = line.startswith(("interface ", "vrf ")) and (
            position == len(lines) or lines[position] in _BLOCK_ENDS
        )
        if line not in _BLOCK_ENDS and not is_empty:
            yield line
