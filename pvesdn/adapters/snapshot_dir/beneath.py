"""Files of one folder, opened step by step from the folder itself: nothing swapped in the meantime leads out of it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self

from pvesdn.errors import SnapshotError

_LINKS = 40
"""As many links as the kernel follows on one path."""
_STEP = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# Without O_NONBLOCK a named pipe would block us for ever.


class Beneath:
    """A folder that is open. Its own path may be a link; below it links are followed as long as they stay below it.

    Every step is opened below the folder before it (openat(2) with O_NOFOLLOW), a link is read and walked by ourselves,
    and ``..`` goes back along the steps taken: what somebody renames or links anew between two steps changes where the
    walk ends, and never takes it outside.
    """

    def __init__(self, folder: Path) -> None:
        """Open `folder`. Raises OSError."""
        self.folder = folder
        self._real = folder.resolve()
        self._root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._root)

    def read(self, path: PurePosixPath, limit: int) -> bytes | None:
        """The bytes of a file; None where there is nothing of that name.

        :param limit: bytes.
        :raises SnapshotError: it is not a file, is bigger, cannot be read, or a link leads out of the folder or
            nowhere.
        """
        file = self.folder / path
        with self._named(path), self._opened(path) as descriptor:
            if descriptor is None:
                return None
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise SnapshotError(f"{file}: is not a file")
            with os.fdopen(os.dup(descriptor), "rb") as stream:
                data = stream.read(limit + 1)
            if len(data) > limit:
                raise SnapshotError(f"{file}: is bigger than {limit // 1024 // 1024} MiB")
            return data

    def names(self, path: PurePosixPath) -> list[tuple[str, bool]]:
        """What is in a folder, sorted, each with whether it is a folder itself; links are none. Empty where there is no
        folder.

        :raises SnapshotError: it cannot be read, or a link leads out of the folder.
        """
        with self._named(path), self._opened(path) as descriptor:
            if descriptor is None or not stat.S_ISDIR(os.fstat(descriptor).st_mode):
                return []
            with os.scandir(descriptor) as entries:
                return sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)

    def is_folder(self, path: PurePosixPath) -> bool:
        """Whether there is a folder of that name; what leads out counts as one, so that it is complained of when it is
        read.
        """
        try:
            with self._opened(path) as descriptor:
                return descriptor is not None and stat.S_ISDIR(os.fstat(descriptor).st_mode)
        except SnapshotError:
            return True
        except OSError:
            return False

    @contextmanager
    def _named(self, path: PurePosixPath) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise SnapshotError(f"{self.folder / path}: {error.strerror}") from None

    @contextmanager
    def _opened(self, path: PurePosixPath) -> Iterator[int | None]:
        """The descriptor of a path; None where a name of it is absent and no link promised it."""
        steps = [os.dup(self._root)]
        try:
            yield self._walk(path, steps)
        finally:
            for descriptor in steps:
                os.close(descriptor)

    def _walk(self, path: PurePosixPath, steps: list[int]) -> int | None:
        """Open each name below the one before. :param steps: what is open, from the folder on; ours to fill."""
        todo = [(name, False) for name in reversed(path.parts)]
        links = 0
        while todo:
            name, is_promised = todo.pop()
            if name in ("", "."):
                continue
            if name == "..":
                if len(steps) == 1:
                    raise SnapshotError(f"{self.folder / path}: leads out of the snapshot")
                os.close(steps.pop())
                continue
            try:
                steps.append(os.open(name, _STEP, dir_fd=steps[-1]))
            except (FileNotFoundError, NotADirectoryError):
                if is_promised:
                    raise
                return None
            except OSError as error:
                target = self._link(name, steps[-1]) if error.errno == errno.ELOOP else None
                if target is None:
                    raise
                links += 1
                if links > _LINKS:
                    raise
                todo += [(name, True) for name in reversed(self._inside(path, target, steps))]
        return steps[-1]

    @staticmethod
    def _link(name: str, folder: int) -> str | None:
        with suppress(OSError):  # it was a link a moment ago
            return os.readlink(name, dir_fd=folder)
        return None

    def _inside(self, path: PurePosixPath, target: str, steps: list[int]) -> tuple[str, ...]:
        """The steps that a link stands for. An absolute one counts from the folder, where it names the folder."""
        there = PurePosixPath(target)
        if not there.is_absolute():
            return there.parts
        try:
            parts = there.relative_to(self._real).parts
        except ValueError:
            raise SnapshotError(f"{self.folder / path}: leads out of the snapshot") from None
        while len(steps) > 1:
            os.close(steps.pop())
        return parts
