"""PVE's own FRR configuration on one node, as libpve-network-perl 1.3 makes it (docs/pve.md §6)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
from operator import attrgetter

from pvesdn.design.pve.bgp import PveSpeaker, Speakers, add_bgp
from pvesdn.design.pve.exits import local_routes
from pvesdn.design.pve.fabrics import add_fabrics
from pvesdn.design.pve.index import PveIndex, index_pve
from pvesdn.design.pve.node import PveNode
from pvesdn.design.pve.spelling import canonical_frr
from pvesdn.design.pve.underlay import NodeControllers, PveUnderlay, evpn_underlay
from pvesdn.design.shared.ownership import pve_writes_frr
from pvesdn.design.shared.pve_evpn import evpn_peers
from pvesdn.model.capabilities import GeneratorLevel
from pvesdn.model.design import DesignInput
from pvesdn.model.fabrics import Fabric
from pvesdn.model.frr import FrrConfig, IsisInterface, IsisRouter
from pvesdn.model.primitives import IpAddress
from pvesdn.model.pve_controllers import PveBgpController, PveIsisController
from pvesdn.model.pve_sdn import NodeController, PveEvpnController, PveSdn, UnmanagedController

_VERSION = "10.4.1"
_VERSION_BEFORE_1_0 = "8.5.2"


@dataclass(frozen=True, slots=True)
class FrrStop:
    """Why PVE fails before it writes a node's frr.conf, which stays as it is.

    :param what: what the node lacks, such as ``no route to 10.0.0.1, the first of the peers,``.
    """

    controller: PveEvpnController | PveBgpController
    what: str
    hint: str


class _StoppedError(Exception):
    """:param stop: None when too little is known of the node to say that PVE fails."""

    def __init__(self, stop: FrrStop | None) -> None:
        super().__init__()
        self.stop = stop


def design_pve_frr(given: DesignInput, node: str, index: PveIndex | None = None) -> FrrConfig | None:
    """PVE's `frr.conf` on a node, without what it merges of frr.conf.local.

    :param index: `index_pve(given.sdn.pve)`, for callers that design many nodes.
    :returns: None when PVE writes none (no controller, no fabric and no frr.conf.local; what `what_stops_frr` says) or
        when it cannot be told: controllers or fabrics that are left to PVE, or a node of which nothing is known.
    """
    facts = given.facts.get(node)
    if facts is None or not _is_told(given, node):
        return None
    index = index or index_pve(given.sdn.pve)
    answers = PveNode(facts)
    try:
        speakers = _speakers(index.controllers.values(), index.fabrics, answers)
    except _StoppedError:
        return None
    level = given.capabilities.on(node).level
    is_first = level is GeneratorLevel.BEFORE_1_0
    config = FrrConfig(hostname=node, version=_VERSION_BEFORE_1_0 if is_first else _VERSION)
    config = replace(add_bgp(config, speakers, index), routes=tuple(local_routes(index, node)))
    config = add_fabrics(_add_isis(config, index, answers), index.fabrics.values(), node)
    return canonical_frr(config) if level >= GeneratorLevel.KNOWN else config


def what_stops_frr(given: DesignInput, node: str) -> FrrStop | None:
    """What makes PVE fail before it writes the node's frr.conf; None when nothing does, or when it cannot be told."""
    facts = given.facts.get(node)
    if facts is None or not _is_told(given, node):
        return None
    controllers = [
        c for c in given.sdn.pve.controllers if isinstance(c, PveEvpnController | PveBgpController | PveIsisController)
    ]
    fabrics = {fabric.id: fabric for fabric in given.sdn.pve.fabrics if isinstance(fabric, Fabric)}
    try:
        _speakers(sorted(controllers, key=attrgetter("id")), fabrics, PveNode(facts))
    except _StoppedError as error:
        return error.stop
    return None


def peers_of(given: DesignInput, node: str) -> frozenset[IpAddress]:
    """The peers that PVE's controllers give a node, as far as that can be told without knowing anything of the node."""
    if not _is_told(given, node):
        return frozenset()
    own = [c for c in given.sdn.pve.controllers if isinstance(c, PveBgpController) and c.node == node]
    return evpn_peers(given, node) | {ip_address(peer) for controller in own for peer in controller.peers}


def _is_told(given: DesignInput, node: str) -> bool:
    return not _is_unmanaged(given.sdn.pve, node) and (given.sdn.pve.needs_frr or pve_writes_frr(given, node))


def _is_unmanaged(pve: PveSdn, node: str) -> bool:
    """Part of what PVE has on the node is not rendered, and FRR's configuration is one whole."""
    return (
        any(isinstance(c, UnmanagedController) and c.node in {None, node} for c in pve.controllers)
        or any(zone.type == "evpn" for zone in pve.unmanaged_zones)
        or pve.is_unmanaged_on(node)
    )


def _speakers(
    controllers: Collection[PveEvpnController | NodeController], fabrics: Mapping[str, Fabric], answers: PveNode
) -> Speakers:
    """The controllers that speak BGP on the node, in the order of their ids: the first one makes the router.

    :param controllers: sorted by id.
    :raises _StoppedError: PVE gives up.
    """
    own = NodeControllers.of(controllers, answers.node)
    found: list[PveSpeaker] = []
    for controller in controllers:
        underlay: PveUnderlay | None = None
        if isinstance(controller, PveBgpController) and controller.node == answers.node and controller.asn:
            underlay = PveUnderlay(controller.peers, answers.local(controller.peers, controller.loopback))
        elif isinstance(controller, PveEvpnController):
            underlay = evpn_underlay(controller, fabrics, answers, own.session_loopback)
        if underlay is None or isinstance(controller, PveIsisController):
            continue
        router_id = _router_id(controller, underlay, answers)
        asn = own.bgp.asn if own.bgp else controller.asn
        if asn:  # PVE's Perl takes ASN 0 for none
            found.append(PveSpeaker(controller, underlay, router_id, asn))
    return Speakers(answers.node, tuple(found), own)


def _router_id(controller: PveEvpnController | PveBgpController, underlay: PveUnderlay, answers: PveNode) -> str:
    if underlay.peers and answers.is_missing(underlay.own):
        peer = underlay.peers[0]
        what = f"no route to {peer}, the first of the peers,"
        hint = f"add a route to {peer} there, or list the node's own address among the peers, as its interfaces file spells it"
        raise _StoppedError(FrrStop(controller, what, hint))
    router_id = answers.router_id(underlay.own)
    if router_id is not None:
        return router_id
    if not answers.mac(underlay.own.device):
        raise _StoppedError(None)
    device = underlay.own.device
    what = f"no IPv4 address, and no MAC on {device} to make a router-id of,"
    raise _StoppedError(FrrStop(controller, what, "list IPv4 addresses as the peers"))


def _add_isis(config: FrrConfig, index: PveIndex, answers: PveNode) -> FrrConfig:
    routers: dict[str, IsisRouter] = {}
    interfaces: dict[str, IsisInterface] = {}
    for controller in index.controllers.values():
        if isinstance(controller, PveIsisController) and controller.node == answers.node:
            routers[controller.domain] = IsisRouter(controller.domain, controller.net)
            for name in map(answers.device, controller.interfaces):
                interfaces[name] = IsisInterface(name, controller.domain)
    return replace(
        config,
        isis_routers=tuple(routers[domain] for domain in sorted(routers)),
        isis_interfaces=tuple(interfaces[name] for name in sorted(interfaces)),
    )
