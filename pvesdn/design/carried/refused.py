"""Zones of PVE's panel that one of ours carries, and in which PVE has committed what cannot be carried: whoever only
looks holds the nodes against what they have of them. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable

from pvesdn.model.design import DesignInput
from pvesdn.model.findings import Finding, Severity
from pvesdn.model.snapshot import OWN_NAME

_FOLLOWS_PVE = ("carries", "mtu", "vni-range")
"""Properties of ours that are wrong where something else was drawn than they say."""


def refused_homes(found: Iterable[Finding], given: DesignInput) -> frozenset[str]:
    """The zones of PVE's that errors are about; none where one is about anything else, which has to be mended first."""
    errors = (one for one in found if one.severity is Severity.ERROR and not one.is_nodes_own)
    homes = {home_of(error, given) for error in errors}
    return frozenset() if "" in homes else frozenset(homes)


def home_of(finding: Finding, given: DesignInput) -> str:
    """The zone of PVE's that one of ours carries and that a finding is about; empty where it is about none."""
    place = finding.place
    if place is None:
        return ""
    carriers = given.sdn.own.carriers
    if place.file == OWN_NAME:
        at = (place.line, place.column)
        meant = ((zone.carries or "", zone.at(key)) for zone in given.sdn.own.zones for key in _FOLLOWS_PVE)
        return next((name for name, where in meant if name and (where.line, where.column) == at), "")
    vnets = {vnet.id: vnet.drawn_in or vnet.zone for _, vnet in given.sdn.drawn}
    subnets = {subnet.id: vnets.get(subnet.vnet, "") for subnet in given.sdn.pve.subnets}
    zone = {"zone": {name: name for name in carriers}, "vnet": vnets, "subnet": subnets}.get(place.kind, {})
    home = zone.get(place.id, "")
    return home if home in carriers else ""
