"""How large a guest's packet may be."""

from __future__ import annotations

from collections.abc import Iterable

from pvesdn.model.cluster import UnderlayPath, Vtep
from pvesdn.model.primitives import IpAddress

_OVERHEAD = {4: 50, 6: 70}


def overhead(vtep: IpAddress) -> int:
    """Bytes that VXLAN adds to an inner IP packet: Ethernet 14, VXLAN 8, UDP 8, and IPv4 20 or IPv6 40 (RFC 7348
    section 5).
    """
    return _OVERHEAD[vtep.version]


def narrowest(vtep: Vtep, ends: Iterable[IpAddress]) -> UnderlayPath | None:
    """The path with the smallest MTU from a VTEP to some addresses; None if none of those paths is known."""
    paths = [vtep.paths[end] for end in ends if end in vtep.paths and vtep.paths[end].mtu is not None]
    return min(paths, key=lambda path: (path.mtu or 0, path.peer.version, int(path.peer)), default=None)


def outer_mtu(vtep: Vtep, ends: Iterable[IpAddress]) -> int | None:
    """Bytes of the largest packet, VXLAN headers included, from a VTEP to some addresses; None
    where it is not known.
    """
    path = narrowest(vtep, ends)
    return vtep.mtu if path is None else path.mtu


def inner_mtu(vteps: Iterable[Vtep], ends: Iterable[IpAddress] = ()) -> int | None:
    """Bytes of the largest inner IP packet that fits between all of these VTEPs; None if none of their MTUs is known.

    :param ends: where else they send to: a zone's list of peers, its multicast group.
    """
    between = tuple(vteps)
    everybody = {vtep.address for vtep in between} | set(ends)
    sizes = ((outer_mtu(vtep, everybody - {vtep.address}), overhead(vtep.address)) for vtep in between)
    return min((size - more for size, more in sizes if size is not None), default=None)
