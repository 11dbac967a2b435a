"""The node program without an interpreter of its own: the same verbs over a node's folder, run by this process.

A cluster of folders is asked hundreds of times, and starting Python is most of what an answer costs. Commands are
processes all the same. That the program answers alike when it is sent is what `tests/contract` shows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pvesdn.errors import NodeFailed, NodeUnreachable
from pvesdn.model.primitives import Json, NodeName
from pvesdn.node.program.dialogue import answer
from pvesdn.node.program.machine import Machine


class InProcessTransport:
    """A transport to folders. :param roots: each node's, absolute."""

    def __init__(self, roots: Mapping[NodeName, Path]) -> None:
        self._roots = dict(roots)

    def ask(self, node: NodeName, verb: str, arguments: Mapping[str, Json]) -> dict[str, Json]:
        """Run one verb of the node program; see `pvesdn.adapters.nodes.Transport`."""
        if node not in self._roots:
            raise NodeUnreachable(node, "is not this machine", hint="run pvesdn on that node")
        return ask(Machine(str(self._roots[node])), node, verb, arguments)


def ask(machine: Machine, node: NodeName, verb: str, arguments: Mapping[str, Json]) -> dict[str, Json]:
    """One request and its answer, both as JSON.

    :raises NodeFailed: the program reported a failure.
    """
    request = json.dumps({"verb": verb, "arguments": dict(arguments)}).encode("ascii")
    answered = json.loads(json.dumps(answer(machine, request)))
    if not answered["ok"]:
        raise NodeFailed(node, answered["error"], hint=answered["hint"])
    value: dict[str, Json] = answered["value"]
    return value
