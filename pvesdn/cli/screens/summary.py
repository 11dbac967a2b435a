"""A plan in short, by zone."""

from __future__ import annotations

from collections.abc import Iterator

from pvesdn.cli.screens.blocks import obstacles_once
from pvesdn.cli.screens.screen import Line, Span, Style, counted
from pvesdn.cli.screens.tables import folded
from pvesdn.cli.screens.wrapping import wrapped
from pvesdn.model.files import Action, ChangeSet
from pvesdn.model.ranges import ranges

_SHOWN = 8
"""Obstacles that are shown."""
_UNDEFINED = "(no longer defined)"
_KINDS = {Action.ADD: "create", Action.CHANGE: "change", Action.REPLACE: "replace", Action.REMOVE: "destroy"}


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
        yield from folded([head, *counts], width, indent=0)
        yield ()
    yield from wrapped(_drift_lines(changes), width)
    files: dict[str, list[str]] = {}
    for node in changes.nodes:
        for file in node.files:
            if not file.stanzas:
                files.setdefault(file.path, []).append(node.node)
    yield from wrapped(((f"{path}: {ranges(names)}",) for path, names in sorted(files.items())), width)
    if files:
        yield ()
    blocked = [
        (Span("blocked: ", Style.ERROR), f"{ranges(names)}: {what}") for names, what in obstacles_once(changes.nodes)
    ]
    yield from wrapped(blocked[:_SHOWN], width)
    if len(blocked) > _SHOWN:
        more = counted(len(blocked) - _SHOWN, "more obstacle")
        yield from wrapped([(f"and {more}, which a plan without --summary shows",)], width)


def _drift_lines(changes: ChangeSet) -> Iterator[Line]:
    if drifted := [node.node for node in changes.nodes if node.drift]:
        yield (f"live state that is put right: {ranges(drifted)}",)
        yield ()
