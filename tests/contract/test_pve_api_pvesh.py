"""PveApi's local backend against a pvesh that answers what the real one was seen to answer."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pvesdn.adapters.pve_api import PveApi
from pvesdn.errors import ApiRefused, ApiUnavailable
from pvesdn.model.api_settings import ApiSettings
from pvesdn.model.sdn_edits import SdnCall
from pvesdn_lab.simulated.cluster import SimulatedCluster

WHOLE = "UPID:pve1:0001A2B3:00C0FFEE:6B0332BB:reloadnetworkall::root@pam:"
OF_A_NODE = "UPID:pve1:0001A2B4:00C0FFEF:6B0332BB:srvreload:networking:root@pam:"

Answer = Callable[..., Path]


@pytest.fixture
def pvesh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Answer:
    """Put a pvesh first in the path; the file that is returned has its arguments, a line a call."""
    calls = tmp_path / "calls"
    script = tmp_path / "bin" / "pvesh"
    script.parent.mkdir()
    monkeypatch.setenv("PATH", f"{script.parent}:/usr/bin:/bin")

    def answer(stdout: str = "", stderr: str = "", status: int = 0, first: str = "") -> Path:
        lines = [
            "#!/bin/sh",
            f'echo "$@" >> {shlex.quote(str(calls))}',
            first,
            f"printf %s {shlex.quote(stdout)}",
            f"printf %s {shlex.quote(stderr)} >&2",
            f"exit {status}",
        ]
        script.write_text("\n".join(lines) + "\n")
        script.chmod(0o755)
        return calls

    return answer


def api(**fields: float) -> PveApi:
    return PveApi(ApiSettings.model_validate({"backend": "local", **fields}))


class TestQuestions:
    def test_it_asks_as_pvesh_wants_to_be_asked(self, pvesh):
        calls = pvesh('[{"type":"node"}]')
        assert api().get("cluster/status") == [{"type": "node"}]
        assert calls.read_text() == "get /cluster/status --output-format json\n"

    def test_a_query_becomes_options(self, pvesh):
        calls = pvesh("[]")
        api().get("cluster/sdn/zones?pending=1")
        assert calls.read_text() == "get /cluster/sdn/zones --pending 1 --output-format json\n"

    def test_other_lines_before_the_answer_are_no_harm(self, pvesh):
        pvesh('trying to acquire lock...\n OK\n{"version":"9.1.5"}\n')
        assert api().get("version") == {"version": "9.1.5"}

    def test_a_warning_on_standard_error_is_no_failure(self, pvesh):
        pvesh('{"version":"9.1.5"}', stderr="perl: warning: Setting locale failed.\n")
        assert api().get("version") == {"version": "9.1.5"}

    def test_nothing_is_an_answer_too(self, pvesh):
        pvesh("")
        assert api().get("cluster/sdn/something") is None

    def test_what_is_no_json_is_no_answer(self, pvesh):
        pvesh("hello\n")
        with pytest.raises(ApiUnavailable, match="pvesh printed no JSON: hello"):
            api().get("version")


class TestTasks:
    def test_the_upid_of_a_reload_is_taken_from_the_output(self, pvesh):
        calls = pvesh(f'"{OF_A_NODE}"\n')
        assert api().reload_network("pve1", regenerate_frr=False) == OF_A_NODE
        assert calls.read_text() == "set /nodes/pve1/network --regenerate-frr 0 --output-format json\n"

    def test_without_an_opinion_on_frr_the_parameter_is_left_out(self, pvesh):
        calls = pvesh(f'"{OF_A_NODE}"\n')
        api().reload_network("pve1", regenerate_frr=None)
        assert calls.read_text() == "set /nodes/pve1/network --output-format json\n"

    def test_an_empty_id_in_a_upid_is_no_obstacle(self, pvesh):
        pvesh(f'"{WHOLE}"\n')
        assert api().apply_sdn() == WHOLE

    def test_a_line_on_standard_error_does_not_turn_a_commit_into_a_failure(self, pvesh):
        pvesh(f'"{WHOLE}"\n', stderr="pve2: error reloading network config\n")
        assert api().apply_sdn() == WHOLE

    def test_the_lock_is_made_and_given_back(self, pvesh):
        calls = pvesh('"0b1c-22"\n')
        assert api().lock_sdn() == "0b1c-22"
        assert calls.read_text() == "create /cluster/sdn/lock --allow-pending 1 --output-format json\n"
        calls = pvesh("")
        api().unlock_sdn("0b1c-22")
        assert calls.read_text().splitlines()[-1] == (
            "delete /cluster/sdn/lock --lock-token 0b1c-22 --output-format json"
        )

    def test_an_edit_says_a_list_item_by_item_and_a_dash_is_no_option(self, pvesh):
        calls = pvesh("")
        ranges = (("dhcp-range", "first=1"), ("dhcp-range", "second"))
        api().edit_sdn(SdnCall("POST", "cluster/sdn/vnets/v/subnets", (("alias", "-x"), *ranges)), "0b1c-22")
        api().edit_sdn(SdnCall("PUT", "cluster/sdn/vnets/v", (("delete", "alias,tag"),)), "0b1c-22")
        api().edit_sdn(SdnCall("DELETE", "cluster/sdn/zones/z"), "0b1c-22")
        end = "--lock-token 0b1c-22 --output-format json"
        assert calls.read_text().splitlines() == [
            f"create /cluster/sdn/vnets/v/subnets --alias=-x --dhcp-range first=1 --dhcp-range second {end}",
            f"set /cluster/sdn/vnets/v --delete alias,tag {end}",
            f"delete /cluster/sdn/zones/z {end}",
        ]

    def test_what_is_pending_is_dropped_under_the_lock(self, pvesh):
        calls = pvesh("")
        api().roll_back_sdn("0b1c-22")
        assert calls.read_text() == "create /cluster/sdn/rollback --lock-token 0b1c-22 --output-format json\n"

    def test_a_lock_without_a_token_is_none(self, pvesh):
        pvesh("{}")
        with pytest.raises(ApiUnavailable, match="not the token of a lock"):
            api().lock_sdn()

    def test_neither_does_an_exit_status(self, pvesh):
        pvesh(f'"{WHOLE}"\n', stderr="pve2: error reloading network config\n", status=255)
        assert api().apply_sdn() == WHOLE

    def test_the_reloads_that_a_commit_runs_in_the_foreground_are_not_taken_for_it(self, pvesh):
        pvesh(
            f'pve1: reloading network config\n"{OF_A_NODE}"\n"{WHOLE}"\npve2: reloading network config\n"{OF_A_NODE}"\n'
        )
        assert api().apply_sdn() == WHOLE

    def test_a_upid_on_standard_error_counts(self, pvesh):
        pvesh("", stderr=f"{OF_A_NODE}\n")
        assert api().reload_network("pve1", regenerate_frr=None) == OF_A_NODE

    def test_an_answer_without_a_task_is_said_to_be_one(self, pvesh):
        pvesh("")
        with pytest.raises(ApiUnavailable, match="does not name a task of type reloadnetworkall"):
            api().apply_sdn()


class TestRefusals:
    @pytest.mark.parametrize(
        ("complaint", "status", "words"),
        [
            ("No 'get' handler defined for '/cluster/sdn'\n", 501, "handler"),
            ("400 Parameter verification failed.\nregenerate-frr: property is not defined\n", 400, "regenerate-frr:"),
            ("403 Permission check failed (/sdn, SDN.Audit)\n", 403, "lacks SDN.Audit on /sdn"),
            ("please run as root\n", 403, "please run as root"),
            ("hostname lookup 'pve9' failed - failed to get address info\n", 500, "hostname lookup"),
            ("ssh: connect to host 192.168.0.2 port 22: No route to host\n", 595, "not reachable from the API node"),
            ("", 500, "without a message"),
        ],
    )
    def test_what_pvesh_complains_about_has_a_status(self, pvesh, complaint, status, words):
        pvesh(stderr=complaint, status=2)
        with pytest.raises(ApiRefused) as caught:
            api().get("cluster/sdn")
        assert caught.value.status == status
        assert words in caught.value.message
        assert "\n" not in str(caught.value)

    def test_a_cluster_file_system_that_is_down_is_unavailable(self, pvesh):
        pvesh(stderr="ipcc_send_rec[1] failed: Connection refused\nUnable to load access control list\n", status=255)
        with pytest.raises(ApiUnavailable, match="systemctl status"):
            api().get("cluster/status")

    def test_no_pvesh_means_no_node(self, monkeypatch, tmp_path):
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(ApiUnavailable, match="pvesh: No such file or directory; run pvesdn as root on a node"):
            api().get("version")


class TestTime:
    def test_a_question_without_an_answer_is_given_up_and_ended(self, pvesh, tmp_path):
        pvesh(first=f"echo $$ > {tmp_path}/pid; sleep 600")
        with pytest.raises(ApiUnavailable, match=r"pvesh: GET /version: no answer within 0.3 s"):
            api(timeout=0.3).get("version")
        assert not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists()

    def test_a_reload_has_time_of_its_own(self, pvesh):
        pvesh(f'"{OF_A_NODE}"\n', first="sleep 0.5")
        assert api(timeout=0.1, task_timeout=60).reload_network("pve1", regenerate_frr=None) == OF_A_NODE

    def test_a_reload_that_takes_too_long_goes_on_unharmed(self, pvesh, tmp_path):
        go_on, finished = tmp_path / "go_on", tmp_path / "finished"
        wait = f"until [ -e {go_on} ]; do sleep 0.02; done; echo still talking; touch {finished}"
        pvesh(first=wait)
        with pytest.raises(
            ApiUnavailable, match=r"PUT /nodes/pve1/network: was still running after 0.3 s and continues on its own"
        ):
            api(task_timeout=0.3).reload_network("pve1", regenerate_frr=None)
        assert not finished.exists()
        go_on.touch()
        deadline = time.monotonic() + 20
        while not finished.exists():
            assert time.monotonic() < deadline, "the reload was ended half-way"
            time.sleep(0.01)


def test_the_local_backend_and_https_tell_the_same_story(tmp_path, monkeypatch):
    with SimulatedCluster(tmp_path / "cluster", ("pve1", "pve2")) as cluster:
        monkeypatch.setenv("PATH", f"{cluster.nodes['pve1'].path('/bin')}:/usr/bin:/bin")
        local, remote = api(), PveApi(cluster.password_settings())
        for path in ("version", "cluster/status", "cluster/sdn", "nodes"):
            assert local.get(path) == remote.get(path)
        upid = local.reload_network("pve2", regenerate_frr=False)
        cluster.wait_for_tasks()
        assert local.task(upid) == remote.task(upid)
        assert local.task_log(upid) == remote.task_log(upid) == ("TASK OK",)
        for side in (local, remote):
            with pytest.raises(ApiRefused) as caught:
                side.get("nodes/pve9/network")
            assert caught.value.status == 500
