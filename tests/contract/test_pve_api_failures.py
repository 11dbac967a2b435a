"""Everything that can go wrong between PveApi and the API: one line with the reason and the next step, no secret."""

from __future__ import annotations

import http.server
import inspect
import logging
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import proxmoxer.core
import pytest
import requests.exceptions
import urllib3.exceptions

from pvesdn.adapters.pve_api import PveApi
from pvesdn.decode.cluster.answers import AnswerError
from pvesdn.errors import ApiRefused, ApiUnavailable, ClusterError
from pvesdn.model.api_settings import ApiSettings
from pvesdn_lab.simulated.cluster import SimulatedCluster
from pvesdn_lab.simulated.pki import Certificate, PveCa
from pvesdn_lab.simulated.pve import PASSWORD


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedCluster]:
    with SimulatedCluster(tmp_path_factory.mktemp("cluster"), ("pve1", "pve2")) as running:
        yield running


@pytest.fixture
def mended(cluster: SimulatedCluster) -> Iterator[SimulatedCluster]:
    yield cluster
    cluster.sim.failures.clear()
    cluster.sim.flaky_network()


def refusal(api: PveApi, ask: Callable[[PveApi], Any] = lambda api: api.get("version")) -> ClusterError:
    with pytest.raises(ClusterError) as caught:
        ask(api)
    error = caught.value
    assert "\n" not in str(error)
    assert "Traceback" not in str(error)
    assert PASSWORD not in str(error)
    assert "secret-of-" not in str(error)
    return error


class TestRefusals:
    def test_a_refused_token_is_named_with_what_to_check(self, cluster):
        error = refusal(PveApi(cluster.token_settings(token_value="not-this-one")))
        assert isinstance(error, ApiRefused)
        assert error.status == 401
        assert "token pvesdn@pve!lab refused" in error.message
        assert "check its id and its secret" in error.hint
        assert "not-this-one" not in str(error)

    def test_a_refused_password_is_named_with_what_to_check(self, cluster):
        error = refusal(PveApi(cluster.password_settings(password="not-this-one")))
        assert isinstance(error, ApiRefused)
        assert error.status == 401
        assert "user root@pam refused" in error.message
        assert "not-this-one" not in str(error)

    @pytest.mark.parametrize(
        ("ask", "privilege", "path", "role"),
        [
            (lambda api: api.apply_sdn(), "SDN.Allocate", "/sdn", "PVESDNAdmin"),
            (lambda api: api.get("cluster/sdn"), "SDN.Audit", "/sdn", "PVEAuditor"),
            (lambda api: api.get("cluster/status"), "Sys.Audit", "/", "PVEAuditor"),
            (
                lambda api: api.reload_network("pve2", regenerate_frr=None),
                "Sys.Modify",
                "/nodes/pve2",
                "Administrator",
            ),
        ],
    )
    def test_a_missing_privilege_is_named_with_its_path_and_the_command_that_gives_it(
        self, cluster, ask, privilege, path, role
    ):
        settings = cluster.token_settings(("/storage", "Datastore.Audit"))
        error = refusal(PveApi(settings), ask)
        assert isinstance(error, ApiRefused)
        assert error.status == 403
        assert f"lacks {privilege} on {path}" in error.message
        assert f"pveum acl modify {path} --tokens '{settings.identity}' --roles {role}" in error.hint

    @pytest.mark.parametrize(("path", "privilege"), [("/nodes/pve1", "Sys.Modify"), ("/sdn", "SDN.Allocate")])
    def test_a_right_that_is_missing_is_named_before_it_is_needed(self, cluster, path, privilege):
        poor = PveApi(cluster.token_settings(("/", "Sys.Audit"), ("/sdn", "SDN.Audit"), ("/nodes/pve10", "Sys.Modify")))
        error = refusal(poor, lambda api: api.require([("/", "Sys.Audit"), (path, privilege)]))
        assert isinstance(error, ApiRefused)
        assert error.status == 403
        assert f"lacks {privilege} on {path}" in error.message
        assert f"pveum acl modify {path}" in error.hint

    def test_who_has_every_right_is_not_stopped(self, cluster):
        rights = [("/nodes/pve1", "Sys.Modify"), ("/sdn", "SDN.Allocate")]
        PveApi(cluster.token_settings()).require(rights)
        PveApi(cluster.password_settings()).require(rights)

    def test_root_on_a_node_is_not_even_asked_for(self):
        PveApi(ApiSettings(), session=Raising(AssertionError("asked"))).require([("/sdn", "SDN.Allocate")])

    def test_an_internal_error_passes_pves_own_words_on(self, mended):
        mended.sim.fail("PUT", "/cluster/sdn", 500, "cluster not ready - no quorum?")
        error = refusal(PveApi(mended.token_settings()), lambda api: api.apply_sdn())
        assert isinstance(error, ApiRefused)
        assert error.status == 500
        assert error.message.endswith("PUT /cluster/sdn: 500, cluster not ready - no quorum?")
        assert "pvecm status" in error.hint

    def test_an_offline_node_is_not_reachable_from_the_api_node(self, mended):
        mended.go_offline("pve2")
        try:
            error = refusal(
                PveApi(mended.token_settings()), lambda api: api.reload_network("pve2", regenerate_frr=None)
            )
        finally:
            mended.come_online("pve2")
        assert isinstance(error, ApiRefused)
        assert error.status == 595
        assert "not reachable from the API node: No route to host" in error.message
        assert "is it up" in error.hint

    def test_a_connection_that_breaks_on_the_way_to_the_node_is_596(self, mended):
        mended.sim.fail("GET", "/nodes/pve2/network", 596, "tls_process_server_certificate: certificate verify failed")
        error = refusal(PveApi(mended.token_settings()), lambda api: api.get("nodes/pve2/network"))
        assert isinstance(error, ApiRefused)
        assert error.status == 596

    def test_a_bad_parameter_is_named(self, cluster):
        error = refusal(PveApi(cluster.token_settings()), lambda api: api.get("nodes/pve1/tasks?limit=many"))
        assert isinstance(error, ApiRefused)
        assert error.status == 400
        assert "Parameter verification failed" in error.message
        assert "limit:" in error.message

    def test_words_of_the_server_cannot_break_the_line(self, mended):
        mended.sim.fail("GET", "/version", 500, "one \x1b[31mred\x07 word " + "and more " * 200)
        error = refusal(PveApi(mended.token_settings()))
        assert "\x1b" not in str(error)
        assert len(error.message) < 600

    def test_a_proxys_page_is_no_answer(self, mended):
        mended.sim.fail("GET", "/version", 200, "<html>welcome</html>", html=True)
        error = refusal(PveApi(mended.token_settings()))
        assert isinstance(error, ApiUnavailable)
        assert "unexpected API response" in error.message

    def test_a_proxys_error_page_is_a_refusal_with_its_status(self, mended):
        mended.sim.fail("GET", "/version", 502, "<html>bad gateway</html>", html=True)
        error = refusal(PveApi(mended.token_settings()))
        assert isinstance(error, ApiRefused)
        assert error.status == 502
        assert "journalctl -u pvedaemon" in error.hint

    @pytest.mark.parametrize(
        "ask",
        [
            lambda api: api.apply_sdn(),
            lambda api: api.reload_network("pve1", regenerate_frr=None),
            lambda api: api.task(UPID),
            lambda api: api.task_log(UPID),
            lambda api: api.node_tasks("pve1", kind="srvreload"),
        ],
    )
    @pytest.mark.parametrize("data", [None, 5, "UPID:", {"status": []}, [{"n": "x"}], ["UPID"]])
    def test_an_answer_of_another_shape_is_not_taken_for_one(self, cluster, ask, data):
        settings = cluster.token_settings()
        error = refusal(PveApi(settings, session=Answering(200, {"data": data})), ask)
        assert isinstance(error, ApiUnavailable)
        assert error.hint


