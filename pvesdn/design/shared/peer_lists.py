"""PVE's lists of peers against the membership: one for all nodes, which PVE holds against nothing (docs/pve.md §7).

A peer that is no member's is left alone: it may be a route reflector, a router, or a VTEP outside of the cluster. One
of a node that has left, or that has another address now, is known by what is remembered of the nodes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address

from pvesdn.model.cluster import SeenVtep
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import NodeFacts
from pvesdn.model.findings import Where
from pvesdn.model.own_sdn import EvpnZone
from pvesdn.model.primitives import IpAddress, IpInterface
from pvesdn.model.pve_sdn import PveEvpnController, PveEvpnZone, PveVxlanZone

SYNC = "pvesdn apply --sync-peers"
"""What writes them anew (`workflows.peers`)."""


@dataclass(frozen=True, slots=True)
class PeerList:
    """The peers of one of PVE's definitions.

    :param collection: ``zones`` or ``controllers``.
    :param peers: as they are stored.
    :param missing: nodes that need to be in it and are not, sorted.
    :param outside: of a controller: nodes in none of its zones that are not in it either, sorted. PVE sets up their
        sessions all the same, and nobody waits for those.
    :param addresses: of `missing`, as far as one can tell which belongs into the list.
    :param gone: peers, as they are stored, that no member has any more, each with the node that had it: it has left the
        cluster, or has another address.
    """

    collection: str
    id: str
    where: Where
    peers: tuple[str, ...]
    missing: tuple[str, ...]
    outside: tuple[str, ...]
    addresses: Mapping[str, IpAddress]
    gone: Mapping[str, str]

    @property
    def synced(self) -> tuple[str, ...]:
        """As they should be, in the order that they have: those that come are the last."""
        kept = tuple(peer for peer in self.peers if peer not in self.gone)
        return (*kept, *(str(self.addresses[node]) for node in self.missing if node in self.addresses))


def peer_lists(given: DesignInput) -> Iterator[PeerList]:
    """Those of every vxlan zone and evpn controller that has peers and no fabric."""
    if not any(_with_peers(given)):
        return
    no_more = departed(given)
    for zone in given.sdn.pve.zones:
        if isinstance(zone, PveVxlanZone) and zone.peers:
            nodes = given.cluster.among(zone.nodes)
            yield _against(given, "zones", zone, nodes, no_more)
    for controller in given.sdn.pve.controllers:
        if isinstance(controller, PveEvpnController) and controller.peers:
            zones = [zone for zone in given.sdn.both.zones if isinstance(zone, PveEvpnZone | EvpnZone)]
            here = (given.cluster.among(zone.nodes) for zone in zones if zone.controller == controller.id)
            yield _against(given, "controllers", controller, frozenset[str]().union(*here), no_more)


def remembered(given: DesignInput, seen: Mapping[str, SeenVtep], committed: Iterable[IpAddress]) -> dict[str, SeenVtep]:
    """What to remember of the nodes, so that those who leave are known in the lists: which of their addresses are
    listed, and, as long as a list still has one, the addresses of whoever has left or has others now.

    :param seen: what is remembered for other reasons.
    :param committed: the peers of lists as PVE runs them, which are in force until what is pending is committed.
    """
    listed = frozenset(committed).union(*(_parsed(definition.peers) for definition in _with_peers(given)))
    no_more = {address: node for address, node in departed(given).items() if address in listed}
    found = {}
    for node, was in seen.items():
        former = (address for address, whose in no_more.items() if whose == node)
        with_former = was.model_copy(update={"former": tuple(sorted(former, key=_in_order))})
        found[node] = _with_listed(with_former, given.facts.get(node), listed)
    return found | {node: given.seen[node] for node in no_more.values() if given.cluster.member(node) is None}


def _with_listed(seen: SeenVtep, facts: NodeFacts | None, listed: frozenset[IpAddress]) -> SeenVtep:
    """With the node's listed addresses, of which no path is known here."""
    if facts is None:
        return seen
    known = {seen.address, *(address for address, _ in seen.others)}
    more = {held.ip for _, held in facts.addresses} & listed - known
    others = sorted([*seen.others, *((ip, None) for ip in more)], key=lambda pair: _in_order(pair[0]))
    return seen.model_copy(update={"others": tuple(others)}) if more else seen


def _in_order(address: IpAddress) -> tuple[int, int]:
    return address.version, int(address)


