"""metrics: one look at the cluster, as `status` makes it, told as samples. Changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pvesdn.compare.live_view import ClusterView
from pvesdn.compare.metrics import Seen, metrics
from pvesdn.compare.status import Asked, Parts, cluster_status
from pvesdn.model.metrics import Family
from pvesdn.model.snapshot import Snapshot
from pvesdn.model.status import Beside, Share
from pvesdn.model.verification import Discrepancy, Subject
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.further import Further, look_further
from pvesdn.workflows.in_force import understand_in_force
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.status import beside_stored, look_beside, status_parts
from pvesdn.workflows.verify import LookFurther
from pvesdn.workflows.world import World

_ALL = Asked()


def look(world: World, renderer: Renderer, *, tries_paths: bool = False) -> tuple[Family, ...]:
    """Look at the cluster once.

    :param tries_paths: have the nodes send each other packets, as `verify` does.
    :raises PvesdnError: the cluster could not be read, or its definitions cannot be used.
    """
    began, start = world.clock.now(), world.clock.monotonic()
    snapshot = read_cluster(world, has_state=True)
    beside = look_beside(world, snapshot)
    tried: list[Further] = []

    def further(cluster: ClusterView, found: Sequence[Discrepancy]) -> Further:
        tried.append(look_further(world, cluster, found))
        return tried[-1]

    parts = _parts(snapshot, renderer, beside, further if tries_paths else None)
    status = cluster_status(parts, _ALL)
    return metrics(Seen(parts, status, began, world.clock.monotonic() - start, _paths(tried)))


def of_snapshot(snapshot: Snapshot, renderer: Renderer) -> tuple[Family, ...]:
    """The same of a snapshot, which says nothing of the history, nor when it was taken.

    :raises PvesdnError: see `look`.
    """
    parts = _parts(snapshot, renderer, beside_stored(snapshot))
    return metrics(Seen(parts, cluster_status(parts, _ALL), None, None))


def _parts(snapshot: Snapshot, renderer: Renderer, beside: Beside, further: LookFurther | None = None) -> Parts:
    known, beside = understand_in_force(snapshot, beside)
    return status_parts(known, renderer, beside, _ALL, wanted=snapshot, further=further or _no_further)


def _no_further(_: ClusterView, found: Sequence[Discrepancy]) -> Further:
    """Nothing is sent, as was asked: that is not told as something that nobody could look at."""
    return Further(tuple(found))


def _paths(tried: Sequence[Further]) -> dict[str, Share]:
    """Ways that were tried from each node, and those of them without a finding."""
    ways: Counter[str] = Counter()
    for (node, _), number in (item for done in tried for item in done.checks.items()):
        ways[node] += number
    bad = Counter(item.node for done in tried for item in done.found if item.subject is Subject.PATH)
    return {node: Share(max(number - bad[node], 0), number) for node, number in ways.items()}
