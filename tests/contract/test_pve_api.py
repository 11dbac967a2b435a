"""PveApi against the simulated API over HTTPS: whom it trusts, how it logs in, what it asks."""

from __future__ import annotations

import logging
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from pvesdn.adapters.pve_api import TICKET_SECONDS, PveApi, _HttpsSession  # type: ignore[attr-defined]
from pvesdn.errors import ApiRefused, ApiUnavailable, SettingsError
from pvesdn.model.api_settings import ApiSettings
from pvesdn_lab.simulated.cluster import SimulatedCluster
from pvesdn_lab.simulated.pki import PveCa
from pvesdn_lab.simulated.pve import PASSWORD


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedCluster]:
    with SimulatedCluster(tmp_path_factory.mktemp("cluster"), ("pve1", "pve2")) as running:
        yield running


@pytest.fixture
def api(cluster: SimulatedCluster) -> PveApi:
    return PveApi(cluster.token_settings())


class TestTrust:
    def test_a_ca_file_without_key_usage_is_enough(self, cluster):
        assert PveApi(cluster.token_settings()).get("version")["version"] == "9.1.5"

    def test_a_node_trusts_the_clusters_own_authority_without_being_told(self, cluster):
        settings = cluster.token_settings(ca_file=None, node_ca_file=str(cluster.ca.file))
        assert PveApi(settings).get("version")["release"] == "9.1"

    def test_a_fingerprint_alone_is_enough(self, cluster):
        settings = cluster.token_settings(ca_file=None, fingerprint=cluster.certificate.fingerprint)
        assert PveApi(settings).get("version")["release"] == "9.1"

    def test_a_fingerprint_may_be_written_small_and_without_colons(self, cluster):
        written = cluster.certificate.fingerprint.replace(":", "").lower()
        settings = cluster.token_settings(ca_file=None, fingerprint=written)
        assert PveApi(settings).get("version")["release"] == "9.1"

    def test_a_fingerprint_does_for_a_host_name_that_is_not_in_the_certificate(self, cluster):
        stranger = {"host": "localhost", "ca_file": None}
        settings = cluster.token_settings(**stranger, fingerprint=cluster.certificate.fingerprint)
        assert PveApi(settings).get("version")["release"] == "9.1"

    def test_nothing_is_verified_on_somebodys_explicit_word(self, cluster):
        assert PveApi(cluster.token_settings(ca_file=None, verify=False)).get("version")["release"] == "9.1"

    def test_without_any_of_these_the_certificate_is_refused(self, cluster):
        settings = cluster.token_settings(ca_file=None, node_ca_file="/nowhere")
        with pytest.raises(
            ApiUnavailable, match=r"certificate not verified: .*; name the authority with ca_file .*finger"
        ):
            PveApi(settings).get("version")

    def test_a_named_authority_stands_alone(self, cluster, tmp_path):
        other = PveCa(tmp_path)
        settings = cluster.token_settings(ca_file=str(other.file), node_ca_file=str(cluster.ca.file))
        with pytest.raises(ApiUnavailable, match="certificate not verified"):
            PveApi(settings).get("version")

    def test_the_surroundings_cannot_change_whom_we_trust(self, cluster, monkeypatch):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(cluster.ca.file))
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
        with pytest.raises(ApiUnavailable, match="certificate not verified"):
            PveApi(cluster.token_settings(ca_file=None, node_ca_file="/nowhere")).get("version")
        assert PveApi(cluster.token_settings()).get("version")["release"] == "9.1"

    @pytest.mark.parametrize("secret", ["token", "password"])
    def test_a_wrong_fingerprint_sends_no_credential(self, cluster, secret):
        expected = ":".join(["AB"] * 32)
        wrong = {"ca_file": None, "fingerprint": expected}
        settings = cluster.token_settings(**wrong) if secret == "token" else cluster.password_settings(**wrong)
        cluster.sim.requests.clear()
        with pytest.raises(ApiUnavailable) as caught:
            PveApi(settings).get("version")
        assert cluster.sim.requests == []
        assert expected in caught.value.message
        assert cluster.certificate.fingerprint in caught.value.message
        assert "nothing was sent" in caught.value.hint

    def test_a_wrong_fingerprint_is_wrong_even_for_a_trusted_authority(self, cluster):
        with pytest.raises(ApiUnavailable, match="fingerprint"):
            PveApi(cluster.token_settings(fingerprint=":".join(["00"] * 32))).get("version")

    @pytest.mark.parametrize(
        ("text", "reason"), [(None, "No such file"), ("no certificate", "no certificate in PEM form")]
    )
    def test_an_unusable_ca_file_is_said_before_anything_is_asked(self, cluster, tmp_path, text, reason):
        path = tmp_path / "ca.pem"
        if text is not None:
            path.write_text(text)
        with pytest.raises(SettingsError, match=reason):
            PveApi(cluster.token_settings(ca_file=str(path)))

    def test_python_3_13_trusts_pves_authority_too(self, cluster, tmp_path):
        python = _python_3_13()
        settings = cluster.token_settings()
        program = (
            "import ssl, sys, urllib.request\n"
            "from pvesdn.adapters.pve_api.trust import trust\n"
            "from pvesdn.model.api_settings import ApiSettings\n"
            f"settings = ApiSettings(backend='https', host='127.0.0.1', port={settings.port}, user='a@pve', password='x',"
            f" ca_file={settings.ca_file!r})\n"
            f"urllib.request.urlopen('{settings.url}/api2/json/access/domains', context=trust(settings)).read()\n"
        )
        run = subprocess.run(
            [python, "-c", program], capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2]
        )
        assert run.returncode == 0, run.stderr


