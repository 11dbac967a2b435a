"""What a node must have for its files to work: a source line, ifupdown2, FRR, the interfaces that an exit takes."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from ipaddress import ip_address

from pvesdn.compare.options import addresses_of_stanzas
from pvesdn.compare.taken import Taken
from pvesdn.design.shared.hosts import own_addresses
from pvesdn.model.facts import NodeFacts
from pvesdn.model.files import FRR_FILES, OUR_INTERFACES, SDN_INTERFACES, FileChange, RenderedFile
from pvesdn.model.findings import Finding, Severity
from pvesdn.model.ifupdown import InterfacesFile, Uplink
from pvesdn.model.pve_ifupdown import PveVrf, PveVxlanPort

_FRR = ("FRR is not installed", "apt install frr frr-pythontools")
_NO_STANZAS = InterfacesFile(())


def prerequisites(
    changed: Mapping[str, RenderedFile],
    taken: Mapping[str, Taken],
    own: frozenset[str],
    facts: NodeFacts,
    *,
    carries: bool = False,
) -> tuple[Finding, ...]:
    """What is missing on one node, each an error.

    :param changed: files that will be written, by path; those of PVE count too, where its commit is about to write
        them.
    :param taken: devices of them whose VNI another device has, by name.
    :param own: paths of files that pvesdn wants there, whether they change or not.
    :param carries: our file has VNets of PVE's panel, whose addresses are in PVE's file.
    """
    missing: tuple[Finding, ...] = ()
    found: list[tuple[str, str]] = []
    read = (OUR_INTERFACES, SDN_INTERFACES) if carries else (OUR_INTERFACES,)
    lost = [path for path in read if not facts.is_sourced(path)]
    if OUR_INTERFACES in own and lost:
        found.append(_unsourced(lost, facts))
    found += (_refused(name, vni, facts, _made(changed)) for name, vni in taken.items())
    if OUR_INTERFACES in changed:
        names = _missing_uplinks(_value(changed[OUR_INTERFACES]), facts)
        missing = tuple(_missing(name, facts.node) for name in names)
    if facts.versions:
        found += _packages(changed, own, facts)
    return (
        *missing,
        *(
            Finding(severity=Severity.ERROR, node=facts.node, where=facts.node, what=what, hint=hint)
            for what, hint in found
        ),
    )


def doubts(changes: tuple[FileChange, ...], facts: NodeFacts, obstacles: tuple[Finding, ...] = ()) -> Iterator[Finding]:
    """What PVE accepts for its own file, although it only results in a logged warning (docs/pve.md §4.3).

    :param obstacles: what is missing on the node, and told with the same line to add.
    """
    for change in changes:
        if change.path == SDN_INTERFACES and change.by_pve and change.stanzas and not facts.is_sourced(change.path):
            what, hint = _unsourced([change.path], facts)
            if any(change.path in found.what and facts.source_line(change.path) in found.hint for found in obstacles):
                continue
            yield Finding(severity=Severity.WARNING, node=facts.node, where=facts.node, what=what, hint=hint)


def _unsourced(files: list[str], facts: NodeFacts) -> tuple[str, str]:
    lines = dict.fromkeys(f"'{facts.source_line(file)}'" for file in files)
    what = f"/etc/network/interfaces does not source {' and '.join(files)}"
    return what, f"add the line{'s' if len(lines) > 1 else ''} {' and '.join(lines)} to it"


def _missing(interface: str, node: str) -> Finding:
    what = f"{interface}: the interface does not exist, so the reload would fail half-way"
    hint = "use another one in the exit, or wait until it exists"
    return Finding(severity=Severity.ERROR, node=node, where=node, what=what, hint=hint, missing=interface)


def _made(changed: Mapping[str, RenderedFile]) -> frozenset[str]:
    """The addresses of what is in our file: a hand-written gateway that comes back with it is not missed."""
    ours = _value(changed[OUR_INTERFACES]) if OUR_INTERFACES in changed else _NO_STANZAS
    addresses = (address for stanza in ours.stanzas for address in addresses_of_stanzas((stanza,), ours))
    return frozenset(address.partition("/")[0] for address in addresses)


def _refused(name: str, taken: Taken, facts: NodeFacts, made: frozenset[str]) -> tuple[str, str]:
    what = f"{name}: VNI {taken.vni} is already on the device {taken.holder}, and the kernel refuses a second one"
    if lost := sorted(map(str, own_addresses(facts, taken.holder) - set(map(ip_address, made)))):
        return what, f"choose another VNI: by {taken.holder} the node has {', '.join(lost)}"
    return what, f"take {taken.holder} {_out_of(taken.holder, facts)}, or choose another VNI"


def _out_of(device: str, facts: NodeFacts) -> str:
    """What a person has to do so that a device goes."""
    if any(stanza.name == device for stanza in facts.stanzas):
        return "out of /etc/network/interfaces"
    file = next((file for file, name in facts.other_stanzas if name == device), None)
    return f"out of {file}" if file is not None else "away first"


def _packages(changed: Mapping[str, RenderedFile], own: Container[str], facts: NodeFacts) -> Iterator[tuple[str, str]]:
    sdn = _value(changed[SDN_INTERFACES]) if SDN_INTERFACES in changed else None
    if "ifupdown2" not in facts.versions and (OUR_INTERFACES in own or sdn is not None):
        # PVE's Apply goes on to the next node then, and its task ends well.
        yield "ifupdown2 is not installed", "apt install ifupdown2"
    if sdn is not None and facts.has_proxmox_ifupdown is False and _has_ipv6_tunnel(sdn):
        what = f"ifupdown2 {facts.versions['ifupdown2']} refuses the IPv6 tunnel addresses of {SDN_INTERFACES}"
        yield what, "install Proxmox's build of ifupdown2, or list IPv4 addresses as the peers in PVE"
    if not facts.lacks_frr:
        return
    if any(path in own for path in FRR_FILES):
        yield _FRR
    elif sdn is not None and any(isinstance(stanza, PveVrf) for stanza in sdn.stanzas):
        # PVE then says so in its task log alone, and its EVPN zone stays dark.
        yield _FRR


def _value(file: RenderedFile) -> InterfacesFile:
    return _NO_STANZAS if file.interfaces is None else file.interfaces.value


def _has_ipv6_tunnel(file: InterfacesFile) -> bool:
    return any(isinstance(stanza, PveVxlanPort) and ":" in (stanza.local or "") for stanza in file.stanzas)


def _missing_uplinks(file: InterfacesFile, facts: NodeFacts) -> Iterator[str]:
    """Interfaces of exits that nothing makes: no such device, none below a VLAN, and no stanza of the node's own."""
    uplinks = [stanza.name for stanza in file.stanzas if isinstance(stanza, Uplink)]
    if not uplinks or not facts.links:
        return
    there = facts.by_name.keys() | {stanza.name for stanza in facts.stanzas}
    there |= {name for _, name in facts.other_stanzas}
    yield from (name for name in uplinks if name not in there and name.partition(".")[0] not in there)
