"""One node: its files as they should be compared with its files as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from pvesdn.compare.as_numbers import as_numbers
from pvesdn.compare.conflicts import conflict, digest, is_as_wanted
from pvesdn.compare.consequences import ChangedFile, node_consequences
from pvesdn.compare.differences import daemon_differences, sysctl_differences
from pvesdn.compare.execution import steps
from pvesdn.compare.free_order import in_present_order
from pvesdn.compare.frr_words import frr_differences
from pvesdn.compare.moved import FileStanzas, follow_moves
from pvesdn.compare.obstacles import obstacles
from pvesdn.compare.prerequisites import prerequisites
from pvesdn.compare.present import PresentFile
from pvesdn.compare.stanzas import keep_hosts, leaves_its_vrf, stanza_changes
from pvesdn.compare.taken import Taken, cut_over, taken_vnis
from pvesdn.decode.frr.text import says_the_same
from pvesdn.decode.nodes.record import Record
from pvesdn.model.differences import Difference
from pvesdn.model.execution import Flooding, FrrAction, NodeExecution, ReloadNetwork
from pvesdn.model.facts import NodeFacts
from pvesdn.model.files import (
    FRR_CONF,
    FRR_CONF_LOCAL,
    FRR_DAEMONS,
    FRR_LOCAL_BEGIN,
    OUR_INTERFACES,
    OUR_SYSCTL,
    SDN_INTERFACES,
    Action,
    AsNumbers,
    FileChange,
    NodeChanges,
    RenderedFile,
    StanzaChange,
)
from pvesdn.model.flags import PlanFlags
from pvesdn.model.guests import labelled
from pvesdn.model.ifupdown import GUEST_PORTS
from pvesdn.model.owners import FileOwners

_GUEST_PORT = re.compile(GUEST_PORTS)
_FRR_FILES = frozenset({FRR_CONF, FRR_CONF_LOCAL, FRR_DAEMONS})
_MADE_BY_IFUPDOWN = frozenset({"bridge", "vxlan", "vrf"})


@dataclass(frozen=True, slots=True)
class NodeNow:
    """A node as it is.

    :param files: text by path.
    :param record: what pvesdn remembers of its last write there.
    :param guest_names: by id, as far as they are known.
    """

    files: Mapping[str, str]
    facts: NodeFacts
    record: Record
    guest_names: Mapping[int, str] = field(default_factory=dict)


def compare_node(
    rendered: Iterable[RenderedFile],
    now: NodeNow,
    owners: FileOwners,
    *,
    flags: PlanFlags,
    shows_pve: bool,
    flooding: Flooding = (),
) -> NodeChanges:
    """Everything that would happen on one node. Pure; linear in the number of stanzas.

    :param shows_pve: PVE's definitions are about to be committed, so its files are shown with the plan.
    """
    wanted = tuple(rendered)
    compared = _with_moves(
        tuple(
            found
            for file in sorted(wanted, key=lambda file: file.path)
            if (found := _compare_file(file, now, owners, shows_pve=shows_pve)) is not None
        )
    )
    changes = tuple(found.change for found in compared)
    own = tuple(found for found in compared if not found.change.by_pve)
    staying = _staying(wanted, now, owners, shows_pve=shows_pve) if any(map(_takes_away, changes)) else frozenset()
    guests = _guests(changes, now.facts, staying)
    in_words = {bridge: tuple(labelled(port, now.guest_names) for port in ports) for bridge, ports in guests.items()}
    is_unfinished = now.record.is_unfinished
    is_reloaded = bool(changes) or is_unfinished or shows_pve
    # An interface that moves from one file to another is told in the one that it moves to.
    there = {n: text for found in compared if found.change.stanzas for n, text in found.present.stanzas.items()}
    execution = _execution(own, now, owners, flooding, reloads=is_reloaded and not shows_pve)
    return NodeChanges(
        node=now.facts.node,
        files=changes,
        obstacles=obstacles(changes, now.files, now.facts, flags, in_words, is_reloaded=is_reloaded)
        + prerequisites(
            {found.file.path: found.file for found in compared if found.file.text is not None},
            {name: taken for found in compared for name, taken in found.taken.items()},
            _own_files(wanted, owners),
            now.facts,
        ),
        guests=guests,
        is_unfinished=is_unfinished,
        links=now.facts.links,
        execution=execution,
        consequences=node_consequences(
            [ChangedFile(found.change, there, found.file.interfaces) for found in compared],
            now.facts,
            staying=staying,
            frr=_frr_texts(wanted, changes, now),
            action=execution.frr,
        ),
    )


def _takes_away(change: FileChange) -> bool:
    return any(stanza.action is Action.REMOVE for stanza in change.stanzas)


def _staying(wanted: Iterable[RenderedFile], now: NodeNow, owners: FileOwners, *, shows_pve: bool) -> frozenset[str]:
    """Interfaces that some file has afterwards: one that leaves a file and is in another does not go."""
    found = {stanza.name for stanza in now.facts.stanzas} | {name for _, name in now.facts.other_stanzas}
    written = {
        file.path: file.stanzas.keys() for file in wanted if shows_pve or not owners.is_written_by_pve(file.path)
    }
    for path in (OUR_INTERFACES, SDN_INTERFACES):
        found |= written[path] if path in written else PresentFile(now.files.get(path)).stanzas.keys()
    return frozenset(found)


def _frr_texts(wanted: Iterable[RenderedFile], changes: Iterable[FileChange], now: NodeNow) -> tuple[str, str] | None:
    """frr.conf before and after, whoever writes it; None where FRR is not told of anything."""
    if not any(change.path in _FRR_FILES for change in changes):
        return None
    before = now.files.get(FRR_CONF, "")
    after = next((file.text for file in wanted if file.path == FRR_CONF), None)
    return before, before if after is None else after


@dataclass(frozen=True, slots=True)
class _Compared:
    """One file that changes, with what both sides mean.

    :param taken: devices whose VNI another device has, by name.
    """

    change: FileChange
    file: RenderedFile
    present: PresentFile
    taken: Mapping[str, Taken] = field(default_factory=dict)


def _with_moves(compared: tuple[_Compared, ...]) -> tuple[_Compared, ...]:
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


def _own_files(wanted: Iterable[RenderedFile], owners: FileOwners) -> frozenset[str]:
    """Files that have to be on the node and that PVE does not write, changed or not."""
    return frozenset(file.path for file in wanted if file.text is not None and not owners.is_written_by_pve(file.path))


def _compare_file(file: RenderedFile, now: NodeNow, owners: FileOwners, *, shows_pve: bool) -> _Compared | None:
    """What happens to one file; None when nothing does."""
    by_pve = owners.is_written_by_pve(file.path)
    current = now.files.get(file.path)
    present = PresentFile(current)
    file = in_present_order(file, present)
    if is_as_wanted(file.path, current, file.text, now.record) or (by_pve and not shows_pve):
        return None
    if by_pve and file.path == FRR_CONF and says_the_same(current or "", file.text or ""):
        return None  # PVE's frr.conf is equal by meaning only: its text would be shown as changed for ever
    if file.text is None and (file.path == FRR_CONF or not current):
        return None  # frr.conf is never removed, and an absent file need not be
    stanzas: tuple[StanzaChange, ...] = ()
    taken: dict[str, Taken] = {}
    if file.path in {OUR_INTERFACES, SDN_INTERFACES}:
        taken = taken_vnis(present.stanzas, file.interfaces, now.facts)
        stanzas = cut_over(stanza_changes(present.stanzas, file.interfaces), taken)
    if file.path == SDN_INTERFACES:
        stanzas = keep_hosts(stanzas, {stanza.name for stanza in now.facts.stanzas})
    change = FileChange(
        path=file.path,
        old=current,
        new=file.text,
        mode=file.mode,
        owner=file.owner,
        expect=None if current is None else digest(current),
        stanzas=stanzas,
        by_pve=by_pve,
        conflict=""
        if by_pve or _is_pves_last(file.path, now)
        else conflict(file.path, current, now.record.files, now.record.meanings),
        printed=file.interfaces if current else None,
        interfaces=None if file.interfaces is None else file.interfaces.value,
        as_numbers=as_numbers(current, file.frr) if file.path == FRR_CONF else AsNumbers(),
        differences=_in_words(file, current, now.facts),
    )
    return _Compared(change, file, present, taken)


def _in_words(file: RenderedFile, current: str | None, facts: NodeFacts) -> tuple[Difference, ...]:
    """What changes in a file without interfaces."""
    match file.path:
        case path if path in (FRR_CONF, FRR_CONF_LOCAL):
            return frr_differences(current, file.text)
        case path if path == FRR_DAEMONS:
            return daemon_differences(current, file.text)
        case path if path == OUR_SYSCTL:
            return sysctl_differences(current, file.sysctls, facts.sysctl)
    return ()


def _is_pves_last(path: str, now: NodeNow) -> bool:
    """Whether PVE wrote this frr.conf: while our block is in frr.conf.local, PVE prints it, until it gives up FRR."""
    return path == FRR_CONF and FRR_LOCAL_BEGIN in now.files.get(FRR_CONF_LOCAL, "").splitlines()


def _execution(
    own: tuple[_Compared, ...], now: NodeNow, owners: FileOwners, flooding: Flooding, *, reloads: bool
) -> NodeExecution:
    """What is done about it.

    :param reloads: the network is reloaded when the node's turn comes.
    """
    is_unfinished = now.record.is_unfinished
    frr_is_unfinished = is_unfinished and FRR_CONF in (now.record.files or {})
    in_order = steps(
        (found.change for found in own),
        ifdown=tuple(name for found in own for name in _leaving_uplinks(found, now.facts)),
        delete_links=_to_delete(own, now.facts),
        frr=_frr_action(own, owners, is_unfinished=frr_is_unfinished),
        reload=ReloadNetwork(owners.regenerate_frr) if reloads else None,
        is_unfinished=is_unfinished,
    )
    return NodeExecution(now.facts.node, tuple(in_order), flooding, finishes=bool(own) or is_unfinished)


def _frr_action(own: tuple[_Compared, ...], owners: FileOwners, *, is_unfinished: bool) -> FrrAction:
    changes = {found.file.path: found for found in own}
    conf = changes.get(FRR_CONF)
    if FRR_DAEMONS in changes or (conf is not None and _has_another_asn(conf.change.as_numbers)):
        return FrrAction.RESTART
    if conf is not None or (is_unfinished and not owners.pve_writes_frr):
        return FrrAction.RELOAD
    return FrrAction.NONE


def _has_another_asn(numbers: AsNumbers) -> bool:
    """Reloads would fail for ever: bgpd keeps an instance with an L3VNI ("BGP is already running"), and so its AS
    number.
    """
    return bool(numbers.before and numbers.after) and numbers.before != numbers.after


def _leaving_uplinks(found: _Compared, facts: NodeFacts) -> Iterator[str]:
    """Interfaces that exist without us and leave their VRF: a reload would leave their addresses in the main table, or
    remove the VRF underneath them.
    """
    if found.file.path != OUR_INTERFACES or found.present.text is None:
        return
    kinds = {link.name: link.kind for link in facts.links}
    for stanza in found.change.stanzas:
        if kinds.get(stanza.name, "bridge") in _MADE_BY_IFUPDOWN:
            continue
        printed = found.file.interfaces
        if stanza.action is Action.REMOVE or (
            stanza.action is Action.CHANGE
            and printed is not None
            and leaves_its_vrf(found.present.stanzas[stanza.name], printed, stanza.name)
        ):
            yield stanza.name


def _to_delete(own: tuple[_Compared, ...], facts: NodeFacts) -> tuple[str, ...]:
    live = {link.name for link in facts.links}
    return tuple(
        stanza.name
        for found in own
        for stanza in found.change.stanzas
        if stanza.action is Action.REPLACE and stanza.name in live
    )


def _guests(changes: tuple[FileChange, ...], facts: NodeFacts, staying: frozenset[str]) -> dict[str, tuple[str, ...]]:
    leaving = {s.name for change in changes for s in change.stanzas if s.action is Action.REMOVE} - staying
    plugged: dict[str, list[str]] = {}
    for link in facts.links:
        if link.master in leaving and _GUEST_PORT.match(link.name):
            plugged.setdefault(link.master, []).append(link.name)
    return {bridge: tuple(sorted(ports)) for bridge, ports in sorted(plugged.items())}
