"""In which order the nodes have their turn: by name, but an address leaves one node before it comes to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pvesdn.compare.sides import Sides
from pvesdn.model.execution import NodeExecution
from pvesdn.model.files import NodeChanges
from pvesdn.model.ifupdown import Uplink
from pvesdn.model.primitives import NodeName


def in_turn(nodes: Sequence[NodeChanges]) -> tuple[NodeExecution, ...]:
    """What is done on these nodes, in the order of their turns, each with the nodes that it waits for.

    Nodes that exchange addresses wait for each other; there the name decides, and the first waits for none of them.
    """
    waiting = {node.node: node.execution for node in nodes}
    givers = _givers(nodes)
    found: dict[NodeName, NodeExecution] = {}
    while waiting:
        ready = (name for name in sorted(waiting) if not givers.get(name, frozenset()) & waiting.keys())
        name = next(ready, min(waiting))
        found[name] = replace(waiting.pop(name), waits_for=givers.get(name, frozenset()) & found.keys())
    return tuple(found.values())


def _givers(nodes: Sequence[NodeChanges]) -> Mapping[NodeName, frozenset[NodeName]]:
    """The nodes whose addresses come to a node, by that node."""
    coming = {node.node: Sides(node).coming() for node in nodes if _gets_an_address(node)}
    if not any(coming.values()):
        return {}
    leaving = {host: node.node for node in nodes for host in Sides(node).leaving()}
    return {
        name: frozenset(leaving[host] for _, host in found if host in leaving) - {name}
        for name, found in coming.items()
    }


def _gets_an_address(node: NodeChanges) -> bool:
    """Whether an interface that holds addresses of the node's own is new or changes; only then is more looked at."""
    for file in node.files:
        changed = {stanza.name for stanza in file.stanzas}
        stanzas = () if file.interfaces is None else file.interfaces.stanzas
        if any(isinstance(stanza, Uplink) and stanza.name in changed for stanza in stanzas):
            return True
    return False
