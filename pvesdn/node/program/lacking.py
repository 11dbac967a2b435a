"""Whether devices are as their stanzas say, as far as ifupdown2 alone decides it: seen by the kernel, not by what
`ifup` ends with.

Flooding entries are not among it: FRR takes some of them along, and they are restored when a reload is over.
"""

import contextlib
import ipaddress
from typing import Any, Dict, Iterator, List, Sequence, Set, Tuple

from pvesdn.node.program.machine import Machine, devices_shown, rows_of
from pvesdn.node.program.request import Value
from pvesdn.node.program.stanzas import Options

_TOLD = (("mtu", "mtu"), ("vxlan-id", "vni"), ("vrf", "master"))
"""Options, and what of a device has to say the same."""


def links_now(machine: Machine) -> Dict[str, Value]:
    """Every device by name, as far as stanzas are held against it."""
    return {str(row.get("ifname")): _as_looked_at(row) for row in rows_of(devices_shown(machine))}


def lacking(devices: Dict[str, Value], names: Sequence[str], stanzas: Dict[str, Options]) -> Dict[str, str]:
    """Those of the interfaces that are not as their stanza says, and what is wrong. :param devices: of `links_now`."""
    found = {}
    for name in names:
        lack = next(_lacks(name, stanzas[name], devices), "")
        if lack:
            found[name] = lack
    return found


def ports_in(options: Options) -> List[str]:
    """The ports that a bridge's stanza names."""
    return [port for port in options.get("bridge-ports", []) if port != "none"]


def plugged(devices: Dict[str, Value], bridges: Sequence[str]) -> Tuple[str, ...]:
    """A port that would be left without its bridge, and that bridge; empty where there is none."""
    for name, device in sorted(devices.items()):
        bridge = device["master"]
        if bridge in bridges and devices.get(bridge, {}).get("kind") == "bridge" and device["kind"] != "vxlan":
            return name, bridge
    return ()


def _as_looked_at(row: Dict[str, Any]) -> Value:
    info = row.get("linkinfo") or {}
    data: Dict[str, Any] = info.get("info_data") or {}
    return {
        "kind": info.get("info_kind", ""),
        "mtu": row.get("mtu"),
        "master": row.get("master"),
        "up": "UP" in row.get("flags", []),
        "mac": row.get("address"),
        "vni": data.get("id"),
        "vtep": data.get("local", data.get("local6")),
        "addresses": {f"{held.get('local')}/{held.get('prefixlen')}" for held in rows_of(row.get("addr_info"))},
    }


def _lacks(name: str, options: Options, devices: Dict[str, Value]) -> Iterator[str]:
    device = devices.get(name)
    if device is None:
        yield "is not there"
        return
    if not device["up"]:
        yield "is down"
    for key, told in _TOLD:
        if key in options and options[key] != [str(device[told])]:
            yield "has {} {} and not {}".format(key, device[told], " ".join(options[key]))
    for port in ports_in(options):
        if devices.get(port, {}).get("master") != name:
            yield f"does not have its port {port}"
    yield from _lacks_addresses(options, device)


def _lacks_addresses(options: Options, device: Value) -> Iterator[str]:
    mac = options.get("hwaddress", [])[-1:]
    if mac and mac[0].lower() != str(device["mac"]).lower():
        yield "has hwaddress {} and not {}".format(device["mac"], mac[0])
    vtep = options.get("vxlan-local-tunnelip", [])[-1:]
    if vtep and _plain(vtep[0]) != _plain(str(device["vtep"])):
        yield "has vxlan-local-tunnelip {} and not {}".format(device["vtep"], vtep[0])
    held: Set[str] = {_plain(address) for address in device["addresses"]}
    for address in options.get("address", []):
        # A live device that gets another MAC loses those of IPv6 until it is brought up once more, as is planned.
        may_be_late = bool(mac) and ":" in address
        if "/" in address and not may_be_late and _plain(address) not in held:
            yield f"does not have address {address}"


def _plain(address: str) -> str:
    """An address, with or without a prefix length, as one text whoever has written it."""
    with contextlib.suppress(ValueError):
        return str(ipaddress.ip_interface(address))
    return address
