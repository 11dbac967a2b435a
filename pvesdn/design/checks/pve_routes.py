"""Routes that PVE asks a node for and that the node lacks, or does not show.

PVE's generator fails there and carries on with the rest: its text lacks VNets, or stays as it was. That is what PVE
really writes, so pvesdn renders it, and all of this is a warning.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from pvesdn.design.checks.wording import MANY, SHOW_DEVICES, error, listed, placed, some, warning
from pvesdn.design.pve.frr import FrrStop, what_stops_frr
from pvesdn.design.pve.node import PveNode
from pvesdn.design.pve.underlay import NodeControllers
from pvesdn.design.pve.zones import gateway_family, untranslatable
from pvesdn.model.design import DesignInput
from pvesdn.model.findings import Finding
from pvesdn.model.primitives import is_writable
from pvesdn.model.pve_sdn import PveEvpnController, PveEvpnZone, PveSimpleZone, PveVxlanZone
from pvesdn.model.sdn import Zone
from pvesdn.model.vnets import Subnet, Vnet

_HIDDEN = "whose route names a nexthop object without its device"

_TunnelZone = PveVxlanZone | PveEvpnZone
_T = TypeVar("_T")


def check(given: DesignInput) -> Iterator[Finding]:
    """Zones whose peers a node cannot reach, source NAT without a default route, and nodes on which PVE
    writes no frr.conf.
    """
    nodes = {
        node: PveNode(facts) for node, facts in sorted(given.facts.items()) if not given.sdn.pve.is_unmanaged_on(node)
    }
    vnets = _grouped((vnet.zone, vnet) for vnet in given.sdn.pve.vnets)
    translated = _grouped((subnet.vnet, subnet) for subnet in given.sdn.pve.subnets if subnet.snat)
    loopbacks = {node: NodeControllers.of(given.sdn.pve.controllers, node).tunnel_loopback for node in nodes}
    for zone in given.sdn.pve.zones:
        here = {node: nodes[node] for node in nodes if zone.nodes is None or node in zone.nodes}
        tagged = [vnet for vnet in vnets.get(zone.id, ()) if vnet.tag is not None]
        if isinstance(zone, _TunnelZone):
            unreached = _Unreached.of(zone, given, here, loopbacks)
            here = {node: answers for node, answers in here.items() if node not in unreached.nodes}
            yield from unreached.findings(zone, tagged)
        if isinstance(zone, PveSimpleZone):
            yield from _default_routes(zone, vnets.get(zone.id, []), translated, here)
        elif isinstance(zone, PveEvpnZone):
            yield from _default_routes(zone, tagged, translated, here)
    yield from _frr(given, nodes)
    for node in nodes:
        yield from _unwritable_uplink(given, node)


def _unwritable_uplink(given: DesignInput, node: str) -> Iterator[Finding]:
    """Source NAT out of a device whose name is not one word to a shell: only the node can change that.

    Only where PVE has no SDN of its own, so that pvesdn writes the hook.
    """
    if given.capabilities.has_sdn:
        return
    routes = PveNode(given.facts[node]).internet
    zones = {zone.id for zone in given.sdn.pve.zones if _translates(zone, node)}
    vnets = {vnet.id for vnet in given.sdn.pve.vnets if vnet.zone in zones}
    for subnet in given.sdn.pve.subnets:
        if subnet.snat and subnet.vnet in vnets:
            device = routes[gateway_family(subnet)].device
            if device and not is_writable(device):
                what = (
                    f"the name of device {device} of {node}, by which source NAT leaves, cannot be written into a hook"
                )
                hint = "rename it: letters, digits and _ . + -, not starting with . + or -"
                yield error(subnet.where, what, hint, node=node)


def _translates(zone: Zone, node: str) -> bool:
    if isinstance(zone, PveEvpnZone):
        return node in zone.exit_nodes
    return isinstance(zone, PveSimpleZone) and (zone.nodes is None or node in zone.nodes)


def _grouped(pairs: Iterable[tuple[str, _T]]) -> dict[str, list[_T]]:
    groups: dict[str, list[_T]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups


@dataclass(frozen=True, slots=True)
class _Unreached:
    """The first peer, to which PVE looks up the route.

    :param whose: in words.
    :param nodes: those that have no route to it.
    :param unsure: those whose route is not known (`RouteAnswer.is_hidden`).
    """

    peer: str = ""
    whose: str = ""
    nodes: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        zone: _TunnelZone,
        given: DesignInput,
        nodes: Mapping[str, PveNode],
        loopbacks: Mapping[str, str | None],
    ) -> _Unreached:
        """The nodes where PVE finds no address for the zone's tunnels; none for a fabric, which names the addresses
        itself.
        """
        peers, whose = zone.peers if isinstance(zone, PveVxlanZone) else (), "the zone's peers"
        if isinstance(zone, PveEvpnZone):
            found = (
                c for c in given.sdn.pve.controllers if isinstance(c, PveEvpnController) and c.id == zone.controller
            )
            for controller in found:
                peers = controller.peers
                name = f"controller '{controller.id}'"
                whose = f"the peers of {placed(name, controller.where)}"
        if not peers:
            return cls()
        known = loopbacks if isinstance(zone, PveEvpnZone) else {}
        sources = {node: answers.local(peers, known.get(node)) for node, answers in nodes.items()}
        lost = tuple(node for node, answers in nodes.items() if answers.is_missing(sources[node]))
        return cls(peers[0], whose, lost, tuple(node for node, answer in sources.items() if answer.is_hidden))

    def findings(self, zone: _TunnelZone, vnets: list[Vnet]) -> Iterator[Finding]:
        """What is lost because of it; nothing where the zone has no VNets."""
        if self.unsure and vnets:
            what = (
                f"not looked at on {listed(self.unsure)}: the path to {self.peer}, the first of {self.whose}, {_HIDDEN}"
            )
            yield warning(zone.where, f"{what}, so the addresses that PVE writes there are not known", SHOW_DEVICES)
        if self.nodes and vnets:
            what = f"no route to {self.peer}, the first of {self.whose}, on {listed(self.nodes)}"
            hint = f"add a route to {self.peer} there, or list the node's own address among the peers, as its interfaces file spells it"
            yield warning(zone.where, f"{what}, so PVE omits {_named(vnets, len(vnets))} there", hint)


@dataclass(slots=True)
class _Untranslated:
    """VNets of a zone that PVE leaves out on the same nodes, because the same default route is missing."""

    vnets: list[Vnet] = field(default_factory=list)
    subnets: list[Subnet] = field(default_factory=list)


def _default_routes(
    zone: PveSimpleZone | PveEvpnZone,
    vnets: list[Vnet],
    translated: Mapping[str, list[Subnet]],
    nodes: Mapping[str, PveNode],
) -> Iterator[Finding]:
    """:param vnets: those that have all else. :param translated: subnets with source NAT, by VNet."""
    groups: dict[tuple[int, tuple[str, ...]], _Untranslated] = {}
    losses: Counter[str] = Counter()
    for vnet in vnets:
        stops: dict[str, tuple[Subnet, list[str]]] = {}
        for node, answers in nodes.items() if vnet.id in translated else ():
            stop = untranslatable(translated[vnet.id], answers)
            if stop is not None:
                stops.setdefault(stop.id, (stop, []))[1].append(node)
                losses[node] += 1
        for subnet, names in stops.values():
            group = groups.setdefault((gateway_family(subnet), tuple(names)), _Untranslated())
            group.vnets.append(vnet)
            group.subnets.append(subnet)
    yield from _unsure(zone, [subnet for vnet in vnets for subnet in translated.get(vnet.id, ())], nodes)
    bare = {node for node, count in losses.items() if count == len(vnets)}
    for lost, group in groups.items():
        yield _missing_default(zone, lost, group, bare, len(vnets))


def _unsure(
    zone: PveSimpleZone | PveEvpnZone, subnets: Iterable[Subnet], nodes: Mapping[str, PveNode]
) -> Iterator[Finding]:
    """Default routes for source NAT whose device is not known."""
    for family in sorted({gateway_family(subnet) for subnet in subnets}):
        unsure = [node for node, answers in nodes.items() if answers.internet[family].is_hidden]
        if unsure:
            what = f"not looked at on {listed(unsure)}: the IPv{family} path to the internet, {_HIDDEN}"
            yield warning(zone.where, f"{what}, so what PVE writes there for snat is not known", SHOW_DEVICES)


def _missing_default(
    zone: PveSimpleZone | PveEvpnZone,
    missing_on: tuple[int, tuple[str, ...]],
    group: _Untranslated,
    bare: set[str],
    count: int,
) -> Finding:
    """:param missing_on: the family of the route, and the nodes.

    :param bare: nodes on which no VNet of the zone is left, and so no VRF.
    :param count: of the zone's VNets.
    """
    family, nodes = missing_on
    is_one = len(group.vnets) == 1
    left = ""
    if isinstance(zone, PveEvpnZone):
        left = f" except for {f'vxlan_{group.vnets[0].id}' if is_one else 'their VXLAN ports'}"
        without = bare.intersection(nodes)
        left += f", and the zone's VRF on {listed(without)} as well" if without else ""
    snat = some([subnet.cidr for subnet in group.subnets])
    missing = "the vnet" if is_one else _named(group.vnets, count)
    what = f"no IPv{family} default route on {listed(nodes)}, so PVE omits {missing} there{left} (snat 1 on {snat})"
    where = group.vnets[0].where if is_one else zone.where
    return warning(where, what, f"add an IPv{family} default route there, or remove snat from the subnet in PVE")


def _named(vnets: Sequence[Vnet], count: int) -> str:
    """VNets with their lines; without lines if there are many, and just their number if it is the whole zone.

    :param count: how many the zone has.
    """
    if len(vnets) <= MANY:
        names = [placed(f"'{vnet.id}'", vnet.where) for vnet in vnets]
        return f"vnet{'s' if len(names) > 1 else ''} {', '.join(names)}"
    if len(vnets) == count:
        return f"all {count} vnets"
    return f"{len(vnets)} vnets ({', '.join(vnet.id for vnet in vnets)})"


def _frr(given: DesignInput, nodes: Mapping[str, PveNode]) -> Iterator[Finding]:
    stops: dict[FrrStop, list[str]] = {}
    for node in nodes:
        if (stop := what_stops_frr(given, node)) is not None:
            stops.setdefault(stop, []).append(node)
    for stop, names in stops.items():
        what = f"{stop.what} on {listed(names)}, so PVE writes no frr.conf there and the old one stays"
        yield warning(stop.controller.where, what, stop.hint)
