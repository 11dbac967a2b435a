"""The files in which `pvesdn watch` keeps what it has seen, below [watch] state_dir."""

from __future__ import annotations

import errno
import fcntl
import json
from pathlib import Path
from typing import Any

from pvesdn.cli.whole import read_whole, write_whole
from pvesdn.errors import SettingsError
from pvesdn.watcher.service import RESULT, SERVICE

MEMORY_FILE = "watch.json"
"""What one look leaves to the next."""
LOOK_FILE = RESULT
"""How the last look ended."""
VERIFY_FILE = "watch-verify.json"
"""What the last look at this node's network has found."""
METRICS_FILE = "watch-metrics.json"
"""Why no metrics could be written the last time."""
SERVICE_FILE = SERVICE
_LARGEST = 1024 * 1024
"""Size in bytes; anything larger was not written by `watch`."""


class WatchFiles:
    """:param folder: made when first needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, name: str) -> str | None:
        """The text of a file; None where there is none.

        :raises SettingsError: it cannot be read.
        """
        file = self.folder / name
        try:
            return read_whole(file, _LARGEST).decode("utf-8", "replace")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _useless(file, error) from None

    def document(self, name: str) -> dict[str, Any]:
        """The JSON object in a file; an empty one where there is none, or something else.

        :raises SettingsError: it cannot be read.
        """
        try:
            found = json.loads(self.read(name) or "{}")
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def write(self, name: str, text: str) -> None:
        """Put a file in place.

        :raises SettingsError: it cannot be written.
        """
        file = self.folder / name
        try:
            self._make()
            for draft in self.folder.glob(f".{name}-*"):  # left by a look that was killed
                draft.unlink(missing_ok=True)
            write_whole(file, text)
        except OSError as error:
            raise _useless(file, error) from None

    def require(self) -> None:
        """Make the folder.

        :raises SettingsError: it cannot be made.
        """
        try:
            self._make()
        except OSError as error:
            raise _useless(self.folder, error) from None

    def is_locked(self, name: str) -> bool:
        """Whether a process keeps this file locked."""
        try:
            with (self.folder / name).open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def _make(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _useless(file: Path, error: OSError) -> SettingsError:
    is_in_the_way = error.errno in (errno.EINVAL, errno.EISDIR)
    hint = "move it away, or set [watch] state_dir" if is_in_the_way else "run as root, or set [watch] state_dir"
    return SettingsError(f"{file}: {error.strerror}", hint=hint)
