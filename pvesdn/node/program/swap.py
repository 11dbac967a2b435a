"""Putting staged files in place, all or none: the node's lock, the journal of a swap, and the way back.

Whatever happens, a node has the files of before a swap or those after it: temporaries lie beside their targets, are
renamed under a journal, and a swap that was killed half-way is taken back by whoever takes the lock next.
"""

import contextlib
import fcntl
import json
import os
import signal
import time
from typing import Iterator, List

from pvesdn.node.program.drop_ins import remove_folder
from pvesdn.node.program.files import beside, digest_of, sha256, sync_folders, text_of, write_new, write_whole
from pvesdn.node.program.machine import Machine, Refused
from pvesdn.node.program.places import JOURNAL, LOCK, RECORD
from pvesdn.node.program.record import json_bytes, load_record, save_record, unkept
from pvesdn.node.program.request import Change

WAITS_FOR = 2.0
"""Seconds that another process may have the node's lock before it counts as at work: an apply tells every node now and
then that it is alive, in milliseconds, and what comes at that moment comes after it.
"""


class Busy(Refused):
    """Another process is changing this node."""


@contextlib.contextmanager
def locked(machine: Machine) -> Iterator[None]:
    """Hold the node's lock, and take back what a killed swap left; Busy when another process keeps it for longer than
    `WAITS_FOR`.
    """
    place = machine.place(LOCK)
    try:
        os.makedirs(os.path.dirname(place), mode=0o700, exist_ok=True)
        descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise unkept(LOCK, error) from None
    with open(descriptor, "rb"):
        _take(descriptor)
        _recover(machine)
        yield


def _take(descriptor: int) -> None:
    end = time.monotonic() + WAITS_FOR
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                raise Busy(
                    f"another pvesdn is running on this node: {LOCK} is held", "wait until it ends and try again"
                ) from None
        time.sleep(0.02)


def recover_if_killed(machine: Machine) -> None:
    """Take back a swap that was killed half-way, such as by a power cut, unless somebody is at work on this node."""
    if digest_of(machine, JOURNAL) is not None:
        with contextlib.suppress(Busy), locked(machine):
            pass


def staged(machine: Machine, path: str) -> str:
    """Where the new content of `path` waits."""
    return beside(machine, path, "pvesdn-new")


def kept(machine: Machine, path: str) -> str:
    """Where the old content of `path` is kept while files are swapped."""
    return beside(machine, path, "pvesdn-old")


def on_its_way_back(machine: Machine, path: str) -> str:
    """Where the content of before is written before it becomes `path` again."""
    return beside(machine, path, "pvesdn-back")


def unstage(machine: Machine, paths: List[str]) -> None:
    """Take what waits away, and what a way back that was killed has left. The caller holds the lock."""
    for path in paths:
        for place in (staged(machine, path), on_its_way_back(machine, path)):
            # One that stays does no harm: no wildcard matches it, and the next stage replaces it or says why not.
            with contextlib.suppress(OSError):
                os.unlink(place)
        remove_folder(machine, path)


def swap(machine: Machine, changes: List[Change]) -> None:
    """Put all staged files and the record of their digests in place, or none. The caller holds the lock."""
    record = load_record(machine)
    meanings = dict(record.pop("meanings", {}))
    for change in changes:
        record["files"].pop(change.path, None)
        meanings.pop(change.path, None)
        if change.data is not None and not change.is_pves:
            record["files"][change.path] = sha256(change.data)
            if change.meaning is not None:
                meanings[change.path] = change.meaning
    if meanings:
        record["meanings"] = meanings
    record["unfinished"] = True
    last = Change(RECORD, json_bytes(record), 0o600, "", digest_of(machine, RECORD))
    write_new(staged(machine, RECORD), last.data or b"", last.mode)
    steps = [*changes, last]
    journal = [{"path": step.path, "existed": step.expect is not None, "digest": sha256(step.data)} for step in steps]
    with _undisturbed():
        write_whole(machine, JOURNAL, json_bytes({"steps": journal}))
        try:
            for step in steps:
                _swap_one(machine, step)
            sync_folders(machine, [step.path for step in steps])
        except BaseException:
            _recover(machine)
            raise
        _forget_journal(machine, [step.path for step in steps])


def _swap_one(machine: Machine, step: Change) -> None:
    place, old = machine.place(step.path), kept(machine, step.path)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(old)
    if step.expect is not None:
        os.link(place, old)
    if step.data is not None:
        machine.rename(staged(machine, step.path), place)
    elif step.expect is not None:
        os.unlink(place)


def _recover(machine: Machine) -> None:
    """Take back the swap that the journal tells of; nothing when there is no journal. The caller holds the lock."""
    text = text_of(machine, JOURNAL)
    if text is None:
        return
    try:
        steps = [{key: step[key] for key in ("path", "existed", "digest")} for step in json.loads(text)["steps"]]
    except (ValueError, KeyError, TypeError):
        hint = "compare the files with the .pvesdn-old ones beside them, then move it away"
        raise Refused(f"{JOURNAL}, which says how to undo a killed commit, is damaged", hint) from None
    for step in reversed(steps):
        path = step["path"]
        # Leave what somebody has edited since.
        if digest_of(machine, path) != step["digest"]:
            continue
        if step["existed"] and os.path.exists(kept(machine, path)):
            os.replace(kept(machine, path), machine.place(path))
        elif not step["existed"] and step["digest"] is not None and not os.path.exists(staged(machine, path)):
            os.unlink(machine.place(path))
    unstage(machine, [step["path"] for step in steps])
    sync_folders(machine, [step["path"] for step in steps])
    record = load_record(machine)
    if record["files"]:
        # The live network may have seen the files that went: the next apply must reload.
        save_record(machine, dict(record, unfinished=True))
    _forget_journal(machine, [step["path"] for step in steps])


def _forget_journal(machine: Machine, paths: List[str]) -> None:
    os.unlink(machine.place(JOURNAL))
    sync_folders(machine, [JOURNAL])
    for path in paths:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(kept(machine, path))
        remove_folder(machine, path)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Let signals wait while files are renamed: milliseconds, and the connection may drop meanwhile."""
    signals = {signal.SIGHUP, signal.SIGINT, signal.SIGTERM}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
