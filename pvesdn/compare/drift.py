"""Files that are not as the definitions make them, in the form of `Discrepancy`."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from pvesdn.compare.conflicts import digest
from pvesdn.compare.frr_zones import frr_zones, is_leftover
from pvesdn.compare.live_view import NodeView, some
from pvesdn.decode.frr.local import digest_of_ours
from pvesdn.decode.nodes.record import Record
from pvesdn.model.differences import Difference
from pvesdn.model.facts import NodeFacts
from pvesdn.model.files import (
    FRR_CONF_LOCAL,
    FRR_DAEMONS,
    OUR_INTERFACES,
    SDN_INTERFACES,
    Action,
    FileChange,
    NodeChanges,
    PendingChange,
    StanzaChange,
)
from pvesdn.model.findings import Finding, Severity
from pvesdn.model.running import PveRunning, SdnFileState
from pvesdn.model.verification import Discrepancy, Subject

_NOT_APPLIED = (
    "the definitions have changed since the last apply, or were never applied here; or the cluster has changed: its "
    "members, a VTEP, an MTU on the way"
)
_FOUND = {Action.ADD: "absent", Action.REMOVE: "there"}
_APPLY = "pvesdn plan shows what is missing, pvesdn apply does it"
_EDITED = "pvesdn plan --diff shows the edits, pvesdn apply --overwrite replaces them"
_WITH_OURS = "pvesdn apply, which puts our file in place before the reload that rewrites PVE's"
_SOURCE_LINE = "source /etc/network/interfaces.d/*"
_INTERFACES = "/etc/network/interfaces"
_FRR = "/etc/frr/"


def file_discrepancies(changes: NodeChanges, record: Record, view: NodeView) -> Iterator[Discrepancy]:
    """What an apply would have to write on a node.

    :param record: what pvesdn remembers having written there.
    """
    for change in changes.files:
        if change.by_pve:
            continue  # PVE's definitions are compared as definitions
        yield Discrepancy(
            node=changes.node,
            subject=Subject.FILE,
            object=change.path,
            expected="no such file" if change.action is Action.REMOVE else "as the definitions make it",
            found=_FOUND.get(change.action) or _differences(change),
            cause=_cause(change, record),
            step=_EDITED if change.conflict else _APPLY,
            zones=_zones(change, view),
            is_edit=_is_edit(change, record),
            is_leftover=change.path.startswith(_FRR) and is_leftover(view, map(_words, change.differences)),
        )
    if changes.is_unfinished:
        yield Discrepancy(
            node=changes.node,
            subject=Subject.FILE,
            object="the last apply",
            expected="finished",
            found="not finished: files are in place, but their reload was not seen to succeed",
            cause="it was interrupted, or the reload failed",
            step="pvesdn apply",
        )


def _cause(change: FileChange, record: Record) -> str:
    if change.conflict:
        return change.conflict
    if _is_other_block(change, record):
        return "our block in it was edited after pvesdn wrote it"
    return "it was removed after pvesdn wrote it" if _is_gone(change, record) else _NOT_APPLIED


def _is_edit(change: FileChange, record: Record) -> bool:
    # The switches of FRR's daemons and our block of frr.conf.local are merged, so no edit of theirs is a conflict.
    written = record.files or {}
    is_switched = change.path == FRR_DAEMONS and change.path in written and not _is_gone(change, record)
    is_other = is_switched and digest(change.old or "") != written[change.path]
    return bool(change.conflict) or is_other or _is_other_block(change, record) or _is_gone(change, record)


def _is_other_block(change: FileChange, record: Record) -> bool:
    """Whether our block is not as pvesdn has left it, whatever stands around it. Older records do not tell."""
    left = record.meanings.get(change.path) if change.path == FRR_CONF_LOCAL else None
    return left is not None and change.old is not None and digest_of_ours(change.old) != left


def _is_gone(change: FileChange, record: Record) -> bool:
    return change.action is Action.ADD and change.path in (record.files or {})


def told(changes: NodeChanges) -> frozenset[str]:
    """Interfaces that an apply would change on a node, itself or by PVE's commit."""
    return frozenset(stanza.name for change in changes.files for stanza in change.stanzas)


def unread(changes: NodeChanges, facts: NodeFacts) -> dict[str, str]:
    """Interfaces files that nothing has loaded, with the reason."""
    found = {OUR_INTERFACES: "the last apply did not finish"} if changes.is_unfinished else {}
    for path in (OUR_INTERFACES, SDN_INTERFACES):
        if not facts.is_sourced(path):
            found[path] = f"{_INTERFACES} does not source {path}, so nothing reads it"
    return found


