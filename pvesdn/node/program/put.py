"""The verb `put`: a file of ours in the cluster file system, which has its own ways."""

import contextlib
import os
import re
import time
from typing import List, Optional

from pvesdn.node.program.files import digest_of, require_file, sha256
from pvesdn.node.program.machine import Machine, Refused
from pvesdn.node.program.quorum import NOT_WRITABLE
from pvesdn.node.program.request import VERBS, Value, encoded, optional_text_at, text_at

PUT_PATTERN = re.compile(r"/etc/pve/sdn/pvesdn[A-Za-z0-9._-]*")
"""What `put` may write. PVE's own definitions are written through PVE's API alone, which locks them."""
DRAFT = re.compile(r"pvesdn[A-Za-z0-9._-]*\.tmp\.(?P<node>[A-Za-z0-9._-]+)\.(?P<process>[0-9]+)")
"""Names of what `put` writes before it renames it; the last two words are the node and the process that write."""
DRAFT_LIFE = 60.0
"""Seconds. A write and a rename take none of them, so an older draft of another node's belongs to nobody."""


def put(machine: Machine, arguments: Value) -> Value:
    """Write one of our own files in the cluster file system: ``{"path": "/etc/pve/sdn/pvesdn…", "text"}`` -> ``{}``.

    With ``expect``, the digest of what it replaces or null for nothing, any other text stays, unless it is ``text``
    already.
    """
    path, data = text_at(arguments, "path"), encoded(text_at(arguments, "text"))
    expect = [optional_text_at(arguments, "expect"), sha256(data)] if "expect" in arguments else None
    if not PUT_PATTERN.fullmatch(path):
        raise Refused(f"{path!r} is not a file that pvesdn may write")
    place = machine.place(path)
    require_file(machine, path)
    temporary = f"{place}.tmp.{os.uname().nodename}.{os.getpid()}"
    remove_drafts(machine, os.path.dirname(path))
    try:
        # No chmod, no chown: pmxcfs refuses both. It stores every write on disk by itself.
        with open(temporary, "wb") as file:
            file.write(data)
        require_one_of(machine, path, expect)
        machine.rename(temporary, place)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        if not isinstance(error, OSError):
            raise
        read_only = error.errno in NOT_WRITABLE
        hint = "the cluster file system is read-only without a quorum: pvecm status" if read_only else ""
        raise Refused(f"{path}: {error.strerror}", hint) from None
    return {}


def require_one_of(machine: Machine, path: str, digests: Optional[List[Optional[str]]]) -> None:
    """Return if the file is one of these, None standing for no file; without a list it may be anything."""
    if digests is not None and digest_of(machine, path) not in digests:
        raise Refused(f"{path} has changed since it was read", "plan again")


def remove_drafts(machine: Machine, folder: str) -> None:
    """Remove what a killed `put` left. The cluster file system has no nameless files that would go by themselves."""
    place = machine.place(folder)
    with contextlib.suppress(OSError):
        for name in os.listdir(place):
            draft = DRAFT.fullmatch(name)
            if draft is None:
                continue
            with contextlib.suppress(OSError):
                here = draft.group("node") == os.uname().nodename
                is_dead = here and not os.path.exists("/proc/" + draft.group("process"))
                if is_dead or time.time() - os.stat(os.path.join(place, name)).st_mtime > DRAFT_LIFE:
                    os.unlink(os.path.join(place, name))


VERBS.update(put=put)
