"""The history of applies, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pvesdn.cli.screens.blocks import diff_lines
from pvesdn.cli.screens.screen import Line, Span, Style, columns
from pvesdn.cli.screens.wrapping import wrapped
from pvesdn.compare.diff import showable
from pvesdn.model.files import Action, FileChange
from pvesdn.model.history import Counts, Ending, Entry, History, Short

_STYLES = {
    Ending.OPEN: Style.WARNING,
    Ending.DONE: Style.GOOD,
    Ending.CONFIRMED: Style.GOOD,
    Ending.INCOMPLETE: Style.WARNING,
    Ending.REHEARSED: Style.GOOD,
    Ending.PARTLY: Style.ERROR,
}
_WORDS = {
    Ending.OPEN: "open: it is at work or waits, or its run was killed; `pvesdn confirm --status` tells which",
    Ending.DONE: "done, and verified",
    Ending.CONFIRMED: "done, verified and confirmed",
    Ending.INCOMPLETE: "done, but not everywhere",
    Ending.REHEARSED: "rehearsed: tried out, and every node was put back",
    Ending.FAILED: "failed, and every node that was changed was put back",
    Ending.UNCONFIRMED: "nobody confirmed it in time, and it was put back",
    Ending.ROLLED_BACK: "rolled back by `pvesdn rollback`",
    Ending.PARTLY: "failed, and not every node was as before",
    Ending.CUT_OFF: "cut off: nodes that had not been told to keep it put themselves back",
}
_LONGEST_NODES = 24


def list_lines(history: History, width: int | None) -> Iterator[Line]:
    """One line for each apply, the newest last, and its comment below."""
    if not history.entries:
        yield ("Nothing has been applied yet, as far as the history goes.",)
        return
    rows = [
        (str(entry.number), minutes(entry.began), entry.ending.value, _in_short(entry.plan), entry.who)
        for entry in history.entries
    ]
    head, *lines = columns([("no", "began (UTC)", "ended", "plan", "by"), *rows], indent=0)
    yield (head,)
    for entry, line in zip(history.entries, lines, strict=True):
        left, ending, right = line.partition(f"  {entry.ending.value}")
        yield from wrapped([(left, Span(ending, _STYLES.get(entry.ending, Style.ERROR)), right)], width)
        if entry.comment:
            yield from wrapped([("    ", Span(entry.comment, Style.FAINT))], width)


def entry_lines(entry: Entry, changes: Iterable[FileChange] | None, unknown: str, width: int | None) -> Iterator[Line]:
    """Everything that is known of one apply.

    :param changes: what it changed in the definitions; None where nobody knows, and `unknown` says why.
    """
    head = (
        Span(f"Apply {entry.number}: ", Style.STRONG),
        Span(_WORDS[entry.ending], _STYLES.get(entry.ending, Style.ERROR)),
    )
    yield from wrapped([head], width)
    rows = [
        ("began", f"{_seconds(entry.began)} by {entry.who}"),
        *([("ended", _seconds(entry.ended))] if entry.ended else []),
        *([("comment", entry.comment)] if entry.comment else []),
        *([("note", entry.why)] if entry.why else []),
        ("id", f"{entry.id}, of pvesdn {entry.pvesdn}"),
        *([("options", " ".join(entry.flags))] if entry.flags else []),
    ]
    yield from wrapped(((line,) for line in columns(rows)), width)
    yield ()
    yield ("Planned:",)
    yield from wrapped(((f"  {line}",) for line in _planned(entry.plan)), width)
    if entry.results:
        yield ()
        yield ("Nodes:",)
        found = (f"  {one.nodes}: {one.what}{f': {one.why}' if one.why else ''}" for one in entry.results)
        yield from wrapped(((line,) for line in found), width)
    yield ()
    if changes is None:
        yield from wrapped([(unknown,)], width)
    else:
        yield from difference_lines(changes, "Its definitions were those of the apply before.")


def difference_lines(changes: Iterable[FileChange], nothing: str) -> Iterator[Line]:
    """Unified diffs. :param nothing: what to say where there is no difference."""
    found = [line for change in changes for line in diff_lines(change, "")]
    yield from found or [(nothing,)]


def entry_document(entry: Entry) -> dict[str, Any]:
    """An entry as JSON, every key of it; digests of definitions, not their texts."""
    return entry.model_dump(mode="json")


def difference_document(changes: Iterable[FileChange]) -> list[dict[str, Any]]:
    """Differences of definitions as JSON."""
    return [
        {"path": change.path, "action": _ACTIONS[change.action], "diff": list(showable(change))} for change in changes
    ]


_ACTIONS = {Action.ADD: "add", Action.CHANGE: "change", Action.REMOVE: "remove"}


def _in_short(plan: Short) -> str:
    where = plan.where if len(plan.where) <= _LONGEST_NODES else f"{plan.where[: _LONGEST_NODES - 3]}..."
    parts = [_planned_there(plan.total, {group.frr for group in plan.nodes})] if plan.where else []
    parts += [f"{len(plan.pending)} of PVE's"] if plan.pending else []
    return f"{', '.join(parts) or 'definitions alone'}{f' on {where}' if where else ''}"


def _planned(plan: Short) -> Iterator[str]:
    for group in plan.nodes:
        if group.each is None:
            yield f"{group.nodes}: each with a plan of its own"
            continue
        frr = f", FRR {group.frr}" if group.frr and _counts(group.each) else ""
        yield f"{group.nodes}: {_planned_there(group.each, {group.frr})}{frr}"
    for what in plan.pending:
        yield f"PVE's own: {what}"
    if not plan.nodes and not plan.pending:
        yield "the definitions alone"


def _planned_there(counts: Counts, frr: set[str]) -> str:
    """Interfaces by signs, or where none changes what else does."""
    return _counts(counts) or (f"FRR {'/'.join(sorted(frr - {''}))}" if frr - {""} else "files")


def _counts(counts: Counts) -> str:
    signs = (
        (Action.ADD, counts.add),
        (Action.CHANGE, counts.change),
        (Action.REPLACE, counts.replace),
        (Action.REMOVE, counts.remove),
    )
    return " ".join(f"{sign.value}{number}" for sign, number in signs if number)


def minutes(time: str) -> str:
    """A time of the history without its seconds."""
    return time[:16].replace("T", " ")


def _seconds(time: str) -> str:
    return f"{time[:19].replace('T', ' ')} UTC"
