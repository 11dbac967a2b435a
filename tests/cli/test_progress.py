"""Who watches an apply: lines, signs of life, and the state of things when it is interrupted."""

from __future__ import annotations

import io
import sys
import threading

import pytest

from pvesdn.cli.screens import aside, live, progress
from pvesdn.cli.screens.live import LiveSteps
from pvesdn.cli.screens.progress import PlainSteps, Steps
from pvesdn.cli.screens.screen import Line, Screen, Span, Style, clean, columns, counted
from pvesdn.model.open_apply import LockHolder
from pvesdn.model.order import Order
from pvesdn.model.primitives import NodeName
from pvesdn.model.progress import (
    Armed,
    Awaits,
    Beat,
    Begun,
    Committed,
    Ended,
    Event,
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
from tests.cli.kit import Terminal
from tests.fakes import FakeClock

OK, FAILED = Outcome.OK, Outcome.FAILED
Out = pytest.CaptureFixture[str]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def plain(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> PlainSteps:
    monkeypatch.setattr(progress, "local_time", lambda seconds: f"12:00:{seconds:02.0f}")
    return PlainSteps(Screen({}), monotonic=clock.monotonic)


def tell(steps: Steps, *events: Event) -> None:
    for event in events:
        steps.tell(event)


def done(node: NodeName, *names: StepName) -> list[Event]:
    return [event for name in names for event in (Begun(node, name), Ended(node, name, OK))]


def test_each_step_is_one_line_with_the_time_that_it_took(capsys: Out, plain: PlainSteps, clock: FakeClock) -> None:
    with plain:
        tell(plain, *done("pve1", StepName.READ, StepName.STAGED), Begun("pve1", StepName.RELOADED))
        clock.elapsed += 4
        tell(plain, Ended("pve1", StepName.RELOADED, OK), Ended("pve1", StepName.FRR, FAILED, "% Unknown command"))
        tell(plain, Ended("pve2", StepName.READ, Outcome.UNREACHABLE))
    assert capsys.readouterr().out == (
        "pve1: staged\npve1: network reloaded (4 s)\npve1: FRR failed\npve2: not reached\n"
    )


def test_a_long_step_gives_a_sign_of_life_when_time_has_passed(
    capsys: Out, plain: PlainSteps, clock: FakeClock
) -> None:
    with plain:
        tell(plain, Begun("pve2", StepName.RELOADED), Awaits("pve2", Thing.TASK))
        clock.elapsed += 3
        tell(plain, Begun("pve3", StepName.FRR, Way.RESTART), Begun("pve4", StepName.FRR, Way.RESTART))
        tell(plain, Beat())  # nothing has taken long yet
        for _ in range(2):
            clock.elapsed += 10
            tell(plain, Beat())
        tell(plain, Ended("pve2", StepName.RELOADED, OK))
    assert capsys.readouterr().out.splitlines() == [
        "pve2: still reloading the network (13 s): PVE's task runs",
        "pve3, pve4: still restarting FRR (10 s)",
        "pve2: still reloading the network (23 s): PVE's task runs",
        "pve3, pve4: still restarting FRR (20 s)",
        "pve2: network reloaded (23 s)",
    ]


def test_what_has_a_meaning_for_the_way_back_has_a_line(capsys: Out, plain: PlainSteps) -> None:
    with plain:
        tell(plain, Begun("pve1", StepName.ARMED), Armed("pve1", 56), Begun("pve2", StepName.ARMED))
        tell(plain, Armed("pve2", 57, survives=False), WaitsForYes("a1", ("pve1", "pve2"), 59))
        tell(plain, PutsBack(("pve1", "pve2")), Begun("pve1", StepName.UNDONE), NotReached("pve1"))
        tell(plain, PutsBack(("pve1",), PutBackFor.INTERRUPTION))
    assert capsys.readouterr().out.splitlines() == [
        "pve1: armed",
        "pve2: armed; without systemd a reboot would not be undone",
        "It stays if `pvesdn confirm a1` is said before 12:00:59; otherwise all is put back.",
        "putting back: pve1, pve2: something has failed",
        "pve1: not reached; it puts itself back after 12:00:56 unless it hears from us",
        "putting back: pve1: interrupted",
    ]


@pytest.mark.parametrize(
    ("before", "told"),
    [
        ([Begun("pve1", StepName.STAGED)], "what is under way on pve1 is waited for, then no node is changed"),
        (
            [Begun("pve1", StepName.RELOADED)],
            "what is under way on pve1 is waited for, then every node that has changed is put back as it was",
        ),
        (
            [Begun("pve1", StepName.RELOADED), Ended("pve1", StepName.RELOADED, OK), Begun("pve1", StepName.VERIFIED)],
            "every node that has changed is put back as it was",
        ),
        (
            [Begun("pve1", StepName.RELOADED), PutsBack(("pve1",)), Begun("pve1", StepName.UNDONE)],
            "what is under way on pve1 is waited for, then nodes that are not put back by then do it by themselves",
        ),
        ([Begun("pve1", StepName.FINISHED), Stays(("pve1",))], "what was done stays"),
        ([Committed(), Begun("pve1", StepName.RELOADED)], "what was done stays"),
    ],
    ids=["staging", "reloading", "verifying", "putting back", "kept", "committed"],
)
def test_that_a_run_is_being_ended_is_said_at_once_with_what_becomes_of_the_nodes(
    capsys: Out, plain: PlainSteps, before: list[Event], told: str
) -> None:
    with plain:
        tell(plain, *before, Stopping())
    said = capsys.readouterr().out.splitlines()[-1]
    assert said.startswith("stopping: ")
    assert said.endswith(told)


def test_before_anything_is_done_on_a_node_an_end_is_not_announced(capsys: Out, plain: PlainSteps) -> None:
    with plain:
        tell(plain, Begun("pve1", StepName.READ), Stopping())
    assert capsys.readouterr().out == ""


def test_of_a_rollback_a_log_has_signs_of_life_and_leaves_the_rest_to_the_result(
    capsys: Out, plain: PlainSteps, clock: FakeClock
) -> None:
    with plain:
        tell(plain, PutsBack(("pve1", "pve2"), PutBackFor.REQUEST))
        tell(plain, Begun("pve1", StepName.UNDONE), Begun("pve2", StepName.UNDONE))
        clock.sleep(4)
        tell(plain, Ended("pve1", StepName.UNDONE, OK))
        clock.sleep(8)
        tell(plain, Beat())
        tell(plain, Ended("pve2", StepName.UNDONE, FAILED, "web is still there"))
    assert capsys.readouterr().out.splitlines() == ["pve2: still putting it back (12 s)"]


def test_until_somebody_confirms_a_log_stays_silent(capsys: Out, plain: PlainSteps, clock: FakeClock) -> None:
    with plain:
        tell(plain, Begun("pve1", StepName.CONFIRMED))
        clock.elapsed += 60
        tell(plain, Beat())
    assert capsys.readouterr().out == ""


def test_on_a_terminal_a_remark_goes_above_the_rows_which_go_on_below(
    monkeypatch: pytest.MonkeyPatch, capsys: Out, clock: FakeClock
) -> None:
    monkeypatch.setattr("sys.stdout", terminal := Terminal())
    live = LiveSteps(Screen({"NO_COLOR": "1", "COLUMNS": "80", "LINES": "24"}), monotonic=clock.monotonic)
    with live:
        tell(live, Turns(("pve1", "pve2"), Order()), Begun("pve1", StepName.STAGED))
        live.remark("pve3: put back as it was")
        assert str(live.picture()).splitlines()[1].split() == ["pve1", "staging", "its", "files", "0", "s"]
    live.remark("and one when it is over")
    assert terminal.getvalue().count("\x1b[?25l") == 2  # it was begun again
    assert capsys.readouterr().err == "pve3: put back as it was\nand one when it is over\n"


def test_a_terminal_that_is_gone_at_the_end_is_no_error(monkeypatch: pytest.MonkeyPatch, clock: FakeClock) -> None:
    monkeypatch.setattr("sys.stdout", terminal := Terminal())
    with LiveSteps(Screen({"COLUMNS": "80"}), monotonic=clock.monotonic) as live:
        tell(live, Turns(("pve1",), Order()))

        def gone(_text: str) -> int:
            raise BrokenPipeError

        monkeypatch.setattr(terminal, "write", gone)


def test_a_lock_that_is_waited_for_is_told_of_each_half_minute(
    capsys: Out, plain: PlainSteps, clock: FakeClock
) -> None:
    with plain:
        for second in range(61):
            tell(plain, WaitsForLock(LockHolder("b2", "bert on pve2", 5.0 + second), 130.0 - second))
            clock.elapsed += 1
        tell(plain, WaitsForLock(LockHolder("", "", None), 69))
    assert capsys.readouterr().err.splitlines() == [
        "Waiting for the cluster lock, 2 min 10 s at most: bert on pve2 has held it for 5 s.",
        "Waiting for the cluster lock, 1 min 40 s at most: bert on pve2 has held it for 35 s.",
        "Waiting for the cluster lock, 1 min 10 s at most: bert on pve2 has held it for 1 min 5 s.",
    ]


def test_outside_of_the_run_nothing_is_shown(capsys: Out, plain: PlainSteps) -> None:
    tell(plain, Ended("pve1", StepName.STAGED, FAILED))
    with plain:
        pass
    tell(plain, Ended("pve1", StepName.WRITTEN, FAILED), Beat())
    assert capsys.readouterr().out == ""


def test_when_quiet_nothing_is_shown(capsys: Out, clock: FakeClock) -> None:
    screen = Screen({})
    screen.is_quiet = True
    with PlainSteps(screen, monotonic=clock.monotonic) as steps:
        tell(steps, Begun("pve1", StepName.RELOADED))
        clock.elapsed += 30
        tell(steps, Beat(), Ended("pve1", StepName.RELOADED, OK), PutsBack(("pve1",)))
    assert capsys.readouterr() == ("", "")


# --- a screen that fails ---------------------------------------------------------------------------------------------


class Broken(io.StringIO):
    """Standard output whose reader is gone, or never reads. :param error: raised; without, a write waits for `gate`."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.error, self.gate = error, threading.Event()

    def write(self, text: str) -> int:
        if self.error is None:
            assert self.gate.wait(60)
            return super().write(text)
        raise self.error

    def isatty(self) -> bool:
        return True


def shown(how: type[Steps], out: Broken, monkeypatch: pytest.MonkeyPatch) -> Steps:
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(aside, "PATIENCE", 0.05)
    with how(Screen({})) as steps:
        tell(steps, Turns(("pve1",), Order((("pve1",),))), *done("pve1", StepName.STAGED), Beat())
        tell(steps, Begun("pve1", StepName.WRITTEN))
        steps.remark("something")
        tell(steps, Ended("pve1", StepName.WRITTEN, OK))
    return steps


@pytest.mark.parametrize("error", [BrokenPipeError(), OSError(5, "EIO"), ValueError("closed")])
@pytest.mark.parametrize("how", [PlainSteps, LiveSteps])
def test_a_screen_that_is_gone_ends_nothing_and_what_was_done_is_known(
    how: type[Steps], error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: Out
) -> None:
    steps = shown(how, Broken(error), monkeypatch)
    assert steps.states() == ["pve1: staged, in place"]
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("how", [PlainSteps, LiveSteps])
def test_a_screen_that_hangs_delays_nothing(how: type[Steps], monkeypatch: pytest.MonkeyPatch) -> None:
    out = Broken()
    steps = shown(how, out, monkeypatch)
    assert steps.states() == ["pve1: staged, in place"]
    assert out.getvalue() == ""
    out.gate.set()


def test_a_picture_that_cannot_be_made_is_none(monkeypatch: pytest.MonkeyPatch, capsys: Out) -> None:
    def fails(*_: object) -> list[Line]:
        raise IndexError

    monkeypatch.setattr(live, "board_lines", fails)
    with LiveSteps(Screen({})) as steps:
        tell(steps, *done("pve1", StepName.STAGED))
    assert capsys.readouterr().err == ""


# --- interrupted -----------------------------------------------------------------------------------------------------


@pytest.fixture
def steps() -> Steps:
    return Steps(Screen({}))


def test_nothing_was_changed_while_things_were_read(steps: Steps) -> None:
    tell(steps, *done("pve1", StepName.READ))
    assert steps.aftermath() == "Interrupted: no node was changed."


def test_what_was_staged_is_replaced_by_the_next_apply(steps: Steps) -> None:
    tell(steps, *done("pve1", StepName.STAGED), Begun("pve2", StepName.STAGED))
    assert steps.aftermath() == "Interrupted: no node was changed; the next apply replaces the staged files."


def test_what_was_discarded_again_is_not_left_to_the_next_apply(steps: Steps) -> None:
    tell(steps, *done("pve1", StepName.STAGED), *done("pve2", StepName.STAGED), *done("pve1", StepName.DISCARDED))
    assert steps.aftermath().endswith("; the next apply replaces the staged files.")
    tell(steps, *done("pve2", StepName.DISCARDED))
    assert steps.aftermath() == "Interrupted: no node was changed."


def test_what_was_put_back_is_as_it_was(steps: Steps) -> None:
    tell(steps, *done("pve1", StepName.STAGED, StepName.WRITTEN, StepName.UNDONE), *done("pve2", StepName.STAGED))
    assert steps.aftermath() == "Interrupted, and undone: every node is as it was before, and was looked at."


def test_each_node_is_told_apart(steps: Steps) -> None:
    tell(steps, Turns(("pve1", "pve2"), Order()), *done("pve2", StepName.STAGED))
    tell(steps, *done("pve1", StepName.STAGED, StepName.WRITTEN), Begun("pve1", StepName.RELOADED))
    assert steps.states() == ["pve1: staged, files in place, was reloading the network", "pve2: not touched"]
    assert steps.aftermath().startswith(
        "Interrupted. pve1: staged, files in place, was reloading the network; pve2: not"
    )


# --- the screen ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain \t caf\u00e9 \u4e2d", "plain \t caf\u00e9 \u4e2d"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\nb\rc", "a\\x0ab\\x0dc"),
        ("\x9b2J\x7f\x00", "\\x9b2J\\x7f\\x00"),
        ("\u202eabc\u2066\u200f", "\\u202eabc\\u2066\\u200f"),
        ("\u2028\ufeff\ud800", "\\u2028\\ufeff\\ud800"),
    ],
)
def test_what_could_steer_a_terminal_is_made_visible(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_a_style_ends_where_its_text_ends(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen({})
    screen.color = "always"
    screen.line(Span("bad\x1b[0m", Style.ERROR), " good")
    assert capsys.readouterr().out == "\x1b[1;31mbad\\x1b[0m\x1b[0m good\n"


def test_columns_are_aligned_by_what_is_shown() -> None:
    assert list(columns([("a", "bb", ""), ("\x1b", "c", "d")])) == ["  a     bb", "  \\x1b  c   d"]


def test_one_is_one() -> None:
    assert [counted(number, "node") for number in (0, 1, 2)] == ["0 nodes", "1 node", "2 nodes"]
