"""What `watch` remembers from one look to the next. Pure: the command line reads and writes the file that holds it."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from operator import itemgetter
from typing import Any, TypeAlias

TOLD_AGAIN = 24 * 3600.0
"""Seconds after which a trouble that lasts is told once more."""

_NEVER = 2.0**36
"""Seconds of the Unix epoch that no clock will show, some 2,000 years from now."""

_VOLATILE = re.compile(r"UPID:\S+|0x[0-9a-fA-F]+")
"""What is another text each time, in a trouble that is the same."""


class LastRun(StrEnum):
    """How the last run of an apply ended."""

    DONE = ""
    STARTED = "started"
    """It has not ended: killed, or the power went."""
    MISSED = "missed"
    """A node could not be reached, and nothing failed on the others."""
    FAILED = "failed"
    PENDING = "pending"
    """There was something to apply, and the settings said to report it."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What has been reported of a problem.

    :param digest: of its text, see `digest_of`.
    :param plan: digest of the plan that was shown with it; empty for none.
    :param since: when it was first reported, seconds of the Unix epoch; `told` is when it was last reported.
    """

    digest: str
    plan: str
    since: float
    told: float


@dataclass(frozen=True, slots=True)
class Absence:
    """No guest is seen any more in what is kept for guests.

    :param since: when they were first missed, seconds of the Unix epoch.
    :param is_told: the plan without them was reported, or begun.
    :param last: when they were last missed; None where that was once.
    """

    since: float
    is_told: bool = False
    last: float | None = None


Kept: TypeAlias = Mapping[tuple[str, str], Absence | None]
"""VNets that are only there for the guests in them, each with a node: None while they are there, or may be."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What one look leaves to the next.

    :param seen: digests of what the last completed look dealt with, by path; None before the first.
    :param is_readable: False when there was a record and it could not be read.
    :param ran_at: when the last run was begun, seconds of the Unix epoch; 0 when it is over.
    :param waiting_since: the first of the looks that have been waiting for an edit to end; None when none is.
    :param kept: what was only there for guests, until a plan no longer has to remove it.
    """

    seen: Mapping[str, str] | None = None
    is_readable: bool = True
    run: LastRun = LastRun.DONE
    ran_at: float = 0.0
    waiting_since: float | None = None
    trouble: Trouble | None = None
    kept: Kept = field(default_factory=dict)


def decode_memory(text: str | None) -> Memory:
    """The memory that `encode_memory` wrote; None is that of the first look. Raises nothing."""
    if text is None:
        return Memory()
    try:
        document = json.loads(text)
        digests = {path: str(value) for path, value in document.items() if path.startswith("/")}
        told = document.get("trouble")
        waiting = document.get("waiting_since")
        run, ran_at = LastRun(document.get("run", "")), _moment(document.get("ran_at", 0))
        return Memory(
            seen=digests or None,
            run=run,
            ran_at=0.0 if run is LastRun.DONE else ran_at,  # of a run that is over nothing is remembered
            waiting_since=None if waiting is None else _moment(waiting),
            trouble=None
            if told is None
            else Trouble(str(told["digest"]), str(told["plan"]), _moment(told["since"]), _moment(told["told"])),
            kept={(str(vnet), str(node)): _absence(*rest) for vnet, node, *rest in document.get("kept", ())},
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return Memory(is_readable=False)


def _absence(since: Any = None, is_told: Any = None, last: Any = None) -> Absence | None:
    if since is None:
        return None
    return Absence(_moment(since), bool(is_told), None if last is None else _moment(last))


def _moment(value: Any) -> float:
    """Seconds of the Unix epoch that `clock_time` can show. JSON's numbers may be of any size, infinite or not a
    number.
    """
    moment = float(value)
    if not 0 <= moment < _NEVER:
        message = f"no moment: {moment}"
        raise ValueError(message)
    return moment


def as_of(memory: Memory, now: float) -> Memory:
    """The same where a clock was set back since: nothing of it is still to come."""
    waiting = memory.waiting_since
    waiting = None if waiting is None else min(waiting, now)
    return replace(memory, ran_at=min(memory.ran_at, now), waiting_since=waiting)


def encode_memory(memory: Memory) -> str:
    """One line of JSON: the paths with their digests, and whatever is not at its default."""
    document: dict[str, Any] = dict(memory.seen or {})
    if memory.run is not LastRun.DONE:
        document |= {"run": memory.run.value, "ran_at": memory.ran_at}
    if memory.waiting_since is not None:
        document["waiting_since"] = memory.waiting_since
    if memory.trouble is not None:
        told = memory.trouble
        document["trouble"] = {"digest": told.digest, "plan": told.plan, "since": told.since, "told": told.told}
    if memory.kept:
        document["kept"] = [
            [*pair] if absence is None else [*pair, absence.since, absence.is_told, absence.last]
            for pair, absence in sorted(memory.kept.items(), key=itemgetter(0))
        ]
    return json.dumps(document, sort_keys=True)


def with_trouble(text: str | None, trouble: Trouble | None) -> str:
    """The text of the same memory with `trouble` as reported; None if there is no problem any more."""
    return encode_memory(replace(decode_memory(text), trouble=trouble))


def next_trouble(before: Trouble | None, lines: Iterable[str], plan: str, now: float) -> tuple[Trouble, bool]:
    """What to remember of a problem, and whether to report it: it is a different one, has lasted long, or was reported
    at a time to come, by a clock that was set back since.
    """
    digest = digest_of(lines)
    if before is None or before.digest != digest:
        return Trouble(digest, plan, now, now), True
    if not 0 <= now - before.told < TOLD_AGAIN:
        return replace(before, plan=plan, told=now), True
    return replace(before, plan=plan), False


def digest_of(lines: Iterable[str]) -> str:
    """SHA-256 of a text, task numbers and the like left out."""
    return hashlib.sha256(_VOLATILE.sub("", "\n".join(lines)).encode("utf-8", "backslashreplace")).hexdigest()


def clock_time(seconds: float) -> str:
    """A moment for people, such as ``2026-11-26 16:05``, in the machine's own time."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
