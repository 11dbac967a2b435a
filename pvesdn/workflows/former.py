"""Definitions of earlier applies, as the history has them: what differs between them, and from those of now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pvesdn.compare.sdn_edits import WRITTEN, calls_between, is_written, rewritten
from pvesdn.decode.definitions.pve_words import NOUNS, WORDS
from pvesdn.decode.definitions.running_config import FILE as RUNNING_CONFIG
from pvesdn.decode.definitions.running_config import read_running
from pvesdn.decode.definitions.sdn_files import read_sdn
from pvesdn.decode.definitions.section_config import Section
from pvesdn.encode.kept import known_definitions, own_definitions, section_texts
from pvesdn.errors import ApplyRefused, HistoryError
from pvesdn.model.files import FileChange, PendingChange
from pvesdn.model.history import MOST_ENTRIES, Entry, History, Sources
from pvesdn.model.sdn_edits import SdnEdits
from pvesdn.model.snapshot import OWN_FILE, OWN_NAME, Snapshot
from pvesdn.workflows.any_member import on_any_member
from pvesdn.workflows.history import readers
from pvesdn.workflows.proposed_edits import sections_of
from pvesdn.workflows.read import SDN_DIR
from pvesdn.workflows.world import World

_PVES = frozenset(f"{name}.cfg" for name in WORDS)
_MOST_LINES = 20
_NOT_WRITTEN = "WireGuard and BGP fabrics, route maps and prefix lists are not written"
_NO_LOCK = "before libpve-network-perl 1.1.3 PVE has no lock under which pvesdn could write them"


@dataclass(frozen=True, slots=True)
class Definitions:
    """All definitions at one time.

    :param own: pvesdn.cfg, as `own_definitions` gives it; None where there was no such file.
    :param committed: PVE's, as `known_definitions` gives them; None where nothing was committed.
    """

    own: str | None = None
    committed: str | None = None


def entry_of(history: History, number: int) -> Entry:
    """The entry with that number.

    :raises HistoryError: there is none, or none any more.
    """
    for entry in history.entries:
        if entry.number == number:
            return entry
    if not history.entries:
        raise HistoryError("the history has no entries yet", hint="it gets one with each apply")
    first, last = history.entries[0].number, history.entries[-1].number
    gone = f", and only the newest {MOST_ENTRIES} at most are kept" if number < first else ""
    raise HistoryError(f"there is no apply {number}: the history goes from {first} to {last}{gone}")


def definitions_of(history: History, entry: Entry) -> Definitions:
    """What the entry brought to the nodes, or was to bring.

    :raises HistoryError: the texts are not kept, or not any more.
    """
    return _texts(history, entry.after, entry.number)


def definitions_before(history: History, entry: Entry) -> Definitions | None:
    """What was in force when it began: what the last apply that was done had brought, else what a draft replaced.

    :returns: None where nobody knows.
    :raises HistoryError: the texts are not kept, or not any more.
    """
    former = [other for other in history.entries if other.number < entry.number and other.ending.is_in_force]
    if former:
        return definitions_of(history, former[-1])
    return None if entry.before == entry.after else _texts(history, entry.before, entry.number)


def definitions_now(world: World) -> Definitions:
    """The live pvesdn.cfg, and what PVE has committed.

    :raises ClusterError: the cluster does not say who its members are.
    :raises NodeError: no member can read them.
    """
    paths = {name: f"{SDN_DIR}/{name}" for name in (OWN_NAME, RUNNING_CONFIG)}
    files = on_any_member(world, readers(world), lambda node: world.nodes.read(node, [*paths.values()]))
    return definitions_in({name: files[path] for name, path in paths.items() if path in files})


def definitions_in(files: Mapping[str, str]) -> Definitions:
    """The same of files that were read. :param files: text by name below /etc/pve/sdn."""
    return Definitions(own_definitions(files.get(OWN_NAME)), known_definitions(files.get(RUNNING_CONFIG)))


def between(old: Definitions, new: Definitions) -> tuple[FileChange, ...]:
    """What differs, file by file; PVE's definitions as the sections they are."""
    found = [_change(OWN_FILE, old.own, new.own)]
    before, after = section_texts(old.committed), section_texts(new.committed)
    found += [_change(name, before.get(name), after.get(name)) for name in _names(before, after)]
    return tuple(change for change in found if change.old != change.new)


