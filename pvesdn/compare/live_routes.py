"""Routes in the VRFs of EVPN compared with what the node and the others announce: default routes of exits, type-5
routes (RFC 9136) and the router MACs (RFC 9135) that their packets are sent to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from pvesdn.compare.live_evpn import OF_VIRTUAL_ROUTERS, bridge_mac, heard_nodes, wrong_with
from pvesdn.compare.live_view import RESTART, ClusterView, NodeView, listed, some
from pvesdn.model.expectation import ExpectedRoute, ExpectedVni
from pvesdn.model.findings import Severity
from pvesdn.model.primitives import IpAddress, IpNetwork
from pvesdn.model.state import LiveRoute
from pvesdn.model.verification import Discrepancy, Subject

_BGP = frozenset({"bgp", "186"})
_STATIC = frozenset({"static", "196"})
"""How iproute2 calls FRR's routes; without its own list of protocols it has numbers."""


def route_discrepancies(view: NodeView, cluster: ClusterView) -> Iterator[Discrepancy]:
    """Routes that are missing or lead elsewhere, and router MACs that are unknown or wrong.

    What follows from another finding, here or on the node that should announce a route, is left out.
    """
    if view.state.routes is None or not view.has_bgp or view.unlike[0]:
        return
    heard = tuple(heard_nodes(view, cluster))
    for vrf, l3vni in view.expected.l3vnis.items():
        if has_l3vni(view, l3vni):
            sound = (node for node in heard if _is_sound(node, vrf))
            ends = ((node, node.expected.vtep_of(node.expected.l3vnis[vrf])) for node in sound)
            here = _Vrf(view, cluster, vrf, l3vni, tuple((node, vtep) for node, vtep in ends if vtep is not None))
            yield from here.own()
            yield from here.of_others()
            yield from here.router_macs()


def route_checks(view: NodeView) -> Iterator[str]:
    """The zone of each thing that `route_discrepancies` looks at: own routes, and for each VRF those of the others and
    their router MACs.
    """
    zones = view.zones
    if view.state.routes is not None:
        yield from (zones.get(route.vrf, "") for route in view.expected.routes if route.next_hops)
        yield from (zones.get(vrf, "") for vrf in view.expected.l3vnis)
    if view.state.router_macs is not None:
        yield from (zones.get(vrf, "") for vrf in view.expected.l3vnis)


def has_l3vni(view: NodeView, l3vni: ExpectedVni) -> bool:
    """FRR has the L3VNI as it should be; if not, that is told, and its routes follow from it."""
    live = (view.state.vnis or {}).get(l3vni.vni)
    return not view.is_told(l3vni.device) and live is not None and wrong_with(view, l3vni, live) is None


def _is_sound(node: NodeView, vrf: str) -> bool:
    """Nothing is said of that node that would keep it from announcing what it has in the VRF."""
    l3vni = node.expected.l3vnis.get(vrf)
    if l3vni is None or node.unlike[0] or not has_l3vni(node, l3vni):
        return False
    bridge = node.expected.by_name.get(node.state.devices[l3vni.device].master)
    return bridge is None or bridge.mac in {None, bridge_mac(node, l3vni)}


