"""VNets that run without what carries them, as after PVE's own Apply, or a reboot while they were pending."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from pvesdn.design.carried.bare import BareVnet, Misplaced, bare
from pvesdn.design.checks.wording import listed, warning
from pvesdn.model.design import DesignInput
from pvesdn.model.findings import Finding
from pvesdn.model.own_sdn import OwnZone
from pvesdn.model.pve_sdn import PveSimpleZone
from pvesdn.model.vnets import Subnet, Vnet

_APPLY = "run pvesdn apply; PVE's own Apply does not carry VNets"
_Found = list[tuple[str, BareVnet]]
"""Each with its node."""


def check(
    given: DesignInput, zone: OwnZone, *, home: PveSimpleZone, vnets: tuple[Vnet, ...], subnets: tuple[Subnet, ...]
) -> Iterator[Finding]:
    """Those of one zone, each kind as one warning.

    :param home: PVE's zone that it carries. :param vnets, subnets: what is drawn there.
    """
    found = [
        (node, one)
        for node in sorted(given.cluster.among(home.nodes) & given.facts.keys())
        for one in bare(given, given.facts[node], zone, vnets, subnets)
    ]
    said = [*_without_uplink([pair for pair in found if not pair[1].has_uplink])]
    carried = [pair for pair in found if pair[1].has_uplink]
    said += _in_other_networks([pair for pair in carried if pair[1].former is not None])
    said += (f"{what} on {on}" for what, on in _misplaced([pair for pair in carried if pair[1].former is None]))
    for what in said:
        yield warning(zone.at("carries"), what, _APPLY)


def _without_uplink(found: _Found) -> Iterator[str]:
    if found:
        vnets = _by_vnet(found)
        what = f"{listed(vnets)} {'runs' if len(vnets) == 1 else 'run'} without an uplink on {_nodes(vnets)}"
        yield ", and ".join((what, *(gateways for gateways, _ in _misplaced(found))))


def _in_other_networks(found: _Found) -> Iterator[str]:
    for zone in sorted({one.former.id for _, one in found if one.former is not None}):
        of_it = [(node, one) for node, one in found if one.former is not None and one.former.id == zone]
        vnets = _by_vnet(of_it)
        what = f"{listed(vnets)} {_are(vnets)} still in the network of zone '{zone}' on {_nodes(vnets)}"
        yield ", and ".join((what, *(gateways for gateways, _ in _misplaced(of_it))))


def _misplaced(found: _Found) -> Iterator[tuple[str, str]]:
    """What is wrong with gateways, and on which nodes."""
    for kind in Misplaced:
        vnets = _by_vnet([(node, one) for node, one in found if one.gateway is kind])
        if vnets:
            of = f"the {'gateway' if len(vnets) == 1 else 'gateways'} of {listed(vnets)}"
            yield f"{of} {_are(vnets)} {kind.value}", _nodes(vnets)


def _by_vnet(found: _Found) -> dict[str, list[str]]:
    nodes: dict[str, list[str]] = {}
    for node, one in found:
        nodes.setdefault(one.vnet.id, []).append(node)
    return nodes


def _nodes(vnets: Mapping[str, list[str]]) -> str:
    return listed({node for there in vnets.values() for node in there})


def _are(vnets: Collection[str]) -> str:
    return "is" if len(vnets) == 1 else "are"
