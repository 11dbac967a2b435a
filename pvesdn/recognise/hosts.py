"""Addresses of the nodes themselves on a bridge of the overlay: a VNet has none, and the bridge must not go with them.

An anycast gateway (RFC 9135 §4.1) is the same on all nodes. An address that one node alone has is that node's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_interface

from pvesdn.model.facts import NodeFacts
from pvesdn.model.hand_written import HandWrittenNode, Holds, Place
from pvesdn.model.primitives import IpAddress, IpInterface
from pvesdn.recognise.devices import NodeDevices
from pvesdn.recognise.nets import FloodMode, Net, Nets
from pvesdn.recognise.notebook import Notebook

_CONFIGURED = ("inet dhcp", "inet6 dhcp", "inet6 auto")
_IPV4 = 4
_LIVE = ", which no file says,"


@dataclass(frozen=True, slots=True)
class _Address:
    """One address of a bridge. :param how: how it comes there, in words; empty where `address` says so."""

    held: IpInterface
    place: Place
    how: str = ""


def refuse_own_addresses(
    nets: Nets,
    nodes: Mapping[str, HandWrittenNode],
    facts: Mapping[str, NodeFacts],
    book: Notebook,
) -> frozenset[str]:
    """Enter every address of a node's own; names of the bridges that have one."""
    ties = tuple(nets.ties.values())
    return frozenset(
        net.name for net in (*nets.vnets, *ties) if _Bridge(net, nodes, facts, book, is_tie=net in ties).refuse()
    )


def homes_of(devices: NodeDevices, facts: NodeFacts | None, address: IpAddress | None) -> frozenset[str]:
    """The bridges with VXLAN ports that hold an address of the node, by its files or live."""
    live = {name for name, held in facts.addresses if held.ip == address} if facts is not None else set()
    return frozenset(
        name
        for name, bridge in devices.bridges.items()
        if name in live or any(held.ip == address for held in bridge.addresses)
    )


class _Bridge:
    """One bridge on all nodes."""

    def __init__(
        self,
        net: Net,
        nodes: Mapping[str, HandWrittenNode],
        facts: Mapping[str, NodeFacts],
        book: Notebook,
        *,
        is_tie: bool,
    ) -> None:
        self._net = net
        self._is_tie = is_tie
        self._book = book
        self._all = {name: tuple(self._of(name, nodes[name], facts.get(name))) for name in net.sights}
        self._holders = Counter(address.held.ip for held in self._all.values() for address in set(held))
        self._own = {
            name: tuple(address for address in held if self._is_own(name, address)) for name, held in self._all.items()
        }

    def refuse(self) -> bool:
        has_own = False
        for node, sight in self._net.sights.items():
            for method in sight.bridge.device.methods:
                if method in _CONFIGURED:
                    has_own = True
                    what = f"'{method}' gives the node an address of its own there, which a VNet cannot have"
                    self._book.error(node, sight.place, self._net.name, what, _hint(self._net.name))
            for address in self._own[node]:
                has_own = True
                self._tell(node, address)
            for option in sight.port.device.all("address"):
                has_own = True
                what = f"{option.value} is the node's own address, which a VXLAN port cannot have"
                self._book.error(node, option.place, sight.port.device.name, what, _hint(sight.port.device.name))
        return has_own

    def _of(self, name: str, node: HandWrittenNode, facts: NodeFacts | None) -> Iterator[_Address]:
        bridge = self._net.sights[name].bridge
        options = bridge.device.all("address")
        written = {}
        for held, option in zip(bridge.addresses, options, strict=False):
            written[held.ip] = _Address(held, option.place)
        for hook in node.hooks:
            for act in hook.acts:
                if isinstance(act, Holds) and act.device == bridge.device.name and (found := _interface(act.address)):
                    written.setdefault(found.ip, _Address(found, hook.place, f" by the hook '{hook.text}'"))
        yield from written.values()
        for device, held in facts.addresses if facts is not None else ():
            # IPv6 finds addresses of its own in router advertisements, and drops them again.
            if device == bridge.device.name and held.version == _IPV4 and held.ip not in written:
                yield _Address(held, bridge.device.place, _LIVE)

    def _is_own(self, node: str, address: _Address) -> bool:
        """Whether one node alone has it, and it is not a gateway that was mistyped: that one's network has a gateway on
        two other nodes, and none here.
        """
        if self._is_tie:  # it has no guests, and so no gateway
            return True
        if len(self._net.sights) == 1:
            return self._net.first.mode is not FloodMode.EVPN
        if self._holders[address.held.ip] > 1:
            return False
        here = {other.held.ip for other in self._all[node] if other.how != _LIVE}
        shared = {
            other.held.ip
            for held in self._all.values()
            for other in held
            if other.held.network == address.held.network and self._holders[other.held.ip] > 1
        }
        return not shared or bool(shared & here)

    def _tell(self, node: str, address: _Address) -> None:
        elsewhere = [(name, other.held) for name, held in self._own.items() for other in held if name != node]
        network = address.held.network
        beside = next((f" ({name} has {held} there)" for name, held in elsewhere if held.network == network), "")
        what = f"{address.held}{address.how} is the node's own address{beside}, which a VNet cannot have"
        hint = _hint(self._net.name)
        if not address.how and not elsewhere and not self._is_tie and self._net.first.mode is FloodMode.EVPN:
            hint += "; if it is meant as the guests' gateway, add it to pvesdn.cfg afterwards"
        self._book.error(node, address.place, self._net.name, what, hint)


def _hint(bridge: str) -> str:
    return (
        "move it to a device of the host's own outside the overlay, or take it off "
        f"{bridge} if nothing needs it; then import again"
    )


def _interface(text: str) -> IpInterface | None:
    try:
        return ip_interface(text) if "%" not in text else None
    except ValueError:
        return None
