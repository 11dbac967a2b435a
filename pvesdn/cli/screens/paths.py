"""A node's paths to its peers: rows for JSON, words for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pvesdn.model.cluster import UnderlayPath, Vtep
from pvesdn.model.primitives import IpAddress

_NAMES = {
    "babel": "Babel",
    "bgp": "BGP",
    "bird": "BIRD",
    "dhcp": "DHCP",
    "eigrp": "EIGRP",
    "isis": "IS-IS",
    "kernel": "the kernel",
    "openfabric": "OpenFabric",
    "ospf": "OSPF",
    "ra": "router advertisement",
    "rip": "RIP",
}
"""iproute2's words for who made a route, as people write them."""


def paths(vteps: Mapping[str, Vtep]) -> list[dict[str, Any]]:
    """A row for each node and peer; `peer_node` is None where the peer is not a member."""
    owners = {vtep.address: name for name, vtep in vteps.items()}
    nothing: dict[str, Any] = {"devices": [], "mtu": None, "source": None, "route": None, "protocol": None}
    return [
        {"node": name, "peer": str(peer), "peer_node": owners.get(peer)} | (_row(path) if path else nothing)
        for name, vtep in sorted(vteps.items())
        for peer, path in _in_order(vtep)
    ]


def _row(path: UnderlayPath) -> dict[str, Any]:
    return {
        "devices": list(path.devices),
        "mtu": path.mtu,
        "source": None if path.source is None else str(path.source),
        "route": path.route or None,
        "protocol": path.protocol or None,
    }


def _in_order(vtep: Vtep) -> list[tuple[IpAddress, UnderlayPath | None]]:
    """Each peer by address, with None for one without a known route."""
    found = dict.fromkeys((*vtep.unreached, *vtep.hidden)) | {
        peer: path for peer, path in vtep.paths.items() if not peer.is_multicast
    }
    return sorted(found.items(), key=lambda pair: (pair[0].version, int(pair[0])))


def path_lines(vtep: Vtep, vteps: Mapping[str, Vtep]) -> Iterator[tuple[str, str]]:
    """Which peers are reached, and how: peers with the same path share a line."""
    owners = {other.address: name for name, other in vteps.items()}
    reached: dict[str, list[str]] = {}
    for peer, path in _in_order(vtep):
        how = words(path) if path else f"not looked at: {vtep.hidden[peer]}" if peer in vtep.hidden else "no route"
        if path and peer in vtep.unreached:
            how += "; no route now"
        reached.setdefault(how, []).append(owners.get(peer, str(peer)))
    for how, names in reached.items():
        yield ", ".join(names), how


def words(path: UnderlayPath) -> str:
    """A path in words: ``eno1, MTU 9000, route 10.0.0.0/8 by OSPF``."""
    devices = " and ".join(path.devices) or "device not known"
    size = "MTU not known" if path.mtu is None else f"MTU {path.mtu}"
    if path.is_remembered:
        return f"{devices}, {size}, as it was last seen"
    route = "default route" if path.route == "default" else f"route {path.route}"
    if path.is_connected:
        return f"{devices}, {size}, connected {route}"
    if path.protocol == "static":
        return f"{devices}, {size}, static {route}"
    maker = f" by {_NAMES.get(path.protocol, path.protocol)}" if path.protocol else ""
    return f"{devices}, {size}, {route}{maker}"
