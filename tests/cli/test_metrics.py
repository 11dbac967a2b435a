"""`pvesdn metrics`: what it prints, and the file for node_exporter."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pvesdn.cli.exposing import impatient
from pvesdn.cli.scraping import _Teller
from pvesdn.cli.screens.screen import Screen
from pvesdn.cli.session import Session
from pvesdn.errors import ApiUnavailable
from pvesdn.settings import load_settings
from tests.cli.kit import UCAST, call, settings_file
from tests.cli.test_verify import HEALTHY, healthy
from tests.cli.test_watch import read_unit
from tests.fakes import FakeCluster
from tests.waiting import comes_true

LIMIT = 60.0
"""Seconds within which a busy machine has done anything."""
SECRET = "0f0f0f0f-aaaa-bbbb-cccc-123456789abc"


@pytest.fixture
def applied(settings: Path) -> FakeCluster:
    return healthy(settings)


def values(text: str) -> dict[Any, float]:
    """Each value by its name, and its labels sorted."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_mistake_in_the_definitions_is_no_reason_to_see_nothing(applied: FakeCluster, settings: Path) -> None:
    applied.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = UCAST.replace("tag", "tagg", 1)
    found = values(call("--config", settings, "metrics", cluster=applied).out)

    assert (found["pvesdn_up",], found["pvesdn_cluster_plan_possible", "cluster/fake"]) == (1, 0)
    assert found["pvesdn_node_findings", "node/node1", "error"] == 0


def test_a_look_at_the_cluster_is_printed(applied: FakeCluster, settings: Path) -> None:
    done = call("--config", settings, "metrics", cluster=applied)
    found = values(done.out)

    assert (done.status, done.err) == (0, "")
    assert found["pvesdn_up",] == 1
    assert found["pvesdn_look_timestamp_seconds",] == applied.clock.now()
    assert found["pvesdn_last_apply_success", "cluster/fake"] == 1
    assert found["pvesdn_node_last_apply_number", "node/node1"] == 1
    assert ("pvesdn_node_paths_tried", "node/node1") not in found


def test_a_cluster_without_open_applies_is_one_in_which_every_member_has_said_so(
    applied: FakeCluster, settings: Path
) -> None:
    told = ("pvesdn_cluster_open_applies", "cluster/fake")
    assert values(call("--config", settings, "metrics", cluster=applied).out)[told] == 0
    applied.nodes["node2"].lost["standing"] = "connection reset"
    assert told not in values(call("--config", settings, "metrics", cluster=applied).out)


def test_packets_that_nobody_asked_for_are_not_missed() -> None:
    assert values(call("metrics", "--from", HEALTHY).out)["pvesdn_cluster_not_checked", "cluster/lab"] == 0


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


@pytest.mark.parametrize(
    "place",
    [
        *("9913", ":9913", "localhost:9913", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:9913"),
        *("[127.0.0.1]:1", "", f"127.0.0.1:{'9' * 5000}", f"127.0.0.1:{'0' * 6}{'9' * 5000}", "127.0.0.1:0000099999"),
    ],
)
def test_an_address_to_listen_on_is_named_in_full(place: str) -> None:
    done = call("metrics", "--listen", place)

    assert done.status == 1
    assert "is not an address and a port such as 127.0.0.1:9913 or [::1]:9913" in done.err


@pytest.mark.parametrize("other", [("--output", "file"), ("--from", "folder")])
def test_who_listens_writes_no_file_and_has_no_snapshot(other: tuple[str, str]) -> None:
    done = call("metrics", "--listen", "127.0.0.1:0", *other)

    assert (done.status, done.err.splitlines()[0]) == (1, "error: --listen goes with neither --output nor --from")


def test_whoever_names_a_free_port_instead_of_a_taken_one_is_served(settings: Path, cluster: FakeCluster) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = call("--config", settings, "metrics", "--listen", f"127.0.0.1:{port}", cluster=cluster)
    assert done.status == 1
    assert done.err == (
        f"error: --listen: 127.0.0.1 port {port}: Address already in use; "
        "name an address of this machine and a port that is free\n"
    )


@contextmanager
def listening(settings: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`pvesdn metrics --listen` in a process of its own, and where it is to be asked."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    argv = ["-m", "pvesdn", "--no-color", "--config", str(settings), "metrics", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(
        [sys.executable, *argv], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().removeprefix("metrics: ").strip()
        finally:
            process.kill()


def test_prometheus_is_answered_until_the_process_is_told_to_end(simulated: Path) -> None:
    with listening(simulated) as (process, url):
        found = wait_for_a_look(url)
        assert {name for name, *_ in found} >= {"pvesdn_build_info", "pvesdn_look_duration_seconds"}
        assert found["pvesdn_node_looked_at", "node/pve1"] == 1
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LIMIT)
    assert (process.returncode, out, err) == (0, "", "")


def test_a_node_that_hangs_does_not_keep_the_process_from_ending(simulated: Path, tmp_path: Path) -> None:
    hangs = tmp_path / "hangs"
    stand_in = tmp_path / "cluster/nodes/pve2/bin/bridge"
    stand_in.write_text(f"#!/bin/sh\necho $$ > {hangs}\nexec sleep 600\n")
    with listening(simulated) as (process, url), ThreadPoolExecutor(1) as pool:
        asked = pool.submit(urllib.request.urlopen, url, timeout=LIMIT)
        assert comes_true(hangs.exists)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LIMIT)
        assert asked.exception(LIMIT) is not None
    assert (process.returncode, out, err) == (0, "", "")
    assert comes_true(lambda: not Path("/proc", hangs.read_text().strip()).exists())


def wait_for_a_look(url: str) -> dict[Any, float]:
    """What is told once a look has been made: on a busy machine that may take longer than anybody is kept waiting."""
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        with urllib.request.urlopen(url, timeout=LIMIT) as answer:
            found = values(answer.read().decode())
        if found["pvesdn_up",] == 1:
            return found
    pytest.fail("no look was made in time")


def test_why_nothing_is_known_is_told_once_and_so_is_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    teller = _Teller(Session({}, Screen({})))
    for error in (None, ApiUnavailable("no answer"), ApiUnavailable("no answer"), ValueError(SECRET), None, None):
        teller.tell(error)

    lines = capsys.readouterr().err.splitlines()
    assert (lines[0], lines[-1]) == ("error: metrics: no answer", "metrics: the cluster can be looked at again")
    assert len(lines) == 3
    assert SECRET not in lines[1]


def test_the_service_listens_where_somebody_has_said_and_nowhere_else() -> None:
    service = read_unit("pvesdn-metrics.service")["Service"]

    assert service["ExecStart"].split()[-3:] == ["metrics", "--listen", "${PVESDN_METRICS_LISTEN}"]
    assert not any("PVESDN_METRICS_LISTEN" in value for key, value in service.items() if key != "ExecStart")
    assert service["ProtectSystem"] == "full"
    assert "PrivateTmp" not in service  # ifupdown2 keeps below /var/tmp what it has set up


@pytest.mark.parametrize(
    ("said", "waited"), [("", 60.0), ("[ssh]\ntimeout = 20\n", 20.0), ("[ssh]\ntimeout = 900\n", 60.0)]
)
def test_a_node_that_hangs_is_given_up_after_a_minute(tmp_path: Path, said: str, waited: float) -> None:
    loaded = load_settings(settings_file(tmp_path, said), {}).settings

    assert impatient(loaded).ssh.timeout == waited
