"""What checks find: one type for configuration errors, warnings and obstacles."""

from __future__ import annotations

from enum import StrEnum

from pvesdn.model.base import Model


class Severity(StrEnum):
    """How much a finding weighs: an error stops everything, a warning is shown, a note explains."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Where(Model):
    """The place of something in a definition file.

    :param line: 1-based; 0 when the source has no lines (JSON).
    """

    file: str
    line: int
    kind: str = ""
    id: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.kind} '{self.id}'" if self.kind else place


class Finding(Model):
    """What is wrong, or worth knowing.

    :param where: place and object, such as ``zones.cfg:12: zone 'prod'`` or a node's name.
    :param what: what is wrong.
    :param hint: what to do about it.
    :param node: the node it is about and that has to change; empty where definitions are at fault, or several nodes. An
        error with a node stops what would happen there, one without a node stops everything.
    :param others: more of the same: documents have all of them, a screen the first few.
    """

    severity: Severity
    where: str
    what: str
    hint: str = ""
    node: str = ""
    others: tuple[Finding, ...] = ()

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
