"""Files of the node, read with limits and written whole; none is reached through a link out of its folder."""

import contextlib
import errno
import fnmatch
import os
import re
import stat
from typing import TYPE_CHECKING, Iterator, List, Optional, Tuple

from pvesdn.node.program.machine import PIECE, Machine, Refused

if TYPE_CHECKING:
    import hashlib

LARGEST_FILE = 8 * 1024 * 1024
"""Bytes; what is read of a node is text that people or generators of text wrote."""


def matches(machine: Machine, pattern: str) -> List[str]:
    """Paths for a pattern whose last two components may have wildcards; they match no dotfiles, and the last one no
    folders, the other one no links to folders.
    """
    folder, last = os.path.split(pattern)
    if not re.search(r"[*?\[]", pattern):
        return [pattern]
    if re.search(r"[*?\[]", folder):
        above, name = os.path.split(folder)
        if re.search(r"[*?\[]", above):
            raise Refused(f"{pattern!r}: only the last component and its folder may have wildcards")
        places = [(path, machine.place(path)) for path in _named(machine, above, name)]
        folders = [path for path, place in places if os.path.isdir(place) and not os.path.islink(place)]
        return [path for each in folders for path in matches(machine, os.path.join(each, last))]
    paths = _named(machine, folder, last)
    # A subfolder is not text; `text_of` refuses by name what is neither a file nor a folder.
    return [path for path in paths if not os.path.isdir(machine.place(path))]


def _named(machine: Machine, folder: str, pattern: str) -> List[str]:
    """What is in a folder under a name that `pattern` means."""
    try:
        names = sorted(os.listdir(machine.place(folder)))
    except (FileNotFoundError, NotADirectoryError):
        return []
    names = [name for name in names if fnmatch.fnmatchcase(name, pattern) and name[0] != "."]
    unnamed = next((name for name in names if not name.isprintable()), None)
    if unnamed is not None:
        raise Refused(f"{folder} has a file whose name is not printable text: {unnamed!a}", "give it another name")
    return [os.path.join(folder, name) for name in names]


def text_of(machine: Machine, path: str) -> Optional[str]:
    """A file's text, None when it is absent; Refused if it is not a file, not UTF-8, or larger than `LARGEST_FILE`."""
    place = machine.place(path)
    try:
        folder = _real_folder(place)
        descriptor = _opened(path, place, folder)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        # What was opened may not be the file that was looked at a moment ago.
        if not os.readlink(f"/proc/self/fd/{descriptor}").startswith(folder):
            raise _leads_out(path)
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # to read a folder the kernel itself refuses
            raise _no_file(path)
        with named(path):
            data = _bytes_in(descriptor)
    finally:
        os.close(descriptor)
    if len(data) > LARGEST_FILE:
        raise Refused(f"{path} is larger than {LARGEST_FILE >> 20} MiB", "is this the right file?")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = f"{path} is not UTF-8 text: byte {data[error.start]:#04x} in line {line}"
        raise Refused(what, "save it as UTF-8") from None


def _bytes_in(descriptor: int) -> bytes:
    """What a file has, or its beginning where that is larger than `LARGEST_FILE`.

    In pieces: the kernel refuses large buffers for what lies below /proc/sys (ENOMEM from 4 MiB on). Without a file
    object: a node has three such files for each of its devices, and making one takes longer than reading it.
    """
    pieces, size = [], 0
    while size <= LARGEST_FILE:
        piece = os.read(descriptor, PIECE)
        if not piece:
            break
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)


def _real_folder(place: str) -> str:
    """The folder of a file without links, with a slash at its end; asking the kernel takes three calls, not one for
    each folder above.
    """
    descriptor = os.open(os.path.dirname(place), os.O_PATH | os.O_DIRECTORY)
    try:
        return os.path.join(os.readlink(f"/proc/self/fd/{descriptor}"), "")
    finally:
        os.close(descriptor)


def _opened(path: str, place: str, folder: str) -> int:
    """A descriptor of what lies at `place`, or behind a link there that stays in `folder`."""
    # Without O_NONBLOCK a named pipe would block us for ever.
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW
    try:
        return os.open(place, flags)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
    real = os.path.realpath(place)
    if not real.startswith(folder):
        raise _leads_out(path)
    return os.open(real, flags)


def digest_of(machine: Machine, path: str) -> Optional[str]:
    """SHA-256 of a file of our own, in hexadecimal; None when there is none, Refused for what is not a file."""
    try:
        # Without O_NONBLOCK a named pipe would block us for ever, and a device may be endless.
        with named(path), open(os.open(machine.place(path), os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise _no_file(path)
            found = _sha256()
            for piece in iter(lambda: file.read(PIECE), b""):
                found.update(piece)
            return found.hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return None


def sha256(data: Optional[bytes]) -> Optional[str]:
    """The digest that `digest_of` finds where `data` was written; None stands for no file."""
    return None if data is None else _sha256(data).hexdigest()


def _sha256(data: bytes = b"") -> "hashlib._Hash":
    import hashlib  # loads OpenSSL, and what only reads needs no digest

    return hashlib.sha256(data)


def require_file(machine: Machine, path: str) -> None:
    """Return unless a device or a pipe is where a file is about to be put; a folder is never replaced."""
    place = machine.place(path)
    if os.path.exists(place) and not os.path.isfile(place) and not os.path.isdir(place):
        raise _no_file(path)


def beside(machine: Machine, path: str, ending: str) -> str:
    """A dotfile beside the target: neither ifupdown2's nor sysctl's wildcards match it."""
    folder, name = os.path.split(machine.place(path))
    return os.path.join(folder, f".{name}.{ending}")


def write_new(place: str, data: bytes, mode: int, ids: Optional[Tuple[int, int]] = None) -> None:
    """Write a file that was not there, safely on disk before this returns."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(place)
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with named(place), open(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        if ids is not None:
            os.fchown(descriptor, *ids)
        os.fchmod(descriptor, mode)  # after chown, which drops mode bits
        os.fsync(descriptor)


def write_whole(machine: Machine, path: str, data: bytes, mode: int = 0o600) -> None:
    """Write a file of our own state, whole or not at all."""
    require_file(machine, path)
    temporary = beside(machine, path, "pvesdn-tmp")
    try:
        write_new(temporary, data, mode)
        os.replace(temporary, machine.place(path))
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    sync_folders(machine, [path])


def remove_whole(machine: Machine, path: str) -> None:
    """Take a file of our own away, and what a `write_whole` that was killed has left beside it."""
    for place in (machine.place(path), beside(machine, path, "pvesdn-tmp")):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(place)
    sync_folders(machine, [path])


def sync_folders(machine: Machine, paths: List[str]) -> None:
    """Have the names in the folders of `paths` on disk, those that are gone included."""
    for folder in sorted({os.path.dirname(machine.place(path)) for path in paths}):
        if os.path.isdir(folder):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                with named(folder):
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)


@contextlib.contextmanager
def named(place: str) -> Iterator[None]:
    """Errors of read(2), write(2), fsync(2) and close(2) name no file: they get the one they are about."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, place) from None


def _no_file(path: str) -> Refused:
    return Refused(f"{path} is not a regular file")


def _leads_out(path: str) -> Refused:
    return Refused(f"{path} is a symbolic link that leads out of its folder", "put the file itself in its place")
