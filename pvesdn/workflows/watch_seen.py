"""What `watch` compares from one look to the next. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from pvesdn.decode.cluster.members import MEMBERS_FILE, MembersFile
from pvesdn.model.files import ChangeSet
from pvesdn.workflows.watch_memory import Memory


def digests(files: Mapping[str, str], members: MembersFile) -> dict[str, str]:
    """By path. The counters of pmxcfs are left out: they change while the membership does not."""
    nodes = {name: [m.node_id, m.is_online, str(m.address or "")] for name, m in sorted(members.nodes.items())}
    return digests_of_texts({path: files[path] for path in sorted(files)} | {MEMBERS_FILE: json.dumps(nodes)})


def digests_of_texts(files: Mapping[str, str]) -> dict[str, str]:
    """By path."""
    return {path: hashlib.sha256(text.encode()).hexdigest() for path, text in files.items()}


def kept_for_guests(memory: Memory, changes: ChangeSet) -> frozenset[tuple[str, str]]:
    """VNets that are only there for the guests in them, each with a node: of nodes that did not answer as before."""
    now = {(vnet, node) for vnet, nodes in changes.kept.items() for node in nodes}
    return frozenset(now | {(vnet, node) for vnet, node in memory.kept if node in changes.unreachable})


def left_by_guests(memory: Memory, changes: ChangeSet) -> str:
    """A reason to act, in words: guests have gone since the last look, which is written nowhere. Empty if none have, or
    there is nothing to do about it.
    """
    answered = {node.node for node in changes.nodes}
    gone = memory.kept - kept_for_guests(memory, changes)
    gone = frozenset((vnet, node) for vnet, node in gone if node in answered)
    return f"guests have left what was kept for them: {_listed(gone)}" if gone and changes.has_work else ""


def still_in(kept: frozenset[tuple[str, str]]) -> str:
    """What to add where nothing has changed: that guests are where they were. Empty where nothing is kept."""
    return f"; guests are still in what is kept for them: {_listed(kept)}" if kept else ""


def _listed(kept: frozenset[tuple[str, str]]) -> str:
    return ", ".join(f"{vnet} on {node}" for vnet, node in sorted(kept))
