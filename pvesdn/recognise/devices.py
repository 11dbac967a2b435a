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
from pvesdn.model.hand_written import Device, Floods, HandWrittenNode, Option, Place, VxlanWords
from pvesdn.model.primitives import MTU_MAX, MTU_MIN, VNI_MAX, IpAddress, IpInterface
from pvesdn.recognise.notebook import Notebook

_LOCAL = "vxlan-local-tunnelip"
_MANUAL = frozenset({"inet manual", "inet6 manual"})
_MAPS = ("bridge-vlan-vni-map", "vxlan-remoteip-map", "vxlan-mcastgrp-map")
_IPV4 = 4
GROUP_WORDS = ("vxlan-mcastgrp", "vxlan-mcastgrp6", "vxlan-svcnodeip", "vxlan-svcnodeip6")
FLOOD_SWITCHES = ("bridge-unicast-flood", "bridge-multicast-flood")
_NEVER_OF_VXLAN = ("bridge-ports", "bond-slaves", "vlan-raw-device", "vrf-table")
"""Options of devices of other kinds."""

_mtu = integer(MTU_MIN, MTU_MAX)


@dataclass(frozen=True, slots=True)
class Port:
    """A VXLAN device.

    :param local: its tunnel address, or that of `lo`, which ifupdown2 takes as the default of all of them.
    :param local_place: where that is stated.
    :param hooked_remotes: those that hooks add, as written; without the node itself, which some scripts add too.
    :param physdev: the device that the group is joined on.
    :param learns: data-plane learning; None if not stated.
    """

    device: Device
    vni: int
    local: IpAddress | None
    local_place: Place
    remotes: tuple[IpAddress, ...]
    hooked_remotes: tuple[str, ...]
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
    default = _default_local(node, book)
    by_hook = {act.name for hook in node.hooks for act in hook.acts if isinstance(act, VxlanWords)}
    vxlans = [
        device
        for device in node.devices.values()
        if _is_vxlan(device) and (device.name not in by_hook or device.all("vxlan-id"))
    ]
    for device in node.devices.values():
        _tell_useless(node.node, device, book)
    ports = {device.name: port for device in vxlans if (port := _port(node, device, default, book))}
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
                hint = f"write 'iface {name} inet manual' below that, and 'vxlan-id NUMBER' if it is a VXLAN device"
                if twice:
                    hint = f"call it {name} in the stanza of {twice} that is meant for it: 'iface {name} inet manual'"
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
            hint = f"write it with the prefix length of its network, like {_example(text)}"
            book.error(node, option.place, device.name, what, hint)
        else:
            yield found


def _interface(text: str) -> IpInterface | None:
    try:
        # A scope is free text and would reach a configuration file.
        return ip_interface(text) if "/" in text and "%" not in text else None
    except ValueError:
        return None


def _example(text: str) -> str:
    try:
        alone = addresses.unicast(text)
    except BadValueError:
        return "10.0.2.254/24"
    return f"{alone}/{24 if alone.version == _IPV4 else 64}"


def _with_mask(address: str, mask: Option | None) -> str:
    return address if mask is None else f"{address}/{mask.value}"


def is_single_device(device: Device) -> bool:
    """Whether it is one VXLAN device for many VNIs, in the words of ifupdown2."""
    filters = (option.value.lower() for option in device.all("vxlan-vnifilter"))
    return bool(device.all(*_MAPS)) or any(word in ("on", "yes", "1") for word in filters)


def _is_vxlan(device: Device) -> bool:
    """Whether a stanza makes a VXLAN device with one VNI, or is meant to."""
    if device.name == "lo" or is_single_device(device):
        return False
    is_something_else = device.all("address", *_NEVER_OF_VXLAN) or not _MANUAL.issuperset(device.methods)
    return bool(device.all("vxlan-id")) or (_has_vxlan_words(device) and not is_something_else)


def _has_vxlan_words(device: Device) -> bool:
    return any(option.name.startswith("vxlan-") for option in device.options)


def _tell_useless(node: str, device: Device, book: Notebook) -> None:
    """Enter words about VXLAN that ifupdown2 does not ask for where they stand."""
    is_lo = device.name == "lo"
    if not is_lo and (_is_vxlan(device) or is_single_device(device)):
        return
    for option in device.options:
        if is_lo and option.name == "clagd-vxlan-anycast-ip":
            what = f"{option.name} {option.value}: the VTEP that two switches share, which pvesdn has no words for"
            book.lose(node, option.place, device.name, what, "every node keeps a VTEP of its own")
        elif option.name.startswith("vxlan-") and not (is_lo and option.name == _LOCAL):
            what = f"{option.name} {option.value} does nothing: {device.name} is not a VXLAN device"
            book.lose(node, option.place, device.name, what, "take the line out")


def _default_local(node: HandWrittenNode, book: Notebook) -> tuple[IpAddress, Place] | None:
    """`vxlan-local-tunnelip` of `lo`."""
    device = node.devices.get("lo")
    if device is None or not device.all(_LOCAL):
        return None
    address = book.only(node.node, device, (_LOCAL,), addresses.unicast)
    return None if address is None else (address, device.all(_LOCAL)[0].place)


def _port(
    node: HandWrittenNode, device: Device, default: tuple[IpAddress, Place] | None, book: Notebook
) -> Port | None:
    only = partial(book.only, node.node, device)
    if not device.all("vxlan-id"):
        what = f"has no vxlan-id, so its VNI is unknown{_guess(node, device)}"
        hint = "add the line 'vxlan-id NUMBER' to its stanza, with the same number on every node"
        book.error(node.node, device.place, device.name, what, hint)
        return None
    vni = only(("vxlan-id",), integer(1, VNI_MAX))
    if vni is None:
        return None
    own = only((_LOCAL,), addresses.unicast)
    return Port(
        device=device,
        vni=vni,
        local=own or (default[0] if default else None),
        local_place=next((option.place for option in device.all(_LOCAL)), default[1] if default else device.place),
        remotes=_remotes(node.node, device, book),
        hooked_remotes=tuple(
            act.address
            for hook in node.hooks
            for act in hook.acts
            if isinstance(act, Floods) and act.device == device.name and not node.holds(act.address)
        ),
        group=only(GROUP_WORDS, _group),
        physdev=only(("vxlan-physdev",), values.interface),
        udp_port=only(("vxlan-port",), integer(1, 65535)),
        mtu=only(("mtu",), _mtu),
        learns=only(("bridge-learning",), values.boolean),
        suppresses=only(("bridge-arp-nd-suppress",), values.boolean) or False,
        floods=_floods(node.node, device, book),
    )


def _group(text: str) -> IpAddress:
    """A multicast group. A unicast address there is another node, or one that floods for all."""
    try:
        addresses.unicast(text)
    except BadValueError:
        return addresses.multicast(text)
    hint = "write 'vxlan-remoteip ADDRESS' for every other node, in place of it"
    raise BadValueError(f"{shown(text)} is not a multicast address", hint)


def _guess(node: HandWrittenNode, device: Device) -> str:
    """The VNI that the kernel has, or that the name suggests."""
    digits = re.search(r"[0-9]{1,8}$", device.name)
    named = int(digits[0]) if digits and 1 <= int(digits[0]) <= VNI_MAX else None
    live = next((one.words.vni for one in node.live if one.words.name == device.name), "")
    if live and live != str(named):
        return f"; the kernel has {live} there"
    return "" if named is None else f"; its name suggests {named}"


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
    switches = [book.only(node, device, (name,), values.boolean) for name in FLOOD_SWITCHES]
    return any(switch is not False for switch in switches)


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
