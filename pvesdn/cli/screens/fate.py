"""What an apply waits for as a whole, and what happens if it fails, or if nobody hears from it any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pvesdn.cli.screens.board import Board
from pvesdn.cli.screens.confirmation import duration
from pvesdn.cli.screens.screen import Line, Span, Style
from pvesdn.model.progress import PutBackFor, StepName, WaitsForLock, WaitsForYes
from pvesdn.model.ranges import ranges

_AS_MEANT = frozenset({PutBackFor.SILENCE, PutBackFor.REHEARSAL})
_LEFT_AT_ONCE = frozenset({StepName.VERIFIED, StepName.COMPARED, StepName.CONFIRMED})
"""Steps that change nothing, so that nobody waits for them."""
TimeOfDay = Callable[[float], str]


def fate_lines(board: Board, time_of_day: TimeOfDay) -> Iterator[Line]:
    """Below the nodes; where the lock is waited for, all that there is to say."""
    if board.lock is not None:
        yield (lock_words(board.lock),)
        yield ("Nothing is touched meanwhile.",)
    elif board.is_stopping:
        yield Span("Stopping", Style.WARNING), f": {stopping_words(board)}. Another Ctrl-C makes it no quicker."
    elif board.back is not None and board.back.is_asked_for:
        yield ("Each node checks that it is as it was. One that is not reached puts itself back as soon as it can.",)
    elif board.back is not None:
        one = "is put back as it was, and checks that it is"
        several = "are put back as they were, and check that they are"
        what = f": {ranges(board.back.nodes)} {one if len(board.back.nodes) == 1 else several}."
        style = Style.WARNING if board.back.why in _AS_MEANT else Style.ERROR
        yield Span(board.back.why.value.capitalize(), style), what
    elif board.is_committed:
        yield ("PVE has committed: nothing is put back any more, and what fails is reported.",)
    elif board.is_kept:
        yield ("What was done stays: nothing is put back any more.",)
    elif board.yes is not None:
        yield (yes_words(board.yes, time_of_day),)
    elif any(node.has_begun for node in board.nodes.values()):
        yield ("If anything fails, every node that has changed is put back as it was.",)
    else:
        yield ("If a node refuses, nothing is changed anywhere.",)
    if board.yes is None and board.lock is None:
        yield from _by_themselves(board, time_of_day)


def lock_words(lock: WaitsForLock) -> str:
    """``Waiting for the cluster lock, 98 s at most: anna on pve1 has held it for 34 s.``"""
    holder, left = lock.holder, duration(max(lock.left, 0.0))
    whose = "whoever holds it has not said who they are"
    if holder.who and holder.age is not None:
        whose = f"{holder.who} has held it for {duration(holder.age)}"
    return f"Waiting for the cluster lock, {left} at most: {whose}."


def stopping_words(board: Board) -> str:
    """What is still waited for in a run that somebody has ended, and what becomes of the nodes then."""
    under_way = [name for name in board.names() if (now := board.of(name).now) and now.step not in _LEFT_AT_ONCE]
    if board.back is not None:
        then = "nodes that are not put back by then do it by themselves"
    elif board.is_committed or board.is_kept:
        then = "what was done stays"
    elif any(node.has_begun for node in board.nodes.values()):
        then = "every node that has changed is put back as it was"
    else:
        then = "no node is changed"
    return f"what is under way on {ranges(under_way)} is waited for, then {then}" if under_way else then


def yes_words(yes: WaitsForYes, time_of_day: TimeOfDay) -> str:
    """How to confirm, until when, and what happens otherwise."""
    when = time_of_day(yes.until)
    return f"It stays if `pvesdn confirm {yes.apply_id}` is said before {when}; otherwise all is put back."


def _by_themselves(board: Board, time_of_day: TimeOfDay) -> Iterator[Line]:
    """When armed nodes put themselves back, if nobody does: the machine that runs this may die."""
    times: dict[str, list[str]] = {}
    for name, node in sorted(board.nodes.items(), key=lambda item: item[1].until or 0.0):
        if node.until is not None and StepName.UNDONE not in node.ended:
            times.setdefault(time_of_day(node.until), []).append(name)
    if times:
        when, first = next(iter(times.items()))
        verb, they = ("puts itself", "it hears") if len(first) == 1 else ("put themselves", "they hear")
        others = ", the others later" if len(times) > 1 else ""
        yield (f"{ranges(first)} {verb} back after {when} unless {they} from this run{others}.",)