def behind(node: str, running: PveRunning) -> str:
    """Why PVE's file on a node lacks what PVE has committed; empty where it lacks nothing."""
    file = running.nodes.get(node)
    if file is None or file.state is SdnFileState.CURRENT:
        return ""
    has = "is missing" if file.version is None else f"has version {file.version}"
    return f"{SDN_INTERFACES} {has}, and PVE runs version {running.version}: the node was off, or its reload failed"


def edited(findings: Iterable[Finding]) -> Iterator[Discrepancy]:
    """PVE's file where somebody has edited it. :param findings: of `hand_edits`."""
    for finding in findings:
        yield Discrepancy(
            node=finding.node,
            subject=Subject.FILE,
            object=SDN_INTERFACES,
            expected="as PVE writes it",
            found=finding.what,
            cause="somebody has edited it, or the node has changed since PVE wrote it",
            step=finding.hint,
            severity=Severity.WARNING,
            is_edit=True,
        )


def unsourced(node: str, facts: NodeFacts, used: Iterable[str]) -> Iterator[Discrepancy]:
    """Interfaces files that nothing reads. :param used: those with stanzas that the node should have."""
    lost = [path for path in sorted(set(used)) if not facts.is_sourced(path)]
    if lost:
        line = facts.source_line(lost[0]) if len(lost) == 1 else _SOURCE_LINE
        yield Discrepancy(
            node=node,
            subject=Subject.FILE,
            object=_INTERFACES,
            trait="source",
            expected=f"sources {' and '.join(lost)}",
            found="no line that does",
            cause="the line was lost when somebody edited the file",
            step=f"add the line '{line}' to {_INTERFACES}, then ifreload -a",
            is_there=True,
            is_edit=True,
        )


def pve_discrepancies(
    pending: Iterable[PendingChange],
    running: PveRunning,
    zones: tuple[str, ...] = (),
    changing: Container[str] = (),
) -> Iterator[Discrepancy]:
    """Definitions of PVE's that nobody has applied, told as one, and nodes that are behind what PVE runs.

    :param zones: whose guests may notice what is pending; none where it may be those of any.
    :param changing: nodes where our interfaces have to change too, and before PVE's do.
    """
    pending = tuple(pending)
    if pending:
        yield Discrepancy(
            node="",
            subject=Subject.DEFINITIONS,
            object="PVE's definitions",
            expected="applied",
            found=some([f"{change.kind} {change.id} {change.state}" for change in pending]),
            cause="somebody has edited them, and nobody has applied them",
            step="pvesdn plan shows what comes of it, pvesdn apply does it",
            zones=zones,
            severity=Severity.WARNING,
        )
    for node, file in running.nodes.items():
        if file.state is SdnFileState.CURRENT:
            continue
        found = "absent" if file.version is None else f"version {file.version}"
        yield Discrepancy(
            node=node,
            subject=Subject.FILE,
            object=SDN_INTERFACES,
            trait="version",
            expected=f"version {running.version}, which PVE runs",
            found=found,
            cause="the node was off, or its reload failed, when PVE's definitions were applied",
            step=_WITH_OURS if node in changing else f"pvesh set /nodes/{node}/network",
            is_there=node not in changing,
        )


def unplannable(found: Iterable[Finding]) -> Iterator[Discrepancy]:
    """What keeps plans from being made, while the rest is looked at."""
    for finding in found:
        if finding.is_of_plans:
            place = finding.place
            yield Discrepancy(
                node="",
                subject=Subject.DEFINITIONS,
                object=finding.where,
                expected="definitions that a plan can be made from",
                found=finding.what,
                cause="somebody has removed or changed a definition, or a node that knows more is off",
                step=finding.hint,
                zones=(place.id,) if place is not None and place.kind == "zone" else (),
                severity=Severity.WARNING,
            )


def _differences(change: FileChange) -> str:
    if change.stanzas:
        told = [_stanza(stanza) for stanza in change.stanzas]
        return f"an apply would change {some(told)}"
    return some([_words(difference) for difference in change.differences]) or "another text"


def _stanza(change: StanzaChange) -> str:
    """``~ web (mtu is 1500, not 1450)``."""
    differences = some([_words(difference) for difference in change.differences])
    return f"{change.action.value} {change.name}{f' ({differences})' if differences else ''}"


def _words(difference: Difference) -> str:
    name, old, new = difference.name.removesuffix(":"), ", ".join(difference.old), ", ".join(difference.new)
    if old and new:
        return f"{name} is {old}, not {new}"
    word = f"lacks {new}" if new else f"has {old}"
    return f"{name} {word}" if name else word  # what comes or goes as a whole has its name in its value


def _zones(change: FileChange, view: NodeView) -> tuple[str, ...]:
    if change.path.startswith(_FRR):
        return frr_zones(view, map(_words, change.differences))
    return tuple(sorted({view.zones[stanza.name] for stanza in change.stanzas if stanza.name in view.zones}))
