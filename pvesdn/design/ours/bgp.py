"""FRR for our zones on one node: its routers and VRFs, what is announced, and what is kept out of EVPN."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pvesdn.design.ours.anchors import anchors
from pvesdn.design.ours.exits import default_routes, design_vrrp, shares_flows
from pvesdn.design.ours.mesh import BgpPlan, peer_groups, sessions
from pvesdn.design.ours.sysctl import IP_FORWARD, IPV6_FORWARD, routed_families
from pvesdn.design.ours.zones import IPV4, IPV6, ZonePlan, exit_families
from pvesdn.design.shared import names, pve_evpn
from pvesdn.design.shared.ownership import pve_writes_frr
from pvesdn.model.design import DesignInput
from pvesdn.model.frr import (
    BgpRouter,
    EvpnActivation,
    FrrConfig,
    L2vpnEvpn,
    PeerGroup,
    StaticRoute,
    Unicast,
    VniTargets,
    VrfBinding,
    VrrpInterface,
)
from pvesdn.model.own_sdn import EvpnZone, Exit, Irb, VxlanZone

_NOBODY = "65535:65535"
"""A route target that nothing exports."""


SWITCHED_BY_PVE = frozenset({"fabricd", "ospfd"})
"""Daemons that PVE's own SDN switches on and off by itself (docs/pve.md §4.2)."""


def design_frr(
    given: DesignInput, bgp: BgpPlan, plans: tuple[ZonePlan, ...], exits: tuple[Exit, ...], node: str
) -> FrrConfig | None:
    """Our FRR configuration of a node; None where none is needed.

    :param exits: those of this node, in zones of both sources.
    """
    is_local = pve_writes_frr(given, node)
    by_zone = {uplink.zone: uplink for uplink in exits}
    symmetric = [plan for plan in plans if _is_symmetric(plan) and node in plan.active]
    default = _default_router(given, bgp, plans, node)
    routers = [] if default is None else [default]
    routers += [_vrf_router(bgp, plan, by_zone.get(plan.zone.id), node) for plan in symmetric]
    vrfs = [_vrf_binding(plan, by_zone.get(plan.zone.id), node) for plan in symmetric]
    for uplink in exits:
        if uplink.zone in pve_evpn.evpn_zones(given):
            routers.append(_borrowed_router(given, uplink, node))
            vrfs.append(VrfBinding(names.vrf(uplink.zone), routes=tuple(_borrowed_routes(uplink))))
    if not routers and not vrfs:
        return None
    begun = FrrConfig(node) if is_local else _begun(given, node, routed_families(plans, exits, node))
    return replace(
        begun,
        is_local_block=is_local,
        # Kernels before 6.6 keep sending flows to a silent gateway that is the last of a group of nexthop objects.
        has_plain_multipath=not is_local and any(shares_flows(uplink, IPV4) for uplink in exits),
        # A block with nothing in it is nothing to FRR, and PVE fails over it in frr.conf.local.
        vrfs=tuple(sorted((v for v in vrfs if v.l3vni is not None or v.routes), key=lambda vrf: vrf.name)),
        routers=tuple(sorted(routers, key=lambda router: router.vrf or "")),
        vrrp=_vrrp(exits),
    )


def empty_frr(given: DesignInput, plans: tuple[ZonePlan, ...], node: str) -> FrrConfig:
    """What remains of frr.conf on a node where nothing of ours needs FRR any more: what it says of forwarding, which
    a zone may need without FRR.
    """
    return _begun(given, node, routed_families(plans, (), node))


def _begun(given: DesignInput, node: str, routed: frozenset[int]) -> FrrConfig:
    """A frr.conf of ours with nothing in it but forwarding."""
    return FrrConfig(
        hostname=node,
        ip_forwarding=_forwards(given, node, IP_FORWARD, needed=IPV4 in routed),
        ipv6_forwarding=_forwards(given, node, IPV6_FORWARD, needed=IPV6 in routed),
    )


def daemons(frr: FrrConfig | None) -> frozenset[str]:
    """FRR daemons that a configuration needs in addition to zebra and staticd, which always run."""
    if frr is None:
        return frozenset()
    needed = {
        "bgpd": frr.routers or frr.vrfs,
        "bfdd": frr.routers or frr.vrfs,
        "vrrpd": frr.vrrp,
        "isisd": frr.isis_routers,
        "fabricd": frr.openfabric_routers,
        "ospfd": frr.ospf_interfaces,
    }
    return frozenset(daemon for daemon, parts in needed.items() if parts)


