"""plan: read, design, render, compare. Changes nothing. render: the same, without the comparison."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from pvesdn.compare.conflicts import holds_our_frr
from pvesdn.compare.falls import falls
from pvesdn.compare.files import compare_node
from pvesdn.compare.frr_local import judge_rendered_local
from pvesdn.compare.hand_edits import hand_edits
from pvesdn.compare.healing import drift, healed
from pvesdn.compare.obstacles import obstacles
from pvesdn.compare.order import serves_others
from pvesdn.compare.passing import doubtful_passing
from pvesdn.compare.prerequisites import doubts
from pvesdn.compare.present import NodeNow
from pvesdn.compare.reloads import whole
from pvesdn.compare.running import running_findings
from pvesdn.compare.unrehearsed import why_unrehearsed
from pvesdn.compare.way_in import way_in
from pvesdn.design.cluster import SharedDesign, design_node, share
from pvesdn.design.shared.belongs import zones_by_interface
from pvesdn.design.shared.ownership import takes_frr_over
from pvesdn.model.design import NodeDesign
from pvesdn.model.execution import ReloadNetwork
from pvesdn.model.files import (
    FRR_DAEMONS,
    OUR_INTERFACES,
    SDN_INTERFACES,
    ChangeSet,
    NodeChanges,
    RenderedFile,
    Unrehearsed,
)
from pvesdn.model.findings import Finding
from pvesdn.model.flags import PlanFlags
from pvesdn.model.running import SdnFileState
from pvesdn.model.snapshot import Snapshot
from pvesdn.model.verification import Discrepancy
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.decoded import Intent
from pvesdn.workflows.draft import vnis_change
from pvesdn.workflows.look import LookedAt, Looker
from pvesdn.workflows.seen import seen_text
from pvesdn.workflows.understand import Understanding, understand


def plan(
    snapshot: Snapshot,
    renderer: Renderer,
    *,
    intent: Intent = "pending",
    only: frozenset[str] | None = None,
    flags: PlanFlags | None = None,
) -> ChangeSet:
    """What would change on each node that answered.

    :param only: only these nodes; None for all.
    :raises PvesdnError: see `understand`.
    """
    known = understand(snapshot, intent=intent, detaches_guests=flags is not None and flags.detach_guests)
    return plan_understood(known, renderer, only=only, flags=flags)


def plan_understood(
    known: Understanding,
    renderer: Renderer,
    *,
    only: frozenset[str] | None = None,
    flags: PlanFlags | None = None,
) -> ChangeSet:
    """The same for a snapshot that is already understood, with the same decision about guests as in `flags`."""
    changes: list[NodeChanges] = []
    found: list[Finding] = []
    unrehearsed: list[Unrehearsed] = []
    looker, looked_at = Looker(known), {}
    for planned in plan_nodes(known, renderer, only=only, flags=flags):
        node = planned.changes
        if (at := looker.seen(planned.design, node)) is not None:
            looked_at[node.node] = at
            node = _healed(known, planned, looker.own_on(at), at, flags or PlanFlags())
        changes.append(node)
        found += (*planned.warnings, *planned.edits)
        if planned.unrehearsed is not None:
            unrehearsed.append(planned.unrehearsed)
    offline = tuple(member.name for member in known.given.cluster.members if not member.is_online)
    return ChangeSet(
        nodes=tuple(changes),
        findings=(
            *_not_told(known.findings_without(stopped={node.node for node in changes if not node.is_empty}), changes),
            *found,
            *running_findings(known.running, {node.node for node in changes if _changes_interfaces(node)}),
            *(doubt for node in changes for doubt in doubts(node.files, known.given.facts[node.node], node.obstacles)),
            *doubtful_passing(changes, {*offline, *known.unanswered}, known.given.seen),
        ),
        pending=known.pending,
        unreachable=_wanted_only(known.unanswered, only),
        offline=offline,
        seen=seen_text(known, changes),
        vnis=vnis_change(known.snapshot, known.vnis, known.given.sdn.vnis),
        pve=known.running,
        takes_frr_over=takes_frr_over(known.given),
        flags=flags or PlanFlags(),
        falls=falls(
            known.given.sdn.own,
            known.snapshot.pve_files,
            changes,
            {node.node: known.snapshot.nodes[node.node].files for node in changes},
            pending=known.pending,
            running=known.committed,
        ),
        guest_names=known.guest_names,
        pve_version=known.given.cluster.pve_version,
        zones=zones_by_interface(known.given.sdn),
        sources=known.snapshot.pve_files,
        look=looker.look(looked_at),
        can_lose_one=known.given.cluster.can_lose_one,
        unrehearsed=tuple(unrehearsed),
        kept={vnet.id: vnet.nodes or frozenset() for vnet in known.given.sdn.own.vnets if vnet.is_kept_for_guests},
    )


@dataclass(frozen=True, slots=True)
class NodePlan:
    """One node: its design, and how it differs from what the node has.

    :param warnings: what PVE's merge of frr.conf.local makes of the files.
    :param edits: where somebody has edited PVE's file; empty while definitions of PVE's are to be committed.
    :param unrehearsed: why what PVE is about to write there cannot be rehearsed; None where it can.
    """

    design: NodeDesign
    changes: NodeChanges
    warnings: tuple[Finding, ...]
    edits: tuple[Finding, ...]
    unrehearsed: Unrehearsed | None = None


def plan_nodes(
    known: Understanding,
    renderer: Renderer,
    *,
    only: frozenset[str] | None = None,
    flags: PlanFlags | None = None,
) -> Iterator[NodePlan]:
    """Each node that answered, one at a time, sorted by name. :param only: only these nodes; None for all."""
    shared = share(known.given, known.vteps)
    return (_plan_node(known, shared, name, renderer, flags or PlanFlags()) for name in _wanted(known, only))


def render_understood(
    known: Understanding, renderer: Renderer, *, only: frozenset[str] | None = None
) -> Iterator[tuple[str, tuple[RenderedFile, ...]]]:
    """The files of each node that answered, one node at a time, whatever it has now."""
    shared = share(known.given, known.vteps)
    for name in _wanted(known, only):
        files = renderer.render(design_node(shared, name), known.snapshot.nodes[name].files)
        yield name, tuple(file for file in files if file.text is not None)


def _plan_node(known: Understanding, shared: SharedDesign, name: str, renderer: Renderer, flags: PlanFlags) -> NodePlan:
    """Design one node, render its files and compare them with what it has."""
    raw = known.snapshot.nodes[name]
    now = NodeNow(raw.files, known.given.facts[name], known.records[name], known.guest_names)
    design = design_node(shared, name, holds_our_frr=holds_our_frr(now.files, now.record, now.facts))
    rendered = renderer.render(design, raw.files)
    verdict = judge_rendered_local(rendered, design, known.given, now.files)
    changes = compare_node(
        rendered,
        now,
        design.owners,
        flags=flags,
        shows_pve=bool(known.pending),
        flooding=design.flooding,
        carried=way_in(now.facts, known.given.cluster.member(name), known.vteps.get(name)),
    )
    blocking = () if changes.is_empty else _blocking(known, name)
    # While something is pending, PVE is about to write the file, and what changes in it is shown with the plan.
    can = known.given.capabilities.on(name)
    edits = () if known.pending else tuple(hand_edits(rendered, now, known.running, can))
    if edits or not _is_pves_current(known, name):
        changes = whole(changes, f"{SDN_INTERFACES} is not what PVE writes now")
    obstacles = tuple(_with_place(known, obstacle) for obstacle in changes.obstacles)
    changes = replace(changes, obstacles=(*blocking, *obstacles, *verdict.errors), serves_others=serves_others(design))
    unrehearsed = (
        why_unrehearsed(known.given, design, rendered, now.files.get(FRR_DAEMONS) or "", known.pending)
        if known.pending
        else None
    )
    return NodePlan(design, changes, verdict.warnings, edits, unrehearsed)


def _healed(
    known: Understanding, planned: NodePlan, found: tuple[Discrepancy, ...], at: LookedAt, flags: PlanFlags
) -> NodeChanges:
    """The plan of a node with what is done about things that have gone wrong there.

    PVE's devices are left alone where its file is not what it would write now: a reload would write it anew.
    """
    changes, node = planned.changes, planned.changes.node
    is_pves_right = not planned.edits and _is_pves_current(known, node)
    by_name = at.view.expected.by_name
    drifted = [
        item
        for item in drift(found, at.view)
        if is_pves_right or item.object not in by_name or by_name[item.object].file != SDN_INTERFACES
    ]
    reload = None if known.pending else ReloadNetwork(planned.design.owners.regenerate_frr)
    plan = healed(changes, drifted, reload)
    if changes.is_empty and plan.execution.reloads:
        raw, facts = known.snapshot.nodes[node], known.given.facts[node]
        blocked = obstacles((), raw.files, facts, flags, {}, carried={}, is_reloaded=True)
        return replace(plan, obstacles=(*plan.obstacles, *blocked))
    return plan


def _is_pves_current(known: Understanding, node: str) -> bool:
    """PVE's file has the definitions that are running, as far as its version tells."""
    file = known.running.nodes.get(node)
    return file is None or file.state is SdnFileState.CURRENT


