"""A draft of pvesdn.cfg that somebody names on the command line: read within limits, and told of by its own name."""

from __future__ import annotations

import errno
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pvesdn.cli.screens.screen import Screen
from pvesdn.cli.whole import read_whole, require_size
from pvesdn.errors import SdnConfigError, SettingsError
from pvesdn.model.files import FileChange
from pvesdn.model.findings import Finding
from pvesdn.model.saved_plan import SavedDraft
from pvesdn.model.snapshot import FORMER_OWN_FILE, OWN_FILE, OWN_NAME

LARGEST = 8 * 1024 * 1024
"""Bytes; the node program reads no bigger definitions either."""

_STANDARD_INPUT = "-"
_LINE = re.compile(rf"(?<![\w./-]){re.escape(OWN_NAME)}(?=:\d)|{re.escape(OWN_FILE)}")
"""Where a message points into the text: with the number of a line, or by its path."""


@dataclass(frozen=True, slots=True)
class Draft:
    """:param name: as it was given, ``<stdin>`` for standard input."""

    name: str
    text: str

    @property
    def saved(self) -> SavedDraft:
        """As it lies in a saved plan."""
        return SavedDraft(name=self.name, text=self.text)

    def named(self, text: str) -> str:
        """A message about pvesdn.cfg that points into the draft instead."""
        return _LINE.sub(lambda _: self.name, text)

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """Have faults of the definitions point into the draft."""
        try:
            yield
        except SdnConfigError as error:
            raise SdnConfigError(tuple(map(self.named, error.lines))) from error

    def named_in(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Findings about pvesdn.cfg, pointing into the draft."""
        return tuple(
            finding.model_copy(
                update={key: self.named(getattr(finding, key)) for key in ("where", "what", "hint")},
            )
            for finding in findings
        )


def read_draft(place: Path) -> Draft:
    """The draft in a file; ``-`` is standard input.

    :raises SettingsError: there is none, or it is not text that could be a pvesdn.cfg.
    """
    name = "<stdin>" if str(place) == _STANDARD_INPUT else str(place)
    try:
        data = _standard_input() if str(place) == _STANDARD_INPUT else read_whole(place, LARGEST + 1)
    except OSError as error:
        hint = "name a file, or - for standard input"
        raise SettingsError(f"{name}: {error.strerror}", hint=hint) from None
    require_size(name, data, LARGEST)
    try:
        return Draft(name, data.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = f"{name}:{line}: byte {data[error.start]:#04x} is not UTF-8 text"
        raise SettingsError(what, hint="save it as UTF-8") from None


def _standard_input() -> bytes:
    if sys.stdin is None:  # what a daemon may be started with
        raise OSError(errno.EBADF, "there is none", "<stdin>")
    found = getattr(sys.stdin, "buffer", sys.stdin).read(LARGEST + 1)
    return found.encode("utf-8", "surrogateescape") if isinstance(found, str) else found


def say_former_is_kept(screen: Screen, change: FileChange | None) -> None:
    """Say where the text is that another one has taken the place of. :param change: what became of pvesdn.cfg."""
    if change is not None and change.old is not None:
        screen.remark(f"The previous {OWN_FILE} is kept as {FORMER_OWN_FILE}.")
