"""What FRR makes of EVPN on a node: the VNIs that it announces, and the flooding that the others' routes bring."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from pvesdn.compare.live_view import RESTART, ClusterView, NodeView, listed
from pvesdn.compare.one_sided import speaks_in_vain
from pvesdn.model.expectation import ExpectedVni
from pvesdn.model.primitives import IpAddress
from pvesdn.model.state import LiveSession, LiveVni
from pvesdn.model.verification import Discrepancy, Subject

OF_VIRTUAL_ROUTERS = ("00:00:5e:00:01:", "00:00:5e:00:02:")
"""MACs of VRRP (RFC 9568 section 7.3). Zebra 8.4.4 may show one as an L3VNI's router MAC where a virtual router is. Its
type-5 routes have the bridge's MAC all the same; those of its guests may have the virtual router's, and then what is
routed to them is lost (docs/pve.md §13.1). Which it is the others have: it is looked for, and told, there.
"""
_UNKNOWN = ("known to FRR", "unknown", "FRR missed that the device was made")


def vni_discrepancies(view: NodeView, *, is_configuration_told: bool) -> Iterator[Discrepancy]:
    """VNIs that zebra does not know, or has in another VRF; L3VNIs that are down.

    :param is_configuration_told: that FRR does not run its file is a finding already, and explains an unknown VNI.
    """
    if view.state.vnis is None or view.missing_daemons & {"bgpd", "zebra"}:
        return
    for vni in view.expected.vnis:
        if view.is_told(vni.device):
            continue
        live = view.state.vnis.get(vni.vni)
        if live is None and is_configuration_told:
            continue
        wrong = _UNKNOWN if live is None else wrong_with(view, vni, live)
        if wrong is not None:
            expected, found, cause = wrong
            name = f"VNI {vni.vni} ({vni.device})"
            yield view.finding_in_zone(
                Subject.VNI, name, vni.device, expected=expected, found=found, cause=cause, step=RESTART
            )


def unannounced(view: NodeView, own: Collection[int], among: Collection[int]) -> Iterator[Discrepancy]:
    """VNIs that zebra knows and bgpd does not announce: without a type-3 route of the node nobody floods to it.

    :param own: VNIs with a type-3 route of the node's own.
    :param among: only these are judged.
    """
    for vni in view.expected.of_guests.values():
        if vni.vni in among and vni.vni not in own and not view.is_told(vni.device):
            yield view.finding_in_zone(
                Subject.VNI,
                f"VNI {vni.vni} ({vni.device})",
                vni.device,
                trait="type-3 route of its own",
                expected="announced",
                found="no such route",
                cause="bgpd has not taken the VNI from zebra",
                step=RESTART,
            )


def bridge_mac(view: NodeView, vni: ExpectedVni) -> str:
    """That of the bridge as it is; whether it is the right one is told of the bridge."""
    return view.state.devices[view.state.devices[vni.device].master].mac


def wrong_with(view: NodeView, vni: ExpectedVni, live: LiveVni) -> tuple[str, str, str] | None:
    """What is expected of a VNI whose device is in its bridge, what is found, and why; None where all is well."""
    mac = bridge_mac(view, vni)
    if live.is_l3 != vni.is_l3:
        wanted, found = ("the L3VNI of a VRF", "a VNI of guests") if vni.is_l3 else ("a VNI of guests", "an L3VNI")
        return wanted, found, "what FRR runs has another `vni` line in a VRF than its file"
    if live.vrf and live.vrf != vni.vrf:
        return f"in {vni.vrf}", f"in {live.vrf}", "FRR missed that the bridge came into its VRF"
    if not vni.is_l3:
        return None
    if live.state and live.state != "Up":
        return "Up", live.state, "its bridge or its VRF is down, or FRR missed that they came up"
    if live.router_mac not in {"", "none", mac} and not live.router_mac.startswith(OF_VIRTUAL_ROUTERS):
        cause = "FRR noted the bridge's MAC before it was set: the others send to the wrong one"
        return f"router MAC {mac}", f"router MAC {live.router_mac}", cause
    return None


def flooding_discrepancies(view: NodeView, cluster: ClusterView) -> Iterator[Discrepancy]:
    """All-zero entries that zebra should have made of the others' type-3 routes (RFC 8365 section 5.1.3)."""
    if view.state.flooding is None or view.state.vnis is None or not view.has_bgp:
        return
    heard = tuple(heard_nodes(view, cluster))
    for vni in view.expected.of_guests.values():
        if vni.vni not in view.state.vnis or view.is_told(vni.device):
            continue
        there = view.state.flooding.get(vni.device, frozenset())
        known = view.state.vnis[vni.vni].remotes
        wanted = {other.node: other.announced[vni.vni] for other in heard if vni.vni in other.announced}
        # An entry that somebody has made by hand is no route: it goes with the next change.
        unheard = {node: vtep for node, vtep in wanted.items() if vtep not in (there if known is None else known)}
        if unheard:
            yield _unheard(view, vni, unheard, there)
        deleted = {node: vtep for node, vtep in wanted.items() if vtep not in there and node not in unheard}
        if deleted:
            yield _deleted(view, vni, deleted)


