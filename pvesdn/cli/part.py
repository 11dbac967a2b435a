"""A plan of which only some nodes have their turn: what may be parted, and what is said of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pvesdn.cli.screens.screen import Line, Span, Style
from pvesdn.cli.source import require_members
from pvesdn.compare.parting import part_of, parting_findings
from pvesdn.errors import ApplyRefused
from pvesdn.model.files import ChangeSet
from pvesdn.model.findings import Finding, Severity
from pvesdn.model.ranges import ranges
from pvesdn.workflows.seen import seen_of_part


def take_part(whole: ChangeSet, only: frozenset[str]) -> tuple[ChangeSet, tuple[Finding, ...]]:
    """The part of a plan that concerns these nodes, and those of its warnings that are about what then differs between
    them and the others.

    :raises SettingsError: there is no such node.
    :raises ApplyRefused: a node cannot be dealt with now, or the rest must not wait.
    """
    require_members(only, {*(node.node for node in whole.nodes), *whole.unreachable, *whole.offline})
    _require_answers(whole, only)
    if whole.pending:
        what = "PVE's definitions are pending, and committing them reloads every node, so no node can be taken alone"
        raise ApplyRefused(what, hint="run pvesdn apply without --node")
    found = parting_findings(whole, only)
    if errors := [str(finding) for finding in found if finding.severity is Severity.ERROR]:
        raise ApplyRefused("\n".join(errors))
    part = part_of(whole, only)
    return replace(part, findings=(*part.findings, *found), seen=seen_of_part(whole, part)), found


def left_lines(left: tuple[str, ...] | None) -> Iterator[Line]:
    """What is said of the other nodes that have changes; None where no node was named."""
    if left:
        yield Span("left out: ", Style.WARNING), f"changes on {ranges(left)}"


def _require_answers(whole: ChangeSet, only: frozenset[str]) -> None:
    silent = {name: f"{name}: offline" for name in whole.offline} | dict(whole.unreachable)
    if troubles := [silent[name] for name in sorted(only & silent.keys())]:
        rest = sorted(only - silent.keys())
        hint = "name the others alone, or wait until it is back" if rest else "wait until it is back"
        raise ApplyRefused("\n".join(troubles), hint=hint)
