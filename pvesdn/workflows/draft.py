"""A draft of pvesdn.cfg: instead of the live one in a plan, then in its place on the cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pvesdn.compare.conflicts import digest
from pvesdn.errors import NodeError, NodeFailed, NodeUnreachable
from pvesdn.model.execution import ReplaceDefinitions
from pvesdn.model.files import FileChange
from pvesdn.model.primitives import NodeName
from pvesdn.model.snapshot import FORMER_OWN_FILE, OWN_FILE, OWN_NAME, Snapshot
from pvesdn.workflows.any_member import on_any_member
from pvesdn.workflows.world import World

_CLUSTER = "cluster"
"""Who has a step that belongs to no node."""
_MODE, _OWNER = "0640", "root:www-data"
"""What pmxcfs gives every file of /etc/pve, whatever one asks for."""


def with_draft(snapshot: Snapshot, text: str) -> Snapshot:
    """The cluster as it would be if `text` were its pvesdn.cfg."""
    return replace(snapshot, pve_files={**snapshot.pve_files, OWN_NAME: text})


def definitions_change(snapshot: Snapshot, text: str) -> FileChange | None:
    """What becomes of pvesdn.cfg when `text` takes its place; None when it has that text already.

    :param snapshot: the cluster as it is, without the draft.
    """
    live = snapshot.pve_files.get(OWN_NAME)
    if live == text:
        return None
    expect = None if live is None else digest(live)
    return FileChange(path=OWN_FILE, old=live, new=text, mode=_MODE, owner=_OWNER, expect=expect)


def put_definitions(world: World, name: NodeName, text: str, *, before: str | None) -> None:
    """Have a member make `text` the cluster's pvesdn.cfg; what was there is kept as `FORMER_OWN_FILE`.

    :param before: what was there when it was read; None where nothing was.
    :raises NodeError: another text is there by now, which stays; or the member cannot write.
    """
    if before is not None and before != text:
        world.nodes.put(name, FORMER_OWN_FILE, before)
    world.nodes.replace(name, OWN_FILE, text, expect=None if before is None else digest(before))


def replace_definitions(world: World, change: ReplaceDefinitions, members: Sequence[NodeName]) -> None:
    """Make the draft the cluster's pvesdn.cfg. What was there is kept as `FORMER_OWN_FILE`.

    :param members: every node that was read.
    :raises NodeFailed: pvesdn.cfg has changed since it was read, or /etc/pve cannot be written; it is as it was.
    :raises NodeUnreachable: no member could be reached.
    """

    def put(name: NodeName) -> None:
        if world.nodes.read(name, [OWN_FILE]).get(OWN_FILE) not in (change.before, change.text):
            raise NodeFailed(name, f"{OWN_FILE} has changed since it was read", hint="plan again")
        put_definitions(world, name, change.text, before=change.before)

    world.observer.step(_CLUSTER, "definitions")
    try:
        on_any_member(world, members, put)
    except NodeUnreachable as error:
        world.observer.done(_CLUSTER, "definitions", "unreachable")
        raise NodeUnreachable(_CLUSTER, f"no member could write {OWN_FILE} ({error})") from error
    except NodeError:
        world.observer.done(_CLUSTER, "definitions", "failed")
        raise
    world.observer.done(_CLUSTER, "definitions", "ok")
