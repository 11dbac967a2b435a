"""The devices of one node that belong to an overlay: VXLAN ports, the bridges they are in, VRFs and what else is in
those.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_interface

from pvesdn.decode.definitions import addresses, values
from pvesdn.decode.definitions.values import BadValueError, integer, shown
from pvesdn.decode.nodes.ip_route import read_ip_route
from pvesdn.decode.secrets import hide_secrets
from pvesdn.model.hand_written import Device, HandWrittenNode, Option
from pvesdn.model.primitives import VNI_MAX, IpAddress, IpInterface
from pvesdn.recognise.notebook import Notebook

HOOKS = ("up", "post-up", "pre-up", "down", "post-down", "pre-down")

_PORT_OPTIONS = frozenset(
    {
        "vxlan-id",
        "vxlan-local-tunnelip",
        "vxlan-remoteip",
        "vxlan-mcastgrp",
        "vxlan-mcastgrp6",
        "vxlan-svcnodeip",
        "vxlan-svcnodeip6",
        "vxlan-physdev",
        "vxlan-port",
        "bridge-learning",
        "bridge-arp-nd-suppress",
        "bridge-unicast-flood",
        "bridge-multicast-flood",
        "mtu",
    }
)
_BRIDGE_OPTIONS = frozenset(
    {
        "address",
        "netmask",
        "hwaddress",
        "bridge-ports",
        "bridge-stp",
        "bridge-fd",
        "bridge-ports-condone-regex",
        "bridge-vlan-aware",
        "bridge-vids",
        "mtu",
        "alias",
        "ip-forward",
        "ip6-forward",
        "arp-accept",
        "vrf",
    }
)
_HARMLESS = {
    "bridge-stp": frozenset({"off", "no", "0"}),
    "bridge-fd": frozenset({"0"}),
    "bridge-vids": frozenset({"2-4094"}),
    "ip-forward": frozenset({"on", "yes", "1"}),
    "ip6-forward": frozenset({"on", "yes", "1"}),
    "arp-accept": frozenset({"on", "yes", "1"}),
}
"""Values that pvesdn prints too; any other is not carried over."""

_mtu = integer(552, 9216)


@dataclass(frozen=True, slots=True)
class Port:
    """A VXLAN device.

    :param physdev: the device that the group is joined on.
    :param learns: data-plane learning; None if not stated.
    """

    device: Device
    vni: int
    local: IpAddress | None
    remotes: tuple[IpAddress, ...]
    group: IpAddress | None
    physdev: str | None
    udp_port: int | None
    mtu: int | None
    learns: bool | None
    suppresses: bool
    floods: bool


@dataclass(frozen=True, slots=True)
class Bridge:
    """A bridge with VXLAN ports. :param ports: all of its ports, as written."""

    device: Device
    ports: tuple[str, ...]
    addresses: tuple[IpInterface, ...]
    mac: str | None
    vrf: str | None
    mtu: int | None
    alias: str | None
    is_vlan_aware: bool


@dataclass(frozen=True, slots=True)
class NodeDevices:
    """The devices of a node that belong to an overlay.

    :param enslaved: devices in a VRF other than these bridges, by name of the VRF.
    """

    node: str
    ports: Mapping[str, Port]
    bridges: Mapping[str, Bridge]
    vrfs: Mapping[str, Device]
    enslaved: Mapping[str, tuple[Device, ...]]


def read_devices(node: HandWrittenNode, book: Notebook) -> NodeDevices:
    """Sort a node's devices; a faulty one is entered in `book` and left out."""
    vxlans = [device for device in node.devices.values() if _is_vxlan(device)]
    ports = {device.name: port for device in vxlans if (port := _port(node.node, device, book))}
    names = {device.name for device in vxlans}
    bridges = {
        device.name: _bridge(node.node, device, book)
        for device in node.devices.values()
        if set(port_names(device)) & names
    }
    for device in node.devices.values():
        for name in port_names(device):
            if name in node.orphans:
                what = f"its port {name} has an auto line but no iface stanza"
                twice = next((port.name for port in vxlans if len(port.all("vxlan-id")) > 1), "")
                hint = f"one of the stanzas for {twice} may be meant for it" if twice else "add its stanza"
                book.error(node.node, node.orphans[name], device.name, what, hint)
    vrfs = {device.name: device for device in node.devices.values() if device.all("vrf-table")}
    enslaved: dict[str, list[Device]] = {}
    for device in node.devices.values():
        for option in device.all("vrf"):
            if device.name not in bridges:
                enslaved.setdefault(option.value, []).append(device)
    return NodeDevices(
        node=node.node,
        ports=ports,
        bridges=bridges,
        vrfs=vrfs,
        enslaved={name: tuple(found) for name, found in enslaved.items()},
    )


def port_names(device: Device) -> tuple[str, ...]:
    """The ports of a bridge, as written; empty for anything else."""
    return tuple(word for option in device.all("bridge-ports") for word in option.value.split())


def interfaces(node: str, device: Device, book: Notebook) -> Iterator[IpInterface]:
    """The addresses of a device; a mask on a line of its own belongs to the address before it."""
    masks = iter(device.all("netmask"))
    for option in device.all("address"):
        text = option.value if "/" in option.value else _with_mask(option.value, next(masks, None))
        found = _interface(text)
        if found is None:
            what = f"address {shown(text)} is not an address with a prefix length"
            book.error(node, option.place, device.name, what, "write it like 10.0.2.254/24")
        else:
            yield found


def _interface(text: str) -> IpInterface | None:
    try:
        # A scope is free text and would reach a configuration file.
        return ip_interface(text) if "/" in text and "%" not in text else None
    except ValueError:
        return None


