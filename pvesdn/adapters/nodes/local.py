"""The node program on this machine: on the node where pvesdn runs, and on simulated nodes, which are folders."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from pvesdn.adapters.nodes import call
from pvesdn.errors import NodeUnreachable
from pvesdn.model.primitives import Json, NodeName
from pvesdn.node.boot import OPTIONS


class LocalTransport:
    """A transport without a network.

    :param roots: the nodes that are here: None for this machine itself, a folder for a simulated node.
    :param limit: seconds for one call; a reload of FRR may take minutes.
    :param python: the interpreter, 3.9 or later; the one that runs pvesdn if empty.
    """

    def __init__(self, roots: Mapping[NodeName, Path | None], *, limit: float = 600.0, python: str = "") -> None:
        self._roots = dict(roots)
        self._limit = limit
        self._python = python or sys.executable or "/usr/bin/python3"

    def ask(self, node: NodeName, verb: str, arguments: Mapping[str, Json]) -> dict[str, Json]:
        """Run one verb of the node program; see `agent.Transport`."""
        if node not in self._roots:
            raise NodeUnreachable(node, "is not this machine", hint="run pvesdn on that node")
        root = self._roots[node]
        environment = {name: value for name, value in os.environ.items() if name != "PVESDN_ROOT"}
        if root is not None:
            environment["PVESDN_ROOT"] = str(root.absolute())
        request = call.Call(node, verb, arguments)
        value = call.run(request, [self._python, *OPTIONS], environment=environment, limit=self._limit)
        if isinstance(value, call.Ending):
            words = call.last_line(value.complaints) or f"exit status {value.status}"
            raise NodeUnreachable(node, f"{self._python} did not run the node program: {words}", hint=request.aftermath)
        return value
