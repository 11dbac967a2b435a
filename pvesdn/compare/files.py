"""One node: what changes in its files, what is done about that, what is in the way, and what it means for traffic."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from pvesdn.compare.compared import Compared, compare_file
from pvesdn.compare.consequences import ChangedFile, node_consequences
from pvesdn.compare.execution import node_execution, rehearsal
from pvesdn.compare.merged import PvesStanza
from pvesdn.compare.moved import FileStanzas, follow_merges, follow_moves
from pvesdn.compare.obstacles import obstacles
from pvesdn.compare.prerequisites import prerequisites
from pvesdn.compare.present import NodeNow, PresentFile
from pvesdn.compare.way_in import WayIn
from pvesdn.model.dhcp_unit import zone_of
from pvesdn.model.execution import Flooding
from pvesdn.model.facts import NodeFacts
from pvesdn.model.files import (
    FRR_CONF,
    FRR_FILES,
    OUR_INTERFACES,
    SDN_INTERFACES,
    Action,
    FileChange,
    NodeChanges,
    RenderedFile,
)
from pvesdn.model.findings import Finding
from pvesdn.model.flags import PlanFlags
from pvesdn.model.guests import labelled
from pvesdn.model.ifupdown import GUEST_PORTS, CarriedBridge
from pvesdn.model.owners import FileOwners

_GUEST_PORT = re.compile(GUEST_PORTS)


def compare_node(
    rendered: Iterable[RenderedFile],
    now: NodeNow,
    owners: FileOwners,
    *,
    flags: PlanFlags,
    shows_pve: bool,
    flooding: Flooding = (),
    carried: WayIn = MappingProxyType({}),
) -> NodeChanges:
    """Everything that would happen on one node. Pure; linear in the number of stanzas.

    :param shows_pve: PVE's definitions are about to be committed, so its files are shown with the plan.
    :param carried: devices by which the node is reached.
    """
    wanted = tuple(rendered)
    compared = _compare_files(wanted, now, owners, shows_pve=shows_pve)
    changes = tuple(found.change for found in compared)
    staying = frozenset[str]()
    if any(map(_takes_away, changes)):
        staying = _staying(wanted, now, owners, shows_pve=shows_pve) - _losing_their_port(changes, now.facts)
    guests = _guests(changes, now.facts, staying)
    in_words = {bridge: tuple(labelled(port, now.guest_names) for port in ports) for bridge, ports in guests.items()}
    is_unfinished = now.record.is_unfinished
    is_reloaded = bool(changes) or is_unfinished or shows_pve
    dhcp = tuple(zone for file in wanted if (zone := zone_of(file.path)) is not None)
    execution = node_execution(compared, now, owners, flooding, dhcp, reloads=is_reloaded and not shows_pve)
    return NodeChanges(
        node=now.facts.node,
        files=changes,
        obstacles=(
            *obstacles(changes, now.files, now.facts, flags, in_words, carried=carried, is_reloaded=is_reloaded),
            *_missing(compared, wanted, owners, now.facts),
        ),
        guests=guests,
        is_unfinished=is_unfinished,
        links=now.facts.links,
        nics=now.facts.nics,
        execution=execution,
        rehearsal=rehearsal(compared, now, owners, flooding, dhcp) if shows_pve else None,
        consequences=node_consequences(
            _changed_files(compared, now),
            now.facts,
            staying=staying,
            frr=_frr_texts(wanted, changes, now),
            action=execution.frr,
        ),
    )


def _compare_files(
    wanted: tuple[RenderedFile, ...], now: NodeNow, owners: FileOwners, *, shows_pve: bool
) -> tuple[Compared, ...]:
    """The files that change, sorted by path."""
    in_order = sorted(wanted, key=lambda file: file.path)
    compared = (compare_file(file, now, owners, shows_pve=shows_pve) for file in in_order)
    return _with_merges(_with_moves(tuple(found for found in compared if found is not None)), now)


def _missing(
    compared: tuple[Compared, ...], wanted: tuple[RenderedFile, ...], owners: FileOwners, facts: NodeFacts
) -> tuple[Finding, ...]:
    """What the node must have before its files can change."""
    return prerequisites(
        {found.file.path: found.file for found in compared if found.file.text is not None},
        {name: taken for found in compared for name, taken in found.taken.items()},
        _own_files(wanted, owners),
        facts,
        carries=any(
            isinstance(stanza, CarriedBridge)
            for file in wanted
            if file.path == OUR_INTERFACES and file.interfaces is not None
            for stanza in file.interfaces.value.stanzas
        ),
    )


def _changed_files(compared: tuple[Compared, ...], now: NodeNow) -> list[ChangedFile]:
    # An interface that moves from one file to another is told in the one that it moves to.
    there = {n: text for found in compared if found.change.stanzas for n, text in found.present.stanzas.items()}
    merged = _merged(compared, now)
    return [
        ChangedFile(found.change, there, found.file.interfaces, merged if found.file.path == OUR_INTERFACES else {})
        for found in compared
    ]


def _merged(compared: tuple[Compared, ...], now: NodeNow) -> dict[str, PvesStanza]:
    """Interfaces that our file takes up or gives up, and PVE's has before and after."""
    ours = next((found for found in compared if found.file.path == OUR_INTERFACES), None)
    names = [] if ours is None else [stanza.name for stanza in ours.change.stanzas if stanza.is_merged]
    if ours is None or not names:
        return {}
    before = PresentFile(now.files.get(SDN_INTERFACES)).stanzas
    pves = next((found for found in compared if found.file.path == SDN_INTERFACES), None)
    after = before if pves is None else pves.file.stanzas
    return {name: PvesStanza(before[name], after[name]) for name in names}