@dataclass(frozen=True)
class _Vrf:
    """One VRF on one node. :param heard: the others that have it, in order, each with its VTEP."""

    view: NodeView
    cluster: ClusterView
    name: str
    l3vni: ExpectedVni
    heard: tuple[tuple[NodeView, IpAddress], ...]

    @cached_property
    def routes(self) -> Mapping[IpNetwork, LiveRoute]:
        return (self.view.state.routes or {}).get(self.name, {})

    @cached_property
    def expected(self) -> Mapping[IpNetwork, ExpectedRoute]:
        return self.view.routes_by_vrf.get(self.name, {})

    def own(self) -> Iterator[Discrepancy]:
        """Default routes through its own exit."""
        for prefix, route in self.expected.items():
            live = self.routes.get(prefix)
            there = frozenset() if live is None or live.rejects else live.next_hops
            if not route.next_hops or route.next_hops <= there or self._is_uplink_told():
                continue
            lost = _addresses(route.next_hops - there)
            cause = f"FRR cannot use the static route through {lost}: the uplink has no address in its network"
            if there and live is not None and live.protocol not in _STATIC | _BGP:
                cause = "somebody has added a route, and the kernel prefers it"
            yield self._finding(
                prefix,
                expected=f"leads to {_addresses(route.next_hops)}",
                found=_found(live),
                cause=cause,
                step=f"vtysh -c 'show {_ip(prefix)} route vrf {self.name} {prefix}'; {self._shown(prefix)}",
                severity=Severity.WARNING if route.next_hops & there else Severity.ERROR,
            )

    def _is_uplink_told(self) -> bool:
        """One of the cards in the VRF is not as it should be, which is told of it."""
        devices = self.view.expected.devices
        cards = (device.name for device in devices if device.master == self.name and device.needs_carrier)
        live = self.view.state.devices
        return any(self.view.is_uplink_told(card) or live[card].master != self.name for card in cards)

    def of_others(self) -> Iterator[Discrepancy]:
        """Prefixes that only the others have."""
        for prefix, sources in self._announced().items():
            if prefix in self.expected or (self.view.expected.refuses_defaults and not prefix.prefixlen):
                continue
            live = self.routes.get(prefix)
            there = frozenset() if live is None or live.rejects else live.next_hops
            missing = {node: vtep for node, vtep in sources.items() if vtep not in there}
            is_lost = len(missing) == len(sources)
            if is_lost and self._leads_to_unseen(live):
                continue
            if missing and (is_lost or self._shares(sources)):
                yield self._missing(prefix, sources if is_lost else missing, live)

    def _leads_to_unseen(self, live: LiveRoute | None) -> bool:
        """BGP has preferred the route of a node that could not be asked, and may have reason to."""
        if live is None or live.rejects or live.protocol not in _BGP:
            return False
        return any(_is_unseen(self.cluster, self.name, hop) for hop in live.next_hops)

    def _missing(self, prefix: IpNetwork, missing: Mapping[str, IpAddress], live: LiveRoute | None) -> Discrepancy:
        is_foreign = live is not None and not live.rejects and live.protocol not in _BGP
        nodes = listed(missing)
        cause = f"no type-5 route of {nodes} is imported: it is not announced there, or with another route target"
        step = "vtysh -c 'show bgp l2vpn evpn route type prefix'"
        if is_foreign:
            cause = f"somebody has added a route here, and the kernel prefers it to that of {nodes}"
            step = self._shown(prefix)
        is_less = live is not None and not live.rejects and not is_foreign
        leads = some([f"{vtep} ({node})" for node, vtep in missing.items()])
        return self._finding(
            prefix,
            expected=f"leads to {leads}{' too' if is_less else ''}",
            found=_found(live),
            cause=cause,
            step=step,
            severity=Severity.WARNING if is_less else Severity.ERROR,
        )

    def _announced(self) -> Mapping[IpNetwork, Mapping[str, IpAddress]]:
        """Who announces a prefix with the lowest metric, by name, with its VTEP."""
        best: dict[IpNetwork, tuple[int, dict[str, IpAddress]]] = {}
        for node, vtep in self.heard:
            for prefix, route in node.routes_by_vrf.get(self.name, {}).items():
                if not route.is_announced or not _has(node, route):
                    continue
                if prefix not in best or route.metric < best[prefix][0]:
                    best[prefix] = route.metric, {}
                if route.metric == best[prefix][0]:
                    best[prefix][1][node.node] = vtep
        return {prefix: sources for prefix, (_, sources) in best.items()}

    def _shares(self, sources: Mapping[str, IpAddress]) -> bool:
        """Routes of all of them count as equal: between AS numbers only one of them may be used."""
        asns = {node.expected.asn for node, _ in self.heard if node.node in sources}
        return asns == {self.view.expected.asn}

    def router_macs(self) -> Iterator[Discrepancy]:
        """Those that zebra has of the other VTEPs: one that is wrong, or that a route needs and nobody knows."""
        if self.view.state.router_macs is None:
            return
        known = self.view.state.router_macs.get(self.l3vni.vni, {})
        used = {vtep for route in self.routes.values() for vtep in route.next_hops}
        for other, vtep in self.heard:
            macs, wanted = known.get(vtep), bridge_mac(other, other.expected.l3vnis[self.name])
            if macs == frozenset({wanted}) or (macs is None and vtep not in used):
                continue
            yield self.view.finding_in_zone(
                Subject.VNI,
                f"VNI {self.l3vni.vni} ({self.l3vni.device})",
                self.name,
                trait=f"router MAC of {other.node}",
                expected=wanted,
                found="unknown" if macs is None else " and ".join(sorted(macs)),
                cause=_why_not_its_mac(other.node, macs),
                step=f"on {other.node}: {RESTART}" if _is_of_virtual_router(macs) else RESTART,
                is_there=not _is_of_virtual_router(macs),
            )

    def _finding(self, prefix: IpNetwork, **said: object) -> Discrepancy:
        kind = "default route" if not prefix.prefixlen else f"route {prefix}"
        name = f"IPv6 {kind}" if not prefix.prefixlen and _ip(prefix) == "ipv6" else kind
        return self.view.finding_in_zone(Subject.ROUTE, f"{name} in {self.name}", self.name, **said)

    def _shown(self, prefix: IpNetwork) -> str:
        family = " -6" if _ip(prefix) == "ipv6" else ""
        return f"ip{family} route show vrf {self.name} {prefix if prefix.prefixlen else 'default'}"


