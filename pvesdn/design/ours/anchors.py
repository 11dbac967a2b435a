"""Anchors: a prefix in a VRF that only one node announces, so that its router MAC never depends on shared prefixes
alone.

When two VTEPs announce the same prefix and one of them goes, zebra forgets the router MAC of the one that stays, unless
that one announces something else too (FRRouting/frr number 14108, seen with 8.4.4;
docs/decisions/0011-exits-that-go.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from pvesdn.design.ours.zones import IPV4
from pvesdn.model.frr import StaticRoute
from pvesdn.model.primitives import IpAddress

_IPV4 = IPv4Network("198.18.0.0/15")
_IPV6 = IPv6Network("2001:2::/48")
NETWORKS = (_IPV4, _IPV6)
"""Where anchors lie: for measurements in laboratories (RFC 2544, RFC 5180), so that nobody reaches anything there."""

_IPV4_MASK = 0x1FFFF
_IPV6_MASK = 0xFFFFFFFF


def anchors(vtep: IpAddress, families: Iterable[int]) -> Iterator[StaticRoute]:
    """Host routes into nothing, from the VTEP's last 17 bits in 198.18.0.0/15, and its last 32 bits in 2001:2::/48.

    Two VTEPs that agree in those bits share an anchor, which then does not help them.
    """
    for family in sorted(families):
        if family == IPV4:
            yield StaticRoute(
                "ip", f"{IPv4Address(int(_IPV4.network_address) | int(vtep) & _IPV4_MASK)}/32", "blackhole"
            )
        else:
            yield StaticRoute(
                "ipv6", f"{IPv6Address(int(_IPV6.network_address) | int(vtep) & _IPV6_MASK)}/128", "blackhole"
            )
