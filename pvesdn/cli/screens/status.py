"""How a cluster is doing, on one screen: what is bad comes first, and what is left out is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pvesdn import __version__
from pvesdn.cli.screens.confirmation import duration, standing_lines
from pvesdn.cli.screens.history import minutes
from pvesdn.cli.screens.plan import last_line
from pvesdn.cli.screens.screen import Line, Span, Style, counted
from pvesdn.cli.screens.status_tables import MOST, WORDS, node_lines, zone_lines
from pvesdn.cli.screens.tables import clipped
from pvesdn.cli.screens.verify import counts
from pvesdn.cli.screens.wrapping import wrapped
from pvesdn.compare.counts import summarize
from pvesdn.compare.status import in_a_line
from pvesdn.model.findings import Severity
from pvesdn.model.history import Entry
from pvesdn.model.open_apply import LockHolder, OpenState
from pvesdn.model.ranges import ranges
from pvesdn.model.status import ClusterStatus, Health
from pvesdn.workflows.confirmation import Found, Standing

_LEFT_BEHIND = "if that run has died, the next apply takes it after two minutes"
_SHOWN = 4
"""As many things of a kind are told before the rest is counted."""
_PARTS = (1.0, 0.8, 0.65, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.05)
"""Of the rows that fit a screen, where the terminal is smaller."""
_ENDS = {
    OpenState.WAITING: "pvesdn confirm makes it stay, pvesdn rollback puts it back",
    OpenState.AT_WORK: "its run ends it; if that has died, the nodes put themselves back when the time is up",
    OpenState.OVERDUE: "once the nodes have put themselves back, pvesdn plan tells what is left to do",
}


def fitted_lines(status: ClusterStatus, width: int | None, height: int | None) -> list[Line]:
    """The whole screen with as many zones and nodes as there is room for, the bad first; at least one of each."""
    for part in _PARTS:
        zones, nodes = (max(round(most * part), 1) for most in MOST)
        lines = list(status_lines(status, width, most=(zones, nodes)))
        if height is None or len(lines) <= height:
            break
    return lines


def status_lines(
    status: ClusterStatus, width: int | None, *, most: tuple[int, int] = MOST, tells_of_packets: bool = True
) -> Iterator[Line]:
    """The whole screen, see `docs/running.md`.

    :param most: rows of zones and of nodes.
    :param tells_of_packets: it ends with the word that none were sent.
    """
    yield verdict_line(status, width)
    yield from wrapped(_cluster(status), width)
    yield from zone_lines(status, width, most[0])
    yield from node_lines(status, width, most)
    yield ()
    yield from wrapped(_not_applied(status), width)
    yield from _not_known(status, width)
    if tells_of_packets:
        yield (Span("No packets were sent: pvesdn verify sends some, and says what to do next.", Style.FAINT),)


def verdict_line(status: ClusterStatus, width: int | None = None) -> Line:
    """Healthy, or what is bad first; of a part, that it is about no more than that."""
    verification = status.verification
    part = f"{_part(status)}: " if status.is_part else ""
    bad, warnings = verification.count(Severity.ERROR), verification.count(Severity.WARNING)
    if not verification.nodes:
        why = next((zone.first for zone in status.zones if part and zone.first), "no node was reached.")
        nothing = f"{part}nothing could be looked at" if part else "Nothing could be looked at"
        return (Span(clipped(f"{nothing}: {why}", width), Style.ERROR),)
    told = [] if status.is_quorate else ["no quorum"]
    if any(one.state is OpenState.AT_WORK for there in (status.beside.open or {}).values() for one in there.values()):
        told.append("an apply is at work")
    if bad or warnings:
        told.append(counts(bad, warnings))
    if verification.unreachable:
        told.append(f"{counted(len(verification.unreachable), 'node')} not reached")
    if verification.offline:
        told.append(f"{counted(len(verification.offline), 'member')} off")
    if any(item.node for item in verification.not_checked):
        told.append("not everything could be seen")
    doubtful = Health.WARNING if verification.has_doubts else Health.OK
    is_bad = bad or verification.unreachable or not status.is_quorate
    word = WORDS[Health.BAD if is_bad else doubtful]
    first = next((f"; {in_a_line(found)}" for found in verification.discrepancies), "")
    text = f": {part}{', '.join(told)}{first}" if told else f": {part}{_good(status)}"
    return word, clipped(text, None if width is None else width - len(word.text))


def _good(status: ClusterStatus) -> str:
    """Where nobody has applied what the file says now, nothing is held against it."""
    brought = f"apply {status.in_force}" if status.own_differs and not status.beside.is_unfit else ""
    if status.is_part:
        return f"as {f'{brought} left it' if brought else 'the definitions say'}; nothing else is judged"
    return f"the network is what {f'{brought} brought' if brought else 'the definitions say'}"


def _part(status: ClusterStatus) -> str:
    """``zones mcast, plain on node1``, ``zone mcast on node1 (not there: plain)``."""
    there = [zone for zone in status.only_zones if zone not in status.not_there]
    zones, nodes = _some(there), ranges(status.only_nodes)
    named = f"zone{'s' if len(there) > 1 else ''} {zones}" if zones else ""
    if not nodes:
        return named
    absent = f" (not there: {_some(status.not_there)})" if status.not_there else ""
    return f"{named} on {nodes}{absent}" if named else f"node{'s' if len(status.only_nodes) > 1 else ''} {nodes}"


def _cluster(status: ClusterStatus) -> Iterator[Line]:
    version = f"PVE {status.pve_version}" if status.pve_version else "PVE's version not known"
    members = f"{status.online} of {counted(status.members, 'member')} on"
    quorum = "quorate" if status.is_quorate else Span("NO QUORUM", Style.ERROR)
    yield Span(f"Cluster {status.name}", Style.STRONG), ": ", quorum, f", {members}, {version}, pvesdn {__version__}"
    if not status.is_quorate:
        yield ("Members that are off here may be on; /etc/pve is read-only. pvecm status says who is missing.",)
    if status.packages:
        by_version: dict[str, list[str]] = {}
        for node, its in status.packages.items():
            by_version.setdefault(its, []).append(node)
        where = ", ".join(f"{its} on {ranges(nodes)}" for its, nodes in sorted(by_version.items()))
        yield Span("Versions differ", Style.WARNING), f": libpve-network-perl {where}"
    if status.beside.history is not None:
        yield _last_apply(status.last_apply)
    yield from _open(status)
    if status.beside.lock is not None:
        yield _lock(status.beside.lock)
    if status.beside.is_sdn_locked and not status.beside.open:
        yield Span("PVE's SDN is locked", Style.WARNING), ": somebody has taken the lock /etc/pve/sdn/.lock"


def _last_apply(entry: Entry | None) -> Line:
    if entry is None:
        return ("Last apply: none, as far as the history goes",)
    by = f" by {entry.who}" + ("" if entry.pvesdn == __version__ else f" (pvesdn {entry.pvesdn})")
    style = Style.PLAIN if entry.ending.is_in_force else Style.WARNING
    return f"Last apply: {entry.number}, ", Span(entry.ending.value, style), f", {minutes(entry.began)} UTC{by}"


def _open(status: ClusterStatus) -> Iterator[Line]:
    for name, nodes in (status.beside.open or {}).items():
        first, *others = standing_lines(Standing((Found(name, nodes),)))
        yield Span("Open: ", Style.WARNING), *first
        yield from others
        for state in dict.fromkeys(there.state for there in nodes.values()):
            yield (f"  {_ENDS[state]}",)


def _lock(holder: LockHolder) -> Line:
    """All that is known is the note beside the lock, which a run that has died leaves behind."""
    who = f"written down as held by {holder.who}" if holder.who else "written down as held, by whom is not legible"
    age = "" if holder.age is None else f", {duration(holder.age)} ago"
    return Span("Cluster lock: ", Style.WARNING), f"{who}{age}; {_LEFT_BEHIND}"


def _not_applied(status: ClusterStatus) -> Iterator[Line]:
    """What somebody has drawn or edited, and nobody applied; what an apply would do, as a plan ends."""
    changes, on = status.changes, "".join(f" --node {name}" for name in status.only_nodes)
    if changes is not None and changes.pending:
        told = [f"{row.kind} {row.id} {row.state}" for row in changes.pending]
        yield Span("Pending in PVE", Style.WARNING), f": {_some(told)}"
    if status.uncarried:
        yield Span("Carried by nobody yet", Style.WARNING), f": VNets {_some(status.uncarried)} of PVE's panel"
    if status.own_differs:
        yield (
            Span("pvesdn.cfg", Style.WARNING),
            f" is not what was applied last: pvesdn diff {status.in_force} tells how",
        )
    if changes is None:
        more = f" (and {len(status.no_plan) - 1} more)" if len(status.no_plan) > 1 else ""
        yield Span("Cannot be planned", Style.ERROR), f": {''.join(status.no_plan[:1])}{more}; see pvesdn plan{on}"
        return
    yield last_line(changes, summarize(changes, is_part=bool(status.only_nodes)))
    if blocked := [node.node for node in changes.nodes if node.obstacles]:
        yield (
            Span("Blocked", Style.ERROR),
            f" on {ranges(blocked)}: `pvesdn apply{on}` would refuse; see pvesdn plan{on}",
        )
    elif not changes.is_empty:
        yield (f"pvesdn plan{on} shows it, pvesdn apply{on} carries it out.",)


def _some(told: Sequence[str]) -> str:
    more = len(told) - _SHOWN
    return ", ".join(told[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _not_known(status: ClusterStatus, width: int | None) -> Iterator[Line]:
    unseen = [f"{item.node}: {item.what}: {item.why}" for item in status.verification.not_checked if item.node]
    told = [*status.beside.unknown, *unseen]
    for what in told[:_SHOWN]:
        yield Span("not known: ", Style.WARNING), clipped(what, None if width is None else width - len("not known: "))
    if (more := len(told) - _SHOWN) > 0:
        yield (f"and {more} more that are not known, which --json lists",)
