"""One look at the nodes: what each is doing, held against its design. Pure; verify, plan and apply look alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial

from pvesdn.compare.drift import behind, told, unread
from pvesdn.compare.frr_live import compare_frr, compare_frr_alone, unseen
from pvesdn.compare.live import Circumstances, compare_live
from pvesdn.compare.live_dhcp import compare_dhcp
from pvesdn.compare.live_evpn import unannounced
from pvesdn.compare.live_guests import compare_guests
from pvesdn.compare.live_sessions import established
from pvesdn.compare.live_view import FRR_QUESTIONS, ClusterView, NodeView
from pvesdn.compare.paths_now import plan_paths_now
from pvesdn.compare.questions import OF_INTERFACES
from pvesdn.decode.nodes.state import decode_state
from pvesdn.design.expectation import expect
from pvesdn.design.ours.zones import has_vrf
from pvesdn.design.shared.belongs import zones_by_interface
from pvesdn.errors import NodeFailed
from pvesdn.model.design import NodeDesign
from pvesdn.model.files import FRR_CONF, FRR_DAEMONS, FRR_FILES, OUR_SYSCTL, NodeChanges, PendingChange
from pvesdn.model.primitives import IpAddress
from pvesdn.model.pve_sdn import PveSimpleZone
from pvesdn.model.snapshot import STATE_COMMANDS
from pvesdn.model.verification import Discrepancy, Look, NotChecked, Subject
from pvesdn.workflows.understand import Understanding

_SEEN_AS = {
    "fdb": "flooding: the all-zero entries of VXLAN devices",
    "settings": "the kernel's settings",
    "port-vlans": "VLANs of the ports of VLAN-aware VNets",
    "dhcp-filters": "what keeps DHCP from crossing VXLAN devices",
    "dhcp-servers": "whether what serves addresses in VRFs runs there",
    "guest-plugs": "whether guests' ports are where their configurations have them",
    "frr-daemons": "FRR's daemons",
    "frr-running": "FRR's running configuration",
    "bgp-neighbors": "BGP sessions",
    "evpn-vnis": "the VNIs that FRR knows",
    "vrf-routes": "routes of the zones' VRFs",
    "evpn-rmacs": "router MACs of the other VTEPs",
    "vrrp": "the roles of virtual routers",
}
"""Questions of `STATE_COMMANDS` in a person's words."""

_DHCP = "PVE runs dnsmasq@{0} on each node; `systemctl status dnsmasq@{0}` there tells how it is"
_NOT_YET = "PVE switches dnsmasq@{0} on with its next commit, which is pending"


@dataclass(frozen=True)
class LookedAt:
    """One node that answered, and what may explain what is found there."""

    view: NodeView
    around: Circumstances

    @cached_property
    def live(self) -> tuple[Discrepancy, ...]:
        """Its devices, flooding and settings that are not as they should be."""
        return compare_live(self.view, self.around)


