"""Where a command prints: its process's own output, or the buffers of a caller in the same process.

A caller has buffers of its own, so commands may run in several threads at once, and none of them catches what the rest
of the process prints.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_buffers: ContextVar[tuple[io.StringIO, io.StringIO] | None] = ContextVar("buffers", default=None)
"""Output and complaints of the command that runs in this thread; None in a process of its own."""


def say(text: str) -> None:
    """Print on standard output."""
    buffers = _buffers.get()
    (sys.stdout if buffers is None else buffers[0]).write(text)


def complain(text: str) -> None:
    """Print on standard error."""
    buffers = _buffers.get()
    (sys.stderr if buffers is None else buffers[1]).write(text)


@contextmanager
def caught() -> Iterator[tuple[io.StringIO, io.StringIO]]:
    """Catch what commands of this thread print: standard output, and standard error."""
    buffers = io.StringIO(), io.StringIO()
    token = _buffers.set(buffers)
    try:
        yield buffers
    finally:
        _buffers.reset(token)
