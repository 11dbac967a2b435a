"""Zones of PVE's panel that one of ours carries, and in which PVE has committed what cannot be carried: whoever only
looks holds the nodes against what they have of them. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pvesdn.design.carried.reserved import written
from pvesdn.model.design import DesignInput
from pvesdn.model.findings import Finding, Where
from pvesdn.model.pve_sdn import PveSimpleZone
from pvesdn.model.snapshot import OWN_NAME, VNIS_NAME

_FOLLOWS_PVE = ("carries", "mtu", "vni-range")
"""Properties of ours that are wrong where something else was drawn than they say."""


def doubtful_homes(errors: Iterable[Finding], given: DesignInput) -> Iterator[frozenset[str]]:
    """Which zones of PVE's these errors may come from, to be tried in this order: those that they are about, then all
    that are carried. An exit is at fault where the zone has left its node, and only follows from what was drawn.
    """
    homes = {home_of(error, given) for error in errors}
    if not homes:
        return
    named = frozenset(homes - {""})
    if named:
        yield named
    simple = {zone.id for zone in given.sdn.pve.zones if isinstance(zone, PveSimpleZone)}
    every = simple & given.sdn.own.carriers.keys()
    if not every <= named:
        yield named | every


def home_of(finding: Finding, given: DesignInput) -> str:
    """The zone of PVE's that one of ours carries and that a finding is about; empty where it is about none."""
    place = finding.place
    if place is None:
        return ""
    carriers = given.sdn.own.carriers
    if place.file == OWN_NAME:
        return _meant(place, given)
    vnets = {vnet.id: vnet.drawn_in or vnet.zone for _, vnet in given.sdn.drawn}
    if place.file == VNIS_NAME:
        named = (vnets.get(entry.vnet, "") for entry in written(given) if entry.where.line == place.line)
        home = next(named, "")
    else:
        subnets = {subnet.id: vnets.get(subnet.vnet, "") for subnet in given.sdn.pve.subnets}
        zone = {"zone": {name: name for name in carriers}, "vnet": vnets, "subnet": subnets}.get(place.kind, {})
        home = zone.get(place.id, "")
    return home if home in carriers else ""


def _meant(place: Where, given: DesignInput) -> str:
    """Of a place in pvesdn.cfg: properties that follow what was drawn, and VNIs that are pinned."""
    own, at = given.sdn.own, (place.line, place.column)
    homes = {zone.id: zone.carries or "" for zone in own.zones}
    meant = [(homes[zone.id], zone.at(key)) for zone in own.zones for key in _FOLLOWS_PVE]
    meant += ((homes.get(pin.zone, ""), pin.at("tag")) for pin in own.pins)
    return next((name for name, where in meant if name and (where.line, where.column) == at), "")
