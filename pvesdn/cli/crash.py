"""An unexpected error: a report in a private file, and one line that names it.

An error has one report, however often it happens, and old reports make room for new ones.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import stat
import tempfile
import traceback
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from pvesdn import __version__

MOST = 10
"""How many reports are kept: this user's newest."""

_PREFIX = "pvesdn-report-"
_HIDDEN = "********"
_LOOKS_SECRET = re.compile(
    r"(?i)(PVEAPIToken=[^=\s]+=|PVEAuthCookie=|CSRFPreventionToken\W+|(?:password|passwd|secret|token_value)['\"]?\s*[:=]\s*)"
    r"[^\s,;)}]+"
)


def report(
    error: BaseException, argv: Sequence[str], environ: Mapping[str, str], *, secrets: Iterable[str] = ()
) -> Path | None:
    """Write down what happened, readable by this user only.

    :param secrets: words that must not be in it; what looks like a password is left out too.
    :returns: the file; None when no place could be written to.
    """
    text = "".join(traceback.format_exception(error))
    text = (
        f"pvesdn {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
        f"arguments: {list(argv)!r}\n\n{text}"
    )
    for secret in sorted((secret for secret in secrets if secret), key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    text = "\n".join(map(_without_secrets, _LOOKS_SECRET.sub(rf"\1{_HIDDEN}", text).split("\n")))
    ending = f"-{signature(error)}.txt"
    for folder in _places(environ):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=_PREFIX, suffix=ending, dir=folder)
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as stream:
                stream.write(text)
        except OSError:
            continue
        return _settle(folder, Path(name), ending)
    return None


def signature(error: BaseException) -> str:
    """Where an error happened, as a short word: the same for the same fault, whatever the message."""
    steps = [f"{type(error).__module__}.{type(error).__qualname__}", __version__]
    steps += [f"{frame.filename}:{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    return hashlib.sha256("\n".join(steps).encode("utf-8", "backslashreplace")).hexdigest()[:12]


def _without_secrets(line: str) -> str:
    """A line of a report: an error may quote one of somebody's files."""
    from pvesdn.decode.secrets import hide_secrets  # noqa: PLC0415 - only a crash needs it

    return line if "PVEAPIToken=" in line else hide_secrets(line)[0]  # the token's owner may be shown


def _settle(folder: Path, draft: Path, ending: str) -> Path:
    """Replace an earlier report of the same error, and remove the oldest beyond `MOST`."""
    reports = _own_reports(folder)
    place = next((path for path in reports if path != draft and path.name.endswith(ending)), draft)
    with suppress(OSError):
        draft.replace(place)
    for path in [path for path in reports if path not in {draft, place}][MOST - 1 :]:
        with suppress(OSError):
            path.unlink()
    return place


def _own_reports(folder: Path) -> list[Path]:
    """This user's reports in a folder that others may write to, newest first."""
    found = []
    for path in folder.glob(f"{_PREFIX}*.txt"):
        with suppress(OSError):
            status = path.lstat()
            if stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid():
                found.append((status.st_mtime, path))
    return [path for _, path in sorted(found, reverse=True)]


def _places(environ: Mapping[str, str]) -> Iterable[Path]:
    """Where a user's state belongs (XDG Base Directory), else the folder for temporary files."""
    if state := environ.get("XDG_STATE_HOME"):
        yield Path(state) / "pvesdn"
    elif home := environ.get("HOME"):
        yield Path(home) / ".local" / "state" / "pvesdn"
    yield Path(tempfile.gettempdir())
