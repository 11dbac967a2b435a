"""The node program without an interpreter of its own: the same verbs over a node's folder, run by this process.

A cluster of folders is asked hundreds of times, and starting Python, for the program and for each simulated command
that it runs, is most of what an answer costs. That the answers are the same when the program is sent is what
`tests/contract` shows.
"""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from pvesdn.errors import NodeFailed, NodeUnreachable
from pvesdn.model.primitives import Json, NodeName
from pvesdn.node.program.dialogue import answer
from pvesdn.node.program.machine import CommandResult, Machine, ended
from pvesdn_lab.simulated.commands.main import COMMANDS, main
from pvesdn_lab.simulated.commands.state import has_faults

_ONE_AT_A_TIME = threading.Lock()
"""What a command prints is caught by standing in for this process's own output."""


class InProcessTransport:
    """A transport to folders. :param roots: each node's, absolute."""

    def __init__(self, roots: Mapping[NodeName, Path]) -> None:
        self._roots = dict(roots)

    def ask(self, node: NodeName, verb: str, arguments: Mapping[str, Json]) -> dict[str, Json]:
        """Run one verb of the node program; see `pvesdn.adapters.nodes.Transport`."""
        if node not in self._roots:
            raise NodeUnreachable(node, "is not this machine", hint="run pvesdn on that node")
        return ask(_Folder(str(self._roots[node])), node, verb, arguments)


class _Folder(Machine):
    """A simulated node whose commands are called. One that shall fail or take its time is a process, as is `pvesh`,
    which calls this very process.
    """

    def run(self, argv: list[str], limit: float) -> CommandResult:
        name, root = Path(argv[0]).name, Path(self.root)
        executable = self.find(argv[0])
        if executable is None or name not in COMMANDS or name == "pvesh" or has_faults(root):
            return super().run(argv, limit)
        output, complaints = io.StringIO(), io.StringIO()
        with _ONE_AT_A_TIME, redirect_stdout(output), redirect_stderr(complaints):
            status = main(name, root, argv[1:])
        return ended(status, output.getvalue(), complaints.getvalue())


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
