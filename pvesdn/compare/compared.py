"""One file of a node: as it should be, compared with what the node has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pvesdn.compare.as_numbers import as_numbers
from pvesdn.compare.conflicts import conflict, digest, is_as_wanted
from pvesdn.compare.differences import daemon_differences, sysctl_differences
from pvesdn.compare.free_order import in_present_order
from pvesdn.compare.frr_words import frr_differences
from pvesdn.compare.present import NodeNow, PresentFile
from pvesdn.compare.stanzas import keep_hosts, stanza_changes
from pvesdn.compare.taken import Taken, cut_over, taken_vnis
from pvesdn.decode.frr.text import says_the_same
from pvesdn.model.differences import Difference
from pvesdn.model.facts import NodeFacts
from pvesdn.model.files import (
    FRR_CONF,
    FRR_CONF_LOCAL,
    FRR_DAEMONS,
    FRR_LOCAL_BEGIN,
    OUR_INTERFACES,
    OUR_SYSCTL,
    SDN_INTERFACES,
    AsNumbers,
    FileChange,
    RenderedFile,
    StanzaChange,
)
from pvesdn.model.owners import FileOwners


@dataclass(frozen=True, slots=True)
class Compared:
    """One file that changes, with what both sides mean.

    :param taken: devices whose VNI another device has, by name.
    """

    change: FileChange
    file: RenderedFile
    present: PresentFile
    taken: Mapping[str, Taken] = field(default_factory=dict)


def compare_file(file: RenderedFile, now: NodeNow, owners: FileOwners, *, shows_pve: bool) -> Compared | None:
    """What happens to one file; None when nothing does."""
    by_pve = owners.is_written_by_pve(file.path)
    current = now.files.get(file.path)
    present = PresentFile(current)
    file = in_present_order(file, present)
    if is_as_wanted(file.path, current, file.text, now.record) or (by_pve and not shows_pve):
        return None
    if by_pve and file.path == FRR_CONF and now.facts.lacks_frr:
        return None  # without FRR there PVE writes none (docs/pve.md §4.4)
    if by_pve and file.path == FRR_CONF and says_the_same(current or "", file.text or ""):
        return None  # PVE's frr.conf is equal by meaning only: its text would be shown as changed for ever
    if file.text is None and (file.path == FRR_CONF or not current):
        return None  # frr.conf is never removed, and an absent file need not be
    stanzas: tuple[StanzaChange, ...] = ()
    taken: dict[str, Taken] = {}
    if file.path in {OUR_INTERFACES, SDN_INTERFACES}:
        taken = taken_vnis(present.stanzas, file.interfaces, now.facts)
        beside = PresentFile(now.files.get(OUR_INTERFACES if file.path == SDN_INTERFACES else SDN_INTERFACES))
        stanzas = cut_over(stanza_changes(present.stanzas, file.interfaces, beside), taken)
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
    return Compared(change, file, present, taken)


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
