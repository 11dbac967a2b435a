"""What scenarios prove about BGP EVPN, virtual routers and exits: on FRR's and the kernel's own word."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from pvesdn.lab.live.context import Context, as_proof, require, verb
from pvesdn.lab.live.node import LiveNode
from pvesdn.lab.live.space import wait_for


@verb
def sessions(context: Context, *, peers: int, nodes: list[str] | None = None, bfd: bool = True) -> str:
    """Every node has so many EVPN sessions, all Established, each with BFD up."""
    for node in context.nodes(nodes):
        with as_proof():
            wait_for(f"{node.name} has {peers} sessions Established", partial(_is_equal, _established, node, peers))
            if bfd:
                wait_for(f"{node.name} has BFD up with {peers} peers", partial(_is_equal, _bfd_up, node, peers))
    return f"{peers} Established{' with BFD up' if bfd else ''} on each of {len(context.nodes(nodes))} nodes"


def _established(node: LiveNode) -> int:
    peers = node.vtysh("show bgp l2vpn evpn summary json").get("peers", {})
    states = [peer["state"] for peer in peers.values()]
    return len(states) if set(states) <= {"Established"} else -1


def _bfd_up(node: LiveNode) -> int:
    return sum(peer["status"] == "up" for peer in node.vtysh("show bfd peers json"))


@verb
def type_2(context: Context, *, guests: list[str], with_addresses: bool = False) -> str:
    """Every node knows the guest's MAC from a type-2 route (RFC 7432 section 7.2).

    :param with_addresses: also one with each of its IP addresses; nodes learn those where a VNet's bridge has an address.
    """
    number = 0
    for name in guests:
        guest = context.guest(name)
        wanted = [f"[2]:[0]:[48]:[{guest.mac}]"]
        if with_addresses:
            found = [address.partition("/")[0] for address in guest.addresses]
            wanted = [f"{wanted[0]}:[{128 if ':' in address else 32}]:[{address}]" for address in found]
        for node in context.nodes():
            for words in wanted:
                with as_proof():
                    wait_for(f"{node.name} has a route {words}", partial(_has_route, node, words))
                number += 1
    return f"{number} routes found on {len(context.nodes())} nodes"


@verb
def type_3(context: Context, *, vni: int, nodes: list[str] | None = None) -> str:
    """Every node has each other's type-3 route (RFC 7432 section 7.3): they are its remote VTEPs of the VNI."""
    members = context.nodes(nodes)
    for node in members:
        wanted = {_vtep(other) for other in members if other is not node}
        with as_proof():
            wait_for(
                f"{node.name} has remote VTEPs {sorted(wanted)} in VNI {vni}, not {sorted(_remote_vteps(node, vni))}",
                partial(_is_equal, partial(_remote_vteps, vni=vni), node, wanted),
            )
    return f"VNI {vni}: each of {len(members)} nodes has the {len(members) - 1} others"


@verb
def fenced_off(context: Context, *, vni: int) -> str:
    """No node has learned anything about the VNI from BGP."""
    for node in context.nodes():
        found = _remote_vteps(node, vni)
        require(not found, f"{node.name} to have no remote VTEP of VNI {vni} from BGP", found)
    return f"no remote VTEP of VNI {vni} on {len(context.nodes())} nodes"


@verb
def type_5(context: Context, *, prefix: str, origins: list[str]) -> str:
    """Every node has a type-5 route (RFC 9136) for `prefix` from each of `origins` and from nobody else."""
    address, _, length = prefix.partition("/")
    wanted = {_vtep(context.lab.node(name)) for name in origins}
    for node in context.nodes():
        with as_proof():
            wait_for(
                f"{node.name} has type-5 routes for {prefix} from {sorted(wanted)}, not {sorted(_origins(node, address, length))}",
                partial(_is_equal, partial(_origins, address=address, length=length), node, wanted),
            )
    return f"{prefix} from {', '.join(origins)} on {len(context.nodes())} nodes"


@verb
def no_type_5(context: Context) -> str:
    """There is no type-5 route at all."""
    for node in context.nodes():
        found = re.findall(r"\[5\]:\[0\]:\[\d+\]:\[[^]]+\]", _routes(node, 5))
        require(not found, f"{node.name} to have no type-5 route", found)
    return "none"


@verb
def router_macs_differ(context: Context, *, bridge: str) -> str:
    """The L3VNI's bridge has another MAC on each node."""
    macs = {node.devices()[bridge]["address"] for node in context.nodes()}
    require(len(macs) == len(context.nodes()), "a MAC for each node", macs)
    return ", ".join(sorted(macs))


@verb
def anycast_gateway(context: Context, *, vnet: str, mac: str = "") -> str:
    """The VNet's bridge has the same addresses and the same MAC on every node."""
    seen = set()
    for node in context.nodes():
        (link,) = node.space.json("ip", "-j", "address", "show", "dev", vnet)
        addresses = tuple(sorted(f"{a['local']}/{a['prefixlen']}" for a in link["addr_info"] if a["scope"] == "global"))
        seen.add((link["address"], addresses))
    require(len(seen) == 1, f"one MAC and the same addresses of {vnet} everywhere", seen)
    (found,) = seen
    require(found[1] and mac.lower() in {"", found[0]}, f"an address, and the MAC {mac}", found)
    return f"{found[0]} with {', '.join(found[1])} on {len(context.nodes())} nodes"


