"""A plan in numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pvesdn.cli.screens.blocks import obstacles_once
from pvesdn.cli.screens.screen import Line, Span, Style, columns, counted
from pvesdn.cli.screens.wrapping import wrapped
from pvesdn.compare.healing import action_of
from pvesdn.model.execution import FrrAction
from pvesdn.model.files import FRR_CONF, Action, ChangeSet, NodeChanges
from pvesdn.model.ranges import ranges
from pvesdn.model.verification import Subject

_SHOWN = 8
"""Obstacles that are shown."""
_UNDEFINED = "(no longer defined)"
_KINDS = {Action.ADD: "create", Action.CHANGE: "change", Action.REPLACE: "replace", Action.REMOVE: "destroy"}


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
    actions = [stanza.action for node in changes.nodes for file in node.files for stanza in file.stanzas]
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


def summary_lines(changes: ChangeSet, width: int | None) -> Iterator[Line]:
    """Per zone and kind of change: how many interfaces, each counted once, and the nodes; then what blocks an apply."""
    rows: dict[str, dict[Action, set[str]]] = {}
    nodes: dict[str, set[str]] = {}
    for node in changes.nodes:
        for stanza in (stanza for file in node.files for stanza in file.stanzas):
            zone = changes.zones.get(stanza.name, _UNDEFINED)
            rows.setdefault(zone, {}).setdefault(stanza.action, set()).add(stanza.name)
            nodes.setdefault(zone, set()).add(node.node)
    if rows:
        head = ("zone", *_KINDS.values(), "nodes")
        counts = (
            (zone, *(str(len(rows[zone].get(action, ())) or "-") for action in _KINDS), ranges(nodes[zone]))
            for zone in sorted(rows, key=lambda zone: (zone == _UNDEFINED, zone))
        )
        yield from ((line,) for line in columns([head, *counts], indent=0))
        yield ()
    yield from _drift_lines(changes)
    files: dict[str, list[str]] = {}
    for node in changes.nodes:
        for file in node.files:
            if not file.stanzas:
                files.setdefault(file.path, []).append(node.node)
    for path, names in sorted(files.items()):
        yield (f"{path}: {ranges(names)}",)
    if files:
        yield ()
    blocked = [
        (Span("blocked: ", Style.ERROR), f"{ranges(names)}: {what}") for names, what in obstacles_once(changes.nodes)
    ]
    yield from wrapped(blocked[:_SHOWN], width)
    if len(blocked) > _SHOWN:
        yield (f"and {counted(len(blocked) - _SHOWN, 'more obstacle')}, which a plan without --summary shows",)


def _drift_lines(changes: ChangeSet) -> Iterator[Line]:
    if drifted := [node.node for node in changes.nodes if node.drift]:
        yield (f"live state that is put right: {ranges(drifted)}",)
        yield ()


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
