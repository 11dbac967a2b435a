"""The screen of an apply that is under way, from the events that have come, at the widths that people have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

from pvesdn.cli.screens.board import Board
from pvesdn.cli.screens.board_lines import board_lines, local_time
from pvesdn.cli.screens.fate import fate_lines
from pvesdn.cli.screens.screen import Line, Span, Style, painted
from pvesdn.model.open_apply import LockHolder
from pvesdn.model.order import Cause, Order
from pvesdn.model.primitives import NodeName
from pvesdn.model.progress import (
    Armed,
    Awaits,
    Begun,
    Committed,
    Ended,
    Event,
    Heard,
    NotReached,
    PutBackFor,
    PutsBack,
    Stays,
    StepName,
    Stopping,
    Thing,
    Turns,
    WaitsForLock,
    WaitsForYes,
    Way,
)
from pvesdn.model.report import Outcome
from tests.screens import hold

SCREENS = Path(__file__).parent / "board_screens"
SIZES = {80: 24, 120: 40}
NOON = 43200.0
"""Seconds of the Unix epoch at which the runs of these tests begin."""
Story = list[tuple[float, Event]]


def time_of_day(seconds: float) -> str:
    """As in a zone without an offset."""
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def named(count: int) -> tuple[NodeName, ...]:
    return tuple(f"pve{number}" for number in range(1, count + 1))


def at(seconds: float, *events: Event) -> Story:
    return [(seconds, event) for event in events]


def each(seconds: float, nodes: Iterable[NodeName], *names: StepName) -> Story:
    """These nodes have ended these steps."""
    return [
        (seconds, event)
        for node in nodes
        for name in names
        for event in (Begun(node, name), Ended(node, name, Outcome.OK))
    ]


def armed(nodes: tuple[NodeName, ...], order: Order, *, commits: bool = False) -> Story:
    """All have staged their files, and are armed 3 seconds after the beginning."""
    return [
        *at(0, Turns(nodes, order, commits)),
        *each(1, nodes, StepName.STAGED),
        *at(2, *(Begun(node, StepName.ARMED) for node in nodes)),
        *at(3, *(Armed(node, NOON + 183) for node in nodes)),
    ]


def one_first(count: int, batch: int = 8) -> Order:
    nodes = named(count)
    rest = [nodes[begin : begin + batch] for begin in range(1, count, batch)]
    return Order((nodes[:1], *rest), has_canary=True)


TURN = (StepName.WRITTEN, StepName.SYSCTL, StepName.FRR)
"""What comes before the reload."""


def waiting_for_the_lock() -> Story:
    return at(0, WaitsForLock(LockHolder("b2", "root@pam on pve2", 34.0), 98.0))


def the_first_node_goes_alone() -> Story:
    return [
        *armed(named(3), one_first(3)),
        *each(4, ["pve1"], *TURN),
        *at(5, Begun("pve1", StepName.RELOADED), Awaits("pve1", Thing.TASK)),
    ]


def the_first_node_is_verified() -> Story:
    return [
        *the_first_node_goes_alone(),
        *at(9, Ended("pve1", StepName.RELOADED, Outcome.OK), Begun("pve1", StepName.CANARY)),
        *at(10, Awaits("pve1", Thing.CHECKS, ("BGP session with 10.0.0.2", "VNI 10100"))),
    ]


def live_state_alone() -> Story:
    """No file is written anywhere."""
    return [
        *armed(named(3), one_first(3)),
        *each(4, ["pve1"], StepName.RELOADED, StepName.CANARY),
        *at(9, Begun("pve2", StepName.RELOADED), Begun("pve3", StepName.RELOADED)),
        *at(10, Awaits("pve2", Thing.TASK)),
    ]


def all_at_once() -> Story:
    nodes = named(3)
    return [
        *armed(nodes, Order((nodes,), causes=(Cause.VNI,))),
        *each(4, nodes, *TURN),
        *at(5, *(Begun(node, StepName.RELOADED, Way.CHANGED) for node in nodes)),
        *at(8, Ended("pve2", StepName.RELOADED, Outcome.OK)),
    ]


def a_node_fails() -> Story:
    why = "task UPID:pve2:0001:srvreload ended with: command 'ifreload -a' failed: exit code 1"
    return [
        *armed(named(3), one_first(3, batch=1)),
        *each(4, ["pve1"], *TURN, StepName.RELOADED, StepName.CANARY),
        *each(9, ["pve2"], *TURN),
        *at(10, Begun("pve2", StepName.RELOADED)),
        *at(13, Ended("pve2", StepName.RELOADED, Outcome.FAILED, why)),
    ]


def putting_back() -> Story:
    return [
        *a_node_fails(),
        *at(14, Ended("pve3", StepName.WRITTEN, Outcome.SKIPPED, "not touched, because pve2 failed first")),
        *at(14, PutsBack(("pve1", "pve2")), Begun("pve1", StepName.UNDONE), Begun("pve2", StepName.UNDONE)),
        *at(15, NotReached("pve2")),
        *at(17, Ended("pve1", StepName.UNDONE, Outcome.OK)),
    ]


def rolled_back() -> Story:
    """With `pvesdn rollback`, of an apply that was open."""
    nodes = named(3)
    return [
        *at(30, PutsBack(nodes, PutBackFor.REQUEST), *(Begun(node, StepName.UNDONE) for node in nodes)),
        *at(33, Ended("pve1", StepName.UNDONE, Outcome.OK)),
        *at(36, Ended("pve2", StepName.UNDONE, Outcome.UNREACHABLE, "connection timed out")),
    ]


def interrupted() -> Story:
    return [
        *the_first_node_goes_alone(),
        *at(13, PutsBack(("pve1",), PutBackFor.INTERRUPTION), Begun("pve1", StepName.UNDONE)),
    ]


def stopping() -> Story:
    """Somebody has pressed Ctrl-C in the middle of a reload."""
    return [*the_first_node_goes_alone(), *at(13, Stopping())]


def not_confirmed() -> Story:
    nodes = named(2)
    return [
        *armed(nodes, one_first(2)),
        *each(4, nodes, *TURN, StepName.RELOADED, StepName.VERIFIED),
        *at(20, WaitsForYes("0b5e", nodes, NOON + 600)),
        *at(40, *(Ended(node, StepName.CONFIRMED, Outcome.FAILED, "put back as it was") for node in nodes)),
        *at(40, PutsBack(nodes, PutBackFor.SILENCE), *(Begun(node, StepName.UNDONE) for node in nodes)),
    ]


def verifying() -> Story:
    nodes = named(3)
    return [
        *armed(nodes, one_first(3)),
        *each(5, nodes, *TURN, StepName.RELOADED),
        *at(6, *(Begun(node, StepName.VERIFIED) for node in nodes)),
        *at(7, *(Heard(node, NOON + 186) for node in nodes[:2])),
        *at(9, Awaits("pve3", Thing.CHECKS, ("BGP session with 10.0.0.1",))),
    ]


def waiting_to_be_confirmed() -> Story:
    nodes = named(3)
    return [
        *armed(nodes, one_first(3)),
        *each(5, nodes, *TURN, StepName.RELOADED, StepName.VERIFIED),
        *at(9, *(Begun(node, StepName.CONFIRMED) for node in nodes)),
        *at(9, WaitsForYes("0123456789abcdef", nodes, NOON + 600)),
    ]


def pve_commits() -> Story:
    nodes = named(3)
    return [
        *armed(nodes, one_first(3), commits=True),
        *each(5, nodes, StepName.WRITTEN, StepName.RELOADED, StepName.VERIFIED, StepName.COMPARED),
        *at(7, Committed(), *(Begun(node, StepName.RELOADED, Way.BY_COMMIT) for node in nodes)),
        *at(9, Ended("pve1", StepName.RELOADED, Outcome.OK)),
    ]


def many(count: int, batch: int = 8) -> Story:
    """In the third round: one node is slow, one is gone, the others are where they should be."""
    nodes, order = named(count), one_first(count, batch)
    first, second, third, *_ = (*order.rounds, ())
    slow, lost, *quick = third
    return [
        *armed(nodes, order),
        *each(5, (*first, *second), *TURN, StepName.RELOADED),
        *each(9, third, *TURN),
        *at(10, *(Begun(node, StepName.RELOADED) for node in third)),
        *at(11, Awaits(slow, Thing.ANSWER)),
        *at(12, Ended(lost, StepName.RELOADED, Outcome.UNREACHABLE, "it does not answer any more")),
        *at(13, *(Ended(node, StepName.RELOADED, Outcome.OK) for node in quick[:-1])),
    ]


STORIES: Mapping[str, Callable[[], Story]] = {
    "lock": waiting_for_the_lock,
    "staged": lambda: [*at(0, Turns(named(3), one_first(3))), *at(0, Begun("pve1", StepName.STAGED))],
    "one-first": the_first_node_goes_alone,
    "one-first-verified": the_first_node_is_verified,
    "live-state": live_state_alone,
    "all-at-once": all_at_once,
    "fails": a_node_fails,
    "putting-back": putting_back,
    "rolled-back": rolled_back,
    "stopping": stopping,
    "interrupted": interrupted,
    "not-confirmed": not_confirmed,
    "verified": verifying,
    "to-be-confirmed": waiting_to_be_confirmed,
    "commit": pve_commits,
    "of-16": lambda: many(16),
    "of-40": lambda: many(40),
}
NOW = 45.0


def folded(story: Story) -> Board:
    board = Board()
    for seconds, event in story:
        board.take(event, seconds)
    return board


def shown(story: Story, width: int, height: int, now: float = NOW) -> list[str]:
    lines = board_lines(folded(story), now, width, height, time_of_day=time_of_day)
    return [plain(line) for line in lines]


def plain(line: Line) -> str:
    return painted(line, color=False).rstrip("\n")


@pytest.mark.parametrize("case", STORIES)
def test_what_goes_on_is_shown_at_80_and_at_120_columns(case: str, request: pytest.FixtureRequest) -> None:
    for width, height in SIZES.items():
        lines = shown(STORIES[case](), width, height)
        hold(request, SCREENS / case, "".join(f"{line}\n" for line in lines), width)


def test_every_screen_there_is_belongs_to_a_case() -> None:
    assert {path.name for path in SCREENS.iterdir()} == {f"{case}-{width}.txt" for case in STORIES for width in SIZES}


@pytest.mark.parametrize("case", STORIES)
@pytest.mark.parametrize("height", [1, 2, 3, 5, 8, 24])
@pytest.mark.parametrize("width", [1, 7, 20, 39, 40, 80])
def test_no_window_is_too_small(case: str, width: int, height: int) -> None:
    lines = shown(STORIES[case](), width, height)
    assert 1 <= len(lines) <= height
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize("height", range(3, 24))
def test_where_not_all_fit_those_that_failed_and_those_that_are_slow_stay_and_none_is_forgotten(height: int) -> None:
    lines = shown(many(40), 200, height)
    rows = [line.split()[0] for line in lines if line.startswith("  pve")]
    kept = [name for name in ("pve11", "pve10") if name in rows]
    assert kept == ["pve11", "pve10"][: len(rows)]
    counted = next(line for line in lines if line.startswith("  and "))
    assert f"and {40 - len(rows)} more" in counted


def test_colour_says_nothing_that_words_do_not() -> None:
    """What is in two colours is in other words too."""
    styles: dict[str, set[Style]] = {}
    for story in STORIES.values():
        for line in board_lines(folded(story()), NOW, 120, 40, time_of_day=time_of_day):
            for part in line:
                if isinstance(part, Span):
                    styles.setdefault(part.text.strip(), set()).add(part.style)
    assert {text: found for text, found in styles.items() if text and len(found) > 1} == {}
    assert {Style.GOOD, Style.REMOVE, Style.ERROR, Style.HUNK} <= {
        style for found in styles.values() for style in found
    }


def test_with_nothing_told_there_is_nothing_to_show() -> None:
    assert shown([], 80, 24) == []
    assert shown(each(0, ["pve1"], StepName.READ), 80, 24) == []


def test_what_stays_is_not_said_to_be_put_back_by_anybody() -> None:
    board, one, other = Board(), "pve1", "pve2"
    for node in (one, other):
        board.take(Armed(node, NOON + 180), 0)
        board.take(Ended(node, StepName.WRITTEN, Outcome.OK), 1)
    board.take(Stays((one,)), 2)
    assert ("What was done stays: nothing is put back any more.",) in fate_of(board)
    assert str(fate_of(board)[-1][0]).startswith("pve2 puts itself back")
    board.take(Stays((other,)), 3)
    board.take(Heard(one, NOON + 210), 3)
    assert fate_of(board) == [("What was done stays: nothing is put back any more.",)]
    board.take(PutsBack((other,)), 4)
    assert "Something has failed" in str(fate_of(board)[0])


def fate_of(board: Board) -> list[Line]:
    return list(fate_lines(board, time_of_day))


def test_a_node_that_is_read_again_is_still_verified() -> None:
    story = [*verifying(), *each(10, named(3), StepName.READ)]
    assert shown(story, 80, 24) == shown(verifying(), 80, 24)


def test_what_is_not_waited_for_any_more_is_not_told() -> None:
    story = [*verifying(), *at(10, Awaits("pve3", Thing.CHECKS))]
    assert not any("waits for BGP" in line for line in shown(story, 80, 24))


def test_a_name_or_a_reason_that_could_steer_a_terminal_is_made_visible() -> None:
    story = [
        *at(0, Turns(("pve\x1b[2",), Order())),
        *at(0, Ended("pve\x1b[2", StepName.STAGED, Outcome.FAILED, "\x07")),
    ]
    assert not any("\x1b" in line or "\x07" in line for line in shown(story, 80, 24))


def test_times_of_day_are_those_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.localtime", lambda seconds: (1970, 1, 1, 1, 0, int(seconds), 3, 1, 0))
    assert local_time(5.0) == "01:00:05"
