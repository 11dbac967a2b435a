"""A child that stops before each of its system calls, and can be killed there: ptrace(2)."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_TRACEME, _SYSCALL, _SETOPTIONS = 0, 24, 0x4200
_TELL_CALLS_APART, _END_WITH_US = 0x1, 0x100000
_AT_A_CALL = signal.SIGTRAP | 0x80
_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
_LIBC.ptrace.restype = ctypes.c_long


class Child:
    """A process that runs `work`; processes that it starts are left alone. :ivar status: once it has ended."""

    def __init__(self, work: Callable[[], None]) -> None:
        self.status: int | None = None
        self._pid = os.fork()
        if self._pid == 0:
            _ptrace(_TRACEME, 0)
            os.kill(os.getpid(), signal.SIGSTOP)
            work()
            os._exit(0)
        self._wait()
        _ptrace(_SETOPTIONS, self._pid, _TELL_CALLS_APART | _END_WITH_US)

    def calls(self) -> Iterator[int]:
        """Stops before each system call, whose number in their order this is, until the process has ended."""
        number = 0
        while self._goes_on():
            number += 1
            yield number
            if not self._goes_on():  # the call itself
                return

    def kill(self) -> None:
        """SIGKILL: the call that it is about to make is not made."""
        os.kill(self._pid, signal.SIGKILL)
        self._wait()

    def _goes_on(self) -> bool:
        """To the next beginning or end of a call; False when there is none."""
        passed_on = 0
        while self.status is None:
            _ptrace(_SYSCALL, self._pid, passed_on)
            stopped_by = self._wait()
            if stopped_by == _AT_A_CALL:
                return True
            passed_on = stopped_by  # a signal that is meant for the child
        return False

    def _wait(self) -> int:
        _, status = os.waitpid(self._pid, 0)
        if os.WIFSTOPPED(status):
            return os.WSTOPSIG(status)
        self.status = status
        return 0


@contextmanager
def child(work: Callable[[], None]) -> Iterator[Child]:
    """Such a child, which has ended when the block has."""
    made = Child(work)
    try:
        yield made
    finally:
        if made.status is None:
            made.kill()


def _ptrace(request: int, pid: int, data: int = 0) -> None:
    if _LIBC.ptrace(request, pid, None, data) == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"ptrace: {os.strerror(number)}")
