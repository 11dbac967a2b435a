"""What one call may consume: time from its first step to the last byte of its answer, and bytes of that answer.

The timeouts of requests and urllib3 apply to single reads, so they do not stop a server that sends a byte now and then.
Here the sockets themselves check, before every step, how much is left for the call that they serve.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool

from pvesdn.decode.cluster.answers import AnswerError

_MIB = 1 << 20


class CallTimeoutError(Exception):
    """The call's time is up. :param budget: how far it got."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(f"not finished after {budget.seconds:g} s")
        self.budget = budget


class Budget:
    """The budget of one call, including its login.

    :param seconds: for all of it: looking up the name, connecting, TLS, the request, every byte of the answer.
    :param size: bytes that may be received, headers included.
    """

    def __init__(self, seconds: float, size: int, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self.size = size
        self.received = 0
        self.has_sent = False
        self._monotonic = monotonic
        self._end = monotonic() + seconds

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return self._monotonic() >= self._end

    def left(self) -> float:
        """Seconds until the deadline, more than 0.

        :raises TimeoutError: there are none.
        """
        seconds = self._end - self._monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds

    def take(self, received: int) -> None:
        """Count bytes that came.

        :raises AnswerError: they are too many.
        """
        self.received += received
        if self.received > self.size:
            msg = f"it sent more than {self.size // _MIB} MiB"
            raise AnswerError(msg)

    @contextlib.contextmanager
    def spent(self) -> Iterator[None]:
        """Everything this thread sends and receives in this block counts against this budget.

        :raises CallTimeoutError: it ended, in whatever way, when the time was over.
        """
        before = _BUDGET.set(self)
        try:
            yield
        except Exception as error:
            if self.is_over:
                raise CallTimeoutError(self) from error
            raise
        finally:
            _BUDGET.reset(before)


_BUDGET: ContextVar[Budget] = ContextVar("budget")


class BudgetSocket(ssl.SSLSocket):
    """A TLS connection whose every step counts against the budget of the current call."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - ssl's own signature
        self.settimeout(_BUDGET.get().left())
        super().do_handshake(block)

    def send(self, data: Any, flags: int = 0) -> int:
        budget = _BUDGET.get()
        budget.has_sent = True
        self.settimeout(budget.left())
        return super().send(data, flags)

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        budget = _BUDGET.get()
        self.settimeout(budget.left())
        count = super().recv_into(buffer, nbytes, flags)
        budget.take(count)
        return count


class _Connection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _connected(self._dns_host, self.port, _BUDGET.get())


class BudgetPool(HTTPSConnectionPool):
    """urllib3's connections, found and made within the budget; with a context for TLS that makes a `BudgetSocket`."""

    ConnectionCls = _Connection


def _connected(host: str, port: int, budget: Budget) -> socket.socket:
    """A connection to the first address that takes one.

    :raises OSError: none does.
    """
    addresses = _addresses(host, port, budget)
    failure: OSError = OSError("the name has no address")
    for number, (family, kind, protocol, _, address) in enumerate(addresses):
        connection = socket.socket(family, kind, protocol)
        try:
            # An address that drops packets must leave time for those after it.
            connection.settimeout(budget.left() / (len(addresses) - number))
            connection.connect(address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            connection.close()
            failure = error
        else:
            return connection
    raise failure


def _addresses(host: str, port: int, budget: Budget) -> list[Any]:
    """What the name resolves to. The resolver has no timeout that can be set: it is abandoned when
    it takes too long.
    """
    found: queue.SimpleQueue[list[Any] | Exception] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            found.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            found.put(error)

    threading.Thread(target=look_up, name=f"resolve {host}", daemon=True).start()
    try:
        result = found.get(timeout=budget.left())
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(result, Exception):
        raise result
    return result
