"""What the nodes of a cluster are together, and what follows from it: worked out again only when a node has changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

from pvesdn_lab.simulated.commands.state import GENERATION, STATE_FOLDER

Generations = tuple[tuple[str, str], ...]
"""Names the states of all nodes: each node's name, and the generation that it has."""
_MOST = 2048
_made: dict[tuple[str, Hashable], tuple[Generations, Any]] = {}


def generations(root: Path) -> Generations:
    """Those of a node and of all beside it."""
    nodes = os.path.dirname(root)  # noqa: PTH120 - asked for each command: a path for each takes longer
    found = []
    for name in sorted(os.listdir(nodes)):  # noqa: PTH208
        try:
            file = os.open(f"{nodes}/{name}/{STATE_FOLDER}/{GENERATION}", os.O_RDONLY)
        except (FileNotFoundError, NotADirectoryError):
            continue
        try:
            found.append((name, os.read(file, 64).decode("ascii").strip()))
        finally:
            os.close(file)
    return tuple(found)


def while_unchanged(root: Path, what: Hashable, make: Callable[[], Any]) -> Any:
    """What `make` makes of the nodes' states: shared by all who ask, none of whom may change it.

    :param root: of the node that asks.
    :param what: names it among all that the node asks for.
    """
    key, now = (str(root), what), generations(root)
    known = _made.get(key)
    if known is not None and known[0] == now:
        return known[1]
    value = make()
    # A node that changed meanwhile may have been seen as it was, or as it is.
    if generations(root) == now and any(name == root.name for name, _ in now):
        if len(_made) >= _MOST:
            _made.clear()
        _made[key] = (now, value)
    return value
