"""An apply on a screen: nodes in rows, what each does, for how long, what it waits for; what happens if it fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pvesdn.cli.screens.board import Board, NodeBoard, UnderWay
from pvesdn.cli.screens.confirmation import duration
from pvesdn.cli.screens.fate import fate_lines
from pvesdn.cli.screens.screen import Line, Span, Style, clean, counted
from pvesdn.cli.screens.step_words import doing, ended, waits
from pvesdn.cli.screens.tables import clipped, clipped_within
from pvesdn.cli.screens.wrapping import wrapped
from pvesdn.model.primitives import NodeName
from pvesdn.model.progress import IN_PLACE, StepName
from pvesdn.model.ranges import ranges
from pvesdn.model.report import Outcome

TimeOfDay = Callable[[float], str]
"""Of seconds of the Unix epoch, as the people at the screen have it."""
_SLOW = 30.0
"""Seconds in a step after which its row says ``still``, and stays where others are left out."""
_LEAST = 8
"""Lines of a terminal below which the rows come before what is said below them."""
_NAME, _STANDING = 20, 22
"""Columns at most."""
_STEADY = 16
"""Columns at least for what a node has got to, so that rows do not move with each step."""
_GAP = 2


@dataclass(frozen=True, slots=True)
class _Row:
    """:param rank: the lowest stay where not all fit. :param texts: what it does, the first that fits."""

    node: NodeName
    rank: tuple[int, float]
    standing: Span
    texts: tuple[str, ...]
    elapsed: str = ""


def local_time(seconds: float) -> str:
    """``12:34:56``, by this machine's clock and zone."""
    return time.strftime("%H:%M:%S", time.localtime(seconds))


def board_lines(
    board: Board, now: float, width: int, height: int, *, time_of_day: TimeOfDay = local_time
) -> list[Line]:
    """The screen as it is now: at most `height` lines of at most `width` columns.

    :param now: by the clock that the events were given with.
    """
    if board.lock is not None:
        lines = list(wrapped(fate_lines(board, time_of_day), width))
        return [_fitted(line, width) for line in lines[:height]]
    names = board.names()
    if not names:
        return []
    head = _head(board, names, now, width)
    below = list(wrapped(fate_lines(board, time_of_day), width)) if height >= _LEAST else []
    rows = [_row(board, name, now, time_of_day) for name in names]
    told = [head, *_rows(rows, width, height - 1 - len(below)), *below]
    return [_fitted(line, width) for line in told[:height]]


def _head(board: Board, names: Sequence[NodeName], now: float, width: int) -> Line:
    nodes = counted(len(names), "node")
    is_asked_for = board.back is not None and board.back.is_asked_for
    what = f"Putting back {nodes}" if is_asked_for else f"Applying to {nodes}: {_phase(board, names)}"
    elapsed = duration(now - board.began) if board.began is not None else ""
    room = width - len(elapsed) - _GAP
    return (
        Span(clipped(what, room), Style.STRONG),
        " " * max(width - len(elapsed) - len(clipped(what, room)), 1),
        elapsed,
    )


def _phase(board: Board, names: Sequence[NodeName]) -> str:
    nodes = [board.of(name) for name in names]
    under_way = {node.now.step for node in nodes if node.now is not None}
    phases = {
        "stopping": board.is_stopping,
        "putting back": board.back is not None,
        "verified, waiting to be confirmed": board.yes is not None,
        "comparing with PVE's dry run": StepName.COMPARED in under_way,
        "verifying": StepName.VERIFIED in under_way,
        "PVE commits": board.is_committed and StepName.RELOADED in under_way,
        "finishing": any(StepName.VERIFIED in node.ended for node in nodes),
        _turn(board): _round(board) is not None,
        "arming": any(StepName.ARMED in node.steps for node in nodes),
    }
    return next((phase for phase, is_now in phases.items() if is_now and phase), "staging")


def _turn(board: Board) -> str:
    order = None if board.turns is None else board.turns.order
    reached = _round(board)
    if order is None or reached is None:
        return ""
    if order.causes:
        return f"all at once, because of the {order.causes[0]}"
    if order.has_canary and reached == 0 and len(order.rounds) > 1:
        return f"{ranges(order.rounds[0])} goes first"
    return f"round {reached + 1} of {len(order.rounds)}" if len(order.rounds) > 1 else "putting in place"


def _round(board: Board) -> int | None:
    """The last round that has begun."""
    rounds = () if board.turns is None else board.turns.order.rounds
    begun = [number for number, nodes in enumerate(rounds) if any(board.of(name).has_begun for name in nodes)]
    return begun[-1] if begun else None


