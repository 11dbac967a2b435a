"""Waiting for what another process or thread does, as long as a busy machine may take."""

from __future__ import annotations

import time
from collections.abc import Callable


def comes_true(condition: Callable[[], object], *, seconds: float = 60.0) -> bool:
    """Whether it does in time, asked again and again."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
