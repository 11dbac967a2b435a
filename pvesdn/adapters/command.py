"""Commands on this machine, with a deadline for the whole run and a limit on their output. Shared by the adapters."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from pvesdn.model.secret_variables import SECRET_VARIABLES

_PIECE = 64 * 1024
"""Bytes of one read."""
_LAST_WORDS = 64 * 1024
"""Bytes of standard error that are kept, from its end, where the reason is."""
_LOOK = 0.1
"""Seconds between checks whether a command has ended: a child of its own may keep its pipes open."""
_SPARE: set[subprocess.Popen[bytes]] = set()
"""Under way, and missed by nobody if the run is interrupted."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended.

    :param status: its exit status; negative: the signal that ended it.
    :param output: its standard output, for the caller to consume.
    :param complaints: the end of its standard error.
    """

    status: int
    output: bytearray
    complaints: str


class CommandTimeoutError(Exception):
    """The command was stopped at its deadline. :param has_begun: it had printed something by then."""

    def __init__(self, *, has_begun: bool) -> None:
        super().__init__("the command did not end in time")
        self.has_begun = has_begun


class TooMuchError(Exception):
    """The command was stopped because it printed too much."""


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """`given` without pvesdn's own secrets, which no command needs."""
    return {name: value for name, value in given.items() if name not in SECRET_VARIABLES}


def run(
    argv: Sequence[str],
    *,
    surroundings: Mapping[str, str],
    message: bytes = b"",
    seconds: float,
    size: int,
    grace: float,
    is_spare: bool = False,
) -> Finished:
    """Run a command to its end, in a session of its own.

    :param surroundings: its environment; pvesdn's secrets are left out.
    :param message: its standard input.
    :param seconds: from its start to its end, however slowly or steadily it prints.
    :param size: bytes that it may print on standard output.
    :param grace: seconds in which a command may clean up after SIGTERM before it is killed.
    :param is_spare: it changes nothing: `end_spare` may end it.
    :raises OSError: it cannot be started.
    :raises CommandTimeoutError: it was stopped after `seconds`.
    :raises TooMuchError: it was stopped after `size` bytes.
    """
    deadline = time.monotonic() + seconds
    with _started(argv, surroundings, grace, is_spare=is_spare) as process:
        output, complaints = _converse(process, message, deadline, size)
        try:
            status = process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise CommandTimeoutError(has_begun=bool(output)) from None
    return Finished(status, output, complaints.decode("utf-8", "replace"))


def end_spare() -> None:
    """Tell the commands under way that change nothing to end, whichever thread waits for them: nobody needs them."""
    for process in tuple(_SPARE):
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)


@contextlib.contextmanager
def _started(
    argv: Sequence[str], surroundings: Mapping[str, str], grace: float, *, is_spare: bool
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is gone at the end of the block, however that ends."""
    process = subprocess.Popen(
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(surroundings),
        start_new_session=True,
    )
    if is_spare:
        _SPARE.add(process)
    try:
        yield process
    except BaseException:
        _give_up(process, grace)
        raise
    finally:
        _SPARE.discard(process)
        for stream in _streams(process):
            with contextlib.suppress(OSError):
                stream.close()


def _converse(
    process: subprocess.Popen[bytes], message: bytes, deadline: float, size: int
) -> tuple[bytearray, bytearray]:
    """Send the message and collect the output, until the command has closed both of its outputs."""
    output, complaints, rest = bytearray(), bytearray(), memoryview(message)
    with _watched(process) as ready:
        while any(key.events == selectors.EVENT_READ for key in ready.get_map().values()):
            left = deadline - time.monotonic()
            if left <= 0:
                raise CommandTimeoutError(has_begun=bool(output))
            for key, _ in ready.select(left):
                if key.fileobj is process.stdin:
                    rest = _write(key.fd, rest)
                    is_over = not rest
                else:
                    piece = os.read(key.fd, _PIECE)
                    is_over = not piece
                    if key.fileobj is process.stdout:
                        output += piece
                    else:
                        complaints = (complaints + piece)[-_LAST_WORDS:]
                if is_over:
                    _close(ready, key.fileobj)
            if len(output) > size:
                raise TooMuchError
    return output, complaints


def _write(descriptor: int, rest: memoryview) -> memoryview:
    """What is left to write; nothing if the command does not read it."""
    try:
        return rest[os.write(descriptor, rest[:_PIECE]) :]
    except BrokenPipeError:
        return rest[:0]


def _give_up(process: subprocess.Popen[bytes], grace: float) -> None:
    """Interrupt first: a program in the middle of a commit takes it back. What it still prints is discarded."""
    for wake, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, _LOOK)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, wake)
        deadline = time.monotonic() + seconds
        with _watched(process) as ready:
            while process.poll() is None and (left := deadline - time.monotonic()) > 0:
                for key, _ in ready.select(min(left, _LOOK)):
                    if key.events == selectors.EVENT_WRITE or not os.read(key.fd, _PIECE):
                        _close(ready, key.fileobj)
        if process.returncode is not None:
            return


@contextlib.contextmanager
def _watched(process: subprocess.Popen[bytes]) -> Iterator[selectors.BaseSelector]:
    """A selector for the pipes of the process that are still open."""
    with selectors.DefaultSelector() as ready:
        for stream in _streams(process):
            if not stream.closed:
                os.set_blocking(stream.fileno(), False)
                is_ours = stream is process.stdin
                ready.register(stream, selectors.EVENT_WRITE if is_ours else selectors.EVENT_READ)
        yield ready


def _streams(process: subprocess.Popen[bytes]) -> list[IO[bytes]]:
    return [stream for stream in (process.stdin, process.stdout, process.stderr) if stream is not None]


def _close(ready: selectors.BaseSelector, stream: object) -> None:
    ready.unregister(stream)  # type: ignore[arg-type]
    with contextlib.suppress(OSError):
        stream.close()  # type: ignore[attr-defined]
