"""The node program without an interpreter of its own: the same verbs over a node's folder, run by this process.

A cluster of folders is asked hundreds of times, and starting Python for the program is most of what an answer costs.
That the answers are the same when the program is sent is what `tests/contract` shows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pvesdn.errors import NodeFailed, NodeUnreachable
from pvesdn.model.primitives import Json, NodeName
from pvesdn.node.assembly import program
from pvesdn.node.program.dialogue import answer
from pvesdn.node.program.machine import CommandResult, Machine, ended
from pvesdn_lab.simulated.called import call
from pvesdn_lab.simulated.pmxcfs import Locks, MachineOnPmxcfs


class InProcessTransport:
    """A transport to folders.

    :param roots: each node's, absolute.
    :param locks: how /etc/pve behaves; as on a node alone if none are given.
    """

    def __init__(self, roots: Mapping[NodeName, Path], locks: Locks | None = None) -> None:
        self._roots = dict(roots)
        self._locks = locks or Locks()

    def ask(self, node: NodeName, verb: str, arguments: Mapping[str, Json]) -> dict[str, Json]:
        """Run one verb of the node program; see `pvesdn.adapters.nodes.Transport`."""
        if node not in self._roots:
            raise NodeUnreachable(node, "is not this machine", hint="run pvesdn on that node")
        return ask(machine_of(self._roots[node], self._locks), node, verb, arguments)


def machine_of(root: Path, locks: Locks | None = None) -> Machine:
    """A simulated node as the node program sees it; it has its own text, to leave it there."""
    return _Folder(str(root), program(), locks or Locks(), root.name)


class _Folder(MachineOnPmxcfs):
    """A simulated node whose commands are called where that can be done."""

    def run(self, argv: list[str], limit: float) -> CommandResult:
        executable = self.find(argv[0])
        done = call(Path(executable), argv[1:]) if executable is not None else None
        return super().run(argv, limit) if done is None else ended(done.returncode, done.stdout, done.stderr)


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
