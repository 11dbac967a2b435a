"""What scenarios prove about exits: next hops, shared flows, virtual routers, and uplinks that go."""

from __future__ import annotations

import time

from pvesdn_lab.live.testbed.node import LiveNode
from pvesdn_lab.live.testbed.space import wait_for
from pvesdn_lab.live.verbs.context import Context, as_proof, require


def next_hops(context: Context, *, node: str, vrf: str, number: int, limit: float = 60, prefix: str = "default") -> str:
    """The kernel's route in a VRF has this many next hops."""
    target = context.lab.node(node)
    with as_proof():
        wait_for(
            f"{node}: {prefix} in {vrf} has {number} next hops, not {_next_hops(target, vrf, prefix)}",
            lambda: len(_next_hops(target, vrf, prefix)) == number,
            limit=limit,
        )
    return ", ".join(sorted(_next_hops(target, vrf, prefix))) or "none"


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


def all_flows(context: Context, *, guest: str, base: str, limit: float, flows: int = 12) -> str:
    """Pings to many addresses are all answered, the last of them within `limit` seconds from now."""
    host, begin = context.lab.host(guest), time.monotonic()
    open_ones = [f"{base}.{last}" for last in range(1, flows + 1)]
    while open_ones and time.monotonic() - begin < limit:
        open_ones = [address for address in open_ones if not host.reaches(address)]
    require(not open_ones, f"answers from all of {flows} addresses within {limit:g} s", f"none from {open_ones}")
    return f"all {flows} flows were answered within {time.monotonic() - begin:.1f} s"


def next_hop_mac(context: Context, *, router: str, address: str, mac: str, times: int = 8) -> str:
    """A router that asks for its next hop again and again gets this MAC each time, whoever else has the address."""
    host = context.lab.host(router)
    for _ in range(times):
        with as_proof():
            found = host.asks_again(address)
        require(found == {mac}, f"{router} to learn {mac} for {address}", found)
    return f"{mac} for {address}, asked {times} times"


def vrrp_state(context: Context, *, node: str, state: str, limit: float = 30) -> str:
    """FRR's vrrpd on a node is Master or Backup."""
    target = context.lab.node(node)
    with as_proof():
        wait_for(f"{node} is {state}, not {_vrrp(target)}", lambda: _vrrp(target) == {state}, limit=limit)
    return f"{node} is {state}"


def _vrrp(node: LiveNode) -> set[str]:
    return {group["v4"]["status"] for group in node.vtysh("show vrrp json")}


def _next_hops(node: LiveNode, vrf: str, prefix: str) -> list[str]:
    routes = node.space.json("ip", "-j", "route", "show", "vrf", vrf, prefix)
    usable = [route for route in routes if route.get("type", "unicast") == "unicast"]
    if not usable:
        return []
    best = min(usable, key=lambda route: int(route.get("metric", 0)))
    hops = best.get("nexthops") or [best]
    return [str(hop.get("gateway", hop.get("dev"))) for hop in hops if "linkdown" not in hop.get("flags", [])]


def gateways_are(context: Context, *, node: str, vrf: str, via: list[str], limit: float = 30) -> str:
    """The default route in a VRF leads to these gateways alone; no other default route is left there or in the main
    table.
    """
    target, wanted = context.lab.node(node), sorted(via)
    with as_proof():
        wait_for(
            f"{node}: the default route in {vrf} leads to {wanted}, not {sorted(_next_hops(target, vrf, 'default'))}",
            lambda: sorted(_next_hops(target, vrf, "default")) == wanted,
            limit=limit,
        )
    usable = [r for r in target.space.json("ip", "-j", "route", "show", "vrf", vrf, "default") if "type" not in r]
    require(len(usable) == (1 if via else 0), f"one default route in {vrf}", usable)
    main = target.space.json("ip", "-j", "route", "show", "default")
    require(not main, f"{node} to have no default route in the main table", main)
    return ", ".join(wanted) or "none"


def card_is_bare(context: Context, *, node: str, card: str) -> str:
    """A network card is in no VRF and has no address, and no route of the main table leads through it."""
    target = context.lab.node(node)
    (link,) = target.space.json("ip", "-j", "address", "show", "dev", card)
    require("master" not in link, f"{card} of {node} to be in no VRF", link.get("master"))
    held = [row["local"] for row in link["addr_info"] if row["scope"] == "global"]
    require(not held, f"{card} of {node} to have no address", held)
    routes = target.space.json("ip", "-j", "route", "show", "dev", card)
    require(not routes, f"no route through {card} of {node}", routes)
    return f"{card} has no VRF, no address, no route"


def uplink_in(context: Context, *, node: str, card: str, vrf: str, address: str) -> str:
    """A network card is in this VRF and has this address alone, with its prefix length."""
    target = context.lab.node(node)
    (link,) = target.space.json("ip", "-j", "address", "show", "dev", card)
    require(link.get("master") == vrf, f"{card} of {node} to be in {vrf}", link.get("master"))
    held = [f"{row['local']}/{row['prefixlen']}" for row in link["addr_info"] if row["scope"] == "global"]
    require(held == [address], f"{card} of {node} to have {address} alone", held)
    return f"{card} is in {vrf}, with {address}"
