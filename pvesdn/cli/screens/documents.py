"""JSON documents of the verbs; docs/json.md describes them, and keys are only ever added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pvesdn.cli.screens.order import order_document
from pvesdn.cli.screens.reloads import reload_of
from pvesdn.compare.consequences import consequences
from pvesdn.compare.counts import Summary
from pvesdn.compare.diff import showable
from pvesdn.compare.healing import action_of
from pvesdn.compare.replugs import replugs
from pvesdn.model.consequences import AffectedGuest, Consequence
from pvesdn.model.differences import Difference
from pvesdn.model.files import Action, ChangeSet, FileChange, NodeChanges, PendingChange
from pvesdn.model.findings import Finding, Severity
from pvesdn.model.order import Wishes
from pvesdn.model.reloads import ReloadPlan, WholeNetwork
from pvesdn.model.report import ApplyReport, NodeOutcome, Outcome, Standing
from pvesdn.model.running import PveRunning
from pvesdn.model.sdn_edits import SdnEdits
from pvesdn.model.verification import Discrepancy, Verdict

_WORDS = {Action.ADD: "add", Action.CHANGE: "change", Action.REMOVE: "remove", Action.REPLACE: "replace"}


def plan_document(
    changes: ChangeSet, summary: Summary, *, has_diff: bool, wishes: Wishes | None = None
) -> dict[str, Any]:
    """What `plan --json` prints.

    :param has_diff: with a unified diff of every file.
    :param wishes: what was said about the order of the nodes.
    """
    draft = changes.definitions
    return {
        "summary": summary_document(changes, summary),
        "falls": [
            {"file": f.file, "is_absent": f.is_absent, "kind": f.kind, "gone": f.gone, "total": f.total}
            | {"nodes": list(f.nodes)}
            for f in changes.falls
        ],
        "consequences": [_consequence(one, changes.guest_names) for one in consequences(changes.nodes)],
        "nodes": [_node(node, changes, has_diff=has_diff) for node in changes.nodes],
        "order": order_document(changes, wishes),
        "pending": pending(changes.pending),
        "running": running(changes.pve),
        "findings": findings(changes.findings),
        "unreachable": dict(changes.unreachable),
        "offline": list(changes.offline),
    } | (
        ({} if draft is None else {"definitions": _definitions(draft, has_diff=has_diff)})
        | ({} if changes.vnis is None else {"vnis": _vnis(changes.vnis, has_diff=has_diff)})
        | ({} if changes.edits is None else {"calls": _calls(changes.edits)})
    )


def apply_document(
    changes: ChangeSet,
    summary: Summary,
    report: ApplyReport | None,
    status: int,
    *,
    has_diff: bool = False,
    wishes: Wishes | None = None,
) -> dict[str, Any]:
    """What `apply --json` prints.

    :param report: None when there was nothing to do.
    """
    return {
        "exit_status": status,
        "plan": plan_document(changes, summary, has_diff=has_diff, wishes=wishes),
        "report": None if report is None else _report(report),
    }


def pending(changes: Iterable[PendingChange]) -> list[dict[str, Any]]:
    """PVE's definitions that are not committed, property by property."""
    return [
        {
            "kind": row.kind,
            "id": row.id,
            "state": row.state,
            "properties": [{"name": p.name, "running": p.running, "pending": p.pending} for p in row.properties],
        }
        for row in changes
    ]


def running(pve: PveRunning) -> dict[str, Any]:
    """What PVE committed last, and which nodes have it."""
    return {
        "version": pve.version,
        "nodes": [
            {"name": name, "version": file.version, "state": file.state.value} for name, file in pve.nodes.items()
        ],
    }


def placed_findings(found: Iterable[Finding]) -> list[dict[str, Any]]:
    """Findings with their places in parts; null for what has none."""
    parts = []
    for finding in found:
        at = finding.place
        parts.append(
            {
                "severity": finding.severity.value,
                "file": at.file if at else None,
                "line": (at.line or None) if at else None,
                "column": (at.column or None) if at else None,
                "end_column": (at.end_column or None) if at else None,
                "kind": at.kind if at else "",
                "id": at.id if at else "",
                "what": finding.what,
                "hint": finding.hint,
            }
        )
    return parts


def findings(found: Iterable[Finding]) -> list[dict[str, str]]:
    """Findings with their parts; those that a screen shows in part follow the one that counts them."""
    return [
        {"severity": f.severity.value, "where": f.where, "what": f.what, "hint": f.hint}
        | ({"node": f.node} if f.node else {})
        for counted in found
        for f in (counted, *counted.others)
    ]


def summary_document(changes: ChangeSet, summary: Summary) -> dict[str, Any]:
    """A plan in numbers."""
    return {
        "has_changes": changes.vnis is not None or not changes.is_empty,
        "has_obstacles": any(node.obstacles for node in changes.nodes),
        "add": summary.add,
        "change": summary.change,
        "replace": summary.replace,
        "remove": summary.remove,
        "changed_nodes": list(summary.changed),
        "total_nodes": summary.total,
        "frr": {node: action.value for node, action in summary.frr},
    }


