"""One request and one answer.

A request is ``{"verb": str, "arguments": {...}}``; an answer ``{"ok": true, "value": {...}}`` or
``{"ok": false, "error": str, "hint": str}``. The verbs are functions of the other parts (`VERBS`), of which those are
here that a request needs; their docstrings are the protocol.

Environment: PVESDN_ROOT, a folder, makes the program treat that folder as the node: every path is taken below it, and
commands are those of its `bin` folder only, so that a simulated node cannot touch its host.
"""

import json
import os
import sys

from pvesdn.node.program.machine import Machine, Refused, told
from pvesdn.node.program.process import this_machine
from pvesdn.node.program.request import VERBS, Value, Verb

MARKER = "----pvesdn-answer----"
"""The line before the answer; a login shell may print before it."""


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


def _verb(name: str) -> Verb:
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
    """Read one request from standard input, answer on standard output."""
    machine = this_machine()
    result = answer(machine, sys.stdin.buffer.read())
    sys.stdout.write(f"\n{MARKER}\n{json.dumps(result, separators=(',', ':'))}\n")


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # nothing is left to be done, and to take Python apart is a tenth of a call
