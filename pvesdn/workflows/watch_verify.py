"""What `watch` does on a node after a boot or a reload: it verifies the node, and restarts FRR if that is the cure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from pvesdn.compare.live_causes import missed_its_devices
from pvesdn.errors import NodeUnreachable
from pvesdn.model.execution import FrrAction
from pvesdn.model.primitives import NodeName
from pvesdn.model.snapshot import Snapshot
from pvesdn.model.verification import Subject, Verification
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.further import look_further
from pvesdn.workflows.last_applied import held_as_applied
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.verify import verify_understood
from pvesdn.workflows.watch import require_node
from pvesdn.workflows.world import World

LOOKS = 3
PAUSE = 20.0
"""Seconds between two looks, of which the first good one counts: after a reload BGP and routes take their time."""


@dataclass(frozen=True, slots=True)
class NodeVerdict:
    """How the node is. :param frr_restarted: which was the likely cure, and after which it was looked at again."""

    verification: Verification
    frr_restarted: bool = False


def verify_own_node(world: World, renderer: Renderer, *, may_restart_frr: bool) -> NodeVerdict:
    """Hold the node that this runs on against the definitions as they were applied last, once its network has settled:
    what was edited since is pending, which the looks tell.

    Without a quorum nobody acts, so FRR is not restarted.

    :raises PvesdnError: the cluster or the node could not be read, or FRR not be restarted.
    """
    node = require_node(world)
    found = _verified(world, renderer, node)
    is_cure = any(missed_its_devices(item) and item.node == node for item in found.discrepancies)
    if not may_restart_frr or not is_cure or any(item.subject is Subject.QUORUM for item in found.discrepancies):
        return NodeVerdict(found)
    world.nodes.change_frr(node, FrrAction.RESTART)
    return NodeVerdict(_verified(world, renderer, node), frr_restarted=True)


def _verified(world: World, renderer: Renderer, node: NodeName) -> Verification:
    only = frozenset({node})

    def look(snapshot: Snapshot) -> Verification:
        against = held_as_applied(world, snapshot)
        further = partial(look_further, world, only=only)
        return against.told(verify_understood(against.known, renderer, only=only, further=further))

    found = look(read_cluster(world, has_state=True))
    for _ in range(LOOKS - 1):
        if found.is_good:
            break
        world.clock.sleep(PAUSE)
        found = look(read_cluster(world, has_state=True))
    if node in found.unreachable:
        raise NodeUnreachable(node, found.unreachable[node])
    return found
