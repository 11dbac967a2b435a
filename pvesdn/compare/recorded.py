"""A plan, and how an apply of it went, as the history keeps them: short, however many nodes there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pvesdn.compare.counts import Summary, summarize
from pvesdn.model.files import ChangeSet
from pvesdn.model.flags import PlanFlags
from pvesdn.model.history import (
    DONE,
    LONGEST_NAME,
    LONGEST_NODES,
    LONGEST_REASON,
    MOST_FLAGS,
    MOST_GROUPS,
    Counts,
    Ending,
    Planned,
    Result,
    Short,
)
from pvesdn.model.manner import Manner
from pvesdn.model.order import BATCH
from pvesdn.model.ranges import ranges
from pvesdn.model.report import ApplyReport, NodeOutcome, Outcome, Standing


def ending_of(report: ApplyReport, *, is_confirmed: bool) -> Ending:
    """How an apply ended. :param is_confirmed: it had to be confirmed to end well."""
    if report.is_mixed:
        return Ending.PARTLY
    if not report.commit_error and all(node.is_good or node.is_unreachable for node in report.nodes):
        if report.is_rehearsal:
            return Ending.REHEARSED
        if report.has_unreachable:
            return Ending.INCOMPLETE
        return Ending.CONFIRMED if is_confirmed else Ending.DONE
    if report.commit is Outcome.OK or any(node.standing is Standing.NEW for node in report.nodes):
        return Ending.INCOMPLETE
    return Ending.UNCONFIRMED if report.is_unconfirmed else Ending.FAILED


def results_of(nodes: Iterable[NodeOutcome]) -> tuple[Result, ...]:
    """What the nodes have since: those alike together."""
    groups: dict[tuple[str, str], list[str]] = {}
    for node in nodes:
        why = one_line(node.error.removeprefix(f"{node.node}: "), LONGEST_REASON)
        groups.setdefault((_what(node), why), []).append(node.node)
    told = [Result(nodes=_nodes(names), what=what, why=why) for (what, why), names in groups.items()]
    rest = [name for names in list(groups.values())[MOST_GROUPS:] for name in names]
    return (
        *told[:MOST_GROUPS],
        *([Result(nodes=_nodes(rest), what="each with an outcome of its own")] if rest else ()),
    )


def _what(node: NodeOutcome) -> str:
    if node.is_good and node.standing is not Standing.AS_BEFORE:
        return DONE
    if node.standing is not None:
        return node.standing.value
    return "not reached" if node.is_unreachable else "not touched"


def in_short(changes: ChangeSet) -> Short:
    """A plan: nodes with the same numbers together."""
    groups: dict[tuple[Counts, str], list[str]] = {}
    for node in changes.nodes:
        if not node.is_empty:
            found = summarize(replace(changes, nodes=(node,)))
            frr = dict(found.frr).get(node.node)
            groups.setdefault((_counts(found), "" if frr is None else frr.value), []).append(node.node)
    planned = [
        Planned.model_validate({"nodes": _nodes(names), "each": each, "frr": frr})
        for (each, frr), names in groups.items()
    ]
    rest = [name for names in list(groups.values())[MOST_GROUPS:] for name in names]
    pending = [one_line(f"{row.kind} '{row.id}' {row.state}", LONGEST_NAME) for row in changes.pending]
    return Short(
        where=_nodes(name for names in groups.values() for name in names),
        total=_counts(summarize(changes)),
        nodes=(*planned[:MOST_GROUPS], *([Planned(nodes=_nodes(rest), each=None)] if rest else ())),
        pending=(
            *pending[:MOST_GROUPS],
            *([f"and {len(pending) - MOST_GROUPS} more"] if pending[MOST_GROUPS:] else ()),
        ),
    )


def _nodes(names: Iterable[str]) -> str:
    return one_line(ranges(names), LONGEST_NODES)


def _counts(found: Summary) -> Counts:
    return Counts(add=found.add, change=found.change, replace=found.replace, remove=found.remove)


def options_of(flags: PlanFlags, manner: Manner) -> tuple[str, ...]:
    """What was decided on the command line, as it could be typed again: the way it was carried out, then the plan's."""
    wishes = manner.wishes
    found = [f"--canary {wishes.canary}"] if wishes.canary is not None else []
    found += [f"--batch {wishes.batch}"] if wishes.batch != BATCH else []
    found += [f"--confirm {manner.confirm_within}s"] if manner.confirm_within else []
    found += ["--commit-unrehearsed"] * manner.commit_unrehearsed
    found += ["--sync-peers"] * manner.sync_peers
    found += ["--overwrite"] * flags.overwrite + ["--detach-guests"] * flags.detach_guests
    found += ["--with-interfaces-new"] * flags.interfaces_new
    found += [f"--allow-management {node}" for node in sorted(flags.allow_management)]
    found += [f"--node {node}" for node in manner.only]
    told = [one_line(option, LONGEST_NAME) for option in found]
    return tuple(
        told if len(told) <= MOST_FLAGS else [*told[: MOST_FLAGS - 1], f"and {len(told) - MOST_FLAGS + 1} more"]
    )


def one_line(text: str, longest: int) -> str:
    """The same on one line that can be printed and is not too long. :param longest: characters."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    return shown if len(shown) <= longest else f"{shown[: longest - 3]}..."
