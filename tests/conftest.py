"""What tests of several folders need."""

import time
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.not_tried import pytest_terminal_summary

__all__ = ["in_utc", "pytest_terminal_summary"]

# A law does not fail because the machine has something else to do: hypothesis allows 200 ms for each example.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture
def in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times of day are those of UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
