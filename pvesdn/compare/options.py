"""What a stanza says, option by option, in ifupdown2's words: known of our own stanzas, read from a node's text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import singledispatch
from typing import TypeAlias

from pvesdn.decode.nodes.interfaces import decode_interfaces
from pvesdn.model.ifupdown import (
    GUEST_PORTS,
    CarriedBridge,
    InterfacesFile,
    L3VniBridge,
    Stanza,
    Tunnel,
    Uplink,
    VnetBridge,
    VrfDevice,
    VxlanPort,
)
from pvesdn.model.pve_ifupdown import (
    PveAddress,
    PveBridgeProtocol,
    PveFabricInterface,
    PveOvsBridge,
    PveOvsPort,
    PveQinqBridge,
    PveVeth,
    PveVlanBridge,
    PveVlanDevice,
    PveVnetBridge,
    PveVrf,
    PveVrfBridge,
    PveVxlanPort,
)

Options: TypeAlias = Mapping[str, tuple[str, ...]]
"""The values of each option in file order; names with dashes, as ifupdown2 reads them, values with single blanks."""

_Pair: TypeAlias = tuple[str, object]
_PLAIN_BRIDGE: tuple[_Pair, ...] = (("bridge-stp", "off"), ("bridge-fd", 0))
_OUR_BRIDGE: tuple[_Pair, ...] = (*_PLAIN_BRIDGE, ("bridge-hashel", 16), ("bridge-hashmax", 4096))
_VLAN_AWARE: tuple[_Pair, ...] = (("bridge-vlan-aware", "yes"), ("bridge-vids", "2-4094"))


def options_of_text(text: str) -> Options:
    """Of an interface on a node, of all its stanzas together."""
    return _together(pair for stanza in decode_interfaces(text).stanzas for pair in stanza.options)


def options_by_name(text: str) -> dict[str, Options]:
    """Of each interface in a file on a node, of all its stanzas together."""
    found: dict[str, list[_Pair]] = {}
    for stanza in decode_interfaces(text).stanzas:
        found.setdefault(stanza.name, []).extend(stanza.options)
    return {name: _together(pairs) for name, pairs in found.items()}


def options_of_stanzas(stanzas: Iterable[Stanza], file: InterfacesFile) -> Options:
    """Of an interface that we print. :param stanzas: all that `file` has of its name, in file order."""
    return _together(pair for stanza in stanzas for pair in _said(stanza, file))


def addresses_of_stanzas(stanzas: Iterable[Stanza], file: InterfacesFile) -> tuple[str, ...]:
    """Addresses that an interface will have, also where PVE's file has them, as of a VNet that is drawn in its panel.

    :param stanzas: all that `file` has of its name, in file order.
    """
    stanzas = tuple(stanzas)
    in_pves = (address for stanza in stanzas if isinstance(stanza, CarriedBridge) for address in stanza.addresses)
    return (*options_of_stanzas(stanzas, file).get("address", ()), *in_pves)


def options_of_files(files: Iterable[InterfacesFile]) -> dict[str, Options]:
    """Of each interface in the files that we print, of all its stanzas together."""
    found: dict[str, list[_Pair]] = {}
    for file in files:
        for stanza in (*file.stanzas, *file.fabrics):
            found.setdefault(stanza.name, []).extend(_said(stanza, file))
    return {name: _together(pairs) for name, pairs in found.items()}


def _together(pairs: Iterable[_Pair]) -> Options:
    """Options without a value are left out: nothing is said by them."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        if value is not None and value is not False:
            found.setdefault(name, []).append(" ".join(str(value).split()))
    return {name: tuple(values) for name, values in found.items()}


@singledispatch
def _said(stanza: Stanza, _file: InterfacesFile) -> Iterator[_Pair]:
    raise AssertionError(stanza)  # every kind is registered below


@_said.register
def _(stanza: VxlanPort, file: InterfacesFile) -> Iterator[_Pair]:
    yield "vxlan-id", stanza.vni
    yield from (("post-up", command) for command in stanza.post_up)
    yield from _tunnel(file.tunnels[stanza.tunnel])


