"""What checks find: one type for configuration errors, warnings and obstacles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
    """

    severity: Severity
    where: str
    what: str
    hint: str = ""
    node: str = ""
    place: Where | None = None
    others: tuple[Finding, ...] = ()
    missing: str = ""

    @classmethod
    def at(cls, where: Where | str, severity: Severity, what: str, hint: str = "", *, node: str = "") -> Finding:
        """A finding at a place in the definitions, or at a node or file by its name."""
        place = where if isinstance(where, Where) else None
        return cls(severity=severity, where=str(where), what=what, hint=hint, node=node, place=place)

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


def shared_lines(found: Iterable[Finding]) -> Iterator[str]:
    """Findings as lines; what several nodes have in the same place is one line, in the place of the first:
    ``node1-node3: /etc/network/interfaces:12: vx10: ...``.
    """
    nodes: dict[Finding, list[str]] = {}
    for finding in found:
        where = finding.where.removeprefix(f"{finding.node}: ") if finding.node else finding.where
        nodes.setdefault(finding.model_copy(update={"where": where, "node": ""}), []).append(finding.node)
    for finding, names in nodes.items():
        yield ": ".join(filter(None, (ranges(filter(None, names)), str(finding))))