def _is_of_virtual_router(macs: frozenset[str] | None) -> bool:
    return any(mac.startswith(OF_VIRTUAL_ROUTERS) for mac in macs or ())


def _why_not_its_mac(node: str, macs: frozenset[str] | None) -> str:
    """:param macs: what is known in place of a node's router MAC; None for nothing."""
    if macs is None:
        return "zebra has lost it: a route that another node announces too has gone, or its router MAC has changed"
    if _is_of_virtual_router(macs):
        return f"FRR on {node} announces its guests with the MAC of its virtual router, which {node} does not route for"
    return f"FRR here has kept an old one, or FRR on {node} announces it"


def _has(node: NodeView, route: ExpectedRoute) -> bool:
    """The node has what it should announce; where it lacks it, that is told there."""
    if route.next_hops:
        live = (node.state.routes or {}).get(route.vrf, {}).get(route.prefix)
        return live is not None and bool(live.next_hops & route.next_hops)
    return not route.prefix.prefixlen or (route.vrf, route.prefix) in node.connected


def _is_unseen(cluster: ClusterView, vrf: str, vtep: IpAddress) -> bool:
    """Whether nobody could see what the node with that address announces of the VRF."""
    owner = cluster.owners.get(str(vtep))
    node = None if owner is None else cluster.nodes.get(owner)
    if node is None:
        return owner is not None and owner not in cluster.off
    if vrf not in node.expected.l3vnis or node.missing_daemons & {"bgpd", "zebra"}:
        return False
    return None in (node.state.sessions, node.state.vnis, node.state.routes)


def _found(live: LiveRoute | None) -> str:
    if live is None or live.rejects:
        return "no route"
    return f"leads to {_addresses(live.next_hops)}" if live.next_hops else "a route without a next hop in use"


def _addresses(found: frozenset[IpAddress]) -> str:
    return some([str(address) for address in sorted(found, key=lambda address: (address.version, int(address)))])


def _ip(prefix: IpNetwork) -> str:
    return "ip" if prefix.version == 4 else "ipv6"  # noqa: PLR2004 - IPv4
