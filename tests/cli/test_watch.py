"""`pvesdn watch --once`, and the units that call it."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pvesdn.resources import data_dir
from pvesdn.workflows.watch_report import WatchReport
from tests.cli.kit import UCAST, Result, call, settings_file
from tests.fakes import FakeCluster

pytestmark = pytest.mark.usefixtures("in_utc")

OURS = "/etc/network/interfaces.d/pvesdn"
START = 0.5
"""Seconds of processor time that a start of pvesdn takes."""
DEFINITIONS = "/etc/pve/sdn/pvesdn.cfg"


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    return tmp_path / "state"


def watch(tmp_path: Path, cluster: FakeCluster, *words: str, action: str = "report", node: str = "node1") -> Result:
    table = f'[watch]\naction = "{action}"\nstate_dir = "{tmp_path / "state"}"\n'
    settings = settings_file(tmp_path, table)
    return call("--config", settings, "watch", "--once", *words, cluster=cluster, local_node=node)


def test_the_first_look_shows_the_plan_and_remembers_what_it_saw(
    tmp_path: Path, cluster: FakeCluster, state_dir: Path
) -> None:
    result = watch(tmp_path, cluster)
    assert result.status == 0
    lines = result.out.splitlines()
    assert lines[0] == "watch: first look"
    assert lines[-1] == "Plan: 6 to add, 0 to change, 0 to destroy on 3 of 3 nodes."
    assert OURS not in cluster.nodes["node1"].files
    assert stat.S_IMODE(state_dir.stat().st_mode) == 0o700
    assert sorted(path.name for path in state_dir.iterdir()) == ["watch-look.json", "watch.json"]
    assert DEFINITIONS in json.loads((state_dir / "watch.json").read_text())


def test_the_second_look_has_nothing_to_say(tmp_path: Path, cluster: FakeCluster) -> None:
    watch(tmp_path, cluster, action="apply")
    assert watch(tmp_path, cluster) == Result(0, "watch: nothing has changed since the last look\n", "")
    assert watch(tmp_path, cluster, "-q") == Result(0, "", "")


def test_that_guests_are_still_in_what_is_kept_for_them_is_said_once(
    tmp_path: Path, cluster: FakeCluster, state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    still = "nothing has changed since the last look; guests are still in what is kept for them: web on node2"
    report = WatchReport(acted=False, reason=still, state="{}", keeps=True)
    monkeypatch.setattr("pvesdn.cli.watch_once.watch_once", lambda *words, **more: report)
    assert watch(tmp_path, cluster) == Result(0, f"watch: {still}\n", "")
    assert watch(tmp_path, cluster) == Result(0, "", "")
    left = json.loads((state_dir / "watch-look.json").read_text())
    assert (left["is_settled"], left["keeps"], left["reason"]) == (True, True, still)


def test_what_is_pending_is_shown_once(tmp_path: Path, cluster: FakeCluster) -> None:
    assert "Plan: 6 to add" in watch(tmp_path, cluster).out
    assert watch(tmp_path, cluster) == Result(0, "watch: what was reported is still pending\n", "")


def test_a_changed_definition_is_applied_where_the_settings_say_so(tmp_path: Path, cluster: FakeCluster) -> None:
    assert watch(tmp_path, cluster, action="apply").status == 0
    cluster.nodes.pve_files[DEFINITIONS] = UCAST.replace("tag 3", "tag 4")
    result = watch(tmp_path, cluster, action="apply")
    assert result.status == 0
    assert f"watch: changed: {DEFINITIONS}\n" in result.out
    assert result.out.index("watch: changed") < result.out.index("Plan: ") < result.out.index("node1: staged\n")
    assert "node2: staged, in place, verified\n" in result.out
    assert "vxlan-id 4" in cluster.nodes["node2"].files[OURS]


def test_another_node_acts(tmp_path: Path, cluster: FakeCluster, state_dir: Path) -> None:
    result = watch(tmp_path, cluster, node="node2")
    assert (
        result.out
        == "watch: standing by: node1 is the online member with the lowest id; the watch there acts for all, if it runs\n"
    )
    assert not state_dir.exists()


def test_an_obstacle_is_left_for_a_person(tmp_path: Path, cluster: FakeCluster) -> None:
    cluster.nodes["node3"].files[OURS] = "# mine\n"
    result = watch(tmp_path, cluster, action="apply")
    assert result.status == 1
    assert f"error: node3: {OURS}: it exists" in result.err
    assert "blocked: " in result.out
    assert OURS not in cluster.nodes["node1"].files


def test_a_failed_apply_is_reported(tmp_path: Path, cluster: FakeCluster) -> None:
    cluster.api.exits["node2"] = "exit code 1"
    result = watch(tmp_path, cluster, action="apply")
    assert result.status == 1
    assert "Apply failed, and is undone: 1 put back and checked, 2 not touched.\n" in result.out


def test_it_runs_on_a_node(tmp_path: Path, cluster: FakeCluster) -> None:
    result = call("--config", settings_file(tmp_path), "watch", "--once", cluster=cluster)
    assert result.status == 1
    assert "it runs on a node of the cluster" in result.err


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path, cluster: FakeCluster, state_dir: Path) -> None:
    state_dir.write_text("a file")
    result = watch(tmp_path, cluster)
    assert result.status == 1
    assert result.err == f"error: {state_dir / 'watch.json'}: Not a directory; run as root, or set [watch] state_dir\n"


# --- units -----------------------------------------------------------------------------------------------------------


def read_unit(name: str) -> configparser.ConfigParser:
    """The unit; of a key that is given twice the last counts."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string((data_dir("hooks") / name).read_text())
    return parser


