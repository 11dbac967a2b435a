"""Packages that PVE's reload and FRR's own need, and that nothing misses before the first change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pvesdn.design.checks.wording import error, listed, warning
from pvesdn.design.ours.zones import zone_nodes
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import NodeFacts
from pvesdn.model.findings import Finding
from pvesdn.model.own_sdn import EvpnZone

_IFUPDOWN = "ifupdown2"
_OLDEST = (1, 2, 8)
"""The first ifupdown2 with which PVE reloads a node's network (docs/pve.md §13.2)."""
_NUMBERS = re.compile(r"(?:[0-9]+:)?([0-9]{1,9})\.([0-9]{1,9})(?:\.([0-9]{1,9}))?")
_DNSMASQ = "dnsmasq"
_INSTALL = (
    f"apt install {_DNSMASQ}, then systemctl disable --now {_DNSMASQ}, since the one of the package takes the ports"
)
_PYTHONTOOLS = "frr-pythontools"


def check(given: DesignInput) -> Iterator[Finding]:
    """What PVE reloads nothing with, DHCP that nobody serves, and an FRR that cannot be reloaded; each told once."""
    sdn = given.sdn
    if given.capabilities.has_sdn:
        yield from _dhcp(given)
    if given.capabilities.has_sdn and (sdn.both.zones or sdn.pve.fabrics):
        yield from _ifupdown(given.facts.values())
    without = [node for node in _speaking(given) & given.facts.keys() if _lacks_tools(given.facts[node])]
    if without:
        what = f"{_PYTHONTOOLS} is not installed, so FRR cannot reload: a new frr.conf resets all sessions, or is not loaded"
        yield warning(listed(without), what, f"apt install {_PYTHONTOOLS}")


def _ifupdown(nodes: Iterable[NodeFacts]) -> Iterator[Finding]:
    found = {facts.node: facts.versions[_IFUPDOWN] for facts in nodes if _is_refused(facts)}
    if found:
        what = f"PVE refuses to reload the network with {_IFUPDOWN} {listed(set(found.values()))}"
        hint = f"install {_IFUPDOWN} {'.'.join(map(str, _OLDEST))} or later from Proxmox's own repository"
        yield warning(listed(found), what, hint)


def _dhcp(given: DesignInput) -> Iterator[Finding]:
    """PVE sets DHCP up on every node, whatever the zone says of nodes, and first (docs/pve.md §4.1).

    So every reload fails there, and one that PVE begins with its commit does so when nothing can be put back any more.
    """
    zones = [f"'{zone}'" for zone in sorted(given.sdn.pve.with_dhcp)]
    without = [node for node, facts in given.facts.items() if facts.versions.get(_DNSMASQ) == ""]
    if not zones or not without:
        return
    what = (
        f"{_DNSMASQ} is not installed, and the zone{'s' if zones[1:] else ''} {listed(zones)}"
        f" {'have' if zones[1:] else 'has'} DHCP: PVE's reload ends there before it has loaded any interface"
    )
    for node in without:
        yield error(node, what, _INSTALL, node=node)


def _is_refused(facts: NodeFacts) -> bool:
    """Its ifupdown2 is not of Proxmox's, or too old; not where the version is none."""
    numbers = _NUMBERS.match(facts.versions.get(_IFUPDOWN, ""))
    if numbers is None:
        return False
    version = tuple(int(part) for part in numbers.groups() if part is not None)
    return not facts.has_proxmox_ifupdown or version < _OLDEST[: len(version)]


def _lacks_tools(facts: NodeFacts) -> bool:
    """FRR is there and its reload is not; an empty version is said of a package that was asked for and is absent."""
    return "frr" in facts.versions and facts.versions.get(_PYTHONTOOLS) == ""


def _speaking(given: DesignInput) -> frozenset[str]:
    """Nodes on which FRR has to do something."""
    if given.capabilities.has_sdn and given.sdn.pve.needs_frr:
        return frozenset(member.name for member in given.cluster.members)
    zones = (zone for zone in given.sdn.own.zones if isinstance(zone, EvpnZone))
    return frozenset(uplink.node for uplink in given.sdn.own.exits).union(
        *(zone_nodes(zone, given.cluster) for zone in zones)
    )
