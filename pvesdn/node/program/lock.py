"""The verbs `lock`, `renew` and `unlock`: one apply at a time over the cluster, kept as PVE keeps its own locks.

A lock is an empty folder below /etc/pve/priv/lock: pmxcfs makes it once for the whole cluster. What pmxcfs does with
such folders, and what follows from that:

* It ends none by itself. Somebody has to ask, by setting its time to 0; then one is ended that has not changed for 120
  seconds, by the memory of the member with the lowest id. So whoever waits asks once a second.
* Only the member that made it can set its time, to one that is not earlier. So it is renewed by one node alone, with a
  time that is said: "now" arrives as 0 there.
* A folder with something in it is never ended. So who has the lock stands in a file beside it.
* Anybody can remove it. So whoever removes it looks first whether it is still theirs.
"""

import contextlib
import errno
import fcntl
import json
import os
import re
import time
from typing import Iterator

from pvesdn.node.program.files import text_of
from pvesdn.node.program.machine import Machine, Refused
from pvesdn.node.program.places import CLUSTER_LOCK, LOCK_FOLDER, LOCK_HOLDER, STATE_DIR
from pvesdn.node.program.quorum import NOT_WRITABLE, has_quorum
from pvesdn.node.program.record import json_bytes, unkept
from pvesdn.node.program.request import VERBS, Value, text_at

LOCK_ID = re.compile(r"[0-9a-f]{1,64}")
LONGEST_WHO = 200
"""Characters."""
PAUSE, ATTEMPTS = 0.1, 50
"""Seconds between two attempts to be the only one on this node, and how many are made: what others do takes none."""


def lock(machine: Machine, arguments: Value) -> Value:
    """Take the cluster lock: ``{"id", "who"}`` -> ``{"holder": null}``, or who has it: ``{"holder": {"id", "who",
    "age"}}``, ``age`` being seconds or null.

    Asked again by the one who has it, through the same node, it is renewed. For anybody else each call asks pmxcfs to
    end a lock that nobody renews.
    """
    name, who = _id_in(arguments), text_at(arguments, "who")
    if len(who) > LONGEST_WHO or not who.isprintable():
        raise Refused("argument 'who' is too long, or not one line of text")
    with _alone(machine):
        try:
            _make_lock_folder(machine)
            machine.make_folder(machine.place(CLUSTER_LOCK))
        except FileExistsError:
            holder = _holder(machine)
            if holder["id"] == name and _is_renewed(machine):
                return {"holder": None}
            with contextlib.suppress(OSError):  # it is not over yet, or was given back just now
                machine.set_time(machine.place(CLUSTER_LOCK), 0)
            return {"holder": holder}
        except OSError as error:
            raise _unwritable(machine, error) from None
        try:
            with open(machine.place(LOCK_HOLDER), "wb") as file:
                file.write(json_bytes({"id": name, "who": who, "since": time.time()}))
        except OSError as error:
            with contextlib.suppress(OSError):
                machine.remove_folder(machine.place(CLUSTER_LOCK))
            raise _unwritable(machine, error) from None
    return {"holder": None}


def renew(machine: Machine, arguments: Value) -> Value:
    """Keep the cluster lock for another 120 s: ``{"id"}`` -> ``{"is_held": bool}``, false where it was lost."""
    name = _id_in(arguments)
    with _alone(machine):
        return {"is_held": _holder(machine)["id"] == name and _is_renewed(machine)}


def unlock(machine: Machine, arguments: Value) -> Value:
    """Give the cluster lock back: ``{"id"}`` -> ``{"was_held": bool}``; somebody else's is left alone."""
    name = _id_in(arguments)
    with _alone(machine):
        # Renewed first: that tells whether this node has made it, and keeps others from it while it is removed.
        if _holder(machine)["id"] != name or not _is_renewed(machine):
            return {"was_held": False}
        try:
            machine.remove_file(machine.place(LOCK_HOLDER))
            machine.remove_folder(machine.place(CLUSTER_LOCK))
        except OSError as error:
            raise _unwritable(machine, error) from None
    return {"was_held": True}


def _id_in(arguments: Value) -> str:
    name = text_at(arguments, "id")
    if not LOCK_ID.fullmatch(name):
        raise Refused("argument 'id' is not hexadecimal")
    return name


@contextlib.contextmanager
def _alone(machine: Machine) -> Iterator[None]:
    """One of these verbs at a time on this node: pmxcfs tells nodes apart, and not the programs on one.

    The node's own lock is another one: it is held while an apply works on the node, and renewing must not wait for it.
    """
    place = machine.place(STATE_DIR)
    try:
        os.makedirs(place, mode=0o700, exist_ok=True)
        descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise unkept(STATE_DIR, error) from None
    try:
        for attempt in range(ATTEMPTS):
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            if attempt == ATTEMPTS - 1:
                raise Refused("another pvesdn hangs on this node while it asks for the cluster lock", "is pmxcfs well?")
            time.sleep(PAUSE)
        yield
    finally:
        os.close(descriptor)


def _make_lock_folder(machine: Machine) -> None:
    """PVE makes it with its first lock; then it stays.

    :raises OSError: pmxcfs does not take it.
    """
    place = machine.place(LOCK_FOLDER)
    if not os.path.isdir(os.path.dirname(place)):
        what = f"{os.path.dirname(LOCK_FOLDER)} is not there, so the cluster lock cannot be taken"
        raise Refused(what, "the cluster file system is not mounted: systemctl status pve-cluster")
    if not os.path.isdir(place):
        with contextlib.suppress(FileExistsError):
            machine.make_folder(place)


def _holder(machine: Machine) -> Value:
    """Who has written down that the lock is theirs; nobody knows where that was cut off, or is not what we write."""
    with contextlib.suppress(Refused, OSError, ValueError, KeyError, TypeError, RecursionError):
        told = json.loads(text_of(machine, LOCK_HOLDER) or "null")
        name, who, since = told["id"], told["who"], told["since"]
        if isinstance(name, str) and isinstance(who, str) and isinstance(since, float):
            return {"id": name, "who": who, "age": max(0.0, time.time() - since)}
    return {"id": "", "who": "", "age": None}


def _is_renewed(machine: Machine) -> bool:
    """Give the lock its time again; whether this node has made it, and it is still there.

    :raises Refused: nobody can tell, since pmxcfs takes no writes.
    """
    place = machine.place(CLUSTER_LOCK)
    try:
        before: float = os.stat(place).st_mtime
        machine.set_time(place, max(int(time.time()), int(before)))  # a clock that was set back must not cost the lock
    except FileNotFoundError:
        return False
    except OSError as error:
        if error.errno == errno.EACCES and not _lacks_quorum(machine):
            return False
        raise _unwritable(machine, error) from None
    return True


def _unwritable(machine: Machine, error: OSError) -> Refused:
    """Why pmxcfs takes no write: it says EACCES both without a quorum and to those who may not write."""
    if error.errno not in NOT_WRITABLE:
        return Refused(f"{CLUSTER_LOCK}: {error.strerror}")
    if _lacks_quorum(machine):
        what = "the cluster has no quorum, so nobody can be kept from applying at the same time"
        return Refused(what, "see `pvecm status`, and try again when there is a quorum")
    return Refused(f"{CLUSTER_LOCK}: {error.strerror}", "pvesdn must be root on the node that keeps the cluster lock")


def _lacks_quorum(machine: Machine) -> bool:
    """False also where nobody can tell."""
    with contextlib.suppress(Refused, OSError, ValueError):
        return not has_quorum(machine)
    return False


VERBS.update(lock=lock, renew=renew, unlock=unlock)
