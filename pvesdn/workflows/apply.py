"""apply: stage everywhere, then node by node write and reload; PVE's own commit is the last act.

A refusal while staging stops the run before anything has changed. The first node that fails afterwards stops it
too: the others keep what works, and one fault is not carried to every node. A node that cannot be reached does not
stop the others.
"""

from __future__ import annotations

from dataclasses import replace

from pvesdn.compare.flags import PlanFlags
from pvesdn.errors import ApplyRefused, ClusterError, NodeError, NodeFailed, NodeUnreachable, PvesdnError
from pvesdn.model.execution import FrrAction, PutInPlace
from pvesdn.model.files import OUR_SYSCTL, ChangeSet
from pvesdn.model.report import ApplyReport, NodeOutcome, Outcome, StepOutcome
from pvesdn.model.snapshot import SEEN_FILE
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.aftermath import NOT_CHECKED, finish, leave_unreloaded, restore_flooding, verify
from pvesdn.workflows.any_member import on_any_member
from pvesdn.workflows.commit import commit_definitions
from pvesdn.workflows.plan import plan
from pvesdn.workflows.progress import Progress
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.stage import discard, file_writes, stage
from pvesdn.workflows.tasks import follow
from pvesdn.workflows.world import World

_AGAIN = "run pvesdn apply again"
_OFFLINE = "offline; run pvesdn apply again when it is back"
_NO_COMMIT = "PVE's definitions were not committed, because a node failed first"


def apply(world: World, changes: ChangeSet, renderer: Renderer, *, flags: PlanFlags | None = None) -> ApplyReport:
    """Carry out a plan. With nothing to do, nothing is touched but the memory of the VTEPs, where it is out of date.

    :param flags: those the plan was made with.
    :raises ApplyRefused: obstacles are left in the plan; nothing was touched.
    :raises ClusterError: the API does not let us reload or commit; nothing was touched.
    :raises NodeError: the memory of the VTEPs could not be written; nothing else was touched.
    """
    obstacles = [str(finding) for node in changes.nodes for finding in node.obstacles]
    if obstacles:
        raise ApplyRefused("\n".join(obstacles))
    world.api.require(_rights(changes))
    remember_vteps(world, changes)
    run = [Progress(world, node) for node in changes.nodes if changes.pending or not node.is_empty]
    if not stage(run):
        return _report(run, changes, commit=_not_committed(changes))
    if not _roll_out(_well(run), reloads=not changes.pending):
        restore_flooding(_well(run))
        if changes.pending:
            leave_unreloaded(_well(run), because="another node failed before PVE's definitions were committed")
        return _report(run, changes, commit=_not_committed(changes))
    commit: tuple[Outcome | None, str] = (None, "")
    if changes.pending:
        commit = commit_definitions(world, _well(run))
        if changes.takes_frr_over and commit[0] is Outcome.OK:
            _take_frr_over(world, _well(run), renderer, flags or PlanFlags())
    restore_flooding(_well(run))
    verify(world, _well(run), renderer, flags or PlanFlags())
    finish(_well(run))
    return _report(run, changes, commit=commit)


def _rights(changes: ChangeSet) -> list[tuple[str, str]]:
    """What the API calls of the run need: asked for first, since a refused reload leaves a node half-way."""
    if changes.pending:
        return [("/sdn", "SDN.Allocate")]
    return [(f"/nodes/{node.node}", "Sys.Modify") for node in changes.nodes if not node.is_empty]


def _well(run: list[Progress]) -> list[Progress]:
    return [progress for progress in run if not progress.error]


def remember_vteps(world: World, changes: ChangeSet) -> None:
    """Write down every VTEP under /etc/pve/sdn, so that a member that goes off stays a peer.

    :raises NodeError: no node could write it.
    """
    if changes.seen is None or not changes.nodes:
        return
    text, members = changes.seen, [node.node for node in changes.nodes]
    on_any_member(world, members, lambda name: world.nodes.put(name, SEEN_FILE, text))


