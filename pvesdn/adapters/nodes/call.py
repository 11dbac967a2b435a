"""One call of the node program through any command: send the message, wait with a limit, take the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pvesdn.adapters import command
from pvesdn.decode import json_text
from pvesdn.decode.cluster.answers import one_line
from pvesdn.errors import NodeFailed, NodeUnreachable
from pvesdn.model.primitives import Json, NodeName
from pvesdn.node import boot

CHANGES_NOTHING = frozenset({"read", "observe", "look_up", "probe"})
GRACE = 10.0
"""Seconds in which an interrupted program may clean up on its node before it is killed."""
BRIEF_GRACE = 1.0
"""The same for a program that only reads."""
LARGEST_ANSWER = 96 * 1024 * 1024
"""Bytes of one answer, login messages included.

Text and values together may take three times as much memory (`json_text.footprint`), which is enough for more devices
than the 20,000 or so that `ip -j -d address` may print on a node: the program tells less than a third of that of each.
"""

_LONGEST_ERROR = 2000
"""Characters; a refused commit names every file that is in its way."""
_WHO_PRINTS = "does its login shell print text or replace commands?"


@dataclass(frozen=True, slots=True)
class Call:
    """One request to one node."""

    node: NodeName
    verb: str
    arguments: Mapping[str, Json]

    @property
    def aftermath(self) -> str:
        """What to do when the answer is lost: what was begun continues without us."""
        if self.verb in CHANGES_NOTHING:
            return ""
        return f"the node may still be doing it: see `pvesdn plan --node {self.node}` before trying again"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a command ended without an answer: its exit status (negative: the signal) and its last output."""

    status: int
    complaints: str


def run(call: Call, argv: Sequence[str], *, environment: Mapping[str, str], limit: float) -> dict[str, Json] | Ending:
    """The value of `call`, or how `argv` ended if no answer came.

    :param limit: seconds for the whole call.
    :raises NodeUnreachable: `argv` cannot be started, takes too long, says too much, or answers something else.
    :raises NodeFailed: the node program reported a failure.
    """
    try:
        done = command.run(
            argv,
            surroundings=environment,
            message=boot.message(call.verb, call.arguments),
            seconds=limit,
            size=LARGEST_ANSWER,
            grace=BRIEF_GRACE if call.verb in CHANGES_NOTHING else GRACE,
            is_spare=call.verb in CHANGES_NOTHING,
        )
    except OSError as error:
        raise NodeUnreachable(call.node, f"{argv[0]}: {error.strerror}", hint=_how_to_get(argv[0])) from error
    except command.CommandTimeoutError as error:
        what = "no complete answer" if error.has_begun else "no answer"
        raise NodeUnreachable(call.node, f"{call.verb}: {what} within {limit:g} s", hint=call.aftermath) from None
    except command.TooMuchError:
        message = f"{call.verb}: it sent more than {LARGEST_ANSWER >> 20} MiB"
        raise NodeUnreachable(call.node, message, hint=call.aftermath or _WHO_PRINTS) from None
    try:
        answer = boot.answer(done.output, load=_load)
    except boot.NotAnAnswer as fault:
        if done.status:
            return Ending(done.status, done.complaints)
        message = f"unexpected response from the node program: {fault}"
        raise NodeUnreachable(call.node, message, hint=call.aftermath or _WHO_PRINTS) from fault
    if not answer.ok:
        raise NodeFailed(call.node, one_line(answer.error, _LONGEST_ERROR), hint=one_line(answer.hint))
    return answer.value


def last_line(text: str) -> str:
    """The last line that is not blank, without control characters and shortened; empty if there is none."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return one_line("".join(character for character in lines[-1] if character.isprintable())) if lines else ""


def _load(text: str) -> Json:
    """:raises ValueError: not JSON, or more of it than there should be memory for."""
    return json_text.load(text, most=3 * LARGEST_ANSWER)


def _how_to_get(command: str) -> str:
    return "apt install openssh-client" if command == "ssh" else "apt install python3"
