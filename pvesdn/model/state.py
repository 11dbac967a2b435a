"""What a node is doing: its devices as the kernel has them, where they flood to, the kernel's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pvesdn.model.primitives import IpAddress, IpInterface


@dataclass(frozen=True, slots=True)
class LiveDevice:
    """A device of `ip -j -d link` with its addresses; None is what a device of its kind does not have.

    :param kind: ``bridge``, ``vxlan``, ``vrf``, ``veth``… or empty for a physical one.
    :param is_up: administratively.
    :param has_carrier: something is at the other end.
    :param mtu: bytes.
    :param mac: in lower case.
    :param master: the bridge or the VRF it is in, or empty.
    :param addresses: without those that IPv6 gives itself on every link (RFC 4291 section 2.5.6).
    :param learns: as a bridge's port: source addresses of what comes in are learned.
    :param floods: as a bridge's port: unknown unicast and multicast go out there.
    """

    name: str
    kind: str = ""
    is_up: bool = True
    has_carrier: bool = True
    mtu: int = 1500
    mac: str = ""
    master: str = ""
    addresses: frozenset[IpInterface] = frozenset()
    vlan_filtering: bool | None = None
    vni: int | None = None
    vtep: IpAddress | None = None
    udp_port: int | None = None
    group: IpAddress | None = None
    physdev: str | None = None
    learns: bool | None = None
    floods: bool | None = None
    suppresses: bool | None = None


@dataclass(frozen=True, slots=True)
class NodeState:
    """What one node is doing. None is what was not seen, and `unseen` says why.

    :param devices: by name.
    :param flooding: VTEPs and groups of all-zero FDB entries, by VXLAN device; a device without any is absent.
    :param settings: values by path below /proc/sys; what the kernel does not have is absent.
    :param unseen: reasons by the name of the question, as in `STATE_COMMANDS`.
    """

    node: str
    devices: Mapping[str, LiveDevice]
    flooding: Mapping[str, frozenset[IpAddress]] | None = None
    settings: Mapping[str, str] | None = None
    unseen: Mapping[str, str] = field(default_factory=dict)
