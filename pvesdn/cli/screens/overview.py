"""The network as pvesdn understands it: plain rows for `show` and its JSON document."""

from __future__ import annotations

from typing import Any

from pvesdn.cli.screens.paths import paths
from pvesdn.design.ours.zones import vnet_nodes, zone_mtu, zone_vteps
from pvesdn.design.shared.kinds import kind_of
from pvesdn.model.acl import LOCAL_ZONE
from pvesdn.model.design import DesignInput
from pvesdn.model.own_sdn import EvpnController, EvpnZone, Exit, VxlanZone
from pvesdn.model.pve_sdn import PveEvpnZone, UnmanagedZone
from pvesdn.model.sdn import Controller, Zone
from pvesdn.model.vnets import Subnet, Vnet
from pvesdn.workflows.understand import Understanding

"""PVE assigns a bridge that is not one of its VNets to this zone."""


def overview(known: Understanding) -> dict[str, list[dict[str, Any]]]:
    """Rows by kind; rows of a kind have the same keys; what is absent is None or empty."""
    given = known.given
    carriers = {home: zone.id for home, zone in given.sdn.own.carriers.items()}
    zones = {zone.id: _zone(zone, known, carriers.get(zone.id)) for zone in given.sdn.both.zones}
    subnets: dict[str, list[Subnet]] = {}
    for subnet in given.sdn.both.subnets:
        subnets.setdefault(subnet.vnet, []).append(subnet)
    own = {vnet.id for vnet in given.sdn.own.vnets if vnet.drawn_in is None}
    vnets = [
        _vnet(vnet, zones.get(vnet.zone), subnets.get(vnet.id, []), given)
        | _for_guests(vnet, given, is_own=vnet.id in own)
        for vnet in given.sdn.both.vnets
    ]
    exits = [_exit(uplink) for uplink in given.sdn.own.exits]
    return {
        "vteps": [_vtep(known, name) for name in sorted(known.vteps)],
        "paths": paths(known.vteps),
        "zones": list(zones.values()),
        "vnets": vnets,
        "controllers": [_controller(controller) for controller in given.sdn.both.controllers],
        "exits": exits,
        "nodes": [_node(name, known, zones, vnets, exits) for name in sorted(_members(given))],
    }


def _members(given: DesignInput) -> frozenset[str]:
    return frozenset(member.name for member in given.cluster.members)


def _vtep(known: Understanding, name: str) -> dict[str, Any]:
    vtep = known.vteps[name]
    return {
        "node": name,
        "address": str(vtep.address),
        "interface": vtep.interface,
        "mtu": vtep.mtu,
        "why": vtep.why,
    }


def _zone(zone: Zone, known: Understanding, carrier: str | None) -> dict[str, Any]:
    """:param carrier: the zone of ours that carries this one of PVE's."""
    nodes = sorted(known.given.cluster.among(zone.nodes))
    mtu = zone.mtu
    if isinstance(zone, VxlanZone | EvpnZone):
        mtu = zone_mtu(zone, zone_vteps(zone, known.vteps, known.given))
    evpn = zone if isinstance(zone, EvpnZone | PveEvpnZone) else None
    return {
        "id": zone.id,
        "what": kind_of(zone) + (f", carried by {carrier}" if carrier else ""),
        "source": zone.where.file,
        "nodes": nodes,
        "mtu": mtu,
        "l3vni": evpn and evpn.l3vni,
        "controller": evpn and evpn.controller,
        "left_to_pve": zone.reason if isinstance(zone, UnmanagedZone) else "",
    }


def _vnet(vnet: Vnet, zone: dict[str, Any] | None, subnets: list[Subnet], given: DesignInput) -> dict[str, Any]:
    in_zone = frozenset(zone["nodes"]) if zone else _members(given)
    return {
        "id": vnet.id,
        "zone": vnet.zone,
        "tag": vnet.tag,
        "alias": vnet.alias or "",
        "source": vnet.where.file,
        "nodes": sorted(vnet_nodes(vnet, in_zone)),
        "subnets": [
            {"cidr": subnet.cidr, "gateway": None if subnet.gateway is None else str(subnet.gateway)}
            for subnet in subnets
        ],
    }


def _for_guests(vnet: Vnet, given: DesignInput, *, is_own: bool) -> dict[str, Any]:
    """How a guest gets a VNet. PVE's own are picked in the GUI, under their own ACL path."""
    command = f"qm set VMID --net0 virtio,bridge={vnet.id}" if is_own else ""
    return {
        "guest_command": command,
        "acl_path": f"{LOCAL_ZONE}/{vnet.id}" if is_own else f"/sdn/zones/{vnet.drawn_in or vnet.zone}/{vnet.id}",
        "drawn_in": vnet.drawn_in or "",
        # PVE's own VNets are on all nodes of their zone.
        "is_kept": vnet.is_kept_for_guests
        and not any((drawn.id, drawn.zone) == (vnet.id, vnet.drawn_in) for drawn in given.sdn.pve.vnets),
    }


def _controller(controller: Controller) -> dict[str, Any]:
    return {
        "id": controller.id,
        "asn": controller.asn,
        "source": controller.where.file,
        "is_ours": isinstance(controller, EvpnController),
    }


def _exit(uplink: Exit) -> dict[str, Any]:
    vrrp = uplink.vrrp
    return {
        "id": uplink.id,
        "zone": uplink.zone,
        "node": uplink.node,
        "interface": uplink.interface,
        "addresses": [str(address) for address in (uplink.address, uplink.address6) if address is not None],
        "gateways": [str(gateway) for gateway in uplink.gateways],
        "vrrp": vrrp
        and {"id": vrrp.id, "priority": vrrp.priority, "addresses": [str(address) for address in vrrp.addresses]},
    }


def _node(
    name: str,
    known: Understanding,
    zones: dict[str, dict[str, Any]],
    vnets: list[dict[str, Any]],
    exits: list[dict[str, Any]],
) -> dict[str, Any]:
    member = known.given.cluster.member(name)
    return {
        "name": name,
        "is_online": bool(member and member.is_online),
        "has_answered": name in known.given.facts,
        "zones": [zone["id"] for zone in zones.values() if name in zone["nodes"]],
        "vnets": [vnet["id"] for vnet in vnets if name in vnet["nodes"]],
        "exits": [uplink["id"] for uplink in exits if uplink["node"] == name],
    }
