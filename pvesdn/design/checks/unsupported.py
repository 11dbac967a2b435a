"""What pvesdn does not know of PVE's SDN: definitions that are too new, and nodes with another generator."""

from __future__ import annotations

from collections.abc import Iterator

from pvesdn.design.checks.wording import listed, note, placed
from pvesdn.model.capabilities import NETWORK_PACKAGE, GeneratorLevel
from pvesdn.model.design import DesignInput
from pvesdn.model.findings import Finding


def check(given: DesignInput) -> Iterator[Finding]:
    """One line for all unsupported definitions, and one for each level of the generator that is not the known one."""
    yield from _definitions(given)
    if given.capabilities.has_sdn:
        yield from _levels(given)


def _definitions(given: DesignInput) -> Iterator[Finding]:
    pve = given.sdn.pve
    if not pve.unsupported:
        return
    left = {zone.id for zone in pve.unmanaged_zones if zone.is_unsupported}
    nodes = {member.name for member in given.cluster.members if pve.is_unmanaged_on(member.name)}
    beside = {
        zone.id for zone in pve.zones if zone.id not in left and (nodes if zone.nodes is None else nodes & zone.nodes)
    }
    parts = [f"zones {listed(left)}"] if left else []
    if nodes:
        parts.append(f"all that PVE writes on {listed(nodes)}")
    if beside:
        parts.append(f"including zones {listed(beside)} there")
    what = ", ".join(placed(definition.what, definition.where) for definition in pve.unsupported)
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
