"""Files that a verb was asked to write."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pvesdn.cli.whole import require_replaceable, write_whole
from pvesdn.errors import SettingsError


def write_files(files: Mapping[Path, tuple[str, int]], *, overwrite: bool) -> None:
    """Write texts with their modes, folders included; all places are looked at before the first is written.

    :raises SettingsError: one of them is taken and `overwrite` was not said, or cannot be written.
    """
    try:
        for path in files:
            require_replaceable(path)
            if not overwrite and (path.exists() or path.is_symlink()):
                hint = "choose another place, or use --overwrite to replace it"
                raise SettingsError(f"{path} already exists", hint=hint)
        for path, (text, mode) in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, text, mode=mode)
    except OSError as error:
        raise SettingsError(f"{error.filename}: {error.strerror}", hint="choose another place") from None