def _with_mask(address: str, mask: Option | None) -> str:
    return address if mask is None else f"{address}/{mask.value}"


def tell_unknown(node: str, device: Device, known: frozenset[str], book: Notebook) -> None:
    """Enter the options that are not carried over."""
    for option in device.options:
        values_ = _HARMLESS.get(option.name)
        if option.name not in known or (values_ is not None and option.value not in values_):
            if option.name in HOOKS and (_is_unreachable(option.value) or _makes_itself(device, option.value)):
                continue
            book.lose(node, option.place, device.name, hide_secrets(f"{option.name} {option.value}".rstrip())[0])


def tell_unknown_of_port(node: str, port: Port, book: Notebook) -> None:
    """Enter the options of a VXLAN device that are not carried over."""
    tell_unknown(node, port.device, _PORT_OPTIONS, book)


def tell_unknown_of_bridge(node: str, bridge: Bridge, own: str, book: Notebook) -> None:
    """Enter the options of a bridge that are not carried over. :param own: its VXLAN port."""
    tell_unknown(node, bridge.device, _BRIDGE_OPTIONS, book)
    others = [port for port in bridge.ports if port != own]
    if others:
        place = bridge.device.all("bridge-ports")[0].place
        hint = "a VNet's bridge holds its VXLAN port and guests' ports, nothing else"
        book.lose(node, place, bridge.device.name, f"the port {', '.join(others)}", hint)


def tell_unknown_of_vrf(node: str, vrf: Device, book: Notebook) -> None:
    """Enter the options of a VRF that are not carried over: pvesdn prints `vrf-table auto` and the
    unreachable default.
    """
    tell_unknown(node, vrf, frozenset({"vrf-table"}), book)
    for option in vrf.all("vrf-table"):
        if option.value != "auto":
            book.lose(
                node, option.place, vrf.name, f"vrf-table {option.value}", "the table's number is chosen automatically"
            )


def _makes_itself(device: Device, command: str) -> bool:
    """Whether a bridge's own hook creates it with its router MAC, as pvesdn prints it for L3VNIs: then the hook is no
    loss.
    """
    words = command.split()
    made = ["ip", "link", "add", "name", device.name, "address"]
    return words[-9:-3] == made and words[-2:] == ["type", "bridge"]


def _is_unreachable(command: str) -> bool:
    route = read_ip_route(command)
    return route is not None and route.kind == "unreachable" and route.destination == "default"


def _is_vxlan(device: Device) -> bool:
    return any(option.name.startswith("vxlan-") for option in device.options)


def _port(node: str, device: Device, book: Notebook) -> Port | None:
    only = partial(book.only, node, device)
    if not device.all("vxlan-id"):
        digits = re.search(r"[0-9]{1,8}$", device.name)
        guess = f"; its name suggests {int(digits[0])}" if digits and 1 <= int(digits[0]) <= VNI_MAX else ""
        what = f"has no vxlan-id, so its VNI is unknown{guess}"
        book.error(node, device.place, device.name, what, "add the line 'vxlan-id NUMBER' on every node")
        return None
    vni = only(("vxlan-id",), integer(1, VNI_MAX))
    if vni is None:
        return None
    return Port(
        device=device,
        vni=vni,
        local=only(("vxlan-local-tunnelip",), addresses.unicast),
        remotes=_remotes(node, device, book),
        group=only(("vxlan-mcastgrp", "vxlan-mcastgrp6", "vxlan-svcnodeip", "vxlan-svcnodeip6"), addresses.multicast),
        physdev=only(("vxlan-physdev",), values.interface),
        udp_port=only(("vxlan-port",), integer(1, 65535)),
        mtu=only(("mtu",), _mtu),
        learns=only(("bridge-learning",), values.boolean),
        suppresses=only(("bridge-arp-nd-suppress",), values.boolean) or False,
        floods=_floods(node, device, book),
    )


def _remotes(node: str, device: Device, book: Notebook) -> tuple[IpAddress, ...]:
    found: list[IpAddress] = []
    for option in device.all("vxlan-remoteip"):
        for word in option.value.replace(",", " ").split():
            try:
                address = addresses.unicast(word)
            except BadValueError as error:
                book.error(node, option.place, device.name, f"{option.name} {error.what}", error.hint)
                continue
            if address in found:
                book.error(
                    node, option.place, device.name, f"{option.name} {address} is given twice", "list each only once"
                )
            found.append(address)
    return tuple(found)


def _floods(node: str, device: Device, book: Notebook) -> bool:
    """Whether unknown frames are flooded to the port: pvesdn has one setting for unicast and multicast."""
    names = ("bridge-unicast-flood", "bridge-multicast-flood")
    switches = [book.only(node, device, (name,), values.boolean) for name in names]
    off = [name for name, switch in zip(names, switches, strict=True) if switch is False]
    if len(off) == 1:
        option = device.all(off[0])[0]
        hint = "pvesdn switches both off (flood 0) or neither"
        book.lose(node, option.place, device.name, f"{option.name} off without the other", hint)
    return len(off) < len(names)


def _bridge(node: str, device: Device, book: Notebook) -> Bridge:
    only = partial(book.only, node, device)
    return Bridge(
        device=device,
        ports=port_names(device),
        addresses=tuple(interfaces(node, device, book)),
        mac=only(("hwaddress",), lambda text: values.mac(text.removeprefix("ether "))),
        vrf=only(("vrf",), values.interface),
        mtu=only(("mtu",), _mtu),
        alias=only(("alias",), values.text),
        is_vlan_aware=only(("bridge-vlan-aware",), values.boolean) or False,
    )
