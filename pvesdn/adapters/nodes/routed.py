"""Each node its own way: this machine directly, the others through SSH."""

from __future__ import annotations

from collections.abc import Mapping

from pvesdn.adapters.nodes.agent import Transport
from pvesdn.model.primitives import Json, NodeName


class RoutedTransport:
    """A transport made of others.

    :param by_node: the transports of nodes that are reached in a way of their own.
    :param default: the transport of all other nodes.
    """

    def __init__(self, by_node: Mapping[NodeName, Transport], default: Transport) -> None:
        self._by_node = dict(by_node)
        self._default = default

    def ask(self, node: NodeName, verb: str, arguments: Mapping[str, Json]) -> dict[str, Json]:
        """Run one verb of the node program; see `Transport`."""
        return self._by_node.get(node, self._default).ask(node, verb, arguments)
