"""What a node should be doing, from its design: devices with their attributes, flooding, the kernel's settings.

A stanza is read here a second time, with the eyes of the kernel: what ifupdown2 makes of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from ipaddress import ip_address, ip_interface
from itertools import chain
from typing import Any

from pvesdn.design.expected_routes import expected_routes, expected_virtual_routers, refuses_defaults
from pvesdn.design.ours.bgp import daemons
from pvesdn.model.design import NodeDesign
from pvesdn.model.expectation import ALWAYS_RUN, ExpectedDevice, ExpectedSession, ExpectedVni, NodeExpectation
from pvesdn.model.files import OUR_INTERFACES, SDN_INTERFACES
from pvesdn.model.frr import FrrConfig
from pvesdn.model.ifupdown import (
    L3VniBridge,
    Stanza,
    Tunnel,
    Uplink,
    VnetBridge,
    VrfDevice,
    VxlanPort,
)
from pvesdn.model.primitives import as_address
from pvesdn.model.pve_ifupdown import (
    PveFabricInterface,
    PveQinqBridge,
    PveVeth,
    PveVlanBridge,
    PveVlanDevice,
    PveVnetBridge,
    PveVrf,
    PveVrfBridge,
    PveVxlanPort,
)
from pvesdn.model.vlans import LAST_VLAN, VlanSet

_VXLAN_UDP = 4789
"""The port that ifupdown2 takes where a stanza names none (RFC 7348 section 8)."""
_ALL_VLANS = VlanSet.of([(1, LAST_VLAN)])
"""What a port of a VLAN-aware VNet lets through: ``bridge-vids 2-4094``, and the PVID that ifupdown2 takes, 1."""
_DEFAULT_VRF = "default"
_NO_PORTS = "none"
_MAY_FAIL = "-"


def expect(design: NodeDesign) -> NodeExpectation:
    """What the node should be doing once its files are in place and loaded."""
    files = ((OUR_INTERFACES, design.interfaces), (SDN_INTERFACES, design.sdn))
    stanzas = [(path, file, stanza) for path, file in files if file for stanza in (*file.stanzas, *file.fabrics)]
    devices = _merged(_device(path, file.tunnels, stanza) for path, file, stanza in stanzas)
    masters = dict(pair for _, _, stanza in stanzas for pair in _ports(stanza))
    ours = [setting for _, _, stanza in stanzas for setting in _settings_of(stanza)]
    written = {_path(name.removeprefix(_MAY_FAIL)): value for name, value in design.sysctls}
    aware = {name for name, device in devices.items() if device.vlan_filtering}
    found = {
        name: replace(
            device,
            master=masters.get(name, device.master),
            vlans=_ALL_VLANS if device.kind == "vxlan" and masters.get(name) in aware else None,
        )
        for name, device in devices.items()
    }
    configs = [config for config in (design.frr, design.pve_frr) if config is not None]
    needed = design.daemons | design.pve_daemons | frozenset().union(*map(daemons, configs))
    return NodeExpectation(
        node=design.node,
        devices=tuple(found.values()),
        daemons=needed | ALWAYS_RUN if needed else frozenset(),
        sessions=tuple({session.peer: session for session in chain.from_iterable(map(_sessions, configs))}.values()),
        vnis=tuple(_vnis(found, configs)),
        routes=tuple(expected_routes(configs, found)),
        asn=next((router.asn for config in configs for router in config.routers if router.vrf is None), None),
        refuses_defaults=refuses_defaults(configs),
        virtual_routers=tuple(expected_virtual_routers(configs)),
        dhcp=design.dhcp,
        settings=dict(ours) | written,
        optional=frozenset(_path(name[1:]) for name, _ in design.sysctls if name.startswith(_MAY_FAIL)),
    )


def _sessions(config: FrrConfig) -> Iterator[ExpectedSession]:
    for router in config.routers:
        if router.vrf is None:
            for group in router.groups:
                source = as_address(group.update_source)
                yield from (ExpectedSession(peer, source, has_bfd=group.has_bfd) for peer in group.neighbors)


def _vnis(devices: Mapping[str, ExpectedDevice], configs: Iterable[FrrConfig]) -> Iterator[ExpectedVni]:
    """The VNIs of EVPN; those of plain VXLAN that EVPN is kept out of are zebra's too, and nobody's concern."""
    l3vnis = {vrf.l3vni: vrf.name for config in configs for vrf in config.vrfs if vrf.l3vni is not None}
    for device in devices.values():
        if device.vni is None or device.learns is not False:
            continue
        bridge = devices.get(device.master or "")
        if device.vni in l3vnis:
            yield ExpectedVni(device.vni, device.name, l3vnis[device.vni], is_l3=True)
        elif bridge is not None:
            yield ExpectedVni(device.vni, device.name, bridge.master or _DEFAULT_VRF)


def _merged(devices: Iterable[ExpectedDevice | None]) -> dict[str, ExpectedDevice]:
    """By name; what several stanzas say of one interface is put together, as ifupdown2 does it."""
    found: dict[str, ExpectedDevice] = {}
    for device in devices:
        if device is None:
            continue
        there = found.get(device.name)
        found[device.name] = device if there is None else _together(there, device)
    return found


def _together(first: ExpectedDevice, second: ExpectedDevice) -> ExpectedDevice:
    said: dict[str, Any] = {
        field.name: getattr(second, field.name)
        for field in fields(second)
        if getattr(first, field.name) is None and getattr(second, field.name) is not None
    }
    if first.addresses is not None and second.addresses is not None:
        said["addresses"] = first.addresses | second.addresses
    return replace(first, **said)


def _device(file: str, tunnels: Mapping[str, Tunnel], stanza: Stanza) -> ExpectedDevice | None:
    """The device of a stanza; None where nothing but the host's own is touched: Open vSwitch, a protocol of tags."""
    match stanza:
        case VxlanPort():
            return _port(file, stanza, tunnels[stanza.tunnel])
        case PveVxlanPort():
            return _pve_port(file, stanza)
        case VnetBridge() | PveVnetBridge():
            return _vnet(file, stanza)
        case L3VniBridge() | PveVrfBridge() | PveVlanBridge() | PveQinqBridge():
            return _bridge(file, stanza)
    return _other(file, stanza)


