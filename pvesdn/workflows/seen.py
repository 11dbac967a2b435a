"""pvesdn-seen.json as a part of a plan: VTEPs as they are now, and VNIs with which a node may come back that is not
planned for.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from pvesdn.compare.passing import former_vnis
from pvesdn.decode.cluster.seen import decode_seen
from pvesdn.decode.definitions.running_config import FILE as RUNNING_CONFIG
from pvesdn.decode.definitions.running_config import running_peers
from pvesdn.design.ours.vteps import seen_now
from pvesdn.design.shared.peer_lists import departed, remembered
from pvesdn.encode.seen import encode_seen
from pvesdn.model.cluster import SeenVtep
from pvesdn.model.files import ChangeSet, NodeChanges
from pvesdn.model.snapshot import SEEN_NAME
from pvesdn.workflows.understand import Understanding


def seen_text(known: Understanding, changes: Sequence[NodeChanges]) -> str | None:
    """The text that remembers all of it; None if it is already in place."""
    given, files = known.given, known.snapshot.pve_files
    # Nobody asks for the lists where nobody has left and no address has changed.
    committed = running_peers(files.get(RUNNING_CONFIG)) if departed(given) else frozenset()
    seen = remembered(given, seen_now(given, known.vteps), committed)
    members = {member.name for member in given.cluster.members}
    return _changed(_with_former(seen, given.seen, changes, members), files)


def seen_of_part(whole: ChangeSet, part: ChangeSet) -> str | None:
    """The same where only a part of a plan is carried out: the nodes that are left out may go off before their turn."""
    files = whole.sources
    before = decode_seen(files.get(SEEN_NAME))
    seen = before if whole.seen is None else decode_seen(whole.seen)
    if not seen:
        return whole.seen
    members = {*(node.node for node in whole.nodes), *whole.unreachable, *whole.offline}
    return _changed(_with_former(seen, before, part.nodes, members), files)


def _with_former(
    seen: Mapping[str, SeenVtep],
    before: Mapping[str, SeenVtep],
    changes: Sequence[NodeChanges],
    members: Container[str],
) -> Mapping[str, SeenVtep]:
    """What a node has is remembered until it has had its turn: a plan may fail.

    :param before: what is remembered already: of a device it is what the node has, whatever comes and goes meanwhile.
    :param changes: of the nodes that have their turn.
    """
    own = {node.node: former_vnis([node]) for node in changes}
    gone = frozenset[tuple[int, str]]().union(*own.values())
    found = {}
    for node, was in seen.items():
        known = frozenset(before[node].former_vnis if node in before else ())
        left = known & own.get(node, known)
        if node in members and node not in own:
            devices = {device for _, device in known}
            left |= {(vni, device) for vni, device in gone if device not in devices}
        found[node] = was.model_copy(update={"former_vnis": tuple(sorted(left))})
    return found


def _changed(seen: Mapping[str, SeenVtep], files: Mapping[str, str]) -> str | None:
    text = encode_seen(seen)
    return None if files.get(SEEN_NAME) == text else text
