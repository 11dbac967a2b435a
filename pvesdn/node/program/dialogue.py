"""One request and one answer.

A request is ``{"verb": str, "arguments": {...}}``; an answer ``{"ok": true, "value": {...}}`` or
``{"ok": false, "error": str, "hint": str}``. The verbs are the functions in `VERBS`; their docstrings are the protocol.

Environment: PVESDN_ROOT, a folder, makes the program treat that folder as the node: every path is taken below it, and
commands are those of its `bin` folder only, so that a simulated node cannot touch its host.
"""

import json
import os
import signal
import sys
from typing import Callable, Dict

from pvesdn.node.program.alone import act
from pvesdn.node.program.arm import arm
from pvesdn.node.program.changed import reload_changed
from pvesdn.node.program.commit import commit
from pvesdn.node.program.finish import finish
from pvesdn.node.program.flood import flood
from pvesdn.node.program.frr import frr
from pvesdn.node.program.hold import disarm, hold, standing
from pvesdn.node.program.lock import lock, renew, unlock
from pvesdn.node.program.look_up import look_up
from pvesdn.node.program.machine import Machine, Refused, told
from pvesdn.node.program.nat import nat
from pvesdn.node.program.observe import observe
from pvesdn.node.program.probe import probe
from pvesdn.node.program.put import put
from pvesdn.node.program.read import read
from pvesdn.node.program.readvertise import readvertise
from pvesdn.node.program.reload import reload
from pvesdn.node.program.request import Value
from pvesdn.node.program.serve import serve
from pvesdn.node.program.stage import discard, stage
from pvesdn.node.program.sweep import settle
from pvesdn.node.program.sysctl import sysctl
from pvesdn.node.program.undo import undo

MARKER = "----pvesdn-answer----"
"""The line before the answer; a login shell may print before it."""

VERBS: Dict[str, Callable[[Machine, Value], Value]] = {
    "read": read,
    "observe": observe,
    "look_up": look_up,
    "stage": stage,
    "commit": commit,
    "discard": discard,
    "sysctl": sysctl,
    "frr": frr,
    "reload": reload,
    "reload_changed": reload_changed,
    "readvertise": readvertise,
    "flood": flood,
    "serve": serve,
    "nat": nat,
    "finish": finish,
    "arm": arm,
    "hold": hold,
    "standing": standing,
    "undo": undo,
    "settle": settle,
    "disarm": disarm,
    "put": put,
    "lock": lock,
    "renew": renew,
    "unlock": unlock,
    "probe": probe,
}


def answer(machine: Machine, request: bytes) -> Value:
    """Do what a request says. Every failure is an answer too; nothing is raised but what ends the process."""
    try:
        document = json.loads(request.decode("utf-8"))
        return {"ok": True, "value": _verb(document["verb"])(machine, document["arguments"])}
    except Refused as refused:
        return {"ok": False, "error": refused.error, "hint": refused.hint}
    except OSError as error:
        return {"ok": False, "error": told(error), "hint": ""}
    except Exception as error:
        text = f"the node program failed: {type(error).__name__} in {_raised_in(error)}"
        return {"ok": False, "error": text, "hint": "this is a bug in pvesdn: please report it"}


def _verb(name: str) -> Callable[[Machine, Value], Value]:
    if name not in VERBS:
        raise Refused(f"the node program has no verb {name!r}")
    return VERBS[name]


def _raised_in(error: Exception) -> str:
    """The part and the line that raised `error`."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    if place is None:
        return "an unknown line"
    return f"{os.path.basename(place.tb_frame.f_code.co_filename)}, line {place.tb_lineno}"


def main() -> None:
    """Read one request from standard input, answer on standard output.

    As a file, with the word `undo` behind it, it asks nobody: a person types that on a node that nobody can reach, and
    what `guard` leaves on a node says it at a deadline and at boot.
    """
    # A dropped connection must not end us between two steps: what was begun is finished, or taken back.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    machine = Machine(os.environ.get("PVESDN_ROOT", ""), globals().get("SOURCE", b""))
    if sys.argv[1:2] == ["undo"]:
        sys.exit(act(machine, sys.argv[2:]))
    result = answer(machine, sys.stdin.buffer.read())
    sys.stdout.write(f"\n{MARKER}\n{json.dumps(result, separators=(',', ':'))}\n")


if __name__ == "__main__":
    main()
