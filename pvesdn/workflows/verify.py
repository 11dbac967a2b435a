"""verify: is the network what the definitions say? Reads, designs, compares; changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from pvesdn.compare.conflicts import holds_our_frr
from pvesdn.compare.drift import edited, file_discrepancies, pve_discrepancies, told, unread, unsourced
from pvesdn.compare.hand_edits import hand_edits
from pvesdn.compare.live import Circumstances, checks, compare_live
from pvesdn.compare.present import NodeNow
from pvesdn.decode.definitions.sdn_files import read_sdn
from pvesdn.decode.nodes.state import decode_state
from pvesdn.design.cluster import SharedDesign, design_node, share
from pvesdn.design.expectation import expect
from pvesdn.design.shared.belongs import zones_by_interface
from pvesdn.errors import NodeError
from pvesdn.model.design import NodeDesign
from pvesdn.model.expectation import NodeExpectation
from pvesdn.model.files import FRR_CONF, NodeChanges, PendingChange
from pvesdn.model.findings import Finding, Severity
from pvesdn.model.snapshot import Snapshot
from pvesdn.model.state import NodeState
from pvesdn.model.verification import Discrepancy, NotChecked, Verification, ZoneVerdict, in_order
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.plan import plan_understood
from pvesdn.workflows.understand import Understanding, understand

NOT_YET = (
    "FRR: its daemons, its running configuration, BGP sessions, BFD, routes, VRRP",
    "guests' ports in their bridges, and their VLANs",
    "whether a packet of a zone's MTU arrives at the other VTEPs",
)
"""What verify does not look at yet, and says so."""

_SEEN_AS = {"fdb": "flooding: the all-zero entries of VXLAN devices", "settings": "the kernel's settings"}


def verify(snapshot: Snapshot, renderer: Renderer) -> Verification:
    """Hold every node that answered against the definitions: PVE's as they are committed, and pvesdn.cfg.

    :param snapshot: with the nodes' live state; what is missing from it is not checked, and the result says so.
    :raises PvesdnError: see `understand`.
    """
    return verify_understood(understand(snapshot, intent="running"), renderer)


def verify_understood(
    known: Understanding,
    renderer: Renderer,
    *,
    only: frozenset[str] | None = None,
    zone: str | None = None,
) -> Verification:
    """The same for a snapshot that is already understood, with PVE's committed definitions.

    :param only: only these nodes; None for all.
    :param zone: only what this zone's guests may notice; None for all.
    """
    changes = plan_understood(known, renderer, only=only)
    shared = share(known.given, known.vteps)
    zones = zones_by_interface(known.given.sdn)
    pending = _pending(known)
    found = list(pve_discrepancies(pending, known.running))
    unseen = [NotChecked("", what, "pvesdn cannot do it yet") for what in NOT_YET]
    unseen += (NotChecked("", f"zone {zone.id}", zone.reason) for zone in known.given.sdn.pve.unmanaged_zones)
    unreachable = dict(changes.unreachable)
    counted: dict[str, Counter[str]] = {}
    for node in changes.nodes:
        try:
            state = decode_state(node.node, known.snapshot.nodes[node.node])
        except NodeError as error:
            unreachable[node.node] = str(error)
            continue
        design = _design(known, shared, node.node)
        expected = expect(design)
        if not pending:  # otherwise PVE's file is shown with the plan
            found += edited(_edits(known, design, renderer))
        found += _of_node(known, node, expected, state, zones)
        unseen += (NotChecked(node.node, _SEEN_AS[name], why) for name, why in sorted(state.unseen.items()))
        counted[node.node] = Counter(checks(expected, state, zones))
    kept = in_order(item for item in found if zone is None or item.concerns(zone))
    return Verification(
        discrepancies=kept,
        not_checked=tuple(unseen),
        zones=_zone_verdicts(kept, counted, zone),
        nodes=tuple(counted),
        unreachable=unreachable,
        offline=changes.offline,
    )


def zone_ids(known: Understanding) -> frozenset[str]:
    """Every zone that is defined."""
    return frozenset(zone.id for zone in known.given.sdn.both.zones)


def _pending(known: Understanding) -> tuple[PendingChange, ...]:
    """PVE's definitions that nobody has applied; those that cannot be read are for plan to tell."""
    if not known.given.capabilities.has_sdn:
        return ()
    return read_sdn(known.snapshot.pve_files, intent="pending").pending


def _design(known: Understanding, shared: SharedDesign, node: str) -> NodeDesign:
    files = known.snapshot.nodes[node].files
    return design_node(shared, node, holds_our_frr=holds_our_frr(files, known.records[node]))


def _edits(known: Understanding, design: NodeDesign, renderer: Renderer) -> Iterator[Finding]:
    files = known.snapshot.nodes[design.node].files
    now = NodeNow(files, known.given.facts[design.node], known.records[design.node])
    can = known.given.capabilities.on(design.node)
    return hand_edits(renderer.render(design, files), now, known.running, can)


def _of_node(
    known: Understanding,
    changes: NodeChanges,
    expected: NodeExpectation,
    state: NodeState,
    zones: Mapping[str, str],
) -> Iterator[Discrepancy]:
    facts = known.given.facts[changes.node]
    yield from file_discrepancies(changes, known.records[changes.node].files or (), zones)
    yield from unsourced(changes.node, facts, (device.file for device in expected.devices))
    runs_evpn = "router bgp" in known.snapshot.nodes[changes.node].files.get(FRR_CONF, "")
    yield from compare_live(expected, state, zones, Circumstances(told(changes), unread(changes, facts), runs_evpn))


def _zone_verdicts(
    found: Collection[Discrepancy], counted: Mapping[str, Counter[str]], zone: str | None
) -> tuple[ZoneVerdict, ...]:
    names = sorted({name for checked in counted.values() for name in checked if name and zone in {None, name}})
    return tuple(_verdict(name, found, counted) for name in names)


def _verdict(zone: str, found: Collection[Discrepancy], counted: Mapping[str, Counter[str]]) -> ZoneVerdict:
    nodes = tuple(node for node, checked in counted.items() if checked[zone])
    of_it = [item for item in found if zone in item.zones or (not item.zones and item.node in nodes)]
    return ZoneVerdict(
        zone=zone,
        nodes=nodes,
        checks=sum(checked[zone] for checked in counted.values()),
        bad=sum(item.severity is Severity.ERROR for item in of_it),
        warnings=sum(item.severity is Severity.WARNING for item in of_it),
    )
