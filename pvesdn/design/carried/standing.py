"""VNets whose zone is gone from PVE's panel while one of ours carries it: nothing is planned then, so what the nodes
have stays, and whoever only looks holds them against that. Pure.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

from pvesdn.design.carried.allotting import DrawnVnet
from pvesdn.design.carried.keeping import carrier_of, is_vlan_aware, our_bridges
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import IfaceStanza
from pvesdn.model.own_sdn import OwnZone
from pvesdn.model.pve_sdn import PveSimpleZone
from pvesdn.model.vnets import Vnet


def lost_homes(given: DesignInput, homes: Mapping[str, PveSimpleZone]) -> dict[str, PveSimpleZone]:
    """The zones that are gone, by the ids of ours that carry them, as far as the nodes tell what they were.

    :param homes: those that are there.
    """
    pve = given.sdn.pve
    there = {home.id for home in homes.values()} | {zone.id for zone in given.sdn.own.zones} | set(pve.drawn_zones)
    lost: dict[str, PveSimpleZone] = {}
    for zone in given.sdn.own.zones:
        name = zone.carries
        if name is None or zone.vni_range is None or name in there or pve.unread.may_have("zone", name):
            continue
        there.add(name)  # of two that carry the same the first
        lost[zone.id] = PveSimpleZone(where=zone.at("carries"), id=name)
    sizes = {zone.id: stanza.values("mtu") for zone, stanza, _ in _standing(given, lost)}
    return {
        id_: home.model_copy(update={"mtu": next((int(mtu) for mtu in sizes.get(id_, ()) if mtu.isdecimal()), None)})
        for id_, home in lost.items()
    }


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
        )
        yield DrawnVnet(zone, vnet)


def _standing(given: DesignInput, lost: Mapping[str, PveSimpleZone]) -> Iterator[tuple[OwnZone, IfaceStanza, str]]:
    for node, facts in sorted(given.facts.items()):
        for stanza, vni in our_bridges(facts):
            zone = carrier_of(given, lost, stanza.name, vni)
            if zone is not None:
                yield zone, stanza, node
