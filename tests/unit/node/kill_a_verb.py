"""Kills a verb that writes before each of its system calls, and looks at what the next undo makes of it.

Run as a process of its own (it forks): ``kill_a_verb.py VERB FOLDER``; prints two lists as JSON: an outcome for each
system call, and one for each process that was killed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tests.noderoot import DROP_IN, FRR, OURS, SYSCTL, NodeRoot
from tests.unit.node.asking import Asking
from tests.unit.node.killed import a_call_of_each, is_killed_at, left_at_every_call

FORWARDING = "/proc/sys/net/ipv4/ip_forward"
GONE = DROP_IN.replace("lan", "dmz")
OLD = {FRR: "old\n", SYSCTL: "net.ipv4.ip_forward = 0\n", GONE: "old\n"}
NEW = {FRR: "new\n", OURS: "iface web\n", DROP_IN: "new\n"}
ONE: dict[str, Any] = {"id": "one"}
ARM: dict[str, Any] = {**ONE, "who": "a test", "seconds": 600, "frr": "reload"}
STEPS = ("stage", "arm", "commit", "finish")
"""An apply's, in their order; what comes after them is asked of a node on which all are done."""

Tree = dict[str, str]


def about_to(verb: str, folder: Path) -> tuple[NodeRoot, dict[str, Any], Tree]:
    """A node on which `verb` is what comes next, the verb's arguments, and what the apply has found."""
    node = NodeRoot(folder)
    for name in ("ip", "bridge"):
        node.command(name, prints="[]")
    for name in ("ifreload", "vtysh", "systemctl", "sysctl"):
        node.command(name)
    node.write(FORWARDING, "0\n")
    asking = Asking(node)
    asking.write(*(node.entry(path, text) for path, text in OLD.items()))
    asking.value("finish")
    before = node.tree()
    removed = (path for path in OLD if path not in NEW)
    changed = {**NEW, **dict.fromkeys(removed)}
    files = {"files": [node.entry(path, text) for path, text in changed.items()]}
    arguments = {"stage": files, "commit": files, "arm": ARM, "finish": {}}
    for step in STEPS:
        if step == verb:
            break
        asking.value(step, **arguments[step])
        if step == "commit":
            node.write(FORWARDING, "1\n")
    return node, arguments.get(verb, ONE), before


def outcome(verb: str, node: NodeRoot, before: Tree) -> str:
    """What the next undo says, and what is wrong with the node after it: the apply that was killed is over, and either
    nothing of it is left or, where it had come to its end, all of it.
    """
    asking = Asking(node)
    state = str(asking.value("undo", **ONE)["state"])
    now = {
        path: text for path, text in node.tree().items() if not _is_hidden(path)
    }  # what is staged is in nobody's way
    if verb == "disarm" and state == "nothing":
        kept = {f"/{path}": text for path, text in now.items() if f"/{path}" in {*OLD, *NEW}}
        return "kept" if kept == NEW else f"after disarm: {sorted(kept.items())}"
    if now != before:
        return f"after {state}: {sorted(now.items() ^ before.items())}"
    problems = asking.problems(node.entry(FRR, "newer\n"))
    asking.value("discard", files=[FRR])
    problems += [] if not node.place(DROP_IN).parent.exists() else ["the folder of a drop-in is left"]
    left = [path for path in node.tree() if _is_hidden(path)]
    return f"after {state}: {problems} {left}" if problems or left else state


def main(verb: str, folder: Path) -> None:
    node, words, before = about_to(verb, folder / "traced")
    found = left_at_every_call(node, folder / "left", verb, **words)
    outcomes = [text for left in found for text in left.calls * [outcome(verb, left.node, before)]]
    killed = []
    for call in a_call_of_each(found):
        node, words, before = about_to(verb, folder / f"killed at {call}")
        if is_killed_at(call, node, verb, **words):
            killed.append(outcome(verb, node, before))
    print(json.dumps([outcomes, killed]))


def _is_hidden(path: str) -> bool:
    return path.rpartition("/")[2].startswith(".")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