@verb
def next_hops(context: Context, *, node: str, vrf: str, number: int, limit: float = 60, prefix: str = "default") -> str:
    """The kernel's route in a VRF has so many next hops."""
    target = context.lab.node(node)
    with as_proof():
        wait_for(
            f"{node}: {prefix} in {vrf} has {number} next hops, not {_next_hops(target, vrf, prefix)}",
            lambda: len(_next_hops(target, vrf, prefix)) == number,
            limit=limit,
        )
    return ", ".join(sorted(_next_hops(target, vrf, prefix))) or "none"


@verb
def spreads(context: Context, *, guest: str, base: str, over: list[str], flows: int = 24) -> str:
    """Flows from a guest to many addresses leave through each of `over`, nodes or routers.

    :param base: the first three octets of the addresses behind the routers.
    """
    host = context.lab.host(guest)
    before = {name: _packets(context, name) for name in over}
    for last in range(1, flows + 1):
        host.reaches(f"{base}.{last}")
    used = {name: _packets(context, name) - before[name] for name in over}
    require(all(number > 2 for number in used.values()), f"flows through each of {over}", used)  # noqa: PLR2004 - ARP
    return ", ".join(f"{name}: {number} packets" for name, number in used.items())


def _packets(context: Context, name: str) -> int:
    """Sent by a node through its uplink, or received by a router."""
    if name in context.lab.routers:
        space, card, side = context.lab.host(name).space, "eth0", "rx"
    else:
        space, card, side = context.lab.node(name).space, "eno2", "tx"
    (link,) = space.json("ip", "-j", "-s", "link", "show", "dev", card)
    return int(link["stats64"][side]["packets"])


@verb
def all_flows(context: Context, *, guest: str, base: str, limit: float, flows: int = 12) -> str:
    """Pings to many addresses are all answered, the last of them within `limit` seconds from now."""
    host, begin = context.lab.host(guest), time.monotonic()
    open_ones = [f"{base}.{last}" for last in range(1, flows + 1)]
    while open_ones and time.monotonic() - begin < limit:
        open_ones = [address for address in open_ones if not host.reaches(address)]
    require(not open_ones, f"answers from all of {flows} addresses within {limit:g} s", f"none from {open_ones}")
    return f"{flows} flows go on after {time.monotonic() - begin:.1f} s"


@verb
def vrrp_state(context: Context, *, node: str, state: str, limit: float = 30) -> str:
    """FRR's vrrpd on a node is Master or Backup."""
    target = context.lab.node(node)
    with as_proof():
        wait_for(f"{node} is {state}, not {_vrrp(target)}", lambda: _vrrp(target) == {state}, limit=limit)
    return f"{node} is {state}"


def _vrrp(node: LiveNode) -> set[str]:
    return {group["v4"]["status"] for group in node.vtysh("show vrrp json")}


@verb
def bgp_knows_not(context: Context, *, words: str) -> str:
    """FRR's running configuration does not have these words on any node."""
    for node in context.nodes():
        text = node.space.must("vtysh", "-c", "show running-config")
        require(words not in text, f"{node.name}'s FRR not to have '{words}'")
    return f"no '{words}' on {len(context.nodes())} nodes"


def _is_equal(question: Callable[[LiveNode], Any], node: LiveNode, wanted: Any) -> bool:
    return bool(question(node) == wanted)


def _has_route(node: LiveNode, words: str) -> bool:
    return words in _routes(node, 2)


def _routes(node: LiveNode, kind: int) -> str:
    return json.dumps(node.vtysh(f"show bgp l2vpn evpn route type {kind} json"))


def _origins(node: LiveNode, address: str, length: str) -> set[str]:
    """Next hops of all type-5 routes for a prefix; a node's own is its VTEP address."""
    document: Any = node.vtysh("show bgp l2vpn evpn route type 5 json")
    found: set[str] = set()
    for routes in document.values():
        if isinstance(routes, dict):
            for name, route in routes.items():
                if name.endswith(f":[{length}]:[{address}]"):
                    found |= {hop["ip"] for hop in _deep(route, "nexthops")}
    return found


def _deep(document: Any, key: str) -> Iterator[Any]:
    """Every element of every list called `key`, however deep."""
    if isinstance(document, dict):
        yield from document.get(key, ())
        document = list(document.values())
    if isinstance(document, list):
        for part in document:
            yield from _deep(part, key)


def _remote_vteps(node: LiveNode, vni: int) -> set[str]:
    document = node.vtysh(f"show evpn vni {vni} json")
    rows = document.get("numRemoteVteps") if isinstance(document, dict) else None
    if isinstance(rows, list):
        return set(rows)
    vteps = document.get("remoteVteps", []) if isinstance(document, dict) else []
    return {row["ip"] if isinstance(row, dict) else str(row) for row in vteps}


def _next_hops(node: LiveNode, vrf: str, prefix: str) -> list[str]:
    routes = node.space.json("ip", "-j", "route", "show", "vrf", vrf, prefix)
    usable = [route for route in routes if route.get("type", "unicast") == "unicast"]
    if not usable:
        return []
    best = min(usable, key=lambda route: int(route.get("metric", 0)))
    hops = best.get("nexthops") or [best]
    return [str(hop.get("gateway", hop.get("dev"))) for hop in hops if "linkdown" not in hop.get("flags", [])]


def _vtep(node: LiveNode) -> str:
    return node.plan.underlay.partition("/")[0]
