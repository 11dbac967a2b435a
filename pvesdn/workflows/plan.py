"""plan: read, design, render, compare. Changes nothing. render: the same, without the comparison."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pvesdn.compare.files import NodeNow, Ownership, compare_node
from pvesdn.compare.flags import PlanFlags
from pvesdn.compare.frr_local import LocalVerdict, judge_local
from pvesdn.compare.ownership import is_blank_frr
from pvesdn.compare.prerequisites import doubts
from pvesdn.compare.running import running_remarks
from pvesdn.design.cluster import design_node, share
from pvesdn.design.ours.vteps import seen_now
from pvesdn.design.pve.frr import what_stops_frr
from pvesdn.design.shared.beside_pve import merges_as_known, writes_frr
from pvesdn.design.shared.levels import is_before_templates
from pvesdn.encode.seen import encode_seen
from pvesdn.model.design import DesignInput, NodeDesign
from pvesdn.model.files import FRR_CONF, FRR_CONF_LOCAL, ChangeSet, NodeChanges, RenderedFile
from pvesdn.model.findings import Finding, Severity
from pvesdn.model.frr import FrrConfig
from pvesdn.model.snapshot import SEEN_NAME, Snapshot
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.understand import Intent, Understanding, understand

_KNOWS_REGENERATE_FRR = 9
"""PVE's first major version whose network reload takes `regenerate-frr`."""


def plan(
    snapshot: Snapshot,
    renderer: Renderer,
    *,
    intent: Intent = "pending",
    only: frozenset[str] | None = None,
    flags: PlanFlags | None = None,
) -> ChangeSet:
    """What would change on every node that answered.

    :param only: look at these nodes alone; None for all.
    :raises PvesdnError: see `understand`.
    """
    known = understand(snapshot, intent=intent)
    shared = share(known.given, known.vteps)
    nodes = []
    remarks: list[Finding] = []
    for name in _wanted(known, only):
        raw = snapshot.nodes[name]
        now = NodeNow(raw.files, known.given.facts[name], known.records[name])
        design = _with_own_skeleton(design_node(shared, name), known.given, now)
        rendered = renderer.render(design, raw.files)
        verdict = _judge_local(rendered, design, known, now)
        remarks += verdict.warnings
        changes = _compare(rendered, design, known, now, flags or PlanFlags())
        changes = replace(changes, obstacles=(*changes.obstacles, *verdict.errors))
        nodes.append(_stopped(changes, known.in_the_way.get(name, ())))
    in_the_way = {finding for node in nodes for finding in known.in_the_way.get(node.node, ()) if not node.is_empty}
    return ChangeSet(
        nodes=tuple(nodes),
        findings=(
            *(finding for finding in known.findings if finding not in in_the_way),
            *remarks,
            *running_remarks(known.running),
            *(doubt for node in nodes for doubt in doubts(node.files, known.given.facts[node.node])),
        ),
        pending=known.pending,
        unreachable=_wanted_only(dict(snapshot.unreachable) | dict(known.unreadable), only),
        offline=tuple(member.name for member in known.given.cluster.members if not member.is_online),
        seen=_seen(snapshot, known),
        pve=known.running,
        takes_frr_over=known.given.sdn.pve.gives_up_frr and known.given.cluster.has_sdn,
    )


def render_nodes(
    snapshot: Snapshot,
    renderer: Renderer,
    *,
    intent: Intent = "pending",
    only: frozenset[str] | None = None,
) -> Iterator[tuple[str, tuple[RenderedFile, ...]]]:
    """The files of every node that answered, one node at a time, whatever is on it now."""
    known = understand(snapshot, intent=intent)
    shared = share(known.given, known.vteps)
    for name in _wanted(known, only):
        files = renderer.render(design_node(shared, name), snapshot.nodes[name].files)
        yield name, tuple(file for file in files if file.text is not None)


