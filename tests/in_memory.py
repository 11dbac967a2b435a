"""Folders of tests in memory: the node program syncs to the disk what it writes, and the tests have it write a lot."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")
ENOUGH = 2 << 30
"""Bytes; what one run has at a time, and what failing tests leave, is a fraction of it."""


def use_memory() -> None:
    """Let temporary folders of this process and those it starts be in memory, where there is enough and programs may
    be run from it; what the user has chosen stays.
    """
    if "TMPDIR" not in os.environ and _is_fit(SHARED_MEMORY):
        os.environ["TMPDIR"] = str(SHARED_MEMORY)
        tempfile.tempdir = None


def _is_fit(folder: Path) -> bool:
    try:
        found = os.statvfs(folder)
    except OSError:
        return False
    is_free = os.access(folder, os.W_OK | os.X_OK) and not found.f_flag & os.ST_NOEXEC
    return is_free and found.f_bavail * found.f_frsize >= ENOUGH
