"""Servers that never come to an end, over real TLS: every call ends at its deadline or its
limit, with one clear line.
"""

from __future__ import annotations

import contextlib
import gzip
import itertools
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

import pytest

from pvesdn.adapters.pve_api import PveApi, budget, https
from pvesdn.errors import ApiRefused, ApiUnavailable
from pvesdn.model.api_settings import ApiSettings
from pvesdn_lab.simulated.pki import Certificate, PveCa

LIMIT = 1 << 20
GOOD = b'{"data": {"version": "9.1.5"}}'
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
TICKET = b'{"data": {"ticket": "PVE:root@pam:1", "CSRFPreventionToken": "1:a"}}'
UPID = "UPID:pve1:000003E8:00001B58:6B0332BB:srvreload:networking:root@pam:"

Pieces: TypeAlias = Iterable[bytes]
Script: TypeAlias = Callable[[bytes], Pieces]
"""What a server sends, one piece after the other, by the head of the request."""


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> PveCa:
    return PveCa(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def certificate(ca: PveCa) -> Certificate:
    return ca.issue("hostile", ("127.0.0.1",))


class Server:
    """A TLS server that plays a script for every request; `beat` seconds lie between two pieces."""

    def __init__(self, certificate: Certificate, script: Script, beat: float) -> None:
        self._script = script
        self._beat = beat
        self._is_over = threading.Event()
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(certificate.certificate, certificate.key)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(0.05)
        self._connections: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    def close(self) -> None:
        self._is_over.set()
        self._threads[0].join()  # from here on nobody is let in
        for connection in tuple(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)  # who waits for a request waits no longer
        for thread in self._threads:
            thread.join()
        self._listening.close()

    def _accept(self) -> None:
        while not self._is_over.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = self._listening.accept()
                self._connections.append(connection)
                self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
                self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        with contextlib.suppress(OSError), self._context.wrap_socket(connection, server_side=True) as secured:
            self._connections.append(secured)
            while head := self._request(secured):
                for piece in self._script(head):
                    secured.sendall(piece)
                    if self._is_over.wait(self._beat) if self._beat else self._is_over.is_set():
                        return

    @staticmethod
    def _request(secured: ssl.SSLSocket) -> bytes:
        head = b""
        while b"\r\n\r\n" not in head and (piece := secured.recv(65536)):
            head += piece
        return head


@pytest.fixture
def api_of(ca: PveCa, certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., PveApi]]:
    """Make a server that plays a script, and a `PveApi` that asks it."""
    monkeypatch.setattr(https, "LARGEST_ANSWER", LIMIT)
    servers = []

    def make(script: Script, *, beat: float = 0.0, timeout: float = 20.0, **credentials: str) -> PveApi:
        server = Server(certificate, script, beat)
        servers.append(server)
        given = credentials or {"token_name": "lab", "token_value": "secret"}
        known = {"backend": "https", "host": "127.0.0.1", "port": server.port, "user": "pvesdn@pve"}
        limits = {"timeout": timeout, "ca_file": str(ca.file)}
        return PveApi(ApiSettings.model_validate({**known, **limits, **given}))

    yield make
    for server in servers:
        server.close()


def refusal(api: PveApi, ask: Callable[[PveApi], object] = lambda api: api.get("version")) -> ApiUnavailable:
    with pytest.raises(ApiUnavailable) as caught:
        ask(api)
    assert "\n" not in str(caught.value)
    assert "https://127.0.0.1:" in caught.value.message
    assert caught.value.hint
    return caught.value


def bytewise(text: bytes) -> Pieces:
    return (text[i : i + 1] for i in range(len(text)))


def after(head: bytes, pieces: Pieces) -> Script:
    return lambda _: itertools.chain([head], pieces)


ENDLESS = itertools.repeat(b"x" * 4096)
A_LENGTH = OK + b"Content-Length: 1000000\r\n\r\n"

