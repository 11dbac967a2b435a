"""What moving zones between PVE's panel and pvesdn.cfg comes to, for people and as a document."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pvesdn.cli.screens.documents import findings, plan_document
from pvesdn.cli.screens.plan import last_line, plan_lines
from pvesdn.cli.screens.screen import Line, Span, Style
from pvesdn.cli.screens.wrapping import wrapped
from pvesdn.compare.counts import summarize
from pvesdn.model.ranges import ranges
from pvesdn.model.zone_move import Fate, MovedProperty
from pvesdn.move.from_panel import with_the_panel
from pvesdn.move.script import Script
from pvesdn.move.to_panel import back_in_the_panel
from pvesdn.workflows.move import MovePlan
from pvesdn.workflows.read import SDN_DIR

_TOLD = (Fate.NEEDED, Fate.LOST)


def move_lines(
    move: MovePlan, written: Sequence[str], *, has_diff: bool, is_verbose: bool, width: int | None = None
) -> Iterator[Line]:
    """Everything that a person has to know before the cut-over, and the cut-over itself.

    :param written: the files that were written: the scripts among them are then the cut-over.
    :param has_diff: show what changes in each file of each node.
    :param is_verbose: tell what became of every property, not of those alone that are lost.
    :param width: see `wrapped`; definitions and commands stay whole.
    """
    yield from _proposed(move)
    yield from wrapped(_comes_to(move, is_verbose=is_verbose), width)
    if move.cut_over is not None:
        yield from _cut_over(move.cut_over, written, width)
    if move.plan is not None:
        when = "if it could be moved like this" if move.cut_over is None else "once these commands have run"
        yield (Span("What then comes", Style.STRONG), f": the plan of apply, {when}")
        yield ()
        summary = summarize(move.plan)
        yield from plan_lines(move.plan, summary, has_diff=has_diff, width=width)
        yield from wrapped([last_line(move.plan, summary)], width)


def _proposed(move: MovePlan) -> Iterator[Line]:
    how = ": these sections are created through PVE's API"
    if move.form == "from-pve":
        how = ": these sections are appended"
    for name, text in sorted(move.files.items()):
        yield (Span(f"Proposed: {SDN_DIR}/{name}", Style.STRONG), how)
        yield ()
        yield from ((line,) for line in text.rstrip("\n").split("\n"))
        yield ()


def _comes_to(move: MovePlan, *, is_verbose: bool) -> Iterator[Line]:
    """What becomes of properties, of traffic and of what the panel does."""
    yield from _properties(move, is_verbose=is_verbose)
    if move.plan is not None:
        yield (Span("What changes on the wire", Style.STRONG),)
        yield from _wire(move)
        yield ()
    if lines := _with_the_panel(move):
        yield (Span(f"What {'goes' if move.form == 'from-pve' else 'comes'} with the panel", Style.STRONG),)
        yield from ((f"  {line}",) for line in lines)
        yield ()


def _properties(move: MovePlan, *, is_verbose: bool) -> Iterator[Line]:
    told = [row for row in move.move.properties if is_verbose or row.fate in _TOLD or (row.what and row.hint)]
    if not told:
        return
    yield (Span("What becomes of each property", Style.STRONG),)
    for row in told:
        yield "  ", _styled(row), f" {row}"
    yield ()


def _styled(row: MovedProperty) -> Span:
    style = {Fate.NEEDED: Style.ERROR, Fate.LOST: Style.WARNING}.get(row.fate, Style.PLAIN)
    return Span(f"{row.fate.value}:", style)


def _wire(move: MovePlan) -> Iterator[Line]:
    if not move.wire:
        yield ("  nothing: every device keeps its VNI, its addresses, its MAC and its MTU",)
    for change in move.wire:
        text = f"{ranges(change.nodes)}: {', '.join(change.devices)}: {change.what}"
        yield "  ", Span(f"{text}: {change.meaning}", Style.WARNING) if change.meaning else text


def _with_the_panel(move: MovePlan) -> tuple[str, ...]:
    return with_the_panel(move.move.own) if move.form == "from-pve" else back_in_the_panel(move.move.own)


def _cut_over(scripts: tuple[Script, Script], written: Sequence[str], width: int | None) -> Iterator[Line]:
    there, back = scripts
    places = {path.rpartition("/")[2]: path for path in written}
    where = ": as root on a node of the cluster, with pvesdn-watch stopped; no node changes before the last line"
    yield from wrapped([(Span("Cut-over", Style.STRONG), where)], width)
    yield ()
    if not places:
        stop = "Stop at the first line that fails, and go the way back, leaving out what has not changed yet."
        yield from wrapped([(stop,)], width)
        yield ()
    yield from ((line,) for line in (*_typed(there, places), "pvesdn apply"))
    yield ()
    yield (Span("The way back", Style.STRONG), ", before apply or after it")
    yield ()
    yield from ((line,) for line in (*_typed(back, places), "pvesdn apply"))
    yield ()


def _typed(script: Script, places: Mapping[str, str]) -> tuple[str, ...]:
    return (shlex.join(["sh", places[script.name]]),) if script.name in places else script.lines


def move_document(move: MovePlan, written: Iterable[str], *, has_diff: bool) -> dict[str, Any]:
    """The content of the document; see docs/json.md."""
    return {
        "form": move.form,
        "zones": list(move.move.zones),
        "definitions": [{"file": f"{SDN_DIR}/{name}", "text": text} for name, text in sorted(move.files.items())],
        "properties": [
            {
                "where": str(row.where),
                "name": row.key,
                "value": row.value,
                "fate": row.fate.value,
                "what": row.what,
                "hint": row.hint,
            }
            for row in move.move.properties
        ],
        "on_the_wire": [
            {"nodes": list(row.nodes), "devices": list(row.devices), "what": row.what, "meaning": row.meaning}
            for row in move.wire
        ],
        "with_the_panel": list(_with_the_panel(move)),
        "findings": findings(move.move.findings),
        "cut_over": [_script(script) for script in move.cut_over or ()],
        "unreachable": dict(sorted(move.unreachable.items())),
        "plan": None if move.plan is None else plan_document(move.plan, summarize(move.plan), has_diff=has_diff),
        "problems": list(move.problems),
        "written": list(written),
    }


def _script(script: Script) -> dict[str, Any]:
    return {"name": script.name, "lines": list(script.lines), "text": script.text}
