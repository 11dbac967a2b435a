"""What scenarios do with `pvesdn watch`, and see of it."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from pvesdn.cli.verbs.watch import TICK
from pvesdn.watcher.turns import SETTLED
from pvesdn_lab.live.testbed.space import wait_for
from pvesdn_lab.live.testbed.watcher import Watcher
from pvesdn_lab.live.verbs.context import Context, Stopwatch, as_proof, require

_SECOND = 1.0
_VERIFIED = "when a node was verified"
_STAYS = SETTLED + 2 * TICK
"""Seconds within which whatever had changed would have been looked at."""


def watch(context: Context, *, policy: str, nodes: list[str] | None = None) -> str:
    """Have `pvesdn watch` run for these nodes, or for all that are on.

    :param policy: ``report`` or ``apply``.
    """
    lab = context.lab
    names = [node.name for node in context.nodes(nodes) if node.name not in lab.watchers]
    for name in names:
        lab.watchers[name] = Watcher(lab.cluster, name, policy)
    for name in names:
        wait_for(f"the watcher of {name} is there", partial(getattr, lab.watchers[name], "log"))
    return f"it runs for {', '.join(names)}"


def stop_watching(context: Context) -> str:
    """End it everywhere."""
    watch, watchers = Stopwatch(), context.lab.watchers
    names = list(watchers)
    statuses = {name: watchers.pop(name).end() for name in names}
    require(set(statuses.values()) == {0}, "exit status 0 everywhere", statuses)
    return f"{len(names)} have ended after {watch}"


def lose_watcher(context: Context, *, node: str) -> str:
    """It dies for one node, which loses its power with the next step."""
    context.lab.watchers.pop(node).kill()
    return f"that of {node} is gone"


def appears(context: Context, *, device: str, nodes: list[str], within: float) -> str:
    """Without anybody doing anything, these nodes have the device."""
    watch = Stopwatch()
    with as_proof():
        wait_for(
            f"{device} on {', '.join(nodes)}",
            lambda: all(device in node.devices() for node in context.nodes(nodes)),
            limit=within,
            pause=_SECOND,
        )
    return f"{device} is on {', '.join(nodes)} after {watch}"


def quiet(context: Context, *, within: float, for_good: bool = True) -> str:
    """Wait until every watcher's last look has left nothing to do, for as long as a burst would be waited for.

    :param for_good: False where it is enough that the first look is over.
    """
    watch = Stopwatch()

    def is_quiet() -> bool:
        found = [one.status() for one in context.lab.watchers.values()]
        looks = [one["look"] for one in found if one["look"] is not None]
        if any(one["busy"] == "look" for one in found):
            return False
        return any(looks) and all(not one["pending"] for one in found) and all(not one["problems"] for one in looks)

    def stays_so() -> bool:
        if not is_quiet():
            return False
        if not for_good:
            return True
        time.sleep(_STAYS)
        return is_quiet()

    with as_proof():
        wait_for("watchers without anything pending", stays_so, limit=within, pause=_SECOND)
    return f"nothing pending after {watch}"


def is_pending(context: Context, *, on: str, changed: list[str], within: float, says: str = "") -> str:
    """`pvesdn watch --status` on a node says that these nodes would be changed.

    :param says: words that its sentence about the plan has to have.
    """
    watch, watcher = Stopwatch(), context.lab.watchers[on]

    def pending() -> dict[str, Any]:
        found: dict[str, Any] = watcher.status()["pending"] or {}
        return found if found.get("summary", {}).get("changed_nodes") == changed else {}

    with as_proof():
        found = wait_for(f"{', '.join(changed)} pending on {on}", pending, limit=within, pause=_SECOND)
    require(says in found["plan"], f"'{says}' to be pending", found["plan"])
    return f"{found['plan']} ({watch})"


def verified_anew(context: Context, *, node: str, within: float, is_good: bool = True) -> str:
    """The node's watcher looks at its network once more than it had when this was last waited for.

    :param is_good: whether nothing bad is found.
    """
    watch, watcher = Stopwatch(), context.lab.watchers[node]
    before = context.notes.get(f"{_VERIFIED}: {node}")

    def verified() -> dict[str, Any]:
        found: dict[str, Any] = watcher.status()["network"] or {}
        return found if found.get("at") != before else {}

    with as_proof():
        found = wait_for(f"the network of {node} is looked at", verified, limit=within, pause=_SECOND)
    context.notes[f"{_VERIFIED}: {node}"] = found["at"]
    require((found["bad"] == 0) == is_good, "nothing bad" if is_good else "something bad", found["findings"])
    return f"{found['verdict']} ({watch})"
