"""Whose guests may notice what differs in FRR's configuration."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pvesdn.compare.live_view import NodeView

_VNIS = re.compile(r"\bvni (?:(?:is|lacks|has) )?([0-9]+(?:, (?:not )?[0-9]+)*)")
"""As FRR writes it, and as a plan tells that it changes, comes or goes."""
_NUMBER = re.compile(r"[0-9]+")


def frr_zones(view: NodeView, lines: Iterable[str]) -> tuple[str, ...]:
    """The zones that lines of FRR are about, sorted: by a VRF, an uplink or a VNI in their words, with the blocks that
    they are in. A line without any of these is about all zones of EVPN on the node.
    """
    by_vni = {str(vni.vni): view.zones.get(vni.device) for vni in view.expected.vnis}
    by_vni |= {str(device.vni): view.zones.get(device.name) for device in view.expected.devices if device.vni}
    found: set[str] = set()
    for line in lines:
        named = {view.zones.get(word.strip(":,;'()")) for word in line.split()}
        named |= {by_vni.get(vni) for vnis in _VNIS.findall(line) for vni in _NUMBER.findall(vnis)}
        zones = {zone for zone in named if zone is not None}
        if not zones:
            return view.evpn_zones
        found |= zones
    return tuple(sorted(found)) if found else view.evpn_zones
