"""Network namespaces of the real kernel in this process: each is a thread's own, and gone when the thread ends."""

from __future__ import annotations

import ctypes
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Self, TypeVar

Result = TypeVar("Result")

_NEW_NETWORK = 0x40000000


class NetworkNamespace:
    """A thread with a network of its own.

    :raises PermissionError: this process may not make one.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "netns")
        self.thread = self.do(_unshared)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def do(self, task: Callable[[], Result]) -> Result:
        """Do something there."""
        return self._pool.submit(task).result()

    def begin(self, task: Callable[[], Result]) -> Callable[[], Result]:
        """Begin to do something there; the result waits for its end."""
        return self._pool.submit(task).result

    def ip(self, *words: str) -> str:
        """Run `ip` there."""
        return self.do(lambda: subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout)


def _unshared() -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_NETWORK):
        raise PermissionError(ctypes.get_errno(), "unshare")
    return threading.get_native_id()
