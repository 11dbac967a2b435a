"""What a node must have for its files to work: a source line, ifupdown2, FRR, the interfaces that an exit takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pvesdn.compare.stanzas import option
from pvesdn.compare.taken import taken_vnis
from pvesdn.decode.nodes.interfaces import split_stanzas
from pvesdn.model.facts import NodeFacts
from pvesdn.model.files import (
    FRR_CONF,
    FRR_CONF_LOCAL,
    FRR_DAEMONS,
    OUR_INTERFACES,
    SDN_INTERFACES,
    FileChange,
)
from pvesdn.model.findings import Finding, Severity

_FRR_FILES = frozenset({FRR_CONF, FRR_CONF_LOCAL, FRR_DAEMONS})
_FRR = ("FRR is not installed", "apt install frr frr-pythontools")


def prerequisites(changes: tuple[FileChange, ...], own: frozenset[str], facts: NodeFacts) -> tuple[Finding, ...]:
    """What is missing on one node, each an error.

    :param changes: files that change; those of PVE count too, where its commit is about to write them.
    :param own: paths of files that pvesdn wants there, whether they change or not.
    """
    by_path = {change.path: change for change in changes if change.new is not None}
    found: list[tuple[str, str]] = []
    if OUR_INTERFACES in own and not facts.is_sourced(OUR_INTERFACES):
        found.append(_unsourced(OUR_INTERFACES))
    for path in (OUR_INTERFACES, SDN_INTERFACES):
        if path in by_path:
            found += _vnis(by_path[path], facts)
    if OUR_INTERFACES in by_path:
        found += _devices(by_path[OUR_INTERFACES], facts)
    if facts.versions:
        found += _packages(by_path, own, facts)
    return tuple(Finding(severity=Severity.ERROR, where=facts.node, what=what, hint=hint) for what, hint in found)


def doubts(changes: tuple[FileChange, ...], facts: NodeFacts) -> Iterator[Finding]:
    """What PVE accepts for its own file, though nothing comes of it but a warning in a log (docs/pve.md §4.3)."""
    for change in changes:
        if change.path == SDN_INTERFACES and change.by_pve and change.stanzas and not facts.is_sourced(change.path):
            what, hint = _unsourced(change.path)
            yield Finding(severity=Severity.WARNING, where=facts.node, what=what, hint=hint)


def _unsourced(file: str) -> tuple[str, str]:
    return f"/etc/network/interfaces does not source {file}", "add the line 'source /etc/network/interfaces.d/*' to it"


def _devices(change: FileChange, facts: NodeFacts) -> Iterator[tuple[str, str]]:
    for name in _missing_uplinks(change, facts):
        what = f"{name}: the interface does not exist, so the reload would fail half-way"
        yield what, "name another one in the exit, or wait until it is there"


def _vnis(change: FileChange, facts: NodeFacts) -> Iterator[tuple[str, str]]:
    for name, taken in taken_vnis(change.old, change.new, facts).items():
        what = f"{name}: VNI {taken.vni} is already on the device {taken.holder}, and the kernel refuses a second one"
        yield what, f"take {taken.holder} {_out_of(taken.holder, facts)}, or choose another VNI"


def _out_of(device: str, facts: NodeFacts) -> str:
    """Where a person has to go for a device to go."""
    if any(stanza.name == device for stanza in facts.stanzas):
        return "out of /etc/network/interfaces"
    file = next((file for file, name in facts.other_stanzas if name == device), None)
    return f"out of {file}" if file is not None else "away first"


def _packages(by_path: dict[str, FileChange], own: frozenset[str], facts: NodeFacts) -> Iterator[tuple[str, str]]:
    if "ifupdown2" not in facts.versions and (OUR_INTERFACES in own or SDN_INTERFACES in by_path):
        # PVE's Apply goes on to the next node then, and its task ends well.
        yield "ifupdown2 is not installed", "apt install ifupdown2"
    if SDN_INTERFACES in by_path and facts.has_proxmox_ifupdown is False and _has_ipv6_tunnel(by_path[SDN_INTERFACES]):
        what = f"ifupdown2 {facts.versions['ifupdown2']} refuses the IPv6 tunnel addresses of {SDN_INTERFACES}"
        yield what, "install Proxmox's build of ifupdown2, or give PVE's controller IPv4 peers"
    if "frr" in facts.versions:
        return
    if _FRR_FILES & own:
        yield _FRR
    elif SDN_INTERFACES in by_path and _has_vrf(by_path[SDN_INTERFACES]):
        # PVE then says so in its task log alone, and its EVPN zone stays dark.
        yield _FRR


def _has_ipv6_tunnel(change: FileChange) -> bool:
    return any(":" in (option(text, "vxlan-local-tunnelip") or "") for _, text in split_stanzas(change.new or ""))


def _has_vrf(change: FileChange) -> bool:
    return any(option(text, "vrf-table") is not None for _, text in split_stanzas(change.new or ""))


def _missing_uplinks(change: FileChange, facts: NodeFacts) -> Iterable[str]:
    """Exits' interfaces that nothing makes: no device, none below a VLAN, and no stanza of the node's own."""
    if not facts.links:
        return
    there = {link.name for link in facts.links} | {stanza.name for stanza in facts.stanzas}
    there |= {name for _, name in facts.other_stanzas}
    for name, text in split_stanzas(change.new or ""):
        if _is_uplink(text) and name not in there and name.partition(".")[0] not in there:
            yield name


def _is_uplink(text: str) -> bool:
    """The only device of a VRF that ifupdown2 does not make itself."""
    made = ("bridge-ports", "vxlan-id", "vrf-table")
    return option(text, "vrf") is not None and all(option(text, key) is None for key in made)
