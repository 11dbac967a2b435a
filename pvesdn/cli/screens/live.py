"""An apply on a terminal: one line for each node, updated in place."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pvesdn.cli.screens.progress import Steps
from pvesdn.cli.screens.screen import Screen, clean

_FRAMES = "|/-\\"
_STYLES = {"ok": "green", "failed": "red", "unreachable": "bold red", "skipped": "cyan"}


class LiveSteps(Steps):
    """Steps, updated in place. The display disappears when the context ends: the recap says it all."""

    def __init__(self, screen: Screen, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__(screen, monotonic=monotonic)
        console = Console(
            file=sys.stdout,
            color_system="standard" if screen.has_color(sys.stdout) else None,
            markup=False,
            highlight=False,
            emoji=False,
        )
        self._live = Live(
            console=console,
            get_renderable=self.table,
            transient=True,
            refresh_per_second=4,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> Self:
        with self.lock:
            # Reading the cluster is not part of the display.
            self.ended.clear()
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def table(self) -> Table:
        """The nodes as they are now."""
        table = Table.grid(padding=(0, 2))
        with self.lock:
            now = self.monotonic()
            for node in sorted(self.ended.keys() | self.under_way.keys()):
                line = Text()
                for step, outcome in self.ended.get(node, {}).items():
                    if (step, outcome) == ("read", "ok"):
                        continue
                    line.append(f"{clean(step)}=")
                    line.append(f"{clean(outcome)} ", style=_STYLES.get(outcome, ""))
                under_way = self.under_way.get(node)
                if under_way:
                    elapsed = now - under_way.since
                    frame = _FRAMES[int(elapsed * 4) % len(_FRAMES)]
                    line.append(f"{frame} {clean(under_way.doing)} [{elapsed:.0f}s]")
                table.add_row(Text(clean(node), style="bold"), line)
        return table