def test_the_service_stays_and_tells_systemd_how_it_is() -> None:
    unit = read_unit("pvesdn-watch.service")
    service = unit["Service"]
    assert service["Type"] == "notify"
    assert service["ExecStart"].split()[-2:] == ["--no-color", "watch"]
    assert service["StateDirectory"] == "pvesdn"
    assert service["Restart"] == "on-failure"
    assert "WatchdogSec" in service
    assert unit["Install"]["WantedBy"] == "multi-user.target"


def test_a_service_that_cannot_start_tries_for_ever_at_less_than_ten_minutes_of_a_processor_a_day() -> None:
    unit = read_unit("pvesdn-watch.service")
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"
    pause = re.fullmatch(r"(\d+)min", unit["Service"]["RestartSec"])
    assert pause is not None
    assert 86400 / (60 * int(pause[1])) * START < 600


def test_a_reload_below_the_service_may_leave_daemons_behind() -> None:
    assert read_unit("pvesdn-watch.service")["Service"]["KillMode"] == "process"


def test_a_reload_below_the_service_finds_what_ifupdown2_has_kept_in_var_tmp() -> None:
    assert "PrivateTmp" not in read_unit("pvesdn-watch.service")["Service"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here: apt install systemd")
@pytest.mark.parametrize("name", ["pvesdn-watch.service", "pvesdn-metrics.service"])
def test_systemd_takes_the_unit(name: str) -> None:
    files = [str(data_dir("hooks") / name)]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", *files], capture_output=True, text=True, check=False
    )
    assert not [line for line in done.stderr.splitlines() if "pvesdn" in line]


# --- what is told ----------------------------------------------------------------------------------------------------


STILL = "watch: the problem reported at 2023-11-14 22:13 persists\n"
OVER = "watch: the problem reported at 2023-11-14 22:13 is over\n"


def test_an_obstacle_is_told_once_and_when_it_has_gone(tmp_path: Path, cluster: FakeCluster) -> None:
    cluster.nodes["node3"].files[OURS] = "# mine\n"
    assert "it exists" in watch(tmp_path, cluster, action="apply").err
    for _ in range(3):
        assert watch(tmp_path, cluster, action="apply") == Result(1, STILL, "")
    del cluster.nodes["node3"].files[OURS]
    healed = watch(tmp_path, cluster, action="apply")
    assert healed.status == 0
    assert healed.out.endswith(OVER)
    assert OURS in cluster.nodes["node3"].files
    assert watch(tmp_path, cluster, action="apply") == Result(0, "watch: nothing has changed since the last look\n", "")


def test_another_obstacle_is_told_anew(tmp_path: Path, cluster: FakeCluster) -> None:
    cluster.nodes["node3"].files[OURS] = "# mine\n"
    watch(tmp_path, cluster, action="apply")
    cluster.nodes["node2"].files[OURS] = "# mine too\n"
    second = watch(tmp_path, cluster, action="apply")
    assert second.status == 1
    assert f"error: node2: {OURS}: it exists" in second.err


def test_a_trouble_that_lasts_is_told_again_after_a_day(tmp_path: Path, cluster: FakeCluster) -> None:
    cluster.nodes["node3"].files[OURS] = "# mine\n"
    first = watch(tmp_path, cluster, action="apply")
    cluster.clock.sleep(24 * 3600 - 1)
    assert watch(tmp_path, cluster, action="apply") == Result(1, STILL, "")
    cluster.clock.sleep(1)
    again = watch(tmp_path, cluster, action="apply")
    assert (again.status, again.err) == (1, first.err)
    assert "blocked: " in again.out