def _node(node: NodeChanges, changes: ChangeSet, *, has_diff: bool) -> dict[str, Any]:
    swap = node.execution.put_in_place
    return {
        "name": node.node,
        "has_changes": not node.is_empty,
        "is_unfinished": node.is_unfinished,
        "frr": node.execution.frr.value,
        "reload": _reload(reload_of(node, changes)),
        "files": [_file(file, has_diff=has_diff) for file in node.files],
        "drift": [discrepancy(item) | {"action": _WORDS[action_of(item)]} for item in node.drift],
        "taken_down": list(swap.ifdown) if swap else [],
        "deleted_links": list(swap.delete_links) if swap else [],
        "guest_ports": {bridge: list(ports) for bridge, ports in sorted(node.guests.items())},
        "plug_in_again": [
            {"port": found.port, "guest": found.guest, "command": found.command}
            for found in replugs(node, changes.pve_version)
        ],
        "obstacles": findings(node.obstacles),
    }


def _reload(plan: ReloadPlan | None) -> dict[str, Any] | None:
    if isinstance(plan, WholeNetwork):
        return {"whole": True, "why": plan.why, "down": [], "up": []}
    if plan is None or plan.is_empty:
        return None
    return {"whole": False, "why": "", "down": list(plan.down), "up": list(plan.up)}


def _calls(edits: SdnEdits) -> list[dict[str, Any]]:
    return [{"method": call.method, "path": f"/{call.path}", "values": call.parameters} for call in edits.calls]


def _definitions(file: FileChange, *, has_diff: bool) -> dict[str, Any]:
    diff = {"diff": list(showable(file))} if has_diff else {}
    return {"path": file.path, "action": _WORDS[file.action], **diff}


def _vnis(file: FileChange, *, has_diff: bool) -> dict[str, Any]:
    """The file of VNIs, with what is given to whom."""
    return _definitions(file, has_diff=has_diff) | {"differences": _differences(file.differences)}


def _file(file: FileChange, *, has_diff: bool) -> dict[str, Any]:
    document: dict[str, Any] = {
        "path": file.path,
        "action": _WORDS[file.action],
        "by_pve": file.by_pve,
        "conflict": file.conflict,
        "interfaces": [
            {"name": s.name, "action": _WORDS[s.action], "why": s.why, "differences": _differences(s.differences)}
            for s in file.stanzas
        ],
        "differences": _differences(file.differences),
    }
    if has_diff:
        document["diff"] = list(showable(file))
    return document


def _affected(found: Iterable[AffectedGuest], names: Mapping[int, str]) -> list[dict[str, Any]]:
    return [
        {"guest": g.guest, "name": names.get(g.guest, ""), "node": g.node, "port": g.port, "bridge": g.bridge}
        for g in found
    ]


def _consequence(one: Consequence, names: Mapping[int, str]) -> dict[str, Any]:
    return {
        "effect": one.effect.value,
        "nodes": list(one.nodes),
        "objects": list(one.objects),
        "old": one.old,
        "new": one.new,
        "guests": _affected(one.guests, names),
        "restart_before_migration": _affected(one.stuck, names),
        "larger": [
            {
                "guest": nic.guest,
                "name": names.get(nic.guest, ""),
                "node": nic.node,
                "device": f"net{nic.device}",
                "bridge": nic.bridge,
                "mtu": nic.mtu,
            }
            for nic in one.larger
        ],
    }


def _differences(found: Iterable[Difference]) -> list[dict[str, Any]]:
    return [{"name": change.name, "old": list(change.old), "new": list(change.new)} for change in found]


def _report(report: ApplyReport) -> dict[str, Any]:
    return {
        "is_good": report.is_good,
        "nodes": [_outcome(node) for node in report.nodes],
        "commit": None if report.commit is None else report.commit.value,
        "commit_error": report.commit_error,
        "not_checked": list(report.not_checked),
        "is_unconfirmed": report.is_unconfirmed,
        "is_rehearsal": report.is_rehearsal,
        "not_recorded": report.not_recorded,
        "checks": None if report.verdict is None else _verdict(report.verdict),
    } | ({"definitions": Outcome.OK.value} if report.has_new_definitions else {})


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "failed": [discrepancy(item) for item in verdict.failed],
        "before": [discrepancy(item) for item in verdict.before],
        "unhealed": [discrepancy(item) for item in verdict.unhealed],
    }


def discrepancy(found: Discrepancy) -> dict[str, Any]:
    """One thing that is not as it should be on a node."""
    return {
        "severity": "bad" if found.severity is Severity.ERROR else found.severity.value,
        "node": found.node,
        "subject": found.subject.value,
        "object": found.object,
        "trait": found.trait,
        "expected": found.expected,
        "found": found.found,
        "cause": found.cause,
        "next": found.next_step,
        "zones": list(found.zones),
    }


def _outcome(node: NodeOutcome) -> dict[str, Any]:
    return {
        "name": node.node,
        "steps": [{"step": step.step, "outcome": step.outcome.value} for step in node.steps],
        "error": node.error,
        "note": node.note,
        "log": list(node.log),
    } | _standing(node)


def _standing(node: NodeOutcome) -> dict[str, Any]:
    """What the node has, where that is not simply what was planned."""
    if node.standing is None or node.standing is Standing.NEW:
        return {}
    return {"standing": node.standing.value, "left": list(node.left)}
