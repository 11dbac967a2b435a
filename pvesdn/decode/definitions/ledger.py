"""Where the readers of definitions enter what they find."""

from __future__ import annotations

from collections.abc import Iterable

from pvesdn.errors import SdnConfigError
from pvesdn.model.findings import Finding, Severity, Where, in_order


class Ledger:
    """Everything that was found; errors are raised together, once."""

    def __init__(self) -> None:
        self._found: list[Finding] = []
        self._excused: set[tuple[str, int]] = set()

    def excuse(self, file: str, lines: Iterable[int]) -> None:
        """Heed no warnings about these lines: they only follow from a fault that is entered already."""
        self._excused |= {(file, line) for line in lines}

    def add(self, severity: Severity, where: Where, what: str, hint: str = "") -> None:
        """Enter one finding."""
        if severity is Severity.WARNING and (where.file, where.line) in self._excused:
            return
        self._found.append(Finding.at(where, severity, what, hint))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything, file by file and line by line."""
        return tuple(in_order(self._found))

    def raise_errors(self) -> None:
        """Raise what is wrong, file by file and line by line.

        :raises SdnConfigError: there is at least one error.
        """
        if lines := tuple(str(finding) for finding in self.findings if finding.severity is Severity.ERROR):
            raise SdnConfigError(lines)
