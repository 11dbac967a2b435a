"""The checkpoint: how the node was before an apply; on disk before anything is done, and gone when all is over."""

import base64
import contextlib
import json
import os
import time
from typing import Iterator, List, Optional

from pvesdn.node.program.files import digest_of, remove_whole, text_of, write_whole
from pvesdn.node.program.guard import clear_guard
from pvesdn.node.program.machine import Machine, Refused
from pvesdn.node.program.places import CHECKPOINT, CLUSTER_FOLDER, RUNNING_CONFIG
from pvesdn.node.program.record import json_bytes
from pvesdn.node.program.request import Value

FORMAT = 1
WAITING = "waiting"
"""Among the steps: all is done, and stays only if somebody confirms it."""
COMMITTING = "committing"
"""Among them too: PVE's commit comes next, and from then on PVE's definitions decide."""
KEPT = "is_kept"
"""Of a checkpoint: PVE has committed, so nothing is put back, and only PVE's lock is still to be given back."""
LONGEST_PAUSE = 3600.0
"""Seconds between two attempts of a node to put itself back."""
_KEYS = frozenset(
    {
        *("format", "id", "who", "boot", "since", "seconds", "deadline", "begun", "attempts", "running"),
        *("frr_action", "files", "written", "remotes", "touched", "uplinks", "settings", "devices", "routes", "frr"),
    }
)


def load_checkpoint(machine: Machine) -> Optional[Value]:
    """The checkpoint of an apply that is not over; None when there is none.

    :raises Refused: it is damaged, or of another version of pvesdn.
    """
    text = text_of(machine, CHECKPOINT)
    if text is None:
        return None
    try:
        document = json.loads(text)
        if document["format"] == FORMAT and document.keys() >= _KEYS:
            return dict(document)
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise Refused(
        f"{CHECKPOINT}, how the node was before an earlier apply, is not what this version writes",
        "keep a copy of it, move it away, and run pvesdn plan to see what the node lacks",
    )


def save_checkpoint(machine: Machine, checkpoint: Value) -> None:
    """Replace it, whole and safely on disk. The caller holds the node's lock."""
    write_whole(machine, CHECKPOINT, json_bytes(checkpoint))


def drop_checkpoint(machine: Machine) -> None:
    """The apply is over, one way or the other, and nothing acts for it any more. The caller holds the node's lock."""
    remove_whole(machine, CHECKPOINT)
    clear_guard(machine)


def text_before(checkpoint: Value, path: str) -> str:
    """The text of a file as it was before the apply; empty where there was none."""
    held: Optional[Value] = checkpoint["files"][path]
    return base64.b64decode(held["data"]).decode("utf-8", "replace") if held else ""


def runs_pves_of_before(machine: Machine, checkpoint: Value) -> bool:
    """Whether what PVE has committed is what it was before the apply; false where nobody can tell.

    Of a rehearsal it is so while /etc/pve is not mounted, as early at a boot: what was only tried out is not PVE's.
    """
    if checkpoint.get("rehearses") and not os.path.isdir(machine.place(CLUSTER_FOLDER)):
        return True
    try:
        return bool(digest_of(machine, RUNNING_CONFIG) == checkpoint["running"])
    except (Refused, OSError):
        return False


def begun(machine: Machine, step: str) -> None:
    """Write down that `step` is about to be done, where an apply has left a checkpoint, and move its deadline on.

    The caller holds the lock. :param step: the verb; empty where nothing is about to be done.
    :raises Refused: the node was restarted, and has its files of before.
    """
    checkpoint = load_checkpoint(machine)
    if checkpoint is not None:
        if was_put_back_at_boot(checkpoint):
            what = "this node was restarted in the middle of the apply, and puts itself back"
            raise Refused(what, "run pvesdn apply again")
        steps: List[str] = checkpoint["begun"]
        more = [step] if step and step not in steps else []
        deadline = uptime(machine) + checkpoint["seconds"]
        save_checkpoint(machine, dict(checkpoint, begun=[*steps, *more], boot=boot_id(machine), deadline=deadline))


@contextlib.contextmanager
def at_work(machine: Machine, step: str) -> Iterator[None]:
    """Write `step` down before it is done, and give the apply its time again after it, however long it took.

    The caller holds the lock: while it does, nothing is put back, whatever the deadline says.
    """
    begun(machine, step)
    try:
        yield
    finally:
        with contextlib.suppress(Refused, OSError):  # what was done is done
            begun(machine, "")


def postponed(machine: Machine, checkpoint: Value) -> Value:
    """The checkpoint of which an attempt is about to be made, or has failed, from now on; pauses grow from 30 s to an
    hour. :param checkpoint: that attempt is counted already.
    """
    pause = min(LONGEST_PAUSE, 15.0 * 2 ** min(checkpoint["attempts"], 20))
    now = uptime(machine)
    return dict(checkpoint, boot=boot_id(machine), deadline=now, again=now + pause)


def once_more(checkpoint: Value) -> Value:
    """The checkpoint with one more attempt to put the node back."""
    return dict(checkpoint, attempts=checkpoint["attempts"] + 1)


def seconds_left(machine: Machine, checkpoint: Value) -> float:
    """Until nobody can be at work on it any more; 0 when that is so already, as it is after a reboot."""
    left: float = checkpoint["deadline"] - uptime(machine)
    return max(0.0, left) if checkpoint["boot"] == boot_id(machine) else 0.0


def is_due(machine: Machine, checkpoint: Value) -> bool:
    """Whether the node is to put itself back now: nobody is at work, and the last attempt is long enough ago."""
    is_same_boot = checkpoint["boot"] == boot_id(machine)
    waits = is_same_boot and checkpoint.get("again", 0.0) > uptime(machine)
    return seconds_left(machine, checkpoint) == 0.0 and not waits


def was_put_back_at_boot(checkpoint: Value) -> bool:
    """Whether the node was restarted meanwhile, and its files are those of before: the rest is about to follow."""
    return bool(checkpoint.get("is_booted"))


def refuse_while_open(machine: Machine, checkpoint: Optional[Value]) -> None:
    """Return unless an apply is at work on the node, as far as anybody can tell."""
    left = 0.0 if checkpoint is None else seconds_left(machine, checkpoint)
    if checkpoint is not None and left > 0:
        ago = uptime(machine) - checkpoint["since"]
        name, words = checkpoint["id"], "if it was killed, the node"
        if WAITING in checkpoint["begun"]:
            words = f"`pvesdn confirm {name}` keeps what it has done; otherwise the node"
        raise Refused(
            "an apply by {}, begun {:.0f} s ago, is still open on this node".format(checkpoint["who"], ago),
            f"wait until it ends, or say `pvesdn rollback {name}`; {words} puts itself back in {left:.0f} s",
        )


def boot_id(machine: Machine) -> str:
    """This boot's name; empty where the kernel does not tell."""
    return (text_of(machine, "/proc/sys/kernel/random/boot_id") or "").strip()


def uptime(machine: Machine) -> float:
    """Seconds since this boot, sleep included: no clock of the controller's, and none that anybody sets."""
    text = text_of(machine, "/proc/uptime") if machine.root else None
    return time.clock_gettime(time.CLOCK_BOOTTIME) if text is None else float(text.split()[0])
