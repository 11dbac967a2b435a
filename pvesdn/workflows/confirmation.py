"""confirm and rollback: what becomes of an apply that waits for its confirmation, or was left alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pvesdn.errors import ApplyRefused, NodeError, NodeUnreachable
from pvesdn.model.execution import Undone, UndoState
from pvesdn.model.open_apply import OpenApply, OpenState
from pvesdn.model.primitives import NodeName
from pvesdn.model.progress import Begun, Ended, PutBackFor, PutsBack, StepName
from pvesdn.model.report import Outcome
from pvesdn.workflows.heartbeat import signs_of_life, tell
from pvesdn.workflows.patience import until_reached
from pvesdn.workflows.progress import outcome_of
from pvesdn.workflows.read import read_members
from pvesdn.workflows.world import World

POLL = 3.0
"""Seconds between two looks whether somebody has confirmed."""
_OUTCOMES = {
    UndoState.RESTORED: Outcome.OK,
    UndoState.NOTHING: Outcome.OK,
    UndoState.UNTOUCHED: Outcome.SKIPPED,
    UndoState.KEPT: Outcome.SKIPPED,
}
_PAUSES = (2.0,) * 4
"""Seconds between attempts to tell a node that what was done stays."""


@dataclass(frozen=True, slots=True)
class Found:
    """One apply, and how it stands on each node that knows it."""

    id: str
    nodes: Mapping[NodeName, OpenApply]


@dataclass(frozen=True, slots=True)
class Standing:
    """What all nodes know.

    :param open: applies that are open, by the ids.
    :param kept: for each node the apply that was confirmed there last.
    :param silent: nodes that could not be asked, with the reasons.
    """

    open: tuple[Found, ...]
    kept: Mapping[NodeName, str] = field(default_factory=dict)
    silent: Mapping[NodeName, str] = field(default_factory=dict)


def standing(world: World) -> Standing:
    """Ask every member that is online, as far as the cluster knows.

    :raises ClusterError: the cluster does not say who its members are.
    """
    cluster = read_members(world.api)
    off = {member.name: f"{member.name}: offline" for member in cluster.members if not member.is_online}
    return standing_on(world, [member.name for member in cluster.members if member.is_online], off)


def standing_on(world: World, nodes: Sequence[NodeName], silent: Mapping[NodeName, str]) -> Standing:
    """The same of these nodes. :param silent: further ones, that are not asked, with the reasons."""
    answers = world.runner.each(nodes, world.nodes.applied)
    found: dict[str, dict[NodeName, OpenApply]] = {}
    kept, unasked = {}, dict(silent)
    for node, applied in answers.items():
        if isinstance(applied, NodeError):
            unasked[node] = str(applied)
            continue
        kept[node] = applied.kept
        if applied.open is not None:
            found.setdefault(applied.open.id, {})[node] = applied.open
    return Standing(tuple(Found(name, nodes) for name, nodes in sorted(found.items())), kept, unasked)


def confirm(world: World, apply_id: str | None) -> Found | None:
    """Have what an apply has done stay, on every node; touches no network.

    :param apply_id: which; None for the only one that is open.
    :returns: what was confirmed; None if that had been done before.
    :raises ApplyRefused: there is none, there are several, it is not finished, or a node has put itself back already;
        nothing was confirmed.
    :raises NodeError: a node could not be asked or told. What was not told puts itself back.
    """
    now = standing(world)
    if apply_id is not None and not any(found.id == apply_id for found in now.open):
        if apply_id in now.kept.values():
            return None
        raise ApplyRefused(f"no apply {apply_id} is open, so nothing was confirmed", hint="pvesdn confirm --status")
    found = _the_one(now, apply_id)
    _require_waiting(found, now)
    answers = world.runner.each(tuple(found.nodes), lambda node: _tell(world, node, found.id))
    for error in answers.values():
        if error is not None:
            told = ", ".join(node for node, failure in answers.items() if failure is None) or "no node"
            raise type(error)(
                error.node,
                f"not confirmed here, so it puts itself back: {error}; confirmed on {told}",
                hint="run pvesdn plan, then pvesdn apply",
            )
    return found


def _tell(world: World, node: NodeName, apply_id: str) -> None:
    if not until_reached(world.clock, lambda: world.nodes.confirm(node, apply_id), _PAUSES):
        raise NodeError(node, "it has put itself back", hint="run pvesdn plan")


def roll_back(
    world: World, apply_id: str | None, *, announce: Callable[[Found], object] | None = None
) -> tuple[Found, Mapping[NodeName, Undone | NodeError]]:
    """Put back what an apply that is open has done, on every node where it is open, and look whether it is as before.

    :param apply_id: which; None for the only one that is open.
    :param announce: told what is about to be put back.
    :raises ApplyRefused: there is none, or there are several; nothing was touched.
    """
    found = _the_one(standing(world), apply_id)
    if announce is not None:
        announce(found)
    nodes = tuple(found.nodes)
    with signs_of_life(world):
        tell(world, PutsBack(nodes, PutBackFor.REQUEST))
        return found, world.runner.each(nodes, lambda node: _undone(world, node, found.id))


def _undone(world: World, node: NodeName, apply_id: str) -> Undone:
    """Have a node put back what the apply has done there; who watches hears of it."""
    tell(world, Begun(node, StepName.UNDONE))
    try:
        undone = world.nodes.undo(node, apply_id)
    except NodeError as error:
        tell(world, Ended(node, StepName.UNDONE, outcome_of(error), str(error).removeprefix(f"{node}: ")))
        raise
    tell(world, Ended(node, StepName.UNDONE, _OUTCOMES.get(undone.state, Outcome.FAILED), "; ".join(undone.left)))
    return undone


def _the_one(now: Standing, apply_id: str | None) -> Found:
    found = [found for found in now.open if apply_id in {None, found.id}]
    if not found:
        silent = f"; not asked: {', '.join(sorted(now.silent))}" if now.silent else ""
        which = "no apply is open" if apply_id is None else f"no apply {apply_id} is open"
        hint = "pvesdn confirm --status tells what is open, pvesdn history what is over"
        raise ApplyRefused(f"{which}{silent}", hint=hint)
    if len(found) > 1:
        names = " and ".join(each.id for each in found)
        raise ApplyRefused(f"several applies are open: {names}", hint="name the one that is meant")
    return found[0]


def _require_waiting(found: Found, now: Standing) -> None:
    for node, there in found.nodes.items():
        if there.state is OpenState.AT_WORK and now.kept.get(node) != found.id:
            raise ApplyRefused(
                f"apply {found.id} is still at work on {node}, so nothing was confirmed",
                hint="wait until it says that it waits; only an apply started with --confirm waits to be confirmed",
            )
        if there.state is OpenState.OVERDUE:
            raise ApplyRefused(
                f"the time for confirming apply {found.id} has run out on {node}, so nothing was confirmed",
                hint="the nodes put themselves back; run pvesdn plan, then pvesdn apply",
            )
    wanted = {node for there in found.nodes.values() for node in there.nodes}
    for node in sorted(wanted - found.nodes.keys()):
        if node in now.silent:
            raise NodeUnreachable(
                node,
                f"nothing was confirmed, because it has to be confirmed here too: {now.silent[node]}",
                hint="make the node answer and try again; otherwise all nodes put themselves back",
            )
        if now.kept.get(node) != found.id:
            raise ApplyRefused(
                f"{node} has put itself back already, so nothing was confirmed", hint="run pvesdn rollback, then plan"
            )


def confirmed_on(world: World, nodes: Sequence[NodeName], apply_id: str, seconds: float) -> set[NodeName]:
    """Those of the nodes on which the apply has been confirmed, once nothing is waited for any more."""
    end = world.clock.monotonic() + seconds
    waiting, kept = set(nodes), set[NodeName]()
    while waiting and world.clock.monotonic() < end:
        world.clock.sleep(POLL)
        for node, applied in world.runner.each(tuple(waiting), world.nodes.applied).items():
            if isinstance(applied, NodeError):
                continue
            if applied.kept == apply_id:  # where PVE's commit is still to come, its checkpoint is still there
                waiting.remove(node)
                kept.add(node)
            elif applied.open is None or applied.open.id != apply_id:
                waiting.remove(node)
                if not kept:
                    return kept  # somebody has put it back
    return kept