def _python_3_13() -> str:
    python = shutil.which("python3.13")
    if python and subprocess.run([python, "-c", "import pydantic"], capture_output=True, check=False).returncode == 0:
        return python
    pytest.skip("no python3.13 with pydantic in PATH: its stricter certificate checks were not met")


class TestLogin:
    def test_user_and_password_get_a_ticket_that_lasts(self, cluster):
        api = PveApi(cluster.password_settings())
        cluster.sim.requests.clear()
        api.get("version")
        api.get("nodes")
        assert [path.removeprefix("/api2/json") for _, path, _ in cluster.sim.requests] == [
            "/access/ticket",
            "/version",
            "/nodes",
        ]

    def test_a_ticket_may_write(self, cluster):
        assert PveApi(cluster.password_settings()).reload_network("pve1", regenerate_frr=None).startswith("UPID:pve1:")

    def test_a_ticket_is_renewed_before_it_runs_out(self, cluster):
        settings, now = cluster.password_settings(), [1000.0]
        session = _HttpsSession(settings, monotonic=lambda: now[0])
        api = PveApi(settings, session=session)
        cluster.sim.requests.clear()
        for _ in range(3):
            api.get("version")
            now[0] += TICKET_SECONDS / 2
        assert [path for _, path, _ in cluster.sim.requests].count("/api2/json/access/ticket") == 2

    def test_a_ticket_that_the_cluster_forgot_is_asked_for_again(self, cluster):
        api = PveApi(cluster.password_settings())
        api.get("version")
        cluster.sim.revoke_tickets()
        assert api.get("version")["release"] == "9.1"

    def test_a_second_factor_is_refused_with_a_way_out(self, cluster):
        cluster.sim.tfa = True
        try:
            with pytest.raises(ApiRefused, match=r"401, user root@pam refused.*second factor needs an API token"):
                PveApi(cluster.password_settings()).get("version")
        finally:
            cluster.sim.tfa = False

    def test_nothing_secret_is_logged_or_shown(self, cluster, caplog):
        caplog.set_level(logging.DEBUG)
        token, password = cluster.token_settings(), cluster.password_settings()
        for settings in (token, password):
            PveApi(settings).get("version")
            with pytest.raises(ApiRefused):
                PveApi(settings).get("nodes/nobody/network")
        shown = f"{caplog.text}{token!r}{password!r}{token}{PveApi(password)!r}"
        assert PASSWORD not in shown
        assert token.token_value is not None
        assert token.token_value.get_secret_value() not in shown
        assert "PVE:root@pam:" not in shown  # a ticket