def _row(board: Board, name: NodeName, now: float, time_of_day: TimeOfDay) -> _Row:
    node, standing = board.of(name), _standing(board.of(name))
    alone = f"puts itself back after {time_of_day(node.until)}" if node.until is not None else ""
    if node.now is None:
        rank = 0 if node.has_failed else 4 if StepName.VERIFIED in node.ended else 3
        is_lost = alone and Outcome.UNREACHABLE in node.ended.values()
        texts = (f"{alone} unless it hears from us", alone) if is_lost else _idle(board, name, node)
        return _Row(name, (rank, 0.0), standing, texts)
    elapsed = now - node.now.since
    if node.now.is_lost:
        texts = (f"not reached; {alone} unless it hears from us", alone) if alone else ("not reached; asked again",)
        return _Row(name, (0, -elapsed), standing, texts, duration(elapsed))
    is_slow = elapsed >= _SLOW and node.now.step is not StepName.CONFIRMED
    rank = 0 if node.has_failed else 1 if is_slow else 2
    return _Row(name, (rank, -elapsed), standing, _doing(node.now, is_slow=is_slow), duration(elapsed))


def _doing(now: UnderWay, *, is_slow: bool) -> tuple[str, ...]:
    what = f"{'still ' * is_slow}{doing(now.step, now.way)}"
    why = "" if now.waits is None else waits(now.waits.thing, now.waits.objects)
    return (f"{what}: {why}", why) if why else (what,)


def _standing(node: NodeBoard) -> Span:
    """What it has got to; what has failed stays."""
    failed = [step for step, outcome in node.ended.items() if outcome in {Outcome.FAILED, Outcome.UNREACHABLE}]
    if node.ended.get(StepName.UNDONE) is Outcome.OK:
        return ended(StepName.UNDONE, Outcome.OK)
    if failed:
        return ended(failed[-1], node.ended[failed[-1]])
    if not node.ended:
        return Span("")
    step, outcome = list(node.ended.items())[-1]
    if step in IN_PLACE and outcome is Outcome.OK and node.now is None:
        return Span("in place", Style.GOOD)
    return ended(step, outcome)


def _idle(board: Board, name: NodeName, node: NodeBoard) -> tuple[str, ...]:
    """Of a node that does nothing: what has failed there, or whom it waits for."""
    # The number of a task that has failed takes the room of the reason, and stands in the report.
    _, ended_with, reason = node.why.partition(" ended with: ")
    return (node.why, f"ended with: {reason}") if ended_with else (node.why or _waiting(board, name, node),)


def _waiting(board: Board, name: NodeName, node: NodeBoard) -> str:
    reached, rounds = _round(board), () if board.turns is None else board.turns.order.rounds
    if board.back is not None or board.is_stopping or reached is None or board.is_committed:
        return ""
    if any(name in later for later in rounds[reached + 1 :]):
        first = ", which goes first" if reached == 0 and board.turns and board.turns.order.has_canary else ""
        return f"waits for {ranges(rounds[reached])}{first}"
    is_alone = not any(board.of(other).now for other in board.names())
    return "" if is_alone or StepName.VERIFIED in node.ended else "waits for the others"


def _rows(rows: Sequence[_Row], width: int, room: int) -> Iterator[Line]:
    """As many as there is room for; the others are counted in the last line."""
    shown = list(rows)
    if len(rows) > room:
        kept = sorted(rows, key=lambda row: row.rank)[: max(room - 1, 0)]
        shown = [row for row in rows if row in kept]
    yield from _table(shown, width)
    if left := [row for row in rows if row not in shown]:
        groups: dict[str, list[NodeName]] = {}
        for row in left:
            groups.setdefault(row.standing.text or row.texts[0] or "not begun", []).append(row.node)
        told = "; ".join(f"{len(nodes)} {what}: {ranges(nodes)}" for what, nodes in groups.items())
        more = f"and {len(left)} more: {told}" if len(groups) > 1 else f"and {told.replace(' ', ' more, ', 1)}"
        yield "  ", Span(clipped(more, width - _GAP), Style.FAINT)


def _table(rows: Sequence[_Row], width: int) -> Iterator[Line]:
    name = min(max((len(clean(row.node)) for row in rows), default=0), max(_NAME, width // 4))
    standing = min(max(_STEADY, *(len(row.standing.text) for row in rows)), _STANDING) if rows else 0
    elapsed = max((len(row.elapsed) for row in rows), default=0)
    room = max(width - name - standing - elapsed - 4 * _GAP, 0)
    for row in rows:
        text = clipped(next((text for text in row.texts if len(clean(text)) <= room), row.texts[-1]), room)
        yield (
            "  ",
            Span(clipped_within(clean(row.node), name).ljust(name), Style.STRONG),
            "  ",
            Span(clipped(row.standing.text, standing).ljust(standing), row.standing.style),
            f"  {text.ljust(room)}  {row.elapsed.rjust(elapsed)}" if row.elapsed else f"  {text}",
        )


def _fitted(line: Line, width: int) -> Line:
    """What no window is too narrow for."""
    left, fitted = width, list[Span | str]()
    for part in line:
        text = clean(part if isinstance(part, str) else part.text)
        kept = text[:left]
        left -= len(kept)
        fitted.append(kept if isinstance(part, str) else Span(kept, part.style))
    while fitted:
        last = fitted.pop()
        kept = (last if isinstance(last, str) else last.text).rstrip()
        if kept:
            return (*fitted, kept if isinstance(last, str) else Span(kept, last.style))
    return ()
