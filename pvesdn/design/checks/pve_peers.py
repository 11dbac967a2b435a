"""Lists of peers in PVE's own definitions: one list for all nodes, which PVE holds against nothing (docs/pve.md §7)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from ipaddress import ip_address

from pvesdn.design.checks.wording import listed, placed, together, warning
from pvesdn.design.ours.zones import zone_nodes
from pvesdn.design.shared.pve_evpn import evpn_peers
from pvesdn.model.design import DesignInput
from pvesdn.model.findings import Finding
from pvesdn.model.own_sdn import EvpnZone
from pvesdn.model.primitives import IpAddress, IpInterface
from pvesdn.model.pve_controllers import PveBgpController
from pvesdn.model.pve_sdn import PveEvpnController, PveEvpnZone, PveVxlanZone


def check(given: DesignInput) -> Iterator[Finding]:
    """Members that a list forgets, and routers that are in the lists of two controllers."""
    yield from together(_forgotten_by_zones(given))
    yield from _forgotten_by_controllers(given)
    yield from _in_two_groups(given)


def _forgotten_by_zones(given: DesignInput) -> Iterator[tuple[Hashable, Finding]]:
    for zone in given.sdn.pve.zones:
        if isinstance(zone, PveVxlanZone) and zone.peers:
            nodes = given.cluster.among(zone.nodes) & given.facts.keys()
            if missing := _missing(given, nodes, zone.peers):
                what = f"peers lists no address of {listed(missing)}, so no other node floods frames there"
                yield (zone.peers, tuple(missing)), warning(zone.where, what, _add(given, missing, zone.peers))


def _forgotten_by_controllers(given: DesignInput) -> Iterator[Finding]:
    """Without the nodes of our own zones over PVE's controllers, of which `bgp` tells at the zone."""
    zones = [zone for zone in given.sdn.pve.zones if isinstance(zone, PveEvpnZone)]
    for controller in given.sdn.pve.controllers:
        if not (isinstance(controller, PveEvpnController) and controller.peers):
            continue
        here = (given.cluster.among(zone.nodes) for zone in zones if zone.controller == controller.id)
        nodes = frozenset[str]().union(*here) & given.facts.keys()
        ours = [zone for zone in given.sdn.own.zones if isinstance(zone, EvpnZone) and zone.controller == controller.id]
        told = frozenset[str]().union(*(zone_nodes(zone, given.cluster) for zone in ours))
        missing = [node for node in _missing(given, nodes, controller.peers) if node not in told]
        if missing and not _may_accept_others(given, controller.peers):
            what = f"peers lists no address of {listed(missing)}, so no other node has a session with it"
            yield warning(controller.where, what, _add(given, missing, controller.peers))


def _missing(given: DesignInput, nodes: Iterable[str], peers: tuple[str, ...]) -> list[str]:
    """Nodes that a list forgets.

    Nobody where it names none of them: it is then one of route reflectors, or of hosts outside the cluster.
    """
    known = frozenset(map(ip_address, peers))
    those = sorted(nodes)
    found = [node for node in those if not any(held.ip in known for _, held in given.facts[node].addresses)]
    return found if len(found) < len(those) else []


def _may_accept_others(given: DesignInput, peers: tuple[str, ...]) -> bool:
    """All listed members have lines of an administrator's beside PVE's: they may be route reflectors by those."""
    known = frozenset(map(ip_address, peers))
    holders = [facts for facts in given.facts.values() if any(held.ip in known for _, held in facts.addresses)]
    return all(facts.has_foreign_frr_local for facts in holders)


def _add(given: DesignInput, missing: list[str], peers: tuple[str, ...]) -> str:
    """Which addresses belong into a list, judged by those that are in it: of the same network, else of a device of the
    same name.
    """
    known = frozenset(map(ip_address, peers))
    like = [(device, held) for facts in given.facts.values() for device, held in facts.addresses if held.ip in known]
    found = {node: _address_like(like, given.facts[node].addresses) for node in missing}
    addresses = [address for address in found.values() if address is not None]
    added = listed(addresses) if len(addresses) == len(found) else f"the underlay address of {listed(missing)}"
    return f"add {added} to the peers in PVE, or leave {listed(missing)} out of the zone's nodes"


def _address_like(
    like: list[tuple[str, IpInterface]], addresses: Iterable[tuple[str, IpInterface]]
) -> IpAddress | None:
    networks = {held.network for _, held in like if held.network.num_addresses > 1}
    devices = {(device, held.version) for device, held in like}
    own = [(d, held) for d, held in addresses if not held.ip.is_link_local and not held.ip.is_loopback]
    near = [held.ip for _, held in own if held.network in networks]
    return next(iter(near or [held.ip for device, held in own if (device, held.version) in devices]), None)


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
