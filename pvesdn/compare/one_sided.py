"""BGP sessions of which one end alone is configured: the other member has no neighbor here, and they stay down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from ipaddress import ip_network

from pvesdn.compare.live_view import ClusterView, NodeView
from pvesdn.decode.frr.text import statements
from pvesdn.model.expectation import ExpectedSession
from pvesdn.model.primitives import IpAddress, IpNetwork, as_address

_RANGE = ("bgp", "listen", "range")


def is_one_sided(view: NodeView, cluster: ClusterView, session: ExpectedSession) -> bool:
    """Whether a member has the other end and nothing there makes it a neighbor of this node: neither what is defined,
    nor a line in its frr.conf, which may be an administrator's.

    False where the other end is nobody's, or nobody looked at it.
    """
    other = cluster.nodes.get(cluster.owners.get(session.peer, ""))
    if other is None or other is view:
        return False
    ends = ends_of(view, session)
    return bool(ends) and not (ends & _defined(other) or _is_in_file(other, ends))


def waits_in_vain(view: NodeView, cluster: ClusterView, session: ExpectedSession) -> bool:
    """Whether a session is not established and, by what is defined, never will be."""
    live = (view.state.sessions or {}).get(session.peer)
    return live is not None and not live.is_established and is_one_sided(view, cluster, session)


def speaks_in_vain(view: NodeView, other: NodeView, cluster: ClusterView) -> bool:
    """Whether a session of a node to another one is one-sided."""
    there = (session for session in view.expected.sessions if cluster.owners.get(session.peer) == other.node)
    return any(is_one_sided(view, cluster, session) for session in there)


def ends_of(view: NodeView, session: ExpectedSession) -> frozenset[IpAddress]:
    """The addresses of which the node may speak from one: that which is configured, else those in the peer's network,
    else all that it has.
    """
    if session.source is not None:
        return frozenset({session.source})
    held = [address for device in view.state.devices.values() for address in device.addresses]
    peer = as_address(session.peer)
    near = frozenset(address.ip for address in held if peer is not None and peer in address.network)
    return near or frozenset(address.ip for address in held)


def accepts_unknown(other: NodeView, ends: frozenset[IpAddress]) -> bool:
    """Whether a node's frr.conf takes in whoever speaks from one of these addresses, without naming it."""
    _, ranges = _of_file(other.frr_conf or "")
    return any(end in network for end in ends for network in ranges)


def _defined(view: NodeView) -> frozenset[IpAddress]:
    peers = (as_address(session.peer) for session in view.expected.sessions)
    return frozenset(peer for peer in peers if peer is not None)


def _is_in_file(view: NodeView, ends: frozenset[IpAddress]) -> bool:
    named, _ = _of_file(view.frr_conf or "")
    return bool(ends & named) or accepts_unknown(view, ends)


@lru_cache(maxsize=128)  # of each node, asked for by all others
def _of_file(text: str) -> tuple[frozenset[IpAddress], tuple[IpNetwork, ...]]:
    """Neighbors of the default VRF that a frr.conf names, and ranges of them."""
    lines = list(_of_default_router(text))
    named = (as_address(line[1]) for line in lines if line[0] == "neighbor" and len(line) > 1)
    ranges = tuple(ip_network(line[3], strict=False) for line in lines if line[:3] == _RANGE and _is_network(line[3:]))
    return frozenset(address for address in named if address is not None), ranges


def _of_default_router(text: str) -> Iterator[tuple[str, ...]]:
    for place in statements(text):
        if len(place) == 2 and place[0][:2] == ("router", "bgp") and "vrf" not in place[0]:  # noqa: PLR2004 - a line
            yield place[1]


def _is_network(words: tuple[str, ...]) -> bool:
    with suppress(ValueError, IndexError):
        return bool(ip_network(words[0], strict=False))
    return False
