"""One call of the node program through any command: give it the message, wait with a limit, take the answer."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pvesdn.errors import NodeFailed, NodeUnreachable
from pvesdn.model.primitives import Json, NodeName
from pvesdn.model.secret_variables import SECRET_VARIABLES
from pvesdn.node import boot

CHANGES_NOTHING = frozenset({"read", "observe"})
GRACE = 10.0
"""Seconds in which an interrupted program may bring its node into order before it is killed."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request to one node."""

    node: NodeName
    verb: str
    arguments: Mapping[str, Json]

    @property
    def aftermath(self) -> str:
        """What to do when the answer got lost: what was begun goes on without us."""
        if self.verb in CHANGES_NOTHING:
            return ""
        return f"the node may still be doing it: look at `pvesdn plan --node {self.node}` before trying again"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a command ended without an answer: its exit status (negative: the signal) and its last words."""

    status: int
    complaints: str


def run(call: Call, argv: Sequence[str], *, environment: Mapping[str, str], limit: float) -> dict[str, Json] | Ending:
    """The value of `call`, or how `argv` ended if no answer came.

    :param limit: seconds for the whole call.
    :raises NodeUnreachable: `argv` cannot be started, takes too long, or answers something else.
    :raises NodeFailed: the node program reported a failure.
    """
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # What pvesdn itself was told may be a secret, and neither ssh nor the commands of a node need it.
            env={name: value for name, value in environment.items() if name not in SECRET_VARIABLES},
            start_new_session=True,
        )
    except OSError as error:
        raise NodeUnreachable(call.node, f"{argv[0]}: {error.strerror}", hint=_how_to_get(argv[0])) from error
    with process:
        try:
            output, errors = process.communicate(boot.message(call.verb, call.arguments), timeout=limit)
        except subprocess.TimeoutExpired:
            _end(process)
            raise NodeUnreachable(call.node, f"no answer within {limit:g} s", hint=call.aftermath) from None
        except BaseException:
            _end(process)
            raise
    complaints = errors.decode("utf-8", "replace")
    try:
        answer = boot.answer(output)
    except boot.NotAnAnswer as fault:
        if process.returncode:
            return Ending(process.returncode, complaints)
        message = f"did not answer as the node program should: {fault}"
        raise NodeUnreachable(
            call.node, message, hint=call.aftermath or "does its login shell replace commands?"
        ) from fault
    if not answer.ok:
        raise NodeFailed(call.node, answer.error, hint=answer.hint)
    return answer.value


def last_line(text: str) -> str:
    """The last line with something on it, without control characters; empty when there is none."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return "".join(character for character in lines[-1] if character.isprintable()) if lines else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    """First ask: a program in the middle of a commit takes it back."""
    for wake in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, wake)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=GRACE)
            return


def _how_to_get(command: str) -> str:
    return "apt install openssh-client" if command == "ssh" else "apt install python3"
