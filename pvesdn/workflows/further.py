"""What verify does beyond one look: packets between the nodes, and where something failed, causes from outside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from pvesdn.compare.live_causes import explained, has_reason, outside_causes
from pvesdn.compare.live_paths import plan_paths
from pvesdn.compare.live_view import ClusterView
from pvesdn.decode.nodes.surroundings import decode_surroundings
from pvesdn.errors import NodeError
from pvesdn.model.causes import Surroundings
from pvesdn.model.primitives import NodeName
from pvesdn.model.verification import Discrepancy, NotChecked
from pvesdn.workflows.paths import try_paths
from pvesdn.workflows.world import World

_CAUSES = "causes outside of the definitions: firewalls, programs, clocks"


@dataclass(frozen=True, slots=True)
class Further:
    """What came of it.

    :param found: all findings, with those of the one look.
    :param checks: how many ways were tried, by node and zone.
    """

    found: tuple[Discrepancy, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()
    checks: Counter[tuple[str, str]] = field(default_factory=Counter)


def look_further(
    world: World,
    cluster: ClusterView,
    found: Sequence[Discrepancy],
    *,
    only: Collection[str] | None = None,
    zone: str | None = None,
) -> Further:
    """Try the ways between the nodes, and look for causes where anything has failed.

    :param found: what the one look has found.
    :param only: ways without any of these nodes are left out.
    :param zone: the only zone that counts.
    """
    tried = try_paths(world, plan_paths(cluster, only, zone))
    together, unseen = (*found, *tried.found), tried.not_checked
    if has_reason(together):
        around, skews, silent = _look_around(world, sorted(cluster.nodes))
        together = tuple(explained(together, outside_causes(cluster, around, skews), around))
        unseen = (*unseen, *silent)
    return Further(together, unseen, tried.checks)


def _look_around(
    world: World, nodes: Sequence[NodeName]
) -> tuple[dict[str, Surroundings], dict[str, float], list[NotChecked]]:
    """What each node says of what may be in the way, and by how many seconds its clock is ahead of this one."""

    def ask(node: NodeName) -> tuple[Surroundings, float]:
        begin = world.clock.now()
        raw = world.nodes.look_around(node)
        return decode_surroundings(raw), (begin + world.clock.now()) / 2

    around: dict[str, Surroundings] = {}
    skews: dict[str, float] = {}
    silent = []
    for node, answer in world.runner.each(nodes, ask).items():
        if isinstance(answer, NodeError):
            silent.append(NotChecked(node, _CAUSES, str(answer).removeprefix(f"{node}: ")))
            continue
        around[node], when = answer
        if around[node].clock is not None:
            skews[node] = (around[node].clock or 0.0) - when
    return around, skews, silent
