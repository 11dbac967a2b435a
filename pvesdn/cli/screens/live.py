"""An apply on a terminal: its nodes in rows, updated in place."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from pvesdn.cli.screens.aside import Aside
from pvesdn.cli.screens.board_lines import board_lines
from pvesdn.cli.screens.progress import Steps
from pvesdn.cli.screens.screen import Screen, painted

_WIDTH, _HEIGHT = 80, 24
"""Of a terminal that does not say."""


class _Live(Live):
    def refresh(self) -> None:
        """Nothing where the terminal is gone: the thread that does it would end with a traceback."""
        with suppress(OSError):
            super().refresh()


class LiveSteps(Steps):
    """Steps, updated in place. The display disappears when the context ends: the recap says it all."""

    def __init__(self, screen: Screen, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__(screen, monotonic=monotonic)
        self._aside = Aside()
        self._live: Live | None = None

    def __enter__(self) -> Self:
        live = _Live(
            console=Console(
                file=sys.stdout,
                color_system="standard" if self.screen.has_color(sys.stdout) else None,
                markup=False,
                highlight=False,
                emoji=False,
            ),
            get_renderable=self.picture,
            transient=True,
            refresh_per_second=4,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )
        self._live = live
        self._aside.begin()
        self._aside.do(live.start)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def remark(self, text: str) -> None:
        """A line above the display, which is begun again below it."""
        is_shown = self._live is not None
        self._stop()
        super().remark(text)
        if is_shown:
            self.__enter__()

    def _stop(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            self._aside.do(live.stop)
            self._aside.end()

    def picture(self) -> Text:
        """The nodes as they are now, no larger than the window is now."""
        with suppress(Exception):  # rich's thread would end with a traceback
            return self._picture()
        return Text("", end="")

    def _picture(self) -> Text:
        width, height = self.screen.width or _WIDTH, self.screen.height or _HEIGHT
        with self.lock:
            # The last column and the last line stay free: a terminal would scroll.
            lines = board_lines(self.board, self.monotonic(), max(width - 1, 1), max(height - 1, 1))
        color = self.screen.has_color(sys.stdout)
        text = Text("\n").join(Text.from_ansi(painted(line, color=color).rstrip("\n")) for line in lines)
        text.no_wrap, text.overflow, text.end = True, "crop", ""
        return text
