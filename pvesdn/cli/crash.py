"""An error nobody foresaw: a report in a private file, and one line that names it."""

from __future__ import annotations

import os
import platform
import re
import sys
import tempfile
import traceback
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pvesdn import __version__

_HIDDEN = "********"
_LOOKS_SECRET = re.compile(
    r"(?i)(PVEAPIToken=[^=\s]+=|PVEAuthCookie=|CSRFPreventionToken\W+|(?:password|passwd|secret|token_value)['\"]?\s*[:=]\s*)"
    r"[^\s,;)}]+"
)


def report(
    error: BaseException, argv: Sequence[str], environ: Mapping[str, str], *, secrets: Iterable[str] = ()
) -> Path | None:
    """Write down what happened, readable for this user only.

    :param secrets: words that must not be in it; what looks like a password is left out as well.
    :returns: the file; None when no place could be written.
    """
    text = "".join(traceback.format_exception(error))
    text = (
        f"pvesdn {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
        f"arguments: {list(argv)!r}\n\n{text}"
    )
    for secret in sorted((secret for secret in secrets if secret), key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    text = _LOOKS_SECRET.sub(rf"\1{_HIDDEN}", text)
    for folder in _places(environ):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix="pvesdn-report-", suffix=".txt", dir=folder)
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as stream:
                stream.write(text)
        except OSError:
            continue
        return Path(name)
    return None


def _places(environ: Mapping[str, str]) -> Iterable[Path]:
    """Where a user's state belongs (XDG Base Directory), else wherever temporary files go."""
    if state := environ.get("XDG_STATE_HOME"):
        yield Path(state) / "pvesdn"
    elif home := environ.get("HOME"):
        yield Path(home) / ".local" / "state" / "pvesdn"
    yield Path(tempfile.gettempdir())


def give_up_output() -> None:
    """Whoever read our output is gone: what is still in the buffers goes nowhere, without a complaint at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
