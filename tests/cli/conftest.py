"""A cluster in memory for the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cli.kit import UCAST, settings_file
from tests.fakes import FakeCluster, fake_cluster


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    return settings_file(tmp_path)


@pytest.fixture
def cluster() -> FakeCluster:
    """Three nodes, nothing applied yet; reloads make the links."""
    return fake_cluster(UCAST)


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[Path]:
    """Settings of a simulated cluster, with its API."""
    made = SimulatedCluster(tmp_path / "cluster")
    made.write_sdn("pvesdn.cfg", UCAST)
    with made:
        api = made.token_settings()
        assert api.token_value is not None
        told = {"backend": "https", "host": api.host, "port": api.port, "user": api.user, "token_name": api.token_name,
                "token_value": api.token_value.get_secret_value(), "ca_file": str(api.ca_file)}  # fmt: skip
        file = tmp_path / "settings.toml"
        lines = [f"{key} = {json.dumps(value)}" for key, value in told.items()]
        lab = f'[lab]\nfolder = "{made.folder}"\nlocal_node = "pve1"\n'
        file.write_text("[api]\n" + "\n".join(lines) + f"\n{lab}")
        file.chmod(0o600)
        yield file
