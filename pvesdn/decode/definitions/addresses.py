"""Values of properties that are addresses, networks and lists of them. Scopes are refused: they are free text."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Interface,
    IPv6Network,
    ip_address,
    ip_interface,
    ip_network,
)
from typing import Any, TypeVar

from pvesdn.decode.definitions.values import BadValueError, each, listed, node, shown
from pvesdn.model.primitives import IpAddress, IpNetwork

HostInterface = TypeVar("HostInterface", IPv4Interface, IPv6Interface)
Parsed = TypeVar("Parsed")

_PREFIX = re.compile(r"[^/]+/[0-9]{1,3}")
_BROADCAST = IPv4Address("255.255.255.255")
_NO_GROUPS = (
    (IPv4Network("224.0.0.0/24"), "which routing protocols use on the local link (RFC 5771)"),
    (IPv6Network("ff00::/16"), "which is reserved (RFC 4291)"),
    (IPv6Network("ff01::/16"), "which never leaves a node (RFC 4291)"),
    (IPv6Network("ff11::/16"), "which never leaves a node (RFC 4291)"),
    (IPv6Network("ff02::/16"), "which the protocols of a link use themselves (RFC 4291)"),
)
_LINK_LOCAL = IPv6Network("fe80::/10")


def address(value: str) -> IpAddress:
    """An IP address without a scope: a scope is free text that would reach a configuration file."""
    found = _parsed(ip_address, value)
    if found is None:
        raise BadValueError(f"{shown(value)} is not an IP address", "write an IPv4 or IPv6 address")
    return found


def unicast(value: str) -> IpAddress:
    """The address of a host."""
    found = address(value)
    if found.is_multicast or found.is_unspecified or found.is_loopback or found == _BROADCAST:
        raise BadValueError(f"{found} is not a unicast address", "write the address of a host")
    return found


def multicast(value: str) -> IpAddress:
    """The address of a multicast group."""
    found = address(value)
    if not found.is_multicast:
        raise BadValueError(
            f"{found} is not a multicast address", "write one of 224.0.0.0/4 or ff00::/8, such as 239.1.1.1"
        )
    for block, use in _NO_GROUPS:
        if found in block:
            hint = "write another group such as 239.1.1.1, or ff05::1:1 over IPv6"
            raise BadValueError(f"{found} is in {block}, {use}", hint)
    return found


def hosts(value: str) -> tuple[IpAddress, ...]:
    """A list of unicast addresses, at least one, each once."""
    return _each_once(each(value, "address", unicast))


def reflectors(value: str) -> tuple[IpAddress | str, ...]:
    """A list of addresses and node names, at least one, each once."""
    return _each_once(each(value, "address or node name", _address_or_node))


def pve_addresses(value: str) -> tuple[str, ...]:
    """PVE's ip-list, each address in the spelling it was given."""
    each(value, "address", address)
    return listed(value, "address")


def vteps(value: str) -> tuple[tuple[str, IpAddress], ...]:
    """A list of `node=address`, at least one, sorted, each node and each address once."""
    pairs = each(value, "node=address", _vtep)
    addresses: dict[str, IpAddress] = {}
    names: dict[IpAddress, str] = {}
    for name, given in pairs:
        if name in addresses:
            raise BadValueError(f"lists node '{name}' twice", "list each node only once", name)
        if given in names:
            what = f"gives {given} to both {names[given]} and {name}"
            raise BadValueError(what, "give each node the address that it has itself", name)
        addresses[name], names[given] = given, name
    return tuple(sorted(pairs))


def _vtep(word: str) -> tuple[str, IpAddress]:
    name, sign, given = word.partition("=")
    if not sign:
        hint = "write it like node1=192.168.0.1,node2=192.168.0.2"
        raise BadValueError(f"{shown(word)} is not of the form node=address", hint)
    return str(node(name)), unicast(given)


def network(value: str) -> IpNetwork:
    """An IP network without host bits."""
    found = loose_network(value)
    if found.network_address != ip_address(value.partition("/")[0]):
        raise BadValueError(f"{shown(value)} has host bits set", f"write {found}")
    return found


def underlay_network(value: str) -> IpNetwork:
    """A network that VTEPs can be in."""
    found = network(value)
    if unfit := not_for_hosts(found):
        raise BadValueError(f"{found} is {unfit}", "write the network of the VTEPs")
    return found


def not_for_hosts(network: IpNetwork) -> str:
    """Why no host can have a routed address in the network, as a predicate; empty where hosts can."""
    if isinstance(network, IPv6Network) and network.subnet_of(_LINK_LOCAL):
        return "link-local: such addresses are never routed (RFC 4291)"
    if network.is_multicast:
        return "for multicast"
    return "the loopback network" if network.is_loopback else ""


def loose_network(value: str) -> IpNetwork:
    """An IP network, in which host bits may be set."""
    found = _parsed(partial(ip_network, strict=False), value) if _PREFIX.fullmatch(value) else None
    if found is None:
        raise BadValueError(f"{shown(value)} is not a network", "write address/length such as 192.168.0.0/24")
    return found


def interface4(value: str) -> IPv4Interface:
    """An IPv4 address of a host with its prefix length."""
    return _host_interface(value, IPv4Interface, "an IPv4", "172.16.0.1/24")


def interface6(value: str) -> IPv6Interface:
    """An IPv6 address of a host with its prefix length."""
    return _host_interface(value, IPv6Interface, "an IPv6", "fd00::1/64")


def host_fault(host: IpAddress, within: IpNetwork) -> str:
    """Why `host` cannot be a host of `within`, as a predicate; empty when it can (RFC 3021, RFC 6164: /31 and /127)."""
    if host not in within:
        return f"{host} is outside {within}"
    if within.max_prefixlen - within.prefixlen <= 1:
        return ""
    if host == within.network_address:
        return f"{host} is the network address of {within}"
    if isinstance(host, IPv4Address) and host == within.broadcast_address:
        return f"{host} is the broadcast address of {within}"
    return ""


def _host_interface(value: str, family: type[HostInterface], name: str, example: str) -> HostInterface:
    hint = f"write {name} address with its prefix length such as {example}"
    found = _parsed(ip_interface, value) if _PREFIX.fullmatch(value) else None
    if found is None:
        raise BadValueError(f"{shown(value)} is not an address with a prefix length", hint)
    if not isinstance(found, family):
        raise BadValueError(f"{shown(value)} is not {name} address", hint)
    unicast(str(found.ip))
    if fault := host_fault(found.ip, found.network):
        raise BadValueError(fault, "write the address of a host in it")
    return found


def _parsed(parse: Callable[[str], Parsed], value: str) -> Parsed | None:
    """A text without a scope as `ipaddress` parses it; None if it does not."""
    try:
        return None if "%" in value else parse(value)
    except ValueError:
        return None


def _each_once(items: tuple[Any, ...]) -> tuple[Any, ...]:
    met: set[Any] = set()
    for item in items:
        if item in met:
            raise BadValueError(f"lists {item} twice", "list each only once")
        met.add(item)
    return items


def _address_or_node(word: str) -> IpAddress | str:
    return unicast(word) if ":" in word or re.fullmatch(r"[0-9.]+", word) else str(node(word))
