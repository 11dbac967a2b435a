"""What the program left on a node does with nobody's help: on a person's word, at a deadline, and at boot.

As a file, with the word `undo` behind it, it asks nobody: a person types that on a node that nobody can reach, and what
`set_guard` leaves on a node says it at a deadline and at boot.
"""

import contextlib
import os
import signal
import sys
import time
from typing import Callable, Dict, List, Optional

from pvesdn.node.program.checkpoint import COMMITTING, KEPT, drop_checkpoint, is_due, load_checkpoint
from pvesdn.node.program.drop_ins import targets
from pvesdn.node.program.machine import Machine, Refused
from pvesdn.node.program.places import PROGRAM
from pvesdn.node.program.process import this_machine
from pvesdn.node.program.request import Value
from pvesdn.node.program.settle import settled
from pvesdn.node.program.swap import Busy, locked, unstage
from pvesdn.node.program.token import with_found_token
from pvesdn.node.program.undo import put_back, put_files_back

ENDINGS = {
    "nothing": "there is no checkpoint",
    "untouched": "nothing had been changed",
    "restored": "this node is as it was before",
    "partly": "put back in part",
    "kept": "PVE's definitions were committed, so this node keeps what it has: run pvesdn plan",
    "undecided": "nobody can tell yet whether PVE's definitions were committed: /etc/pve has no quorum",
}
LOOKS = 5.0
"""Seconds between two looks at the deadline where there is no systemd."""


def undo_by_hand(machine: Machine) -> int:
    """Whatever checkpoint there is, at once, told to a person; the exit status."""
    with locked(machine):
        checkpoint = load_checkpoint(machine)
        return _said(put_back(machine, checkpoint and with_found_token(machine, checkpoint)))


def undo_if_overdue(machine: Machine) -> int:
    """Put the node back if the deadline of its checkpoint is over, and nobody is at work on it."""
    if not _may_act(machine, load_checkpoint(machine)):
        return 0
    try:
        with locked(machine):
            checkpoint = load_checkpoint(machine)
            if not _may_act(machine, checkpoint):  # somebody was faster
                return 0
            if checkpoint is None:
                drop_checkpoint(machine)  # what an apply that was killed while it armed has left
                return 0
            print("the apply by {who} has been left alone on this node".format(**checkpoint))
            return _said(settled(machine, checkpoint))
    except Busy:
        return 0


def undo_at_boot(machine: Machine) -> int:
    """Put the files back before the network comes up from them; the rest is for `undo_if_overdue`, once it is up."""
    with locked(machine):
        checkpoint = load_checkpoint(machine)
        if checkpoint is not None and COMMITTING not in checkpoint["begun"] and not checkpoint.get(KEPT):
            print("this node was restarted in the middle of an apply by {who}".format(**checkpoint))
            unstage(machine, targets(machine))
            for line in put_files_back(machine, checkpoint):
                print(line)
    return 0


def guard(machine: Machine, name: str) -> int:
    """What the timer does, where there is none: a process of its own, until the apply `name` is over."""
    if os.fork():
        return 0
    os.setsid()
    os.chdir("/")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        time.sleep(LOOKS)
        with contextlib.suppress(Refused, OSError):
            checkpoint = load_checkpoint(machine)
            if checkpoint is None or checkpoint["id"] != name:
                return 0
            undo_if_overdue(machine)


WORDS: Dict[str, Callable[[Machine], int]] = {
    "": undo_by_hand,
    "--if-overdue": undo_if_overdue,
    "--at-boot": undo_at_boot,
}


def act(machine: Machine, words: List[str]) -> int:
    """What the words after ``undo`` ask for; the exit status."""
    try:
        if words[:1] == ["--guard"] and len(words) == 2:
            return guard(machine, words[1])
        if " ".join(words) in WORDS:
            return WORDS[" ".join(words)](machine)
    except Refused as refused:
        print(f"{refused.error}; {refused.hint}" if refused.hint else refused.error)
        return 1
    print("usage: python3 {} undo [{}]".format(PROGRAM, " | ".join(filter(None, WORDS))))
    return 2


def _may_act(machine: Machine, checkpoint: Optional[Value]) -> bool:
    return checkpoint is None or is_due(machine, checkpoint)


def _said(done: Value) -> int:
    for line in done["log"]:
        print(line)
    for line in done["left"]:
        print("{}: {}".format("not as before" if done["state"] == "partly" else "still to be done", line))
    print(ENDINGS[done["state"]])
    return int(bool(done["left"]))


if __name__ == "__main__" and sys.argv[1:2] == ["undo"]:
    sys.exit(act(this_machine(), sys.argv[2:]))
