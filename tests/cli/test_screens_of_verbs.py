"""Every verb has its screen at 80 and at 120 columns, in a file: `screens/VERB-CASE-COLUMNS.txt` unless said here."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from pvesdn.cli.app import pvesdn
from tests.cli.screen_cases import CASES, printed
from tests.cli.test_screens import CHANGED
from tests.screens import WIDTHS, hold

HERE = Path(__file__).parent
SCREENS = HERE / "screens"
ELSEWHERE = {
    "diff": HERE / "history_screens",
    "history": HERE / "history_screens",
    "status": HERE / "status_screens",
    "trace": HERE.parent / "cluster/trace_screens",
}
"""Verbs whose screens are in folders of their own; an apply under way is in board_screens besides."""
NO_SCREEN = {
    "lab down": "needs a lab that is up",
    "lab exec": "prints what a command in the lab prints",
    "lab guest add": "needs a lab that is up",
    "lab test": "builds labs",
    "lab up": "builds a lab",
    "metrics": "prints text for Prometheus",
    "report": "makes an HTML page",
    "topology": "draws; its pictures are in topology_pictures",
}


@pytest.mark.usefixtures("in_utc")
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("case", sorted(CASES))
def test_a_screen_looks_as_it_did(
    case: str, width: int, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    hold(request, SCREENS / case, printed(case, tmp_path, width), width, is_whole=is_whole)


def is_whole(line: str) -> bool:
    """Whether people or editors take a line as it is: a command, a finding of `check`, or a single word."""
    return line.strip().startswith(("$ pvesdn ", "pvesh ", "pveum ", "draft.cfg:")) or len(line.split()) == 1


def test_every_screen_belongs_to_a_case() -> None:
    cases = [*CASES, *(f"plan-{case}" for case in CHANGED)]
    assert {path.name for path in SCREENS.iterdir()} == {f"{case}-{width}.txt" for case in cases for width in WIDTHS}


def commands(group: click.Command, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Everything that can be typed to have something done, below a group."""
    if above and (not isinstance(group, click.Group) or group.invoke_without_command):
        yield above
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            yield from commands(command, (*above, name))


def is_typed(words: tuple[str, ...], screen: Path) -> bool:
    """Whether a screen shows what this command prints; those that no command line is in have one command each."""
    typed = [shlex.split(line)[2:] for line in screen.read_text("utf-8").splitlines() if line.startswith("$ pvesdn ")]
    return not typed or any(line[: len(words)] == list(words) for line in typed)


@pytest.mark.parametrize("words", sorted(commands(pvesdn)), ids=" ".join)
def test_every_verb_that_prints_a_screen_has_it_at_both_widths(words: tuple[str, ...]) -> None:
    if " ".join(words) in NO_SCREEN:
        return
    if words == ("history", "diff"):
        words = ("diff",)  # the same command
    folder, name = ELSEWHERE.get(words[0], SCREENS), "*" if words[0] in ELSEWHERE else f"{words[0]}-*"
    for width in WIDTHS:
        found = [screen for screen in folder.glob(f"{name}-{width}.txt") if is_typed(words, screen)]
        assert found, f"pvesdn {' '.join(words)} has no screen of {width} columns: add a case to screen_cases.py"


def test_what_has_no_screen_is_a_verb() -> None:
    assert NO_SCREEN.keys() <= {" ".join(words) for words in commands(pvesdn)}
