"""topology: the map of a cluster, as it is designed or as it was found. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping

from pvesdn.compare.map_findings import Seen
from pvesdn.compare.status import Asked, Parts, cluster_status
from pvesdn.compare.topology import MapParts, topology
from pvesdn.design.cluster import design_node, peers_of, share
from pvesdn.design.expectation import expect
from pvesdn.model.expectation import NodeExpectation
from pvesdn.model.status import ClusterStatus
from pvesdn.model.topology import Topology
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.look import Looker
from pvesdn.workflows.status import look_without_packets
from pvesdn.workflows.understand import Understanding


def map_designed(known: Understanding) -> Topology:
    """The map of what the definitions ask for, with the guests that are plugged in."""
    shared = share(known.given, known.vteps)
    expected = {node: expect(design_node(shared, node)) for node in known.records}
    return topology(_parts(known, expected, Looker(known).together({}).owners))


def map_found(known: Understanding, renderer: Renderer) -> Topology:
    """The map of what the nodes are doing, held against the definitions as `status` does it.

    :param known: with PVE's committed definitions, as for `verify`.
    """
    looked = look_without_packets(known, renderer)
    parts = Parts(known.given, known.vteps, looked.verification, looked.cluster, None)
    return map_of_status(known, parts, cluster_status(parts, Asked()))


def map_of_status(known: Understanding, parts: Parts, status: ClusterStatus) -> Topology:
    """The same, where somebody has looked already. :param status: of the whole cluster, made of `parts`."""
    views = parts.cluster.nodes
    expected = {node: view.expected for node, view in views.items()}
    seen = Seen(status, views, frozenset(vnet.id for vnet in known.given.sdn.both.vnets))
    return topology(_parts(known, expected, parts.cluster.owners, seen))


def _parts(
    known: Understanding,
    expected: Mapping[str, NodeExpectation],
    owners: Mapping[str, str],
    seen: Seen | None = None,
) -> MapParts:
    absent = [member.name for member in known.given.cluster.members if member.name not in expected]
    shared = share(known.given, known.vteps) if absent else None
    peers = {} if shared is None else {node: map(str, peers_of(shared, node)) for node in absent}
    return MapParts(
        given=known.given,
        vteps=known.vteps,
        expected=expected,
        owners=owners,
        peers={node: [peer for peer in told if owners.get(peer) != node] for node, told in peers.items()},
        guest_names=known.guest_names,
        unanswered=tuple(sorted(known.unanswered)),
        seen=seen,
    )