def _wanted(known: Understanding, only: frozenset[str] | None) -> list[str]:
    return sorted(name for name in known.records if only is None or name in only)


def _wanted_only(reasons: dict[str, str], only: frozenset[str] | None) -> dict[str, str]:
    return {name: why for name, why in sorted(reasons.items()) if only is None or name in only}


def _with_own_skeleton(design: NodeDesign, given: DesignInput, now: NodeNow) -> NodeDesign:
    """Where the last zone that needed FRR has gone, what pvesdn wrote into frr.conf goes with it."""
    is_ours = FRR_CONF in (now.record.files or {})
    has_frr = design.frr is not None or design.pve_frr is not None  # the latter is ours to write on a PVE without SDN
    if has_frr or not is_ours or writes_frr(given, design.node):
        return design
    if is_blank_frr(now.files.get(FRR_CONF, "")):
        return design  # PVE had it in between, and has left nothing in it
    switches = now.facts.sysctl
    skeleton = FrrConfig(
        hostname=design.node,
        ip_forwarding=switches.get("net.ipv4.ip_forward") == "1",
        ipv6_forwarding=switches.get("net.ipv6.conf.all.forwarding") == "1",
    )
    return replace(design, frr=skeleton)


def _judge_local(
    rendered: tuple[RenderedFile, ...], design: NodeDesign, known: Understanding, now: NodeNow
) -> LocalVerdict:
    """What PVE's merge loses of frr.conf.local, where PVE writes frr.conf and its merge is the one that is known."""
    text = now.files.get(FRR_CONF_LOCAL)
    for file in rendered:
        if file.path == FRR_CONF_LOCAL:
            text = file.text
    if text is None or not merges_as_known(known.given) or not writes_frr(known.given, design.node):
        return LocalVerdict()
    if design.pve_frr is None:
        what = "not checked: what PVE's merge makes of our lines, since pvesdn does not render PVE's part on this node"
        hint = "look at frr.conf after applying"
        if (stop := what_stops_frr(known.given, design.node)) is not None:
            what = f"our lines do not reach FRR: PVE writes no frr.conf here because there is {stop.what.rstrip(',')}"
            hint = stop.hint
        where = f"{design.node}: {FRR_CONF_LOCAL}"
        remark = Finding(severity=Severity.WARNING, where=where, what=what, hint=hint)
        return LocalVerdict(warnings=() if design.frr is None else (remark,))
    return judge_local(design.node, design.pve_frr, text, is_older=is_before_templates(known.given, design.node))


def _compare(
    rendered: tuple[RenderedFile, ...], design: NodeDesign, known: Understanding, now: NodeNow, flags: PlanFlags
) -> NodeChanges:
    cluster = known.given.cluster
    frr_by_pve = writes_frr(known.given, design.node)
    takes_parameter = cluster.has_sdn and cluster.pve_major >= _KNOWS_REGENERATE_FRR
    owned = Ownership(
        sdn_by_pve=cluster.has_sdn,
        frr_by_pve=frr_by_pve,
        shows_pve=bool(known.pending),
        regenerate_frr=False if takes_parameter and not frr_by_pve else None,
    )
    return compare_node(rendered, now, owned, flags=flags, flooding=design.flooding)


def _stopped(changes: NodeChanges, in_the_way: tuple[Finding, ...]) -> NodeChanges:
    """What the node has by hand in the place of something of ours stops every change there."""
    if changes.is_empty or not in_the_way:
        return changes
    found = [Finding(severity=Severity.ERROR, where=changes.node, what=f.what, hint=f.hint) for f in in_the_way]
    return replace(changes, obstacles=(*found, *changes.obstacles))


def _seen(snapshot: Snapshot, known: Understanding) -> str | None:
    """The text that remembers every VTEP, None when it is already there."""
    text = encode_seen(seen_now(known.given, known.vteps))
    return None if snapshot.pve_files.get(SEEN_NAME) == text else text