DRIPS = {
    "the status line": lambda _: bytewise(OK * 100),
    "one header after the other": lambda _: itertools.chain([OK], itertools.repeat(b"X-Y: z\r\n")),
    "one header that goes on": lambda _: itertools.chain([OK + b"X-Y: "], itertools.repeat(b"z")),
    "a body of some length": after(A_LENGTH, itertools.repeat(b" ")),
    "a body that ends with the connection": after(OK + b"\r\n", itertools.repeat(b" ")),
    "a body in chunks": after(CHUNKED, itertools.repeat(b"1\r\n \r\n")),
    "the size of a chunk": after(CHUNKED, itertools.repeat(b"0")),
    "what follows the last chunk": after(CHUNKED + b"0\r\n", itertools.repeat(b"X: y\r\n")),
    "one reason to wait after the other": lambda _: itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a redirect's page": after(b"HTTP/1.1 301 Moved\r\nLocation: https://127.0.0.1:1/\r\n", itertools.repeat(b" ")),
}
"""What comes one piece at a time, with less than the time-out between two of them."""


@pytest.mark.parametrize("script", DRIPS.values(), ids=DRIPS)
def test_an_answer_that_drips_is_given_up_at_the_deadline(api_of: Callable[..., PveApi], script: Script) -> None:
    error = refusal(api_of(script, beat=0.02, timeout=0.4))
    assert "GET /version: no complete answer within 0.4 s" in error.message
    assert "longer timeout" in error.hint


def test_a_commit_whose_answer_drips_may_have_started(api_of: Callable[..., PveApi]) -> None:
    error = refusal(api_of(DRIPS["a body in chunks"], beat=0.02, timeout=0.4), lambda api: api.apply_sdn())
    assert "PUT /cluster/sdn: no complete answer within 0.4 s" in error.message
    assert "it may have started all the same" in error.hint


def test_a_login_that_drips_is_given_up_too(api_of: Callable[..., PveApi]) -> None:
    api = api_of(DRIPS["a body of some length"], beat=0.02, timeout=0.4, password="secret")
    assert "no complete answer within 0.4 s" in refusal(api).message