@_said.register
def _(stanza: VnetBridge, _file: InterfacesFile) -> Iterator[_Pair]:
    yield from _made_beforehand(stanza)
    yield from (("address", address) for address in stanza.addresses)
    yield from (("bridge-ports", stanza.port), ("bridge-ports-condone-regex", GUEST_PORTS))
    yield from _vnet(stanza)


@_said.register
def _(stanza: CarriedBridge, _file: InterfacesFile) -> Iterator[_Pair]:
    yield from _made_beforehand(stanza)
    yield from (("hwaddress", stanza.hwaddress), ("bridge-ports", stanza.port))
    yield "bridge-ports-condone-regex", GUEST_PORTS
    yield from (*_PLAIN_BRIDGE, ("mtu", stanza.mtu), ("vrf", stanza.vrf))
    yield from _VLAN_AWARE if stanza.is_vlan_aware else ()
    yield "arp-accept", stanza.has_arp_accept and "on"


@_said.register
def _(stanza: VrfDevice, _file: InterfacesFile) -> Iterator[_Pair]:
    yield "vrf-table", "auto"
    if stanza.has_unreachable_default:
        yield "post-up", f"ip route replace {_unreachable_default(stanza.name)}"
        yield "post-up", f"ip -6 route replace {_unreachable_default(stanza.name)}"


@_said.register
def _(stanza: L3VniBridge, _file: InterfacesFile) -> Iterator[_Pair]:
    yield from _made_with_mac(stanza)
    yield from (("hwaddress", stanza.hwaddress), ("bridge-ports", stanza.port))
    yield from (*_OUR_BRIDGE, ("mtu", stanza.mtu), ("vrf", stanza.vrf))


@_said.register
def _(stanza: Uplink, _file: InterfacesFile) -> Iterator[_Pair]:
    yield from (("address", address) for address in stanza.addresses)
    yield "vrf", stanza.vrf
    yield from (("vrrp", f"{stanza.vrrp_id} {address}") for address in stanza.vrrp_addresses)
    if stanza.settings:
        yield "post-up", f"sysctl -q -w {stanza.settings}"


@_said.register
def _(stanza: PveVxlanPort, _file: InterfacesFile) -> Iterator[_Pair]:
    yield from (("vxlan-id", stanza.vni), ("vxlan-local-tunnelip", stanza.local))
    yield from (("vxlan-remoteip", remote) for remote in stanza.remotes)
    yield from (("vxlan-port", stanza.udp_port), *_evpn(stanza), ("mtu", stanza.mtu))


@_said.register
def _(stanza: PveVnetBridge, _file: InterfacesFile) -> Iterator[_Pair]:
    for subnet in stanza.subnets:
        yield from _subnet(stanza.name, subnet)
    yield "bridge-ports", stanza.ports
    yield from _vnet(stanza)


@_said.register
def _(stanza: PveVrf, _file: InterfacesFile) -> Iterator[_Pair]:
    yield "vrf-table", "auto"
    yield "post-up", f"ip route {'del' if stanza.is_exit else 'add'} {_unreachable_default(stanza.name)}"


@_said.register
def _(stanza: PveVrfBridge, _file: InterfacesFile) -> Iterator[_Pair]:
    yield from (("bridge-ports", stanza.port), *_PLAIN_BRIDGE, ("mtu", stanza.mtu), ("vrf", stanza.vrf))


@_said.register
def _(stanza: PveVeth, _file: InterfacesFile) -> Iterator[_Pair]:
    yield "link-type", "veth"
    yield from (("address", address) for address in stanza.addresses)
    yield from (("veth-peer-name", stanza.peer), ("vrf", stanza.vrf), ("mtu", stanza.mtu))


@_said.register
def _(stanza: PveVlanBridge, _file: InterfacesFile) -> Iterator[_Pair]:
    yield from (("bridge-ports", stanza.ports), *_PLAIN_BRIDGE, ("mtu", stanza.mtu))


@_said.register
def _(stanza: PveOvsPort, _file: InterfacesFile) -> Iterator[_Pair]:
    yield from (("ovs-type", "OVSIntPort"), ("ovs-bridge", stanza.bridge))
    yield from (("ovs-mtu", stanza.mtu), ("ovs-options", stanza.options))


