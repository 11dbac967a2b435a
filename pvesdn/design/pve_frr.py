"""PVE's own FRR configuration on one node (libpve-network-perl 1.3, PVE::Network::SDN::Controllers::*Plugin, F6)."""

from __future__ import annotations

from dataclasses import replace

from pvesdn.design.beside_pve import writes_frr
from pvesdn.design.pve_bgp import Speaker, Speakers, add_bgp
from pvesdn.design.pve_fabrics import add_fabrics
from pvesdn.design.pve_index import PveIndex, index_pve
from pvesdn.design.pve_node import PveNode
from pvesdn.design.pve_underlay import NodeControllers, Underlay, evpn_underlay
from pvesdn.model.design import DesignInput
from pvesdn.model.frr import FrrConfig, IsisInterface, IsisRouter
from pvesdn.model.pve_controllers import PveBgpController, PveIsisController
from pvesdn.model.sdn import LeftController, PveEvpnController, SdnConfig

_VERSION = "10.4.1"
_VERSION_OF_PVE_8 = "8.5.2"
_FIRST_WITH_TEMPLATES = 9
"""PVE's first major version whose frr.conf begins with the later header (F12)."""


class _NoRouterIdError(Exception):
    """PVE finds neither an address nor a MAC to make a router-id of, and gives up."""


def design_pve_frr(given: DesignInput, node: str, index: PveIndex | None = None) -> FrrConfig | None:
    """PVE's `frr.conf` on a node, without what it merges of frr.conf.local.

    :param index: `index_pve(given.sdn)`, for who designs many nodes.
    :returns: None when PVE writes none (no controller, no fabric and no frr.conf.local; no address and no MAC to make a
        router-id of) or when it cannot be told: controllers or fabrics that are left to PVE, or a node of which nothing
        is known.
    """
    facts = given.facts.get(node)
    if facts is None or _is_left(given.sdn, node):
        return None
    if not given.sdn.has_pve_frr and not writes_frr(given, node):
        return None
    index = index or index_pve(given.sdn)
    answers = PveNode(facts)
    try:
        speakers = _speakers(index, answers)
    except _NoRouterIdError:
        return None
    is_pve_8 = 0 < given.cluster.pve_major < _FIRST_WITH_TEMPLATES
    config = FrrConfig(hostname=node, version=_VERSION_OF_PVE_8 if is_pve_8 else _VERSION)
    config = _add_isis(add_bgp(config, speakers, index), index, answers)
    return add_fabrics(config, index.fabrics.values(), node)


def _is_left(sdn: SdnConfig, node: str) -> bool:
    """Something of what PVE has on the node is not rendered, and FRR's configuration is one whole."""
    return (
        any(isinstance(c, LeftController) and c.node in {None, node} for c in sdn.controllers)
        or any(zone.type == "evpn" for zone in sdn.left_zones)
        or sdn.leaves_node(node)
    )


def _speakers(index: PveIndex, answers: PveNode) -> Speakers:
    """What speaks BGP on the node, in the order of the controllers' ids: the first one makes the router."""
    own = NodeControllers.of(index.controllers.values(), answers.node)
    found: list[Speaker] = []
    for controller in index.controllers.values():
        underlay: Underlay | None = None
        if isinstance(controller, PveBgpController) and controller.node == answers.node:
            underlay = Underlay(controller.peers, answers.local(controller.peers, controller.loopback))
        elif isinstance(controller, PveEvpnController):
            underlay = evpn_underlay(controller, index.fabrics, answers, own.session_loopback)
        if underlay is None or isinstance(controller, PveIsisController):
            continue
        router_id = answers.router_id(underlay.way)
        if router_id is None:
            raise _NoRouterIdError
        asn = own.bgp.asn if own.bgp else controller.asn
        if asn:  # PVE's Perl takes ASN 0 for none
            found.append(Speaker(controller, underlay, router_id, asn))
    return Speakers(answers.node, tuple(found), own)


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
