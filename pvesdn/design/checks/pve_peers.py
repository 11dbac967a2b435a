"""Lists of peers in PVE's own definitions: one list for all nodes, which PVE holds against nothing (docs/pve.md §7)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from ipaddress import ip_address

from pvesdn.design.checks.wording import listed, note, placed, together, warning
from pvesdn.design.ours.zones import zone_nodes
from pvesdn.design.shared.peer_lists import SYNC, PeerList, peer_lists
from pvesdn.design.shared.pve_evpn import evpn_peers
from pvesdn.model.design import DesignInput
from pvesdn.model.findings import Finding
from pvesdn.model.own_sdn import EvpnZone
from pvesdn.model.primitives import IpAddress
from pvesdn.model.pve_controllers import PveBgpController
from pvesdn.model.pve_sdn import PveEvpnController


def check(given: DesignInput) -> Iterator[Finding]:
    """Members that a list forgets, nodes that have left and are still in one, and routers that are in the lists of two
    controllers.
    """
    lists = list(peer_lists(given))
    yield from together(_forgotten_by_zones(given, [found for found in lists if found.collection == "zones"]))
    yield from _forgotten_by_controllers(given, [found for found in lists if found.collection == "controllers"])
    yield from _outside(lists)
    yield from together(_left(given, lists))
    yield from _in_two_groups(given)


def _forgotten_by_zones(given: DesignInput, lists: Iterable[PeerList]) -> Iterator[tuple[Hashable, Finding]]:
    for found in lists:
        if found.missing:
            what = f"peers lists no address of {listed(found.missing)}, so no other node floods frames there"
            yield (found.peers, found.missing), warning(found.where, what, _add(given, found, found.missing))


def _forgotten_by_controllers(given: DesignInput, lists: Iterable[PeerList]) -> Iterator[Finding]:
    """Without the nodes of our own zones over PVE's controllers, of which `bgp` tells at the zone."""
    for found in lists:
        ours = [zone for zone in given.sdn.own.zones if isinstance(zone, EvpnZone) and zone.controller == found.id]
        told = frozenset[str]().union(*(zone_nodes(zone, given.cluster) for zone in ours))
        if missing := tuple(node for node in found.missing if node not in told):
            what = f"peers lists no address of {listed(missing)}, so no other node has a session with it"
            yield warning(found.where, what, _add(given, found, missing))


def _outside(lists: Iterable[PeerList]) -> Iterator[Finding]:
    for found in lists:
        if found.outside:
            nodes = listed(found.outside)
            what = (
                f"PVE sets up BGP on {nodes} too, outside of the zones: those sessions stay down, and nobody needs them"
            )
            yield note(found.where, what)


def _add(given: DesignInput, found: PeerList, missing: tuple[str, ...]) -> str:
    """How the nodes get into the list."""
    addresses = [found.addresses[node] for node in missing if node in found.addresses]
    is_known = len(addresses) == len(missing)
    added = listed(addresses) if is_known else f"the underlay address of {listed(missing)}"
    how = f" ({SYNC} does)" if is_known and given.may_be_edited else ""
    return f"add {added} to the peers in PVE{how}, or leave {listed(missing)} out of the zone's nodes"


def _left(given: DesignInput, lists: Iterable[PeerList]) -> Iterator[tuple[Hashable, Finding]]:
    how = f" ({SYNC} does)" if given.may_be_edited else ""
    for found in lists:
        for peer, node in found.gone.items():
            what = f"peers lists {peer}, which was the address of {node}, {_since(given, found, node)}"
            yield (peer, node), warning(found.where, what, f"remove it from the peers in PVE{how}")


def _since(given: DesignInput, found: PeerList, node: str) -> str:
    """What has become of a node that had a listed address."""
    if given.cluster.member(node) is None:
        return f"and {node} has left the cluster"
    facts = given.facts.get(node)
    there = [str(held.ip) for _, held in facts.addresses] if facts is not None else []
    now = [str(found.addresses[node])] if node in found.addresses else [own for own in there if own in found.peers]
    return f"which has {listed(now)} now" if now else "which has it no more"


def _in_two_groups(given: DesignInput) -> Iterator[Finding]:
    """Neighbors of a BGP controller that the node's EVPN controllers have as well: FRR puts a neighbor into one peer
    group and refuses the second at run time, "Cannot change the peer-group", which `vtysh -C` does not notice.
    """
    evpn = [c for c in given.sdn.pve.controllers if isinstance(c, PveEvpnController) and c.asn]
    if not evpn:
        return
    for controller in given.sdn.pve.controllers:
        if not (isinstance(controller, PveBgpController) and controller.asn):
            continue
        if given.cluster.member(controller.node) is None:
            continue
        facts = given.facts.get(controller.node)
        own = {held.ip for _, held in facts.addresses} if facts is not None else set()
        both = (evpn_peers(given, controller.node) & set(map(ip_address, controller.peers))) - own
        if both:
            others = ", ".join(placed(f"'{other.id}'", other.where) for other in evpn)
            first = min(controller.id, *(other.id for other in evpn))
            what = (
                f"peers with {listed(both)} on {controller.node}, as controller {others} does: FRR takes a neighbor into one "
                f"peer group, here that of '{first}', and refuses the other (Cannot change the peer-group)"
            )
            yield warning(controller.where, what, _take_out(controller, both))


def _take_out(controller: PveBgpController, both: Iterable[IpAddress]) -> str:
    """How to leave a neighbor to one of the two; PVE demands at least one peer of a BGP controller."""
    twice = set(both)
    if all(ip_address(peer) in twice for peer in controller.peers):
        return f"remove controller '{controller.id}' in PVE, or {listed(twice)} from the other's peers"
    return f"remove {listed(twice)} from the peers of one of the two in PVE"
