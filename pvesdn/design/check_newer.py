"""PVE's own generator: kinds that are newer than the one pvesdn knows, and nodes whose level is another."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pvesdn.design.remarks import listed, note
from pvesdn.model.design import DesignInput
from pvesdn.model.findings import Finding
from pvesdn.model.sdn import EvpnZone, VxlanZone

_PACKAGE = "libpve-network-perl"
_KNOWN = (1, 3)
"""The level whose rules pvesdn has; later ones print texts that are not known (F0)."""
_OWN_LAYOUT_UNTIL = (1, 0)
"""Before it, in PVE 8, frr.conf has another header and order (F12)."""
_PVE_OF_NEWER = (9, 2)
"""PVE's first version that needs a later level (F0)."""
_FIRST_WITH_LEVEL = 9
"""PVE's first major version that can have the known level."""
_VERSION = re.compile(r"(?:[0-9]+:)?([0-9]{1,9})\.([0-9]{1,9})")


def check(given: DesignInput) -> Iterator[Finding]:
    """One line for everything newer, and one for each level that is not the known one."""
    yield from _things(given)
    if given.cluster.has_sdn:
        yield from _levels(given)


def is_before_templates(given: DesignInput, node: str) -> bool:
    """PVE on the node is older than libpve-network-perl 1.3, and prints addresses in frr.conf as they were typed.

    A level that is not known is taken for the known one.
    """
    facts = given.facts.get(node)
    text = facts.versions.get(_PACKAGE, "") if facts else ""
    if _VERSION.match(text):
        return _pair(text) < _KNOWN
    return 0 < given.cluster.pve_major < _FIRST_WITH_LEVEL


def _things(given: DesignInput) -> Iterator[Finding]:
    sdn = given.sdn
    if not sdn.newer:
        return
    left = {zone.id for zone in sdn.left_zones if zone.is_newer}
    nodes = {member.name for member in given.cluster.members if sdn.leaves_node(member.name)}
    beside = {
        zone.id
        for zone in sdn.zones
        if not isinstance(zone, VxlanZone | EvpnZone)
        and zone.id not in left
        and (nodes if zone.nodes is None else nodes & zone.nodes)
    }
    parts = [f"zones {listed(left)}"] if left else []
    if nodes:
        parts.append(f"all that PVE writes on {listed(nodes)}")
    if beside:
        parts.append(f"with it zones {listed(beside)} there")
    what = ", ".join(
        f"{thing.what} ({thing.where.file}{f':{thing.where.line}' * bool(thing.where.line)})" for thing in sdn.newer
    )
    yield note(
        "PVE's SDN",
        f"newer than what pvesdn renders: {what}",
        f"left to PVE: {', '.join(parts) or 'no zone and no node'}",
    )


def _levels(given: DesignInput) -> Iterator[Finding]:
    newer, older = [], []
    for node, facts in sorted(given.facts.items()):
        text = facts.versions.get(_PACKAGE, "")
        level = _VERSION.match(text)
        if level is None:
            if _pair(given.cluster.pve_version) >= _PVE_OF_NEWER:
                newer.append(f"{node} (PVE {given.cluster.pve_version})")
        elif _pair(text) > _KNOWN:
            newer.append(f"{node} ({text})")
        elif _pair(text) < _OWN_LAYOUT_UNTIL:
            older.append(f"{node} ({text})")
    if newer:
        what = f"{_PACKAGE} is newer than 1.3 on {', '.join(newer)}, and its rules are not known"
        yield note("PVE's SDN", what, "what PVE writes for its own zones there may differ from what pvesdn expects")
    if older and given.sdn.has_pve_frr:
        what = f"{_PACKAGE} is older than 1.0 on {', '.join(older)}, where frr.conf says 'frr version 8.5.2'"
        yield note("PVE's SDN", what, "its text is in another order there than pvesdn renders it; it means the same")


def _pair(version: str) -> tuple[int, int]:
    found = _VERSION.match(version)
    return (int(found[1]), int(found[2])) if found else (0, 0)
