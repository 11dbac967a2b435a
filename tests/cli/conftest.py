"""A cluster in memory for the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.kit import UCAST, settings_file
from tests.fakes import FakeCluster, fake_cluster


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    return settings_file(tmp_path)


@pytest.fixture
def cluster() -> FakeCluster:
    """Three nodes, nothing applied yet; reloads make the links."""
    return fake_cluster(UCAST)
