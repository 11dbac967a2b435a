"""Kills `arm` and `undo` at their first line, at their second and so on, and looks at what the next undo makes of it.

Run as a process of its own (it forks): ``kill_an_undo.py VERB FOLDER``; prints one JSON list.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tests.noderoot import FRR, OURS, SYSCTL, NodeRoot
from tests.unit.node.asking import Asking
from tests.unit.node.kill_at_every_line import ends_before_line

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


def outcome(last: int, verb: str, folder: Path) -> tuple[bool, str]:
    """Whether the call came to its end, and what the node has after the next undo."""
    node, asking, entries, before = prepared(folder)
    if verb == "undo":
        asking.value("arm", **ARM)
        changed(node, asking, entries)
    words = {"id": "one"} if verb == "undo" else ARM
    ended = ends_before_line(last, node, verb, **words)
    state = asking.value("undo", id="one")["state"]
    return ended, state if node.tree() == before else f"after {state}: {sorted(node.tree().items() ^ before.items())}"


def main(verb: str, folder: Path) -> None:
    outcomes = []
    for last in range(1, 5000, 7 if verb == "undo" else 3):
        ended, found = outcome(last, verb, folder / str(last))
        outcomes.append(found)
        if ended:
            break
    print(json.dumps(outcomes))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
