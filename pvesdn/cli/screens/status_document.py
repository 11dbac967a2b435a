"""How a cluster is doing, as JSON."""

from __future__ import annotations

from typing import Any

from pvesdn import __version__
from pvesdn.cli.screens.confirmation import standing_document
from pvesdn.cli.screens.documents import pending, summary_document
from pvesdn.cli.screens.history import entry_document
from pvesdn.cli.screens.plan import last_line
from pvesdn.cli.screens.screen import Span
from pvesdn.cli.screens.verify import verify_document
from pvesdn.compare.counts import summarize
from pvesdn.model.status import ClusterStatus, NodeStatus, Share, ToDo, ZoneStatus
from pvesdn.workflows.confirmation import Found, Standing


def status_document(status: ClusterStatus, exit_status: int) -> dict[str, Any]:
    """The document of `--json`, see docs/json.md."""
    beside, lock, verified = status.beside, status.beside.lock, verify_document(status.verification, exit_status)
    found = None if beside.open is None else tuple(Found(name, nodes) for name, nodes in beside.open.items())
    return {
        "exit_status": exit_status,
        "cluster": {
            "name": status.name,
            "pve_version": status.pve_version,
            "pvesdn": __version__,
            "members": status.members,
            "online": status.online,
            "is_quorate": status.is_quorate,
            "packages": dict(status.packages),
        },
        "last_apply": None if status.last_apply is None else entry_document(status.last_apply),
        "open": None if found is None else standing_document(Standing(found))["open"],
        "lock": None if lock is None else {"id": lock.id, "who": lock.who, "age": lock.age},
        "is_sdn_locked": beside.is_sdn_locked,
        "zones": [_zone(zone) for zone in status.zones],
        "nodes": [_node(node) for node in status.nodes],
        "plan": _plan(status),
        "problems": list(status.no_plan),
        "pending": None if status.changes is None else pending(status.changes.pending),
        "own_differs": status.own_differs,
        "uncarried": list(status.uncarried),
        "not_there": list(status.not_there),
        **{key: verified[key] for key in ("findings", "not_checked", "unreachable", "offline")},
        "unknown": list(beside.unknown),
    }


def _plan(status: ClusterStatus) -> dict[str, Any] | None:
    changes = status.changes
    if changes is None:
        return None
    summary = summarize(changes, is_part=bool(status.only_nodes))
    line = "".join(part.text if isinstance(part, Span) else part for part in last_line(changes, summary))
    return {"plan": line, "summary": summary_document(changes, summary)}


def _zone(zone: ZoneStatus) -> dict[str, Any]:
    return {
        "id": zone.id,
        "what": zone.what,
        "source": zone.source,
        "nodes": list(zone.nodes),
        "seen": list(zone.seen),
        "vnets": zone.vnets,
        "guests": zone.guests,
        "health": zone.health.value,
        "bad": zone.bad,
        "warnings": zone.warnings,
        "first": zone.first,
    }


def _node(node: NodeStatus) -> dict[str, Any]:
    applied, drift = node.last_apply, node.drift
    return {
        "name": node.name,
        "health": node.health.value,
        "vteps": [str(vtep) for vtep in node.vteps],
        "sessions": share_document(node.sessions),
        "vnis": share_document(node.vnis),
        "last_apply": None if applied is None else {"number": applied.number, "what": applied.what},
        "drift": None if drift is None else {"files": drift.files, "devices": drift.devices},
        "to_do": _to_do(node.to_do),
        "bad": node.bad,
        "warnings": node.warnings,
        "first": node.first,
    }


def share_document(share: Share | None) -> dict[str, int] | None:
    """So many of all; null where that is not known."""
    return None if share is None else {"up": share.up, "all": share.all}


def _to_do(to_do: ToDo | None) -> dict[str, Any] | None:
    if to_do is None:
        return None
    numbers = {"add": to_do.add, "change": to_do.change, "replace": to_do.replace, "remove": to_do.remove}
    return {**numbers, "is_blocked": to_do.is_blocked}
