"""What several documents have in common, and the plan."""

from __future__ import annotations

from pvesdn.model.consequences import Effect
from pvesdn.model.execution import FrrAction
from pvesdn.model.order import Cause
from pvesdn.model.running import SdnFileState
from pvesdn.model.verification import Subject
from tools.schemas.words import NUMBER, SWITCH, TEXT, Schema, by_name, each, one_of, or_null, part, record

_STANZA_ACTIONS = ("add", "change", "replace", "remove")
_FILE_ACTIONS = ("add", "change", "remove")
_MORE_REASONS = ("quorum", "not rehearsed")

COMMON: dict[str, Schema] = {
    "finding": record(
        "A warning, a note, or what stops an apply",
        {"severity": one_of(("error", "warning", "note")), "where": TEXT, "what": TEXT, "hint": TEXT},
        optional={"node": TEXT},
    ),
    "discrepancy": record(
        "One thing that is not as it should be",
        {
            "severity": one_of(("bad", "warning", "note")),
            "node": TEXT,
            "subject": one_of(Subject),
            "object": TEXT,
            "trait": TEXT,
            "expected": TEXT,
            "found": TEXT,
            "cause": TEXT,
            "next": TEXT,
            "zones": each(TEXT),
        },
    ),
    "pending": record(
        "A definition of PVE's that is not committed",
        {
            "kind": TEXT,
            "id": TEXT,
            "state": one_of(("new", "changed", "deleted")),
            "properties": each(
                record(
                    "A property: what is committed, and what is pending",
                    {"name": TEXT, "running": or_null(TEXT), "pending": or_null(TEXT)},
                )
            ),
        },
    ),
    "running": record(
        "What runs of PVE's SDN",
        {
            "version": or_null(NUMBER),
            "nodes": each(
                record(
                    "A node's interfaces.d/sdn",
                    {"name": TEXT, "version": or_null(NUMBER), "state": one_of(SdnFileState)},
                )
            ),
        },
    ),
    "difference": record(
        "An attribute that is another: the values that go and those that come",
        {"name": TEXT, "old": each(TEXT), "new": each(TEXT)},
    ),
    "changed-definitions": record(
        "A definitions file that differs",
        {"path": TEXT, "action": one_of(_FILE_ACTIONS), "diff": each(TEXT)},
    ),
    "text-of-definitions": record("A proposed definitions file", {"file": TEXT, "text": TEXT}),
}

_SUMMARY = record(
    "The plan in numbers",
    {
        "has_changes": SWITCH,
        "has_obstacles": SWITCH,
        "add": NUMBER,
        "change": NUMBER,
        "replace": NUMBER,
        "remove": NUMBER,
        "changed_nodes": each(TEXT),
        "total_nodes": NUMBER,
        "frr": by_name(one_of(action for action in FrrAction if action is not FrrAction.NONE)),
    },
)
_FALL = record(
    "Definitions that go all at once",
    {"file": TEXT, "is_absent": SWITCH, "kind": TEXT, "gone": NUMBER, "total": NUMBER, "nodes": each(TEXT)},
)
_GUEST = record("A guest's port", {"guest": NUMBER, "name": TEXT, "node": TEXT, "port": TEXT, "bridge": TEXT})
_LARGER = record(
    "A guest's network device whose MTU is larger than the VNet's",
    {"guest": NUMBER, "name": TEXT, "node": TEXT, "device": TEXT, "bridge": TEXT, "mtu": NUMBER},
)
_CONSEQUENCE = record(
    "What the plan means for traffic",
    {
        "effect": one_of(Effect),
        "nodes": each(TEXT),
        "objects": each(TEXT),
        "old": TEXT,
        "new": TEXT,
        "guests": each(_GUEST),
        "restart_before_migration": each(_GUEST),
        "larger": each(_LARGER),
    },
)
_ORDER = record(
    "In which order the nodes change",
    {
        "rounds": each(each(TEXT)),
        "canary": or_null(TEXT),
        "together": SWITCH,
        "reasons": each(record("Why", {"what": one_of((*Cause, *_MORE_REASONS)), "why": TEXT})),
    },
)
_INTERFACE = record(
    "An interface of a file that changes",
    {"name": TEXT, "action": one_of(_STANZA_ACTIONS), "why": TEXT, "differences": each(part("difference"))},
)
_FILE = record(
    "A file that changes on a node",
    {
        "path": TEXT,
        "action": one_of(_FILE_ACTIONS),
        "by_pve": SWITCH,
        "conflict": TEXT,
        "interfaces": each(_INTERFACE),
        "differences": each(part("difference")),
    },
    optional={"diff": each(TEXT)},
)
_DRIFT = record(
    "What has gone wrong on a node although its files are right",
    {**COMMON["discrepancy"]["properties"], "action": one_of(("add", "change", "replace"))},
)
_RELOAD = record(
    "What of a node's network is reloaded where the settings say `changed`",
    {"whole": SWITCH, "why": TEXT, "down": each(TEXT), "up": each(TEXT)},
)
_NODE = record(
    "A node that was looked at",
    {
        "name": TEXT,
        "has_changes": SWITCH,
        "is_unfinished": SWITCH,
        "frr": one_of(FrrAction),
        "reload": or_null(_RELOAD),
        "files": each(_FILE),
        "drift": each(_DRIFT),
        "taken_down": each(TEXT),
        "deleted_links": each(TEXT),
        "guest_ports": by_name(each(TEXT)),
        "plug_in_again": each(
            record("A guest's port that is in no bridge", {"port": TEXT, "guest": NUMBER, "command": TEXT})
        ),
        "obstacles": each(part("finding")),
    },
)
_CALL = record(
    "A call of PVE's API that edits a definition",
    {
        "method": one_of(("POST", "PUT", "DELETE")),
        "path": TEXT,
        "values": by_name({"anyOf": [TEXT, each(TEXT)]}),
    },
)
_DRAFT = record(
    "What becomes of the cluster's pvesdn.cfg",
    {"path": TEXT, "action": one_of(("add", "change", "remove"))},
    optional={"diff": each(TEXT)},
)
_VNIS = record(
    "What becomes of the cluster's pvesdn-vnis.cfg",
    {"path": TEXT, "action": one_of(("add", "change", "remove")), "differences": each(part("difference"))},
    optional={"diff": each(TEXT)},
)

PARTS_OF_A_PLAN: dict[str, Schema] = {
    "summary": _SUMMARY,
    "fall": _FALL,
    "consequence": _CONSEQUENCE,
    "order": _ORDER,
    "node": _NODE,
    "call": _CALL,
    "draft": _DRAFT,
    "vnis": _VNIS,
}
"""What a plan refers to."""

PLAN = record(
    "A plan",
    {
        "summary": part("summary"),
        "falls": each(part("fall")),
        "consequences": each(part("consequence")),
        "nodes": each(part("node")),
        "order": part("order"),
        "pending": each(part("pending")),
        "running": part("running"),
        "findings": each(part("finding")),
        "unreachable": by_name(TEXT),
        "offline": each(TEXT),
    },
    optional={"definitions": part("draft"), "vnis": part("vnis"), "calls": each(part("call"))},
)
