"""Datagrams that show whether the underlay carries what the zones need, from one VTEP to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pvesdn.model.primitives import IpAddress


@dataclass(frozen=True, slots=True)
class PathProbe:
    """One frame, from a node to the bridge of a VNet on another, as the kernel would send it.

    :param number: unique in one run.
    :param vtep: the source's VTEP.
    :param peer: the target's VTEP.
    :param mac: the MAC of the target's bridge.
    :param source_mac: what the frame says that it comes from: the source's VXLAN device.
    :param size: bytes of the frame without its 14 of Ethernet: what a guest calls the MTU.
    :param is_small: so small that every way carries it, which tells a hole in the MTU from a way that is closed.
    """

    number: int
    source: str
    target: str
    zone: str
    bridge: str
    vni: int
    udp_port: int
    vtep: IpAddress
    peer: IpAddress
    mac: str
    source_mac: str
    size: int
    is_small: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """What one node has heard, and what it could not send.

    :param heard: numbers of the probes that came.
    :param unsent: the system's name of the error, such as ``EMSGSIZE``, by the number of the probe.
    :param lasted: seconds for which it sent and listened.
    :param unable: why no packet can be seen there; empty where it could listen.
    """

    heard: frozenset[int] = frozenset()
    unsent: Mapping[int, str] = field(default_factory=dict)
    lasted: float = 0.0
    unable: str = ""
