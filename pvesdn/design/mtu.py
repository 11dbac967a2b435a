"""How large a packet of a guest may be."""

from __future__ import annotations

from collections.abc import Iterable

from pvesdn.model.cluster import Vtep
from pvesdn.model.primitives import IpAddress

MTU_MIN, MTU_MAX = 552, 9216
"""What ifupdown2's grammar takes, bytes of an IP packet."""

_OVERHEAD = {4: 50, 6: 70}


def overhead(vtep: IpAddress) -> int:
    """Bytes that VXLAN adds to an inner IP packet: Ethernet 14, VXLAN 8, UDP 8, and IPv4 20 or IPv6 40 (RFC 7348 section 5)."""
    return _OVERHEAD[vtep.version]


def inner_mtu(vteps: Iterable[Vtep]) -> int | None:
    """Bytes of the largest inner IP packet that fits between all of these VTEPs; None if none of their MTUs is known."""
    return min((vtep.mtu - overhead(vtep.address) for vtep in vteps if vtep.mtu is not None), default=None)
