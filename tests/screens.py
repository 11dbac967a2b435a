"""What pvesdn prints for people is held against files, one for each width that people have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

WIDTHS = (80, 120)


def nothing(_: str) -> bool:
    """Of most screens no line may be longer than the terminal."""
    return False


def hold(
    request: pytest.FixtureRequest,
    screen: Path,
    printed: str,
    width: int,
    *,
    is_whole: Callable[[str], bool] = nothing,
) -> None:
    """Hold what was printed against the screen in `screen`-`width`.txt, which `--update-golden` writes anew.

    :param is_whole: whether a line may be longer than the terminal, such as a command that people copy.
    """
    file = screen.with_name(f"{screen.name}-{width}.txt")
    if request.config.getoption("--update-golden", default=False):
        file.parent.mkdir(exist_ok=True)
        file.write_text(printed, "utf-8")
    assert printed == file.read_text("utf-8")
    assert [line for line in printed.splitlines() if len(line) > width and not is_whole(line)] == []
    assert "\x1b" not in printed
