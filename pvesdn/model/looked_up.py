"""What nodes look up for a trace: forwarding entries, neighbours, routes, and what is told of guests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pvesdn.model.primitives import IpAddress, IpNetwork


@dataclass(frozen=True, slots=True)
class FdbEntry:
    """Where frames for a MAC leave a bridge, or a VXLAN device.

    :param device: a port, or the bridge itself.
    :param remote: of a VXLAN device's own entry: the VTEP; None for the bridge's entry.
    :param bridge: whose entry it is; empty for the VXLAN device's own.
    :param is_own: the MAC is that of the device itself.
    """

    mac: str
    device: str
    remote: IpAddress | None = None
    bridge: str = ""
    vlan: int | None = None
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An entry of the neighbour table. :param mac: in lower case; empty while nobody has answered."""

    address: IpAddress
    device: str
    mac: str = ""
    state: frozenset[str] = frozenset()

    @property
    def is_usable(self) -> bool:
        """Packets can be sent to it at once."""
        return bool(self.mac) and not self.is_silent

    @property
    def is_stale(self) -> bool:
        """It is used, though nobody has confirmed it for long."""
        return "STALE" in self.state

    @property
    def is_silent(self) -> bool:
        """It was asked for, and nobody has answered yet."""
        return bool(self.state & {"FAILED", "INCOMPLETE"})


@dataclass(frozen=True, slots=True)
class NextHop:
    """:param gateway: None for a network on the device itself."""

    device: str
    gateway: IpAddress | None = None


@dataclass(frozen=True, slots=True)
class FoundRoute:
    """The route that a table has for an address. :param rejects: ``unreachable`` or the like; empty for one that leads
    somewhere.
    """

    prefix: IpNetwork
    hops: tuple[NextHop, ...] = ()
    protocol: str = ""
    rejects: str = ""


@dataclass(frozen=True, slots=True)
class GuestCard:
    """A network device of a guest, as its configuration or PVE's IPAM has it.

    :param device: its index; None for what IPAM has.
    :param mac: empty where it is not told.
    """

    guest: int
    device: int | None
    mac: str = ""
    bridge: str = ""
    addresses: tuple[IpAddress, ...] = ()


@dataclass(frozen=True, slots=True)
class ForwardFilter:
    """A chain that what a node forwards comes to. Its rules are not known.

    :param name: ``iptables FORWARD``, ``nftables inet filter forward``.
    :param families: of the packets that are routed: 4, 6; empty for none.
    :param is_of_bridges: frames in bridges go through it.
    :param drops: what none of its rules lets pass.
    :param is_empty: it has no rules; None where that is not known.
    """

    name: str
    families: frozenset[int] = frozenset()
    is_of_bridges: bool = False
    drops: bool = False
    is_empty: bool | None = None


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What one node's tables say of two ends. None is what nobody could look up; `unseen` says why.

    :param routes: by VRF, empty for the main table, and address: the route that is used.
    :param nat: rules that translate what leaves, as lines of iptables-save.
    :param nat6: the same of ip6tables-save.
    :param filters: chains that what the node forwards comes to.
    :param groups: the multicast groups that were asked for, with the devices that have joined them.
    :param unseen: reasons by the name of the question; of `cards` and `leases` too, which are empty then.
    """

    cards: tuple[GuestCard, ...] = ()
    fdb: tuple[FdbEntry, ...] | None = None
    neighbours: tuple[Neighbour, ...] | None = None
    routes: Mapping[tuple[str, IpAddress], FoundRoute] | None = None
    nat: tuple[str, ...] | None = None
    nat6: tuple[str, ...] | None = None
    filters: tuple[ForwardFilter, ...] | None = None
    groups: Mapping[IpAddress, frozenset[str]] | None = None
    unseen: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """What the nodes are asked to look up."""

    guests: frozenset[int] = frozenset()
    ports: frozenset[str] = frozenset()
    macs: frozenset[str] = frozenset()
    addresses: frozenset[IpAddress] = frozenset()
    vrfs: frozenset[str] = frozenset()
    groups: frozenset[IpAddress] = frozenset()


@dataclass(frozen=True, slots=True)
class GuestPlace:
    """Where PVE has a guest. :param node: empty where it was not told."""

    id: int
    name: str = ""
    node: str = ""
    is_running: bool | None = None
