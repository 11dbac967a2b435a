"""Files written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path


def write_whole(file: Path, text: str, *, mode: int = 0o600) -> None:
    """Put `text` in place of whatever stands there, a link included; on disk before this returns.

    :raises OSError: it could not be written, with `file` as its file name: write(2) and fsync(2) give none, and the draft
        beside it is nothing that anybody knows. What stood there still does, and nothing is left beside it.
    """
    try:
        _write(file, text, mode)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(file)) from error


def _write(file: Path, text: str, mode: int) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fchmod(handle, mode)
            os.fsync(handle)
        draft.replace(file)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
