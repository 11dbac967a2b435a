"""Kills `arm` and `undo` at each of their lines, and looks at what the next undo makes of it.

Run as a process of its own (it traces itself and forks): ``kill_an_undo.py VERB FOLDER``; prints two lists as JSON:
an outcome for each line, and one for each process that was killed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tests.noderoot import FRR, OURS, SYSCTL, NodeRoot
from tests.unit.node.asking import Asking
from tests.unit.node.killed import a_line_of_each, is_killed_at, left_at_every_line

FORWARDING = "/proc/sys/net/ipv4/ip_forward"
OLD = {FRR: "old\n", SYSCTL: "net.ipv4.ip_forward = 0\n"}
NEW = {FRR: "new\n", OURS: "iface web\n"}
ARM: dict[str, Any] = {"id": "one", "who": "a test", "seconds": 600, "frr": "reload"}


def prepared(folder: Path) -> tuple[NodeRoot, Asking, list[Any], dict[str, str]]:
    """A node of which an apply was finished, the next one's files staged, and all that it has."""
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
    entries = [node.entry(FRR, NEW[FRR]), node.entry(OURS, NEW[OURS]), node.entry(SYSCTL, None)]
    assert asking.problems(*entries) == []
    return node, asking, entries, before


def changed(node: NodeRoot, asking: Asking, entries: list[Any]) -> None:
    """The apply, as far as its files and a setting."""
    asking.value("commit", files=entries)
    node.write(FORWARDING, "1\n")


def about_to(verb: str, folder: Path) -> tuple[NodeRoot, dict[str, str]]:
    """A node on which `verb` is what comes next, and what its apply found."""
    node, asking, entries, before = prepared(folder)
    if verb == "undo":
        asking.value("arm", **ARM)
        changed(node, asking, entries)
    return node, before


def outcome(node: NodeRoot, before: dict[str, str]) -> str:
    """What the next undo says, and what is wrong with the node after it."""
    state = str(Asking(node).value("undo", id="one")["state"])
    return state if node.tree() == before else f"after {state}: {sorted(node.tree().items() ^ before.items())}"


def main(verb: str, folder: Path) -> None:
    words = {"id": "one"} if verb == "undo" else ARM
    node, before = about_to(verb, folder / "traced")
    found = left_at_every_line(node, folder / "left", verb, **words)
    outcomes = [text for left in found for text in left.lines * [outcome(left.node, before)]]
    killed = []
    for line in a_line_of_each(found):
        node, before = about_to(verb, folder / f"killed at {line}")
        if is_killed_at(line, node, verb, **words):
            killed.append(outcome(node, before))
    print(json.dumps([outcomes, killed]))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
