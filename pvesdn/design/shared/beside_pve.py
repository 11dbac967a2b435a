"""What PVE's own SDN has on a node, as far as our zones beside it must know."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address

from pvesdn.model.design import DesignInput
from pvesdn.model.fabrics import Fabric
from pvesdn.model.primitives import IpAddress
from pvesdn.model.pve_controllers import PveBgpController
from pvesdn.model.pve_sdn import (
    LeftController,
    PveEvpnController,
    PveEvpnZone,
    PveVxlanZone,
    RenderedPveController,
    UnmanagedZone,
)

_MERGES_WITHOUT_CONTROLLER = 9
"""PVE's first major version that writes frr.conf for the sake of frr.conf.local alone (docs/pve.md §4.4, §12)."""


_MERGES_AS_KNOWN = 9
"""PVE's first major version whose merge of frr.conf.local is the one described in docs/pve.md §6.7."""


def merges_as_known(given: DesignInput) -> bool:
    """PVE's merge of frr.conf.local is the one that `merge_local` plays; so is one whose version is not known."""
    return not 0 < given.cluster.pve_major < _MERGES_AS_KNOWN


def writes_frr(given: DesignInput, node: str) -> bool:
    """PVE writes the node's frr.conf, so ours has to go through frr.conf.local (docs/pve.md §4.4).

    The commit that removes PVE's last controller writes it as well: whatever we had put there would be gone.
    """
    if not given.cluster.has_sdn:
        return False
    return given.sdn.pve.needs_frr or given.sdn.pve.gives_up_frr or _has_local(given, node)


def _has_local(given: DesignInput, node: str) -> bool:
    """Lines of somebody's in frr.conf.local, which alone make PVE write frr.conf; PVE 8 merges them only beside controllers."""
    facts = given.facts.get(node)
    is_merged = not 0 < given.cluster.pve_major < _MERGES_WITHOUT_CONTROLLER
    return facts is not None and facts.has_foreign_frr_local and is_merged


def has_evpn(given: DesignInput) -> bool:
    """PVE runs `advertise-all-vni` on its nodes."""
    return any(_is_evpn(controller) for controller in given.sdn.pve.controllers)


def evpn_peers(given: DesignInput, node: str) -> frozenset[IpAddress]:
    """Whom PVE's own EVPN controllers peer with on a node: the peers they list, or the members of the fabric they run over."""
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
        if isinstance(controller, LeftController)
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
    """Why PVE gives one of its EVPN zones no VRF on a node, which PVE accepts; empty when it does, or nobody can tell."""
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


def _is_evpn(controller: RenderedPveController | LeftController) -> bool:
    return isinstance(controller, PveEvpnController) or (
        isinstance(controller, LeftController) and controller.type == "evpn"
    )
