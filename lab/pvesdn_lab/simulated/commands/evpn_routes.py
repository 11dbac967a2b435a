"""Routing in the VRFs of simulated nodes, and their virtual routers: like the sessions they come of, worked out when
they are asked for.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pvesdn_lab.simulated.commands.evpn import config_of, daemons_of, heard_by, l3vnis_of, nodes_beside
from pvesdn_lab.simulated.commands.state import Link, State

_VRF = re.compile(r"^vrf (\S+)\n((?: .*\n)*?)exit-vrf$", re.MULTILINE)
_ROUTE = re.compile(r"^ (ip|ipv6) route (\S+) (\S+)(?: (\S+))?$", re.MULTILINE)
_VRRP = re.compile(r"^interface (\S+)\n((?: vrrp .*\n)+)", re.MULTILINE)
_METRIC, _LAST_METRIC = 20, 4278198272
_DEFAULTS = {4: "0.0.0.0/0", 6: "::/0"}


def router_macs(root: Path) -> dict[str, Any]:
    """``show evpn rmac vni all json``."""
    found: dict[str, Any] = {}
    for vrf, vni in l3vnis_of(root).items():
        macs = {mac: {"routerMac": mac, "vtepIp": vtep} for vtep, mac in routers_of(root, vrf, vni).items()}
        found[str(vni)] = {"numRmacs": len(macs), **macs}
    return found


def next_hops(root: Path) -> dict[str, Any]:
    """``show evpn next-hops vni all json``: those of IPv6 prefixes have IPv4-mapped addresses."""
    found: dict[str, Any] = {}
    for vrf, vni in l3vnis_of(root).items():
        rows = {
            hop: {"nexthopIp": hop, "routerMac": mac}
            for vtep, mac in routers_of(root, vrf, vni).items()
            for hop in (vtep, f"::ffff:{vtep}")
        }
        found[str(vni)] = {"numNextHops": len(rows), **rows}
    return found


def vrf_routes(root: Path, vrf: str, family: int) -> list[dict[str, Any]]:
    """``ip -j route show vrf NAME``, best metric first."""
    state = State(root)
    if vrf not in state.links:
        return []
    statics = list(statics_of(root, vrf, family))
    found = [_row(prefix, gateways, "static", device) for prefix, gateways, device in statics]
    own = {prefix for prefix, _, _ in statics}
    connected = [(prefix, name) for prefix, name in _connected(state, vrf, family) if prefix not in own]
    own |= {prefix for prefix, _ in connected}
    found += ({"dst": prefix, "dev": name, "protocol": "kernel", "scope": "link"} for prefix, name in connected)
    for prefix, vteps in _heard_prefixes(root, vrf, family).items():
        if prefix not in own:
            found.append(_row(prefix, vteps, "bgp", _l3_bridge(state, root, vrf)))
    return [*found, {"type": "unreachable", "dst": "default", "metric": _LAST_METRIC}]


def virtual_routers(root: Path) -> list[dict[str, Any]]:
    """``show vrrp json``, as far as pvesdn reads it."""
    found = []
    for interface, number, priority, addresses in _configured(root):
        halves = {family: [a for a in addresses if ipaddress.ip_address(a).version == family] for family in (4, 6)}
        rivals = [
            (other_priority, other.name)
            for other in nodes_beside(root)
            for _, other_number, other_priority, shared in _configured(other)
            if (other_number, shared) == (number, addresses)
        ]
        is_master = all((priority, root.name) > rival for rival in rivals)
        router: dict[str, Any] = {"vrid": number, "version": 3, "interface": interface}
        for family, half in halves.items():
            status = "Initialize" if not half else "Master" if is_master else "Backup"
            router[f"v{family}"] = {"status": status, "effectivePriority": priority, "addresses": half}
        found.append(router)
    return found


def _configured(root: Path) -> Iterator[tuple[str, int, int, tuple[str, ...]]]:
    """Interface, id, priority and addresses of each virtual router that runs."""
    links = State(root).links
    for interface, lines in _VRRP.findall(config_of(root)):
        number = re.search(r"vrrp (\d+)", lines)
        priority = re.search(r"priority (\d+)", lines)
        if number and "vrrpd" in daemons_of(root) and links.get(interface, {}).get("up"):
            addresses = tuple(re.findall(r" ip(?:v6)? (\S+)", lines))
            yield interface, int(number[1]), int(priority[1]) if priority else 100, addresses


def routers_of(root: Path, vrf: str, vni: int) -> dict[str, str]:
    """The router MACs of those whose routes of the VRF come, by VTEP."""
    found = {}
    for other, port in _sharing(root, vrf, vni):
        bridge = State(other).links.get(port["master"] or "")
        if bridge and bridge["up"] and not bridge.get("is_forgotten"):
            found[str(port["info"].get("local"))] = str(bridge["address"])
    return found


def _sharing(root: Path, vrf: str, vni: int) -> Iterator[tuple[Path, Link]]:
    """Those that are heard and have the VRF with the same L3VNI, each with the device of that."""
    for other in heard_by(root):
        port = _l3_port(other, vni)
        if port and l3vnis_of(other).get(vrf) == vni:
            yield other, port


def _l3_port(root: Path, vni: int) -> Link | None:
    links = State(root).links.values()
    return next((link for link in links if link["kind"] == "vxlan" and link["info"].get("id") == vni), None)


def _l3_bridge(state: State, root: Path, vrf: str) -> str:
    """The bridge of a VRF's L3VNI, by which the others are reached."""
    port = _l3_port(root, l3vnis_of(root).get(vrf, 0))
    return str(port["master"]) if port and port["master"] in state.links else "vrfbr"