class TestQuestions:
    def test_the_data_of_an_answer_comes_without_its_envelope(self, api):
        assert [row["type"] for row in api.get("cluster/status")] == ["cluster", "node", "node"]

    def test_a_query_may_follow_the_path(self, cluster, api):
        cluster.write_sdn("zones.cfg", "simple: lan\n\tipam pve\n\n")
        assert api.get("cluster/sdn/zones?pending=1") == [
            {"zone": "lan", "type": "simple", "state": "new", "pending": {"ipam": "pve"}}
        ]

    def test_a_leading_slash_does_no_harm(self, api):
        assert api.get("/version") == api.get("version")

    def test_a_task_is_followed_to_its_end(self, cluster, api):
        upid = api.reload_network("pve2", regenerate_frr=False)
        cluster.wait_for_tasks()
        state = api.task(upid)
        assert (state.node, state.is_running, state.is_good) == ("pve2", False, True)
        assert api.task_log(upid) == ("TASK OK",)

    def test_a_running_task_is_running(self, cluster, api, tmp_path):
        started, go_on = tmp_path / "started", tmp_path / "go_on"
        ifreload = cluster.nodes["pve1"].path("/bin/ifreload")
        real = ifreload.read_text()
        ifreload.write_text(f"#!/bin/sh\ntouch {started}\nuntil [ -e {go_on} ]; do sleep 0.02; done\n")
        try:
            upid = api.reload_network("pve1", regenerate_frr=False)
            assert api.task(upid).is_running
            assert api.node_tasks("pve1", kind="srvreload")[-1] == upid
        finally:
            go_on.touch()
            cluster.wait_for_tasks()
            ifreload.write_text(real)
        assert api.task(upid).is_good

    def test_a_failed_task_tells_its_status_and_every_line_of_its_log(self, cluster, api):
        complaint = "".join(f"error: vxlan_{number}: it did not work\n" for number in range(60))
        cluster.nodes["pve1"].break_command("ifreload", stderr=complaint, times=1)
        upid = api.reload_network("pve1", regenerate_frr=False)
        cluster.wait_for_tasks()
        assert api.task(upid).exit_status == "command 'ifreload -a' failed: exit code 1"
        log = api.task_log(upid)
        assert log[0] == "error: vxlan_0: it did not work"
        assert log[59:] == ("error: vxlan_59: it did not work", "TASK ERROR: command 'ifreload -a' failed: exit code 1")

    def test_tasks_of_a_node_are_found_by_kind_and_time_oldest_first(self, cluster, api):
        first = api.reload_network("pve2", regenerate_frr=False)
        whole = api.apply_sdn()
        cluster.wait_for_tasks()
        last = api.reload_network("pve2", regenerate_frr=False)
        cluster.wait_for_tasks()
        found = api.node_tasks("pve2", kind="srvreload")
        assert [upid for upid in found if upid in {first, last}] == [first, last]
        assert found.index(last) - found.index(first) == 2  # the one that PVE's own commit started lies between
        assert api.node_tasks("pve1", kind="reloadnetworkall")[-1] == whole

    def test_a_upid_that_is_none_is_refused_before_it_becomes_a_path(self, cluster, api):
        cluster.sim.requests.clear()
        with pytest.raises(ApiUnavailable, match=r"'\.\./\.\./version' is not a UPID"):
            api.task("../../version")
        assert cluster.sim.requests == []


class TestSettings:
    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"backend": "https"}, "host is missing"),
            ({"backend": "https", "host": "pve1"}, "user is missing"),
            ({"backend": "https", "host": "pve1", "user": "root@pam"}, "give either"),
            ({"backend": "https", "host": "pve1", "user": "root@pam", "token_name": "tt"}, "must be given together"),
            (
                {
                    "backend": "https",
                    "host": "h",
                    "user": "r@pam",
                    "token_name": "tt",
                    "token_value": "v",
                    "password": "p",
                },
                "give either",
            ),
            ({"fingerprint": "AA:BB"}, "32 hexadecimal pairs"),
            ({"host": "pve1/../x"}, "write the name alone"),
            ({"host": "https://pve1"}, "without https://"),
            ({"host": "pve1:8006"}, "the port as port"),
            ({"host": "pve1\nX: y"}, "write the name alone"),
            ({"user": "root"}, "write it like pvesdn@pve"),
            ({"user": "pvesdn@pve!sdn"}, "write it like pvesdn@pve"),
            ({"user": "root@pam\n"}, "write it like pvesdn@pve"),
            ({"user": f"{'x' * 61}@pam"}, "write it like pvesdn@pve"),
            ({"token_name": "pvesdn@pve!sdn"}, "for pvesdn@pve!sdn write sdn"),
            ({"timeout": 0}, "greater than 0"),
            ({"token_value": "se cret\r\nX: y"}, "is it the token's secret"),
            ({"token_value": ""}, "is it the token's secret"),
        ],
    )
    def test_half_a_setting_is_none(self, fields, reason):
        with pytest.raises(ValidationError, match=reason):
            ApiSettings.model_validate(fields)

    @pytest.mark.parametrize("place", ["token_value", "password", "token_name", "passwort"])
    def test_what_is_wrong_with_settings_is_said_without_the_secret(self, place):
        with pytest.raises(ValidationError) as caught:
            ApiSettings.model_validate({"backend": "https", place: "my secret"})
        assert "my secret" not in str(caught.value)

    def test_an_ipv6_host_is_put_in_brackets(self):
        settings = ApiSettings.model_validate({"backend": "https", "host": "fd00::1", "user": "a@pve", "password": "x"})
        assert settings.url == "https://[fd00::1]:8006"

    def test_the_local_backend_is_root(self):
        assert (ApiSettings().url, ApiSettings().identity) == ("pvesh", "root@pam")
