"""What scenarios prove about traces: nodes are as they were before, and zones know nothing of each other."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Any

from pvesdn_lab.live.testbed.node import LiveNode
from pvesdn_lab.live.testbed.space import LabFault, wait_for
from pvesdn_lab.live.verbs.context import Context, as_proof, require

_NOTE = "nodes as they were"
_OF_A_LINK = ("mtu", "master", "address")
_STAYS_OF_A_VRF = re.compile(r"route unreachable default( dev lo)? table (vrf_\w+|\d+)$")
"""A route without a device outlives its VRF; nothing looks it up in that table any more (docs/lab.md)."""
_KERNELS_OWN = re.compile(r"fe80:|ff00:|127\.|::1$|tap\d")


def remember(context: Context) -> str:
    """Record what nodes have: devices, addresses, routes in all tables, VLANs of bridge ports, netfilter rules and OVS
    ports.
    """
    context.notes[_NOTE] = {node.name: state_of(node) for node in context.nodes()}
    return f"{len(context.nodes())} nodes"


def as_before(context: Context) -> str:
    """Nodes have what they had when it was recorded, and nothing else but unreachable defaults in the tables of removed
    VRFs.
    """
    if _NOTE not in context.notes:
        raise LabFault("nothing was recorded: a step `remember` must come first")
    for node in context.nodes():
        before, now = context.notes[_NOTE][node.name], state_of(node)
        require(now <= before, f"{node.name} to have nothing but what it had", sorted(now - before))
        require(before <= now, f"{node.name} to have all that it had", f"missing: {sorted(before - now)}")
    left_out = "unreachable defaults of removed VRFs left out"
    return f"{len(context.nodes())} nodes: the devices, addresses, routes and rules that they had before; {left_out}"


def state_of(node: LiveNode) -> set[str]:
    """What a node has, a line each: devices, addresses, routes, VLANs, netfilter rules, ports of Open vSwitch."""
    found = {_link(name, link) for name, link in node.devices().items()}
    for link in node.space.json("ip", "-j", "address"):
        found |= {f"address {a['local']}/{a['prefixlen']} on {link['ifname']}" for a in link["addr_info"]}
    for family in ("-4", "-6"):
        lines = node.space.must("ip", family, "-o", "route", "show", "table", "all").splitlines()
        found |= {f"route {re.sub(r' (metric|pref|proto|nhid) .*', '', line).strip()}" for line in lines}
    found |= {f"vlan {line}" for line in _vlans(node)}
    for table in ("nat", "raw"):
        rules = node.space.call("iptables-save", "-t", table).stdout.splitlines()
        found |= {f"{table}: {line}" for line in rules if line.startswith("-A")}
    if node.space.call("test", "-S", "/run/openvswitch/db.sock").returncode == 0:
        for bridge in node.space.must("ovs-vsctl", "list-br").split():
            found |= {f"port {port} of {bridge}" for port in node.space.must("ovs-vsctl", "list-ports", bridge).split()}
    return {entry for entry in found if not (_KERNELS_OWN.search(entry) or _STAYS_OF_A_VRF.match(entry))}


def _link(name: str, link: dict[str, Any]) -> str:
    words = [f"{key} {link[key]}" for key in _OF_A_LINK if key in link]
    protocol = link.get("linkinfo", {}).get("info_data", {}).get("vlan_protocol")
    return f"device {name}: {', '.join([*words, *([f'protocol {protocol}'] if protocol else [])])}"


def _vlans(node: LiveNode) -> list[str]:
    rows = node.space.json("bridge", "-j", "vlan", "show")
    return [f"{row['ifname']} {row['vlans']}" for row in rows]


def kept_apart(context: Context, *, networks: dict[str, str]) -> str:
    """No VRF has a route into another one's network, on any node.

    :param networks: of each VRF, the network that all its subnets are in.
    """
    number = 0
    for node in context.nodes():
        for vrf in networks:
            strangers = [ip_network(network) for name, network in networks.items() if name != vrf]
            routes = [_destination(row) for row in node.space.json("ip", "-j", "route", "show", "vrf", vrf)]
            found = [str(route) for route in routes if route and any(route.subnet_of(other) for other in strangers)]
            require(not found, f"{vrf} of {node.name} to have no route of another VRF", found)
            number += len(routes)
    return f"{number} routes of {len(networks)} VRFs on {len(context.nodes())} nodes, none of another's"


def _destination(row: dict[str, Any]) -> Any:
    return (
        None if row["dst"] == "default" or row.get("type") in {"unreachable", "blackhole"} else ip_network(row["dst"])
    )


def default_leads_to(context: Context, *, node: str, vrf: str, nodes: list[str]) -> str:
    """The default route of a VRF leads to the VTEPs of these nodes."""
    target = context.lab.node(node)
    wanted = {context.vtep(context.lab.node(name)) for name in nodes}
    with as_proof():
        wait_for(
            f"the default route in {vrf} of {node} leads to {sorted(wanted)}, not {sorted(_gateways(target, vrf))}",
            lambda: _gateways(target, vrf) == wanted,
        )
    return ", ".join(sorted(wanted))


def _gateways(node: LiveNode, vrf: str) -> set[str]:
    routes = node.space.json("ip", "-j", "route", "show", "vrf", vrf, "default")
    return {hop["gateway"] for route in routes for hop in route.get("nexthops") or [route] if "gateway" in hop}