def _with_peers(given: DesignInput) -> Iterator[PveVxlanZone | PveEvpnController]:
    for definition in (*given.sdn.pve.zones, *given.sdn.pve.controllers):
        if isinstance(definition, PveVxlanZone | PveEvpnController) and definition.peers:
            yield definition


@lru_cache(maxsize=16)  # many zones have the same list
def _parsed(peers: tuple[str, ...]) -> frozenset[IpAddress]:
    return frozenset(map(ip_address, peers))


def held_by_members(given: DesignInput) -> set[IpAddress]:
    """Addresses of the members; of those that do not answer what the cluster says, and what is remembered."""
    held = {address.ip for facts in given.facts.values() for _, address in facts.addresses}
    for member in given.cluster.members:
        facts, seen = given.facts.get(member.name), given.seen.get(member.name)
        if facts is None or not facts.addresses:
            held |= {member.address} if member.address is not None else set()
            held |= {seen.address, *(address for address, _ in seen.others)} if seen is not None else set()
    return held


def departed(given: DesignInput) -> dict[IpAddress, str]:
    """Addresses of which it is remembered whose they were, and that no member has any more: of nodes that have left,
    and of members that have others now.

    A member that answers has those of its interfaces and no other, whatever the cluster resolves its name to.
    """
    held = held_by_members(given)
    found: dict[IpAddress, str] = {}
    for node, seen in given.seen.items():
        found |= dict.fromkeys((*seen.former, seen.address, *(address for address, _ in seen.others)), node)
    return {address: node for address, node in found.items() if address not in held}


def _against(
    given: DesignInput,
    collection: str,
    definition: PveVxlanZone | PveEvpnController,
    nodes: frozenset[str],
    no_more: Mapping[IpAddress, str],
) -> PeerList:
    peers = definition.peers
    missing = _missing(given, nodes & given.facts.keys(), peers)
    outside: tuple[str, ...] = ()
    if collection == "controllers" and _may_accept_others(given, peers):
        missing = ()
    elif collection == "controllers" and nodes:
        outside = tuple(node for node in _missing(given, given.facts, peers) if node not in nodes)
    addresses = _addresses_like(given, missing, peers) if missing else {}
    gone = {peer: no_more[ip_address(peer)] for peer in peers if ip_address(peer) in no_more} if no_more else {}
    # A member whose new address nobody can tell would be in the list no more.
    gone = {peer: node for peer, node in gone.items() if node not in missing or node in addresses}
    if len(gone) == len(peers):
        gone = {}  # then it would be a list of nobody, which PVE does not take
    return PeerList(collection, definition.id, definition.where, peers, missing, outside, addresses, gone)


def _missing(given: DesignInput, nodes: Iterable[str], peers: tuple[str, ...]) -> tuple[str, ...]:
    """Nodes that a list forgets.

    Nobody where it names none of them: it is then one of route reflectors, or of hosts outside the cluster.
    """
    known = _parsed(peers)
    those = sorted(nodes)
    found = tuple(node for node in those if not any(held.ip in known for _, held in given.facts[node].addresses))
    return found if len(found) < len(those) else ()


def _may_accept_others(given: DesignInput, peers: tuple[str, ...]) -> bool:
    """All listed members have lines of an administrator's beside PVE's: they may be route reflectors by those."""
    known = _parsed(peers)
    holders = [facts for facts in given.facts.values() if any(held.ip in known for _, held in facts.addresses)]
    return all(facts.has_foreign_frr_local for facts in holders)


def _addresses_like(given: DesignInput, missing: Iterable[str], peers: tuple[str, ...]) -> dict[str, IpAddress]:
    """Which addresses belong into a list, judged by those that are in it: of the same network, else of a device of the
    same name.
    """
    known = _parsed(peers)
    like = [(device, held) for facts in given.facts.values() for device, held in facts.addresses if held.ip in known]
    found = {node: _address_like(like, given.facts[node].addresses) for node in missing}
    return {node: address for node, address in found.items() if address is not None}


def _address_like(
    like: list[tuple[str, IpInterface]], addresses: Iterable[tuple[str, IpInterface]]
) -> IpAddress | None:
    networks = {held.network for _, held in like if held.network.num_addresses > 1}
    devices = {(device, held.version) for device, held in like}
    own = [(d, held) for d, held in addresses if not held.ip.is_link_local and not held.ip.is_loopback]
    near = [held.ip for _, held in own if held.network in networks]
    return next(iter(near or [held.ip for device, held in own if (device, held.version) in devices]), None)
