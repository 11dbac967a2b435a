"""The progress of reading a cluster: silent unless asked."""

from __future__ import annotations

from pvesdn.cli.screens.screen import Screen


class Reading:
    """A `ports.Observer` that reports each node's reading when asked to."""

    def __init__(self, screen: Screen, *, is_verbose: bool) -> None:
        self._screen = screen
        self._is_verbose = is_verbose

    def step(self, node: str, step: str, detail: str = "") -> None:
        """Print nothing: reading is quick."""

    def done(self, node: str, step: str, outcome: str) -> None:
        """One line on standard error."""
        if self._is_verbose:
            self._screen.remark(f"{node}: {step} {outcome}")
