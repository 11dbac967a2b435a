"""A small HTTP server: GET and HEAD of one path, and little room for anybody who wants more."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from socketserver import TCPServer, ThreadingMixIn
from typing import Any
from urllib.parse import urlsplit

from pvesdn.adapters.scrape.kept import Page
from pvesdn.model.primitives import IpAddress

PATH = "/metrics"
AT_ONCE = 8
"""Connections that are served at the same time; one more is told to come later."""
LARGEST_HEAD = 16 * 1024
"""Bytes of a request; Prometheus sends 300."""
SECONDS = 10.0
"""For a request to be there, and again for the answer to be taken."""
_BUSY = b"HTTP/1.0 503 Service Unavailable\r\nRetry-After: 10\r\nContent-Length: 0\r\n\r\n"


class Listener(ThreadingMixIn, TCPServer):
    """Listens on one address, and nowhere else.

    :param port: 0 leaves it to the kernel.
    :param page: what to answer; called for each request, in a thread of its own.
    :raises OSError: the address is taken, or is none of this machine's.
    """

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 16

    def __init__(self, address: IpAddress, port: int, page: Callable[[], Page], content_type: str) -> None:
        self.address_family = socket.AF_INET6 if address.version == 6 else socket.AF_INET  # noqa: PLR2004 - of IP
        self.page = page
        self.content_type = content_type
        self._places = threading.BoundedSemaphore(AT_ONCE)
        super().__init__((str(address), port), _Handler)

    @property
    def url(self) -> str:
        """Where it is to be asked."""
        host, port = self.server_address[:2]
        return f"http://{f'[{host!s}]' if self.address_family == socket.AF_INET6 else str(host)}:{port}{PATH}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """In a thread, while there is a place."""
        if not self._places.acquire(blocking=False):
            request.settimeout(1.0)
            try:
                request.sendall(_BUSY)
            except OSError:
                pass
            finally:
                self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:  # no thread could be started
            self._places.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """The thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away or is too slow is its own business."""
        del request, client_address
        error = sys.exception()
        if not isinstance(error, OSError):
            print(f"metrics: a request failed: {type(error).__name__}", file=sys.stderr, flush=True)  # noqa: T201


class _Handler(BaseHTTPRequestHandler):
    server: Listener
    server_version = "pvesdn"
    sys_version = ""
    timeout = SECONDS

    def setup(self) -> None:
        super().setup()
        self.rfile = BytesIO(self._head())

    def _head(self) -> bytes:
        """The request without a body; empty, which ends the connection, if it is too long or too late."""
        end, head = time.monotonic() + SECONDS, b""
        while b"\r\n\r\n" not in head and b"\n\n" not in head:
            left = end - time.monotonic()
            if left <= 0 or len(head) > LARGEST_HEAD:
                return b""
            self.connection.settimeout(left)
            part = self.connection.recv(4096)
            if not part:
                return b""
            head += part
        self.connection.settimeout(SECONDS)
        return head

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self.wfile.write(self._answer())

    def _answer(self) -> bytes:
        """Send the head, and give the body that belongs to it."""
        try:
            path = urlsplit(self.path).path
        except ValueError:  # such as an open bracket
            path = ""
        if path != PATH:
            self.send_error(404, f"ask for {PATH}")
            return b""
        page = self.server.page()
        takes_gzip = "gzip" in self.headers.get("Accept-Encoding", "")
        body = page.packed if takes_gzip else page.text
        self.send_response(200)
        self.send_header("Content-Type", self.server.content_type)
        if takes_gzip:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return body

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as its base has it
        """Nobody reads who asked what."""
