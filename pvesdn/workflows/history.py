"""The history: each apply has an entry before it changes anything, which is completed when it is known how it ended.

A history that cannot be read or written keeps no apply from being carried out. It is told, and that is all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from pvesdn import __version__
from pvesdn.compare.conflicts import digest
from pvesdn.compare.recorded import ending_of, in_short, one_line, options_of, results_of
from pvesdn.decode.definitions.running_config import FILE as RUNNING_CONFIG
from pvesdn.decode.history import decode_history, digest_of
from pvesdn.encode.history import encode_history
from pvesdn.encode.kept import known_definitions, own_definitions
from pvesdn.errors import ClusterError, HistoryError, NodeError, NodeFailed, PvesdnError
from pvesdn.model.files import ChangeSet
from pvesdn.model.history import (
    HISTORY_FILE,
    LONGEST_COMMENT,
    LONGEST_NAME,
    LONGEST_REASON,
    Ending,
    Entry,
    History,
    Sources,
)
from pvesdn.model.manner import AS_USUAL, Manner
from pvesdn.model.primitives import NodeName
from pvesdn.model.report import ApplyReport
from pvesdn.model.snapshot import OWN_NAME
from pvesdn.workflows.any_member import on_any_member
from pvesdn.workflows.apply import apply
from pvesdn.workflows.planner import Planner
from pvesdn.workflows.read import SDN_DIR, read_members
from pvesdn.workflows.world import World

_RUNNING_FILE = f"{SDN_DIR}/{RUNNING_CONFIG}"
_ATTEMPTS = 3
"""Somebody else may write an entry between a read and a write."""
_CUT_OFF = "its run was killed; nodes that had not been told to keep it have put themselves back"


def read_history(world: World) -> History:
    """The history, from any member.

    :raises ClusterError: the cluster does not say who its members are.
    :raises HistoryError: it cannot be used.
    :raises NodeError: no member can read it.
    """
    files = on_any_member(world, readers(world), lambda name: world.nodes.read(name, [HISTORY_FILE]))
    return decode_history(files.get(HISTORY_FILE))


def readers(world: World) -> list[NodeName]:
    """Members to read a file of /etc/pve from; on a member it needs nobody else, even while the API is away.

    :raises ClusterError: the cluster does not say who its members are, and this is none of them.
    """
    try:
        return [member.name for member in read_members(world.api).members if member.is_online]
    except ClusterError:
        if world.local_node is None:
            raise
        return [world.local_node]


def apply_on_record(
    world: World,
    changes: ChangeSet,
    planner: Planner,
    manner: Manner = AS_USUAL,
    *,
    is_retry: bool = False,
) -> ApplyReport:
    """Carry out a plan as `apply` does, and keep in the history what became of it. A rehearsal alone, of which nothing
    stays, is not kept.

    :param is_retry: nobody asked: it failed before. Of such attempts the first and the last are kept.
    :raises PvesdnError: as `apply` does.
    """
    if not manner.commits:
        return apply(world, changes, planner, manner)
    record = _Record(world, changes, manner, is_retry=is_retry)
    try:
        report = apply(world, changes, planner, manner, begin=record.begin)
    except BaseException as error:
        record.cut_off(error)
        raise
    record.ended(report)
    return replace(report, not_recorded=record.trouble)


def settle(world: World, members: Sequence[NodeName], apply_id: str, ending: Ending) -> str:
    """Complete the entry of an apply whose run may be gone, if it is open.

    :returns: why it could not be done; empty if it was, or if there is no such entry.
    """

    def completed(history: History) -> History:
        return _completed(history, apply_id, ended=_utc(world), ending=ending, why=_by(world))

    return _write(world, members, completed)


class _Record:
    """The entry of one apply. :param trouble: why it is not in the history, or not whole; empty otherwise."""

    def __init__(self, world: World, changes: ChangeSet, manner: Manner, *, is_retry: bool) -> None:
        self.trouble = ""
        self._world = world
        self._changes = changes
        self._members = [node.node for node in changes.nodes]
        self._manner = manner
        self._is_retry = is_retry
        self._id = ""

    def begin(self, apply_id: str) -> None:
        """Write an open entry, and complete those of runs that were killed. With nothing to do nothing is written."""
        if not self._changes.has_work:
            return
        self._id = apply_id
        texts = self._texts()
        before, after = (Sources(**{name: _name(text) for name, text in side.items()}) for side in texts)
        kept = {digest_of(text): text for side in texts for text in side.values() if text is not None}

        def begun(history: History) -> History:
            known = self._looked_after(history)
            entry = Entry(
                number=known.next_number,
                id=apply_id,
                who=one_line(self._world.who or "unknown", LONGEST_NAME),
                began=_utc(self._world),
                comment=one_line(self._manner.comment, LONGEST_COMMENT),
                pvesdn=one_line(__version__, LONGEST_NAME),
                flags=options_of(self._changes.flags, self._manner),
                plan=in_short(self._changes),
                before=before,
                after=after,
            )
            others = known.entries[:-1] if self._is_retry and _has_failed_twice(known.entries, entry) else known.entries
            return History((*others, entry), {**known.texts, **kept})

        self.trouble = _write(self._world, self._members, begun)

    def ended(self, report: ApplyReport) -> None:
        """Say in the entry how the apply ended."""
        self._complete(
            ending=ending_of(report, is_confirmed=self._manner.confirm_within > 0),
            results=results_of(report.nodes),
            why=one_line(report.commit_error, LONGEST_REASON),
        )

    def cut_off(self, error: BaseException) -> None:
        """The apply was given up: its nodes were put back, or put themselves back."""
        why = str(error) if isinstance(error, PvesdnError) else "interrupted"
        self._complete(ending=Ending.CUT_OFF, why=one_line(why, LONGEST_REASON))

    def _complete(self, **found: object) -> None:
        if not self._id or self.trouble:
            return

        def completed(history: History) -> History:
            if not any(entry.id == self._id for entry in history.entries):
                raise HistoryError(f"{HISTORY_FILE}: somebody has taken the entry of this apply away")
            texts = dict(history.texts)
            if self._changes.pending:
                found["committed"] = self._committed(texts)
            return _completed(replace(history, texts=texts), self._id, is_own=True, ended=_utc(self._world), **found)

        self.trouble = _write(self._world, self._members, completed)

    def _committed(self, texts: dict[str, str]) -> str | None:
        """The digest of what PVE has committed by now; its text comes to the others."""
        files = on_any_member(self._world, self._members, lambda name: self._world.nodes.read(name, [_RUNNING_FILE]))
        text = known_definitions(files.get(_RUNNING_FILE))
        if text is not None:
            texts[digest_of(text)] = text
        return _name(text)

    def _texts(self) -> tuple[dict[str, str | None], dict[str, str | None]]:
        """The definitions before and after."""
        own, draft = own_definitions(self._changes.sources.get(OWN_NAME)), self._changes.definitions
        committed = known_definitions(self._changes.sources.get(RUNNING_CONFIG))
        return (
            {"own": own if draft is None else own_definitions(draft.old), "committed": committed},
            {"own": own, "committed": committed},
        )

    def _looked_after(self, history: History) -> History:
        """Without open entries, but for those of applies that are open on a node."""
        if not any(entry.ending is Ending.OPEN for entry in history.entries):
            return history
        answers = self._world.runner.each(tuple(self._members), self._world.nodes.applied)
        known = [answer for answer in answers.values() if not isinstance(answer, NodeError)]
        at_work = {answer.open.id for answer in known if answer.open is not None} | {self._id}
        kept = {answer.kept for answer in known}
        for entry in history.entries:
            if entry.ending is Ending.OPEN and entry.id not in at_work:
                ending, why = (Ending.CONFIRMED, "") if entry.id in kept else (Ending.CUT_OFF, _CUT_OFF)
                history = _completed(history, entry.id, ended=_utc(self._world), ending=ending, why=why)
        return history


def _has_failed_twice(entries: Sequence[Entry], entry: Entry) -> bool:
    """The last two were attempts of the same, so that the last one need not be kept beside a third."""
    last = [one for one in entries[-2:] if one.ended and not one.ending.is_in_force]
    return [(one.who, one.after) for one in last] == [(entry.who, entry.after)] * 2


def _completed(history: History, apply_id: str, *, is_own: bool = False, **found: object) -> History:
    """With these values in the entry of this apply. `committed` is that of `after`.

    :param is_own: the run of that apply says so, which knows best; nobody else changes an entry that is complete.
    """
    entries = []
    for entry in history.entries:
        if entry.id != apply_id or not (is_own or entry.ending is Ending.OPEN):
            entries.append(entry)
            continue
        values = dict(found)
        if "committed" in values:
            values["after"] = entry.after.model_copy(update={"committed": values.pop("committed")})
        if entry.ending is Ending.ROLLED_BACK:  # the run only knows that it was not confirmed
            values |= {"ending": entry.ending, "why": entry.why}
        entries.append(entry.model_copy(update=values))
    return replace(history, entries=tuple(entries))


def _write(world: World, members: Sequence[NodeName], change: Callable[[History], History]) -> str:
    """Read, change, write, unless somebody else has written meanwhile: then once more.

    :returns: why it could not be done; empty if it was.
    """
    trouble = ""
    for _ in range(_ATTEMPTS):
        try:
            text = on_any_member(world, members, lambda name: world.nodes.read(name, [HISTORY_FILE])).get(HISTORY_FILE)
            before = decode_history(text)
            after = change(before)
            if after == before:
                return ""
            expect = None if text is None else digest(text)
            new = encode_history(after)
            on_any_member(
                world,
                members,
                lambda name: world.nodes.replace(name, HISTORY_FILE, new, expect=expect),  # noqa: B023
            )
        except NodeFailed as error:
            trouble = str(error)
        except PvesdnError as error:
            return str(error)
        except ValueError as error:  # what is against the history's own rules must not keep nodes half done
            return f"{HISTORY_FILE}: cannot be written: {type(error).__name__}"
        else:
            return ""
    return trouble


def _name(text: str | None) -> str | None:
    return None if text is None else digest_of(text)


def _by(world: World) -> str:
    return one_line(f"by {world.who}" if world.who else "", LONGEST_REASON)


def _utc(world: World) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(world.clock.now()))
