"""The progress of reading a cluster: silent unless asked."""

from __future__ import annotations

from pvesdn.cli.screens.screen import Screen
from pvesdn.model.progress import Ended, Event


class Reading:
    """A `ports.Observer` that reports each node's reading when asked to."""

    def __init__(self, screen: Screen, *, is_verbose: bool) -> None:
        self._screen = screen
        self._is_verbose = is_verbose

    def tell(self, event: Event) -> None:
        """One line on standard error for what has ended: reading is quick."""
        if self._is_verbose and isinstance(event, Ended):
            self._screen.remark(f"{event.node}: {event.step} {event.outcome}")