def test_logins_do_not_make_a_call_longer(api_of: Callable[..., PveApi]) -> None:
    """A server that takes no ticket: login, question, login, question, all of them just in time for themselves."""

    def script(head: bytes) -> Pieces:
        body, status = (TICKET, b"200 OK") if b"/access/ticket" in head else (b"{}", b"401 No")
        whole = b"HTTP/1.1 " + status + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        return [whole[i : i + len(whole) // 6] for i in range(0, len(whole), len(whole) // 6)]

    error = refusal(api_of(script, beat=0.05, timeout=0.7, password="secret"))
    assert "within 0.7 s" in error.message


def test_a_server_that_is_silent_after_the_handshake_gives_no_answer(api_of: Callable[..., PveApi]) -> None:
    error = refusal(api_of(lambda _: itertools.repeat(b""), beat=0.02, timeout=0.3))
    assert "GET /version: no answer within 0.3 s" in error.message


def test_a_server_that_never_shakes_hands_is_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        known = {"backend": "https", "host": "127.0.0.1", "port": silent.getsockname()[1], "user": "pvesdn@pve"}
        api = PveApi(ApiSettings.model_validate({**known, "password": "secret", "verify": False, "timeout": 0.3}))
        assert "no connection within 0.3 s" in refusal(api).message


def test_a_resolver_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    is_over = threading.Event()
    monkeypatch.setattr(budget.socket, "getaddrinfo", lambda *_, **__: is_over.wait(20) and [])  # type: ignore[attr-defined]
    known = {"backend": "https", "host": "pve1", "user": "pvesdn@pve", "password": "secret", "timeout": 0.2}
    with pytest.raises(ApiUnavailable, match=r"https://pve1:8006: GET /version: no connection within 0.2 s"):
        PveApi(ApiSettings.model_validate({**known, "verify": False})).get("version")
    is_over.set()


FLOODS = {
    "one header that goes on": after(OK + b"X-Y: ", ENDLESS),
    "headers without end": lambda _: itertools.chain([OK], itertools.repeat(b"X-Y: " + b"z" * 60_000 + b"\r\n")),
    "reasons to wait": lambda _: itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "a body that ends with the connection": after(OK + b"\r\n", ENDLESS),
    "a body of a length that nobody has": after(OK + b"Content-Length: 1000000000000\r\n\r\n", ENDLESS),
    "chunks without end": after(CHUNKED, itertools.repeat(b"1000\r\n" + b"x" * 4096 + b"\r\n")),
    "one chunk without end": after(CHUNKED + b"ffffffffff\r\n", ENDLESS),
    "what follows the last chunk": after(CHUNKED + b"0\r\n", ENDLESS),
    "the size of a chunk": after(CHUNKED, itertools.repeat(b"0" * 4096)),
}


@pytest.mark.parametrize("script", FLOODS.values(), ids=FLOODS)
def test_an_answer_without_end_is_given_up_at_the_limit(api_of: Callable[..., PveApi], script: Script) -> None:
    error = refusal(api_of(script))
    assert "GET /version: it " in error.message
    assert any(words in error.message for words in ("sent more than 1 MiB", "did not answer like a web server"))


def whole(body: bytes, *headers: bytes) -> Script:
    return lambda _: [
        OK + b"".join(line + b"\r\n" for line in headers) + b"Content-Length: %d\r\n\r\n" % len(body),
        body,
    ]


def test_a_bomb_is_not_unpacked(api_of: Callable[..., PveApi]) -> None:
    error = refusal(api_of(whole(gzip.compress(b" " * 100_000_000), b"Content-Encoding: gzip")))
    assert "it sent a compressed answer, which pvesdn did not ask for" in error.message


def test_nobody_is_asked_to_compress(api_of: Callable[..., PveApi]) -> None:
    asked = []

    def script(head: bytes) -> Pieces:
        asked.append(head)
        return whole(GOOD)(head)

    assert api_of(script).get("version") == {"version": "9.1.5"}
    assert b"Accept-Encoding: identity\r\n" in asked[0]


def test_an_answer_that_is_shorter_than_it_says_was_cut_off(api_of: Callable[..., PveApi]) -> None:
    def script(_: bytes) -> Pieces:
        yield OK + b"Connection: close\r\nContent-Length: 1000\r\n\r\n" + GOOD
        raise OSError  # and the connection is closed

    assert "the answer was cut off" in refusal(api_of(script)).message


def test_what_stands_behind_an_answer_is_not_taken_for_the_next(api_of: Callable[..., PveApi]) -> None:
    other = b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"data": "bad"}'
    api = api_of(lambda _: [OK + b"Content-Length: %d\r\n\r\n" % len(GOOD) + GOOD + other])
    assert api.get("version") == {"version": "9.1.5"}
    assert api.get("version") == {"version": "9.1.5"}


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 500_000,
        b'{"data": ' + b"[" * 500_000,
        b'{"data": ' + b"9" * 10_000 + b"}",
        b'{"data": "\xff\xfe"}',
        b"\xff\xfe{",
        b'{"errors": ' + b"[" * 500_000,
    ],
    ids=["deep", "deep data", "a long number", "no UTF-8", "half of UTF-16", "deep errors"],
)
@pytest.mark.parametrize("status", [b"200 OK", b"500 Internal Error"])
def test_a_document_that_cannot_be_read_is_one_line(api_of: Callable[..., PveApi], body: bytes, status: bytes) -> None:
    head = b"HTTP/1.1 " + status + b"\r\nContent-Length: %d\r\n\r\n" % len(body)
    with pytest.raises((ApiUnavailable, ApiRefused)) as caught:
        api_of(lambda _: [head, body]).get("version")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("status", ["000", "099", "102", "199", "304", "600", "999", "1000", "-1", "²⁰⁰", ""])
def test_a_status_that_means_nothing_here_is_an_error(api_of: Callable[..., PveApi], status: str) -> None:
    head = f"HTTP/1.1 {status} What\r\nContent-Length: 0\r\n\r\n".encode()
    with pytest.raises((ApiUnavailable, ApiRefused)):
        api_of(lambda _: [head]).get("version")


def test_words_of_a_task_are_one_line_whatever_they_are(api_of: Callable[..., PveApi]) -> None:
    body = b'{"data": {"status": "stopped", "exitstatus": "\\ud800 \\u001b[31m ' + b"x" * 5000 + b'"}}'
    state = api_of(whole(body)).task(UPID)
    assert state.exit_status is not None
    assert state.exit_status.isprintable()
    assert len(state.exit_status) < 1000