def _takes_away(change: FileChange) -> bool:
    return any(stanza.takes_ports for stanza in change.stanzas)


def _staying(wanted: Iterable[RenderedFile], now: NodeNow, owners: FileOwners, *, shows_pve: bool) -> frozenset[str]:
    """Interfaces that some file has afterwards: one that leaves a file and is in another does not go."""
    found = {stanza.name for stanza in now.facts.stanzas} | {name for _, name in now.facts.other_stanzas}
    written = {
        file.path: file.stanzas.keys() for file in wanted if shows_pve or not owners.is_written_by_pve(file.path)
    }
    for path in (OUR_INTERFACES, SDN_INTERFACES):
        found |= written[path] if path in written else PresentFile(now.files.get(path)).stanzas.keys()
    return frozenset(found)


def _losing_their_port(changes: Iterable[FileChange], facts: NodeFacts) -> frozenset[str]:
    """Interfaces that leave our file and do not come in another: where PVE's has one too, as of a VNet that is drawn in
    its panel, the port goes with ours, and guests' ports are thrown out (docs/pve.md §13.4).
    """
    ours = (change for change in changes if change.path == OUR_INTERFACES)
    removed = {stanza.name for change in ours for stanza in change.stanzas if stanza.takes_ports}
    return frozenset(removed - {stanza.name for stanza in facts.stanzas} - {name for _, name in facts.other_stanzas})


def _frr_texts(wanted: Iterable[RenderedFile], changes: Iterable[FileChange], now: NodeNow) -> tuple[str, str] | None:
    """frr.conf before and after, whoever writes it; None where FRR is not told of anything."""
    if not any(change.path in FRR_FILES for change in changes):
        return None
    before = now.files.get(FRR_CONF, "")
    after = next((file.text for file in wanted if file.path == FRR_CONF), None)
    return before, before if after is None else after


def _with_moves(compared: tuple[Compared, ...]) -> tuple[Compared, ...]:
    """The same files, where an interface that goes from PVE's file to ours, or back, is no longer told as two."""
    if sum(1 for found in compared if found.change.stanzas) < 2:  # noqa: PLR2004 - a move takes two files
        return compared
    files = {
        found.file.path: FileStanzas(found.change.stanzas, found.present.stanzas, found.file.interfaces)
        for found in compared
        if found.change.stanzas
    }
    stanzas = follow_moves(files)
    return tuple(
        replace(found, change=replace(found.change, stanzas=stanzas[found.file.path]))
        if found.file.path in stanzas
        else found
        for found in compared
    )


def _with_merges(compared: tuple[Compared, ...], now: NodeNow) -> tuple[Compared, ...]:
    """The same files, where a bridge that is there and stays is not told as made, or removed, because another file says
    it as well.
    """
    by_path = {found.file.path: found for found in compared}
    merged = {
        path: follow_merges(found.change.stanzas, _kept_by(other, by_path, now), other, carries=path == OUR_INTERFACES)
        for path, other in ((OUR_INTERFACES, SDN_INTERFACES), (SDN_INTERFACES, OUR_INTERFACES))
        if other in now.files
        and (found := by_path.get(path)) is not None
        and any(stanza.action in {Action.ADD, Action.REMOVE} for stanza in found.change.stanzas)
    }
    return tuple(
        replace(found, change=replace(found.change, stanzas=merged[found.file.path]))
        if found.file.path in merged
        else found
        for found in compared
    )


def _kept_by(path: str, compared: Mapping[str, Compared], now: NodeNow) -> frozenset[str]:
    """Interfaces that a file has before and after, and that are there."""
    live = now.facts.by_name.keys()
    if path not in compared:
        return frozenset(live & PresentFile(now.files.get(path)).stanzas.keys())
    return frozenset(live & compared[path].present.stanzas.keys() & compared[path].file.stanzas.keys())


def _own_files(wanted: Iterable[RenderedFile], owners: FileOwners) -> frozenset[str]:
    """Files that have to be on the node and that PVE does not write, changed or not."""
    return frozenset(file.path for file in wanted if file.text is not None and not owners.is_written_by_pve(file.path))


def _guests(changes: tuple[FileChange, ...], facts: NodeFacts, staying: frozenset[str]) -> dict[str, tuple[str, ...]]:
    leaving = {s.name for change in changes for s in change.stanzas if s.takes_ports} - staying
    plugged: dict[str, list[str]] = {}
    for link in facts.links:
        if link.master in leaving and _GUEST_PORT.match(link.name):
            plugged.setdefault(link.master, []).append(link.name)
    return {bridge: tuple(sorted(ports)) for bridge, ports in sorted(plugged.items())}
