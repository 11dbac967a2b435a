"""What checks find: one type for configuration errors, warnings and obstacles."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from enum import StrEnum

from pvesdn.model.base import Model
from pvesdn.model.ranges import ranges


class Severity(StrEnum):
    """How much a finding weighs: an error stops everything, a warning is shown, a note explains."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Where(Model):
    """The place of something in a definition file.

    :param line: 1-based; 0 when the source has no lines (JSON).
    :param column: of the word that is meant, in characters, 1-based; 0 when no word of the line is.
    :param end_column: the column after its last character.
    """

    file: str
    line: int
    kind: str = ""
    id: str = ""
    column: int = 0
    end_column: int = 0

    def moved(self, line: int, column: int, length: int) -> Where:
        """Another place in the same section."""
        return self.model_copy(update={"line": line, "column": column, "end_column": column + length})

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.kind} '{self.id}'" if self.kind else place


class Finding(Model):
    """What is wrong, or worth knowing.

    :param where: place and object, such as ``zones.cfg:12: zone 'prod'`` or a node's name.
    :param place: the same in parts, where it is in a definition file.
    :param what: what is wrong.
    :param hint: what to do about it.
    :param node: the node it is about and that has to change; empty where definitions are at fault, or several nodes. An
        error with a node stops what would happen there, one without a node stops everything.
    :param others: more of the same: documents have all of them, a screen the first few.
    :param missing: the device that `node` lacks, where that is what is wrong: definitions and an apply may both stumble
        over it, and it is told once.
    :param is_of_plans: it stops plans alone; whoever only looks is warned, and shown the rest.
    """

    severity: Severity
    where: str
    what: str
    hint: str = ""
    node: str = ""
    place: Where | None = None
    others: tuple[Finding, ...] = ()
    missing: str = ""
    is_of_plans: bool = False

    @classmethod
    def at(cls, where: Where | str, severity: Severity, what: str, hint: str = "", *, node: str = "") -> Finding:
        """A finding at a place in the definitions, or at a node or file by its name."""
        place = where if isinstance(where, Where) else None
        return cls(severity=severity, where=str(where), what=what, hint=hint, node=node, place=place)

    @classmethod
    def of_plans(cls, where: Where | str, severity: Severity, what: str, hint: str) -> Finding:
        """A finding for want of which nothing can be planned, while all else can be looked at."""
        return cls.at(where, severity, what, hint).model_copy(update={"is_of_plans": True})

    @property
    def is_nodes_own(self) -> bool:
        """Nothing is wrong with the definitions: the node has to change before they can be applied there."""
        return self.severity is Severity.ERROR and bool(self.node)

    def as_warning(self) -> Finding:
        """The same where it stops nothing, because nothing happens."""
        return self.model_copy(update={"severity": Severity.WARNING})

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}; {self.hint}" if self.hint else text


def in_order(found: Iterable[Finding]) -> list[Finding]:
    """Findings file by file, in the order in which files are met, and place by place; those without a place last."""
    findings = list(found)
    files = list(dict.fromkeys(finding.place.file for finding in findings if finding.place is not None))

    def place(finding: Finding) -> tuple[int, int, int]:
        at = finding.place
        return (len(files), 0, 0) if at is None else (files.index(at.file), at.line, at.column)

    return sorted(findings, key=place)


def shared(found: Iterable[Finding]) -> Iterator[Finding]:
    """The same said of several nodes as one finding, where the first of them stood:
    ``node1-node3: /etc/network/interfaces:12: vx10: ...``.
    """
    nodes: dict[Hashable, list[str]] = {}
    first: dict[Hashable, Finding] = {}
    for number, finding in enumerate(found):
        own = tuple(_beside(finding.node, one) for one in (finding, *finding.others)) if finding.node else ()
        key: Hashable = number if not own or None in own else own
        first.setdefault(key, finding)
        nodes.setdefault(key, []).append(finding.node)
    for key, finding in first.items():
        yield _of(ranges(nodes[key]), finding) if len(nodes[key]) > 1 else finding


def _beside(node: str, finding: Finding) -> Hashable:
    """What a finding says beside its node's name, with which its place begins; None where it does not."""
    if finding.where == node:
        return finding.severity, "", finding.what, finding.hint
    if not finding.where.startswith(f"{node}: "):
        return None
    return finding.severity, finding.where.removeprefix(node), finding.what, finding.hint


def _of(nodes: str, finding: Finding) -> Finding:
    """The same finding of several nodes."""
    where = nodes + finding.where.removeprefix(finding.node)
    others = tuple(_of(nodes, other) for other in finding.others)
    return finding.model_copy(update={"where": where, "others": others})


def shared_lines(found: Iterable[Finding]) -> Iterator[str]:
    """The same as lines."""
    return map(str, shared(found))
