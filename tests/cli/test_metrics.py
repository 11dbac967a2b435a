"""`pvesdn metrics`: what it prints, and the file for node_exporter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pvesdn.errors import ApiUnavailable
from tests.cli.kit import UCAST, call
from tests.cli.test_verify import HEALTHY, heal
from tests.fakes import FakeCluster, fake_cluster

SECRET = "0f0f0f0f-aaaa-bbbb-cccc-123456789abc"


@pytest.fixture
def applied(settings: Path) -> FakeCluster:
    cluster = fake_cluster(UCAST)
    assert call("--config", settings, "apply", "--yes", cluster=cluster).status == 0
    heal(cluster)
    return cluster


def values(text: str) -> dict[Any, float]:
    """Each value by its name, and its labels sorted."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_look_at_the_cluster_is_printed(applied: FakeCluster, settings: Path) -> None:
    done = call("--config", settings, "metrics", cluster=applied)
    found = values(done.out)

    assert (done.status, done.err) == (0, "")
    assert found["pvesdn_up",] == 1
    assert found["pvesdn_look_timestamp_seconds",] == applied.clock.now()
    assert found["pvesdn_last_apply_success", "cluster/fake"] == 1
    assert found["pvesdn_node_last_apply_number", "node/node1"] == 1
    assert ("pvesdn_node_paths_tried", "node/node1") not in found


def test_a_snapshot_will_do() -> None:
    found = values(call("metrics", "--from", HEALTHY).out)

    assert found["pvesdn_node_vnis_up", "node/node1"] == 6
    assert ("pvesdn_look_timestamp_seconds",) not in found


def test_a_snapshot_can_send_no_packets() -> None:
    done = call("metrics", "--paths", "--from", HEALTHY)

    assert (done.status, done.out) == (1, "")
    assert done.err == "error: --paths needs a cluster, and --from has none; leave one of them out\n"


def test_a_file_is_put_in_place_whole_for_everybody_to_read(
    applied: FakeCluster, settings: Path, tmp_path: Path
) -> None:
    file = tmp_path / "pvesdn.prom"
    file.write_text("old")
    done = call("--config", settings, "metrics", "-o", file, cluster=applied)

    assert (done.status, done.out, done.err) == (0, "", "")
    assert values(file.read_text())["pvesdn_up",] == 1
    assert file.stat().st_mode & 0o777 == 0o644
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_file_says_so_where_nothing_could_be_looked_at(applied: FakeCluster, settings: Path, tmp_path: Path) -> None:
    file = tmp_path / "pvesdn.prom"
    assert call("--config", settings, "metrics", "-o", file, cluster=applied).status == 0
    applied.api.errors["version"] = ApiUnavailable("the API does not answer")
    done = call("--config", settings, "metrics", "-o", file, cluster=applied)

    assert done.status == 1
    assert "the API does not answer" in done.err
    assert {name for name, *_ in values(file.read_text())} == {"pvesdn_build_info", "pvesdn_up"}
    assert values(file.read_text())["pvesdn_up",] == 0


def test_whoever_makes_the_folder_gets_the_file(applied: FakeCluster, settings: Path, tmp_path: Path) -> None:
    file = tmp_path / "node-exporter" / "pvesdn.prom"
    done = call("--config", settings, "metrics", "-o", file, cluster=applied)
    assert done.status == 1
    assert done.err.startswith(f"error: {file}: No such file or directory; name a file in ")

    file.parent.mkdir()
    assert call("--config", settings, "metrics", "-o", file, cluster=applied).status == 0
    assert file.exists()


def test_no_secret_is_told(applied: FakeCluster, settings: Path) -> None:
    done = call("--config", settings, "metrics", cluster=applied, environ={"PVESDN_TOKEN_VALUE": SECRET})

    assert done.status == 0
    assert SECRET not in done.out + done.err
