"""The lab's folders are on a disk: its machines have a /dev of their own, without what this one has in memory."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.in_memory import SHARED_MEMORY


@pytest.fixture(autouse=True)
def on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    if os.environ.get("TMPDIR") == str(SHARED_MEMORY):
        monkeypatch.delenv("TMPDIR")
        monkeypatch.setattr(tempfile, "tempdir", None)


@pytest.fixture
def tmp_path(on_disk: None) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="pvesdn-test-") as folder:
        yield Path(folder)