def _vnet(file: str, stanza: VnetBridge | PveVnetBridge) -> ExpectedDevice:
    if isinstance(stanza, VnetBridge):
        addresses = _interfaces(stanza.addresses)
    else:
        addresses = _interfaces(subnet.address for subnet in stanza.subnets if subnet.address is not None)
    return ExpectedDevice(
        stanza.name,
        file,
        kind="bridge",
        mtu=stanza.mtu,
        mac=_lower(stanza.hwaddress),
        master=stanza.vrf,
        addresses=addresses,
        vlan_filtering=stanza.is_vlan_aware,
    )


def _bridge(file: str, stanza: L3VniBridge | PveVrfBridge | PveVlanBridge | PveQinqBridge) -> ExpectedDevice:
    mac = _lower(stanza.hwaddress) if isinstance(stanza, L3VniBridge) else None
    vrf = stanza.vrf if isinstance(stanza, L3VniBridge | PveVrfBridge) else None
    return ExpectedDevice(stanza.name, file, kind="bridge", mtu=stanza.mtu, mac=mac, master=vrf)


def _other(file: str, stanza: Stanza) -> ExpectedDevice | None:
    match stanza:
        case VrfDevice() | PveVrf():
            return ExpectedDevice(stanza.name, file, kind="vrf")
        case PveVeth():
            held = _interfaces(stanza.addresses) or None
            return ExpectedDevice(stanza.name, file, kind="veth", mtu=stanza.mtu, master=stanza.vrf, addresses=held)
        case PveVlanDevice():
            return ExpectedDevice(stanza.name, file, kind="vlan")
        case PveFabricInterface():
            kind = "dummy" if stanza.is_dummy else None
            return ExpectedDevice(stanza.name, file, kind=kind, addresses=_interfaces((stanza.address,)))
        case Uplink():
            addresses = frozenset(stanza.addresses)
            return ExpectedDevice(stanza.name, file, master=stanza.vrf, needs_carrier=True, addresses=addresses)
    return None


def _port(file: str, stanza: VxlanPort, tunnel: Tunnel) -> ExpectedDevice:
    is_plain = not tunnel.is_controlled and tunnel.group is None and tunnel.group6 is None
    group = tunnel.group or tunnel.group6
    return ExpectedDevice(
        stanza.name,
        file,
        kind="vxlan",
        mtu=tunnel.mtu,
        vni=stanza.vni,
        vtep=tunnel.local,
        udp_port=tunnel.udp_port or _VXLAN_UDP,
        group=group,
        physdev=tunnel.physdev,
        remotes=frozenset(tunnel.remotes) if is_plain else None,
        learns=False if tunnel.is_controlled else None,
        floods=None if tunnel.has_flood else False,
        suppresses=True if tunnel.has_arp_nd_suppression else None,
        keeps_dhcp_out=True if stanza.keeps_dhcp_out else None,
    )


def _pve_port(file: str, stanza: PveVxlanPort) -> ExpectedDevice:
    return ExpectedDevice(
        stanza.name,
        file,
        kind="vxlan",
        mtu=stanza.mtu,
        vni=stanza.vni,
        vtep=None if stanza.local is None else ip_address(stanza.local),
        udp_port=stanza.udp_port or _VXLAN_UDP,
        remotes=None if stanza.is_controlled else frozenset(map(ip_address, stanza.remotes)),
        learns=False if stanza.is_controlled else None,
        suppresses=True if stanza.has_arp_nd_suppression else None,
    )


def _ports(stanza: Stanza) -> Iterator[tuple[str, str]]:
    """Each port that a bridge's stanza names, and the bridge."""
    match stanza:
        case VnetBridge() | L3VniBridge() | PveVrfBridge():
            yield stanza.port, stanza.name
        case PveVnetBridge() | PveVlanBridge():
            yield from ((port, stanza.name) for port in stanza.ports.split() if port != _NO_PORTS)
        case PveQinqBridge():
            yield from ((port, stanza.name) for port in (stanza.uplink, stanza.pair) if port)


def _settings_of(stanza: Stanza) -> Iterator[tuple[str, str]]:
    """What ifupdown2 sets for a gateway bridge: `ip-forward`, `ip6-forward`, `arp-accept`."""
    if isinstance(stanza, VnetBridge | PveVnetBridge):
        if stanza.has_ip_forward:
            yield f"net/ipv4/conf/{stanza.name}/forwarding", "1"
        if stanza.has_ip6_forward:
            yield f"net/ipv6/conf/{stanza.name}/forwarding", "1"
        if stanza.has_arp_accept:
            yield f"net/ipv4/conf/{stanza.name}/arp_accept", "1"


def _path(setting: str) -> str:
    """Below /proc/sys; names are written with dots, or with slashes where a component has dots of its own."""
    return setting if "/" in setting else setting.replace(".", "/")


def _interfaces(texts: Iterable[str]) -> frozenset[Any]:
    """Without addresses that belong to the link alone (RFC 4291 section 2.5.6): every device has some of its own."""
    return frozenset(found for found in map(ip_interface, texts) if not found.is_link_local)


def _lower(mac: str | None) -> str | None:
    return None if mac is None else mac.lower()