def heard_nodes(view: NodeView, cluster: ClusterView) -> Iterator[NodeView]:
    """Other nodes whose routes should come, unless what keeps them from it is told already."""
    if any(not live.is_established for live in _reflecting(view, cluster)):
        return
    peers = {session.peer for session in view.expected.sessions}
    for name, other in cluster.nodes.items():
        if name == view.node or not other.expected.vteps or not other.has_bgp:
            continue
        direct = peers & other.expected.vteps
        live = [found for peer in direct if (found := (view.state.sessions or {}).get(peer)) is not None]
        if direct and not any(session.is_established for session in live):
            continue
        # By reflectors nothing comes either of whom a list of peers has forgotten.
        if direct or not speaks_in_vain(other, view, cluster):
            yield other


def _reflecting(view: NodeView, cluster: ClusterView) -> Iterator[LiveSession]:
    """Sessions by which routes of other nodes than the peer come; none in a full mesh."""
    peers = {session.peer for session in view.expected.sessions}
    if any(not other.expected.vteps & peers for name, other in cluster.nodes.items() if name != view.node):
        live = (view.state.sessions or {}).items()
        yield from (session for peer, session in live if peer in peers)


def _unheard(
    view: NodeView, vni: ExpectedVni, missing: Mapping[str, IpAddress], there: frozenset[IpAddress]
) -> Discrepancy:
    nodes = listed(missing)
    is_by_hand = there.issuperset(missing.values())
    return _finding(
        view,
        vni,
        missing,
        found="an entry that FRR knows nothing of" if is_by_hand else "no such entry",
        cause=f"no type-3 route of {nodes} is imported for VNI {vni.vni}: it is not announced there, or with another "
        "route target",
        step="vtysh -c 'show bgp l2vpn evpn route type multicast'",
    )


def _deleted(view: NodeView, vni: ExpectedVni, missing: Mapping[str, IpAddress]) -> Discrepancy:
    commands = [f"bridge fdb append 00:00:00:00:00:00 dev {vni.device} dst {vtep}" for vtep in missing.values()]
    cause = f"FRR knows the type-3 route of {listed(missing)}; somebody has deleted the entry that came of it"
    return _finding(view, vni, missing, found="no such entry", cause=cause, step=" && ".join(commands))


def _finding(view: NodeView, vni: ExpectedVni, missing: Mapping[str, IpAddress], **said: str) -> Discrepancy:
    return view.finding_in_zone(
        Subject.FLOODING,
        vni.device,
        vni.device,
        trait="all-zero entries",
        expected=f"broadcasts go to {', '.join(f'{vtep} ({node})' for node, vtep in missing.items())}",
        parts=frozenset(missing),
        **said,
    )
