"""Causes outside of the definitions: what a check that failed may come from. Asked only where one has failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from statistics import median

from pvesdn.compare.live_view import ClusterView, NodeView, listed, some
from pvesdn.compare.packet_filters import Drop, dropped
from pvesdn.model.causes import Packet, Surroundings
from pvesdn.model.findings import Severity
from pvesdn.model.primitives import IpAddress
from pvesdn.model.snapshot import CLUSTER_FIREWALL
from pvesdn.model.verification import Discrepancy, Subject

_BGP, _BFD = 179, 3784
_OWN_PROGRAMS = {("tcp", _BGP): "bgpd", ("udp", _BFD): "bfdd"}
_MISSED = "and missed its devices"
_SKEW = 5.0
"""Seconds by which a clock may differ from the others'."""
_OF_PVE = "PVEFW-"
_PROXMOX = "proxmox"
"""In the names of its chains with iptables, and of its tables with nftables."""


@dataclass(frozen=True, slots=True)
class _Service:
    """What the nodes need to exchange. :param port: None for a protocol of its own."""

    protocol: str
    port: int | None
    name: str

    @property
    def spoken(self) -> str:
        return (
            "VRRP (IP protocol 112)" if self.port is None else f"{self.protocol.upper()} port {self.port} ({self.name})"
        )


def has_reason(found: Iterable[Discrepancy]) -> bool:
    """Whether something failed whose cause may be outside."""
    return any(item.severity is Severity.ERROR or item.subject in {Subject.SESSION, Subject.VRRP} for item in found)


def outside_causes(
    cluster: ClusterView, around: Mapping[str, Surroundings], skews: Mapping[str, float]
) -> Iterator[Discrepancy]:
    """Packet filters and programs that are in the way, and clocks that differ.

    :param around: by node, of those that told.
    :param skews: seconds by which a node's clock is ahead of this machine's.
    """
    for node, its in around.items():
        view = cluster.nodes[node]
        for service, others in _services(view, cluster).items():
            yield from _filtered(view, its, service, others)
            yield from _taken(view, its, service)
    yield from _clocks(skews)


def explained(
    found: Iterable[Discrepancy], causes: Iterable[Discrepancy], around: Mapping[str, Surroundings]
) -> Iterator[Discrepancy]:
    """The findings, with a cause that was found in the place of the likely one, then the causes: one that explains
    nothing is a warning.
    """
    causes, found = tuple(causes), tuple(found)
    for item in found:
        cause = next((cause for cause in causes if _explains(cause, item)), None)
        if cause is not None:
            said = f"{cause.node}: {cause.found}"
            yield replace(
                item, cause=said, step=f"first see to what is said of {cause.node}'s firewall", is_there=False
            )
        elif item.subject is Subject.VNI and (early := _early(around.get(item.node))):
            yield replace(item, cause=f"FRR was started {early:.0f} s before the network was up, {_MISSED}")
        else:
            yield item
    for cause in causes:
        is_bad = any(_explains(cause, item) and item.severity is Severity.ERROR for item in found)
        yield replace(cause, severity=Severity.ERROR) if is_bad else cause


def missed_its_devices(item: Discrepancy) -> bool:
    """Whether its cause is that FRR was started before the network, which a restart of FRR cures."""
    return item.subject is Subject.VNI and item.cause.endswith(_MISSED)


def _early(its: Surroundings | None) -> float:
    """Seconds by which FRR was there before the network; 0 where it was not, or nobody knows."""
    if its is None or its.zebra is None or its.network is None:
        return 0.0
    return max(0.0, its.network - its.zebra)


def _explains(cause: Discrepancy, item: Discrepancy) -> bool:
    if cause.subject is Subject.PORT:
        is_vxlan = cause.expected.startswith("free")
        is_down = item.subject is Subject.DEVICE and (item.trait, item.expected) == ("state", "up")
        return item.node == cause.node and (is_down if is_vxlan else item.subject in {Subject.FRR, Subject.SESSION})
    if cause.subject is not Subject.FIREWALL or item.subject not in {Subject.PATH, Subject.SESSION, Subject.VRRP}:
        return False
    is_between = item.node == cause.node or f"to {cause.node} (" in item.object or item.subject is Subject.VRRP
    needs = {Subject.PATH: "(VXLAN)", Subject.VRRP: "VRRP"}.get(item.subject, "(BGP)")
    if item.expected == "BFD up":
        needs = "(BFD)"
    return is_between and needs in cause.object


def _services(view: NodeView, cluster: ClusterView) -> Mapping[_Service, tuple[IpAddress, ...]]:
    """What the node exchanges with others, and with whose addresses."""
    found: dict[_Service, set[IpAddress]] = {}
    shared = {(router.id, router.addresses) for router in view.expected.virtual_routers}
    for other in (node for name, node in cluster.nodes.items() if name != view.node):
        for port, vtep in other.expected.tunnels:
            if vtep is not None and port is not None:
                found.setdefault(_Service("udp", port, "VXLAN"), set()).add(vtep)
        for session in other.expected.sessions:
            if session.source is not None and cluster.owners.get(session.peer) == view.node:
                found.setdefault(_Service("tcp", _BGP, "BGP"), set()).add(session.source)
                if session.has_bfd:
                    found.setdefault(_Service("udp", _BFD, "BFD"), set()).add(session.source)
        for router in other.expected.virtual_routers:
            if (router.id, router.addresses) in shared:
                uplink = other.expected.by_name.get(router.interface)
                held = (uplink.addresses or ()) if uplink is not None else ()
                found.setdefault(_Service("vrrp", None, "VRRP"), set()).update(address.ip for address in held)
    speaks = {port for port, _ in view.expected.tunnels}
    return {
        service: tuple(sorted(others, key=str))
        for service, others in found.items()
        if service.name != "VXLAN" or service.port in speaks
    }


