"""The way of a packet through the cluster: the places that it passes, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from pvesdn.model.looked_up import GuestPlace
from pvesdn.model.primitives import IpAddress
from pvesdn.model.verification import Discrepancy


class EndKind(StrEnum):
    """What is at an end of a trace."""

    GUEST = "guest"
    NODE = "node"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class End:
    """One end of a trace.

    :param label: what it was called.
    :param kind: a guest, an address of the nodes' own, such as a gateway, or something outside of the cluster. An
        address of a VNet that nobody was seen to have counts as a guest's without id.
    :param node: where it is; empty where nobody knows, and outside.
    :param port: the guest's device on the node: ``tap101i0``; empty where there is none.
    :param bridge: that it should be in.
    :param mac: in lower case; empty where nobody knows.
    :param address: that the trace is about; None where nobody knows one.
    :param addresses: all that may have been meant: of a guest that was named all that it is known to have.
    :param is_one_of_several: the guest has other network devices.
    :param elsewhere: other nodes that have a port of the same device.
    :param holders: nodes that have the address, of a node's.
    """

    label: str
    kind: EndKind
    node: str = ""
    port: str = ""
    bridge: str = ""
    mac: str = ""
    address: IpAddress | None = None
    guest: GuestPlace | None = None
    device: int | None = None
    holders: tuple[str, ...] = ()
    addresses: tuple[IpAddress, ...] = ()
    elsewhere: tuple[str, ...] = ()
    is_one_of_several: bool = False

    @property
    def versions(self) -> frozenset[int]:
        """Those of IP that it is known to have an address of."""
        return frozenset(found.version for found in (*self.addresses, self.address) if found is not None)

    @property
    def name(self) -> str:
        """``101 web-1``, ``101/net1``, or the address."""
        if self.guest is None:
            return self.label
        has_device = self.device is not None and (self.device > 0 or self.is_one_of_several)
        number = f"{self.guest.id}/net{self.device}" if has_device else str(self.guest.id)
        return f"{number} {self.guest.name}".rstrip()


class Place(StrEnum):
    """What a hop is."""

    PORT = "port"
    BRIDGE = "bridge"
    ROUTER = "router"
    TUNNEL = "tunnel"
    ARRIVAL = "arrival"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Hop:
    """One place that the packet passes.

    :param node: empty outside.
    :param what: what happens there, in words.
    :param mtu: bytes that a guest's packet may have there; None where nothing limits it.
    """

    node: str
    place: Place
    device: str
    what: str
    mac: str = ""
    vlan: int | None = None
    vrf: str = ""
    route: str = ""
    next_hop: str = ""
    vni: int | None = None
    vtep: str = ""
    remote: str = ""
    mtu: int | None = None


class Outcome(StrEnum):
    """How a way ends."""

    ARRIVES = "arrives"
    ENDS = "ends"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Tunnel:
    """A tunnel that a way uses: what `--ping` sends through it."""

    source: str
    target: str
    zone: str
    device: str
    bridge: str
    vni: int
    udp_port: int
    vtep: IpAddress
    remote: IpAddress
    mac: str
    source_mac: str
    mtu: int


@dataclass(frozen=True, slots=True)
class Circle:
    """Where a packet goes round and does not arrive.

    :param nodes: in the order in which it comes to them, the first once more at the end; one alone where it stays.
    :param zones: whose devices it passes.
    """

    nodes: tuple[str, ...]
    zones: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Way:
    """One way that a packet may take.

    :param node: where it ends, if it ends or nobody knows further.
    :param device: the device there.
    :param reason: why it ends there, or why nobody knows.
    :param step: what to do next, where that is known; on `node`, as root, if it is a command.
    :param notes: what does not end it, and somebody should know.
    :param doubt: what nobody could look up on the way, which was taken for granted; empty where all was seen.
    :param is_out_of_sight: what is not known is so because a node did not answer.
    :param circle: where it goes round, which is how it ends; None where it does not.
    :param unrouted: the zone whose VRF has no route for it, which is how it ends; empty where it does not.
    """

    hops: tuple[Hop, ...] = ()
    outcome: Outcome = Outcome.UNKNOWN
    node: str = ""
    device: str = ""
    reason: str = ""
    step: str = ""
    notes: tuple[str, ...] = ()
    tunnels: tuple[Tunnel, ...] = ()
    doubt: str = ""
    is_out_of_sight: bool = False
    circle: Circle | None = None
    unrouted: str = ""

    @property
    def mtu(self) -> int | None:
        """Bytes of the largest packet that all of its places carry."""
        return min((hop.mtu for hop in self.hops if hop.mtu is not None), default=None)

    def and_hop(self, node: str, place: Place, device: str, what: str, **said: Any) -> Way:
        """With one more place."""
        return replace(self, hops=(*self.hops, Hop(node, place, device, what, **said)))

    def noting(self, note: str) -> Way:
        """With one more note, told once."""
        return self if note in self.notes else replace(self, notes=(*self.notes, note))

    def ends(self, node: str, device: str, reason: str, step: str = "") -> Way:
        """It ends there."""
        return replace(self, outcome=Outcome.ENDS, node=node, device=device, reason=reason, step=step)

    def is_lost(self, node: str, device: str, reason: str, *, is_out_of_sight: bool = False) -> Way:
        """Nobody knows how it goes on from there."""
        lost = replace(self, outcome=Outcome.UNKNOWN, node=node, device=device, reason=reason)
        return replace(lost, is_out_of_sight=is_out_of_sight)

    def doubting(self, why: str) -> Way:
        """Going on as if what could not be looked up were in order."""
        return self if self.doubt else replace(self, doubt=why)

    def arrives(self) -> Way:
        """It is there, unless something on the way could not be seen."""
        if self.doubt:
            last = self.hops[-1]
            return self.is_lost(last.node, last.device, self.doubt)
        return replace(self, outcome=Outcome.ARRIVES)


@dataclass(frozen=True, slots=True)
class Direction:
    """All ways from one end to the other; several where routes share the load."""

    source: End
    target: End
    ways: tuple[Way, ...]

    @property
    def outcome(self) -> Outcome:
        """The worst of its ways: packets take any of them."""
        found = {way.outcome for way in self.ways}
        return next(one for one in (Outcome.ENDS, Outcome.UNKNOWN, Outcome.ARRIVES) if one in found)


@dataclass(frozen=True, slots=True)
class Pinged:
    """What packets through the tunnels have shown.

    :param proved: each tunnel that carried what it should, in words.
    :param failed: what did not come.
    :param not_tried: what was not tried, and why.
    """

    proved: tuple[str, ...] = ()
    failed: tuple[Discrepancy, ...] = ()
    not_tried: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trace:
    """The way there and the way back.

    :param findings: what verify says of the places where a way ends.
    :param unreachable: nodes that did not answer, with the reason.
    :param pinged: None where no packets were sent.
    """

    there: Direction
    back: Direction
    findings: tuple[Discrepancy, ...] = ()
    unreachable: Mapping[str, str] = field(default_factory=dict)
    offline: tuple[str, ...] = ()
    pinged: Pinged | None = None

    @property
    def ways(self) -> tuple[Way, ...]:
        """Those of both directions."""
        return (*self.there.ways, *self.back.ways)

    @property
    def outcome(self) -> Outcome:
        """The worse of both directions; what packets did not get through ends, too."""
        if self.pinged is not None and self.pinged.failed:
            return Outcome.ENDS
        both = {self.there.outcome, self.back.outcome}
        return next(one for one in (Outcome.ENDS, Outcome.UNKNOWN, Outcome.ARRIVES) if one in both)
