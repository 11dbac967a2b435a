"""PVE's own generator: kinds that are newer than the one pvesdn knows, and nodes whose level is another."""

from __future__ import annotations

from collections.abc import Iterator

from pvesdn.design.checks.remarks import listed, note
from pvesdn.model.capabilities import NETWORK_PACKAGE, GeneratorLevel
from pvesdn.model.design import DesignInput
from pvesdn.model.findings import Finding


def check(given: DesignInput) -> Iterator[Finding]:
    """One line for everything newer, and one for each level that is not the known one."""
    yield from _things(given)
    if given.capabilities.has_sdn:
        yield from _levels(given)


def _things(given: DesignInput) -> Iterator[Finding]:
    pve = given.sdn.pve
    if not pve.newer:
        return
    left = {zone.id for zone in pve.unmanaged_zones if zone.is_newer}
    nodes = {member.name for member in given.cluster.members if pve.is_unmanaged_on(member.name)}
    beside = {
        zone.id for zone in pve.zones if zone.id not in left and (nodes if zone.nodes is None else nodes & zone.nodes)
    }
    parts = [f"zones {listed(left)}"] if left else []
    if nodes:
        parts.append(f"all that PVE writes on {listed(nodes)}")
    if beside:
        parts.append(f"with it zones {listed(beside)} there")
    what = ", ".join(
        f"{thing.what} ({thing.where.file}{f':{thing.where.line}' * bool(thing.where.line)})" for thing in pve.newer
    )
    yield note(
        "PVE's SDN",
        f"newer than what pvesdn renders: {what}",
        f"left to PVE: {', '.join(parts) or 'no zone and no node'}",
    )


def _levels(given: DesignInput) -> Iterator[Finding]:
    newer, older = [], []
    for node in sorted(given.facts):
        can = given.capabilities.on(node)
        named = f"{node} ({can.package or f'PVE {given.capabilities.version}'})"
        if can.level is GeneratorLevel.NEWER:
            newer.append(named)
        elif can.level is GeneratorLevel.BEFORE_1_0:
            older.append(named)
    if newer:
        what = f"{NETWORK_PACKAGE} is newer than 1.3 on {', '.join(newer)}, and its rules are not known"
        yield note("PVE's SDN", what, "what PVE writes for its own zones there may differ from what pvesdn expects")
    if older and given.sdn.pve.needs_frr:
        what = f"{NETWORK_PACKAGE} is older than 1.0 on {', '.join(older)}, where frr.conf says 'frr version 8.5.2'"
        yield note("PVE's SDN", what, "its text is in another order there than pvesdn renders it; it means the same")