def _with_place(known: Understanding, obstacle: Finding) -> Finding:
    """What an apply misses, with the place in the definitions that asks for it and the name that may be meant."""
    told = next((f for f in known.found if _missed(f) and _missed(f) == _missed(obstacle)), None)
    if told is None or told.place is None:
        return obstacle
    where = told.where.removesuffix(f": {told.place.kind} '{told.place.id}'")  # of a draft it has that file's name
    hint = f"{told.hint} in {where}, or wait until it exists"
    return obstacle.model_copy(update={"hint": hint})


def _missed(finding: Finding) -> tuple[str, str] | None:
    return (finding.node, finding.missing) if finding.missing else None


def _not_told(found: Iterable[Finding], changes: Iterable[NodeChanges]) -> Iterator[Finding]:
    """Findings without those that an obstacle tells as well."""
    told = {_missed(obstacle) for node in changes for obstacle in node.obstacles} - {None}
    return (finding for finding in found if _missed(finding) not in told)


def _changes_interfaces(node: NodeChanges) -> bool:
    return any(file.path == OUR_INTERFACES for file in node.files)


def _wanted(known: Understanding, only: frozenset[str] | None) -> list[str]:
    return sorted(name for name in known.records if only is None or name in only)


def _wanted_only(reasons: dict[str, str], only: frozenset[str] | None) -> dict[str, str]:
    return {name: why for name, why in sorted(reasons.items()) if only is None or name in only}


def _blocking(known: Understanding, node: str) -> tuple[Finding, ...]:
    """What is hand-written on the node in the place of something of ours blocks every change there."""
    return tuple(finding.model_copy(update={"where": node}) for finding in known.blocking(node))
