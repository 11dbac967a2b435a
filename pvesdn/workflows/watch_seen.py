"""What `watch` compares from one look to the next, and what it concludes. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from pvesdn.decode.cluster.members import MEMBERS_FILE, MembersFile
from pvesdn.decode.definitions.sdn_files import read_sdn
from pvesdn.model.files import ChangeSet
from pvesdn.model.history import HISTORY_FILE
from pvesdn.model.snapshot import VNIS_NAME
from pvesdn.watcher.turns import KEPT
from pvesdn.workflows.watch_memory import Absence, Kept, LastRun, Memory, clock_time

_LONG = 2 * KEPT
"""Seconds between two looks at what is kept after which it was not looked at all the time."""


def stands_by(members: MembersFile, local: str) -> str:
    """Why this node does not act, in words; empty if it does."""
    if not members.is_quorate:
        return "standing by: the cluster has no quorum"
    online = sorted((member.node_id, name) for name, member in members.nodes.items() if member.is_online)
    if online and online[0][1] != local:
        return f"standing by: {online[0][1]} is the online member with the lowest id; the watch there acts for all, if it runs"
    return ""


def digests(files: Mapping[str, str], members: MembersFile) -> dict[str, str]:
    """By path. The counters of pmxcfs are left out: they change while the membership does not."""
    nodes = {name: [m.node_id, m.is_online, str(m.address or "")] for name, m in sorted(members.nodes.items())}
    return digests_of_texts({path: files[path] for path in sorted(files)} | {MEMBERS_FILE: json.dumps(nodes)})


def digests_of_texts(files: Mapping[str, str]) -> dict[str, str]:
    """By path."""
    return {path: hashlib.sha256(text.encode()).hexdigest() for path, text in files.items()}


def reason_to_look(memory: Memory, now: Mapping[str, str]) -> str:
    """The reason to act, in words; empty if there is none, or only what failed or was reported."""
    if not memory.is_readable:
        return "the record of the last look is unreadable"
    if memory.seen is None:
        return "first look"
    paths = [path for path in sorted(memory.seen.keys() | now.keys()) if memory.seen.get(path) != now.get(path)]
    if others := [path for path in paths if path != HISTORY_FILE]:
        return f"changed: {', '.join(others)}"
    return {
        LastRun.STARTED: f"the run of {clock_time(memory.ran_at)} did not finish",
        LastRun.MISSED: "a node could not be reached at the last look",
        LastRun.DONE: "somebody has applied" if paths else "",
    }.get(memory.run, "")


def reason_to_try_again(memory: Memory) -> str:
    """The same of what failed or was reported, once it is to be applied."""
    is_retry = memory.run is LastRun.FAILED
    return f"trying again what failed at {clock_time(memory.ran_at)}" if is_retry else "applying what was reported"


def kept_for_guests(memory: Memory, changes: ChangeSet, now: float) -> Kept:
    """What is only there for guests, and what was until the plan without them is carried out. Those for whose sake it
    is refused are there. Of a node that does not answer nothing is known; once it does, its guests may still have to
    start.
    """
    silent, removed, plugged = _silent(changes), _removed(changes), _plugged(changes)
    before = {
        pair: None if pair[1] in silent or pair in plugged else _missed(absence, now)
        for pair, absence in memory.kept.items()
        if pair[1] in silent or pair in removed
    }
    return before | {(vnet, node): None for vnet, nodes in changes.kept.items() for node in nodes}


def kept_as_far_as_known(before: Memory, memory: Memory, changes: ChangeSet, now: float) -> Kept:
    """The same, and where somebody has applied of whom `before` does not know, what that may have kept: whoever takes
    office, or has lost its memory, would take a guest that only restarts for one that has left.

    It is what is carried and gone from what PVE has committed; of what is still pending there nothing was applied.
    """
    kept = kept_for_guests(memory, changes, now)
    if before.seen is not None and before.seen.get(HISTORY_FILE) == (memory.seen or {}).get(HISTORY_FILE):
        return kept
    away = _carried(changes) - {row.id for row in changes.pending if row.kind == "vnet"}
    gone = {pair for pair in _removed(changes) - _plugged(changes) if pair[0] in away}
    return dict.fromkeys(gone, Absence(now)) | {**kept}


def refused_for_guests(kept: Kept, changes: ChangeSet) -> Kept:
    """The same with the bridges for whose guests the plan is refused: they may restart before it is tried again."""
    return {**kept} | dict.fromkeys(_plugged(changes))


def left_by_guests(kept: Kept, now: float) -> str:
    """A reason to act, in words: guests went and have not come back, which is written nowhere. Empty if there is none,
    or it was one before.
    """
    gone = [pair for pair, one in kept.items() if one is not None and not one.is_told and now - one.since >= KEPT]
    return f"guests have left what was kept for them: {_listed(gone)}" if gone else ""


def may_be_back(kept: Kept, now: float) -> str:
    """What to wait for before anything is removed: guests that went a moment ago may only be restarting, and would find
    no bridge. Empty where nothing was left so lately.
    """
    gone = [pair for pair, one in kept.items() if one is not None and now - one.since < KEPT]
    return f"waiting for guests that may only be restarting: {_listed(gone)}" if gone else ""


def told(kept: Kept) -> Kept:
    """The same once it was said that guests have left."""
    return {pair: None if one is None else replace(one, is_told=True) for pair, one in kept.items()}


def with_guests(kept: Kept) -> Kept:
    """What of it has guests in it, as far as is known: the rest was removed."""
    return {pair: None for pair, one in kept.items() if one is None}


def still_in(kept: Kept, changes: ChangeSet) -> str:
    """What to add where nothing has changed: where guests are, and where none are seen. Empty where nothing is kept."""
    silent = _silent(changes)
    there = [pair for pair, one in kept.items() if one is None and pair[1] not in silent]
    missed = [pair for pair, one in kept.items() if one is not None]
    mute = sorted({node for _, node in kept if node in silent})
    parts = [f"guests are still in what is kept for them: {_listed(there)}"] if there else []
    parts += [f"no guests are seen in what is kept for them: {_listed(missed)}"] if missed else []
    parts += [f"{', '.join(mute)} did not answer"] if mute else []
    return "".join(f"; {part}" for part in parts)


def back_in(before: Kept, kept: Kept) -> str:
    """Where guests are that were missed. Empty where they are nowhere."""
    return _listed([pair for pair, one in before.items() if one is not None and pair in with_guests(kept)])


def _silent(changes: ChangeSet) -> frozenset[str]:
    return frozenset({*changes.unreachable, *changes.offline})


def _removed(changes: ChangeSet) -> frozenset[tuple[str, str]]:
    """Bridges that the plan takes from guests, if there are any, each with a node."""
    stanzas = ((stanza, node.node) for node in changes.nodes for file in node.files for stanza in file.stanzas)
    return frozenset((stanza.name, node) for stanza, node in stanzas if stanza.takes_ports)


def _plugged(changes: ChangeSet) -> frozenset[tuple[str, str]]:
    """Those of them that guests are in."""
    return frozenset((bridge, node.node) for node in changes.nodes for bridge in node.guests)


def _carried(changes: ChangeSet) -> frozenset[str]:
    """VNets of the panel's, also those that are gone from it."""
    vnis = read_sdn({VNIS_NAME: changes.sources.get(VNIS_NAME, "")}, intent="pending").config.vnis
    return frozenset() if vnis is None else frozenset(given.vnet for given in vnis.given)


def _missed(absence: Absence | None, now: float) -> Absence:
    """Since when; anew where nobody has looked for so long that they may have been back, or the clock was set."""
    if absence is None:
        return Absence(now)
    last = absence.since if absence.last is None else absence.last
    return replace(absence, last=now) if 0 <= now - last <= _LONG else Absence(now, absence.is_told)


def _listed(pairs: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{vnet} on {node}" for vnet, node in sorted(pairs))