def _names(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    return [*before, *(name for name in after if name not in before)]


def _change(path: str, old: str | None, new: str | None) -> FileChange:
    return FileChange(path=path, old=old, new=new, mode="", owner="", expect=None)


def _texts(history: History, sources: Sources, number: int) -> Definitions:
    wanted = {digest for digest in (sources.own, sources.committed) if digest is not None}
    if wanted - history.texts.keys():
        raise HistoryError(f"the definitions of apply {number} are not kept: the history has no room for them")
    return Definitions(history.text(sources.own), history.text(sources.committed))


def bring_back(former: Definitions, snapshot: Snapshot, number: int) -> tuple[Snapshot, SdnEdits | None]:
    """The cluster with PVE's definitions as they were then, and the edits that lead there; the cluster as it is, and no
    edits, where they are what they were, or are about to be with the next commit.

    :raises ApplyRefused: they are others, and cannot be written through PVE's API; with each difference.
    """
    files = snapshot.pve_files
    changes = _unlike(former, files)
    if not changes:
        return snapshot, None
    running = read_running(former.committed).collections
    now = sections_of(files, WRITTEN)
    if foreign := [change for change in changes if not is_written(change, now, running)]:
        raise _by_hand(foreign, running, number, _NOT_WRITTEN)
    refuse_others_edits(files, f"run pvesdn rollback {number} again; {_alone(number)}")
    kept = read_running(known_definitions(files.get(RUNNING_CONFIG))).collections
    calls = calls_between(kept, running)
    edited = {f"{name}.cfg": rewritten(files.get(f"{name}.cfg", ""), name, now, running) for name in WRITTEN}
    edits = SdnEdits(calls, {name: files.get(name) for name in edited}, former.committed or "")
    there = {name: text for name, text in edited.items() if text or name in files}
    return replace(snapshot, pve_files={**files, **there}), edits


def refuse_others_edits(files: Mapping[str, str], then: str) -> None:
    """Return if nothing is pending in PVE: what somebody has edited could not be told from this run's own edits.

    :param files: `Snapshot.pve_files`.
    :param then: what to do once that is over.
    :raises ApplyRefused: something is.
    """
    if others := read_sdn(files, intent="pending").pending:
        names = _listed([f"{change.kind} '{change.id}' ({change.state})" for change in others])
        raise ApplyRefused(
            f"PVE's definitions have changes that nobody has applied: {names}",
            hint=f"apply or revert them in PVE's panel, and {then}",
        )


def _unlike(former: Definitions, files: Mapping[str, str]) -> tuple[PendingChange, ...]:
    """What of PVE's definitions is another than then: pending, if those of then were what is committed."""
    pves = {name: text for name, text in files.items() if name in _PVES}
    # Without any file they would be taken for unread.
    given = {"zones.cfg": "", **pves, RUNNING_CONFIG: former.committed or ""}
    return read_sdn(given, intent="pending").pending


def without_lock(former: Definitions, files: Mapping[str, str], number: int) -> ApplyRefused:
    """Why nothing is written where PVE's definitions cannot be locked, nor what is pending be dropped.

    :param files: `Snapshot.pve_files`.
    """
    then = read_running(former.committed).collections
    return _by_hand(_unlike(former, files), then, number, _NO_LOCK)


def _by_hand(
    found: Sequence[PendingChange], then: Mapping[str, Sequence[Section]], number: int, why: str
) -> ApplyRefused:
    """What a person has to do in the panel. :param found: what is another than then."""
    sections = {(NOUNS[name], section.id): section for name, there in then.items() for section in there}
    lines = [f"PVE's own definitions are not those of apply {number}, and {why}:"]
    lines += [f"{change.kind} '{change.id}': {_since(change, sections)}" for change in found[:_MOST_LINES]]
    lines += [f"and {len(found) - _MOST_LINES} more"] if len(found) > _MOST_LINES else []
    hint = f"do that in PVE's panel, and run pvesdn rollback {number} again; {_alone(number)}"
    return ApplyRefused("\n".join([*lines, f"nothing was touched; {hint}"]))


def _alone(number: int) -> str:
    """How to go back with pvesdn.cfg alone."""
    file = f"apply-{number}.cfg"
    return (
        f"or go back with pvesdn.cfg alone: pvesdn history show {number} --definitions >{file}; pvesdn plan"
        f" --definitions {file} --out {number}.plan; pvesdn apply {number}.plan"
    )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_LINES} more" if names[_MOST_LINES:] else ""
    return f"{', '.join(names[:_MOST_LINES])}{more}"


def _since(change: PendingChange, sections: Mapping[tuple[str, str], Section]) -> str:
    match change.state:
        case "new":
            return "was not there; remove it"
        case "deleted":
            section = sections[change.kind, change.id]
            words = [f"type {section.type}", *(f"{item.key} {item.value}" for item in section.properties)]
            return f"is gone; create it again: {', '.join(words)}"
        case _:
            words = [
                f"{p.name} back to {p.running}" if p.running else f"no {p.name} any more" for p in change.properties
            ]
            return f"is another; set {', '.join(words)}"
