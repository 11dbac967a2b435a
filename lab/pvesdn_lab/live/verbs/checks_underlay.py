"""What scenarios prove about the underlay: which address a node speaks from, and what ends when the path fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from pvesdn_lab.live.testbed.node import LiveNode
from pvesdn_lab.live.testbed.space import LabFault, wait_for
from pvesdn_lab.live.verbs.context import Context, NotProven, as_proof, require

Ends = frozenset[tuple[str, str]]
"""Local and remote address of each session."""


def speaks_from(context: Context) -> str:
    """Every node holds its sessions from its VTEP to the VTEPs of all others: BGP Established, BFD up, and no others.

    It reports both ends of each session, by FRR, and the address that the kernel would have chosen.
    """
    nodes, told = context.nodes(), []
    for node in nodes:
        own = context.vtep(node)
        wanted = frozenset((own, context.vtep(other)) for other in nodes if other is not node)
        with as_proof():
            wait_for(
                f"{node.name} speaks from {own} alone: BGP {_listed(bgp_ends(_neighbors(node)))}, "
                f"BFD {_listed(bfd_ends(_bfd_peers(node)))}",
                partial(_speaks, node, wanted),
            )
        told.append(f"{node.name} from {own} on {_holder(node, own)}{_kernels_choice(node, own, min(wanted)[1])}")
    return f"BGP and BFD: {'; '.join(told)}"


def routed_by(context: Context, *, protocol: str) -> str:
    """Every node's kernel has a route to every other VTEP from this protocol, as `ip route` spells it."""
    nodes, gateways = context.nodes(), set()
    for node in nodes:
        for other in nodes:
            if other is not node:
                address = context.vtep(other)
                with as_proof():
                    (route,) = wait_for(
                        f"{node.name} has a route to {address} by {protocol}", partial(_routes, node, address, protocol)
                    )
                gateways.add(f"{node.name} via {route['gateway']}")
    return ", ".join(sorted(gateways))


def routes_gone(context: Context, *, of: str, protocol: str) -> str:
    """The protocol has withdrawn its routes to a node's VTEP on all others."""
    gone = context.vtep(context.lab.node(of))
    others = [node for node in context.nodes() if node.name != of]
    for node in others:
        with as_proof():
            wait_for(f"{node.name} has no route to {gone} by {protocol}", partial(_has_none, node, gone, protocol))
    return f"no route to {gone} on {', '.join(node.name for node in others)}"


def tunnels_from(context: Context, *, vnets: list[str]) -> str:
    """The VXLAN devices of these VNets send from their node's VTEP."""
    for node in context.nodes():
        devices, own = node.devices(), context.vtep(node)
        for vnet in vnets:
            found = devices[f"vxlan_{vnet}"]["linkinfo"]["info_data"].get("local")
            require(found == own, f"vxlan_{vnet} of {node.name} to send from {own}", found)
    return f"{', '.join(vnets)} on {len(context.nodes())} nodes"


def path_fails(context: Context, *, of: str, limit: float = 60) -> str:
    """BFD finds a node unreachable, and ends BGP's sessions with it before their hold timer does.

    :param of: the node; the others are asked.
    :param limit: seconds; emulation is slow.
    """
    gone = context.vtep(context.lab.node(of))
    others, ended = [node for node in context.nodes() if node.name != of], dict[str, str]()
    try:
        wait_for(
            f"BFD with {of} down on all others, and their sessions ended by that",
            partial(bfd_ended_sessions, others, gone, ended),
            limit=limit,
        )
    except LabFault as fault:
        found = (f"{n.name}: {bfd_states(_bfd_peers(n)).get(gone)}, {why_ended(_neighbors(n), gone)}" for n in others)
        raise NotProven(f"{fault}; seen in time: {ended}; now {'; '.join(found)}") from None
    told = "; ".join(f"{name}: BFD down, session ended by {reason}" for name, reason in ended.items())
    return f"{told}, not by the hold timer of {_hold_seconds(_neighbors(others[0]), gone):g} s"


def bgp_ends(neighbors: Mapping[str, Any]) -> Ends:
    """The ends of Established sessions. :param neighbors: ``show bgp neighbors json``."""
    rows = [row for row in neighbors.values() if isinstance(row, dict) and row.get("bgpState") == "Established"]
    return frozenset((row["hostLocal"], row["hostForeign"]) for row in rows)


def bfd_ends(peers: Sequence[Mapping[str, Any]]) -> Ends:
    """The ends of sessions that are up. :param peers: ``show bfd peers json``."""
    return frozenset((row.get("local", "any address"), row["peer"]) for row in peers if row["status"] == "up")


def bfd_states(peers: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The state of each BFD session by its peer's address. :param peers: ``show bfd peers json``."""
    return {row["peer"]: row["status"] for row in peers}


def why_ended(neighbors: Mapping[str, Any], peer: str) -> str:
    """What ended the last session with a peer, in FRR's words; empty while it is Established, or without such a peer.

    RFC 9384 has a subcode of Cease for BFD; without a NOTIFICATION FRR names its own reason.

    :param neighbors: ``show bgp neighbors json``.
    """
    row = neighbors.get(peer, {})
    if not row or row["bgpState"] == "Established":
        return ""
    return str(row.get("lastNotificationReason") or row.get("lastResetDueTo", ""))


def bfd_ended_sessions(nodes: Sequence[LiveNode], peer: str, ended: dict[str, str]) -> bool:
    """BFD has ended the session with a peer on all of these nodes.

    :param ended: filled with what FRR says on each node, as soon as it is seen: once the route has gone too, FRR gives
        another reason.
    """
    for node in nodes:
        if node.name not in ended and bfd_states(_bfd_peers(node)).get(peer) == "down":
            reason = why_ended(_neighbors(node), peer)
            if "BFD" in reason:
                ended[node.name] = reason
    return len(ended) == len(nodes)


def _speaks(node: LiveNode, wanted: Ends) -> bool:
    return bgp_ends(_neighbors(node)) == wanted and bfd_ends(_bfd_peers(node)) == wanted


def _routes(node: LiveNode, address: str, protocol: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = node.space.json("ip", "-j", "route", "show", address, "proto", protocol)
    return found


def _has_none(node: LiveNode, address: str, protocol: str) -> bool:
    return not _routes(node, address, protocol)


def _hold_seconds(neighbors: Mapping[str, Any], peer: str) -> float:
    return float(neighbors[peer]["bgpTimerConfiguredHoldTimeMsecs"]) / 1000


def sources(node: LiveNode) -> set[str]:
    """The addresses from which a node holds BGP sessions."""
    return {local for local, _ in bgp_ends(_neighbors(node))}


def _neighbors(node: LiveNode) -> dict[str, Any]:
    found: dict[str, Any] = node.vtysh("show bgp neighbors json")
    return found


def _bfd_peers(node: LiveNode) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = node.vtysh("show bfd peers json")
    return found


def _holder(node: LiveNode, address: str) -> str:
    """The device that has an address."""
    links = node.space.json("ip", "-j", "address")
    return next((link["ifname"] for link in links for held in link["addr_info"] if held["local"] == address), "nothing")


def _kernels_choice(node: LiveNode, own: str, peer: str) -> str:
    """The source address that the kernel would choose for a session, where that is another."""
    (route,) = node.space.json("ip", "-j", "route", "get", peer)
    return "" if route["prefsrc"] == own else f", not {route['prefsrc']} as the kernel would"


def _listed(ends: Ends) -> str:
    return ", ".join(f"{local} to {remote}" for local, remote in sorted(ends)) or "none"