def _heard_prefixes(root: Path, vrf: str, family: int) -> dict[str, list[str]]:
    """Prefixes that the others announce in the VRF, with their VTEPs."""
    found: dict[str, list[str]] = {}
    vni = l3vnis_of(root).get(vrf)
    if vni is None or not _l3_port(root, vni):
        return found
    for other, port in _sharing(root, vrf, vni):
        if not _advertises(other, vrf, family):
            continue
        prefixes = [prefix for prefix, _, _ in statics_of(other, vrf, family)]
        prefixes += [prefix for prefix, _ in _connected(State(other), vrf, family)]
        for prefix in dict.fromkeys(prefixes):
            found.setdefault(prefix, []).append(str(port["info"].get("local")))
    return found


def _advertises(root: Path, vrf: str, family: int) -> bool:
    router = re.search(rf"^router bgp \d+ vrf {re.escape(vrf)}\n((?: .*\n|!\n)*)", config_of(root), re.MULTILINE)
    return router is not None and f"advertise ipv{family} unicast" in router[1]


def statics_of(root: Path, vrf: str, family: int) -> Iterator[tuple[str, list[str], str]]:
    """Prefix, gateways and device of each static route that leads somewhere."""
    text = next((block for name, block in _VRF.findall(config_of(root)) if name == vrf), "")
    found: dict[str, tuple[list[str], str]] = {}
    for word, prefix, via, device in _ROUTE.findall(text):
        if word == ("ip" if family == 4 else "ipv6") and via != "blackhole":  # noqa: PLR2004 - IPv4
            found.setdefault(prefix, ([], device))[0].append(via)
    return ((prefix, gateways, device) for prefix, (gateways, device) in found.items())


def _connected(state: State, vrf: str, family: int) -> Iterator[tuple[str, str]]:
    for name, link in state.links.items():
        for address in map(ipaddress.ip_interface, link["addresses"] if link["master"] == vrf and link["up"] else ()):
            if address.version == family and address.network.prefixlen < address.max_prefixlen:
                yield str(address.network), name


def _row(prefix: str, gateways: list[str], protocol: str, device: str) -> dict[str, Any]:
    row: dict[str, Any] = {"dst": "default" if prefix in _DEFAULTS.values() else prefix, "protocol": protocol}
    row |= {"metric": _METRIC, "flags": []}
    hops = [{"gateway": gateway, "dev": device, "flags": []} for gateway in gateways]
    return row | (hops[0] if len(hops) == 1 else {"nexthops": hops})
