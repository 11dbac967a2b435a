"""What simulated nodes have learned of guests and of each other: forwarding entries, neighbours, host routes.

Every guest has been heard once on its own node. Between nodes EVPN carries what its sessions carry; a plain VXLAN has
learned nothing yet, and floods.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pvesdn_lab.simulated.commands.evpn import config_of, flooded, heard_by, l3vnis_of
from pvesdn_lab.simulated.commands.evpn_routes import routers_of, statics_of, vrf_routes
from pvesdn_lab.simulated.commands.state import State, mac_of

_TAP = re.compile(r"(?:tap|veth)(\d+)i(\d+)")
_FROM_EVPN = "extern_learn"


class Guest(NamedTuple):
    """A guest's device: its port, the VNet's bridge, its MAC, and its address, empty for none."""

    port: str
    bridge: str
    mac: str
    address: str


def mac_of_guest(guest: int, device: int = 0) -> str:
    """The same on every node."""
    return f"bc:24:11:{device & 255:02x}:{guest >> 8 & 255:02x}:{guest & 255:02x}"


def learned(root: Path) -> list[dict[str, Any]]:
    """Rows of ``bridge -j fdb show`` for guests and for the routers of other nodes."""
    rows = [
        {"mac": guest.mac, "ifname": guest.port, "flags": [], "master": guest.bridge, "state": ""}
        for guest in _guests(State(root))
    ]
    for guest, device, vtep in _heard(root):
        rows += _behind(guest.mac, device, State(root).links[device]["master"], vtep)
    for device, bridge, vtep, mac in _routers(root):
        rows += _behind(mac, device, bridge, vtep)
    return rows


def neighbours(root: Path) -> list[dict[str, Any]]:
    """Rows of ``ip -j neighbour show nud all``."""
    state = State(root)
    rows = [_neighbour(guest.address, guest.bridge, guest.mac) for guest in _guests(state) if guest.address]
    for guest, device, _ in _heard(root):
        if guest.address:
            rows.append(_neighbour(guest.address, state.links[device]["master"], guest.mac, "NOARP"))
    rows += [_neighbour(vtep, bridge, mac, "NOARP") for _, bridge, vtep, mac in _routers(root)]
    for vrf in l3vnis_of(root):
        for family in (4, 6):
            for _, gateways, device in statics_of(root, vrf, family):
                rows += (_neighbour(gateway, device, mac_of(gateway)) for gateway in gateways)
    return [row for row in rows if row["dev"] in state.links]


def matching(root: Path, words: Sequence[str], others: Sequence[dict[str, Any]], family: int) -> list[dict[str, Any]]:
    """Rows of ``ip -j route show vrf NAME|table main match ADDRESS``.

    :param others: of the main table.
    """
    table, address = words[1], ipaddress.ip_address(words[3])
    rows = [*vrf_routes(root, table, family), *_host_routes(root, table)] if words[0] == "vrf" else others
    return [row for row in rows if row["dst"] == "default" or address in ipaddress.ip_network(row["dst"])]


def _behind(mac: str, device: str, bridge: str, vtep: str) -> list[dict[str, Any]]:
    return [
        {"mac": mac, "ifname": device, "flags": [_FROM_EVPN], "master": bridge, "state": ""},
        {"mac": mac, "ifname": device, "dst": vtep, "flags": ["self", _FROM_EVPN], "state": ""},
    ]


def _neighbour(address: str, device: str, mac: str, state: str = "REACHABLE") -> dict[str, Any]:
    return {"dst": address, "dev": device, "lladdr": mac, "state": [state]}


def _guests(state: State) -> Iterator[Guest]:
    for name, link in state.links.items():
        match = _TAP.fullmatch(name)
        if match and link["up"] and state.links.get(link["master"] or "", {}).get("kind") == "bridge":
            mac = mac_of_guest(int(match[1]), int(match[2]))
            yield Guest(name, link["master"], mac, link.get("guest_address", ""))


def _heard(root: Path) -> Iterator[tuple[Guest, str, str]]:
    """Guests of other nodes that EVPN has told of, each with the VXLAN device here and the VTEP."""
    mine, here = State(root), flooded(root)
    for other in heard_by(root):
        there = State(other)
        guests = list(_guests(there))
        for port in (link for link in there.links.values() if link["kind"] == "vxlan" and link["up"]):
            vtep = str(port["info"].get("local"))
            known = (name for name, vteps in here.items() if vtep in vteps and _is_of(mine, name, port["info"]["id"]))
            for name in known:
                yield from ((guest, name, vtep) for guest in guests if guest.bridge == port["master"])


def _is_of(state: State, name: str, vni: int) -> bool:
    link = state.links[name]
    return link["info"].get("id") == vni and link["up"] and link["master"] in state.links


def _routers(root: Path) -> Iterator[tuple[str, str, str, str]]:
    """Device and bridge of the L3VNI here, VTEP and router MAC of each other node."""
    state = State(root)
    for vrf, vni in l3vnis_of(root).items():
        for name, link in state.links.items():
            if link["kind"] == "vxlan" and link["info"].get("id") == vni and link["master"] in state.links:
                for vtep, mac in routers_of(root, vrf, vni).items():
                    yield name, str(link["master"]), vtep, mac


def _host_routes(root: Path, vrf: str) -> Iterator[dict[str, Any]]:
    """A route for each guest of the VRF that another node has told of with its address (RFC 9135)."""
    state, routers = State(root), list(_routers(root))
    if "advertise-all-vni" not in config_of(root):
        return
    for guest, device, vtep in _heard(root):
        bridge = state.links[device]["master"]
        hop = next((one for one in routers if one[2] == vtep and state.links[one[1]]["master"] == vrf), None)
        if guest.address and hop is not None and state.links[bridge]["master"] == vrf:
            row = {"dst": guest.address, "gateway": vtep, "dev": hop[1], "protocol": "bgp", "metric": 20}
            yield row | {"flags": ["onlink"]}
