"""What verify found, for people and for machines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pvesdn.cli.screens.documents import discrepancy
from pvesdn.cli.screens.screen import Line, Span, Style, columns, counted
from pvesdn.model.findings import Severity
from pvesdn.model.ranges import ranges
from pvesdn.model.verification import Discrepancy, Verification, ZoneVerdict

_SHOWN = 8
"""As many findings of one kind are told before the rest is counted."""
_MARKS = {Severity.ERROR: Span("bad", Style.ERROR), Severity.WARNING: Span("warning", Style.WARNING)}


def discrepancy_lines(verification: Verification) -> Iterator[Line]:
    """Each finding in a few lines, with an empty line behind it.

    What is alike on several nodes is told once, and of many that differ in the object alone the first few are told.
    """
    alike: dict[Discrepancy, list[str]] = {}
    for found in verification.discrepancies:
        alike.setdefault(replace(found, node=""), []).append(found.node)
    kinds: dict[tuple[object, ...], list[Discrepancy]] = {}
    for found, nodes in alike.items():
        kinds.setdefault((found.severity, found.subject, found.trait, found.cause, *nodes), []).append(found)
    for kind in kinds.values():
        for found in kind[:_SHOWN]:
            yield from _lines(found, [node for node in alike[found] if node])
            yield ("",)
        if (more := len(kind) - _SHOWN) > 0:
            yield (f"and {more} more like it, which --json lists",)
            yield ("",)


def _lines(found: Discrepancy, nodes: list[str]) -> Iterator[Line]:
    zone = f"zone {', '.join(found.zones)}"
    zones = f" ({zone})" if found.zones and zone != found.object else ""
    where = f"{ranges(nodes)}: " if nodes else ""
    trait = f", {found.trait}" if found.trait else ""
    mark = _MARKS.get(found.severity, Span(found.severity.value))
    yield (mark, f"  {where}", Span(found.object, Style.STRONG), f"{trait}{zones}")
    yield (f"  expected: {found.expected}",)
    yield (f"  found: {found.found}",)
    yield (f"  likely cause: {found.cause}",)
    there = f"on {nodes[0] if len(nodes) == 1 else 'each of them'}: " if found.is_there else ""
    yield (f"  next: {there}{found.step}",)


def zone_lines(verification: Verification) -> Iterator[Line]:
    """One line for each zone."""
    rows = [(f"zone {zone.zone}", counted(len(zone.nodes), "node"), _verdict(zone)) for zone in verification.zones]
    yield from ((line,) for line in columns(rows, indent=0))


def _verdict(zone: ZoneVerdict) -> str:
    told, checks = counts(zone.bad, zone.warnings), counted(zone.checks, "check")
    return f"{told} of {checks}" if told else f"good: {checks}"


def counts(bad: int, warnings: int) -> str:
    """``2 bad, 1 warning``; empty where nothing was found."""
    told = [f"{bad} bad"] if bad else []
    told += [counted(warnings, "warning")] if warnings else []
    return ", ".join(told)


def unseen_lines(verification: Verification) -> Iterator[Line]:
    """What was not checked, and why."""
    for name in verification.offline:
        yield (f"not checked: {name}: the cluster says that it is off",)
    for name, reason in sorted(verification.unreachable.items()):
        yield (f"not checked: {name}: {reason.removeprefix(f'{name}: ')}",)
    for item in verification.not_checked:
        where = f"{item.node}: " if item.node else ""
        yield (f"not checked: {where}{item.what}: {item.why}",)


def last_line(verification: Verification) -> Line:
    """The verdict in one line."""
    if not verification.nodes:
        return (Span("Nothing could be checked.", Style.ERROR),)
    bad, warnings = verification.count(Severity.ERROR), verification.count(Severity.WARNING)
    verdict = counts(bad, warnings) or "as the definitions say"
    if verification.unreachable:
        verdict += f"; {counted(len(verification.unreachable), 'node')} could not be reached"
    if verification.offline:
        verdict += f"; {counted(len(verification.offline), 'member')} off"
    if any(item.node for item in verification.not_checked):
        verdict += "; not everything could be seen"
    looked = f"{counted(len(verification.zones), 'zone')} on {counted(len(verification.nodes), 'node')}"
    style = Style.ERROR if bad else Style.WARNING if verification.has_doubts else Style.GOOD
    return (Span(f"Verified {looked}: {verdict}.", style),)


def verify_document(verification: Verification, status: int) -> dict[str, Any]:
    """The document of `--json`, see docs/json.md."""
    return {
        "exit_status": status,
        "zones": [
            {
                "id": zone.zone,
                "nodes": list(zone.nodes),
                "checks": zone.checks,
                "bad": zone.bad,
                "warnings": zone.warnings,
            }
            for zone in verification.zones
        ],
        "nodes": list(verification.nodes),
        "findings": [discrepancy(found) for found in verification.discrepancies],
        "not_checked": [{"node": item.node, "what": item.what, "why": item.why} for item in verification.not_checked],
        "unreachable": dict(sorted(verification.unreachable.items())),
        "offline": list(verification.offline),
    }
