"""What scenarios prove about BGP EVPN, virtual routers and exits: on FRR's and the kernel's own word."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from pvesdn_lab.live.testbed.node import LiveNode
from pvesdn_lab.live.testbed.space import wait_for
from pvesdn_lab.live.verbs.checks_underlay import sources
from pvesdn_lab.live.verbs.context import Context, as_proof, require


def sessions(context: Context, *, peers: int, nodes: list[str] | None = None, bfd: bool = True) -> str:
    """Every node has so many EVPN sessions, all Established, each with BFD up."""
    own: set[str] = set()
    for node in context.nodes(nodes):
        with as_proof():
            wait_for(f"{node.name} has {peers} sessions Established", partial(_is_equal, _established, node, peers))
            if bfd:
                wait_for(f"{node.name} has BFD up with {peers} peers", partial(_is_equal, _bfd_up, node, peers))
        own |= sources(node)
    state = f"{peers} Established{' with BFD up' if bfd else ''} on each of {len(context.nodes(nodes))} nodes"
    return f"{state}, from {', '.join(sorted(own))}"


def _established(node: LiveNode) -> int:
    peers = node.vtysh("show bgp l2vpn evpn summary json").get("peers", {})
    states = [peer["state"] for peer in peers.values()]
    return len(states) if set(states) <= {"Established"} else -1


def _bfd_up(node: LiveNode) -> int:
    return sum(peer["status"] == "up" for peer in node.vtysh("show bfd peers json"))


def type_2(context: Context, *, guests: list[str], with_addresses: bool = False) -> str:
    """Every node knows the guest's MAC from a type-2 route (RFC 7432 section 7.2).

    :param with_addresses: also one with each of its IP addresses; nodes learn those where a VNet's bridge has an
        address.
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


def type_3(context: Context, *, vni: int, nodes: list[str] | None = None) -> str:
    """Every node has each other's type-3 route (RFC 7432 section 7.3): they are its remote VTEPs of the VNI."""
    members = context.nodes(nodes)
    for node in members:
        wanted = {context.vtep(other) for other in members if other is not node}
        with as_proof():
            wait_for(
                f"{node.name} has remote VTEPs {sorted(wanted)} in VNI {vni}, not {sorted(_remote_vteps(node, vni))}",
                partial(_is_equal, partial(_remote_vteps, vni=vni), node, wanted),
            )
    return f"VNI {vni}: each of {len(members)} nodes has the {len(members) - 1} others"


def not_learned(context: Context, *, vni: int) -> str:
    """No node has learned anything about the VNI from BGP."""
    for node in context.nodes():
        found = _remote_vteps(node, vni)
        require(not found, f"{node.name} to have no remote VTEP of VNI {vni} from BGP", found)
    return f"no remote VTEP of VNI {vni} on {len(context.nodes())} nodes"


def type_5(context: Context, *, prefix: str, origins: list[str]) -> str:
    """Every node has a type-5 route (RFC 9136) for `prefix` from each of `origins` and from nobody else."""
    address, _, length = prefix.partition("/")
    wanted = {context.vtep(context.lab.node(name)) for name in origins}
    for node in context.nodes():
        with as_proof():
            wait_for(
                f"{node.name} has type-5 routes for {prefix} from {sorted(wanted)}, not {sorted(_origins(node, address, length))}",
                partial(_is_equal, partial(_origins, address=address, length=length), node, wanted),
            )
    return f"{prefix} from {', '.join(origins)} on {len(context.nodes())} nodes"


def no_type_5(context: Context) -> str:
    """There is no type-5 route at all."""
    for node in context.nodes():
        found = re.findall(r"\[5\]:\[0\]:\[\d+\]:\[[^]]+\]", _routes(node, 5))
        require(not found, f"{node.name} to have no type-5 route", found)
    return "none"


def router_macs_differ(context: Context, *, bridge: str) -> str:
    """The L3VNI's bridge has another MAC on each node."""
    macs = {node.devices()[bridge]["address"] for node in context.nodes()}
    require(len(macs) == len(context.nodes()), "a MAC for each node", macs)
    return ", ".join(sorted(macs))


def anycast_gateway(context: Context, *, vnet: str, mac: str = "", nodes: list[str] | None = None) -> str:
    """The VNet's bridge has the same addresses and the same MAC on every node."""
    seen = set()
    for node in context.nodes(nodes):
        (link,) = node.space.json("ip", "-j", "address", "show", "dev", vnet)
        addresses = tuple(sorted(f"{a['local']}/{a['prefixlen']}" for a in link["addr_info"] if a["scope"] == "global"))
        seen.add((link["address"], addresses))
    require(len(seen) == 1, f"one MAC and the same addresses of {vnet} everywhere", seen)
    (found,) = seen
    require(found[1] and mac.lower() in {"", found[0]}, f"an address, and the MAC {mac}", found)
    return f"{found[0]} with {', '.join(found[1])} on {len(context.nodes(nodes))} nodes"


def one_gateway_mac(context: Context, *, guests: list[str], mac: str = "", times: int = 3) -> str:
    """The guests' own neighbour tables have one MAC for their gateways, the same on every node, however often they
    forget it and ask again.
    """
    seen: dict[str, set[str]] = {}
    for name in guests:
        guest = context.guest(name)
        for gateway in guest.gateways * times:
            with as_proof():
                seen.setdefault(name, set()).update(guest.host.asks_again(gateway))
    found = set().union(*seen.values())
    require(len(found) == 1 and mac.lower() in {"", *found}, f"one MAC {mac} of all gateways in every guest", seen)
    asked = sum(len(context.guest(name).gateways) for name in guests)
    return f"{', '.join(found)} for {asked} gateways in {len(guests)} guests, each asked {times} times"


def not_in_bgp(context: Context, *, words: str) -> str:
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