def _filtered(
    view: NodeView, its: Surroundings, service: _Service, others: tuple[IpAddress, ...]
) -> Iterator[Discrepancy]:
    for is_incoming in (True, False):
        for version in (4, 6):
            same = [other for other in others if other.version == version]
            packets = [Packet(service.protocol, service.port, other, is_incoming) for other in same]
            lost = {packet.other: drop for packet in packets if (drop := dropped(its.filters, packet)) is not None}
            if lost:
                yield _filter_finding(view, its, service, lost, is_incoming=is_incoming)


def _filter_finding(
    view: NodeView, its: Surroundings, service: _Service, lost: Mapping[IpAddress, Drop], *, is_incoming: bool
) -> Discrepancy:
    drop = next(iter(lost.values()))
    way = "in" if is_incoming else "out"
    if its.has_pve_firewall and (drop.chain.startswith(_OF_PVE) or _PROXMOX in drop.table):
        cause = "PVE's firewall is switched on, and has no rule for it"
        rule = _pve_rule(service, lost, is_incoming=is_incoming)
        step = f"add the line '{rule}' below [RULES] of {CLUSTER_FIREWALL}; pve-firewall takes it within 10 s"
    else:
        cause = (
            "somebody's rules, or a program's that writes them: until those are changed the step lasts for this boot"
        )
        step = _command(service, drop, list(lost), is_incoming=is_incoming)
    return view.finding(
        Subject.FIREWALL,
        f"firewall, {service.spoken} {way}",
        expected=f"lets it {way} {'from' if is_incoming else 'to'} {some([str(other) for other in lost])}",
        found=f"{drop.chain} drops it: {drop.rule}",
        cause=cause,
        step=step,
        zones=(),
        severity=Severity.WARNING,
    )


def _pve_rule(service: _Service, others: Iterable[IpAddress], *, is_incoming: bool) -> str:
    """A line of PVE's firewall."""
    way, side = ("IN", "-source") if is_incoming else ("OUT", "-dest")
    port = "" if service.port is None else f" -dport {service.port}"
    return f"{way} ACCEPT {side} {','.join(map(str, others))} -p {service.protocol}{port}"


def _command(service: _Service, drop: Drop, others: list[IpAddress], *, is_incoming: bool) -> str:
    """What lets the packets through, in front of the chain that drops them: another table could not."""
    is_v4 = others[0].version == 4  # noqa: PLR2004 - IPv4
    if drop.table:
        field = f"{'ip' if is_v4 else 'ip6'} {'saddr' if is_incoming else 'daddr'}"
        what = "meta l4proto 112" if service.port is None else f"{service.protocol} dport {service.port}"
        among = ", ".join(map(str, others))
        return f"nft 'insert rule {drop.table} {drop.base} {field} {{ {among} }} {what} accept'"
    port = "" if service.port is None else f" --dport {service.port}"
    where = f"{drop.base} {'-s' if is_incoming else '-d'} {','.join(map(str, others))}"
    return f"{'iptables' if is_v4 else 'ip6tables'} -I {where} -p {service.protocol}{port} -j ACCEPT"


def _taken(view: NodeView, its: Surroundings, service: _Service) -> Iterator[Discrepancy]:
    """A program other than the one whose port it is; the kernel's own sockets have none."""
    for held in its.held:
        own = _OWN_PROGRAMS.get((held.protocol, held.port))
        if (held.protocol, held.port) == (service.protocol, service.port) and held.program != own:
            yield view.finding(
                Subject.PORT,
                f"{held.protocol.upper()} port {held.port}",
                expected="free for the kernel's VXLAN devices" if own is None else f"{own}'s",
                found=f"held by {held.program} (process {held.pid})",
                cause="another program listens there, and was started first",
                step=f"ps -fp {held.pid}; it has to go, or to listen elsewhere",
                zones=(),
                severity=Severity.WARNING,
            )


def _clocks(skews: Mapping[str, float]) -> Iterator[Discrepancy]:
    """Nodes whose clock differs from most of the others'."""
    if len(skews) > 1:
        usual = median(skews.values())
        for node, skew in skews.items():
            if abs(skew - usual) > _SKEW:
                others = listed([name for name in skews if name != node])
                yield Discrepancy(
                    node=node,
                    subject=Subject.CLOCK,
                    object="clock",
                    expected=f"as on {others}",
                    found=f"{abs(skew - usual):.0f} s {'ahead' if skew > usual else 'behind'}",
                    cause="time is not synchronised: certificates, the cluster and logs go by it",
                    step="systemctl restart chrony && chronyc makestep",
                    severity=Severity.WARNING,
                    is_there=True,
                )
