"""watch: if the definitions or the membership have changed since the last look, plan, and apply if told to.

One node acts for all: the online member with the lowest id, if the cluster is quorate. A run that was cut off, failed
or missed a node is resumed; definitions that somebody is still writing are given time.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from pvesdn.compare.recorded import one_line
from pvesdn.decode.cluster.members import MEMBERS_FILE, decode_members
from pvesdn.decode.definitions.running_config import FILE as RUNNING_CONFIG
from pvesdn.errors import AnotherApply, ApplyRefused, NodeError, NodeFailed, SdnConfigError
from pvesdn.model.files import ChangeSet
from pvesdn.model.history import HISTORY_FILE, LONGEST_COMMENT
from pvesdn.model.manner import Manner
from pvesdn.model.primitives import NodeName
from pvesdn.model.report import ApplyReport
from pvesdn.model.snapshot import PVE_FILES, is_definition
from pvesdn.workflows.history import apply_on_record
from pvesdn.workflows.lock import alone
from pvesdn.workflows.planner import Planner
from pvesdn.workflows.read import SDN_DIR, read_cluster
from pvesdn.workflows.watch_memory import LastRun, Memory, as_of, clock_time, decode_memory, encode_memory
from pvesdn.workflows.watch_report import WatchReport, report_of
from pvesdn.workflows.watch_seen import (
    back_in,
    digests,
    digests_of_texts,
    kept_as_far_as_known,
    kept_for_guests,
    left_by_guests,
    may_be_back,
    reason_to_look,
    reason_to_try_again,
    refused_for_guests,
    stands_by,
    still_in,
    told,
    with_guests,
)
from pvesdn.workflows.world import World

DEFINITIONS = tuple(f"{SDN_DIR}/{name}" for name in PVE_FILES if is_definition(name) or name == RUNNING_CONFIG)
"""Only what a plan depends on: other files there, such as ipams.cfg and dns.cfg, hold secrets. PVE's committed
definitions are among them, for whoever presses Apply in the panel brings text of PVE's into force and none of ours.
"""

SEEN_TO = (*DEFINITIONS, HISTORY_FILE)
"""Files whose change calls for a look. The history tells of applies by hand: one may end what is pending, and one of
definitions that nobody else has seen leaves the nodes otherwise than definitions that then come back.
"""

SETTLED = 10.0
"""Seconds for which a definitions file must have been left alone: whoever saves one file may be
about to save the next.
"""
PATIENCE = 300.0
"""Seconds for which looks in a row wait for an edit to end; then what is there counts."""
TRIED_AGAIN = 3600.0
"""Seconds until an apply that failed is tried again. Sooner would reload a node that does not work every minute."""

_UNCHANGED = "nothing has changed since the last look"
_STILL_PENDING = "what was reported is still pending"

WatchAction: TypeAlias = Literal["report", "apply"]


@dataclass(frozen=True, slots=True)
class _Turn:
    """How a look is done; see `watch_once`.

    :param stack: until it ends nobody else applies.
    """

    planner: Planner
    action: WatchAction
    announce: Callable[[str, ChangeSet], object] | None
    remember: Callable[[str], object] | None
    stack: ExitStack


def watch_once(
    world: World,
    state: str | None,
    planner: Planner,
    *,
    action: WatchAction,
    announce: Callable[[str, ChangeSet], object] | None = None,
    remember: Callable[[str], object] | None = None,
) -> WatchReport:
    """Look once.

    If the cluster cannot be read, or a change did not reach a node, the next look tries again: a node that has just
    come up is a member before it accepts SSH. A run that was cut off is started again. One that failed on a node is
    retried after `TRIED_AGAIN`, or at the next change; until then, a look says whether it still matters.

    :param state: what the last look returned; None for the first.
    :param announce: called with the reason for the plan, and the plan, before anything is applied.
    :param remember: called before anything is applied, with what the next look must know if this one does not finish.
    :raises ApplyRefused: the plan needs a person's decision; nothing was touched.
    :raises PvesdnError: the cluster could not be read, or its definitions cannot be used.
    """
    with ExitStack() as stack:
        try:
            return _look(world, state, _Turn(planner, action, announce, remember, stack))
        except AnotherApply as error:
            return WatchReport(acted=False, reason=f"standing by: {error.message}", state=state, is_settled=False)


def require_node(world: World) -> NodeName:
    """The node that this runs on.

    :raises NodeFailed: it is none.
    """
    if world.local_node is None:
        msg = "watch compares the files of /etc/pve, so it runs on a node of the cluster"
        raise NodeFailed("this machine", msg)
    return world.local_node


def _look(world: World, state: str | None, turn: _Turn) -> WatchReport:
    local = require_node(world)
    files = world.nodes.read(local, [MEMBERS_FILE, *SEEN_TO])
    members = decode_members(files.get(MEMBERS_FILE, ""))
    stand_by = stands_by(members, local)
    if stand_by:
        return WatchReport(acted=False, reason=stand_by, state=state, is_settled=False)
    now, seen = world.clock.now(), digests(files, members)
    before = as_of(decode_memory(state), now)
    reason = reason_to_look(before, seen)
    if not reason and before.run not in {LastRun.FAILED, LastRun.PENDING} and not before.kept:
        return report_of(replace(before, waiting_since=None), _UNCHANGED)
    changes = _plan(world, before, turn.planner)
    if isinstance(changes, WatchReport):
        return changes
    kept = kept_for_guests(before, changes, now)
    memory = replace(before, seen=seen, is_readable=True, waiting_since=None, kept=kept)
    reason = reason or left_by_guests(kept, now)
    if not reason and (done := _without_acting(world, before, memory, changes, turn.action)):
        return done
    if turn.action == "apply":
        return _apply(world, before, memory, changes, turn, reason=reason)
    reason = reason or reason_to_try_again(memory)
    if turn.announce is not None:
        turn.announce(reason, changes)
    run = LastRun.MISSED if changes.unreachable else LastRun.DONE if changes.is_empty else LastRun.PENDING
    return report_of(replace(memory, run=run, kept=told(kept)), reason, changes)


def _apply(
    world: World, before: Memory, memory: Memory, changes: ChangeSet, turn: _Turn, *, reason: str
) -> WatchReport:
    """Apply, unless that might take a bridge from under a guest that is only restarting.

    :param before: what was remembered, so that the next look has the same reason.
    :param reason: empty for what failed or was reported.
    """
    now = world.clock.now()
    memory = replace(memory, kept=kept_as_far_as_known(before, memory, changes, now))
    if not may_be_back(memory.kept, now):
        world, changes = _with_a_turn(world, changes, turn)
        memory = replace(memory, kept=kept_as_far_as_known(before, memory, changes, now))
    if waits := may_be_back(memory.kept, now):
        waiting = report_of(replace(before, waiting_since=None, kept=memory.kept), waits)
        return replace(waiting, is_settled=False, left=changes)
    is_retry = not reason and memory.run is LastRun.FAILED
    reason = reason or reason_to_try_again(memory)
    if turn.announce is not None:
        turn.announce(reason, changes)
    _refuse_missing_definitions(changes)
    memory = replace(memory, run=LastRun.STARTED, ran_at=world.clock.now())
    if turn.remember is not None:
        _remember(turn.remember, before, memory, changes)
    manner = Manner(comment=one_line(f"watch: {reason}", LONGEST_COMMENT))
    report = apply_on_record(world, changes, turn.planner, manner, is_retry=is_retry)
    memory = replace(_with_own_entry(world, memory), run=_ending(changes, report))
    kept = with_guests(memory.kept) if memory.run is LastRun.DONE else told(memory.kept)
    return report_of(replace(memory, kept=kept), reason, changes, report)


def _remember(remember: Callable[[str], object], before: Memory, begun: Memory, changes: ChangeSet) -> None:
    """Before an apply: that it was begun; of one that will be refused, only whose guests are in its way."""
    if not any(node.obstacles for node in changes.nodes):
        remember(encode_memory(begun))
    elif kept := refused_for_guests(begun.kept, changes):
        remember(encode_memory(replace(before, waiting_since=None, kept=kept)))


def _with_a_turn(world: World, changes: ChangeSet, turn: _Turn) -> tuple[World, ChangeSet]:
    """Where there is something to apply: the world in which nobody else does until the turn ends, and the plan of then.

    :raises AnotherApply: another apply is not over; the next look finds out.
    """
    if not changes.has_work or any(node.obstacles for node in changes.nodes):
        return world, changes
    world = turn.stack.enter_context(alone(world, [node.node for node in changes.nodes], patience=0.0))
    return world, turn.planner(read_cluster(world, has_state=True))


def _refuse_missing_definitions(changes: ChangeSet) -> None:
    """Tear nothing down because a file is missing or empty: that is somebody's mistake, or somebody's decision.

    :raises ApplyRefused: a definitions file defines nothing, and there is something to remove.
    """
    missing = [fall for fall in changes.falls if fall.file]
    if missing:
        raise ApplyRefused(
            "\n".join(f"{fall}: a person has to decide that" for fall in missing),
            hint="put the file back, or run pvesdn apply by hand",
        )


def _plan(world: World, memory: Memory, planner: Planner) -> ChangeSet | WatchReport:
    """The plan, or what to wait for.

    :raises SdnConfigError: the definitions cannot be used, and there is no reason to wait, or no longer any.
    """
    may_wait = _may_wait(world, memory)
    if may_wait and (edit := _edit(world)):
        return _wait(world, memory, edit)
    try:
        return planner(read_cluster(world, has_state=True))
    except SdnConfigError as error:
        if not may_wait:
            raise
        return _wait(world, memory, f"the definitions cannot be used as they are: {error.lines[0]}")


def _may_wait(world: World, memory: Memory) -> bool:
    """Whether to wait for an edit to end: not at the first look, which no edit triggered, and not for ever."""
    if memory.seen is None:
        return False
    return memory.waiting_since is None or world.clock.now() - memory.waiting_since < PATIENCE


def _edit(world: World) -> str:
    """A sentence saying that a definitions file was written a moment ago; empty if none was."""
    changed = world.definitions_changed()
    if changed is None:
        return ""
    # Clocks of nodes differ by a little, and what was written there may have a time to come.
    age = abs(world.clock.now() - changed)
    return f"a definitions file was changed {age:.0f} s ago" if age < SETTLED else ""


def _wait(world: World, memory: Memory, why: str) -> WatchReport:
    since = world.clock.now() if memory.waiting_since is None else memory.waiting_since
    waiting = report_of(replace(memory, waiting_since=since), f"waiting, as somebody may be editing: {why}")
    return replace(waiting, is_settled=False)


def _without_acting(
    world: World, before: Memory, memory: Memory, changes: ChangeSet, action: WatchAction
) -> WatchReport | None:
    """With nothing changed since: what became of what failed or was reported; None if it is to be applied now."""
    if memory.run is LastRun.DONE:
        return replace(report_of(memory, f"{_UNCHANGED}{still_in(memory.kept, changes)}"), left=changes)
    is_over = changes.is_empty and not changes.unreachable
    over = replace(memory, run=LastRun.DONE)
    if memory.run is LastRun.PENDING:
        if is_over:
            back = back_in(before.kept, memory.kept)
            reason = (
                f"guests are back in what is kept for them: {back}" if back else "what was pending has been applied"
            )
            return replace(report_of(over, reason), left=changes)
        return None if action == "apply" else replace(report_of(memory, _STILL_PENDING), left=changes)
    if is_over:
        return replace(report_of(over, f"what failed at {clock_time(memory.ran_at)} has been fixed"), left=changes)
    again = memory.ran_at + TRIED_AGAIN
    if world.clock.now() >= again:
        return None
    when = f"the run of {clock_time(memory.ran_at)} failed"
    reason = f"{when}: `pvesdn apply` takes it up, or the first look after {clock_time(again)}"
    return replace(report_of(memory, reason), is_failing=True, left=changes)


def _ending(changes: ChangeSet, report: ApplyReport) -> LastRun:
    """How the run ended on the nodes that were there; a member that comes back is a change in itself."""
    absent = {*changes.unreachable, *changes.offline}
    if report.commit_error or any(not node.is_good for node in report.nodes if node.node not in absent):
        return LastRun.FAILED
    return LastRun.MISSED if changes.unreachable else LastRun.DONE


def _with_own_entry(world: World, memory: Memory) -> Memory:
    """What it has written to the history itself, while nobody else could apply, is no change."""
    try:
        files = world.nodes.read(require_node(world), [HISTORY_FILE])
    except NodeError:
        return memory  # one look more does no harm
    return replace(memory, seen={**(memory.seen or {}), **digests_of_texts(files)})
