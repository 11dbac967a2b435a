"""What is done about what differs: the steps of each node, and of the cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pvesdn.model.execution import (
    ChangeFrr,
    ExecutionPlan,
    FileWrite,
    FrrAction,
    LoadSysctl,
    PutInPlace,
    ReloadNetwork,
    ReplaceDefinitions,
    Step,
)
from pvesdn.model.files import OUR_SYSCTL, ChangeSet, FileChange


def steps(
    own: Iterable[FileChange],
    *,
    ifdown: tuple[str, ...],
    delete_links: tuple[str, ...],
    frr: FrrAction,
    reload: ReloadNetwork | None,
    is_unfinished: bool,
) -> Iterator[Step]:
    """One node's steps, in their order.

    FRR comes before the network: route-target isolation must be in place before the plain VXLAN device is.

    :param own: changes that pvesdn writes itself.
    :param reload: None where nothing needs one, or where PVE's commit does it.
    :param is_unfinished: an earlier run ended between the files and the rest.
    """
    files = tuple(_write(change) for change in own)
    if files:
        yield PutInPlace(files, ifdown, delete_links)
    if is_unfinished or any(file.path == OUR_SYSCTL for file in files):
        yield LoadSysctl()
    if frr is not FrrAction.NONE:
        yield ChangeFrr(frr)
    if reload is not None:
        yield reload


def execution_plan(changes: ChangeSet) -> ExecutionPlan:
    """What carrying out the plan means. PVE's commit reloads every node, changed or not, so all of them are looked
    after.
    """
    commits = bool(changes.pending)
    return ExecutionPlan(
        nodes=tuple(node.execution for node in changes.nodes if commits or not node.is_empty),
        seen=changes.seen,
        definitions=None if changes.definitions is None else _replace(changes.definitions),
        commits=commits,
        takes_frr_over=changes.takes_frr_over,
        flags=changes.flags,
    )


def _replace(change: FileChange) -> ReplaceDefinitions:
    return ReplaceDefinitions(text=change.new or "", before=change.old, expect=change.expect)


def _write(change: FileChange) -> FileWrite:
    return FileWrite(change.path, change.new, change.mode, change.owner, change.expect)
