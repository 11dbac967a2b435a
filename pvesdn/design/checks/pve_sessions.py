"""PVE's own BGP sessions: PVE leaves their source address to the kernel, and a peer rejects an address it does not
know.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from pvesdn.design.checks.wording import listed, warning
from pvesdn.design.pve.index import PveIndex, index_pve
from pvesdn.design.pve.underlay import NodeControllers
from pvesdn.design.shared.routes import Held, RouteTable, frr_source, held_by_device, source_of
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import NodeFacts
from pvesdn.model.findings import Finding
from pvesdn.model.primitives import IpAddress
from pvesdn.model.pve_sdn import PveEvpnController


def check(given: DesignInput) -> Iterator[Finding]:
    """Nodes that would speak from an address other than the one that PVE's EVPN controllers list for them.

    Over a fabric, PVE sets the source itself.
    """
    controllers = [c for c in given.sdn.pve.controllers if isinstance(c, PveEvpnController) and c.fabric is None]
    if not controllers:
        return
    index = index_pve(given.sdn.pve)
    peers = {controller.id: _judged(controller, given) for controller in controllers}
    for node, facts in sorted(given.facts.items()):
        paths = _Paths(RouteTable(facts.routes), held_by_device(facts), _loopback(index, node))
        for controller in controllers:
            yield from _node(controller, peers[controller.id], facts, paths)


def _loopback(index: PveIndex, node: str) -> str | None:
    """The device whose address PVE sets as the source of a node's sessions."""
    return NodeControllers.of(index.controllers.values(), node).session_loopback


def _judged(controller: PveEvpnController, given: DesignInput) -> list[tuple[IpAddress, bool]]:
    """A controller's peers, and whether the route to each can be judged: one to a member that is
    off may lead anywhere.
    """
    is_whole = all(member.name in given.facts for member in given.cluster.members)
    there = {held.ip for facts in given.facts.values() for _, held in facts.addresses}
    peers = [ip_address(peer) for peer in controller.peers]
    return [(peer, is_whole or peer in there) for peer in peers]


@dataclass(frozen=True, slots=True)
class _Paths:
    """By which devices a node's sessions leave, and from which addresses.

    :param loopback: the device whose address PVE sets as their source.
    """

    table: RouteTable
    held: Held
    loopback: str | None

    def source(self, peer: IpAddress) -> IpAddress | None:
        """The source of the session with a peer; None where it is not known."""
        if self.loopback is not None:
            return frr_source((interface.ip for interface in self.held.get(self.loopback, ())), peer)
        hops = self.table.hops(peer)
        # Of a nexthop object that is not spelled out the source is not known.
        return source_of(hops[0], peer, self.held) if hops and hops[0].device else None


def _node(
    controller: PveEvpnController, peers: list[tuple[IpAddress, bool]], facts: NodeFacts, paths: _Paths
) -> Iterator[Finding]:
    here = {held.ip for _, held in facts.addresses}
    own = [peer for peer, _ in peers if peer in here]
    if not own:
        return
    if len(own) > 1:
        what = f"{listed(own)} are all addresses of {facts.node}, and FRR refuses a neighbor that is the node itself"
        yield warning(controller.where, what, f"list one address of {facts.node} among the peers")
    strange: dict[IpAddress, list[IpAddress]] = {}
    for peer, is_judged in peers:
        if peer in here or not is_judged:
            continue
        source = paths.source(peer)
        if source is not None and source not in own:
            strange.setdefault(source, []).append(peer)
    for source, found in strange.items():
        what = f"{facts.node} reaches {listed(found)} from {source}, but its peers know it as {listed(own)}"
        device = facts.holder(own[0]) or ""
        usual = (frr_source((interface.ip for interface in paths.held.get(device, ())), peer) for peer in found)
        hint = f"list {source} instead of {own[0]} among the peers"
        if device != paths.loopback and all(address in own for address in usual):
            giving = f"give {facts.node} a BGP controller with loopback {device}"
            naming = f"name {device} as loopback of {facts.node}'s controller"
            hint += f", or {giving if paths.loopback is None else naming}"
        yield warning(controller.where, what, hint)