@_said.register
def _(stanza: PveOvsBridge, _file: InterfacesFile) -> Iterator[_Pair]:
    yield from (("ovs-ports", ports) for ports in stanza.ports)


@_said.register
def _(stanza: PveQinqBridge, _file: InterfacesFile) -> Iterator[_Pair]:
    yield from (("mtu", stanza.mtu), *_PLAIN_BRIDGE, *_VLAN_AWARE)
    yield "bridge-ports", f"{stanza.uplink} {stanza.pair}"


@_said.register
def _(stanza: PveVlanDevice, _file: InterfacesFile) -> Iterator[_Pair]:
    yield from (("vlan-raw-device", stanza.raw_device), ("vlan-id", stanza.vlan_id))
    yield "vlan-protocol", stanza.protocol


@_said.register
def _(stanza: PveBridgeProtocol, _file: InterfacesFile) -> Iterator[_Pair]:
    yield "bridge-vlan-protocol", stanza.protocol


@_said.register
def _(stanza: PveFabricInterface, _file: InterfacesFile) -> Iterator[_Pair]:
    yield from (("address", stanza.address), ("link-type", stanza.is_dummy and "dummy"), ("ip-forward", 1))


def _tunnel(tunnel: Tunnel) -> Iterator[_Pair]:
    yield "vxlan-local-tunnelip", tunnel.local
    yield from (("vxlan-remoteip", remote) for remote in tunnel.remotes)
    yield from (("vxlan-mcastgrp", tunnel.group), ("vxlan-mcastgrp6", tunnel.group6))
    yield from (("vxlan-physdev", tunnel.physdev), ("vxlan-port", tunnel.udp_port), *_evpn(tunnel))
    if not tunnel.has_flood:
        yield from (("bridge-unicast-flood", "off"), ("bridge-multicast-flood", "off"))
    yield "mtu", tunnel.mtu


def _evpn(port: Tunnel | PveVxlanPort) -> Iterator[_Pair]:
    yield "bridge-learning", port.is_controlled and "off"
    yield "bridge-arp-nd-suppress", port.has_arp_nd_suppression and "on"


def _made_beforehand(bridge: VnetBridge) -> Iterator[_Pair]:
    if bridge.is_made_beforehand:
        yield from _made_with_mac(bridge)
        yield "pre-up", f"sysctl -q -w net.ipv6.conf.{bridge.name}.keep_addr_on_down=1"


def _made_with_mac(bridge: VnetBridge | L3VniBridge) -> Iterator[_Pair]:
    known = f"[ -e /sys/class/net/{bridge.name} ]"
    yield "pre-up", f"{known} || ip link add name {bridge.name} address {bridge.hwaddress} type bridge"


def _vnet(bridge: VnetBridge | PveVnetBridge) -> Iterator[_Pair]:
    yield "hwaddress", bridge.hwaddress
    yield from _OUR_BRIDGE if isinstance(bridge, VnetBridge) else _PLAIN_BRIDGE
    yield from (("mtu", bridge.mtu), ("alias", bridge.alias or None), ("vrf", bridge.vrf))
    yield from _VLAN_AWARE if bridge.is_vlan_aware else ()
    yield "ip-forward", bridge.has_ip_forward and "on"
    yield "ip6-forward", bridge.has_ip6_forward and "on"
    yield "arp-accept", bridge.has_arp_accept and "on"


def _subnet(bridge: str, subnet: PveAddress) -> Iterator[_Pair]:
    yield "address", subnet.address
    if subnet.host_route is not None:
        yield "up", f"ip route add {subnet.host_route} dev {bridge}"
    if (snat := subnet.snat) is not None:
        source = f"-s '{snat.cidr}' -o {snat.out_interface} -j SNAT --to-source {snat.source}"
        yield "post-up", f"{snat.command} -t nat -A POSTROUTING {source}"
        yield "post-down", f"{snat.command} -t nat -D POSTROUTING {source}"
        yield "post-up", f"{snat.command} -t raw -I PREROUTING -i fwbr+ -j CT --zone 1"
        yield "post-down", f"{snat.command} -t raw -D PREROUTING -i fwbr+ -j CT --zone 1"


def _unreachable_default(vrf: str) -> str:
    return f"vrf {vrf} unreachable default metric 4278198272"
