"""Files written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from pathlib import Path

from pvesdn.errors import SettingsError

_SYSTEM = ("/dev", "/proc", "/sys")
"""What the kernel keeps here are not files, and a link here, such as /dev/stdout, is not ours to replace."""
_TEMPORARY = Path("/dev", "shm")


def require_replaceable(file: Path) -> None:
    """Return if a file may be put here: the place is free, or has a file, or a link to one or to nothing.

    :raises OSError: there is a folder, a device, a pipe or a socket, or a link to one, or the place belongs to the
        kernel.
    """
    folder = Path(os.path.realpath(file.parent))
    is_kernels = any(folder.is_relative_to(system) for system in _SYSTEM) and not folder.is_relative_to(_TEMPORARY)
    try:
        mode = file.stat().st_mode
    except FileNotFoundError:
        mode = stat.S_IFREG
    if stat.S_ISDIR(mode):
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), str(file))
    if is_kernels or not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "is not a regular file", str(file))


def write_whole(file: Path, text: str, *, mode: int = 0o600) -> None:
    """Put `text` in place of the file or the link that stands there; on disk before this returns.

    :raises OSError: it could not be written, or what is there may not be replaced (`require_replaceable`). The file
        name is `file`: write(2) and fsync(2) give none, and nobody knows the temporary file. What was there still is,
        and nothing is left beside it.
    """
    try:
        require_replaceable(file)
        _write(file, text, mode)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(file)) from error


def read_whole(file: Path, limit: int) -> bytes:
    """The first `limit` bytes of a file. Raises OSError if there is none, or it is not a regular file, which could be
    endless.
    """
    # Without O_NONBLOCK a named pipe would block us for ever.
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError(errno.EINVAL, "is not a regular file", str(file))
        return stream.read(limit)


def require_size(name: str, data: bytes, limit: int) -> None:
    """Return if a text that somebody named is not longer than any that pvesdn has use for.

    :param name: as people know it.
    :param limit: bytes, whole MiB.
    :raises SettingsError: it is.
    """
    if len(data) > limit:
        raise SettingsError(f"{name}: has more than {limit >> 20} MiB", hint="is this the right file?")


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