def _roll_out(run: list[Progress], *, reloads: bool) -> bool:
    """One node after the other; False when one failed, the rest then being as they were.

    A node that is gone when its turn comes says nothing about the change: the others go on.
    """
    for position, progress in enumerate(run):
        try:
            _put_in_place(progress, reloads=reloads)
        except NodeError as error:
            progress.fail(error)
            if isinstance(error, NodeUnreachable) and _is_untouched(progress):
                continue
            discard(run[position + 1 :], because=progress.node)
            return False
    return True


def _is_untouched(progress: Progress) -> bool:
    """Whether losing the node cannot come from what was done there: it was lost before anything was."""
    return progress.step == "written" and not progress.changes.ifdown and not progress.changes.delete_links


def _put_in_place(progress: Progress, *, reloads: bool) -> None:
    """Swap the files, then sysctl, FRR and the network, in that order.

    FRR comes before the network: what fences a plain VXLAN device off BGP must be there before the device is.

    :param reloads: False when PVE's commit reloads every node anyway.
    """
    changes = progress.changes
    if changes.own_files:
        progress.begin("written")
        swap = PutInPlace(file_writes(changes), changes.ifdown, changes.delete_links)
        progress.world.nodes.commit(progress.node, swap)
        progress.done()
    # A run that ended between the files and this left the kernel as it was.
    if changes.is_unfinished or any(change.path == OUR_SYSCTL for change in changes.own_files):
        progress.begin("sysctl")
        progress.world.nodes.load_sysctl(progress.node)
        progress.done()
    if changes.frr is not FrrAction.NONE:
        progress.begin("frr", changes.frr.value)
        progress.world.nodes.change_frr(progress.node, changes.frr)
        progress.done()
    if reloads and not changes.is_empty:
        progress.begin("reloaded")
        _reload(progress)
        progress.done()


def _reload(progress: Progress) -> None:
    world = progress.world
    try:
        upid = world.api.reload_network(progress.node, regenerate_frr=progress.changes.regenerate_frr)
        follow(world, upid, progress.node)
    except ClusterError as error:
        raise NodeFailed(progress.node, f"the network reload: {error}") from error


def _take_frr_over(world: World, run: list[Progress], renderer: Renderer, flags: PlanFlags) -> None:
    """PVE has written its last frr.conf, with our part merged into it: put ours in its place, whole.

    Until here our part stayed in frr.conf.local, so that no session went down in between.
    """
    try:
        left = {node.node: node for node in plan(read_cluster(world), renderer, flags=flags).nodes}
    except PvesdnError as error:
        for progress in run:
            progress.begin("frr", "taken over from PVE")
            progress.fail(NodeFailed(progress.node, f"frr.conf was not taken over from PVE: {error}", hint=_AGAIN))
        return
    for progress in run:
        now = left.get(progress.node)
        if now is None or not now.own_files:
            continue
        before = progress.changes
        progress.changes = now
        try:
            if stage([progress]) and not progress.error:
                _put_in_place(progress, reloads=False)
        except NodeError as error:
            progress.fail(error)
        progress.changes = replace(before, is_unfinished=True)


def _not_committed(changes: ChangeSet) -> tuple[Outcome | None, str]:
    return (Outcome.SKIPPED, _NO_COMMIT) if changes.pending else (None, "")


def _report(run: list[Progress], changes: ChangeSet, *, commit: tuple[Outcome | None, str]) -> ApplyReport:
    outcomes = [progress.outcome() for progress in run]
    outcomes += [
        NodeOutcome(node, (StepOutcome("read", Outcome.UNREACHABLE),), error=reason)
        for node, reason in (*changes.unreachable.items(), *((node, f"{node}: {_OFFLINE}") for node in changes.offline))
    ]
    return ApplyReport(
        nodes=tuple(sorted(outcomes, key=lambda outcome: outcome.node)),
        commit=commit[0],
        commit_error=commit[1],
        not_checked=NOT_CHECKED,
    )