def _default_router(given: DesignInput, bgp: BgpPlan, plans: tuple[ZonePlan, ...], node: str) -> BgpRouter | None:
    """`router bgp` without VRF: the sessions of our controllers, and the isolation of plain VNIs."""
    meshes = [mesh for mesh in bgp.meshes if node in mesh.speakers]
    pve_asns = pve_evpn.asns(given, node)
    # Without BGP on the node nothing announces a VNI that would have to be isolated.
    isolated = _isolated_vnis(given, plans, node, is_speaker=bool(meshes)) if meshes or pve_asns else ()
    if not meshes and not isolated:
        return None
    groups: list[PeerGroup] = []
    activations: list[EvpnActivation] = []
    # bgpd refuses every address of the node's own, not the VTEP alone: "Can not configure the local system as
    # neighbor".
    placed = {str(held.ip) for _, held in given.facts[node].addresses} if node in given.facts else set()
    placed |= {str(peer) for peer in pve_evpn.evpn_peers(given, node)}
    for number, mesh in enumerate(meshes):
        # A group of PVE's own is PVE's: our source address must not become that of PVE's sessions.
        suffix = f"-{mesh.controller.id}" if number or pve_evpn.has_evpn(given) else ""
        for name, neighbors, is_client in sessions(mesh, node):
            new = tuple(neighbor for neighbor in neighbors if str(neighbor) not in placed)
            placed.update(str(neighbor) for neighbor in new)
            for group in peer_groups(name + suffix, mesh, new, node):
                groups.append(group)
                activations.append(EvpnActivation(group.name, is_reflector_client=is_client))
    return BgpRouter(
        asn=meshes[0].controller.asn if meshes else pve_asns[0][1],
        router_id=meshes[0].speakers[node] if meshes else None,
        is_merged=bool(pve_asns),
        groups=tuple(groups),
        evpn=L2vpnEvpn(activations=tuple(activations), advertise_all_vni=bool(meshes), vnis=isolated),
    )


def _isolated_vnis(
    given: DesignInput, plans: tuple[ZonePlan, ...], node: str, *, is_speaker: bool
) -> tuple[VniTargets, ...]:
    """Route-target isolation: what keeps plain VNIs out of EVPN.

    `advertise-all-vni` announces every VXLAN device of the node; when such a route is withdrawn, FRR deletes the static
    flooding entry of the same address and the plain zone goes dark.
    """
    has_pve_evpn = pve_evpn.has_evpn(given)
    if not (is_speaker or has_pve_evpn):
        return ()
    vnis = {
        vnet.port.vni for plan in plans if isinstance(plan.zone, VxlanZone) for vnet in plan.vnets if node in vnet.nodes
    }
    if not has_pve_evpn:
        vnis |= pve_evpn.plain_vnis(given, node)
    return tuple(VniTargets(vni, imports=(_NOBODY,), exports=(f"65535:{vni}",)) for vni in sorted(vnis))


def _vrf_binding(plan: ZonePlan, uplink: Exit | None, node: str) -> VrfBinding:
    l3vni = plan.zone.l3vni if isinstance(plan.zone, EvpnZone) else None
    routes = (*(default_routes(uplink) if uplink else ()), *anchors(plan.vteps[node].address, _spoken(plan, uplink)))
    return VrfBinding(names.vrf(plan.zone.id), l3vni, routes)


def _spoken(plan: ZonePlan, uplink: Exit | None) -> frozenset[int]:
    """4, 6: the families in which the node announces prefixes, in addition to its guests' addresses."""
    announces = uplink is not None or (isinstance(plan.zone, EvpnZone) and plan.zone.advertise_subnets)
    return plan.families if announces else frozenset()


def _vrf_router(bgp: BgpPlan, plan: ZonePlan, uplink: Exit | None, node: str) -> BgpRouter:
    """`router bgp ASN vrf vrf_Z` of a symmetric zone of ours."""
    zone = plan.zone
    assert isinstance(zone, EvpnZone)  # noqa: S101 - asked for by `_is_symmetric`
    asn = bgp.asns[zone.controller]
    spoken = _family_words(_spoken(plan, uplink))
    # A configured import target takes the place of the one FRR derives (AS:VNI, the AS number's low 16 bits).
    own = (f"{asn & 0xFFFF}:{zone.l3vni}",) if zone.rt_import else ()
    return BgpRouter(
        asn=asn,
        router_id=plan.vteps[node].address,
        vrf=names.vrf(zone.id),
        unicasts=tuple(Unicast(family, ("connected", "static")) for family in spoken),
        evpn=L2vpnEvpn(advertise=spoken, rt_import=(*own, *zone.rt_import)),
    )


def _borrowed_routes(uplink: Exit) -> Iterator[StaticRoute]:
    """The static routes an exit adds to the VRF of one of PVE's zones; the anchor is made of its own address."""
    yield from default_routes(uplink)
    for interface in (uplink.address, uplink.address6):
        if interface is not None:
            yield from anchors(interface.ip, (interface.version,))


def _borrowed_router(given: DesignInput, uplink: Exit, node: str) -> BgpRouter:
    """What an exit adds to the VRF of one of PVE's zones."""
    spoken = _family_words(exit_families(uplink))
    return BgpRouter(
        asn=pve_evpn.asns(given, node)[0][1],
        router_id=None,
        vrf=names.vrf(uplink.zone),
        is_merged=True,
        unicasts=tuple(Unicast(family, ("connected", "static")) for family in spoken),
        evpn=L2vpnEvpn(advertise=spoken),
    )


def _vrrp(exits: tuple[Exit, ...]) -> tuple[VrrpInterface, ...]:
    found = [vrrp for uplink in exits if (vrrp := design_vrrp(uplink)) is not None]
    return tuple(sorted(found, key=lambda vrrp: vrrp.name))


def _forwards(given: DesignInput, node: str, switch: str, *, needed: bool) -> bool | None:
    """What `[no] ip forwarding` must say: a host that forwards for its own reasons keeps doing so."""
    if needed:
        return True
    facts = given.facts.get(node)
    live = facts.sysctl.get(switch) if facts else None
    return None if live is None else live == "1"


def _family_words(versions: frozenset[int]) -> tuple[str, ...]:
    return tuple(f"ipv{version}" for version in sorted(versions))


def _is_symmetric(plan: ZonePlan) -> bool:
    return isinstance(plan.zone, EvpnZone) and plan.zone.irb is Irb.SYMMETRIC