UPID = "UPID:pve1:000003E8:00001B58:6B0332BB:srvreload:networking:root@pam:"


class Answering:
    """A session that always gives the same answer."""

    def __init__(self, status_code: int, document: Any) -> None:
        self._answer = requests.Response()
        self._answer.status_code = status_code
        self._answer.reason = "as told"
        self._answer._content = requests.compat.json.dumps(document).encode()  # type: ignore[attr-defined]

    def request(self, method: str, url: str, data: Any, params: Any) -> requests.Response:
        return self._answer


class TestConnections:
    def test_a_silent_server_is_given_up_after_the_time_that_was_set(self, mended):
        mended.sim.flaky_network(hang_rate=1.0, hang_secs=30)
        error = refusal(PveApi(mended.token_settings(timeout=0.2)))
        assert isinstance(error, ApiUnavailable)
        assert "no answer within 0.2 s" in error.message
        assert error.hint

    def test_a_commit_without_an_answer_may_have_started(self, mended):
        mended.sim.flaky_network(hang_rate=1.0, hang_secs=30)
        error = refusal(PveApi(mended.token_settings(timeout=0.2)), lambda api: api.apply_sdn())
        assert "it may have started all the same: see the task list" in error.hint

    def test_a_connection_that_does_not_come_about_is_told_from_an_answer_that_does_not(self, cluster):
        broken = Raising(requests.exceptions.ConnectTimeout("it took too long"))
        error = refusal(PveApi(cluster.token_settings(), session=broken), lambda api: api.apply_sdn())
        assert "no connection within 20 s" in error.message
        assert "firewall" in error.hint

    def test_a_login_has_the_same_limit(self, mended):
        mended.sim.flaky_network(hang_rate=1.0, hang_secs=30)
        assert "no answer within 0.2 s" in refusal(PveApi(mended.password_settings(timeout=0.2))).message

    def test_a_dropped_connection_is_unavailable(self, mended):
        mended.sim.flaky_network(drop_rate=1.0)
        error = refusal(PveApi(mended.token_settings()))
        assert isinstance(error, ApiUnavailable)
        assert "the connection was cut before the answer" in error.message
        assert "pveproxy" in error.hint

    def test_a_commit_whose_connection_was_cut_may_have_started(self, mended):
        mended.sim.flaky_network(drop_rate=1.0)
        error = refusal(PveApi(mended.token_settings()), lambda api: api.apply_sdn())
        assert "it may have started all the same: see the task list" in error.hint

    def test_a_refused_connection_names_the_services_to_look_at(self, cluster):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # bound but not listening: whoever connects is refused
            error = refusal(PveApi(cluster.token_settings(port=taken.getsockname()[1])))
        assert "connection refused" in error.message
        assert "pveproxy" in error.hint

    def test_an_unknown_host_name_is_said_to_be_one(self, cluster):
        settings = cluster.token_settings(host="pve9")
        cause = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        error = refusal(PveApi(settings, session=Raising(requests.exceptions.ConnectionError(cause))))
        assert "Name or service not known" in error.message
        assert "is host right" in error.hint

    def test_a_server_without_tls_is_said_to_be_one(self, cluster):
        with plain_server(None) as port:
            error = refusal(PveApi(cluster.token_settings(port=port)))
        assert isinstance(error, ApiUnavailable)
        assert "no TLS" in error.message

    def test_a_redirect_is_not_followed_with_the_credentials(self, cluster, tmp_path):
        certificate = cluster.ca.issue("redirecting", ("127.0.0.1",))
        with plain_server(certificate) as port:
            error = refusal(PveApi(cluster.token_settings(port=port)))
        assert "redirect (301)" in error.message


