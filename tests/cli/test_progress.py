"""Who watches an apply: lines, signs of life, and the state of things when it is interrupted."""

from __future__ import annotations

import io
import sys
import threading

import pytest
from rich.console import Console

from pvesdn.cli.screens.live import LiveSteps
from pvesdn.cli.screens.progress import PlainSteps, Steps
from pvesdn.cli.screens.screen import Screen, Span, Style, clean, columns, counted
from tests.cli.kit import Terminal
from tests.fakes import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def plain(clock: FakeClock) -> PlainSteps:
    return PlainSteps(Screen({}), monotonic=clock.monotonic)


def test_each_step_is_one_line(capsys: pytest.CaptureFixture[str], plain: PlainSteps) -> None:
    with plain:
        plain.step("pve1", "read")
        plain.done("pve1", "read", "ok")
        plain.step("pve1", "staged")
        plain.done("pve1", "staged", "ok")
        plain.step("pve1", "frr", "reload")
        plain.done("pve1", "frr", "failed")
    assert capsys.readouterr().out == "pve1: staged: ok\npve1: frr: failed\n"


def test_a_long_step_gives_a_sign_of_life_every_ten_seconds(
    capsys: pytest.CaptureFixture[str], plain: PlainSteps, clock: FakeClock
) -> None:
    with plain:
        plain.step("pve2", "reloaded")
        for _ in range(25):
            clock.elapsed += 1
            plain.tick()
        plain.done("pve2", "reloaded", "ok")
        plain.step("pve2", "frr", "restart")
        clock.elapsed += 11
        plain.tick()
        plain.done("pve2", "frr", "ok")
    assert capsys.readouterr().out.splitlines() == [
        "pve2: still reloading the network... [10s elapsed]",
        "pve2: still reloading the network... [20s elapsed]",
        "pve2: reloaded: ok",
        "pve2: still restarting FRR... [10s elapsed]",
        "pve2: frr: ok",
    ]


def test_outside_of_the_run_nothing_is_shown(capsys: pytest.CaptureFixture[str], plain: PlainSteps) -> None:
    plain.step("pve1", "staged")
    plain.done("pve1", "staged", "failed")
    with plain:
        pass
    plain.done("pve1", "written", "failed")
    assert capsys.readouterr().out == ""


def test_when_quiet_nothing_is_shown(capsys: pytest.CaptureFixture[str], clock: FakeClock) -> None:
    screen = Screen({})
    screen.is_quiet = True
    with PlainSteps(screen, monotonic=clock.monotonic) as steps:
        steps.step("pve1", "reloaded")
        clock.elapsed += 30
        steps.tick()
        steps.done("pve1", "reloaded", "ok")
    assert capsys.readouterr().out == ""


def test_the_heartbeat_ends_with_the_run(plain: PlainSteps) -> None:
    before = threading.active_count()
    with plain:
        assert threading.active_count() == before + 1
    assert threading.active_count() == before


def test_on_a_terminal_each_node_is_one_line_with_what_it_is_doing(clock: FakeClock) -> None:
    kept, sys.stdout = sys.stdout, Terminal()
    try:
        live = LiveSteps(Screen({"NO_COLOR": "1"}), monotonic=clock.monotonic)
        live.done("pve0", "read", "ok")
        with live:
            live.step("pve1", "staged")
            live.done("pve1", "staged", "ok")
            live.step("pve1", "reloaded")
            live.step("pve\x1b[2", "frr", "reload")
            clock.elapsed += 12
            printed = io.StringIO()
            Console(file=printed, width=100).print(live.table())
    finally:
        sys.stdout = kept
    assert [line.rstrip() for line in printed.getvalue().splitlines()] == [
        "pve\\x1b[2  | reloading FRR [12s]",
        "pve1       staged=ok | reloading the network [12s]",
    ]


# --- interrupted -----------------------------------------------------------------------------------------------------


def test_nothing_was_changed_while_things_were_read() -> None:
    steps = Steps(Screen({}))
    steps.done("pve1", "read", "ok")
    assert steps.aftermath() == "Interrupted: no node was changed."


def test_what_was_staged_is_replaced_by_the_next_apply() -> None:
    steps = Steps(Screen({}))
    steps.done("pve1", "staged", "ok")
    steps.step("pve2", "staged")
    assert steps.aftermath() == "Interrupted: no node was changed; the next apply replaces the staged files."


def test_what_was_discarded_again_is_not_left_to_the_next_apply() -> None:
    steps = Steps(Screen({}))
    for node in ("pve1", "pve2"):
        steps.done(node, "staged", "ok")
    steps.done("pve1", "discarded", "ok")
    assert steps.aftermath().endswith("; the next apply replaces the staged files.")
    steps.done("pve2", "discarded", "ok")
    assert steps.aftermath() == "Interrupted: no node was changed."


def test_each_node_is_told_apart() -> None:
    steps = Steps(Screen({}))
    steps.done("pve1", "staged", "ok")
    steps.done("pve2", "staged", "ok")
    steps.done("pve1", "written", "ok")
    steps.step("pve1", "reloaded")
    assert steps.states() == ["pve1: staged=ok written=ok was reloading the network", "pve2: not touched"]
    assert steps.aftermath().startswith("Interrupted. pve1: staged=ok written=ok was reloading the network; pve2: not")


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
