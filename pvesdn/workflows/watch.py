"""watch: when the definitions or the membership have changed since the last look, plan, and apply where told to.

One node acts for all: the online member with the lowest id, when the cluster is quorate.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pvesdn.decode.members import MEMBERS_FILE, MembersFile, decode_members
from pvesdn.decode.node_answers import decode_files
from pvesdn.errors import NodeFailed
from pvesdn.model.files import ChangeSet
from pvesdn.model.report import ApplyReport
from pvesdn.model.snapshot import PVE_FILES
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.apply import apply
from pvesdn.workflows.plan import plan
from pvesdn.workflows.read import SDN_DIR, read_cluster
from pvesdn.workflows.world import World

_DEFINITIONS = tuple(f"{SDN_DIR}/{name}" for name in PVE_FILES if name.endswith(".cfg"))
"""Only what a plan depends on: other files there, such as ipams.cfg and dns.cfg, hold secrets."""

WatchAction: TypeAlias = Literal["plan", "apply"]


@dataclass(frozen=True, slots=True)
class WatchReport:
    """What one look came to.

    :param reason: why it acted, or why it did not.
    :param state: what to hand to the next look; None when it is to look as if for the first time.
    """

    acted: bool
    reason: str
    state: str | None
    changes: ChangeSet | None = None
    report: ApplyReport | None = None


def watch_once(
    world: World,
    state: str | None,
    renderer: Renderer,
    *,
    action: WatchAction,
    announce: Callable[[str, ChangeSet], object] | None = None,
) -> WatchReport:
    """Look once.

    A cluster that cannot be read is looked at again the next time, and so is one whose changes did not reach a node: a
    node that has just come up is a member before it takes SSH. An apply that fails on a node is not repeated by itself,
    which would reload that node every minute: it is reported, and the next change or a person moves it on.

    :param state: what the last look returned, None at the first.
    :param announce: told why there is a plan, and the plan, before anything is applied.
    :raises ApplyRefused: the plan needs a person's decision; nothing was touched.
    :raises PvesdnError: the cluster could not be read, or its definitions cannot be used.
    """
    if world.local_node is None:
        msg = "watch compares the files of /etc/pve, so it runs on a node of the cluster"
        raise NodeFailed("this machine", msg)
    answer = world.nodes.ask(world.local_node, "read", {"files": [MEMBERS_FILE, *_DEFINITIONS]})
    files = decode_files(world.local_node, answer)
    members = decode_members(files.get(MEMBERS_FILE, ""))
    stand_by = _stands_by(members, world.local_node)
    if stand_by:
        return WatchReport(acted=False, reason=stand_by, state=state)
    now = _digests(files, members)
    changed = _changed(state, now)
    if not changed:
        return WatchReport(acted=False, reason="nothing has changed since the last look", state=state)
    changes = plan(read_cluster(world), renderer)
    if announce is not None:
        announce(changed, changes)
    if action == "plan":
        return WatchReport(acted=True, reason=changed, state=now, changes=changes)
    report = apply(world, changes, renderer)
    seen = state if _missed_a_node(changes, report) else now
    return WatchReport(acted=True, reason=changed, state=seen, changes=changes, report=report)


def _missed_a_node(changes: ChangeSet, report: ApplyReport) -> bool:
    """Whether another look is due: a node did not even let itself be read, and nothing failed anywhere else."""
    others = [node for node in report.nodes if node.node not in changes.unreachable]
    return bool(changes.unreachable) and not report.commit_error and all(node.is_good for node in others)


def _stands_by(members: MembersFile, local: str) -> str:
    if not members.is_quorate:
        return "standing by: the cluster has no quorum"
    online = sorted((member.node_id, name) for name, member in members.nodes.items() if member.is_online)
    if online and online[0][1] != local:
        return f"standing by: {online[0][1]} is the online member with the lowest id, and acts for all"
    return ""


def _digests(files: Mapping[str, str], members: MembersFile) -> str:
    """One line of JSON. Counters of pmxcfs are left out: they move without the membership changing."""
    nodes = {name: [m.node_id, m.is_online, str(m.address or "")] for name, m in sorted(members.nodes.items())}
    parts = {path: files[path] for path in sorted(files) if path != MEMBERS_FILE} | {MEMBERS_FILE: json.dumps(nodes)}
    return json.dumps({path: hashlib.sha256(text.encode()).hexdigest() for path, text in parts.items()}, sort_keys=True)


def _changed(state: str | None, now: str) -> str:
    """What has changed, in words; empty when nothing has."""
    if state is None:
        return "first look"
    try:
        before = json.loads(state)
    except ValueError:
        before = None
    if not isinstance(before, dict):
        return "the record of the last look is unreadable"
    after = json.loads(now)
    paths = [path for path in sorted(before.keys() | after.keys()) if before.get(path) != after.get(path)]
    return f"changed: {', '.join(paths)}" if paths else ""
