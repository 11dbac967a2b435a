"""What on a node may be in the way of the network: packet filters, programs with its ports, clocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pvesdn.model.primitives import IpAddress, IpNetwork


@dataclass(frozen=True, slots=True)
class Packet:
    """The first packet of a flow between the node and another.

    :param protocol: ``udp``, ``tcp`` or ``vrrp``.
    :param port: the destination's; None where the protocol has none.
    :param other: the other's address.
    :param is_incoming: it comes from the other.
    """

    protocol: str
    port: int | None
    other: IpAddress
    is_incoming: bool = True


@dataclass(frozen=True, slots=True)
class FilterRule:
    """One rule of a packet filter. What it says nothing about is None.

    :param text: as its filter prints it.
    :param target: ``ACCEPT``, ``DROP``, ``REJECT``, ``RETURN``, another chain, or empty for a rule that only counts.
    :param ports: ranges of destination ports.
    :param is_vague: it has conditions that nobody here can judge: sets, marks, rates.
    :param is_of_others: it has conditions that a first packet between nodes does not meet: its state, the loopback.
    """

    text: str
    target: str
    protocol: str | None = None
    ports: tuple[tuple[int, int], ...] | None = None
    others: tuple[IpNetwork, ...] | None = None
    is_vague: bool = False
    is_of_others: bool = False


@dataclass(frozen=True, slots=True)
class FilterChain:
    """Rules in their order, and what becomes of a packet that none of them decides on; empty for going back."""

    rules: tuple[FilterRule, ...] = ()
    policy: str = ""


@dataclass(frozen=True, slots=True)
class PacketFilter:
    """Chains by name.

    :param family: 4, 6, or 0 for both.
    :param table: of nftables, with its family, as `nft` has it on its command line; empty for iptables.
    """

    family: int
    chains: Mapping[str, FilterChain]
    incoming: tuple[str, ...] = ("INPUT",)
    outgoing: tuple[str, ...] = ("OUTPUT",)
    table: str = ""


@dataclass(frozen=True, slots=True)
class HeldPort:
    """A port that a program listens on."""

    protocol: str
    port: int
    program: str
    pid: int


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What one node says of them. None is what was not seen, and `unseen` says why.

    :param has_pve_firewall: PVE's firewall is switched on, for the cluster and on the node.
    :param clock: seconds of the Unix epoch.
    :param zebra: seconds since boot at which FRR was started.
    :param network: seconds since boot at which the devices were there.
    """

    filters: tuple[PacketFilter, ...] = ()
    has_pve_firewall: bool = False
    held: tuple[HeldPort, ...] = ()
    clock: float | None = None
    zebra: float | None = None
    network: float | None = None
    unseen: Mapping[str, str] = field(default_factory=dict)
