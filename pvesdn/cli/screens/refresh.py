"""A screen that is shown again and again: on a terminal in the place of the last one."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping

from rich.console import Console

from pvesdn.cli.screens.screen import Line, Screen

_LEAST = 8
"""Lines of a terminal below which nothing is left out."""


def show_again(screen: Screen, lines: Iterable[Line], environ: Mapping[str, str]) -> None:
    """Show the lines, and no more than the terminal has: what is left out is counted in its last line."""
    shown, height = list(lines), screen.height
    if height is not None and height >= _LEAST and len(shown) >= height:
        kept = height - 2  # one for the last line, one for the cursor
        left = len(shown) - kept
        shown = [*shown[:kept], (f"{left} more lines do not fit this terminal.",)]
    # `_environ` is where rich learns of a terminal that cannot be cleared.
    Console(file=sys.stdout, color_system=None, _environ=environ).clear()
    screen.lines(shown)
    sys.stdout.flush()
