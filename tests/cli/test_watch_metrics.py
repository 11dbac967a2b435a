"""`pvesdn watch --metrics`: the file of [metrics] textfile, and what is told of it."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import pytest

from pvesdn.cli.screens.screen import Screen
from pvesdn.cli.session import Session
from pvesdn.compare.metrics import unknown
from pvesdn.errors import ApiUnavailable
from pvesdn.render.prometheus import exposition
from pvesdn.watcher.__main__ import _Processes
from pvesdn.watcher.turns import LOOK, METRICS, VERIFY
from tests.cli.kit import Result, call, settings_file
from tests.cli.test_metrics import values
from tests.fakes import FakeCluster

verb = importlib.import_module("pvesdn.cli.verbs.watch")  # the package's own attribute is the command


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "node-exporter" / "pvesdn.prom"


@pytest.fixture
def settings(tmp_path: Path, file: Path) -> Path:
    file.parent.mkdir()
    return settings_file(tmp_path, f'[watch]\nstate_dir = "{tmp_path}/state"\n[metrics]\ntextfile = "{file}"\n')


def write(settings: Path, cluster: FakeCluster) -> Result:
    return call("--config", settings, "watch", "--metrics", cluster=cluster, local_node="node1")


def test_the_file_is_written_and_nothing_is_said(settings: Path, file: Path, cluster: FakeCluster) -> None:
    assert write(settings, cluster) == Result(0, "", "")
    assert values(file.read_text())["pvesdn_up",] == 1
    assert file.stat().st_mode & 0o777 == 0o644


def test_without_a_quorum_the_file_is_written_and_says_so(settings: Path, file: Path, cluster: FakeCluster) -> None:
    rows = cluster.api.answers["cluster/status"]
    cluster.api.answers["cluster/status"] = [row | {"quorate": 0} if row["type"] == "cluster" else row for row in rows]
    assert write(settings, cluster) == Result(0, "", "")
    told = values(file.read_text())
    assert (told["pvesdn_up",], told["pvesdn_cluster_quorate", "cluster/fake"]) == (1, 0)


def test_why_nothing_is_known_is_said_once_by_the_file_each_time_and_its_end_once(
    settings: Path, file: Path, cluster: FakeCluster
) -> None:
    cluster.api.errors["version"] = ApiUnavailable("the API does not answer")
    first, second = write(settings, cluster), write(settings, cluster)
    assert (first.status, "the API does not answer" in first.err) == (1, True)
    assert second == Result(1, "", "")
    assert values(file.read_text())["pvesdn_up",] == 0

    cluster.api.errors.clear()
    assert write(settings, cluster) == Result(0, "watch: metrics are written again\n", "")
    assert write(settings, cluster) == Result(0, "", "")
    assert values(file.read_text())["pvesdn_up",] == 1


def test_whoever_names_a_file_gets_it(tmp_path: Path, file: Path, cluster: FakeCluster) -> None:
    file.parent.mkdir()
    done = write(settings_file(tmp_path), cluster)
    assert (done.status, done.err) == (1, "error: there is no file to write metrics to; set [metrics] textfile\n")
    assert (
        write(
            settings_file(tmp_path, f'[metrics]\ntextfile = "{file}"\n[watch]\nstate_dir = "{tmp_path}/s"\n'), cluster
        ).status
        == 0
    )


@pytest.mark.parametrize("name", ["pvesdn.prom", "/var/lib/pvesdn.txt", ""])
def test_a_file_that_node_exporter_would_not_read_is_refused(tmp_path: Path, name: str, cluster: FakeCluster) -> None:
    done = write(settings_file(tmp_path, f'[metrics]\ntextfile = "{name}"\n'), cluster)
    assert done.status == 1
    assert (
        "[metrics] textfile: must be an absolute path that ends in .prom: node_exporter reads no other file" in done.err
    )


def test_the_process_that_stays_is_told_of_the_file_and_how_often(settings: Path, file: Path) -> None:
    session = Session({}, Screen({}), config=settings)

    told = verb._told(session, session.settings(), "node1")
    assert told["metrics"] == {"file": str(file), "every": 300, "unknown": exposition(unknown())}


def test_without_a_file_it_is_told_of_none(tmp_path: Path) -> None:
    session = Session({}, Screen({}), config=settings_file(tmp_path))

    assert verb._told(session, session.settings(), "node1")["metrics"] is None


@pytest.mark.parametrize(("what", "word"), [(LOOK, "--once"), (VERIFY, "--verify"), (METRICS, "--metrics")])
def test_the_process_that_stays_starts_what_this_page_tries(
    what: str, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []

    def spawn(_path: str, argv: list[str], *_rest: object, **_given: object) -> int:
        started.append(argv)
        return 7

    monkeypatch.setattr(os, "posix_spawn", spawn)
    _Processes(["/usr/bin/pvesdn", "-q"], {}).start(what)

    assert started == [["/usr/bin/pvesdn", "-q", "watch", word]]
