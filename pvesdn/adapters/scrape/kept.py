"""The last look, and when to look again: whoever asks never waits for long, and never starts a second look."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

PATIENCE = 8.0
"""Seconds for which somebody who asks waits for a look to end; Prometheus itself waits for ten."""
OLDEST = 300.0
"""Seconds after which a look tells of the past, and nothing is known; or twice those between two looks, if these are
more.
"""


@dataclass(frozen=True, slots=True)
class Page:
    """A text. :param packed: the same by gzip."""

    text: bytes
    packed: bytes

    @classmethod
    def of(cls, text: str) -> Page:
        """Encoded and packed."""
        data = text.encode("utf-8")
        return cls(data, gzip.compress(data, compresslevel=5))


class Kept:
    """:param look: makes the text, whatever that takes; what it raises is told, and nothing is known then.
    :param unknown: the text where nothing is known.
    :param tell: what kept a look from being made; None when one succeeds.
    :param every: seconds between the beginnings of two looks, at least.
    """

    def __init__(
        self,
        look: Callable[[], str],
        unknown: str,
        tell: Callable[[Exception | None], object],
        *,
        every: float,
        patience: float = PATIENCE,
        oldest: float = OLDEST,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look = look
        self._unknown = Page.of(unknown)
        self._tell = tell
        self._every, self._patience, self._oldest = every, patience, max(oldest, 2 * every)
        self._now = now
        self._changed = threading.Condition()
        self._page: Page | None = None
        self._began: float | None = None
        self._page_began = 0.0
        self._is_looking = False

    @property
    def is_looking(self) -> bool:
        """Whether a look is under way."""
        return self._is_looking

    def page(self) -> Page:
        """What is known now, after a look if one is due and ends in time."""
        with self._changed:
            now = self._now()
            if not self._is_looking and (self._began is None or now - self._began >= self._every):
                self._is_looking, self._began = True, now
                thread = threading.Thread(target=self._go, args=(now,), name="look", daemon=True)
                try:
                    thread.start()
                except RuntimeError as error:  # too many threads: whoever asks next tries again
                    self._is_looking, self._began = False, None
                    self._tell(error)
            left = self._patience - (now - (now if self._began is None else self._began))
            self._changed.wait_for(lambda: not self._is_looking, max(left, 0.0))
            if self._page is None or self._now() - self._page_began > self._oldest:
                return self._unknown
            return self._page

    def _go(self, began: float) -> None:
        page = None
        try:
            page = Page.of(self._look())
            self._tell(None)
        except Exception as error:  # noqa: BLE001 - whoever asks next gets an answer all the same
            self._tell(error)
        finally:
            with self._changed:
                self._page, self._page_began, self._is_looking = page, began, False
                self._changed.notify_all()
