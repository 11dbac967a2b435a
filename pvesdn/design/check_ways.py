"""Routes that PVE asks a node for and the node has not.

PVE's generator fails there and goes on with what is left: its text lacks VNets, or stays as it was. That is what PVE
really writes, so it is what pvesdn renders, and everything here is a warning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pvesdn.design.pve_frr import FrrStop, what_stops_frr
from pvesdn.design.pve_node import PveNode
from pvesdn.design.pve_underlay import NodeControllers
from pvesdn.design.pve_zones import gateway_family, untranslatable
from pvesdn.design.remarks import listed, placed, warning
from pvesdn.model.design import DesignInput
from pvesdn.model.findings import Finding
from pvesdn.model.sdn import PveEvpnController, PveEvpnZone, PveSimpleZone, PveVxlanZone, Subnet, Vnet

_TunnelZone = PveVxlanZone | PveEvpnZone
_TranslatingZone = PveSimpleZone | PveEvpnZone


def check(given: DesignInput) -> Iterator[Finding]:
    """Zones whose peers a node cannot reach, source NAT without a way out, and nodes on which PVE writes no frr.conf."""
    nodes = {node: PveNode(facts) for node, facts in sorted(given.facts.items()) if not given.sdn.leaves_node(node)}
    vnets = _by_zone(vnet for vnet in given.sdn.vnets if vnet.is_pve)
    lost: set[tuple[str, str]] = set()
    for zone in given.sdn.zones:
        if isinstance(zone, _TunnelZone):
            unreached = _Unreached.of(zone, given, nodes)
            lost |= {(zone.id, node) for node in unreached.nodes}
            yield from unreached.findings(zone, [vnet for vnet in vnets.get(zone.id, ()) if vnet.tag is not None])
    for zone in given.sdn.zones:
        if isinstance(zone, _TranslatingZone):
            here = {node: answers for node, answers in nodes.items() if (zone.id, node) not in lost}
            yield from _ways_out(zone, vnets.get(zone.id, ()), given, here)
    yield from _frr(given, nodes)


def _by_zone(vnets: Iterable[Vnet]) -> dict[str, list[Vnet]]:
    grouped: dict[str, list[Vnet]] = {}
    for vnet in vnets:
        grouped.setdefault(vnet.zone, []).append(vnet)
    return grouped


def _is_on(zone: _TunnelZone | _TranslatingZone, node: str) -> bool:
    return zone.nodes is None or node in zone.nodes


@dataclass(frozen=True, slots=True)
class _Unreached:
    """The first peer, which PVE asks the way to. :param whose: in words. :param nodes: those that have none."""

    peer: str = ""
    whose: str = ""
    nodes: tuple[str, ...] = ()

    @classmethod
    def of(cls, zone: _TunnelZone, given: DesignInput, nodes: Mapping[str, PveNode]) -> _Unreached:
        """Where PVE finds no address for the zone's tunnels; nowhere in a fabric, which says the addresses itself."""
        peers, whose = zone.peers if isinstance(zone, PveVxlanZone) else (), "the zone's peers"
        if isinstance(zone, PveEvpnZone):
            found = (c for c in given.sdn.controllers if isinstance(c, PveEvpnController) and c.id == zone.controller)
            for controller in found:
                peers = controller.peers
                name = f"controller '{controller.id}'"
                whose = f"the peers of {placed(name, controller.where)}"
        if not peers:
            return cls()
        lost = []
        for node, answers in nodes.items():
            own = NodeControllers.of(given.sdn.controllers, node)
            loopback = own.tunnel_loopback if isinstance(zone, PveEvpnZone) else None
            if _is_on(zone, node) and answers.is_missing(answers.local(peers, loopback)):
                lost.append(node)
        return cls(peers[0], whose, tuple(lost))

    def findings(self, zone: _TunnelZone, vnets: list[Vnet]) -> Iterator[Finding]:
        """What it costs; nothing where the zone has no VNets."""
        if self.nodes and vnets:
            what = f"no route to {self.peer}, the first of {self.whose}, on {listed(self.nodes)}"
            hint = f"add a route to {self.peer} there, or list the node's own address among the peers, as its interfaces file spells it"
            yield warning(zone.where, f"{what}, so PVE omits {_named(vnets)} there", hint)


@dataclass(slots=True)
class _Untranslated:
    """VNets of a zone that PVE leaves out on the same nodes, for want of the same default route."""

    vnets: list[Vnet] = field(default_factory=list)
    subnets: list[Subnet] = field(default_factory=list)


def _ways_out(
    zone: _TranslatingZone, vnets: Iterable[Vnet], given: DesignInput, nodes: Mapping[str, PveNode]
) -> Iterator[Finding]:
    subnets: dict[str, list[Subnet]] = {}
    for subnet in given.sdn.subnets:
        if subnet.is_pve and subnet.snat:
            subnets.setdefault(subnet.vnet, []).append(subnet)
    ready = [vnet for vnet in vnets if vnet.tag is not None or not isinstance(zone, PveEvpnZone)]
    groups: dict[tuple[int, tuple[str, ...]], _Untranslated] = {}
    for vnet in ready:
        stops: dict[str, tuple[Subnet, list[str]]] = {}
        for node, answers in nodes.items():
            stop = untranslatable(subnets.get(vnet.id, ()), answers) if _is_on(zone, node) else None
            if stop is not None:
                stops.setdefault(stop.id, (stop, []))[1].append(node)
        for subnet, names in stops.values():
            group = groups.setdefault((gateway_family(subnet), tuple(names)), _Untranslated())
            group.vnets.append(vnet)
            group.subnets.append(subnet)
    for (family, lost), group in groups.items():
        yield _way_out(zone, family, lost, group, is_whole=len(group.vnets) == len(ready))


def _way_out(
    zone: _TranslatingZone, family: int, nodes: tuple[str, ...], group: _Untranslated, *, is_whole: bool
) -> Finding:
    is_one = len(group.vnets) == 1
    left = ""
    if isinstance(zone, PveEvpnZone):
        left = f" except for {f'vxlan_{group.vnets[0].id}' if is_one else 'their VXLAN ports'}"
        left += ", and the zone's VRF as well" if is_whole else ""
    snat = ", ".join(subnet.cidr for subnet in group.subnets)
    missing = "the vnet" if is_one else _named(group.vnets)
    what = f"no IPv{family} default route on {listed(nodes)}, so PVE omits {missing} there{left} (snat 1 on {snat})"
    where = group.vnets[0].where if is_one else zone.where
    return warning(where, what, f"add an IPv{family} default route there, or remove snat from the subnet in PVE")


def _named(vnets: Iterable[Vnet]) -> str:
    names = [placed(f"'{vnet.id}'", vnet.where) for vnet in vnets]
    return f"vnet{'s' if len(names) > 1 else ''} {', '.join(names)}"


def _frr(given: DesignInput, nodes: Mapping[str, PveNode]) -> Iterator[Finding]:
    stops: dict[FrrStop, list[str]] = {}
    for node in nodes:
        if (stop := what_stops_frr(given, node)) is not None:
            stops.setdefault(stop, []).append(node)
    for stop, names in stops.items():
        what = f"{stop.what} on {listed(names)}, so PVE writes no frr.conf there and the old one stays"
        yield warning(stop.controller.where, what, stop.hint)