class Looker:
    """Looks at the nodes of a snapshot that is already understood."""

    def __init__(self, known: Understanding) -> None:
        self._known = known
        self._zones = zones_by_interface(known.given.sdn)
        self._ways_in = _ways_in(known)
        # PVE has stopped what served a zone that is gone.
        gone = {zone.id for zone in known.given.sdn.pve.lost_zones if zone.dhcp}
        self._uncommitted = _uncommitted_dhcp(known.pending) | gone

    def seen(self, design: NodeDesign, changes: NodeChanges) -> LookedAt | None:
        """The same where the node was asked, and answered what can be read; None otherwise."""
        if STATE_COMMANDS[0] not in self._known.snapshot.nodes[design.node].commands:
            return None
        try:
            # That an apply has not finished is said of the plan, and is true of every node while it runs.
            return self.at(design, replace(changes, is_unfinished=False))
        except NodeFailed:
            return None

    def at(self, design: NodeDesign, changes: NodeChanges) -> LookedAt:
        """What a node is doing, and what it should be doing.

        :param changes: what its files lack; devices that follow from that are not judged.
        :raises NodeFailed: its answers about devices cannot be read.
        """
        raw = self._known.snapshot.nodes[design.node]
        facts = self._known.given.facts[design.node]
        view = NodeView(
            expect(design),
            decode_state(design.node, raw),
            raw.files.get(FRR_CONF),
            raw.files.get(FRR_DAEMONS, ""),
            told(changes) | {change.path for change in changes.files},
            self._zones,
            self._uncommitted,
        )
        around = Circumstances(
            unread=unread(changes, facts),
            shared={stanza.name for stanza in facts.stanzas} | {name for _, name in facts.other_stanzas},
            ways_in=self._ways_in,
            behind=behind(design.node, self._known.running),
            halves={vnet.id for vnet in self._known.given.sdn.own.vnets if vnet.drawn_in is not None},
        )
        return LookedAt(view, around)

    def together(self, nodes: Mapping[str, LookedAt]) -> ClusterView:
        """The nodes that were looked at, by name, as they depend on each other."""
        given = self._known.given
        held = {str(address.ip): name for name, facts in given.facts.items() for _, address in facts.addresses}
        seen = {str(seen.address): name for name, seen in given.seen.items() if name not in given.facts}
        chosen = {str(vtep.address): name for name, vtep in self._known.vteps.items()}
        off = frozenset(member.name for member in given.cluster.members if not member.is_online)
        # An address that every node has, such as an anycast gateway, is nobody's.
        return ClusterView({name: node.view for name, node in nodes.items()}, {**held, **seen, **chosen}, off)

    def look(self, nodes: Mapping[str, LookedAt]) -> Look:
        """What these nodes were doing, without what only says that their files are not in place yet."""
        if not nodes:
            return Look()  # whose addresses are whose matters only where something was looked at
        cluster = self.together(nodes)
        found: list[Discrepancy] = []
        for node in nodes.values():
            found += (item for item in self.found_on(node, cluster) if not _waits_for_files(item, node.view))
        return Look(
            nodes=frozenset(nodes),
            found=tuple(found),
            up={
                (name, session): peer
                for name, node in nodes.items()
                for session, peer in established(node.view, cluster)
            },
            not_checked=(*self.left_to_pve(), *(item for node in nodes.values() for item in not_seen(node.view))),
            ways=partial(plan_paths_now, cluster),
            deaf=frozenset(name for name, node in nodes.items() if not node.view.tells_sessions),
            vnis={name: frozenset(node.view.state.vnis or ()) for name, node in nodes.items() if node.view.tells_vnis},
            unannounced=lambda name, own, among: tuple(unannounced(nodes[name].view, own, among)),
        )

    def left_to_pve(self) -> Iterator[NotChecked]:
        """What PVE's reload sets up besides interfaces and FRR, which nothing is held against."""
        sdn = self._known.given.sdn
        for lost in sdn.pve.lost_zones:
            if lost.dhcp:
                yield NotChecked("", f"DHCP of zone {lost.id}", f"PVE has no zone '{lost.id}'", (lost.id,))
        looked_at = {zone.carries for zone in sdn.own.zones if has_vrf(zone)}
        for zone in sdn.pve.zones:
            if isinstance(zone, PveSimpleZone) and zone.dhcp and zone.id in looked_at & self._uncommitted:
                yield NotChecked("", f"DHCP of zone {zone.id}", _NOT_YET.format(zone.id), (zone.id,))
            elif isinstance(zone, PveSimpleZone) and zone.dhcp and zone.id not in looked_at:
                yield NotChecked("", f"DHCP of zone {zone.id}", _DHCP.format(zone.id), (zone.id,))

    def own_on(self, node: LookedAt) -> tuple[Discrepancy, ...]:
        """What of it the node shows by itself, whatever the others do."""
        found = (*node.live, *compare_dhcp(node.view), *compare_frr_alone(node.view))
        return tuple(item for item in found if not _waits_for_files(item, node.view))

    def found_on(self, node: LookedAt, cluster: ClusterView) -> Iterator[Discrepancy]:
        """Everything about what a node is doing that is not as it should be: devices, guests, FRR."""
        yield from node.live
        yield from compare_dhcp(node.view)
        yield from compare_guests(node.view, self._known.guest_names, self._known.given.cluster.pve_version)
        yield from compare_frr(node.view, cluster)


def not_seen(view: NodeView) -> Iterator[NotChecked]:
    """What nobody could look at on a node, and why."""
    return (NotChecked(view.node, _SEEN_AS[what], why, _zones_of(what, view)) for what, why in unseen(view))


def _zones_of(question: str, view: NodeView) -> tuple[str, ...]:
    """Zones whose guests may notice what was asked; none where it may be those of any."""
    if question in OF_INTERFACES:
        zones = {view.zones.get(name) for name in OF_INTERFACES[question](view.expected)}
        return () if None in zones else tuple(sorted(filter(None, zones)))
    return view.evpn_zones if question in FRR_QUESTIONS else ()


def _waits_for_files(item: Discrepancy, view: NodeView) -> bool:
    """Daemons that a new file switches on, routes and virtual routers that it brings, and settings that it makes."""
    if item.subject is Subject.SETTING:
        return OUR_SYSCTL in view.told
    is_of_frr = item.subject in {Subject.ROUTE, Subject.VRRP} or (item.subject is Subject.FRR and not item.trait)
    return is_of_frr and bool(view.told & FRR_FILES)


def _uncommitted_dhcp(pending: Iterable[PendingChange]) -> frozenset[str]:
    """Zones that have DHCP only since they were edited."""
    return frozenset(
        change.id
        for change in pending
        for found in change.properties
        if change.kind == "zone" and found.name == "dhcp" and found.running is None
    )


def _ways_in(known: Understanding) -> frozenset[IpAddress]:
    members = known.given.cluster.members
    vteps = (vtep.address for vtep in known.vteps.values())
    return frozenset([*vteps, *(member.address for member in members if member.address is not None)])
