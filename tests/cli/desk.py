"""Somebody at a terminal of a certain width, and all that is on their screen."""

from __future__ import annotations

import io
import shlex
from pathlib import Path
from typing import Any

from tests.cli.kit import Terminal, call


class _Keyboard(Terminal):
    """What is typed shows on the screen, as terminals have it."""

    def __init__(self, typed: str, screen: io.StringIO) -> None:
        super().__init__(typed)
        self._screen = screen

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]
        line = super().readline(size)
        self._screen.write(line)
        return line


class Desk:
    """Types command lines and keeps what is printed, results and the rest in their order.

    :param cluster: what the settings' cluster is.
    """

    def __init__(self, settings: Path, width: int, cluster: Any = None, *, local_node: str | None = None) -> None:
        self._settings = settings
        self._width = width
        self._cluster = cluster
        self._local_node = local_node
        self.screen = ""

    def types(self, words: str, *, answers: str = "") -> int:
        """Type `pvesdn` and `words`, then what is asked for; the exit status.

        :param answers: whole lines.
        """
        screen = Terminal()
        done = call(
            "--config",
            self._settings,
            *shlex.split(words),
            cluster=self._cluster,
            environ={"COLUMNS": str(self._width), "NO_COLOR": "1"},
            terminal=_Keyboard(answers, screen),
            out=screen,
            err=screen,
            local_node=self._local_node,
        )
        self.screen += f"$ pvesdn {words}\n{screen.getvalue()}# exit status {done.status}\n"
        return done.status