class TestCertificates:
    @pytest.mark.parametrize(
        ("names", "days", "reason"),
        [
            (("127.0.0.1",), -1, "certificate has expired"),
            (("192.0.2.7",), 30, "IP address mismatch"),
        ],
    )
    def test_what_is_wrong_with_a_certificate_is_said(self, cluster, names, days, reason):
        certificate = cluster.ca.issue("broken", names, days=days)
        with plain_server(certificate) as port:
            error = refusal(PveApi(cluster.token_settings(port=port)))
        assert isinstance(error, ApiUnavailable)
        assert reason in error.message
        assert "ca_file" in error.hint

    def test_another_clusters_certificate_is_refused(self, cluster, tmp_path):
        certificate = PveCa(tmp_path).issue("other", ("127.0.0.1",))
        with plain_server(certificate) as port:
            error = refusal(PveApi(cluster.token_settings(port=port)))
        assert "certificate not verified" in error.message


@contextmanager
def plain_server(certificate: Certificate | None) -> Iterator[int]:
    """A web server that redirects everything, with or without TLS; the port it listens on."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(301)
            self.send_header("Location", "https://127.0.0.1:1/")
            self.end_headers()

        def log_message(self, *words: Any) -> None:
            pass

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *words: Any) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate.certificate, certificate.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Raising:
    """A session in which everything ends with `error`."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def request(self, method: str, url: str, data: Any, params: Any) -> Any:
        raise self.error


def _errors_of(module: Any) -> list[type[Exception]]:
    classes = [value for value in vars(module).values() if inspect.isclass(value) and issubclass(value, Exception)]
    return [kind for kind in classes if not issubclass(kind, Warning)]


FOREIGN = sorted(
    {
        *_errors_of(requests.exceptions),
        *_errors_of(urllib3.exceptions),
        *_errors_of(proxmoxer.core),
        *_errors_of(ssl),
        *(OSError, ConnectionResetError, TimeoutError, FileNotFoundError, PermissionError, socket.gaierror),
        *(subprocess.TimeoutExpired, UnicodeDecodeError, ValueError, KeyError, TypeError, AnswerError, RuntimeError),
    },
    key=lambda kind: f"{kind.__module__}.{kind.__name__}",
)


def _made(kind: type[Exception]) -> Exception:
    """One of `kind`, whatever its constructor asks for."""
    if kind is subprocess.TimeoutExpired:
        return subprocess.TimeoutExpired(["pvesh"], 5.0)
    for arguments in (("it broke",), (5, "it broke"), (500, "Internal", "it broke"), ("it", "broke", 0), (None,) * 3):
        try:
            return kind(*arguments)
        except (TypeError, AttributeError):
            continue
    return kind.__new__(kind)


@pytest.mark.parametrize("backend", ["https", "local"])
@pytest.mark.parametrize("kind", FOREIGN, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_no_foreign_exception_gets_through(kind, backend, caplog):
    caplog.set_level(logging.DEBUG)
    settings = ApiSettings.model_validate(
        {"backend": backend, "host": "pve1", "user": "root@pam", "password": "secret-of-mine"}
    )
    error = refusal(PveApi(settings, session=Raising(_made(kind))))
    assert isinstance(error, ApiRefused | ApiUnavailable)
    assert error.message
    assert "secret-of-mine" not in caplog.text


def test_the_list_of_foreign_exceptions_is_not_empty_by_accident():
    names = {kind.__name__ for kind in FOREIGN}
    assert {"ResourceException", "AuthenticationError", "SSLError", "ReadTimeout", "JSONDecodeError"} <= names
