"""The listener, over real connections: what it answers, and what becomes of those who ask for something else."""

from __future__ import annotations

import gzip
import http.client
import socket
import threading
from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from pvesdn.adapters.scrape import Listener, Page
from pvesdn.adapters.scrape import server as served

LIMIT = 60.0
TYPE = "text/plain; version=0.0.4; charset=utf-8"


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What a page waits for."""
    made = threading.Event()
    made.set()
    yield made
    made.set()


@pytest.fixture
def listener(gate: threading.Event) -> Iterator[Listener]:
    def page() -> Page:
        assert gate.wait(LIMIT)
        return Page.of("up 1\n")

    with Listener(ip_address("127.0.0.1"), 0, page, TYPE) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join(LIMIT)


def asked(
    listener: Listener, method: str = "GET", path: str = "/metrics", **headers: str
) -> tuple[int, bytes, dict[str, str]]:
    host, port = listener.server_address[:2]
    connection = http.client.HTTPConnection(str(host), port, timeout=LIMIT)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read(), dict(answer.headers)
    finally:
        connection.close()


def raw(listener: Listener, data: bytes) -> bytes:
    """All that is answered to these bytes."""
    with socket.create_connection(listener.server_address[:2], timeout=LIMIT) as line:  # type: ignore[arg-type] # of IPv4
        line.sendall(data)
        parts = []
        try:
            while part := line.recv(4096):
                parts.append(part)
        except ConnectionError:
            pass
        return b"".join(parts)


def test_prometheus_gets_the_page_and_packed_if_it_likes(listener: Listener) -> None:
    status, body, headers = asked(listener)
    assert (status, body, headers["Content-Type"]) == (200, b"up 1\n", TYPE)
    assert "Python" not in headers["Server"]
    status, body, headers = asked(listener, **{"Accept-Encoding": "gzip"})
    assert (status, gzip.decompress(body), headers["Content-Encoding"]) == (200, b"up 1\n", "gzip")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("GET", "/metrics/x", 404), ("GET", "/metrics?name=up", 200), ("POST", "/metrics", 501),
     ("PUT", "/metrics", 501), ("DELETE", "/metrics", 501), ("HEAD", "/metrics", 200), ("HEAD", "/", 404)],
)  # fmt: skip
def test_there_is_one_thing_to_get(listener: Listener, method: str, path: str, status: int) -> None:
    assert asked(listener, method, path)[0] == status


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_who_asks_for_the_head_alone_gets_that_of_the_page(listener: Listener, encoding: str) -> None:
    _, body, of_page = asked(listener, **{"Accept-Encoding": encoding})
    _, nothing, of_head = asked(listener, "HEAD", **{"Accept-Encoding": encoding})
    assert {**of_head, "Date": ""} == {**of_page, "Date": ""}
    assert (nothing, of_head["Content-Length"]) == (b"", str(len(body)))
    answer = raw(listener, b"HEAD /metrics HTTP/1.0\r\n\r\n")
    assert answer.endswith(b"\r\n\r\n")
    assert b"up 1" not in answer


@pytest.mark.parametrize(
    "data", [b"", b"\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"GET\r\n\r\n", b"GET / HTTP/9.9.9\r\n\r\n"]
)
def test_what_is_no_request_harms_nobody(listener: Listener, data: bytes) -> None:
    with socket.create_connection(listener.server_address[:2], timeout=LIMIT) as line:  # type: ignore[arg-type] # of IPv4
        line.sendall(data)
        line.shutdown(socket.SHUT_WR)
        line.recv(4096)
    assert asked(listener)[0] == 200


def test_a_request_that_does_not_end_is_cut_off_by_its_size(listener: Listener) -> None:
    assert raw(listener, b"GET /metrics HTTP/1.1\r\n" + b"X: y\r\n" * 10_000) == b""
    assert asked(listener)[0] == 200


def test_a_request_that_drips_is_cut_off_by_the_clock(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "SECONDS", 0.2)
    with socket.create_connection(listener.server_address[:2], timeout=LIMIT) as line:  # type: ignore[arg-type] # of IPv4
        line.sendall(b"GET /met")
        assert line.recv(10) == b""
    assert asked(listener)[0] == 200


def test_more_than_it_has_places_for_come_later(listener: Listener, gate: threading.Event) -> None:
    gate.clear()
    lines = [socket.create_connection(listener.server_address[:2], timeout=LIMIT) for _ in range(served.AT_ONCE)]  # type: ignore[arg-type] # of IPv4
    try:
        for line in lines:
            line.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        # Connections are taken in the order in which they came.
        assert raw(listener, b"").startswith(b"HTTP/1.0 503 ")
        gate.set()
        for line in lines:
            assert line.recv(4096).startswith(b"HTTP/1.0 200 ")
    finally:
        for line in lines:
            line.close()


def test_an_address_of_ipv6_has_brackets_in_its_url() -> None:
    try:
        made = Listener(ip_address("::1"), 0, lambda: Page.of(""), TYPE)
    except OSError:
        pytest.skip("no IPv6 here: ::1 is not this machine's")
    with made:
        assert made.url == f"http://[::1]:{made.server_address[1]}/metrics"


def test_a_failure_of_ours_is_told_without_its_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def broken() -> Page:
        message = "a secret"
        raise ValueError(message)

    with Listener(ip_address("127.0.0.1"), 0, broken, TYPE) as made:
        thread = threading.Thread(target=made.handle_request)
        thread.start()
        assert raw(made, b"GET /metrics HTTP/1.0\r\n\r\n") == b""
        thread.join(LIMIT)
    assert capsys.readouterr().err == "metrics: a request failed: ValueError\n"


def test_an_address_that_is_none_fills_no_journal(listener: Listener, capsys: pytest.CaptureFixture[str]) -> None:
    assert raw(listener, b"GET http://[ HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.0 404 ")
    assert capsys.readouterr().err == ""
