"""What our zones must know of PVE's own EVPN on a node."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address

from pvesdn.model.design import DesignInput
from pvesdn.model.fabrics import Fabric
from pvesdn.model.primitives import IpAddress
from pvesdn.model.pve_controllers import PveBgpController
from pvesdn.model.pve_sdn import (
    PveEvpnController,
    PveEvpnZone,
    PveVxlanZone,
    RenderedPveController,
    UnmanagedController,
    UnmanagedZone,
)


def has_evpn(given: DesignInput) -> bool:
    """Whether PVE runs `advertise-all-vni` on its nodes."""
    return any(_is_evpn(controller) for controller in given.sdn.pve.controllers)


def evpn_peers(given: DesignInput, node: str) -> frozenset[IpAddress]:
    """The peers of PVE's own EVPN controllers on a node: the peers they list, or the members of the fabric they run
    over.
    """
    fabrics = {
        fabric.id: fabric for fabric in given.sdn.pve.fabrics if isinstance(fabric, Fabric) and fabric.member(node)
    }
    found: set[IpAddress] = set()
    for controller in given.sdn.pve.controllers:
        if isinstance(controller, PveEvpnController):
            found |= _addresses(controller.peers)
            fabric = fabrics.get(controller.fabric or "")
            found |= {member.ip for member in fabric.members if member.ip is not None} if fabric else set()
    return frozenset(found)


@lru_cache(maxsize=16)  # the same list is asked for by every node
def _addresses(peers: tuple[str, ...]) -> frozenset[IpAddress]:
    return frozenset(map(ip_address, peers))


def asns(given: DesignInput, node: str) -> tuple[tuple[str, int], ...]:
    """PVE's controllers on a node with their AS numbers; the first is the default BGP instance's (docs/pve.md §6.3)."""
    found = [
        (controller.type == "bgp", controller.id, controller.asn)
        for controller in given.sdn.pve.controllers
        if isinstance(controller, UnmanagedController)
        and controller.asn is not None
        and controller.node in {None, node}
        and (controller.nodes is None or node in controller.nodes)
    ]
    found += [
        (True, c.id, c.asn) for c in given.sdn.pve.controllers if isinstance(c, PveBgpController) and c.node == node
    ]
    found += [(False, c.id, c.asn) for c in given.sdn.pve.controllers if isinstance(c, PveEvpnController)]
    return tuple((name, asn) for _, name, asn in sorted(found, key=lambda entry: (not entry[0], entry[1])))


def evpn_zones(given: DesignInput) -> dict[str, PveEvpnZone | UnmanagedZone]:
    """PVE's zones that have a VRF, by id."""
    return {
        zone.id: zone
        for zone in given.sdn.pve.zones
        if isinstance(zone, PveEvpnZone) or (isinstance(zone, UnmanagedZone) and zone.type == "evpn")
    }


def why_no_vrf(given: DesignInput, zone: PveEvpnZone | UnmanagedZone, node: str) -> str:
    """Why PVE gives one of its EVPN zones no VRF on a node, without complaining; empty when it gives it one, or nobody
    can tell.
    """
    if isinstance(zone, PveEvpnZone):
        pves = {c.id: c for c in given.sdn.pve.controllers}
        if zone.controller not in pves:
            return f"PVE has no controller '{zone.controller}'"
        if not _is_evpn(pves[zone.controller]):
            return f"controller '{zone.controller}' is not an EVPN controller"
    return "" if asns(given, node) else f"no controller of PVE's with an AS number runs on {node}"


def plain_vnis(given: DesignInput, node: str) -> frozenset[int]:
    """VNIs of PVE's own plain VXLAN zones on a node."""
    zones = {
        zone.id
        for zone in given.sdn.pve.zones
        if (isinstance(zone, PveVxlanZone) or (isinstance(zone, UnmanagedZone) and zone.type == "vxlan"))
        and (zone.nodes is None or node in zone.nodes)
    }
    return frozenset(vnet.tag for vnet in given.sdn.pve.vnets if vnet.zone in zones and vnet.tag is not None)


def _is_evpn(controller: RenderedPveController | UnmanagedController) -> bool:
    return isinstance(controller, PveEvpnController) or (
        isinstance(controller, UnmanagedController) and controller.type == "evpn"
    )
