"""Writing beside the work: a screen that fails or hangs neither ends nor delays what is told on it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import TypeAlias

PATIENCE = 5.0
"""Seconds for what is still to be shown at the end; a terminal may be stopped by Ctrl-S, a pipe's reader asleep."""

_FIRST = threading.Lock()
"""Held while `shown_soon` shows something: whatever is shown later comes below it."""
_Left: TypeAlias = "SimpleQueue[Callable[[], object] | None]"


class Aside:
    """Does one thing after the other in a thread of its own. What fails is given up, without a word: there is nowhere
    left to say it.
    """

    def __init__(self) -> None:
        self._left: _Left = SimpleQueue()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """From now on what is given is done."""
        self._left = SimpleQueue()  # what hangs since an earlier time keeps its own
        thread = threading.Thread(target=_go, args=(self._left,), name="screen", daemon=True)
        with suppress(RuntimeError):  # no thread can be started: nothing is shown
            thread.start()
            self._thread = thread

    def do(self, what: Callable[[], object]) -> None:
        """Have it done when all before it is; returns at once."""
        if self._thread is not None:
            self._left.put(what)

    def end(self) -> None:
        """Return when all is done, and after `PATIENCE` seconds in any case."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._left.put(None)
            thread.join(PATIENCE)


def shown_soon(what: Callable[[], object]) -> None:
    """Have it shown. Returns when that is done and, where a screen hangs, after `PATIENCE` seconds: then it is shown as
    soon as that goes on.

    :raises Exception: what showing it has raised in time.
    """
    failures: list[Exception] = []

    def noted() -> None:
        try:
            with _FIRST:
                what()
        except Exception as error:  # noqa: BLE001 - it is raised in the thread that asked
            failures.append(error)

    thread = threading.Thread(target=noted, name="screen", daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if failures:
        raise failures[0]


def wait_for_first() -> None:
    """Return when nothing is left of what was to be shown soon."""
    with _FIRST:
        pass


def _go(left: _Left) -> None:
    wait_for_first()
    while (what := left.get()) is not None:
        with suppress(Exception):
            what()
