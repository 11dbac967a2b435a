"""In which order an apply changes the nodes: rolling, one node first and the rest behind it, or all of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from pvesdn.compare.agreement import causes
from pvesdn.model.design import NodeDesign
from pvesdn.model.execution import NodeExecution
from pvesdn.model.files import ChangeSet, NodeChanges
from pvesdn.model.guests import ports_by_bridge
from pvesdn.model.ifupdown import Uplink
from pvesdn.model.order import Cause, Order, Wishes
from pvesdn.model.primitives import NodeName


def serves_others(design: NodeDesign) -> bool:
    """Whether traffic or routes of other nodes go through it: an exit, or a route reflector."""
    stanzas = () if design.interfaces is None else design.interfaces.stanzas
    if any(isinstance(stanza, Uplink) for stanza in stanzas):
        return True
    routers = [router for frr in (design.frr, design.pve_frr) if frr is not None for router in frr.routers]
    families = [router.evpn for router in routers if router.evpn is not None]
    return any(
        family.default_originate or any(group.is_reflector_client for group in family.activations)
        for family in families
    )


def common_causes(changes: ChangeSet) -> tuple[Cause, ...]:
    """Why all nodes have to change at once; empty where they need not. What is rehearsed is changed by us as well."""
    if not changes.pending or changes.unrehearsed:
        return causes([node for node in changes.nodes if node.execution.steps])
    rehearsed = [
        replace(node, files=tuple(replace(file, by_pve=False) for file in node.files)) for node in changes.nodes
    ]
    return causes([node for node in rehearsed if node.rehearsal is not None and node.rehearsal.steps])


def order_of(changes: ChangeSet, nodes: Sequence[NodeExecution], wishes: Wishes) -> Order:
    """The turns of these nodes.

    Rolling, the node whose loss costs least goes first, alone: not the one that pvesdn runs on, then not an exit or a
    route reflector, then the one with the fewest guests. It is verified before any other node is touched. The others
    follow side by side; exits and route reflectors one at a time, and the node that pvesdn runs on last. Where the
    cluster would lose its quorum with one node less, every node has its turn alone.

    :param nodes: in the order in which addresses change hands.
    """
    found = common_causes(changes)
    if found:
        return Order(_behind_their_givers(nodes), found)
    if len(nodes) < 2 or (changes.pending and changes.unrehearsed):  # noqa: PLR2004
        # PVE's commit brings the network on all nodes at once: before it, there is nothing to see on the first.
        return Order(tuple((node.node,) for node in nodes))
    by_name = {node.node: node for node in changes.nodes}
    first = _canary(nodes, by_name, wishes)
    batch = wishes.batch if changes.can_lose_one else 1
    givers = frozenset[NodeName]().union(*(node.waits_for for node in nodes))
    own = [node for node in nodes if node.node == wishes.own and node.node not in {first, *givers}]
    rest = [node for node in nodes if node.node not in {first, *(node.node for node in own)}]
    rounds = _Rounds(batch, {name for name, node in by_name.items() if node.serves_others})
    for node in (*rest, *own):
        rounds.add(node, is_alone=node in own)
    turns = [node for node in nodes if node.steps]
    return Order(((first,), *rounds.made()), has_canary=True, keeps_quorum=not changes.can_lose_one and len(turns) > 1)


def _canary(nodes: Sequence[NodeExecution], changes: dict[NodeName, NodeChanges], wishes: Wishes) -> NodeName:
    """The node whose loss costs least. One that gets an address from another has to wait for that."""

    def cost(node: NodeExecution) -> tuple[bool, bool, int]:
        of_it = changes[node.node]
        guests = {port.guest for ports in ports_by_bridge(of_it.links).values() for port in ports}
        return node.node == wishes.own, of_it.serves_others, len(guests)

    waiting_for_none = [node for node in nodes if not node.waits_for]
    free = [node for node in waiting_for_none if node.steps] or waiting_for_none
    if wishes.canary is not None and wishes.canary in {node.node for node in free}:
        return wishes.canary
    return min(free, key=cost).node


def _behind_their_givers(nodes: Sequence[NodeExecution]) -> tuple[tuple[NodeName, ...], ...]:
    """All at once, but for nodes that get an address from another."""
    rounds = _Rounds(len(nodes), frozenset())
    for node in nodes:
        rounds.add(node)
    return tuple(rounds.made())


@dataclass(slots=True)
class _Rounds:
    """Rounds that are filled in turn.

    :param most: nodes in one of them.
    :param alone: nodes of which a round has one at most.
    """

    most: int
    alone: frozenset[NodeName] | set[NodeName]
    _made: list[list[NodeExecution]] = field(default_factory=list)

    def add(self, node: NodeExecution, *, is_alone: bool = False) -> None:
        """Put a node into the first round that has room for it, behind those that it waits for."""
        begin = 1 + max(
            (i for i, there in enumerate(self._made) for o in there if o.node in node.waits_for), default=-1
        )
        if is_alone:
            begin = len(self._made)
        for there in self._made[begin:]:
            if len(there) < self.most and not (node.node in self.alone and any(o.node in self.alone for o in there)):
                there.append(node)
                return
        self._made.append([node])

    def made(self) -> Iterator[tuple[NodeName, ...]]:
        """The rounds."""
        return (tuple(node.node for node in there) for there in self._made)
