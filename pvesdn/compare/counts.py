"""A plan in numbers."""

from __future__ import annotations

from dataclasses import dataclass

from pvesdn.compare.healing import action_of
from pvesdn.model.execution import FrrAction
from pvesdn.model.files import FRR_CONF, Action, ChangeSet, NodeChanges
from pvesdn.model.verification import Subject


@dataclass(frozen=True, slots=True)
class Summary:
    """Interfaces to add, change, replace and remove on all nodes, and the nodes concerned.

    :param total: nodes of the cluster, or of what was asked for, whether they answered or not.
    :param frr: what FRR needs, by node; reload also where PVE writes frr.conf and reloads FRR.
    """

    add: int
    change: int
    replace: int
    remove: int
    changed: tuple[str, ...]
    total: int
    frr: tuple[tuple[str, FrrAction], ...]


def summarize(changes: ChangeSet, *, is_part: bool = False) -> Summary:
    """Count.

    :param is_part: only some nodes were asked for, so offline members do not count.
    """
    actions = [action for node in changes.nodes for action in _planned(node).values()]
    actions += [action for node in changes.nodes for action in _drifted(node).values()]
    known = {node.node for node in changes.nodes} | set(changes.unreachable)
    return Summary(
        add=actions.count(Action.ADD),
        change=actions.count(Action.CHANGE),
        replace=actions.count(Action.REPLACE),
        remove=actions.count(Action.REMOVE),
        changed=tuple(node.node for node in changes.nodes if not node.is_empty),
        total=len(known if is_part else known | set(changes.offline)),
        frr=tuple((node.node, action) for node in changes.nodes if (action := _frr(node)) is not FrrAction.NONE),
    )


def _planned(node: NodeChanges) -> dict[str, Action]:
    """Interfaces that the files change, each once: one that two files have is made, or removed, where both say so."""
    found: dict[str, Action] = {}
    for stanza in (stanza for file in node.files for stanza in file.stanzas):
        before = found.setdefault(stanza.name, stanza.action)
        if stanza.action is not before:
            is_new = Action.REPLACE in {before, stanza.action}
            found[stanza.name] = Action.REPLACE if is_new else Action.CHANGE
    return found


def _drifted(node: NodeChanges) -> dict[str, Action]:
    """Interfaces that are put right, each once."""
    told = {stanza.name for file in node.files for stanza in file.stanzas}
    found: dict[str, Action] = {}
    for item in node.drift:
        if item.subject in {Subject.DEVICE, Subject.FLOODING} and item.object not in told:
            action = action_of(item)
            found[item.object] = action if found.get(item.object) in {None, Action.CHANGE} else found[item.object]
    return found


def _frr(node: NodeChanges) -> FrrAction:
    frr = node.execution.frr
    if frr is FrrAction.NONE and any(file.by_pve and file.path == FRR_CONF for file in node.files):
        return FrrAction.RELOAD
    return frr
