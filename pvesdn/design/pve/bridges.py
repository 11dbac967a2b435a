"""Stanzas of PVE's vlan and qinq zones, which ride on a bridge of the host (docs/pve.md §5.3, §5.4)."""

from __future__ import annotations

from pvesdn.design.pve.node import BridgeKind, HostBridge
from pvesdn.design.pve.zones import printed_alias
from pvesdn.design.shared import names
from pvesdn.model.ifupdown import Stanza
from pvesdn.model.pve_ifupdown import (
    PveBridgeProtocol,
    PveOvsBridge,
    PveOvsPort,
    PveQinqBridge,
    PveVeth,
    PveVlanBridge,
    PveVlanDevice,
    PveVnetBridge,
)
from pvesdn.model.pve_sdn import BridgedPveZone, PveQinqZone, PveVlanZone
from pvesdn.model.vnets import Vnet

_DEFAULT_PROTOCOL = "802.1q"
_TUNNEL = "vlan_mode=dot1q-tunnel"
_ETHERTYPE = "other_config:qinq-ethtype"


class BridgedStanzas:
    """Stanzas of VNets on bridges of the host, each made once for all nodes whose bridge is the same."""

    def __init__(self) -> None:
        self._vnets: dict[tuple[str, HostBridge], tuple[Stanza, ...]] = {}
        self._zones: dict[tuple[str, HostBridge], tuple[Stanza, ...]] = {}

    def of(self, vnet: Vnet, zone: BridgedPveZone, bridge: HostBridge) -> tuple[Stanza, ...]:
        """All that a VNet needs on a node, in the order in which PVE defines it; the OVS bridge's own stanza apart.

        Empty for a VNet without a tag in a vlan zone, which PVE's API refuses.
        """
        key = vnet.id, bridge
        if key not in self._vnets:
            self._vnets[key] = self._make(vnet, zone, bridge)
        return self._vnets[key]

    def _make(self, vnet: Vnet, zone: BridgedPveZone, bridge: HostBridge) -> tuple[Stanza, ...]:
        if isinstance(zone, PveVlanZone):
            return () if vnet.tag is None else _vlan(vnet, vnet.tag, zone, bridge)
        key = zone.id, bridge
        if key not in self._zones:
            self._zones[key] = _qinq(zone, bridge)
        inside = names.far_end(zone.id) if vnet.tag is None else f"{names.qinq_bridge(zone.id)}.{vnet.tag}"
        return *self._zones[key], _vnet_bridge(vnet, zone, inside)


class OvsPorts:
    """What the VNets of one node add to the host's OVS bridges."""

    def __init__(self) -> None:
        self._lines: dict[str, list[list[str]]] = {}

    def add(self, vnet: Vnet, zone: BridgedPveZone, bridge: str) -> None:
        """Note a VNet's port: PVE prints a line for each VNet of a vlan zone, and puts qinq zones into
        the first line.
        """
        lines = self._lines.setdefault(bridge, [])
        if isinstance(zone, PveVlanZone):
            lines.append([names.bridge_end(vnet.id)])
        elif not lines:
            lines.append([names.service_vlan(zone.id)])
        elif names.service_vlan(zone.id) not in lines[0]:
            lines[0].append(names.service_vlan(zone.id))

    def stanzas(self) -> tuple[PveOvsBridge, ...]:
        """The stanza of each bridge."""
        return tuple(PveOvsBridge(name, tuple(map(" ".join, lines))) for name, lines in self._lines.items())


def _vlan(vnet: Vnet, tag: int, zone: PveVlanZone, bridge: HostBridge) -> tuple[Stanza, ...]:
    mtu = zone.mtu or None
    near, far = names.bridge_end(vnet.id), names.far_end(vnet.id)
    if bridge.kind is BridgeKind.VLAN_AWARE:
        # ifupdown2 makes this VLAN device by itself.
        return (_vnet_bridge(vnet, zone, f"{bridge.name}.{tag}"),)
    if bridge.kind is BridgeKind.OVS:
        mode = f"{_TUNNEL} {_ETHERTYPE}={_DEFAULT_PROTOCOL} " if vnet.vlanaware else ""
        return PveOvsPort(near, bridge.name, f"{mode}tag={tag}", mtu), _vnet_bridge(vnet, zone, near)
    ports = " ".join((*(f"{port}.{tag}" for port in bridge.ports), far))
    return (
        PveVeth(near, peer=far, mtu=mtu),
        PveVeth(far, peer=near, mtu=mtu),
        PveVlanBridge(names.vlan_bridge(bridge.name, tag), ports, mtu),
        _vnet_bridge(vnet, zone, near),
    )


def _qinq(zone: PveQinqZone, bridge: HostBridge) -> tuple[Stanza, ...]:
    near, far = names.bridge_end(zone.id), names.far_end(zone.id)
    uplink, below = _service_vlan(zone, bridge)
    return (
        *below,
        PveVeth(near, peer=far),
        PveVeth(far, peer=near),
        PveQinqBridge(names.qinq_bridge(zone.id), uplink, near, zone.mtu or None),
    )


def _service_vlan(zone: PveQinqZone, bridge: HostBridge) -> tuple[str, tuple[Stanza, ...]]:
    """The device that carries the zone's service VLAN, and the stanzas that make it."""
    name, protocol, tag = names.service_vlan(zone.id), zone.vlan_protocol, zone.service_tag
    if bridge.kind is BridgeKind.OVS:
        options = f"{_TUNNEL} tag={tag} {_ETHERTYPE}={protocol or _DEFAULT_PROTOCOL}"
        return name, (PveOvsPort(name, bridge.name, options, zone.mtu or None),)
    if bridge.kind is BridgeKind.VLAN_AWARE:
        name = f"{bridge.name}.{tag}"
        if protocol is None:
            return name, ()
        return name, (PveBridgeProtocol(bridge.name, protocol), PveVlanDevice(name, protocol=protocol))
    if not bridge.ports:
        return "", ()
    # PVE takes the first port alone.
    return name, (PveVlanDevice(name, bridge.ports[0], tag, protocol),)


def _vnet_bridge(vnet: Vnet, zone: BridgedPveZone, port: str) -> PveVnetBridge:
    return PveVnetBridge(
        name=vnet.id,
        ports=port,
        is_vlan_aware=vnet.vlanaware,
        mtu=zone.mtu or None,
        alias=printed_alias(vnet),
    )
