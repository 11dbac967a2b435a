"""Every document that `--json` prints, by its kind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import get_args

from pvesdn.model.execution import UndoState
from pvesdn.model.history import Ending
from pvesdn.model.open_apply import OpenState
from pvesdn.model.report import Outcome, Standing
from pvesdn.model.status import Health
from pvesdn.model.trace import EndKind, Place
from pvesdn.model.trace import Outcome as TraceOutcome
from pvesdn.model.zone_move import Fate
from pvesdn.watcher.turns import LOOK, METRICS, VERIFY
from pvesdn.workflows.watch import WatchAction
from tools.schemas.parts import COMMON, PARTS_OF_A_PLAN, PLAN
from tools.schemas.words import (
    NUMBER,
    SWITCH,
    TEXT,
    TIME,
    Schema,
    also,
    by_name,
    each,
    one_of,
    or_null,
    part,
    record,
)

VERSION = 1
"""The `format_version` that is described."""
FILE = f"docs/schema/pvesdn-{VERSION}.json"
_STATUS = {"exit_status": NUMBER}
_ID: Schema = {"type": "string", "pattern": "^[0-9a-f]{16}$"}
_DIGEST: Schema = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_SECONDS: Schema = {"type": "number"}


def _report() -> Schema:
    outcome = record(
        "How a node came through",
        {
            "name": TEXT,
            "steps": each(record("A step", {"step": TEXT, "outcome": one_of(Outcome)})),
            "error": TEXT,
            "note": TEXT,
            "log": each(TEXT),
        },
        optional={"standing": one_of(found for found in Standing if found is not Standing.NEW), "left": each(TEXT)},
    )
    checks = record("What was verified", {key: each(part("discrepancy")) for key in ("failed", "before", "unhealed")})
    return record(
        "What an apply did",
        {
            "is_good": SWITCH,
            "nodes": each(outcome),
            "commit": or_null(one_of(Outcome)),
            "commit_error": TEXT,
            "not_checked": each(TEXT),
            "is_unconfirmed": SWITCH,
            "is_rehearsal": SWITCH,
            "not_recorded": TEXT,
            "checks": or_null(checks),
        },
        optional={"definitions": one_of((Outcome.OK,))},
    )


def _entry() -> Schema:
    counts = record("Interfaces", dict.fromkeys(("add", "change", "replace", "remove"), NUMBER))
    group = record(
        "Nodes with the same plan",
        {"nodes": TEXT, "each": or_null(counts), "frr": one_of(("", "reload", "restart"))},
    )
    digests = record("Definitions", {"own": or_null(_DIGEST), "committed": or_null(_DIGEST)})
    short = {"where": TEXT, "total": counts, "nodes": each(group), "pending": each(TEXT)}
    return record(
        "An entry of the history",
        {
            "number": NUMBER,
            "id": _ID,
            "who": TEXT,
            "began": TIME,
            "ended": or_null(TIME),
            "ending": one_of(Ending),
            "comment": TEXT,
            "pvesdn": TEXT,
            "flags": each(TEXT),
            "plan": record("The plan in short", short),
            "before": digests,
            "after": digests,
            "results": each(record("What nodes have since", {"nodes": TEXT, "what": TEXT, "why": TEXT})),
            "why": TEXT,
        },
    )


def _show() -> dict[str, Schema]:
    nodes = each(TEXT)
    subnet = record("A subnet", {"cidr": TEXT, "gateway": or_null(TEXT)})
    vrrp = record("A virtual router", {"id": NUMBER, "priority": NUMBER, "addresses": each(TEXT)})
    path = {"node": TEXT, "peer": TEXT, "peer_node": or_null(TEXT), "devices": each(TEXT), "mtu": or_null(NUMBER)}
    zone = {"id": TEXT, "what": TEXT, "source": TEXT, "nodes": nodes, "mtu": or_null(NUMBER), "l3vni": or_null(NUMBER)}
    vnet = {"id": TEXT, "zone": TEXT, "tag": or_null(NUMBER), "alias": TEXT, "source": TEXT, "nodes": nodes}
    leaving = {"id": TEXT, "zone": TEXT, "node": TEXT, "interface": TEXT, "addresses": nodes, "gateways": nodes}
    vtep = {"node": TEXT, "address": TEXT, "interface": or_null(TEXT), "mtu": or_null(NUMBER), "why": TEXT}
    node = {"name": TEXT, "is_online": SWITCH, "has_answered": SWITCH, "zones": nodes, "vnets": nodes, "exits": nodes}
    return {
        "cluster": record("The cluster", {"name": TEXT, "pve_version": TEXT, "has_sdn": SWITCH}),
        "vteps": each(record("A node's tunnel address", vtep)),
        "paths": each(
            record("A way to a peer", path | {key: or_null(TEXT) for key in ("source", "route", "protocol")})
        ),
        "zones": each(record("A zone", zone | {"controller": or_null(TEXT), "left_to_pve": TEXT})),
        "vnets": each(
            record(
                "A VNet",
                vnet
                | {
                    "subnets": each(subnet),
                    "guest_command": TEXT,
                    "acl_path": TEXT,
                    "drawn_in": TEXT,
                    "is_kept": SWITCH,
                },
            )
        ),
        "controllers": each(
            record("A controller", {"id": TEXT, "asn": or_null(NUMBER), "source": TEXT, "is_ours": SWITCH})
        ),
        "exits": each(record("An exit", leaving | {"vrrp": or_null(vrrp)})),
        "nodes": each(record("A node", node)),
        "pending": each(part("pending")),
        "running": part("running"),
        "watch": or_null(record("What watch has left on this node", _watch_status())),
        "findings": each(part("finding")),
        "unreachable": by_name(TEXT),
    }


_IMPORTED: Mapping[str, Schema] = {
    "definitions": each(part("text-of-definitions")),
    "findings": each(part("finding")),
    "unreachable": by_name(TEXT),
    "plan": or_null(part("plan-made")),
    "problems": each(TEXT),
    "written": each(TEXT),
}


def _adoption() -> dict[str, Schema]:
    run = record("Lines, counted from 1", {"first": NUMBER, "last": NUMBER})
    out = {"name": TEXT, "file": TEXT, "lines": each(run), "is_whole": SWITCH, "vni": or_null(NUMBER), "becomes": TEXT}
    node = {"name": TEXT, "take_out": each(record("What is taken out", out))}
    node |= {"ifdown": each(TEXT), "is_frr_rewritten": SWITCH}
    return {
        "form": one_of(("pvesdn", "pve")),
        "nodes": each(record("A node with something to be taken out", node, optional={"diff": each(TEXT)})),
        "not_carried_over": each(part("finding")),
        "frr_conf_local": by_name(TEXT),
        **_IMPORTED,
    }


def _move() -> dict[str, Schema]:
    fate = {"where": TEXT, "name": TEXT, "value": TEXT, "fate": one_of(Fate), "what": TEXT, "hint": TEXT}
    wire = {"nodes": each(TEXT), "devices": each(TEXT), "what": TEXT, "meaning": TEXT}
    return {
        "form": one_of(("from-pve", "to-pve")),
        "zones": each(TEXT),
        "properties": each(record("What becomes of a property", fate)),
        "on_the_wire": each(record("What changes for traffic", wire)),
        "with_the_panel": each(TEXT),
        "cut_over": each(record("A script", {"name": TEXT, "lines": each(TEXT), "text": TEXT})),
        **_IMPORTED,
    }


def _findings_with_places() -> Schema:
    places = dict.fromkeys(("line", "column", "end_column"), or_null(NUMBER))
    keys = {"severity": one_of(("error", "warning", "note")), "file": or_null(TEXT), **places}
    return each(record("A finding and its place", keys | dict.fromkeys(("kind", "id", "what", "hint"), TEXT)))


def _verify() -> dict[str, Schema]:
    zone = {"id": TEXT, "nodes": each(TEXT), "checks": NUMBER, "bad": NUMBER, "warnings": NUMBER}
    return {
        **_STATUS,
        "zones": each(record("A zone that was verified", zone)),
        "nodes": each(TEXT),
        "findings": each(part("discrepancy")),
        "not_checked": each(record("What nobody looked at", {"node": TEXT, "what": TEXT, "why": TEXT})),
        "unreachable": by_name(TEXT),
        "offline": each(TEXT),
    }


def _status() -> dict[str, Schema]:
    share = or_null(record("So many of all", {"up": NUMBER, "all": NUMBER}))
    judged = {"health": one_of(Health), "bad": NUMBER, "warnings": NUMBER, "first": TEXT}
    zone = {"id": TEXT, "what": TEXT, "source": TEXT, "nodes": each(TEXT), "seen": each(TEXT)}
    numbers = dict.fromkeys(("add", "change", "replace", "remove"), NUMBER)
    node = {
        "name": TEXT,
        "vteps": each(TEXT),
        "sessions": share,
        "vnis": share,
        "last_apply": or_null(record("The last apply that was about it", {"number": NUMBER, "what": TEXT})),
        "drift": or_null(record("What is not as it was put there", {"files": NUMBER, "devices": NUMBER})),
        "to_do": or_null(record("What an apply would do", {**numbers, "is_blocked": SWITCH})),
    }
    cluster = {"name": TEXT, "pve_version": TEXT, "pvesdn": TEXT, "members": NUMBER, "online": NUMBER}
    verified = _verify()
    return {
        **_STATUS,
        "cluster": record("The cluster", {**cluster, "is_quorate": SWITCH, "packages": by_name(TEXT)}),
        "last_apply": or_null(part("entry")),
        "open": or_null(each(_opened())),
        "lock": or_null(
            record(
                "Who is written down as the holder of the cluster lock",
                {"id": TEXT, "who": TEXT, "age": or_null(_SECONDS)},
            )
        ),
        "is_sdn_locked": or_null(SWITCH),
        "zones": each(record("A zone", {**zone, "vnets": NUMBER, "guests": or_null(NUMBER), **judged})),
        "nodes": each(record("A node", {**node, **judged})),
        "plan": or_null(record("What an apply would do", {"plan": TEXT, "summary": part("summary")})),
        "problems": each(TEXT),
        "pending": or_null(each(part("pending"))),
        "own_differs": or_null(SWITCH),
        "uncarried": each(TEXT),
        "not_there": each(TEXT),
        **{key: verified[key] for key in ("findings", "not_checked", "unreachable", "offline")},
        "unknown": each(TEXT),
    }


def _trace() -> dict[str, Schema]:
    end = {"label": TEXT, "kind": one_of(EndKind), "guest": or_null(NUMBER), "name": TEXT, "device": or_null(NUMBER)}
    end |= {"node": TEXT, "port": TEXT, "bridge": TEXT, "mac": TEXT, "address": or_null(TEXT)}
    hop = {"node": TEXT, "place": one_of(Place), "device": TEXT, "what": TEXT, "mac": TEXT, "vlan": or_null(NUMBER)}
    hop |= {"vrf": TEXT, "route": TEXT, "next_hop": TEXT, "vni": or_null(NUMBER), "vtep": TEXT, "remote": TEXT}
    way = {"outcome": one_of(TraceOutcome), "node": TEXT, "device": TEXT, "reason": TEXT, "next": TEXT}
    way |= {"mtu": or_null(NUMBER), "notes": each(TEXT)}
    way |= {"hops": each(record("A place that the packet passes", hop | {"mtu": or_null(NUMBER)}))}
    ends = {"source": record("An end", end), "target": record("An end", end)}
    direction = {**ends, "outcome": one_of(TraceOutcome), "ways": each(record("A way", way))}
    pinged = {"proved": each(TEXT), "failed": each(part("discrepancy")), "not_tried": each(TEXT)}
    return {
        **_STATUS,
        "outcome": one_of(TraceOutcome),
        "there": record("One direction", direction),
        "back": record("The other direction", direction),
        "findings": each(part("discrepancy")),
        "unreachable": by_name(TEXT),
        "offline": each(TEXT),
        "ping": or_null(record("What packets have shown", pinged)),
    }


def _topology() -> dict[str, Schema]:
    judged = {"health": or_null(one_of(Health)), "first": TEXT}
    share = or_null(record("So many of all", {"up": NUMBER, "all": NUMBER}))
    guest = {"guest": NUMBER, "name": TEXT, "node": TEXT, "port": TEXT, **judged}
    vnet = {"id": TEXT, "tag": or_null(NUMBER), "tag_word": one_of(("VNI", "VLAN")), "alias": TEXT, "drawn_in": TEXT}
    vnet |= {"subnets": each(TEXT), "nodes": each(TEXT), "guests": each(record("A guest's port", guest)), **judged}
    zone = {"id": TEXT, "what": TEXT, "source": TEXT, "nodes": each(TEXT), "l3vni": or_null(NUMBER)}
    zone |= {"outside": each(TEXT), "vnets": each(record("A VNet", vnet)), **judged}
    node = {"name": TEXT, "is_online": SWITCH, "has_answered": SWITCH, "zones": each(TEXT), "vteps": each(TEXT)}
    node |= {"asn": or_null(NUMBER), "sessions": share, **judged}
    leaving = dict.fromkeys(("id", "zone", "node", "interface"), TEXT)
    leaving |= {"addresses": each(TEXT), "gateways": each(TEXT), "virtual": TEXT, **judged}
    return {
        **_STATUS,
        "cluster": TEXT,
        "is_live": SWITCH,
        "only": TEXT,
        "zones": each(record("A zone", zone)),
        "nodes": each(record("A node", node)),
        "sessions": each(record("A BGP session", {"ends": each(TEXT), "is_outside": SWITCH, **judged})),
        "exits": each(record("Where a zone leaves the cluster", leaving)),
        "outside": each(TEXT),
        "findings": each(part("finding")),
        "unreachable": by_name(TEXT),
    }


def _opened() -> Schema:
    there = {"name": TEXT, "who": TEXT, "state": one_of(OpenState), "age": or_null(_SECONDS), "left": _SECONDS}
    return record("An apply that is not over", {"id": TEXT, "nodes": each(record("A node of it", there))})


def _confirmations() -> tuple[Schema, Schema]:
    return (
        _document("confirm", "What was confirmed", {**_STATUS, "id": TEXT, "confirmed": each(TEXT)}),
        _document("confirm", "What is open", {**_STATUS, "open": each(_opened()), "not_asked": by_name(TEXT)}),
    )


def _rollback() -> dict[str, Schema]:
    node = {"name": TEXT, "state": one_of((*UndoState, "failed")), "left": each(TEXT), "error": TEXT}
    return {**_STATUS, "id": TEXT, "nodes": each(record("A node that was put back", node))}


def _published() -> Schema:
    keys = {"zone": TEXT, "carries": TEXT, "vni_range": TEXT, "vnets": each(TEXT)}
    return record(
        "A zone whose VNets move to PVE's panel", {**keys, "rights": or_null(each(TEXT)), "rollback": or_null(NUMBER)}
    )


def _watch_status() -> dict[str, Schema]:
    look = {"at": _SECONDS, "action": one_of(get_args(WatchAction)), "reason": TEXT, "exit_status": NUMBER}
    network = {"at": _SECONDS, "verdict": TEXT, "bad": NUMBER, "warnings": NUMBER, "frr_restarted": SWITCH}
    return {
        "is_running": SWITCH,
        "standing": TEXT,
        "busy": one_of(["", LOOK, METRICS, VERIFY]),
        "action": one_of(get_args(WatchAction)),
        "look": or_null(record("The last look", look | {"problems": each(TEXT)})),
        "pending": or_null(record("What nobody has applied", {"plan": TEXT, "summary": part("summary")})),
        "network": or_null(record("The node's network", network | {"findings": each(part("discrepancy"))})),
    }


def _document(
    kind: str, description: str, keys: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None
) -> Schema:
    head: dict[str, Schema] = {"format_version": {"const": VERSION}, "kind": {"const": kind}}
    return record(description, {**head, **keys}, optional=optional)


def documents() -> dict[str, Schema]:
    """The schema of each kind; it refers to `schema()`'s parts."""
    compared = {"from": NUMBER, "to": or_null(NUMBER), "definitions": each(part("changed-definitions"))}
    listed = {**_STATUS, "entries": each(part("entry"))}
    shown = {**_STATUS, "entry": part("entry"), "definitions": or_null(each(part("changed-definitions")))}
    applied = {**_STATUS, "plan": part("plan-made"), "report": or_null(part("report"))}
    also_said = {"left": each(TEXT), "to": NUMBER, "publish": _published()}
    checked = {**_STATUS, "files": each(TEXT), "findings": _findings_with_places(), "not_checked": each(TEXT)}
    head: dict[str, Schema] = {"format_version": {"const": VERSION}, "kind": {"const": "plan"}}
    return {
        "plan": also(PLAN, "What `plan` prints", head, optional={"saved": TEXT}),
        "apply": _document("apply", "What `apply` prints", applied, also_said),
        "confirm": {"anyOf": [*_confirmations()]},
        "rollback": _document("rollback", "What `rollback` prints of an apply that was open", _rollback()),
        "history": {
            "anyOf": [
                _document("history", "What `history` prints", listed),
                _document("history", "What `history show N` prints", shown),
            ]
        },
        "diff": _document("diff", "What `diff` prints", {**_STATUS, **compared}),
        "verify": _document("verify", "What `verify` prints", _verify()),
        "status": _document("status", "What `status` prints", _status()),
        "trace": _document("trace", "What `trace` prints", _trace()),
        "topology": _document("topology", "What `topology` prints", _topology()),
        "show": _document("show", "What `show` prints", _show()),
        "import": {
            "anyOf": [
                _document("import", "What `import` prints", _adoption()),
                _document("import", "What `import --from-pve` and `import --to-pve` print", _move()),
            ]
        },
        "watch-status": _document("watch-status", "What `watch --status` prints", _watch_status()),
        "check": _document("check", "What `check` prints", checked),
        "error": _document("error", "What any verb prints when it stops", {**_STATUS, "errors": each(TEXT)}),
    }


def schema() -> Schema:
    """All of them as one schema: which one a document has to fit is said by its `kind`."""
    found = documents()
    kinds = [
        {"if": {"properties": {"kind": {"const": kind}}}, "then": part(f"document-{kind}")} for kind in sorted(found)
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"What pvesdn prints with --json, format {VERSION}",
        "description": "docs/json.md says what the keys mean.",
        "type": "object",
        "required": ["format_version", "kind"],
        "properties": {"kind": one_of(sorted(found))},
        "allOf": kinds,
        "$defs": {
            **COMMON,
            **PARTS_OF_A_PLAN,
            "plan-made": PLAN,
            "report": _report(),
            "entry": _entry(),
            **{f"document-{kind}": one for kind, one in found.items()},
        },
    }


def text() -> str:
    """The schema as its file has it."""
    return json.dumps(schema(), indent=1) + "\n"