def test_a_node_that_cannot_be_reached_is_told_once_with_the_plan(tmp_path: Path, cluster: FakeCluster) -> None:
    assert watch(tmp_path, cluster, action="apply").status == 0
    cluster.nodes.pve_files[DEFINITIONS] = UCAST.replace("tag 3", "tag 4")
    cluster.nodes["node3"].off = "ssh: connect to host 192.168.0.3 port 22: Connection refused"
    first = watch(tmp_path, cluster, action="report")
    assert first.status == 4
    assert "Connection refused" in first.out + first.err
    assert watch(tmp_path, cluster, action="report") == Result(4, STILL, "")
    cluster.nodes["node3"].off = ""
    healed = watch(tmp_path, cluster, action="report")
    assert healed.status == 0
    assert healed.out.endswith(OVER)


def test_after_a_failed_apply_the_next_look_says_so_in_one_line(tmp_path: Path, cluster: FakeCluster) -> None:
    cluster.api.exits["node1"] = "exit code 1"
    watch(tmp_path, cluster, action="apply")
    calls = [call for call in cluster.api.calls if call[0] == "reload_network"]
    second = watch(tmp_path, cluster, action="apply")
    assert (second.status, second.err) == (1, "")
    assert second.out.startswith("watch: the run of 2023-11-14 22:13 failed: `pvesdn apply` takes it up, or ")
    assert second.out.count("\n") == 1
    assert [call for call in cluster.api.calls if call[0] == "reload_network"] == calls
    cluster.api.exits.clear()
    assert call("--config", tmp_path / "pvesdn.toml", "apply", "--yes", cluster=cluster).status == 0
    assert watch(tmp_path, cluster, action="apply") == Result(
        0, f"watch: what failed at 2023-11-14 22:13 has been fixed\n{OVER}", ""
    )


def test_definitions_that_stay_broken_are_told_once(tmp_path: Path, cluster: FakeCluster) -> None:
    watch(tmp_path, cluster)
    cluster.nodes.pve_files[DEFINITIONS] = UCAST + "vxlan: toolongid\n"
    waiting = watch(tmp_path, cluster)
    assert (waiting.status, waiting.err) == (0, "")
    assert waiting.out.startswith("watch: waiting, as somebody may be editing: the definitions cannot be used")
    cluster.clock.sleep(300)
    told = watch(tmp_path, cluster)
    assert told.status == 1
    assert told.err.startswith("error: pvesdn.cfg:7: ")
    assert watch(tmp_path, cluster) == Result(1, STILL.replace("22:13", "22:18"), "")
    cluster.nodes.pve_files[DEFINITIONS] = UCAST
    assert watch(tmp_path, cluster).out.endswith(OVER.replace("22:13", "22:18"))


def test_an_unforeseen_error_is_told_once_and_has_one_report(tmp_path: Path, cluster: FakeCluster) -> None:
    cluster.api.errors["version"] = ZeroDivisionError("x")  # type: ignore[assignment]
    environ = {"XDG_STATE_HOME": str(tmp_path / "home")}
    settings = settings_file(tmp_path, f'[watch]\nstate_dir = "{tmp_path / "state"}"\n')
    words = ("--config", settings, "watch", "--once")
    first = call(*words, cluster=cluster, local_node="node1", environ=environ)
    assert (first.status, "a report is in" in first.err) == (1, True)
    for number in range(3):
        cluster.api.errors["version"] = ZeroDivisionError(f"{number}")  # type: ignore[assignment]
        assert call(*words, cluster=cluster, local_node="node1", environ=environ) == Result(1, STILL, "")
    assert len(list((tmp_path / "home" / "pvesdn").iterdir())) == 1


def test_a_look_that_is_killed_while_it_applies_is_begun_again(
    tmp_path: Path, cluster: FakeCluster, state_dir: Path
) -> None:
    class Killed(BaseException):
        pass

    def dies(node: str, verb: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        if verb == "commit":
            raise Killed
        return ask(node, verb, arguments)

    ask, cluster.nodes.ask = cluster.nodes.ask, dies  # type: ignore[method-assign]
    with pytest.raises(Killed):
        watch(tmp_path, cluster, action="apply")
    cluster.nodes.ask = ask  # type: ignore[method-assign]
    (state_dir / ".watch.json-k1ll3d").touch()
    again = watch(tmp_path, cluster, action="apply")
    assert again.status == 0
    assert again.out.startswith("watch: the run of 2023-11-14 22:13 did not finish\n")
    assert sorted(path.name for path in state_dir.iterdir()) == ["watch-look.json", "watch.json"]
    assert OURS in cluster.nodes["node3"].files
