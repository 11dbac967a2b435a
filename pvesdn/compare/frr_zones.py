"""Whose guests may notice what differs in FRR's configuration."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from pvesdn.compare.live_view import NodeView

_VNIS = re.compile(r"\bvni (?:(?:is|lacks|has) )?([0-9]+(?:, (?:not )?[0-9]+)*)")
"""As FRR writes it, and as a plan tells that it changes, comes or goes."""
_LEFT = re.compile(r"\bvni (?:has )?([0-9]+(?:, [0-9]+)*)$")
"""Of a VNI that is there besides; what a file lacks, the node is to have."""
_NUMBER = re.compile(r"[0-9]+")


def frr_zones(view: NodeView, lines: Iterable[str]) -> tuple[str, ...]:
    """The zones that lines of FRR are about, sorted: by a VRF, an uplink or a VNI in their words, with the blocks that
    they are in. A line without any of these is about all zones of EVPN on the node; one that is left over, about none.
    """
    by_vni, told = _zones_by_vni(view), tuple(lines)
    found: set[str] = set()
    for line in told:
        zones = _named(view, line, by_vni)
        if not zones and not _is_left(line, by_vni):
            return view.evpn_zones
        found |= zones
    return tuple(sorted(found)) if told else view.evpn_zones


def is_leftover(view: NodeView, lines: Iterable[str]) -> bool:
    """Whether all of them are about VNIs that are no longer to be on the node: then no zone's guests notice."""
    by_vni, told = _zones_by_vni(view), tuple(lines)
    return bool(told) and all(_is_left(line, by_vni) and not _named(view, line, by_vni) for line in told)


def _zones_by_vni(view: NodeView) -> dict[str, str | None]:
    of_vnis = {str(vni.vni): view.zones.get(vni.device) for vni in view.expected.vnis}
    devices = (device for device in view.expected.devices if device.vni)
    return of_vnis | {str(device.vni): view.zones.get(device.name) for device in devices}


def _named(view: NodeView, line: str, by_vni: Mapping[str, str | None]) -> frozenset[str]:
    named = {view.zones.get(word.strip(":,;'()")) for word in line.split()}
    named |= {by_vni.get(vni) for vnis in _VNIS.findall(line) for vni in _NUMBER.findall(vnis)}
    return frozenset(zone for zone in named if zone is not None)


def _is_left(line: str, by_vni: Mapping[str, str | None]) -> bool:
    found = _LEFT.search(line)
    return found is not None and by_vni.keys().isdisjoint(_NUMBER.findall(found[1]))
