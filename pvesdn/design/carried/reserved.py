"""VNIs that a member which does not answer may still have, as they were given to VNets of PVE's panel: nobody else may
have them meanwhile, or it would come back into somebody else's network. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass

from pvesdn.design.shared import pve_vnis
from pvesdn.model.design import DesignInput
from pvesdn.model.findings import Finding, Severity, Where
from pvesdn.model.own_sdn import EvpnZone
from pvesdn.model.ranges import by_number
from pvesdn.model.vnets import Vnet
from pvesdn.model.vnis import GivenVni

_TAG, _L3VNI = "tag", "vrf-vxlan"


@dataclass(frozen=True, slots=True)
class _Said:
    """A VNI that a definition says.

    :param word: the property that says it. :param vnet: whose it is; empty for a zone's L3VNI.
    :param in_pve: said in PVE's panel.
    :param is_settled: PVE has committed it, so that stopping a plan would keep nobody from it.
    """

    vni: int
    word: str
    where: Where
    vnet: str = ""
    in_pve: bool = False
    is_settled: bool = False


def refuse_tag(given: DesignInput, vnet: Vnet, unclear: Severity) -> Iterator[Finding]:
    """A tag in pvesdn.cfg. :param unclear: the severity of what a plan could not decide."""
    if vnet.tag is not None:
        yield from _refused(given, _Said(vnet.tag, _TAG, vnet.at("tag"), vnet.id), (), unclear)


def refuse_others(given: DesignInput, present: Container[int], unclear: Severity) -> Iterator[Finding]:
    """L3VNIs of both sources, and PVE's tags. :param present: VNIs of VNets that are there, which other checks tell."""
    for said in (*_l3vnis(given), *_tags_of_pve(given)):
        yield from _refused(given, said, present, unclear)


def taken_over(given: DesignInput) -> Callable[[GivenVni], bool]:
    """Whether a VNI that was given to a VNet is something else's by now, with every member read: none comes back with
    it any more, and it is kept for nobody.
    """
    holders: dict[int, set[str]] = {}
    if not (_silent(given) or given.cluster.is_assumed):
        tags = (_Said(vnet.tag, _TAG, vnet.where, vnet.id) for vnet in given.sdn.own.vnets if vnet.tag is not None)
        for said in (*tags, *_l3vnis(given), *_tags_of_pve(given)):
            holders.setdefault(said.vni, set()).add(said.vnet)
    return lambda entry: bool(holders.get(entry.vni, set()) - {entry.vnet})


def written(given: DesignInput) -> tuple[GivenVni, ...]:
    """What pvesdn-vnis.cfg says."""
    return () if given.sdn.vnis is None else given.sdn.vnis.given


def _refused(given: DesignInput, said: _Said, present: Container[int], unclear: Severity) -> Iterator[Finding]:
    silent = _silent(given)
    if not silent or given.cluster.is_assumed or said.vni in present:
        return
    for entry in written(given):
        if entry.vni == said.vni and entry.vnet != said.vnet:
            nodes = ", ".join(sorted(silent, key=by_number))
            was = f"was the VNI of vnet '{entry.vnet}'"
            what = f"{said.word} {said.vni} {was}, and {nodes} did not answer, which may have it"
            place = " in PVE (Datacenter > SDN)" if said.in_pve else ""
            hint = f"bring the node back, or choose another {said.word}{place}"
            yield Finding.of_plans(said.where, Severity.WARNING if said.is_settled else unclear, what, hint)


def _silent(given: DesignInput) -> set[str]:
    return {member.name for member in given.cluster.members} - given.facts.keys()


def _l3vnis(given: DesignInput) -> Iterator[_Said]:
    for zone in given.sdn.own.zones:
        if isinstance(zone, EvpnZone) and zone.l3vni is not None:
            yield _Said(zone.l3vni, _L3VNI, zone.at(_L3VNI))
    for other, vni in pve_vnis.l3vnis(given):
        settled = not _is_pending(given, "zone", other.id)
        yield _Said(vni, _L3VNI, other.at(_L3VNI), in_pve=True, is_settled=settled)


def _tags_of_pve(given: DesignInput) -> Iterator[_Said]:
    for vnet, vni in pve_vnis.tags(given):
        settled = not (_is_pending(given, "vnet", vnet.id) or _is_pending(given, "zone", vnet.zone))
        yield _Said(vni, _TAG, vnet.at("tag"), vnet.id, in_pve=True, is_settled=settled)


def _is_pending(given: DesignInput, kind: str, id_: str) -> bool:
    return any((kind, id_, state) in given.pending for state in ("new", "changed"))
