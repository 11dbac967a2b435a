"""How an apply went, for people, and the exit status that says so."""

from __future__ import annotations

from collections.abc import Iterator

from pvesdn.cli import statuses
from pvesdn.cli.screens.board import Board
from pvesdn.cli.screens.screen import Line, Screen, Span, Style, counted
from pvesdn.cli.screens.step_words import outcome_words, recap
from pvesdn.model.report import ApplyReport, NodeOutcome, Outcome, Standing

_NEXT = "pvesdn plan shows what it has, and pvesdn apply brings it up to date"


def show_report(screen: Screen, report: ApplyReport, board: Board | None = None) -> None:
    """The recap on standard output, the errors on standard error, and the summary last.

    :param board: what was seen while it was carried out.
    """
    screen.wrap(_recap(report, board or Board()))
    for node in report.nodes:
        if node.error:
            screen.error(node.error if node.error.startswith(f"{node.node}:") else f"{node.node}: {node.error}")
            for line in node.log:
                screen.remark(f"  | {line}")
    for node in report.nodes:
        if node.standing is Standing.NOT_PUT_BACK:
            screen.error(f"{node.node}: not as it was before: {'; '.join(node.left)}; {_NEXT}")
    if report.commit_error:
        screen.error(report.commit_error)
    for item in () if report.verdict is None else report.verdict.before:
        said = f"{item.node}: {item.object}{f', {item.trait}' if item.trait else ''}: {item.found}"
        screen.line(Span("already so before: ", Style.WARNING), f"{said}; pvesdn verify says what to do")
    for what in report.not_checked:
        screen.line(Span("not checked: ", Style.WARNING), what)
    if report.not_recorded:
        screen.warning(f"not in the history: {report.not_recorded}")
    screen.line(*_last_line(report))


def exit_status(report: ApplyReport) -> int:
    """0 done, 1 something failed and all is as before, or was left out because of it, 3 all was good and nobody
    confirmed it, 4 a node could not be reached and nothing failed, 5 something failed and a node is not as before.
    """
    if report.commit_error or any(not node.is_good and not node.is_unreachable for node in report.nodes):
        failed = statuses.UNCONFIRMED if report.is_unconfirmed else statuses.ERROR
        return statuses.PARTLY if report.is_mixed else failed
    return statuses.UNREACHABLE if report.has_unreachable else statuses.OK


def _recap(report: ApplyReport, board: Board) -> Iterator[Line]:
    for node in report.nodes:
        seen = board.of(node.node)
        steps = ((step.step, step.outcome) for step in node.steps)
        yield recap(node.node, steps, is_armed=seen.is_armed, seconds=seen.seconds)
    yield from ((Span("note: ", Style.WARNING), f"{node.node}: {node.note}") for node in report.nodes if node.note)
    if report.has_new_definitions:
        yield "definitions: ", outcome_words(Outcome.OK, "written")
    if report.commit is not None:
        yield "PVE's SDN: ", outcome_words(report.commit, "committed")


def _last_line(report: ApplyReport) -> Line:
    good = sum(node.is_good for node in report.nodes)
    if report.is_good and report.is_rehearsal:
        what = f"{counted(good, 'node')} verified and put back; PVE's definitions are still pending."
        return Span("Rehearsed: ", Style.GOOD), what
    if report.is_good and report.has_new_definitions and not report.nodes:
        return (Span("Apply complete: the definitions are replaced, no node had to change.", Style.GOOD),)
    if report.is_good:
        return (Span(f"Apply complete: {counted(good, 'node')} done.", Style.GOOD),)
    undone = [node for node in report.nodes if _is_put_back(node)]
    rest = [node for node in report.nodes if not node.is_good and not _is_put_back(node)]
    unreachable = sum(node.is_unreachable for node in rest)
    skipped = sum(any(step.outcome is Outcome.SKIPPED for step in node.steps) for node in rest)
    failed = len(rest) - skipped - unreachable
    numbers = [
        (len(undone), "put back and checked"),
        (failed, "failed"),
        (unreachable, "could not be reached"),
        (skipped, "not touched"),
    ]
    parts = [f"{number} {what}" for number, what in numbers if number]
    if report.is_unconfirmed and not report.is_mixed:
        return Span("Not confirmed, and put back: ", Style.ERROR), f"{', '.join(parts)}."
    if undone and not report.is_mixed:
        return Span("Apply failed, and is undone: ", Style.ERROR), f"{', '.join(parts)}."
    done = f"{counted(good, 'node')} done"
    return Span("Apply incomplete: ", Style.ERROR), f"{', '.join([done, *parts])}."


def _is_put_back(node: NodeOutcome) -> bool:
    """Those that have put themselves back have done so when nobody confirmed."""
    steps = {step.step for step in node.steps}
    return node.standing is Standing.AS_BEFORE and not steps.isdisjoint({"undone", "confirmed"})
