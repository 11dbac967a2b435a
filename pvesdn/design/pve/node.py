"""What PVE finds out about a node: its interfaces file, its routes, the MAC of a device.

The rules are in docs/pve.md §7.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property
from ipaddress import IPv4Address, ip_address

from pvesdn.design.shared.routes import RouteTable, held_by_device, source_of
from pvesdn.model.facts import IfaceStanza, NodeFacts
from pvesdn.model.primitives import IpAddress, as_address

IPV4 = 4
IPV6 = 6

_INTERNET = {IPV4: ip_address("8.8.8.8"), IPV6: ip_address("2001:4860:4860::8888")}
"""The addresses PVE looks up to find the route to the internet."""

_YES = frozenset({"yes", "on", "true", "1"})
_UPLINKS = frozenset({"", "bond", "vlan"})
"""Kinds of a bridge's members that lead out of the node: physical ones have none."""

_CIDR = re.compile(r"(.+)/\d+")
_MAC = re.compile(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")
_NO_MAC = "00:00:00:00:00:00"
_BRIDGE = "vmbr0"


@dataclass(frozen=True, slots=True)
class RouteAnswer:
    """What `ip route get` says of the route to an address.

    :param address: the source address, spelled as it was found; None when there is none.
    :param device: the outgoing device; empty when there is no route, or none is known.
    :param is_hidden: there is a route, but what was read does not tell where it leads.
    """

    address: str | None = None
    device: str = ""
    is_hidden: bool = False


class BridgeKind(Enum):
    """What a bridge of the host does with VLANs."""

    PLAIN = auto()
    VLAN_AWARE = auto()
    OVS = auto()


@dataclass(frozen=True, slots=True)
class HostBridge:
    """A bridge that the node has.

    :param ports: its physical, bond and VLAN members, in the order of `ip link`; PVE has no order of its own.
    """

    name: str
    kind: BridgeKind
    ports: tuple[str, ...] = ()


class PveNode:
    """One node's answers to PVE's questions; each is worked out once.

    :param facts: what was observed on the node.
    """

    def __init__(self, facts: NodeFacts) -> None:
        self._facts = facts
        self.node = facts.node
        self._configured = _configured(facts.stanzas)
        self._holders = {address: name for name, address in reversed(self._configured.items())}
        self._locals: dict[tuple[tuple[str, ...], str | None], RouteAnswer] = {}
        self._bridges: dict[str, HostBridge | None] = {}

    def local(self, peers: Sequence[str], loopback: str | None = None) -> RouteAnswer:
        """The address of `loopback`, else the node's own address among `peers`, else the source address towards the
        first peer.

        Addresses of /etc/network/interfaces are compared as text, as PVE does: `fd00::1` is not `fd00:0::1`.
        """
        key = tuple(peers), loopback
        if key not in self._locals:
            self._locals[key] = self._find_local(*key)
        return self._locals[key]

    def _find_local(self, peers: Sequence[str], loopback: str | None) -> RouteAnswer:
        if loopback in self._configured:
            return RouteAnswer(self._configured[loopback], loopback)
        for peer in peers:
            if peer in self._holders:
                return RouteAnswer(peer, self._holders[peer])
        return route_to(ip_address(peers[0]), self._facts) if peers else RouteAnswer()

    def is_missing(self, answer: RouteAnswer) -> bool:
        """Whether `ip route get` finds no route and fails, which ends what PVE was generating.

        Where the node's routes are not known, nothing is missing.
        """
        return not answer.device and not answer.is_hidden and bool(self._facts.routes)

    def bridge(self, name: str) -> HostBridge | None:
        """The bridge of that name; None when the node has no such device, and PVE skips whatever would use it."""
        if name not in self._bridges:
            self._bridges[name] = host_bridge(name, self._facts)
        return self._bridges[name]

    def device(self, name: str) -> str:
        """The kernel's name of a device that may be called by one of its alternative names."""
        return next((link.name for link in self._facts.links if name in link.altnames), name)

    @cached_property
    def internet(self) -> Mapping[int, RouteAnswer]:
        """The route to the internet by address family, 4 and 6."""
        return {family: route_to(target, self._facts) for family, target in _INTERNET.items()}

    def router_id(self, answer: RouteAnswer) -> str | None:
        """The BGP router ID for a local address: the address itself, or four bytes of the device's MAC.

        None when PVE finds none either and writes no FRR configuration.
        """
        if answer.address is not None and isinstance(ip_address(answer.address), IPv4Address):
            return answer.address
        mac = self.mac(answer.device)
        if not _MAC.fullmatch(mac) or mac == _NO_MAC:
            return None
        octets = mac.split(":")
        return ".".join(str(int(octet, 16)) for octet in octets[2:])

    def mac(self, device: str) -> str:
        """The MAC of a device, or of the bridge or bond it belongs to; empty when none is known."""
        link = self._facts.link(device)
        if link is None:
            return ""
        master = self._facts.link(link.master)
        return master.mac if master and master.mac else link.mac


def host_bridge(name: str, facts: NodeFacts) -> HostBridge | None:
    """The bridge `name` of a node as PVE finds it; None when there is no device of that name.

    The kernel's answer comes first. If it does not know (to the kernel, an Open vSwitch bridge without its datapath is
    a tap device), the node's interfaces file says what the device is.
    """
    link = facts.link(name)
    if link is None:
        return None
    options = {option: text for stanza in facts.stanzas if stanza.name == name for option, text in stanza.options}
    is_linux = link.kind == "bridge"
    if link.kind == "openvswitch" or (not is_linux and options.get("ovs-type") == "OVSBridge"):
        return HostBridge(name, BridgeKind.OVS)
    is_aware = link.vlan_filtering
    if is_linux and is_aware is None:
        is_aware = options.get("bridge-vlan-aware", "no").lower() in _YES
    ports = tuple(port.name for port in facts.links if port.master == name and port.kind in _UPLINKS)
    return HostBridge(name, BridgeKind.VLAN_AWARE if is_aware else BridgeKind.PLAIN, ports)


def route_to(target: IpAddress, facts: NodeFacts) -> RouteAnswer:
    """What `ip route get TARGET` would say on the node, from its addresses and its main routing tables."""
    if facts.holder(target) is not None:
        return RouteAnswer(str(target), "lo")
    if not facts.routes:
        # Nothing is known of the node's routes; the bridge of PVE's installer is where other nodes are.
        return RouteAnswer(None, _BRIDGE if facts.link(_BRIDGE) else "")
    hops = RouteTable(facts.routes).hops(target)
    if not hops:
        return RouteAnswer()
    if not hops[0].device:
        # The kernel names a nexthop object by its number only (sysctl nexthop_compat_mode), and follows it all the
        # same.
        return RouteAnswer(is_hidden=True)
    source = source_of(hops[0], target, held_by_device(facts))
    return RouteAnswer(None if source is None else str(source), hops[0].device)


def _configured(stanzas: Iterable[IfaceStanza]) -> dict[str, str]:
    """Addresses by interface, as PVE reads the file (docs/pve.md §7): one IPv4 address each, the last."""
    found: dict[str, str] = {}
    for stanza in stanzas:
        family = stanza.method.partition(" ")[0]
        for text in stanza.values("address"):
            # What stands under `inet` counts as IPv4 whatever it is; without a family the colon decides.
            if family == "inet6" or (not family and ":" in text):
                continue
            match = _CIDR.fullmatch(text)
            address = match[1] if match else text
            if as_address(address) is not None:
                found[stanza.name] = address
    return found
