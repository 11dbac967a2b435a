"""VNets whose zone is gone from PVE's panel while one of ours carries it: nothing is planned then, so what the nodes
have stays, and whoever only looks holds them against that. Pure.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence

from pvesdn.design.carried.allotting import DrawnVnet
from pvesdn.design.carried.keeping import carrier_of, is_vlan_aware, our_bridges
from pvesdn.design.ours.zones import IPV4, IPV6, has_vrf
from pvesdn.design.shared.names import vrf, vxlan_port
from pvesdn.model.design import DesignInput
from pvesdn.model.dhcp_filter import is_dhcp_filter
from pvesdn.model.facts import IfaceStanza
from pvesdn.model.own_sdn import OwnZone
from pvesdn.model.primitives import MTU_MAX, bounded
from pvesdn.model.pve_sdn import PveSimpleZone
from pvesdn.model.vnets import Vnet


def lost_homes(
    given: DesignInput, homes: Mapping[str, PveSimpleZone], refused: frozenset[str] = frozenset()
) -> dict[str, PveSimpleZone]:
    """The zones that are gone, by the ids of ours that carry them, as far as the nodes tell what they were.

    :param homes: those that are there.
    :param refused: those that are there and cannot be carried, which count as gone; where no node has anything of one,
        its nodes are those that PVE says.
    """
    pve = given.sdn.pve
    there = {home.id for home in homes.values()} | {zone.id for zone in given.sdn.own.zones} | set(pve.drawn_zones)
    there -= refused
    drawn = {zone.id: zone.nodes for zone in pve.zones if zone.id in refused}
    lost: dict[str, PveSimpleZone] = {}
    for zone in given.sdn.own.zones:
        name = zone.carries
        if name is None or zone.vni_range is None or name in there or pve.unread.may_have("zone", name):
            continue
        there.add(name)  # of two that carry the same the first
        lost[zone.id] = PveSimpleZone(where=zone.at("carries"), id=name, nodes=drawn.get(name))
    found: dict[str, list[tuple[IfaceStanza, str]]] = {}
    for zone, stanza, node in _standing(given, lost):
        found.setdefault(zone.id, []).append((stanza, node))
    return {id_: _as_it_was(home, found.get(id_, ()), given) for id_, home in lost.items()}


def _as_it_was(home: PveSimpleZone, found: Sequence[tuple[IfaceStanza, str]], given: DesignInput) -> PveSimpleZone:
    """:param found: its bridges, and the nodes that have them: a member that did not answer may have them too."""
    if not found:
        return home
    without = given.facts.keys() - {node for _, node in found}
    members = {member.name for member in given.cluster.members}
    said = (bounded(mtu, MTU_MAX) for stanza, _ in found for mtu in stanza.values("mtu"))
    sizes = [mtu for mtu in said if mtu is not None]
    ports = {(node, vxlan_port(stanza.name)) for stanza, node in found}
    commands = (
        command
        for node, facts in given.facts.items()
        for stanza in facts.own
        if (node, stanza.name) in ports
        for command in stanza.values("post-up")
    )
    was = {
        "mtu": sizes[-1] if sizes else None,
        "nodes": frozenset((members | given.facts.keys()) - without) if without else None,
        "dhcp": "dnsmasq" if any(map(is_dhcp_filter, commands)) else None,
    }
    return home.model_copy(update=was)


def standing(given: DesignInput, lost: Mapping[str, PveSimpleZone], taken: Container[str]) -> Iterator[DrawnVnet]:
    """What the nodes have of these zones, sorted by id.

    :param lost: see `lost_homes`. :param taken: VNets that somebody else carries by now.
    """
    found: dict[str, tuple[OwnZone, IfaceStanza, set[str]]] = {}
    for zone, stanza, node in _standing(given, lost):
        if stanza.name not in taken:
            found.setdefault(stanza.name, (zone, stanza, set()))[2].add(node)
    for name, (zone, stanza, nodes) in sorted(found.items()):
        vnet = Vnet(
            where=zone.at("carries"),
            id=name,
            zone=lost[zone.id].id,
            vlanaware=is_vlan_aware(stanza),
            nodes=frozenset(nodes),
            was_routed=bool(stanza.values("hwaddress")),
            left_families=_families(given, zone, stanza),
        )
        yield DrawnVnet(zone, vnet, lost[zone.id].nodes)


def _families(given: DesignInput, zone: OwnZone, stanza: IfaceStanza) -> frozenset[int]:
    """4, 6: of a VNet's gateways, which PVE has taken, as far as it matters: by what stands in our files for them."""
    nodes = given.facts.values()
    if not stanza.values("hwaddress"):
        return frozenset()
    if not has_vrf(zone):
        return frozenset[int]().union(*(facts.forwards for facts in nodes))
    announced = {family for facts in nodes for name, family in facts.announced if name == vrf(zone.id)}
    return frozenset((announced & {IPV4}) | ({IPV6} if stanza.values("pre-up") else set()))


def _standing(given: DesignInput, lost: Mapping[str, PveSimpleZone]) -> Iterator[tuple[OwnZone, IfaceStanza, str]]:
    for node, facts in sorted(given.facts.items()):
        for stanza, vni in our_bridges(facts):
            zone = carrier_of(given, lost, stanza.name, vni)
            if zone is not None:
                yield zone, stanza, node
